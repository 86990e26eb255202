//! Finds the sentence that a text is, and writes what it means.

use headwater_pipeline::mapping::Mapper;

use super::super::text_line::{
    KeyValues, Pieces, header, keep, pieces, program, some_device, some_name,
};
use super::super::well_known::status;

/// What a sentence means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meaning {
    pub(super) class: i64,
    pub(super) activity: i64,
    /// Name of an activity that the class has no number for.
    pub(super) name: &'static str,
    /// 1 success, 2 failure, 0 neither.
    pub(super) status: i64,
}

/// A pattern and its meaning.
pub(super) type Sentence = (&'static str, Meaning);

pub(super) const fn means(class: i64, activity: i64, status: i64) -> Meaning {
    Meaning { class, activity, name: "", status }
}

pub(super) const fn named(class: i64, name: &'static str, status: i64) -> Meaning {
    Meaning { class, activity: 99, name, status }
}

pub(super) const LOGON: Meaning = means(3002, 1, 1);
pub(super) const REFUSED: Meaning = means(3002, 1, 2);
pub(super) const LOGOFF: Meaning = means(3002, 2, 1);

/// Where the named places of all sentences go; a class that lacks an attribute passes on.
const FIELDS: &[(&str, &str)] = &[
    ("user", "user.name"),
    ("user", "actor.user.name"),
    ("user", "job.user.name"),
    ("user_id", "user.uid"),
    ("group", "group.name"),
    ("group_id", "group.uid"),
    ("by", "actor.user.name"),
    ("by_id", "actor.user.uid"),
    ("ip", "src_endpoint.ip"),
    ("ip", "src_endpoint.hostname"),
    ("host", "src_endpoint.hostname"),
    ("port", "src_endpoint.port"),
    ("mac", "src_endpoint.mac"),
    ("workstation", "src_endpoint.name"),
    ("domain", "user.domain"),
    ("pid", "actor.process.pid"),
    ("local_ip", "dst_endpoint.ip"),
    ("local_ip", "dst_endpoint.hostname"),
    ("local_port", "dst_endpoint.port"),
    ("method", "auth_protocol_id"),
    ("session", "session.uid"),
    ("terminal", "session.terminal"),
    ("terminal", "actor.session.terminal"),
    ("service", "service.name"),
    ("service", "app_name"),
    ("code", "status_code"),
    ("reason", "status_detail"),
    ("command", "job.cmd_line"),
    ("job", "job.name"),
    ("unit", "app.name"),
    ("query", "query.hostname"),
    ("query_type", "query.type"),
    ("answer", "answers[0].rdata"),
    ("from", "email.from"),
    ("to", "email.to"),
    ("queue", "email.message_uid"),
    ("size", "email.size"),
    ("protocol", "protocol_name"),
    ("interface", "src_endpoint.interface_name"),
    // Lists of `key=value`: PAM, useradd, Dovecot, Postfix.
    ("rhost", "src_endpoint.ip"),
    ("rhost", "src_endpoint.hostname"),
    ("ruser", "actor.user.name"),
    ("logname", "actor.user.name"),
    ("uid", "actor.user.uid"),
    ("tty", "session.terminal"),
    ("name", "user.name"),
    ("UID", "user.uid"),
    ("rip", "src_endpoint.ip"),
    ("lip", "dst_endpoint.ip"),
    ("rport", "src_endpoint.port"),
    ("lport", "dst_endpoint.port"),
    ("dsn", "status_code"),
    ("relay", "dst_endpoint.hostname"),
    ("sasl_username", "user.name"),
    ("sasl_method", "auth_protocol_id"),
];

/// Words in front of a sentence that tell how bad it is.
const LEVELS: [&str; 4] = ["error: ", "fatal: ", "warning: ", "info: "];

/// Writes the meaning of the first sentence that the text is; whether there is one.
pub(super) fn speak(mapper: &mut Mapper<'_>, tables: &[&[Sentence]], text: &str) -> bool {
    // The daemon of syslog sums up lines that repeat.
    let repeated = pieces("message repeated {count} times: [{text*}]", text);
    let piece = |name: &str| {
        let found = repeated.iter().flatten().find(|(one, _)| *one == name);
        found.map(|(_, text)| *text)
    };
    let sentence = piece("text").unwrap_or(text).trim();
    let bare = LEVELS.iter().find_map(|level| sentence.strip_prefix(level));
    let texts = [Some(sentence), bare];
    let found = texts.into_iter().flatten().find_map(|text| {
        let mut sentences = tables.iter().copied().flatten();
        sentences.find_map(|(pattern, meaning)| Some((pieces(pattern, text)?, *meaning)))
    });
    let Some((found, meaning)) = found else { return false };
    begin(mapper, meaning);
    if let Some(count) = piece("count").and_then(|count| count.parse::<i64>().ok()) {
        mapper.set("count", count);
    }
    keep_found(mapper, &found);
    mapper.time(&["time"]);
    mapper.table(FIELDS);
    complete(mapper, meaning.class);
    true
}

/// Class, activity, outcome and header.
pub(super) fn begin(mapper: &mut Mapper<'_>, meaning: Meaning) {
    mapper.class(meaning.class, meaning.activity);
    if meaning.activity == 99 {
        mapper.other_activity(meaning.name);
    }
    header(mapper);
    if meaning.status != 0 {
        status(mapper, meaning.status == 1);
    }
}

/// Keeps the pieces; one named `pairs` is a list of `key=value`.
fn keep_found(mapper: &mut Mapper<'_>, found: &Pieces<'_>) {
    for (name, text) in found {
        if *name != "pairs" {
            keep(mapper, name, text.trim());
            continue;
        }
        for one in KeyValues(text) {
            let key = if one.key.is_empty() { one.value } else { one.key };
            if !one.value.is_empty() {
                keep(mapper, key, one.value);
            }
        }
    }
}

/// What a class requires and the sentence leaves out.
pub(super) fn complete(mapper: &mut Mapper<'_>, class: i64) {
    match class {
        3002 => {
            for from in ["ruser", "logname", "by"] {
                if mapper.written("user.name").is_none() && mapper.written("user.uid").is_none() {
                    mapper.copy(from, "user.name");
                }
            }
            some_name(mapper, "user");
            let service = program(&mapper.source());
            // Newer versions of sshd are several programs, but one service.
            let service = service.trim_end_matches("-session").trim_end_matches("-auth");
            if !service.is_empty() {
                mapper.set("service.name", service);
            }
            mapper.copy("hostname", "dst_endpoint.hostname");
        }
        3001 => some_name(mapper, "user"),
        3006 => some_name(mapper, "group"),
        1006 => {
            mapper.copy_first(&["command", "file"], "job.name");
            if mapper.written("job.name").is_none() {
                mapper.set("job.name", "Unknown");
            }
            some_device(mapper);
        }
        4001..=4008 => sides(mapper),
        4009 => {
            mapper.set("direction_id", 0_i64);
            if mapper.written("email.from").is_none() && mapper.written("email.to").is_none() {
                mapper.set("email.from", "<>");
            }
        }
        _ => {}
    }
}

/// Connections end at the host that tells of them.
fn sides(mapper: &mut Mapper<'_>) {
    mapper.copy("hostname", "dst_endpoint.hostname");
    let has = |side: &str, part: &str| mapper.written((side, part)).is_some();
    let has_side = |side: &str| has(side, "ip") || has(side, "hostname");
    if !has_side("src_endpoint") && !has_side("dst_endpoint") {
        mapper.set("dst_endpoint.hostname", "Unknown");
    }
}
