//! Access lines in the common and combined log format, also with the host in front (Apache's
//! `vhost_combined`), with the additions of Traefik, and as nginx proxy manager writes them.
//! Contract: Apache's documentation of `mod_log_config`; Traefik's of its access log.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::super::text_line::{
    Pieces, header, keep, keep_address, keep_all, line_text, pieces, program, quoted,
};
use super::super::well_known::product;
use super::request::{RequestLine, classify, write_fields, write_request};

/// Programs that write such lines to syslog, with vendor and product.
const SERVERS: [(&str, &str, &str); 8] = [
    ("nginx", "F5", "nginx"),
    ("apache", "Apache", "HTTP Server"),
    ("apache2", "Apache", "HTTP Server"),
    ("httpd", "Apache", "HTTP Server"),
    ("lighttpd", "lighttpd", "lighttpd"),
    ("traefik", "Traefik Labs", "Traefik"),
    ("squid", "Squid", "Squid"),
    ("caddy", "Caddy", "Caddy"),
];

/// nginx proxy manager, with and without a server behind it.
const PROXY_MANAGER: [&str; 2] = [
    "[{time*}] {cache} {upstream_status} {status} - {method} {scheme} {host} \"{target*}\" \
     [Client {client}] [Length {bytes}] [Gzip {gzip}] [Sent-to {backend}] \"{user_agent*}\" \
     \"{referrer*}\"",
    "[{time*}] {status} - {method} {scheme} {host} \"{target*}\" [Client {client}] [Length \
     {bytes}] [Gzip {gzip}] \"{user_agent*}\" \"{referrer*}\"",
];

const TRAEFIK: &str = "{request_count} \"{router*}\" \"{backend*}\" {duration}ms";

#[derive(Debug)]
pub(in super::super) struct WebAccess;

impl Mapping for WebAccess {
    fn name(&self) -> &'static str {
        "web_access"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("message").is_some_and(|text| {
            Line::of(&text).is_some()
                || text.starts_with('[')
                    && text.contains("] [Gzip ")
                    && proxy_manager_parts(&text).is_some()
        })
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let text = line_text(mapper);
        match Line::of(&text) {
            Some(line) => combined(mapper, &line),
            None => proxy_manager(mapper, &text),
        }
    }
}

/// An access line in its parts.
struct Line<'t> {
    host: Option<&'t str>,
    client: &'t str,
    user: String,
    time: String,
    request: &'t str,
    behind: &'t str,
}

impl<'t> Line<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let (front, rest) = text.split_once(" [")?;
        let (time, rest) = rest.split_once("] ")?;
        let time = clock_time(time)?;
        let (request, behind) = quoted(rest)?;
        let mut words = front.split_whitespace();
        let first = words.next()?;
        let is_host = words.clone().count() > 2
            && words.clone().next().is_some_and(is_address)
            && !is_address(first);
        let (host, client) = if is_host { (Some(first), words.next()?) } else { (None, first) };
        // Between client and time stand an identity that nobody uses and the user, who may have
        // blanks in the name; broken formats leave one out.
        let words: Vec<&str> = words.collect();
        let user = match words.as_slice() {
            [] => return None,
            [one] => (*one).to_owned(),
            [_, user @ ..] => user.join(" "),
        };
        Some(Self { host, client, user, time, request, behind })
    }
}

fn is_address(word: &str) -> bool {
    word.parse::<std::net::IpAddr>().is_ok()
}

/// The time of an access line, in a form that can be read: some servers write the month as a
/// number.
fn clock_time(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_digit = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_digit);
    let is_slash = |place: usize| bytes.get(place) == Some(&b'/');
    if !is_digit(0) || !is_digit(1) || !is_slash(2) {
        return None;
    }
    if is_slash(6) && text.get(11..12) == Some(":") {
        return Some(text.to_owned());
    }
    let is_numeric = is_slash(5) && text.get(10..11) == Some(":");
    is_numeric.then(|| text.replacen(':', " ", 1))
}

fn combined(mapper: &mut Mapper<'_>, line: &Line<'_>) {
    classify(mapper, RequestLine::of(line.request));
    keep(mapper, "time", &line.time);
    mapper.time(&["time"]);
    let traefik = after_agent(line.behind).and_then(|rest| pieces(TRAEFIK, rest));
    let server = server_of(mapper, traefik.is_some());
    product(mapper, server.0, server.1);
    mapper.copy("timestamp", "metadata.logged_time");
    header(mapper);
    write_request(mapper, line.request);
    if let Some(host) = line.host {
        keep_address(mapper, host, "host", "host_port");
    }
    keep(mapper, "client", line.client);
    keep(mapper, "user", &line.user);
    behind(mapper, line.behind);
    write_fields(mapper);
}

/// Vendor and product: the lines of all servers look the same, only syslog tells which it is.
fn server_of(mapper: &Mapper<'_>, is_traefik: bool) -> (&'static str, &'static str) {
    let name = program(&mapper.source());
    match SERVERS.iter().find(|(program, ..)| *program == name) {
        Some((_, vendor, product)) => (vendor, product),
        None if is_traefik => ("Traefik Labs", "Traefik"),
        None => ("Unknown", "Web server"),
    }
}

/// What stands behind status, bytes, referrer and agent.
fn after_agent(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(' ')?;
    let (_, rest) = rest.split_once(' ')?;
    let (_, rest) = quoted(rest)?;
    let (_, rest) = quoted(rest)?;
    Some(rest)
}

/// Status, bytes, referrer, agent, and what the server adds to them.
fn behind(mapper: &mut Mapper<'_>, text: &str) {
    let (status, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (bytes, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    keep(mapper, "status", status);
    keep(mapper, "bytes", bytes);
    let Some((referrer, rest)) = quoted(rest) else {
        keep(mapper, "rest", rest);
        return;
    };
    keep(mapper, "referrer", referrer);
    let Some((agent, rest)) = quoted(rest) else {
        keep(mapper, "rest", rest);
        return;
    };
    keep(mapper, "user_agent", agent);
    match pieces(TRAEFIK, rest) {
        Some(found) => keep_all(mapper, &found),
        None if rest.trim_matches(['"', '-', ' ']).is_empty() => {}
        None => keep(mapper, "rest", rest),
    }
}

fn proxy_manager_parts(text: &str) -> Option<Pieces<'_>> {
    PROXY_MANAGER.iter().find_map(|form| pieces(form, text))
}

fn proxy_manager(mapper: &mut Mapper<'_>, text: &str) {
    let Some(found) = proxy_manager_parts(text) else { return };
    let part = |name: &str| {
        let found = found.iter().find(|(one, _)| *one == name);
        found.map(|(_, text)| *text).unwrap_or_default()
    };
    let request = format!("{} {}", part("method"), part("target"));
    classify(mapper, RequestLine::of(&request));
    product(mapper, "NginxProxyManager", "nginx proxy manager");
    keep(mapper, "time", part("time"));
    mapper.time(&["time"]);
    header(mapper);
    write_request(mapper, &request);
    for (name, text) in &found {
        match *name {
            "time" | "method" | "target" => {}
            "scheme" => {
                mapper.set("http_request.url.scheme", *text);
            }
            name => keep(mapper, name, text),
        }
    }
    write_fields(mapper);
}
