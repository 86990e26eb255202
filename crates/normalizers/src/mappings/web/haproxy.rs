//! HAProxy: HTTP Activity for its HTTP log, Network Activity for its TCP log and for connections
//! that fail. Contract: "Log formats" in the configuration manual.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::super::text_line::{Pieces, header, keep, keep_address, line_text, pieces};
use super::super::well_known::{product, status};
use super::request::{RequestLine, classify, write_fields, write_request};

const HTTP: &str = "{client} [{time}] {frontend} {backend~}/{server} {timers} {status} {bytes} \
 {request_cookie} {response_cookie} {termination_state} {connections} {queues} \
 {headers~}\"{request*}\"";
const TCP: &str = "{client} [{time}] {frontend} {backend~}/{server} {timers} {bytes} \
 {termination_state} {connections} {queues}";
const FAILURE: &str = "{client} [{time}] {frontend}: {reason*}";

#[derive(Debug)]
pub(in super::super) struct Haproxy;

impl Mapping for Haproxy {
    fn name(&self) -> &'static str {
        "haproxy"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    /// `address:port [day/month/year:time.milliseconds] …`: nobody else begins a line so.
    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("message").is_some_and(|text| {
            text.split_once(" [").is_some_and(|(client, rest)| {
                let time = rest.split(']').next().unwrap_or_default();
                client.contains(':')
                    && !client.contains(' ')
                    && time.len() == 24
                    && time.get(20..21) == Some(".")
                    && time.get(2..3) == Some("/")
            })
        })
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let text = line_text(mapper);
        if let Some(found) = pieces(HTTP, &text) {
            let request = found.iter().find(|(name, _)| *name == "request");
            let request = request.map(|(_, text)| *text).unwrap_or_default();
            classify(mapper, RequestLine::of(request));
            begin(mapper, &found);
            write_request(mapper, request);
            write_fields(mapper);
        } else if let Some(found) = pieces(TCP, &text) {
            mapper.class(4001, 2);
            begin(mapper, &found);
            mapper.copy("bytes", "traffic.bytes_out");
        } else if let Some(found) = pieces(FAILURE, &text) {
            mapper.class(4001, 4);
            begin(mapper, &found);
            mapper.copy("reason", "status_detail");
            status(mapper, false);
        }
        mapper.table(&[
            ("client", "src_endpoint.ip"),
            ("client_port", "src_endpoint.port"),
            ("server", "dst_endpoint.svc_name"),
        ]);
    }
}

fn begin(mapper: &mut Mapper<'_>, found: &Pieces<'_>) {
    product(mapper, "HAProxy Technologies", "HAProxy");
    let part = |name: &str| found.iter().find(|(one, _)| *one == name).map(|(_, text)| *text);
    if let Some(time) = part("time") {
        keep(mapper, "time", time);
        mapper.time(&["time"]);
    }
    mapper.copy("timestamp", "metadata.logged_time");
    header(mapper);
    for (name, text) in found {
        match *name {
            "time" | "request" => {}
            "client" => keep_address(mapper, text, "client", "client_port"),
            "headers" => keep(mapper, "headers", text.trim()),
            "timers" => {
                keep(mapper, "timers", text);
                // The last timer is the whole time, with a plus when the end was not waited for.
                let total = text.rsplit('/').next().unwrap_or_default().trim_start_matches('+');
                if let Ok(total) = total.parse::<i64>() {
                    mapper.set("duration", total);
                }
            }
            name => keep(mapper, name, text),
        }
    }
}
