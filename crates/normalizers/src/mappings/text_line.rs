//! Reads log lines that are text: sentences with named places, lists of `key=value`, and the
//! header that syslog gives them.

use std::borrow::Cow;
use std::net::IpAddr;

use headwater_pipeline::mapping::{Mapper, Source};

use super::well_known::last_segment;

/// What stands at the named places of a pattern.
pub(super) type Pieces<'t> = Vec<(&'static str, &'t str)>;

/// Reads a text by a pattern: `{name}` is one word, `{name*}` any text and as much as possible,
/// `{name~}` any text and as little as possible; a place without a name is not kept.
///
/// Who writes a name into a log must not be able to pretend what stands behind it: use `*` for
/// what is followed by trusted text, `~` for what is followed by text of strangers.
pub(super) fn pieces<'t>(pattern: &'static str, text: &'t str) -> Option<Pieces<'t>> {
    let mut found = Vec::new();
    follow(pattern, text.trim_end(), &mut found).then_some(found)
}

fn follow<'t>(pattern: &'static str, text: &'t str, found: &mut Pieces<'t>) -> bool {
    let Some((literal, place)) = pattern.split_once('{') else { return text == pattern };
    let Some(text) = text.strip_prefix(literal) else { return false };
    let Some((place, rest)) = place.split_once('}') else { return false };
    let name = place.trim_end_matches(['*', '~']);
    let is_word = name.len() == place.len() && !place.is_empty();
    let least = usize::from(is_word);
    let most = if is_word { text.find(char::is_whitespace) } else { None }.unwrap_or(text.len());
    let next = rest.split('{').next().unwrap_or_default();
    let mut fits = |end: usize| {
        let (Some(piece), Some(behind)) = (text.get(..end), text.get(end..)) else { return false };
        let length = found.len();
        if !name.is_empty() {
            found.push((name, piece));
        }
        let is_match = follow(rest, behind, found);
        if !is_match {
            found.truncate(length);
        }
        is_match
    };
    if next.is_empty() {
        return most >= least && fits(most);
    }
    if place.ends_with('~') {
        return text.match_indices(next).any(|(end, _)| fits(end));
    }
    let in_reach = |end: &usize| (least..=most).contains(end);
    text.rmatch_indices(next).map(|(end, _)| end).filter(in_reach).any(fits)
}

/// One member of a list of `key=value`; a word without `=` has no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyValue<'t> {
    pub(super) key: &'t str,
    pub(super) value: &'t str,
    pub(super) is_quoted: bool,
}

/// Reads `key=value key="a text" key=<text>, word`, as far as it goes.
pub(super) struct KeyValues<'t>(pub(super) &'t str);

impl<'t> Iterator for KeyValues<'t> {
    type Item = KeyValue<'t>;

    fn next(&mut self) -> Option<KeyValue<'t>> {
        let is_blank = |one: char| one.is_whitespace() || one == '\u{1d}';
        let text = self.0.trim_start_matches(|one| is_blank(one) || one == ',');
        if text.is_empty() {
            return None;
        }
        let word_end = text.find(is_blank).unwrap_or(text.len());
        let (word, behind) = text.split_at(word_end);
        let Some((key, value)) = word.split_once('=') else {
            self.0 = behind;
            return Some(KeyValue { key: "", value: bare(word), is_quoted: false });
        };
        let closing = match value.chars().next() {
            Some('"') => '"',
            Some('\'') => '\'',
            Some('<') => '>',
            _ => {
                self.0 = behind;
                return Some(KeyValue { key, value: bare(value), is_quoted: false });
            }
        };
        let inside = text.get(key.len() + 2..).unwrap_or_default();
        let end = closing_place(inside, closing).unwrap_or(inside.len());
        self.0 = inside.get(end + 1..).unwrap_or_default();
        Some(KeyValue { key, value: inside.get(..end).unwrap_or_default(), is_quoted: true })
    }
}

fn bare(word: &str) -> &str {
    word.trim_end_matches([',', ';'])
}

