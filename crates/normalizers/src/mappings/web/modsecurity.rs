//! What the web application firewalls ModSecurity and Coraza write into a server's error log:
//! Detection Finding. Contract: ModSecurity's documentation of its log messages.

use headwater_event::json::Scalar;
use headwater_pipeline::mapping::Mapper;

use super::super::text_line::{keep, keep_address, severity_of};

/// Names in front of a message.
const NAMES: [&str; 2] = ["ModSecurity: ", "Coraza: "];

pub(super) fn is_finding(text: &str) -> bool {
    NAMES.iter().any(|name| text.contains(name))
}

/// Class and severity, before the log's own severity is written: that of the rule says more.
pub(super) fn begin(mapper: &mut Mapper<'_>, text: &str) {
    mapper.class(2004, 1);
    mapper.set("is_alert", true);
    let rated = Members(text).find(|(name, _)| *name == "severity");
    if let Some(severity) = rated.and_then(|(_, word)| severity_of(word)) {
        mapper.set("severity_id", severity);
    }
}

/// Writes the finding that a text holds.
pub(super) fn finding(mapper: &mut Mapper<'_>, text: &str) {
    let begin = NAMES.iter().find_map(|name| Some(text.find(name)? + name.len()));
    let what = begin.and_then(|begin| text.get(begin..)).unwrap_or(text);
    let mut tags: Vec<&str> = Vec::new();
    for (name, value) in Members(text) {
        match name {
            "tag" => tags.push(value),
            "client" | "remote" => keep_address(mapper, value, name, "client_port"),
            name => keep(mapper, name, value),
        }
    }
    let extra = mapper.extra();
    let root = extra.root();
    let list = extra.append(root, "tag", Scalar::Array);
    for tag in tags {
        extra.push(list, tag);
    }
    mapper.copy("tag", "finding_info.types");
    if let Some(rest) = what.strip_prefix("Access denied with code ") {
        mapper.set("action_id", 2_i64);
        mapper.set("disposition_id", 2_i64);
        mapper.set("status_code", rest.get(..3).unwrap_or_default());
    } else {
        mapper.set("action_id", 3_i64);
        mapper.set("disposition_id", 19_i64);
    }
    mapper.copy("unique_id", "finding_info.uid");
    mapper.table(&[
        ("msg", "finding_info.title"),
        ("id", "finding_info.analytic.uid"),
        ("file", "finding_info.analytic.category"),
        ("rev", "finding_info.analytic.version"),
        ("data", "finding_info.desc"),
        ("client", "evidences[0].src_endpoint.ip"),
        ("client", "evidences[0].src_endpoint.hostname"),
        ("client_port", "evidences[0].src_endpoint.port"),
        ("uri", "evidences[0].url.path"),
        ("hostname", "evidences[0].url.hostname"),
    ]);
    if mapper.written("finding_info.analytic.uid").is_some() {
        mapper.set("finding_info.analytic.type_id", 1_i64);
        mapper.copy("msg", "finding_info.analytic.name");
        mapper.copy("id", "finding_info.uid");
    }
    let first = what.split(" [").next().unwrap_or_default();
    mapper.set("finding_info.title", first);
    mapper.set("finding_info.uid", first);
}

/// `[name "value"]`, wherever they stand.
struct Members<'t>(&'t str);

impl<'t> Iterator for Members<'t> {
    type Item = (&'t str, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.0.find('[')?;
            let rest = self.0.get(start + 1..)?;
            self.0 = rest;
            let Some((name, value)) = rest.split_once(" \"") else { continue };
            let is_name = !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            if is_name && let Some((value, behind)) = value.split_once("\"]") {
                self.0 = behind;
                return Some((name, value));
            }
        }
    }
}
