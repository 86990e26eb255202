//! Fields that stand inside texts: `key=value` pairs and comma-separated values. They become
//! fields beside those of the record.

use std::borrow::Cow;

use headwater_pipeline::mapping::Mapper;

/// Texts of firewalls that say "nothing".
const NOTHING: [&str; 3] = ["N/A", "n/a", "(null)"];

/// A name and its value.
pub(super) type Pair<'t> = (&'t str, Cow<'t, str>);

/// Names that syslog's own parts have: in a text they mean something else.
const FRAME: [&str; 6] = ["hostname", "timestamp", "severity", "facility", "program", "message"];

/// Adds fields under the names that the sender gave them; the first of a name wins. Names of
/// syslog's own parts get `event_` in front.
pub(super) fn add<'t>(mapper: &mut Mapper<'_>, fields: impl IntoIterator<Item = Pair<'t>>) {
    let extra = mapper.extra();
    for (name, value) in fields {
        let name = if FRAME.contains(&name) {
            Cow::Owned(format!("event_{name}"))
        } else {
            Cow::Borrowed(name)
        };
        let is_new = extra.get(extra.root(), &name).is_none();
        if is_new && !NOTHING.contains(&&*value) {
            extra.append(extra.root(), &name, &*value);
        }
    }
}

/// Adds the pairs of the text at a path. The text counts as used when there is nothing else in it.
pub(super) fn add_pairs(mapper: &mut Mapper<'_>, path: &str) {
    let text = mapper.source().text(path).unwrap_or_default().into_owned();
    let (pairs, is_whole) = pairs(&text);
    add(mapper, pairs);
    if is_whole {
        mapper.done(path);
    }
}

/// `key=value`, `key="quoted value"`; a value without quotes ends where the next key begins.
/// Returns whether that is all there is in the text.
pub(super) fn pairs(text: &str) -> (Vec<Pair<'_>>, bool) {
    let mut pairs = Vec::new();
    let mut is_whole = true;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let word_end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let Some(equals) = key_end(rest) else {
            is_whole = false;
            rest = rest.get(word_end..).unwrap_or_default().trim_start();
            continue;
        };
        let (key, after) = rest.split_at_checked(equals).unwrap_or_default();
        let after = after.get(1..).unwrap_or_default();
        let (value, tail) = match after.strip_prefix('"').and_then(quoted) {
            Some(found) => found,
            None => plain(after),
        };
        pairs.push((key, value));
        rest = tail.trim_start_matches([',', ';']).trim_start();
    }
    (pairs, is_whole)
}

/// Where the key at the start of a text ends: at an equals sign behind a word.
fn key_end(text: &str) -> Option<usize> {
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let length = text.bytes().take_while(is_key).count();
    (length > 0 && text.as_bytes().get(length) == Some(&b'=')).then_some(length)
}

/// A value behind its opening quotation mark.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut is_escaped = false;
    let end = text.char_indices().find(|(_, character)| {
        let is_end = *character == '"' && !is_escaped;
        is_escaped = *character == '\\' && !is_escaped;
        is_end
    });
    let (value, rest) = text.split_at_checked(end?.0)?;
    let value = if value.contains("\\\"") {
        Cow::Owned(value.replace("\\\"", "\""))
    } else {
        Cow::Borrowed(value)
    };
    Some((value, rest.get(1..)?))
}

fn plain(text: &str) -> (Cow<'_, str>, &str) {
    let starts = text.char_indices().filter(|(_, character)| character.is_whitespace());
    let next = starts
        .map(|(place, _)| place)
        .find(|place| text.get(*place..).is_some_and(|rest| key_end(rest.trim_start()).is_some()));
    let (value, rest) = text.split_at_checked(next.unwrap_or(text.len())).unwrap_or_default();
    (Cow::Borrowed(value.trim_end().trim_end_matches([',', ';'])), rest)
}

/// The values of a comma-separated line. Quotation marks inside quotes are doubled or escaped.
pub(super) fn values(text: &str) -> Vec<Cow<'_, str>> {
    let mut values = Vec::new();
    let mut rest = text.trim_end();
    loop {
        let (value, tail) = match rest.strip_prefix('"') {
            Some(inside) => quoted_value(inside),
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (value, tail) = rest.split_at_checked(end).unwrap_or_default();
                (Cow::Borrowed(value), tail)
            }
        };
        values.push(value);
        match tail.split_once(',') {
            Some((_, tail)) => rest = tail,
            None => return values,
        }
    }
}

fn quoted_value(text: &str) -> (Cow<'_, str>, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((place, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match (character, next) {
            ('"', Some('"')) | ('\\', Some('"')) => {
                characters.next();
                value.push('"');
            }
            ('"', _) => return (Cow::Owned(value), text.get(place + 1..).unwrap_or_default()),
            _ => value.push(character),
        }
    }
    (Cow::Owned(value), "")
}
