//! One indicator per line.

use super::{List, ListError};
use crate::indicator::Indicator;

/// Addresses that hosts files give to hosts that are blocked.
const BLOCKED: [&str; 4] = ["0.0.0.0", "127.0.0.1", "::", "::1"];

/// Adds the indicators of a text.
pub(super) fn read(text: &str, list: &mut List) -> Result<(), ListError> {
    for (place, line) in text.lines().enumerate() {
        let given = without_comment(line);
        if !given.is_empty() {
            list.take(place + 1, given, Indicator::parse(given), None)?;
        }
    }
    Ok(())
}

/// The indicator of a line.
fn without_comment(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with('#') {
        return "";
    }
    let marks = [" #", "\t#", " ;", "\t;"];
    let end = marks.into_iter().filter_map(|mark| line.find(mark)).min().unwrap_or(line.len());
    let line = line.get(..end).unwrap_or(line).trim();
    match line.split_once(char::is_whitespace) {
        Some((address, host)) if BLOCKED.contains(&address) => host.trim(),
        _ => line,
    }
}
