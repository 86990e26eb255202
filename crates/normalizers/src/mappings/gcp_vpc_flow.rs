//! Google Cloud VPC flow logs: Network Activity. Contract: `LogEntry` with the `jsonPayload` of
//! "VPC Flow Logs records".

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::well_known::product;

const FIELDS: &[(&str, &str)] = &[
    ("insertId", "metadata.uid"),
    ("logName", "metadata.log_name"),
    ("receiveTimestamp", "metadata.logged_time"),
    ("resource.labels.project_id", "cloud.account.uid"),
    ("resource.labels.location", "cloud.zone"),
    ("jsonPayload.start_time", "start_time"),
    ("jsonPayload.end_time", "end_time"),
    ("jsonPayload.bytes_sent", "traffic.bytes"),
    ("jsonPayload.packets_sent", "traffic.packets"),
    ("jsonPayload.connection.protocol", "connection_info.protocol_num"),
    ("jsonPayload.connection.src_ip", "src_endpoint.ip"),
    ("jsonPayload.connection.src_port", "src_endpoint.port"),
    ("jsonPayload.connection.dest_ip", "dst_endpoint.ip"),
    ("jsonPayload.connection.dest_port", "dst_endpoint.port"),
    ("jsonPayload.src_instance.vm_name", "src_endpoint.name"),
    ("jsonPayload.src_instance.zone", "src_endpoint.zone"),
    ("jsonPayload.src_vpc.vpc_name", "src_endpoint.vpc_uid"),
    ("jsonPayload.src_vpc.subnetwork_name", "src_endpoint.subnet_uid"),
    ("jsonPayload.src_location.country", "src_endpoint.location.country"),
    ("jsonPayload.src_location.city", "src_endpoint.location.city"),
    ("jsonPayload.src_location.region", "src_endpoint.location.region"),
    ("jsonPayload.src_location.asn", "src_endpoint.autonomous_system.number"),
    ("jsonPayload.dest_instance.vm_name", "dst_endpoint.name"),
    ("jsonPayload.dest_instance.zone", "dst_endpoint.zone"),
    ("jsonPayload.dest_vpc.vpc_name", "dst_endpoint.vpc_uid"),
    ("jsonPayload.dest_vpc.subnetwork_name", "dst_endpoint.subnet_uid"),
    ("jsonPayload.dest_location.country", "dst_endpoint.location.country"),
    ("jsonPayload.dest_location.city", "dst_endpoint.location.city"),
    ("jsonPayload.dest_location.region", "dst_endpoint.location.region"),
    ("jsonPayload.dest_location.asn", "dst_endpoint.autonomous_system.number"),
];

#[derive(Debug)]
pub(super) struct GcpVpcFlow;

impl Mapping for GcpVpcFlow {
    fn name(&self) -> &'static str {
        "gcp_vpc_flow"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["jsonPayload", "logName"], &["jsonPayload", "insertId"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("jsonPayload.connection.src_ip").is_some() && source.has("jsonPayload.reporter")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        mapper.class(4001, 6);
        product(mapper, "Google Cloud", "VPC Flow Logs");
        mapper.set("cloud.provider", "GCP");
        mapper.set("severity_id", 1_i64);
        // The machine that reports is one of the two ends.
        let (direction, point) = match mapper.source().text("jsonPayload.reporter").as_deref() {
            Some("SRC") => (2_i64, 1_i64),
            Some("DEST") => (1, 2),
            _ => (0, 0),
        };
        mapper.set("connection_info.direction_id", direction);
        mapper.set("observation_point_id", point);
        if point > 0 {
            mapper.done("jsonPayload.reporter");
        }
        mapper.table(FIELDS);
        // A continent alone is no place.
        for (from, to) in [("src", "src"), ("dest", "dst")] {
            let place = format!("{to}_endpoint.location");
            if mapper.has_any(&place, &["country", "city", "region"]) {
                let continent = format!("jsonPayload.{from}_location.continent");
                mapper.copy(&continent, (&place, "continent"));
            }
        }
        mapper.time(&["jsonPayload.start_time", "timestamp", "jsonPayload.end_time"]);
    }
}