/// Place of the closing quote: one behind a backslash does not close.
fn closing_place(inside: &str, closing: char) -> Option<usize> {
    let is_escaped = |end: usize| {
        let before = inside.as_bytes().get(..end).unwrap_or_default();
        before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
    };
    inside.match_indices(closing).map(|(end, _)| end).find(|end| !is_escaped(*end))
}

/// Splits `"a text" behind` into what the quotes hold and what follows. A quote that no blank
/// follows belongs to the text, because not every server escapes what its clients send.
pub(super) fn quoted(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('"')?;
    let ends = |end: &usize| {
        inside.get(end + 1..).is_some_and(|behind| behind.is_empty() || behind.starts_with(' '))
    };
    let mut offset = 0;
    loop {
        let end = offset + closing_place(inside.get(offset..)?, '"')?;
        if ends(&end) {
            return Some((inside.get(..end)?, inside.get(end + 1..)?.trim_start()));
        }
        offset = end + 1;
    }
}

/// Keeps something that was found inside a text: for tables, and below `unmapped` if none of them
/// has a place for it.
pub(super) fn keep(mapper: &mut Mapper<'_>, name: &str, value: &str) {
    let extra = mapper.extra();
    let root = extra.root();
    extra.append(root, name, value);
}

/// [`keep`] of several.
pub(super) fn keep_all(mapper: &mut Mapper<'_>, pieces: &[(&'static str, &str)]) {
    for (name, value) in pieces {
        keep(mapper, name, value);
    }
}

