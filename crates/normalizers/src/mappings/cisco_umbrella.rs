//! Cisco Umbrella DNS logs as objects: DNS Activity. Contract: "DNS log formats" of the Umbrella
//! documentation.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::traffic::{response_code, verdict};
use super::well_known::{product, status};

const FIELDS: &[(&str, &str)] = &[
    ("domain", "query.hostname"),
    ("queryType", "query.type"),
    ("internalIp", "src_endpoint.ip"),
    ("externalIp", "src_endpoint.intermediate_ips"),
    ("policyIdentity", "src_endpoint.name"),
    ("mostGranularIdentity", "src_endpoint.name"),
];

#[derive(Debug)]
pub(super) struct CiscoUmbrella;

impl Mapping for CiscoUmbrella {
    fn name(&self) -> &'static str {
        "cisco_umbrella"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["internalIp", "externalIp", "domain", "responseCode"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.has("action") && source.has("timestamp")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        mapper.class(4003, 2);
        product(mapper, "Cisco", "Umbrella");
        mapper.set("severity_id", 1_i64);
        mapper.time(&["timestamp"]);
        let is_success = mapper.source().is("responseCode", "NOERROR");
        status(mapper, is_success);
        response_code(mapper, "responseCode");
        if mapper.source().text("action").is_some() {
            let is_allowed = mapper.source().is("action", "Allowed");
            verdict(mapper, is_allowed);
        }
        // Behind the same address when nothing translates it.
        mapper.copy("internalIp", "src_endpoint.ip");
        mapper.copy("externalIp", "src_endpoint.ip");
        mapper.table(FIELDS);
    }
}
