//! The request line, which clients write as they like.

use headwater_pipeline::mapping::Mapper;

use super::super::http::known_method;
use super::super::text_line::{keep, keep_address};
use super::super::well_known::status;

/// A request line in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RequestLine<'t> {
    pub(super) method: &'t str,
    pub(super) target: &'t str,
    pub(super) version: Option<&'t str>,
}

impl<'t> RequestLine<'t> {
    /// `None` when the line is none: what attackers send to a web server is often not HTTP.
    pub(super) fn of(text: &'t str) -> Option<Self> {
        let (method, rest) = text.split_once(' ')?;
        let is_method = !method.is_empty()
            && method.bytes().all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(&byte));
        let (target, version) = match rest.rsplit_once(' ') {
            Some((target, version)) if version.starts_with("HTTP/") => (target, Some(version)),
            _ => (rest, None),
        };
        let target = target.trim();
        (is_method && !target.is_empty()).then_some(Self { method, target, version })
    }
}

/// Class and activity of a request line: 99 with the method or the fact that there is none.
pub(super) fn classify(mapper: &mut Mapper<'_>, line: Option<RequestLine<'_>>) {
    let method = line.map(|line| line.method);
    // A server takes a method as it is written.
    let known = method.and_then(known_method).filter(|(name, _)| Some(*name) == method);
    mapper.class(4002, known.map_or(99, |(_, activity)| activity));
    if known.is_none() {
        mapper.other_activity(method.unwrap_or("Malformed request"));
    }
}

/// Writes a request line; one that is none stays as it is.
pub(super) fn write_request(mapper: &mut Mapper<'_>, text: &str) {
    let Some(line) = RequestLine::of(text) else {
        keep(mapper, "request", text);
        return;
    };
    write_method(mapper, line.method);
    if let Some(version) = line.version {
        mapper.set("http_request.version", version.trim_start_matches("HTTP/"));
    }
    write_target(mapper, line.method, line.target);
}

/// Writes a method; OCSF has no others than those of its activities.
pub(super) fn write_method(mapper: &mut Mapper<'_>, method: &str) {
    if known_method(method).is_some_and(|(name, _)| name == method) {
        mapper.set("http_request.http_method", method);
    } else {
        keep(mapper, "method", method);
    }
}

/// Path and query of a target; a whole URL or `host:port` where the client asks a proxy.
pub(super) fn write_target(mapper: &mut Mapper<'_>, method: &str, target: &str) {
    let rest = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.is_empty() && !scheme.contains(['/', '?', '#']) => {
            mapper.set("http_request.url.url_string", target);
            mapper.set("http_request.url.scheme", scheme);
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            write_host(mapper, rest.get(..end).unwrap_or_default());
            rest.get(end..).unwrap_or_default()
        }
        _ if method == "CONNECT" => {
            mapper.set("http_request.url.url_string", target);
            write_host(mapper, target);
            ""
        }
        _ => target,
    };
    let (path, query) = rest.split_once('?').map_or((rest, ""), |(path, query)| (path, query));
    if !path.is_empty() {
        mapper.set("http_request.url.path", path);
    } else if !query.is_empty() {
        mapper.set("http_request.url.url_string", target);
    }
    if !query.is_empty() {
        mapper.set("http_request.url.query_string", query);
    }
}

fn write_host(mapper: &mut Mapper<'_>, host: &str) {
    keep_address(mapper, host, "url_host", "url_port");
    mapper
        .table(&[("url_host", "http_request.url.hostname"), ("url_port", "http_request.url.port")]);
}

/// Where the kept fields of a request and its answer go.
pub(super) const FIELDS: &[(&str, &str)] = &[
    ("client", "src_endpoint.ip"),
    ("client", "src_endpoint.hostname"),
    ("client_port", "src_endpoint.port"),
    ("host", "dst_endpoint.ip"),
    ("host", "dst_endpoint.hostname"),
    ("host_port", "dst_endpoint.port"),
    ("user", "actor.user.name"),
    ("status", "http_response.code"),
    ("user_agent", "http_request.user_agent"),
    ("referrer", "http_request.referrer"),
    ("content_type", "http_response.content_type"),
    ("duration", "duration"),
];

/// Writes what was kept. The host that was asked for is part of the URL, where there is one.
pub(super) fn write_fields(mapper: &mut Mapper<'_>) {
    mapper.table(FIELDS);
    let has_url = ["path", "url_string"]
        .iter()
        .any(|part| mapper.written(&format!("http_request.url.{part}")).is_some());
    if has_url {
        mapper.copy("host", "http_request.url.hostname");
        mapper.copy("host_port", "http_request.url.port");
    }
    if let Some(code) = mapper.written("http_response.code").and_then(|code| code.parse().ok()) {
        let code: i64 = code;
        mapper.copy("bytes", "http_response.length");
        status(mapper, code < 400);
    }
    let is_there = |path: &str| mapper.written(path).is_some();
    if !has_url
        && !["user_agent", "referrer", "http_method"]
            .iter()
            .any(|part| is_there(&format!("http_request.{part}")))
        && !is_there("http_response.code")
    {
        // The class wants a request: the line is all there is of it.
        mapper.copy("request", "http_request.url.url_string");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_request_line_is_none() {
        let line = RequestLine::of("GET /a b?c=d HTTP/1.1").unwrap();
        assert_eq!((line.method, line.target, line.version), ("GET", "/a b?c=d", Some("HTTP/1.1")));
        assert_eq!(RequestLine::of("POST /").unwrap().version, None);
        for text in ["", "-", "\\x16\\x03\\x01", "\\x04 \\x01", "GET", "GET  HTTP/1.1"] {
            assert_eq!(RequestLine::of(text), None, "{text}");
        }
    }
}
