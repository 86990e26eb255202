//! JSON: a document, or a value per line. Bundles of STIX, exports of MISP, OTX and ThreatFox, and
//! plain objects with a member for the indicator.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{List, ListError, SkipReason, stix};
use crate::indicator::Indicator;

/// How deep lists may be in lists.
const DEPTH_MAX: usize = 16;

/// Members that hold further objects: of STIX, of MISP, of OTX, of abuse.ch and of many others.
const CONTAINERS: [&str; 12] = [
    "objects",
    "indicators",
    "iocs",
    "Event",
    "Attribute",
    "Object",
    "response",
    "attributes",
    "items",
    "data",
    "results",
    "values",
];

/// Members with the indicator, and those with its type.
const VALUES: [&str; 5] = ["indicator", "value", "ioc_value", "ioc", "indicator_value"];
const TYPES: [&str; 4] = ["type", "ioc_type", "indicator_type", "kind"];

/// The members of an object, not read yet.
pub(super) type Members<'a> = BTreeMap<String, &'a RawValue>;

/// Whether a text is JSON, and not an IPv6 address in brackets.
pub(super) fn is_json(text: &str) -> bool {
    match text.trim_start().as_bytes() {
        [b'{', ..] => true,
        [b'[', rest @ ..] => {
            let next = rest.trim_ascii_start().first();
            next.is_some_and(|byte| b"{[\"]".contains(byte))
        }
        _ => false,
    }
}

/// Adds the indicators of a text.
pub(super) fn read(text: &str, list: &mut List) -> Result<(), ListError> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(document) => walk(document, list, &mut Lines::new(text), 0),
        Err(_) if is_per_line(text) => read_lines(text, list),
        Err(error) => Err(ListError::Json { line: error.line(), column: error.column() }),
    }
}

/// Whether the first line that is not blank is a value of its own.
fn is_per_line(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty());
    first.is_some_and(|line| serde_json::from_str::<&RawValue>(line).is_ok())
}

fn read_lines(text: &str, list: &mut List) -> Result<(), ListError> {
    let mut lines = Lines::new(text);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match serde_json::from_str::<&RawValue>(line) {
            Ok(value) => walk(value, list, &mut lines, 0)?,
            Err(_) => list.skip(lines.of(line), line, SkipReason::Json),
        }
    }
    Ok(())
}

fn walk<'a>(
    value: &'a RawValue,
    list: &mut List,
    lines: &mut Lines<'a>,
    depth: usize,
) -> Result<(), ListError> {
    let text = value.get();
    let line = lines.of(text);
    if depth > DEPTH_MAX {
        list.skip(line, text, SkipReason::NoValue);
        return Ok(());
    }
    match text.as_bytes().first() {
        Some(b'[') => {
            for element in serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default() {
                walk(element, list, lines, depth + 1)?;
            }
            Ok(())
        }
        Some(b'{') => match serde_json::from_str::<Members<'_>>(text) {
            Ok(members) => object(text, &members, list, lines, depth),
            Err(_) => {
                list.skip(line, text, SkipReason::Json);
                Ok(())
            }
        },
        _ => match string(Some(&value)) {
            Some(text) => list.take(line, &text, Indicator::parse(&text), None),
            None => {
                list.skip(line, text, SkipReason::NoValue);
                Ok(())
            }
        },
    }
}

fn object<'a>(
    text: &'a str,
    members: &Members<'a>,
    list: &mut List,
    lines: &mut Lines<'a>,
    depth: usize,
) -> Result<(), ListError> {
    let line = lines.of(text);
    if let Some(name) = stix::type_of(members)
        && name != "bundle"
    {
        return stix::object(line, &name, members, list);
    }
    let find = |names: &[&str]| names.iter().find_map(|name| string(members.get(*name)));
    let mut any = false;
    if let Some(value) = find(&VALUES) {
        any = true;
        if is_false(members.get("to_ids")) {
            list.skip(line, &value, SkipReason::Context);
        } else {
            list.typed(line, &find(&TYPES).unwrap_or_default(), &value)?;
        }
    }
    for (name, value) in members {
        // ThreatFox names lists by number.
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let is_list = value.get().starts_with(['[', '{']);
        if is_list && (is_number || CONTAINERS.contains(&name.as_str())) {
            any = true;
            walk(value, list, lines, depth + 1)?;
        }
    }
    if !any {
        list.skip(line, text, SkipReason::NoValue);
    }
    Ok(())
}

/// The text of a string.
pub(super) fn string(value: Option<&&RawValue>) -> Option<String> {
    let text = value?.get();
    text.starts_with('"').then(|| serde_json::from_str(text).ok())?
}

fn is_false(value: Option<&&RawValue>) -> bool {
    value.is_some_and(|value| ["false", "0", "\"0\"", "\"false\""].contains(&value.get()))
}

/// Tells in which line a part of a text begins.
struct Lines<'a> {
    text: &'a str,
    /// The line of an offset that was asked for before.
    known: (usize, usize),
}

impl<'a> Lines<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, known: (0, 1) }
    }

    fn of(&mut self, part: &str) -> usize {
        let offset = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let (before, line) = if self.known.0 <= offset { self.known } else { (0, 1) };
        let between = self.text.as_bytes().get(before..offset).unwrap_or_default();
        let line = line + memchr::memchr_iter(b'\n', between).count();
        self.known = (offset, line);
        line
    }
}
