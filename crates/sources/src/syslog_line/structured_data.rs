//! The structured data of RFC 5424: `[id name="value" …][…]`.

use memchr::memchr;

use crate::json_text::{UniqueNames, push_string};

/// Length of `[id name="value" …][…]…`; `None` when it is not well formed.
pub(super) fn structured_length(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    while rest.starts_with(b"[") {
        rest = element(rest, &mut |_, _| {})?.1;
    }
    let length = text.len() - rest.len();
    let is_end = rest.is_empty() || rest.starts_with(b" ");
    (length > 0 && is_end).then_some(length)
}

/// Appends `{"id":{"name":"value"}}`. A repeated name, which RFC 5424 allows, gets `_2`, `_3` and
/// so on.
pub(super) fn push_structured(text: &[u8], json: &mut Vec<u8>) {
    json.push(b'{');
    let mut rest = text;
    while rest.starts_with(b"[") {
        let mut names = UniqueNames::default();
        let mut members: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let walked = element(rest, &mut |name, value| members.push((names.take(name), value)));
        let Some((id, after)) = walked else { break };
        if rest.len() < text.len() {
            json.push(b',');
        }
        push_string(id, json);
        json.extend_from_slice(b":{");
        for (index, (name, value)) in members.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            push_string(name, json);
            json.push(b':');
            push_string(value, json);
        }
        json.push(b'}');
        rest = after;
    }
    json.push(b'}');
}

/// Walks one `[id name="value" …]`; returns its id and what follows it.
fn element<'a>(
    text: &'a [u8],
    parameter: &mut dyn FnMut(&'a [u8], Vec<u8>),
) -> Option<(&'a [u8], &'a [u8])> {
    let inside = text.strip_prefix(b"[")?;
    let end = inside.iter().position(|byte| matches!(byte, b' ' | b']'))?;
    let (id, mut rest) = inside.split_at_checked(end)?;
    loop {
        rest = rest.trim_ascii_start();
        if let Some(after) = rest.strip_prefix(b"]") {
            return (!id.is_empty()).then_some((id, after));
        }
        let equals = memchr(b'=', rest).filter(|equals| *equals > 0)?;
        let name = rest.get(..equals)?;
        let quoted = rest.get(equals + 1..)?.strip_prefix(b"\"")?;
        if name.iter().any(|byte| matches!(byte, b' ' | b']' | b'"')) {
            return None;
        }
        let (value, after) = quoted_value(quoted)?;
        parameter(name, value);
        rest = after;
    }
}

/// Value up to its closing quote, with `\"`, `\\` and `\]` resolved, and what follows.
fn quoted_value(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut rest = text;
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((value, rest)),
            b'\\' if matches!(rest.first(), Some(b'"' | b'\\' | b']')) => {
                let (&escaped, after) = rest.split_first()?;
                value.push(escaped);
                rest = after;
            }
            _ => value.push(byte),
        }
    }
}
