//! Web requests: methods, targets, addresses, answers.

use std::borrow::Cow;

use headwater_pipeline::mapping::Mapper;

use super::network::split_port;
use super::well_known::status;

/// Methods that the schema knows, with the activity of HTTP Activity.
const METHODS: [(&str, i64); 9] = [
    ("CONNECT", 1),
    ("DELETE", 2),
    ("GET", 3),
    ("HEAD", 4),
    ("OPTIONS", 5),
    ("POST", 6),
    ("PUT", 7),
    ("TRACE", 8),
    ("PATCH", 9),
];

/// A method as the schema writes it, and its activity; in any ASCII case.
pub(super) fn known_method(method: &str) -> Option<(&'static str, i64)> {
    METHODS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(method))
}

/// The class of a web request, with the activity of the method that a field has.
pub(super) fn http_class(mapper: &mut Mapper<'_>, from: &str) {
    let method = mapper.source().text(from).unwrap_or_default().into_owned();
    let known = known_method(&method);
    mapper.class(4002, known.map_or(0, |(_, activity)| activity));
    if known.is_none() && !method.is_empty() {
        mapper.other_activity(&method);
    }
}

/// [`http_class`] and [`http_method`].
pub(super) fn http_request(mapper: &mut Mapper<'_>, from: &str) {
    http_class(mapper, from);
    http_method(mapper, from, "http_request");
}

/// The method. The schema has a closed list, in capitals: others stay unmapped.
pub(super) fn http_method(mapper: &mut Mapper<'_>, from: &str, request: &str) {
    let method = mapper.source().text(from).and_then(|method| known_method(&method));
    if let Some((name, _)) = method
        && mapper.set((request, "http_method"), name)
    {
        mapper.done(from);
    }
}

/// A request's target: path and query, or a whole address as proxies get it. An address needs one
/// of them; where there is only a host, this is it.
pub(super) fn http_target(mapper: &mut Mapper<'_>, from: &str, host: &str, url: &str) {
    let Some(target) = mapper.source().text(from).map(Cow::into_owned) else {
        if mapper.copy(host, (url, "url_string")) {
            mapper.copy(host, (url, "hostname"));
        }
        return;
    };
    match target.split_once('?') {
        Some((path, query)) if target.starts_with('/') => {
            mapper.set((url, "path"), path);
            if !query.is_empty() {
                mapper.set((url, "query_string"), query);
            }
            mapper.done(from);
        }
        None if target.starts_with('/') => {
            mapper.copy(from, (url, "path"));
        }
        _ => {
            mapper.copy(from, (url, "url_string"));
        }
    }
    mapper.copy(host, (url, "hostname"));
}

/// A web address and its parts, below `to` (`http_request.url`).
pub(super) fn url(mapper: &mut Mapper<'_>, from: &str, to: &str) -> bool {
    let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { return false };
    if !mapper.copy(from, (to, "url_string")) {
        return false;
    }
    let mut set = |name: &str, value: &str| {
        if !value.is_empty() {
            mapper.set((to, name), value);
        }
    };
    let (place, query) = text.split_once('?').unwrap_or((&text, ""));
    set("query_string", query);
    let (scheme, rest) = place.split_once("://").unwrap_or(("", place));
    set("scheme", scheme);
    if scheme.is_empty() && rest.starts_with('/') {
        set("path", rest);
        return true;
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    set("path", path);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = split_port(host);
    set("hostname", host);
    if let Some(port) = port {
        mapper.set((to, "port"), port);
    }
    true
}

/// Status by the code of a response.
pub(super) fn http_status(mapper: &mut Mapper<'_>, code: &str) {
    if let Some(code) = mapper.source().integer(code)
        && code > 0
    {
        status(mapper, code < 400);
    }
}

/// The response, of which nothing is known without its code.
pub(super) fn http_response(mapper: &mut Mapper<'_>, code: &str, pairs: &[(&str, &str)]) {
    http_status(mapper, code);
    if mapper.copy(code, "http_response.code") {
        mapper.table(pairs);
    }
}

/// Percent-encoding, taken away once.
pub(super) fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = |place: usize| tail.get(place).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (*first, hex(0), hex(1)) {
            bytes.extend(u8::try_from(high * 16 + low));
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
