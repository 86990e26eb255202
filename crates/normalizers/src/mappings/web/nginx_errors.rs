//! nginx's error log: HTTP Activity for errors of a request, Authentication for users who are
//! refused, Network Activity for connections, Application Error for the server itself, Detection
//! Finding for ModSecurity. Contract: nginx's source; the documentation names only the levels.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::super::text_line::{
    Pieces, header, keep, keep_address, line_text, pieces, severity_of, some_name,
};
use super::super::well_known::{product, status};
use super::modsecurity;
use super::request::{RequestLine, classify, write_fields, write_request};

/// A line; the number of the connection is left out where there is none.
const FORMS: [&str; 2] = [
    "{date} {clock} [{level}] {pid}#{tid}: *{connection} {text*}",
    "{date} {clock} [{level}] {pid}#{tid}: {text*}",
];

/// Texts that refuse or admit a user, with the outcome.
const LOGONS: [(&str, bool); 5] = [
    ("user \"{user*}\": password mismatch", false),
    ("user \"{user*}\" was not found in \"{users*}\"", false),
    ("no user/password was provided for basic authentication", false),
    ("client login failed: \"{reason*}\" while in {stage*}", false),
    ("client logged in", true),
];

/// Names of what follows the text, as nginx writes it and as it is kept.
const CONTEXT: [(&str, &str); 9] = [
    ("client", "client"),
    ("server", "server"),
    ("request", "request"),
    ("subrequest", "subrequest"),
    ("upstream", "upstream"),
    ("host", "host"),
    ("referrer", "referrer"),
    ("login", "login"),
    ("bytes from/to client", "bytes"),
];

#[derive(Debug)]
pub(in super::super) struct NginxErrors;

impl Mapping for NginxErrors {
    fn name(&self) -> &'static str {
        "nginx_errors"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("message").is_some_and(|text| {
            let has = |place: usize, one: &str| text.get(place..place + 1) == Some(one);
            has(4, "/") && has(7, "/") && has(10, " ") && has(20, "[") && parts(&text).is_some()
        })
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let line = line_text(mapper);
        let Some(found) = parts(&line) else { return };
        let part = |name: &str| {
            let found = found.iter().find(|(one, _)| *one == name);
            found.map(|(_, text)| *text).unwrap_or_default()
        };
        let (text, context) = split_context(part("text"));
        let of = |name: &str| context.iter().find(|(one, _)| *one == name).map(|(_, text)| *text);
        let severity = severity_of(part("level")).unwrap_or(1);
        if modsecurity::is_finding(text) {
            modsecurity::begin(mapper, text);
        } else if let Some((found, is_success)) = logon(text) {
            mapper.class(3002, 1);
            status(mapper, is_success);
            begin(mapper, &found);
        } else if let Some(request) = of("request") {
            classify(mapper, RequestLine::of(request));
            mapper.set("status_detail", text);
            status(mapper, severity < 3);
        } else if text.starts_with("client ") || of("client").is_some() {
            connection(mapper, text);
        } else if severity > 2 {
            mapper.class(6008, 1);
        } else {
            mapper.class(0, 0);
        }
        product(mapper, "F5", "nginx");
        mapper.set("metadata.log_level", part("level"));
        keep(mapper, "time", &format!("{} {}", part("date"), part("clock")));
        mapper.time(&["time"]);
        mapper.set("severity_id", severity);
        mapper.copy("timestamp", "metadata.logged_time");
        header(mapper);
        keep(mapper, "pid", part("pid"));
        if mapper.copy("pid", "actor.process.pid") {
            mapper.set("actor.process.name", "nginx");
        }
        keep(mapper, "connection", part("connection"));
        if modsecurity::is_finding(text) {
            modsecurity::finding(mapper, text);
        }
        finish(mapper, &context);
    }
}

fn parts(text: &str) -> Option<Pieces<'_>> {
    FORMS.iter().find_map(|form| pieces(form, text))
}

