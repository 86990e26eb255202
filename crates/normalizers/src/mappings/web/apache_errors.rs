//! Apache's error log: Authentication for users who are refused, Network Activity for what clients
//! did, Application Error for the server itself, Detection Finding for ModSecurity. Contract: the
//! documentation of `ErrorLogFormat` and the numbers `AHnnnnn` in Apache's source.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::super::text_line::{Pieces, header, keep, keep_address, line_text, pieces, severity_of};
use super::super::well_known::{product, status};
use super::modsecurity;

/// Texts that refuse a user.
const LOGONS: [&str; 5] = [
    "user {user*} not found: {path*}",
    "user {user*}: authentication failure for \"{path*}\": {reason*}",
    "user `{user*}' in realm `{realm*}' not found: {path*}",
    "user {user*}: password mismatch: {path*}",
    "client used wrong authentication scheme: {path*}",
];

#[derive(Debug)]
pub(in super::super) struct ApacheErrors;

impl Mapping for ApacheErrors {
    fn name(&self) -> &'static str {
        "apache_errors"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    /// `[Thu Oct 13 12:24:49.880562 2022] [module:level] …`
    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("message").is_some_and(|text| {
            let Some(line) = Line::of(&text) else { return false };
            let is_time = line.time.len() >= 24
                && line.time.get(3..4) == Some(" ")
                && line.time.get(13..14) == Some(":");
            is_time && severity_of(line.level).is_some()
        })
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let text = line_text(mapper);
        let Some(line) = Line::of(&text) else { return };
        let severity = severity_of(line.level).unwrap_or(1);
        let logon = LOGONS.iter().find_map(|form| pieces(form, line.text));
        if modsecurity::is_finding(line.text) {
            modsecurity::begin(mapper, line.text);
        } else if let Some(found) = &logon {
            refused(mapper, found);
        } else if line.client.is_some() {
            connection(mapper, &line);
        } else if severity > 2 {
            mapper.class(6008, 1);
        } else {
            mapper.class(0, 0);
        }
        product(mapper, "Apache", "HTTP Server");
        keep(mapper, "time", line.time);
        mapper.time(&["time"]);
        mapper.set("metadata.log_level", line.level);
        if let Some(code) = line.code {
            mapper.set("metadata.event_code", code);
        }
        mapper.set("severity_id", severity);
        mapper.copy("timestamp", "metadata.logged_time");
        header(mapper);
        if let Some((pid, tid)) = line.process {
            keep(mapper, "pid", pid);
            keep(mapper, "tid", tid);
            mapper.copy("pid", "actor.process.pid");
        }
        keep(mapper, "module", line.module);
        if modsecurity::is_finding(line.text) {
            modsecurity::finding(mapper, line.text);
        }
        if let Some(client) = line.client {
            keep_address(mapper, client, "client", "client_port");
        }
        mapper.table(&[
            ("client", "src_endpoint.ip"),
            ("client", "src_endpoint.hostname"),
            ("client", "evidences[0].src_endpoint.ip"),
            ("client_port", "src_endpoint.port"),
        ]);
    }
}

fn refused(mapper: &mut Mapper<'_>, found: &Pieces<'_>) {
    mapper.class(3002, 1);
    status(mapper, false);
    for (name, text) in found {
        keep(mapper, name, text);
    }
    mapper.table(&[
        ("user", "user.name"),
        ("path", "http_request.url.path"),
        ("reason", "status_detail"),
    ]);
    if mapper.written("user.name").is_none() {
        mapper.set("user.name", "Unknown");
    }
    mapper.set("service.name", "httpd");
}

fn connection(mapper: &mut Mapper<'_>, line: &Line<'_>) {
    let activity = match line.text {
        text if text.starts_with("client denied") => 5,
        text if text.contains("handshake") => 4,
        _ => 99,
    };
    mapper.class(4001, activity);
    if activity == 99 {
        mapper.other_activity("Error");
    }
    mapper.set("status_detail", line.text);
}

/// A line in its parts.
#[derive(Debug, Default)]
struct Line<'t> {
    time: &'t str,
    module: &'t str,
    level: &'t str,
    process: Option<(&'t str, &'t str)>,
    client: Option<&'t str>,
    code: Option<&'t str>,
    text: &'t str,
}

impl<'t> Line<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let (time, mut rest) = bracketed(text)?;
        let mut line = Self { time, ..Self::default() };
        let (level, behind) = bracketed(rest)?;
        (line.module, line.level) = level.split_once(':').unwrap_or(("", level));
        rest = behind;
        loop {
            if let Some((inside, behind)) = bracketed(rest)
                && line.group(inside)
            {
                rest = behind;
            } else if line.client.is_none()
                && let Some((before, after)) = rest.split_once(": [client ")
                && let Some((client, behind)) = after.split_once("] ")
                && !before.contains('[')
            {
                // The text of a system error stands in front of the client.
                line.client = Some(client);
                rest = behind;
            } else {
                break;
            }
        }
        if let Some((code, behind)) = rest.split_once(": ")
            && code.len() == 7
            && code.starts_with("AH")
        {
            line.code = Some(code);
            rest = behind;
        }
        line.text = rest;
        Some(line)
    }

    /// Takes one group in brackets; whether it is known.
    fn group(&mut self, inside: &'t str) -> bool {
        let Some((name, value)) = inside.split_once(' ') else { return false };
        match name {
            "pid" => self.process = Some(value.split_once(":tid ").unwrap_or((value, ""))),
            "client" => self.client = Some(value),
            "remote" => self.client = self.client.or(Some(value)),
            _ => return false,
        }
        true
    }
}

/// What stands in the brackets that a text begins with, and what follows.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (inside, rest) = text.strip_prefix('[')?.split_once(']')?;
    Some((inside, rest.trim_start()))
}
