//! Cloudflare logs of HTTP requests and of firewall events: HTTP Activity. Contract: the Logpush
//! data sets `http_requests` and `firewall_events`.

use headwater_pipeline::mapping::{Mapper, Mapping};

use super::http::{http_request, http_response};
use super::required::complete;
use super::well_known::product;

const FIELDS: &[(&str, &str)] = &[
    ("RayID", "metadata.uid"),
    ("ClientIP", "src_endpoint.ip"),
    ("ClientSrcPort", "src_endpoint.port"),
    ("ClientASN", "src_endpoint.autonomous_system.number"),
    ("ClientASNDescription", "src_endpoint.autonomous_system.name"),
    ("ClientCountry", "src_endpoint.location.country"),
    ("ClientCity", "src_endpoint.location.city"),
    ("ClientRegionCode", "src_endpoint.location.region"),
    ("ClientRequestHost", "http_request.url.hostname"),
    ("ClientRequestPath", "http_request.url.path"),
    ("ClientRequestScheme", "http_request.url.scheme"),
    ("ClientRequestProtocol", "http_request.version"),
    ("ClientRequestReferer", "http_request.referrer"),
    ("ClientRefererHost", "http_request.referrer"),
    ("ClientRequestUserAgent", "http_request.user_agent"),
    ("ClientRequestBytes", "traffic.bytes_in"),
    ("EdgeResponseBytes", "traffic.bytes_out"),
    ("OriginIP", "dst_endpoint.ip"),
    ("EdgeStartTimestamp", "start_time"),
    ("EdgeEndTimestamp", "end_time"),
    ("RuleID", "firewall_rule.uid"),
    ("SecurityRuleID", "firewall_rule.uid"),
    ("Description", "firewall_rule.desc"),
    ("SecurityRuleDescription", "firewall_rule.desc"),
    ("Source", "firewall_rule.type"),
    ("Kind", "firewall_rule.category"),
    ("ZoneName", "cloud.account.name"),
];

const RESPONSE_FIELDS: &[(&str, &str)] = &[
    ("EdgeResponseContentType", "http_response.content_type"),
    ("EdgeResponseBodyBytes", "http_response.body_length"),
];

/// Of the data centre that answered, where the record names it.
const EDGE_FIELDS: &[(&str, &str)] =
    &[("EdgeServerIP", "load_balancer.ip"), ("OriginResponseStatus", "load_balancer.code")];

#[derive(Debug)]
pub(super) struct Cloudflare;

impl Mapping for Cloudflare {
    fn name(&self) -> &'static str {
        "cloudflare"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["RayID", "ClientIP", "ClientRequestMethod"], &["RayID", "ClientRequestHost"]]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        http_request(mapper, "ClientRequestMethod");
        product(mapper, "Cloudflare", "Cloudflare");
        let is_firewall = mapper.source().has("Action");
        let feature = if is_firewall { "Firewall events" } else { "HTTP requests" };
        mapper.set("metadata.product.feature.name", feature);
        mapper.set("cloud.provider", "Cloudflare");
        mapper.set("severity_id", 1_i64);
        address(mapper);
        http_response(mapper, "EdgeResponseStatus", RESPONSE_FIELDS);
        action(mapper);
        if mapper.source().text("ClientSSLProtocol").is_some_and(|text| text != "none") {
            mapper.copy("ClientSSLProtocol", "tls.version");
            mapper.copy("ClientSSLCipher", "tls.cipher");
        }
        mapper.table(FIELDS);
        if mapper.copy("EdgeColoCode", "load_balancer.name") {
            mapper.table(EDGE_FIELDS);
        }
        complete(mapper, 4002);
        mapper.time(&["Datetime", "EdgeStartTimestamp", "EdgeEndTimestamp"]);
    }
}

/// The query stands apart, or at the end of the address.
fn address(mapper: &mut Mapper<'_>) {
    if let Some(query) = mapper.take("ClientRequestQuery") {
        mapper.set("http_request.url.query_string", query.trim_start_matches('?'));
    }
    let Some(address) = mapper.take("ClientRequestURI") else { return };
    let (path, query) = address.split_once('?').unwrap_or((&address, ""));
    mapper.set("http_request.url.path", path);
    if !query.is_empty() {
        mapper.set("http_request.url.query_string", query);
    }
}

fn action(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let action = source.text("Action").or(source.text("SecurityAction")).unwrap_or_default();
    let (action, disposition) = match action.to_ascii_lowercase().as_str() {
        "allow" | "skip" | "bypass" => (1_i64, 1_i64),
        "block" | "drop" => (2, 2),
        "connectionclose" => (2, 21),
        "log" | "simulate" => (3, 17),
        "" | "unknown" => return,
        text if text.contains("challenge") && text.ends_with("solved") => (1, 23),
        text if text.contains("challenge") && text.ends_with("bypassed") => (1, 1),
        text if text.contains("challenge") => (2, 23),
        _ => (0, 0),
    };
    mapper.set("action_id", action);
    mapper.set("disposition_id", disposition);
}
