//! The tab-separated form: its texts become the values that the JSON form of the same record has.
//! Contract: Zeek's ASCII writer with its usual separators.

use std::borrow::Cow;

use headwater_event::json::{Kind, Scalar};
use headwater_pipeline::mapping::{Field, Mapper, Source};

/// Sets and vectors, which are written with commas between their elements.
const LISTS: [&str; 51] = [
    "TTLs",
    "actions",
    "analyzers",
    "answers",
    "arguments",
    "attributes",
    "cc",
    "cert_chain_fps",
    "cert_chain_fuids",
    "client_cert_chain_fps",
    "client_cert_chain_fuids",
    "client_channels",
    "client_header_names",
    "client_supported_versions",
    "conn_uids",
    "cookie_vars",
    "fuids",
    "matched",
    "msg_orig",
    "msg_types",
    "objects",
    "orig_filenames",
    "orig_fuids",
    "orig_mime_types",
    "peer_descr_set",
    "proxied",
    "qos_levels",
    "rcptto",
    "request_path",
    "resp_filenames",
    "resp_fuids",
    "resp_mime_types",
    "response_path",
    "results",
    "rx_hosts",
    "san.dns",
    "san.email",
    "san.ip",
    "san.uri",
    "section_names",
    "seen.sources",
    "server_header_names",
    "sources",
    "tags",
    "to",
    "topics",
    "tunnel_parents",
    "tx_hosts",
    "uids",
    "uri_vars",
    "vlans",
];

/// Lists of one log, which other logs have as texts.
const LISTS_OF_LOGS: [(&str, &str); 2] = [("smtp", "path"), ("known_services", "service")];

const BOOLEANS: [&str; 50] = [
    "AA",
    "RA",
    "RD",
    "TC",
    "ack",
    "auth",
    "auth_success",
    "basic_constraints.ca",
    "cert_permanent",
    "client_cert",
    "data_channel.passive",
    "drop",
    "dropped",
    "established",
    "extracted_cutoff",
    "forwardable",
    "from_client",
    "has_cert_table",
    "has_debug_data",
    "has_export_table",
    "has_import_table",
    "host_cert",
    "init",
    "is_64bit",
    "is_exe",
    "is_orig",
    "is_webmail",
    "local_orig",
    "local_resp",
    "notice",
    "passive",
    "persistent",
    "rejected",
    "remote",
    "renewable",
    "resumed",
    "retain",
    "saw_query",
    "saw_reply",
    "share_flag",
    "sni_matches_cert",
    "success",
    "ssl",
    "timedout",
    "tls",
    "uses_aslr",
    "uses_code_integrity",
    "uses_dep",
    "uses_seh",
    "validated",
];

/// How an empty set or text is written.
const EMPTY: &str = "(empty)";

enum Value {
    Empty,
    Boolean(bool),
    List(Vec<String>),
    Text(String),
}

/// Adds fields in their JSON form where it is another one than the text.
pub(super) fn decode(mapper: &mut Mapper<'_>, log: &str) {
    let source = mapper.source();
    if !is_tab_separated(&source) {
        return;
    }
    let decoded: Vec<(String, Field, Value)> = source
        .members(source.root())
        .filter_map(|(name, field)| {
            let value = value(log, &name, &source.text_of(field)?)?;
            Some((name.into_owned(), field, value))
        })
        .collect();
    for (name, field, value) in decoded {
        let extra = mapper.extra();
        let root = extra.root();
        match value {
            Value::Empty => {}
            Value::Boolean(value) => {
                extra.append(root, &name, value);
            }
            Value::Text(text) => {
                extra.append(root, &name, text.as_str());
            }
            Value::List(elements) => {
                let list = extra.append(root, &name, Scalar::Array);
                for element in &elements {
                    extra.push(list, element.as_str());
                }
            }
        }
        mapper.done_field(field);
    }
}

/// In JSON the time is a number, or a text with a date.
fn is_tab_separated(source: &Source<'_>) -> bool {
    source.find("ts").is_some_and(|field| {
        let is_seconds =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        source.kind(field) == Kind::String
            && source.text_of(field).is_some_and(|text| is_seconds(&text))
    })
}

/// The value that JSON has, where it differs.
fn value(log: &str, name: &str, text: &str) -> Option<Value> {
    if text == EMPTY {
        return Some(Value::Empty);
    }
    if BOOLEANS.contains(&name) && matches!(text, "T" | "F") {
        return Some(Value::Boolean(text == "T"));
    }
    if LISTS.contains(&name) || LISTS_OF_LOGS.contains(&(log, name)) {
        return Some(Value::List(text.split(',').map(|one| unescape(one).into_owned()).collect()));
    }
    match unescape(text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => Some(Value::Text(text)),
    }
}

/// Bytes that JSON has as they are; for others it has the same escape.
const fn is_plain(code: u8) -> bool {
    matches!(code, b'\t' | b'\n' | b'\r' | b' '..=b'~')
}

/// Undoes `\\` and `\x0a`.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let code = after.strip_prefix('x').and_then(|after| after.get(..2));
        let code = code.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = match (after.strip_prefix('\\'), code.filter(|code| is_plain(*code))) {
            (Some(after), _) => {
                plain.push('\\');
                after
            }
            (None, Some(code)) => {
                plain.push(char::from(code));
                after.get(3..).unwrap_or_default()
            }
            (None, None) => {
                plain.push('\\');
                after
            }
        };
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}
