//! Caddy's JSON logs: HTTP Activity for requests, Detection Finding for its firewall Coraza, and
//! events without a class for what the server tells of itself. Contract: Caddy's documentation of
//! its access log.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::super::text_line::{keep_address, severity_of};
use super::super::well_known::{product, status};
use super::modsecurity;
use super::request::{RequestLine, classify, write_method, write_target};

/// Versions of TLS as they stand on the wire.
const TLS_VERSIONS: [(i64, &str); 4] = [(769, "1.0"), (770, "1.1"), (771, "1.2"), (772, "1.3")];

#[derive(Debug)]
pub(in super::super) struct Caddy;

impl Mapping for Caddy {
    fn name(&self) -> &'static str {
        "caddy"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["logger", "level", "ts", "msg"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("logger").is_some_and(|logger| logger.starts_with("http."))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let text = mapper.source().text("msg").unwrap_or_default().into_owned();
        if modsecurity::is_finding(&text) {
            modsecurity::begin(mapper, &text);
            mapper.time(&["ts"]);
            mapper.copy("msg", "message");
            mapper.table(&[("logger", "metadata.log_name"), ("level", "metadata.log_level")]);
            modsecurity::finding(mapper, &text);
        } else if mapper.source().has("request.method") {
            request(mapper);
        } else {
            mapper.class(0, 0);
            mapper.time(&["ts"]);
            mapper.copy("msg", "message");
        }
        product(mapper, "Caddy", "Caddy");
        mapper.table(&[("logger", "metadata.log_name"), ("level", "metadata.log_level")]);
        let severity = mapper.source().text("level").and_then(|word| severity_of(&word));
        mapper.set("severity_id", severity.unwrap_or(1));
    }
}

fn request(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let method = source.text("request.method").unwrap_or_default().into_owned();
    let target = source.text("request.uri").unwrap_or_default().into_owned();
    let line = RequestLine { method: &method, target: &target, version: None };
    classify(mapper, Some(line));
    mapper.time(&["ts"]);
    mapper.done("request.uri");
    mapper.done("request.method");
    write_method(mapper, &method);
    write_target(mapper, &method, &target);
    let version = mapper.source().integer("request.tls.version");
    let version = TLS_VERSIONS.iter().find(|(number, _)| Some(*number) == version);
    if let Some((_, version)) = version {
        mapper.set("tls.version", *version);
        mapper.done("request.tls.version");
        mapper.copy("request.tls.server_name", "tls.sni");
    }
    if let Some(host) = mapper.take("request.host") {
        keep_address(mapper, &host, "host", "host_port");
        mapper.copy("host", "dst_endpoint.hostname");
        mapper.copy("host_port", "dst_endpoint.port");
        mapper.copy("host", "http_request.url.hostname");
        mapper.copy("host_port", "http_request.url.port");
    }
    if let Some(version) = mapper.take("request.proto") {
        mapper.set("http_request.version", version.trim_start_matches("HTTP/"));
    }
    mapper.table(&[
        ("msg", "message"),
        ("request.client_ip", "src_endpoint.ip"),
        ("request.remote_ip", "src_endpoint.ip"),
        ("request.remote_port", "src_endpoint.port"),
        ("request.headers.User-Agent.0", "http_request.user_agent"),
        ("request.headers.Referer.0", "http_request.referrer"),
        ("request.headers.X-Forwarded-For", "http_request.x_forwarded_for"),
        ("user_id", "actor.user.name"),
        ("status", "http_response.code"),
        ("size", "http_response.length"),
        ("bytes_read", "http_request.length"),
        ("resp_headers.Content-Type.0", "http_response.content_type"),
    ]);
    if let Some(code) = mapper.source().integer("status") {
        status(mapper, code < 400);
    }
}
