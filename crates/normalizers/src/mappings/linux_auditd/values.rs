//! The fields of a record: unquoted texts are hexadecimal where the kernel distrusts them.

use headwater_pipeline::mapping::Mapper;

use super::super::text_line::{KeyValue, KeyValues, keep};

/// Values that say "nothing".
const NOTHING: [&str; 4] = ["?", "(null)", "(none)", ""];

/// Fields that the kernel or the daemon writes in hexadecimal when they hold a blank, a quote or a
/// byte that is not printable.
const SPELT: [&str; 14] = [
    "comm",
    "exe",
    "cwd",
    "name",
    "cmd",
    "proctitle",
    "acct",
    "data",
    "key",
    "path",
    "ocomm",
    "grp",
    "file",
    "dir",
];

/// Keeps the fields of a record. Returns the arguments of an `EXECVE` record as one line.
pub(super) fn keep_fields(mapper: &mut Mapper<'_>, kind: &str, text: &str) -> Option<String> {
    let mut arguments: Vec<String> = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    for one in KeyValues(text) {
        if one.key.is_empty() {
            words.push(one.value);
            continue;
        }
        if one.key == "msg" {
            keep_fields(mapper, kind, one.value);
            continue;
        }
        if NOTHING.contains(&one.value) && !one.is_quoted {
            continue;
        }
        let argument = if kind == "EXECVE" { argument_place(one.key) } else { None };
        let value = match argument {
            Some(_) => spell_out(one),
            None if SPELT.contains(&one.key) => spell_out(one),
            None => one.value.to_owned(),
        };
        match argument {
            Some(is_continued) if is_continued => {
                if let Some(last) = arguments.last_mut() {
                    last.push_str(&value);
                }
            }
            Some(_) => arguments.push(value.clone()),
            None => {}
        }
        // The record's own `hostname` is the device, this one is who it talks to.
        let name = if one.key == "hostname" { "remote_host" } else { one.key };
        keep(mapper, name, &value);
    }
    let rest = words.join(" ");
    if !matches!(&*rest, "" | "}") {
        keep(mapper, "text", &rest);
    }
    (!arguments.is_empty()).then(|| arguments.join(" "))
}

/// Whether a key is one of an argument (`a0`, `a12`), and whether it continues one (`a1[1]`).
fn argument_place(key: &str) -> Option<bool> {
    let rest = key.strip_prefix('a')?;
    let (number, part) = match rest.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        Some((number, part)) => (number, Some(part)),
        None => (rest, None),
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(part.is_some_and(|part| part != "0"))
}

/// The text of a field that may be hexadecimal; arguments in it are parted by zero bytes.
fn spell_out(one: KeyValue<'_>) -> String {
    let text = one.value;
    let is_hexadecimal = !one.is_quoted
        && text.len() >= 2
        && text.len().is_multiple_of(2)
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte));
    if !is_hexadecimal {
        return text.to_owned();
    }
    let byte = |place: usize| u8::from_str_radix(text.get(place..place + 2)?, 16).ok();
    let bytes: Vec<u8> = (0..text.len()).step_by(2).filter_map(byte).collect();
    let text = String::from_utf8_lossy(&bytes).replace('\0', " ");
    text.trim_end().to_owned()
}
