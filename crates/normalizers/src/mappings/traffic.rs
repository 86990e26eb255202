//! What cloud logs of web and name requests have in common: lines with quoted fields, HTTP methods
//! and addresses, DNS codes, allowed and refused traffic, members under another prefix.

use std::borrow::Cow;

use headwater_event::ip::parse_address;
use headwater_pipeline::mapping::Mapper;

/// Fields of a line that are separated by spaces; quotes and square brackets hold a field together
/// and are not part of it.
pub(super) fn split_line(line: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let inner = rest.get(first.len_utf8()..).unwrap_or_default();
        let (field, tail) = match first {
            // A quote inside a field is no end: the end is followed by a space.
            '"' => {
                inner.split_once("\" ").unwrap_or((inner.strip_suffix('"').unwrap_or(inner), ""))
            }
            '[' if inner.contains("] ") => inner.split_once("] ").unwrap_or((inner, "")),
            _ => rest.split_once(' ').unwrap_or((rest, "")),
        };
        fields.push(field);
        rest = tail.trim_start();
    }
    fields
}

/// Adds fields that were found in a text, by the names of their places.
pub(super) fn add_fields(mapper: &mut Mapper<'_>, names: &[&str], values: &[&str]) {
    let extra = mapper.extra();
    let root = extra.root();
    for (name, value) in names.iter().zip(values) {
        extra.append(root, name, *value);
    }
    for (place, value) in values.iter().enumerate().skip(names.len()) {
        extra.append(root, &format!("field_{}", place + 1), *value);
    }
}

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

/// HTTP Activity with the activity of the method in a field.
pub(super) fn http_class(mapper: &mut Mapper<'_>, from: &str) {
    let method = mapper.source().text(from).map(Cow::into_owned);
    match method.as_deref().map(|method| (method, known_method(method))) {
        None => mapper.class(4002, 0),
        Some((_, Some((_, activity)))) => mapper.class(4002, activity),
        Some((method, None)) => {
            mapper.class(4002, 99);
            mapper.other_activity(method);
        }
    }
    http_method(mapper, from);
}

/// The method of a request; one that the schema does not know stays as it is.
pub(super) fn http_method(mapper: &mut Mapper<'_>, from: &str) {
    let method = mapper.source().text(from).and_then(|method| known_method(&method));
    if let Some((method, _)) = method {
        mapper.set("http_request.http_method", method);
        mapper.done(from);
    }
}

fn known_method(method: &str) -> Option<(&'static str, i64)> {
    METHODS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(method))
}

/// A web address and its parts, below `to` (`http_request.url`).
pub(super) fn url(mapper: &mut Mapper<'_>, from: &str, to: &str) -> bool {
    let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { return false };
    if !mapper.copy(from, &format!("{to}.url_string")) {
        return false;
    }
    let mut set = |name: &str, value: &str| {
        if !value.is_empty() {
            mapper.set(&format!("{to}.{name}"), value);
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
        mapper.set(&format!("{to}.port"), port);
    }
    true
}

/// Host and port of `host:port`; an IPv6 address with a port stands in square brackets.
pub(super) fn split_port(text: &str) -> (&str, Option<i64>) {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        return (host, rest.strip_prefix(':').and_then(parse_port));
    }
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => match parse_port(port) {
            Some(port) => (host, Some(port)),
            None => (text, None),
        },
        _ => (text, None),
    }
}

fn parse_port(text: &str) -> Option<i64> {
    text.parse::<u16>().ok().map(i64::from)
}

/// An address that may have a port: `address:port`, to the members of an endpoint.
pub(super) fn endpoint(mapper: &mut Mapper<'_>, from: &str, to: &str) -> bool {
    let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { return false };
    let (host, port) = split_port(&text);
    if port.is_none() && host == text {
        return mapper.copy(from, &format!("{to}.ip"))
            || mapper.copy(from, &format!("{to}.hostname"));
    }
    let member = if parse_address(host).is_some() { "ip" } else { "hostname" };
    if !mapper.set(&format!("{to}.{member}"), host) {
        return false;
    }
    if let Some(port) = port {
        mapper.set(&format!("{to}.port"), port);
    }
    mapper.done(from);
    true
}

/// Action and disposition of traffic that was let through or refused.
pub(super) fn verdict(mapper: &mut Mapper<'_>, is_allowed: bool) {
    let number = if is_allowed { 1_i64 } else { 2 };
    mapper.set("action_id", number);
    mapper.set("disposition_id", number);
}

/// Status by the code of a response.
pub(super) fn http_status(mapper: &mut Mapper<'_>, code: &str) {
    if let Some(code) = mapper.source().integer(code)
        && code > 0
    {
        super::well_known::status(mapper, code < 400);
    }
}

/// The response, of which nothing is known without its code.
pub(super) fn http_response(mapper: &mut Mapper<'_>, code: &str, pairs: &[(&str, &str)]) {
    http_status(mapper, code);
    if mapper.copy(code, "http_response.code") {
        mapper.table(pairs);
    }
}