fn logon(text: &str) -> Option<(Pieces<'_>, bool)> {
    LOGONS.iter().find_map(|(form, is_success)| Some((pieces(form, text)?, *is_success)))
}

fn begin(mapper: &mut Mapper<'_>, found: &Pieces<'_>) {
    for (name, text) in found {
        keep(mapper, name, text);
    }
    mapper.table(&[("user", "user.name"), ("reason", "status_detail")]);
    mapper.set("service.name", "nginx");
}

/// Connections that are no requests, such as those of mail.
fn connection(mapper: &mut Mapper<'_>, text: &str) {
    let activity = match text {
        text if text.contains(" connected to ") => 1,
        text if text.contains("session done") || text.contains("closed") => 2,
        text if text.contains("SSL_do_handshake() failed") => 4,
        text if text.contains("reset by peer") => 3,
        _ => 99,
    };
    mapper.class(4001, activity);
    if activity == 99 {
        mapper.other_activity("Error");
    }
    mapper.set("status_detail", text);
    if let Some(found) = pieces("client {client} connected to {server}", text) {
        for (name, text) in found {
            keep_address(
                mapper,
                text,
                name,
                if name == "client" { "client_port" } else { "server_port" },
            );
        }
    }
}

fn finish(mapper: &mut Mapper<'_>, context: &[(&'static str, &str)]) {
    for (name, text) in context {
        match *name {
            "request" => write_request(mapper, text),
            "client" => keep_address(mapper, text, "client", "client_port"),
            "host" => keep_address(mapper, text, "host", "host_port"),
            "server" => keep_address(mapper, text, "server", "server_port"),
            name => keep(mapper, name, text),
        }
    }
    mapper.table(&[("login", "user.name")]);
    write_fields(mapper);
    mapper.table(&[
        ("client", "evidences[0].src_endpoint.ip"),
        ("server", "dst_endpoint.ip"),
        ("server", "dst_endpoint.hostname"),
        ("server_port", "dst_endpoint.port"),
    ]);
    some_name(mapper, "user");
}

/// Parts the text from the `, name: value` behind it. A value may be quoted.
fn split_context(text: &str) -> (&str, Vec<(&'static str, &str)>) {
    let name_at = |place: usize| {
        let rest = text.get(place + 2..)?;
        let (name, kept) = CONTEXT
            .iter()
            .find(|(name, _)| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(": ")))?;
        Some((*kept, place + 2 + name.len() + 2))
    };
    // What stands in front of the client is the server's own text.
    let places: Vec<usize> = text.match_indices(", ").map(|(place, _)| place).collect();
    let first =
        places.iter().find(|place| name_at(**place).is_some_and(|(name, _)| name == "client"));
    let Some(first) = first else { return (text, Vec::new()) };
    let mut list = Vec::new();
    let mut next = Some(*first);
    while let Some(place) = next {
        let Some((name, start)) = name_at(place) else { break };
        let rest = text.get(start..).unwrap_or_default();
        let (value, end) = if let Some(inside) = rest.strip_prefix('"') {
            let is_end = |end: &usize| {
                let behind = inside.get(end + 1..).unwrap_or_default();
                behind.is_empty() || name_at(start + 1 + end + 1).is_some()
            };
            let ends = || inside.match_indices('"').map(|(end, _)| end).filter(is_end);
            // Clients write quotes into requests, and nginx does not escape them.
            let is_whole = |end: &usize| {
                let request = inside.get(..*end).and_then(RequestLine::of);
                name != "request" || request.is_some_and(|request| request.version.is_some())
            };
            let end = ends().find(is_whole).or_else(|| ends().next()).unwrap_or(inside.len());
            (inside.get(..end).unwrap_or_default(), start + 1 + end + 1)
        } else {
            let end = rest.find(", ").unwrap_or(rest.len());
            (rest.get(..end).unwrap_or_default(), start + end)
        };
        list.push((name, value));
        next = (end < text.len()).then_some(end);
    }
    (text.get(..*first).unwrap_or_default(), list)
}
