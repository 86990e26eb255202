//! Access logs of AWS Application Load Balancers: HTTP Activity. Contract: "Access log entries" of
//! the Elastic Load Balancing user guide; lines in `message`.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::http::{http_request, http_status, url};
use super::network::endpoint;
use super::required::complete;
use super::text_line::{add_fields, split_line};
use super::well_known::product;

const NAMES: &[&str] = &[
    "type",
    "time",
    "elb",
    "client",
    "target",
    "request_processing_time",
    "target_processing_time",
    "response_processing_time",
    "elb_status_code",
    "target_status_code",
    "received_bytes",
    "sent_bytes",
    "request",
    "user_agent",
    "ssl_cipher",
    "ssl_protocol",
    "target_group_arn",
    "trace_id",
    "domain_name",
    "chosen_cert_arn",
    "matched_rule_priority",
    "request_creation_time",
    "actions_executed",
    "redirect_url",
    "error_reason",
    "target_list",
    "target_status_code_list",
    "classification",
    "classification_reason",
    "conn_trace_id",
];

const FIELDS: &[(&str, &str)] = &[
    ("type", "app_protocol_name"),
    ("elb", "load_balancer.uid"),
    ("error_reason", "load_balancer.error_message"),
    ("classification", "load_balancer.classification"),
    ("target_status_code", "load_balancer.code"),
    ("elb_status_code", "http_response.code"),
    ("received_bytes", "traffic.bytes_in"),
    ("sent_bytes", "traffic.bytes_out"),
    ("request_creation_time", "start_time"),
    ("user_agent", "http_request.user_agent"),
    ("http_version", "http_request.version"),
    ("trace_id", "http_request.uid"),
    ("ssl_protocol", "tls.version"),
    ("conn_trace_id", "connection_info.uid"),
];

/// Only where the connection is encrypted.
const TLS_FIELDS: &[(&str, &str)] = &[("ssl_cipher", "tls.cipher"), ("domain_name", "tls.sni")];

const TYPES: [&str; 7] = ["http ", "https ", "h2 ", "grpcs ", "ws ", "wss ", "h3 "];

/// Fields of the first published form.
const FIELDS_MIN: usize = 17;

#[derive(Debug)]
pub(super) struct AwsAlb;

impl Mapping for AwsAlb {
    fn name(&self) -> &'static str {
        "aws_alb"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        let Some(message) = source.text("message") else { return false };
        TYPES.iter().any(|name| message.starts_with(name)) && {
            let fields = split_line(&message);
            let is_load_balancer = |name: &&str| name.starts_with("app/");
            fields.len() >= FIELDS_MIN && fields.get(2).is_some_and(is_load_balancer)
        }
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let Some(line) = mapper.take("message") else { return };
        add_fields(mapper, NAMES, &split_line(&line));
        request(mapper);
        http_request(mapper, "method");
        product(mapper, "AWS", "Elastic Load Balancing");
        mapper.set("metadata.product.feature.name", "Application Load Balancer");
        mapper.set("cloud.provider", "AWS");
        mapper.set("severity_id", 1_i64);
        mapper.time(&["time"]);
        endpoint(mapper, "client", "src_endpoint");
        endpoint(mapper, "target", "dst_endpoint");
        url(mapper, "url", "http_request.url");
        http_status(mapper, "elb_status_code");
        durations(mapper);
        // A load balancer logs who comes in.
        mapper.set("connection_info.direction_id", 1_i64);
        if mapper.source().text("ssl_protocol").is_some() {
            mapper.table(TLS_FIELDS);
        }
        // The account and the region stand in the name of the target group or the certificate.
        let arn = ["target_group_arn", "chosen_cert_arn"];
        let arn = arn.iter().find_map(|name| mapper.source().text(name).map(|t| t.into_owned()));
        let mut parts = arn.as_deref().unwrap_or_default().split(':').skip(3);
        if let (Some(region), Some(account)) = (parts.next(), parts.next()) {
            mapper.set("cloud.region", region);
            mapper.set("cloud.account.uid", account);
        }
        mapper.table(FIELDS);
        complete(mapper, 4002);
    }
}

/// Method, address and version; a request that is none of these is an attack or noise, and stays
/// as it is.
fn request(mapper: &mut Mapper<'_>) {
    let request = mapper.source().text("request").unwrap_or_default().into_owned();
    let parts = request.split_once(' ').and_then(|(method, rest)| {
        let (address, version) = rest.rsplit_once(' ')?;
        version.starts_with("HTTP/").then_some((method, address, version))
    });
    let Some((method, address, version)) = parts.filter(|(method, ..)| *method != "-") else {
        return;
    };
    mapper.done("request");
    let extra = mapper.extra();
    let root = extra.root();
    for (name, value) in [("method", method), ("url", address), ("http_version", version)] {
        extra.append(root, name, value);
    }
}

/// Seconds for the request, the target and the response; the sum is how long it took. The parts
/// say where, so they are kept.
fn durations(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let parts = ["request_processing_time", "target_processing_time", "response_processing_time"];
    let millis = |name: &&str| {
        let text = source.text(name)?;
        let (seconds, fraction) = text.split_once('.').unwrap_or((&text, "0"));
        let fraction: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
        let seconds: i64 = seconds.parse().ok().filter(|seconds| *seconds >= 0)?;
        seconds.checked_mul(1_000)?.checked_add(fraction)
    };
    let sum: Option<i64> = parts.iter().map(millis).sum();
    if let Some(sum) = sum {
        mapper.set("duration", sum);
    }
}