/// Keeps an address with its port (`192.0.2.1:443`, `[2001:db8::1]:443`) as two fields.
pub(super) fn keep_address(mapper: &mut Mapper<'_>, text: &str, address: &str, port: &str) {
    let split = text.rsplit_once(':').filter(|(_, digits)| {
        text.parse::<IpAddr>().is_err()
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    match split {
        Some((host, digits)) => {
            keep(mapper, address, host.trim_start_matches('[').trim_end_matches(']'));
            keep(mapper, port, digits);
        }
        None => keep(mapper, address, text),
    }
}

/// The text of the line, owned, because what is read from it goes back into the mapper.
pub(super) fn line_text(mapper: &Mapper<'_>) -> String {
    mapper.source().text("message").map(Cow::into_owned).unwrap_or_default()
}

/// The program that wrote the line, without its folder.
pub(super) fn program(source: &Source<'_>) -> String {
    let program = source.text("program").unwrap_or_default();
    let name = if program.starts_with('/') { last_segment(&program) } else { &program };
    name.to_owned()
}

/// Severities of syslog and of programs that use its words, as OCSF has them.
const SEVERITIES: [(&str, i64); 22] = [
    ("EMERG", 6),
    ("PANIC", 6),
    ("FATAL", 6),
    ("ALERT", 5),
    ("CRIT", 5),
    ("CRITICAL", 5),
    ("ERR", 4),
    ("ERROR", 4),
    ("WARNING", 3),
    ("WARN", 3),
    ("NOTICE", 2),
    ("INFO", 1),
    ("INFORMATIONAL", 1),
    ("DEBUG", 1),
    ("0", 6),
    ("1", 5),
    ("2", 5),
    ("3", 4),
    ("4", 3),
    ("5", 2),
    ("6", 1),
    ("7", 1),
];

/// The OCSF severity of a word or number of syslog.
pub(super) fn severity_of(word: &str) -> Option<i64> {
    let found = SEVERITIES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
    found.map(|(_, severity)| *severity)
}

/// Writes what the header of a line says; the class is set and nothing kept yet, because fields
/// found in the text may have the names of the header's.
pub(super) fn header(mapper: &mut Mapper<'_>) {
    relayed_header(mapper);
    if mapper.copy("processid", "actor.process.pid") {
        mapper.copy("program", "actor.process.name");
    }
}

/// [`header`] of a line whose program only passes on what somebody else did.
pub(super) fn relayed_header(mapper: &mut Mapper<'_>) {
    mapper.time(&["timestamp"]);
    mapper.table(&[
        ("message", "message"),
        ("hostname", "device.hostname"),
        ("program", "metadata.log_provider"),
        ("facility", "metadata.log_name"),
        ("severity", "metadata.log_level"),
        ("msgid", "metadata.event_code"),
    ]);
    mapper.copy("hostname", "device.ip");
    if mapper.written("device.hostname").is_none()
        && let Some(host) = mapper.source().origin().host.clone()
    {
        mapper.set("device.hostname", &*host);
    }
    if mapper.written("device.hostname").is_some() {
        mapper.set("device.type_id", 0_i64);
    }
    let severity = mapper.source().text("severity").and_then(|word| severity_of(&word));
    mapper.set("severity_id", severity.unwrap_or(1));
}

/// An honest device for classes that need one, when the record names none.
pub(super) fn some_device(mapper: &mut Mapper<'_>) {
    if ["hostname", "ip", "name", "uid"]
        .iter()
        .all(|part| mapper.written(&format!("device.{part}")).is_none())
    {
        mapper.set("device.hostname", "Unknown");
        mapper.set("device.type_id", 0_i64);
    }
}

/// An honest name for an object that needs one of name and number, when the record has neither.
pub(super) fn some_name(mapper: &mut Mapper<'_>, object: &str) {
    let is_there = |part: &str| mapper.written((object, part)).is_some();
    if !is_there("name") && !is_there("uid") {
        mapper.set((object, "name"), "Unknown");
    }
}

/// Fields of a line that are separated by spaces; quotes and square brackets hold a field together
/// and are not part of it.
pub(super) fn split_line(line: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let inner = rest.get(first.len_utf8()..).unwrap_or_default();
        let (field, tail) = match first {
            // A quote inside a field is no end: the end is followed by a space.
            '"' => {
                inner.split_once("\" ").unwrap_or((inner.strip_suffix('"').unwrap_or(inner), ""))
            }
            '[' if inner.contains("] ") => inner.split_once("] ").unwrap_or((inner, "")),
            _ => rest.split_once(' ').unwrap_or((rest, "")),
        };
        fields.push(field);
        rest = tail.trim_start();
    }
    fields
}

/// Adds fields that were found in a text, by the names of their places.
pub(super) fn add_fields(mapper: &mut Mapper<'_>, names: &[&str], values: &[&str]) {
    let extra = mapper.extra();
    let root = extra.root();
    for (name, value) in names.iter().zip(values) {
        extra.append(root, name, *value);
    }
    for (place, value) in values.iter().enumerate().skip(names.len()) {
        extra.append(root, &format!("field_{}", place + 1), *value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_pretend_what_stands_behind_it() {
        let pattern = "Failed {method} for {user*} from {ip} port {port} ssh2";
        let text = "Failed none for a from 192.0.2.1 port 1 ssh2 from 198.51.100.7 port 22 ssh2";
        let found = pieces(pattern, text).unwrap();
        assert_eq!(found[1], ("user", "a from 192.0.2.1 port 1 ssh2"));
        assert_eq!(found[2], ("ip", "198.51.100.7"));
        let found = pieces("PWD={dir~} ; CMD={cmd*}", "PWD=/ ; CMD=a ; CMD=b").unwrap();
        assert_eq!(found, [("dir", "/"), ("cmd", "a ; CMD=b")]);
        assert_eq!(pieces("a {b} c", "a b"), None);
    }

    #[test]
    fn key_values_are_read_in_every_spelling() {
        let text = r#"a=1 b="x \" y", c=<q> TLS, d= e=f,g"#;
        let list: Vec<_> = KeyValues(text).map(|one| (one.key, one.value)).collect();
        let expected =
            [("a", "1"), ("b", r#"x \" y"#), ("c", "q"), ("", "TLS"), ("d", ""), ("e", "f,g")];
        assert_eq!(list, expected);
    }

    #[test]
    fn a_quote_inside_a_request_does_not_end_it() {
        let text = r#""GET /"><script> HTTP/1.1" 400 0"#;
        assert_eq!(quoted(text), Some((r#"GET /"><script> HTTP/1.1"#, "400 0")));
    }
}
