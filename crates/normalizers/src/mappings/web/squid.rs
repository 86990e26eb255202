//! Squid's native access log: HTTP Activity. Contract: Squid's documentation of `logformat squid`.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::super::text_line::{header, keep, keep_all, line_text};
use super::super::well_known::product;
use super::request::{RequestLine, classify, write_fields, write_request};

/// Fields of a line, in order; more may follow where the format was extended.
const NAMES: [&str; 10] = [
    "time",
    "duration",
    "client",
    "result",
    "bytes",
    "method",
    "target",
    "user",
    "hierarchy",
    "content_type",
];

/// How results begin.
const RESULTS: [&str; 6] = ["TCP_", "UDP_", "NONE", "SWAPFAIL", "TAG_", "ICP_"];

#[derive(Debug)]
pub(in super::super) struct Squid;

impl Mapping for Squid {
    fn name(&self) -> &'static str {
        "squid"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("message").is_some_and(|text| {
            let mut words = text.split_whitespace();
            let time = words.next().unwrap_or_default();
            let is_time =
                time.len() >= 12 && time.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let result = words.nth(2).unwrap_or_default();
            is_time
                && result.contains('/')
                && RESULTS.iter().any(|beginning| result.starts_with(beginning))
        })
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let text = line_text(mapper);
        let words: Vec<&str> = text.split_whitespace().collect();
        let named: Vec<(&'static str, &str)> =
            NAMES.iter().copied().zip(words.iter().copied()).collect();
        let part = |name: &str| {
            let found = named.iter().find(|(one, _)| *one == name);
            found.map(|(_, text)| *text).unwrap_or_default()
        };
        let request = format!("{} {}", part("method"), part("target"));
        classify(mapper, RequestLine::of(&request));
        product(mapper, "Squid", "Squid");
        keep(mapper, "time", part("time"));
        mapper.time(&["time"]);
        mapper.copy("timestamp", "metadata.logged_time");
        header(mapper);
        write_request(mapper, &request);
        let (result, code) = part("result").split_once('/').unwrap_or_default();
        let (hierarchy, peer) = part("hierarchy").split_once('/').unwrap_or_default();
        keep_all(
            mapper,
            &[
                ("status", code),
                ("result", result),
                ("hierarchy", hierarchy),
                ("peer", peer),
                ("duration", part("duration")),
                ("client", part("client")),
                ("bytes", part("bytes")),
                ("user", part("user")),
                ("content_type", part("content_type")),
                ("rest", &words.get(NAMES.len()..).unwrap_or_default().join(" ")),
            ],
        );
        // A status of 0 is none: the connection ended before the answer.
        if code == "000" || code == "0" {
            mapper.done("status");
        }
        write_fields(mapper);
        mapper.table(&[
            ("peer", "dst_endpoint.ip"),
            ("peer", "dst_endpoint.hostname"),
            ("result", "status_detail"),
        ]);
        if result.contains("DENIED") {
            mapper.set("action_id", 2_i64);
            mapper.set("disposition_id", 2_i64);
        }
    }
}
