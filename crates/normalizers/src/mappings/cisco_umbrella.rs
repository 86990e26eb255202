//! Cisco Umbrella logs: DNS, HTTP (proxy) and Network Activity (IP). Contract: "Log formats and
//! versioning" of the Umbrella documentation; DNS logs also as objects with the names of the
//! columns, all of them as lines of quoted columns in `message`.

use headwater_event::ip::parse_address;
use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::http::{http_request, http_response, url};
use super::network::{plain_verdict, response_code};
use super::required::complete;
use super::text_line::add_fields;
use super::well_known::{product, status};

const DNS_COLUMNS: &[&str] = &[
    "timestamp",
    "mostGranularIdentity",
    "identities",
    "internalIp",
    "externalIp",
    "action",
    "queryType",
    "responseCode",
    "domain",
    "categories",
    "mostGranularIdentityType",
    "identityTypes",
    "blockedCategories",
];

const PROXY_COLUMNS: &[&str] = &[
    "timestamp",
    "identities",
    "internalIp",
    "externalIp",
    "destinationIp",
    "contentType",
    "verdict",
    "url",
    "referer",
    "userAgent",
    "statusCode",
    "requestSize",
    "responseSize",
    "responseBodySize",
    "sha256",
    "categories",
    "avDetections",
    "puas",
    "ampDisposition",
    "ampMalwareName",
    "ampScore",
    "identityType",
    "blockedCategories",
];

const IP_COLUMNS: &[&str] = &[
    "timestamp",
    "identities",
    "sourceIp",
    "sourcePort",
    "destinationIp",
    "destinationPort",
    "categories",
    "identityTypes",
];

const FIELDS: &[(&str, &str)] = &[
    ("domain", "query.hostname"),
    ("queryType", "query.type"),
    ("internalIp", "src_endpoint.ip"),
    ("externalIp", "src_endpoint.intermediate_ips"),
    ("sourceIp", "src_endpoint.ip"),
    ("sourcePort", "src_endpoint.port"),
    ("destinationIp", "dst_endpoint.ip"),
    ("destinationPort", "dst_endpoint.port"),
    ("policyIdentity", "src_endpoint.name"),
    ("mostGranularIdentity", "src_endpoint.name"),
    ("identities", "src_endpoint.name"),
    ("referer", "http_request.referrer"),
    ("userAgent", "http_request.user_agent"),
    ("requestSize", "http_request.length"),
];

const RESPONSE_FIELDS: &[(&str, &str)] = &[
    ("contentType", "http_response.content_type"),
    ("responseSize", "http_response.length"),
    ("responseBodySize", "http_response.body_length"),
];

#[derive(Debug)]
pub(super) struct CiscoUmbrella;

/// Which of the logs a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    Dns,
    Proxy,
    Ip,
}

impl Mapping for CiscoUmbrella {
    fn name(&self) -> &'static str {
        "cisco_umbrella"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["internalIp", "externalIp", "domain", "responseCode"], &["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        match source.text("message") {
            Some(message) => log_of(&message).is_some(),
            None => source.has("action") && source.has("timestamp"),
        }
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let line = mapper.source().text("message").map(|text| text.into_owned());
        let log = line.as_deref().and_then(log_of);
        if let (Some(line), Some(log)) = (line, log) {
            let columns = match log {
                Log::Dns => DNS_COLUMNS,
                Log::Proxy => PROXY_COLUMNS,
                Log::Ip => IP_COLUMNS,
            };
            add_fields(mapper, columns, &columns_of(&line));
            mapper.done("message");
        }
        match log.unwrap_or(Log::Dns) {
            Log::Dns => {
                mapper.class(4003, 2);
                let is_success = mapper.source().is("responseCode", "NOERROR");
                status(mapper, is_success);
                response_code(mapper, "responseCode");
            }
            Log::Proxy => {
                http_request(mapper, "requestMethod");
                url(mapper, "url", "http_request.url");
                http_response(mapper, "statusCode", RESPONSE_FIELDS);
            }
            // Only connections that were stopped are logged.
            Log::Ip => {
                mapper.class(4001, 5);
                plain_verdict(mapper, false);
            }
        }
        product(mapper, "Cisco", "Umbrella");
        mapper.set("severity_id", 1_i64);
        mapper.time(&["timestamp"]);
        let source = mapper.source();
        let action = source.text("action").or(source.text("verdict")).unwrap_or_default();
        let action = action.to_ascii_lowercase();
        if !action.is_empty() {
            plain_verdict(mapper, action.starts_with("allow") || action.starts_with("proxied"));
        }
        // Behind the same address when nothing translates it.
        mapper.copy("internalIp", "src_endpoint.ip");
        mapper.copy("externalIp", "src_endpoint.ip");
        mapper.table(FIELDS);
        // Each of the three classes has two ends.
        complete(mapper, 4001);
    }
}

fn columns_of(line: &str) -> Vec<&str> {
    let line = line.trim();
    let inner = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    inner.split("\",\"").collect()
}

fn log_of(line: &str) -> Option<Log> {
    let line = line.trim();
    // Cheap, because every text record is asked.
    if !line.starts_with("\"20") {
        return None;
    }
    let columns = columns_of(line);
    let column = |place: usize| columns.get(place).copied().unwrap_or_default();
    let is_address = |place: usize| parse_address(column(place)).is_some();
    let is_number = |place: usize| column(place).parse::<u16>().is_ok();
    if column(0).len() != "2026-01-01 00:00:00".len() {
        return None;
    }
    // `1 (A)`
    let is_type = |text: &str| {
        text.split_once(" (")
            .is_some_and(|(number, name)| number.parse::<u16>().is_ok() && name.ends_with(')'))
    };
    if is_type(column(6)) && matches!(column(5), "Allowed" | "Blocked" | "Proxied") {
        Some(Log::Dns)
    } else if matches!(column(6), "ALLOWED" | "BLOCKED") && column(7).contains("://") {
        Some(Log::Proxy)
    } else if columns.len() == IP_COLUMNS.len()
        && is_address(2)
        && is_address(4)
        && is_number(3)
        && is_number(5)
    {
        Some(Log::Ip)
    } else {
        None
    }
}
