//! Amazon CloudFront standard logs: HTTP Activity. Contract: "Standard logging reference" of the
//! CloudFront developer guide, version 1.0; as objects with the names of the columns and as lines
//! with tabs in `message`.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::http::{http_request, http_response, percent_decode};
use super::required::complete;
use super::text_line::add_fields;
use super::well_known::product;

const COLUMNS: &[&str] = &[
    "date",
    "time",
    "x-edge-location",
    "sc-bytes",
    "c-ip",
    "cs-method",
    "cs(Host)",
    "cs-uri-stem",
    "sc-status",
    "cs(Referer)",
    "cs(User-Agent)",
    "cs-uri-query",
    "cs(Cookie)",
    "x-edge-result-type",
    "x-edge-request-id",
    "x-host-header",
    "cs-protocol",
    "cs-bytes",
    "time-taken",
    "x-forwarded-for",
    "ssl-protocol",
    "ssl-cipher",
    "x-edge-response-result-type",
    "cs-protocol-version",
    "fle-status",
    "fle-encrypted-fields",
    "c-port",
    "time-to-first-byte",
    "x-edge-detailed-result-type",
    "sc-content-type",
    "sc-content-len",
    "sc-range-start",
    "sc-range-end",
];

/// Columns of the form before the port of the client was added.
const COLUMNS_MIN: usize = 24;

const FIELDS: &[(&str, &str)] = &[
    ("x-edge-request-id", "metadata.uid"),
    ("x-edge-location", "cloud.zone"),
    ("c-ip", "src_endpoint.ip"),
    ("c-port", "src_endpoint.port"),
    ("cs(Host)", "dst_endpoint.hostname"),
    ("x-host-header", "http_request.url.hostname"),
    ("cs-uri-stem", "http_request.url.path"),
    ("cs-uri-query", "http_request.url.query_string"),
    ("cs-protocol", "http_request.url.scheme"),
    ("cs-protocol-version", "http_request.version"),
    ("cs(Referer)", "http_request.referrer"),
    ("x-forwarded-for", "http_request.x_forwarded_for"),
    ("cs-bytes", "traffic.bytes_in"),
    ("sc-bytes", "traffic.bytes_out"),
    ("ssl-protocol", "tls.version"),
    ("x-edge-detailed-result-type", "status_detail"),
    ("count", "count"),
];

const RESPONSE_FIELDS: &[(&str, &str)] = &[
    ("sc-content-type", "http_response.content_type"),
    ("sc-content-len", "http_response.body_length"),
];

#[derive(Debug)]
pub(super) struct AwsCloudfront;

impl Mapping for AwsCloudfront {
    fn name(&self) -> &'static str {
        "aws_cloudfront"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["x-edge-location", "cs-method"], &["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.has("x-edge-location") || source.text("message").is_some_and(|text| is_line(&text))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        if !mapper.source().has("x-edge-location") {
            let Some(line) = mapper.take("message") else { return };
            add_fields(mapper, COLUMNS, &line.split('\t').collect::<Vec<_>>());
        }
        http_request(mapper, "cs-method");
        product(mapper, "AWS", "CloudFront");
        mapper.set("cloud.provider", "AWS");
        mapper.set("severity_id", 1_i64);
        time(mapper);
        // The log writes spaces and quotes percent-encoded; the browser sent them plain.
        if let Some(agent) = mapper.take("cs(User-Agent)") {
            mapper.set("http_request.user_agent", percent_decode(&agent).as_str());
        }
        http_response(mapper, "sc-status", RESPONSE_FIELDS);
        duration(mapper);
        if mapper.source().text("ssl-protocol").is_some() {
            mapper.copy("ssl-cipher", "tls.cipher");
        }
        mapper.table(FIELDS);
        complete(mapper, 4002);
    }
}

fn is_line(text: &str) -> bool {
    let columns = text.split('\t').count();
    let column = |place| text.split('\t').nth(place).unwrap_or_default();
    let is_code = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    columns >= COLUMNS_MIN
        && column(0).len() == "2026-01-01".len()
        && column(1).len() == "00:00:00".len()
        && column(7).starts_with('/')
        && is_code(column(8))
}

/// Date and time stand apart.
fn time(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let times = ["time", "start_time"];
    let Some(name) = times.iter().find(|name| source.text(name).is_some()) else { return };
    let (Some(date), Some(time)) = (source.text("date"), source.text(name)) else { return };
    let text = format!("{date}T{time}Z");
    let extra = mapper.extra();
    let root = extra.root();
    extra.append(root, "date_and_time", text.as_str());
    if mapper.time(&["date_and_time"]) {
        mapper.done("date");
        mapper.done(name);
    }
    mapper.done("date_and_time");
}

/// Seconds, as milliseconds.
fn duration(mapper: &mut Mapper<'_>) {
    let seconds = mapper.source().text("time-taken").unwrap_or_default().into_owned();
    let (whole, fraction) = seconds.split_once('.').unwrap_or((&seconds, "0"));
    let fraction = format!("{fraction:0<3}").get(..3).and_then(|text| text.parse::<i64>().ok());
    let whole = whole.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000));
    if let (Some(whole), Some(fraction)) = (whole, fraction) {
        mapper.set("duration", whole.saturating_add(fraction));
        mapper.done("time-taken");
    }
}
