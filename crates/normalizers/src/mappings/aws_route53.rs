//! Query logs of the Amazon Route 53 resolver: DNS Activity. Contract: "Values that appear in VPC
//! Resolver query logs" of the Route 53 developer guide, version 1.x.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::network::response_code;
use super::required::complete;
use super::well_known::{length, product};

const FIELDS: &[(&str, &str)] = &[
    ("version", "metadata.product.version"),
    ("account_id", "cloud.account.uid"),
    ("region", "cloud.region"),
    ("query_timestamp", "query_time"),
    ("query_name", "query.hostname"),
    ("query_type", "query.type"),
    ("query_class", "query.class"),
    ("srcaddr", "src_endpoint.ip"),
    ("srcport", "src_endpoint.port"),
    ("vpc_id", "src_endpoint.vpc_uid"),
    ("srcids.instance", "src_endpoint.instance_uid"),
    ("srcids.resolver_endpoint", "dst_endpoint.instance_uid"),
    ("srcids.resolver_network_interface", "dst_endpoint.interface_uid"),
    ("transport", "connection_info.protocol_name"),
    ("firewall_rule_group_id", "firewall_rule.uid"),
];

#[derive(Debug)]
pub(super) struct AwsRoute53;

impl Mapping for AwsRoute53 {
    fn name(&self) -> &'static str {
        "aws_route53"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["query_timestamp", "query_name", "srcaddr"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.has("vpc_id") || source.has("srcids")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let is_answered = mapper.source().text("rcode").is_some();
        mapper.class(4003, if is_answered { 2 } else { 1 });
        product(mapper, "AWS", "Route 53");
        mapper.set("metadata.product.feature.name", "Resolver Query Logs");
        mapper.set("cloud.provider", "AWS");
        mapper.set("severity_id", 1_i64);
        if mapper.source().text("transport").is_some() {
            mapper.set("connection_info.direction_id", 0_i64);
        }
        if is_answered {
            let is_success = mapper.source().is("rcode", "NOERROR");
            super::well_known::status(mapper, is_success);
            response_code(mapper, "rcode");
        }
        answers(mapper);
        let verdict = match mapper.source().text("firewall_rule_action").as_deref() {
            Some("ALLOW") => Some((1_i64, 1_i64)),
            Some("ALERT") => Some((3, 19)),
            Some("BLOCK") => Some((2, 2)),
            _ => None,
        };
        if let Some((action, disposition)) = verdict {
            mapper.set("action_id", action);
            mapper.set("disposition_id", disposition);
        }
        mapper.table(FIELDS);
        complete(mapper, 4003);
        mapper.time(&["query_timestamp"]);
    }
}

fn answers(mapper: &mut Mapper<'_>) {
    let mut at = 0;
    for place in 0..length(mapper, "answers") {
        let copy = |mapper: &mut Mapper<'_>, names: [&str; 2], to: &str| {
            let from = names.map(|name| format!("answers.{place}.{name}"));
            from.iter().any(|from| mapper.copy(from, &format!("answers[{at}].{to}")))
        };
        if copy(mapper, ["Rdata", "rdata"], "rdata") {
            copy(mapper, ["Type", "type"], "type");
            copy(mapper, ["Class", "class"], "class");
            at += 1;
        }
    }
}
