//! CEF and LEEF: events of security appliances inside a syslog message (ArcSight "Common Event
//! Format" revision 25, QRadar "Log Event Extended Format" 1.0 and 2.0).
//!
//! All values stay text, under the names that the sender gave them; `cs1Label` and its like are
//! members beside `cs1`. A message that only looks like one of them gets no member.

use memchr::{memchr, memchr_iter, memmem};

use crate::json_text::{UniqueNames, push_string};

/// Members of a CEF header, in order.
const CEF_HEADER: [&str; 7] = [
    "version",
    "device_vendor",
    "device_product",
    "device_version",
    "signature_id",
    "name",
    "severity",
];

/// Members of a LEEF header, in order. Version 2.0 has a delimiter behind them.
const LEEF_HEADER: [&str; 5] = ["version", "vendor", "product", "product_version", "event_id"];

/// A tab as relays write it that do not pass control characters on.
const ESCAPED_TAB: &[u8] = b"#011";

/// Whether a message begins as CEF or LEEF do: `CEF:0|`, `CEF: 0|`, `LEEF:2.0|`.
pub(crate) fn is_start(message: &[u8]) -> bool {
    split_mark(None, message).is_some()
}

/// Appends `,"cef":{…}` or `,"leef":{…}` when the message is one of them. Relays that forward in
/// the form of RFC 5424 take the mark before the colon for the name of the program.
pub(crate) fn push_member(program: Option<&[u8]>, message: &[u8], json: &mut Vec<u8>) {
    match split_mark(program, message) {
        Some((b"CEF", text)) => {
            if let Some((header, extension)) = split_header(text, CEF_HEADER.len()) {
                push_parts("cef", &CEF_HEADER, &header, json);
                push_members("extension", cef_pairs(extension), json);
            }
        }
        Some((_, text)) => {
            if let Some((header, rest)) = split_header(text, LEEF_HEADER.len()) {
                let version = header.first().map(|version| version.trim_ascii());
                let is_old = version.is_some_and(|version| version.starts_with(b"1"));
                let (delimiter, attributes) =
                    if is_old { (vec![b'\t'], rest) } else { delimiter(rest) };
                push_parts("leef", &LEEF_HEADER, &header, json);
                push_members("attributes", leef_pairs(&delimiter, attributes), json);
            }
        }
        None => {}
    }
}

/// The mark, `CEF` or `LEEF`, and what follows its colon.
fn split_mark<'a>(program: Option<&'a [u8]>, message: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let is_mark = |mark: &[u8]| matches!(mark, b"CEF" | b"LEEF");
    let (mark, rest) = match program.filter(|program| is_mark(program)) {
        Some(program) if !message.starts_with(program) => (program, message),
        _ => {
            let colon = memchr(b':', message.get(..5).unwrap_or(message))?;
            (message.get(..colon)?, message.get(colon + 1..)?)
        }
    };
    let end = memchr(b'|', rest.get(..16).unwrap_or(rest))?;
    (is_mark(mark) && is_version(rest.get(..end)?)).then_some((mark, rest))
}

fn is_version(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    text.first().is_some_and(u8::is_ascii_digit)
        && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

/// The first `count` fields with `\|` and `\\` resolved, and what stands behind them. The last `|`
/// may be missing when nothing follows.
fn split_header(text: &[u8], count: usize) -> Option<(Vec<Vec<u8>>, &[u8])> {
    let mut fields = Vec::with_capacity(count);
    let mut field = Vec::new();
    let mut rest = text;
    while fields.len() < count {
        let Some((&byte, after)) = rest.split_first() else {
            fields.push(field);
            return (fields.len() == count).then_some((fields, rest));
        };
        rest = after;
        match byte {
            b'|' => fields.push(std::mem::take(&mut field)),
            b'\\' if matches!(rest.first(), Some(b'|' | b'\\')) => {
                let (&escaped, after) = rest.split_first()?;
                field.push(escaped);
                rest = after;
            }
            _ => field.push(byte),
        }
    }
    Some((fields, rest))
}

/// `key=value key=value`. A key is a word of key characters behind a blank; every other `=` belongs
/// to a value, escaped or not.
fn cef_pairs(text: &[u8]) -> Vec<(&[u8], Vec<u8>)> {
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(byte);
    let keys: Vec<(usize, usize)> = memchr_iter(b'=', text)
        .filter_map(|equals| {
            let before = text.get(..equals)?;
            let length = before.iter().rev().take_while(|byte| is_key(byte)).count();
            let start = equals - length;
            let is_word = start == 0 || before.get(start - 1)?.is_ascii_whitespace();
            (length > 0 && is_word).then_some((start, equals))
        })
        .collect();
    let ends = keys.iter().skip(1).map(|(start, _)| *start).chain([text.len()]);
    keys.iter()
        .zip(ends)
        .filter_map(|((start, equals), end)| {
            let value = text.get(equals + 1..end)?.trim_ascii_end();
            Some((text.get(*start..*equals)?, unescape(value)))
        })
        .collect()
}

/// A value of a CEF extension; a backslash that escapes nothing stays.
fn unescape(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let meant = match (byte, after.first()) {
            (b'\\', Some(&escaped @ (b'=' | b'\\' | b'|'))) => escaped,
            (b'\\', Some(b'n')) => b'\n',
            (b'\\', Some(b'r')) => b'\r',
            _ => {
                text.push(byte);
                continue;
            }
        };
        text.push(meant);
        rest = after.get(1..).unwrap_or_default();
    }
    text
}