/// Whether one of several attributes has a value.
pub(super) fn has_any(mapper: &Mapper<'_>, object: &str, names: &[&str]) -> bool {
    mapper.has_any(object, names)
}

/// DNS response code in the words of the registry, or its number.
pub(super) fn response_code(mapper: &mut Mapper<'_>, from: &str) -> bool {
    let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { return false };
    let number = match text.to_ascii_uppercase().as_str() {
        "FORMERR" => Some(1_i64),
        "SERVFAIL" => Some(2),
        _ => None,
    };
    let Some(number) = number else { return mapper.copy(from, "rcode_id") };
    let written = mapper.set("rcode_id", number);
    if written {
        mapper.done(from);
    }
    written
}

/// The table's fields below a prefix (`detail.`).
pub(super) fn table_below(mapper: &mut Mapper<'_>, prefix: &str, pairs: &[(&str, &str)]) {
    if prefix.is_empty() {
        mapper.table(pairs);
        return;
    }
    for (from, to) in pairs {
        let from = format!("{prefix}{from}");
        mapper.table(&[(from.as_str(), to)]);
    }
}

/// How many elements the list at a path has.
pub(super) fn length(mapper: &Mapper<'_>, path: &str) -> usize {
    let source = mapper.source();
    source.find(path).map_or(0, |list| source.elements(list).len())
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

/// Objects of which the schema wants one of some members when there are others: the object, those
/// members (the first is written), the others.
const NAMED: [(&str, &[&str], &[&str]); 7] = [
    ("src_endpoint", ENDPOINT_NAMES, ENDPOINT_MEMBERS),
    ("dst_endpoint", ENDPOINT_NAMES, ENDPOINT_MEMBERS),
    (
        "actor.user",
        &["name", "uid", "account.uid"],
        &["email_addr", "type", "credential_uid", "display_name", "full_name", "groups[0].name"],
    ),
    (
        "firewall_rule",
        &["name", "uid"],
        &["type", "condition", "desc", "category", "match_location", "sensitivity", "rate_limit"],
    ),
    ("resources[0]", &["name", "uid"], &["type", "namespace", "version", "region"]),
    ("query", &["hostname"], &["type", "class"]),
    ("load_balancer", &["name", "uid"], &["code", "error_message", "classification", "ip"]),
];

const ENDPOINT_NAMES: &[&str] = &[
    "name",
    "ip",
    "uid",
    "hostname",
    "svc_name",
    "instance_uid",
    "interface_uid",
    "interface_name",
    "domain",
];

const ENDPOINT_MEMBERS: &[&str] = &[
    "port",
    "zone",
    "vpc_uid",
    "subnet_uid",
    "location.country",
    "location.city",
    "autonomous_system.number",
    "autonomous_system.name",
];

const UNKNOWN: &str = "Unknown";

/// Says `Unknown` where the schema wants a name and the record, cut down to some of its fields,
/// has none.
pub(super) fn complete(mapper: &mut Mapper<'_>, class: i64) {
    for (object, names, members) in NAMED {
        if has_any(mapper, object, members) && !has_any(mapper, object, names) {
            name(mapper, object, names);
        }
    }
    let url = "http_request.url";
    if !has_any(mapper, url, &["url_string", "path"]) {
        let known = ["hostname", "query_string", "scheme"];
        let known = known.iter().find_map(|part| mapper.written(&format!("{url}.{part}")));
        if let Some(known) = known.map(Cow::into_owned) {
            mapper.set(&format!("{url}.url_string"), known.as_str());
        }
    }
    let user: &[&str] = &["name", "uid", "account.uid"];
    match class {
        6003 => {
            let has_user = has_any(mapper, "actor.user", user);
            if !has_user && !has_any(mapper, "actor", &["app_uid", "app_name", "invoked_by"]) {
                name(mapper, "actor.user", user);
            }
            mapper.set("api.operation", UNKNOWN);
            if !has_any(mapper, "src_endpoint", ENDPOINT_NAMES) {
                name(mapper, "src_endpoint", ENDPOINT_NAMES);
            }
        }
        2002..=2004 if !has_any(mapper, "finding_info", &["uid"]) => {
            name(mapper, "finding_info", &["uid"]);
        }
        3001 | 3002 if !has_any(mapper, "user", user) => name(mapper, "user", user),
        3006 if !has_any(mapper, "group", &["name", "uid"]) => name(mapper, "group", &["name"]),
        4001 | 4003
            if !["src_endpoint", "dst_endpoint"]
                .iter()
                .any(|side| has_any(mapper, side, ENDPOINT_NAMES)) =>
        {
            name(mapper, "src_endpoint", ENDPOINT_NAMES);
        }
        _ => {}
    }
}

fn name(mapper: &mut Mapper<'_>, object: &str, names: &[&str]) {
    if let Some(name) = names.first() {
        mapper.set(&format!("{object}.{name}"), UNKNOWN);
    }
}
