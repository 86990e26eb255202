//! Request logs of Google Cloud load balancers, with what Cloud Armor decided: HTTP Activity.
//! Contract: `LogEntry` with `httpRequest` of the Cloud Logging API; keys also in lower case, as
//! some exporters write them.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::http::{http_request, http_response, url};
use super::network::{endpoint, plain_verdict};
use super::required::complete;
use super::well_known::{product, table_below};

const ENTRY_FIELDS: &[(&str, &str)] = &[
    ("insertId", "metadata.uid"),
    ("insertid", "metadata.uid"),
    ("logName", "metadata.log_name"),
    ("logname", "metadata.log_name"),
    ("receiveTimestamp", "metadata.logged_time"),
    ("receivetimestamp", "metadata.logged_time"),
    ("resource.labels.project_id", "cloud.account.uid"),
    ("resource.labels.zone", "cloud.zone"),
    ("resource.labels.backend_service_name", "load_balancer.name"),
    ("resource.labels.forwarding_rule_name", "load_balancer.uid"),
    ("resource.labels.url_map_name", "load_balancer.name"),
    ("trace", "trace.uid"),
];

const REQUEST_FIELDS: &[(&str, &str)] = &[
    ("requestSize", "http_request.length"),
    ("userAgent", "http_request.user_agent"),
    ("referer", "http_request.referrer"),
    ("protocol", "http_request.version"),
];

const PAYLOAD_FIELDS: &[(&str, &str)] =
    &[("statusDetails", "status_detail"), ("enforcedSecurityPolicy.name", "policy.name")];

/// A rule has its priority for a name.
const RULE_FIELDS: &[(&str, &str)] = &[
    ("preconfiguredExprIds.0", "firewall_rule.condition"),
    ("matchedFieldType", "firewall_rule.match_location"),
    ("matchedFieldValue", "firewall_rule.match_details"),
];

#[derive(Debug)]
pub(super) struct GcpLoadBalancer;

impl Mapping for GcpLoadBalancer {
    fn name(&self) -> &'static str {
        "gcp_load_balancer"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["httpRequest", "jsonPayload"], &["httpRequest", "logName"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        ["httpRequest.requestMethod", "httprequest.requestMethod"]
            .iter()
            .any(|name| source.has(name))
            && ["insertId", "insertid", "logName", "logname", "resource.type"]
                .iter()
                .any(|name| source.has(name))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let is_lower = mapper.source().has("httprequest");
        let (request, payload) = if is_lower {
            ("httprequest.", "jsonpayload.")
        } else {
            ("httpRequest.", "jsonPayload.")
        };
        http_request(mapper, &format!("{request}requestMethod"));
        product(mapper, "Google Cloud", "Cloud Load Balancing");
        mapper.set("cloud.provider", "GCP");
        let severity = super::gcp_audit::severity(mapper);
        mapper.set("severity_id", severity);
        mapper.time(&["timestamp", "receiveTimestamp", "receivetimestamp"]);
        endpoint(mapper, &format!("{request}remoteIp"), "src_endpoint");
        endpoint(mapper, &format!("{request}serverIp"), "dst_endpoint");
        mapper.copy(&format!("{payload}remoteIp"), "src_endpoint.ip");
        url(mapper, &format!("{request}requestUrl"), "http_request.url");
        let size = format!("{request}responseSize");
        http_response(mapper, &format!("{request}status"), &[(&size, "http_response.length")]);
        latency(mapper, &format!("{request}latency"));
        let outcome = format!("{payload}enforcedSecurityPolicy.outcome");
        if mapper.source().text(&outcome).is_some() {
            let is_denied = mapper.source().is(&outcome, "DENY");
            plain_verdict(mapper, !is_denied);
        }
        table_below(mapper, request, REQUEST_FIELDS);
        table_below(mapper, payload, PAYLOAD_FIELDS);
        policy(mapper, &format!("{payload}enforcedSecurityPolicy."));
        mapper.table(ENTRY_FIELDS);
        complete(mapper, 4002);
    }
}

fn policy(mapper: &mut Mapper<'_>, prefix: &str) {
    if mapper.copy(&format!("{prefix}priority"), "firewall_rule.uid") {
        table_below(mapper, prefix, RULE_FIELDS);
    }
}

/// `0.048180s` as milliseconds.
fn latency(mapper: &mut Mapper<'_>, from: &str) {
    let seconds = mapper.source().text(from).unwrap_or_default().into_owned();
    let seconds = seconds.trim_end_matches('s');
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let fraction = format!("{fraction:0<3}").get(..3).and_then(|text| text.parse::<i64>().ok());
    let whole = whole.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000));
    if let (Some(whole), Some(fraction)) = (whole, fraction) {
        mapper.set("duration", whole.saturating_add(fraction));
    }
}