/// The delimiter of LEEF 2.0 and the attributes behind it: one character, `x5E` or `0x5E`. Senders
/// that leave the field out, or empty, mean a tab.
fn delimiter(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let tab = || vec![b'\t'];
    let Some(end) = memchr(b'|', text) else { return (tab(), text) };
    let (field, rest) = text.split_at_checked(end).unwrap_or_default();
    let rest = rest.get(1..).unwrap_or_default();
    let field = std::str::from_utf8(field).unwrap_or("==");
    // The delimiter `|` itself.
    if field.is_empty() && rest.starts_with(b"|") {
        return (vec![b'|'], rest.get(1..).unwrap_or_default());
    }
    let mut characters = field.chars();
    match (characters.next(), characters.next()) {
        (None, _) => (tab(), rest),
        (Some(_), None) => (field.as_bytes().to_vec(), rest),
        _ => match hexadecimal(field) {
            Some(character) => (character.to_string().into_bytes(), rest),
            None => (tab(), text),
        },
    }
}

fn hexadecimal(field: &str) -> Option<char> {
    let field = field.to_ascii_lowercase();
    let digits = field.strip_prefix("0x").or_else(|| field.strip_prefix('x'))?;
    let is_plain = (1..=4).contains(&digits.len());
    let code = is_plain.then(|| u32::from_str_radix(digits, 16).ok()).flatten()?;
    char::from_u32(code).filter(|character| *character != '\0')
}

/// `key=value` pieces between delimiters. A piece without `=` belongs to the value before it.
fn leef_pairs<'a>(delimiter: &[u8], text: &'a [u8]) -> Vec<(&'a [u8], Vec<u8>)> {
    let is_escaped = delimiter == b"\t"
        && memchr(b'\t', text).is_none()
        && memmem::find(text, ESCAPED_TAB).is_some();
    let delimiter = if is_escaped { ESCAPED_TAB } else { delimiter };
    let mut pairs: Vec<(&[u8], Vec<u8>)> = Vec::new();
    let mut start = 0;
    for end in memmem::find_iter(text, delimiter).chain([text.len()]) {
        let piece = text.get(start..end).unwrap_or_default();
        start = end + delimiter.len();
        match (memchr(b'=', piece), pairs.last_mut()) {
            (Some(equals), _) if equals > 0 => {
                let (key, value) = piece.split_at_checked(equals).unwrap_or_default();
                pairs.push((key.trim_ascii(), value.get(1..).unwrap_or_default().to_vec()));
            }
            (_, Some((_, value))) if !piece.is_empty() => {
                value.extend_from_slice(delimiter);
                value.extend_from_slice(piece);
            }
            _ => {}
        }
    }
    pairs
}

/// Appends `,"name":{` and the parts, without the closing brace.
fn push_parts(name: &str, names: &[&str], parts: &[Vec<u8>], json: &mut Vec<u8>) {
    json.extend_from_slice(format!(",\"{name}\":").as_bytes());
    for (index, (name, part)) in names.iter().zip(parts).enumerate() {
        json.push(if index == 0 { b'{' } else { b',' });
        push_string(name.as_bytes(), json);
        json.push(b':');
        push_string(part.trim_ascii(), json);
    }
}

/// Appends `,"name":{…}` and the brace that closes the object around it.
fn push_members(name: &str, pairs: Vec<(&[u8], Vec<u8>)>, json: &mut Vec<u8>) {
    json.extend_from_slice(format!(",\"{name}\":{{").as_bytes());
    let mut names = UniqueNames::default();
    for (index, (key, value)) in pairs.into_iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        push_string(&names.take(key), json);
        json.push(b':');
        push_string(&value, json);
    }
    json.extend_from_slice(b"}}");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn check(message: &str, expected: &str) {
        let mut json = Vec::new();
        push_member(None, message.as_bytes(), &mut json);
        assert_eq!(String::from_utf8(json).unwrap(), expected, "{message}");
    }

    /// A CEF message with this extension.
    fn check_extension(extension: &str, expected: &str) {
        check(
            &format!("CEF:0|Acme|Wall|1.0|100|drop|5|{extension}"),
            &format!(
                r#","cef":{{"version":"0","device_vendor":"Acme","device_product":"Wall","device_version":"1.0","signature_id":"100","name":"drop","severity":"5","extension":{expected}}}"#
            ),
        );
    }

    fn check_attributes(rest: &str, expected: &str) {
        let expected = format!(
            r#""vendor":"Acme","product":"Wall","product_version":"1.0","event_id":"42","attributes":{expected}}}"#
        );
        for version in if rest.starts_with('\t') { ["1.0", "2.0"] } else { ["2.0", "2.0"] } {
            check(
                &format!("LEEF:{version}|Acme|Wall|1.0|42|{rest}"),
                &format!(r#","leef":{{"version":"{version}",{expected}"#),
            );
        }
    }

    #[test]
    fn cef_headers_are_split_at_bars_that_are_not_escaped() {
        check(
            r"CEF:1|Acme \| Sons|W\\all|1|a=b|C:\dir|Very-High|",
            r#","cef":{"version":"1","device_vendor":"Acme | Sons","device_product":"W\\all","device_version":"1","signature_id":"a=b","name":"C:\\dir","severity":"Very-High","extension":{}}"#,
        );
        check(
            "CEF: 0|Acme||1|7|no bar at the end|3",
            r#","cef":{"version":"0","device_vendor":"Acme","device_product":"","device_version":"1","signature_id":"7","name":"no bar at the end","severity":"3","extension":{}}"#,
        );
        for other in ["CEF:0|too|short", "CEF:x|a|b|c|d|e|f|", "CEF:", "cef:0|", "LEEF:1.0|a|b"] {
            check(other, "");
        }
    }

    #[test]
    fn cef_extensions_keep_values_with_blanks_and_undo_escapes() {
        for (extension, expected) in [
            ("", "{}"),
            ("src=10.0.0.1 spt=53", r#"{"src":"10.0.0.1","spt":"53"}"#),
            ("msg=two  words here dst=1.1.1.1 ", r#"{"msg":"two  words here","dst":"1.1.1.1"}"#),
            (
                "cs1Label=Rule name cs1=allow all cn1= act=x",
                r#"{"cs1Label":"Rule name","cs1":"allow all","cn1":"","act":"x"}"#,
            ),
            (r"msg=a\=b c\\d e\|f g\nh i\rj k\tl", r#"{"msg":"a=b c\\d e|f g\nh i\rj k\\tl"}"#),
            (r"path=C:\\ act=y", r#"{"path":"C:\\","act":"y"}"#),
            ("request=http://h/p?q=1&r=2 x=3", r#"{"request":"http://h/p?q=1&r=2","x":"3"}"#),
            ("a=1 a=2", r#"{"a":"1","a_2":"2"}"#),
            ("ad.items[0]=x stray", r#"{"ad.items[0]":"x stray"}"#),
            ("no pairs", "{}"),
        ] {
            check_extension(extension, expected);
        }
    }

    #[test]
    fn leef_attributes_are_split_at_every_kind_of_delimiter() {
        for (rest, expected) in [
            ("", "{}"),
            ("\tcat=a b\tsrc=1.1.1.1", r#"{"cat":"a b","src":"1.1.1.1"}"#),
            ("|cat=a\tsrc=1", r#"{"cat":"a","src":"1"}"#),
            ("cat=a\tsrc=1|2", r#"{"cat":"a","src":"1|2"}"#),
            ("^|cat=a^src=1=2^", r#"{"cat":"a","src":"1=2"}"#),
            ("x5E|cat=a^src=1", r#"{"cat":"a","src":"1"}"#),
            ("0x5e|cat=a^src=1", r#"{"cat":"a","src":"1"}"#),
            ("x09|cat=a\tsrc=1", r#"{"cat":"a","src":"1"}"#),
            ("¦|cat=a¦src=1", r#"{"cat":"a","src":"1"}"#),
            ("xA6|cat=a¦src=1", r#"{"cat":"a","src":"1"}"#),
            ("|||cat=a", r#"{"cat":"a"}"#),
            ("cat=a#011src=1", r#"{"cat":"a","src":"1"}"#),
            ("^|cat=a^b^src=1", r#"{"cat":"a^b","src":"1"}"#),
        ] {
            check_attributes(rest, expected);
        }
    }

    proptest! {
        #[test]
        fn any_message_keeps_its_object_whole(
            message in "(CEF: ?|LEEF:)[012](\\.0)?\\|([a-z\\\\|= \\t^]|x5E|#011){0,60}",
        ) {
            let mut json = b"{\"message\":\"\"".to_vec();
            push_member(None, message.as_bytes(), &mut json);
            json.push(b'}');
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
        }
    }
}
