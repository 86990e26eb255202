//! The meaning and the spelling of JSON strings, and JSON text without its white space.

use super::scan::{Malformed, RawString, Scanner, Visitor};

/// Appends what the string means. A surrogate without its partner, which UTF-8 cannot hold, becomes
/// U+FFFD.
pub fn unescape_into(string: RawString<'_>, out: &mut String) {
    let mut rest = string.body;
    while let Some(backslash) = rest.find('\\') {
        let (before, escape) = rest.split_at(backslash);
        out.push_str(before);
        let mut chars = escape.chars();
        chars.next();
        match chars.next() {
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let (meaning, used) = code_point(escape);
                out.push(meaning.unwrap_or(char::REPLACEMENT_CHARACTER));
                rest = escape.get(used..).unwrap_or_default();
                continue;
            }
            Some(other) => out.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

/// Reads a `\u` escape of four digits, or two of them that form a surrogate pair: the character, or
/// none for a lone surrogate, and the number of bytes read.
fn code_point(escape: &str) -> (Option<char>, usize) {
    let unit = |text: Option<&str>| {
        text.and_then(|text| text.strip_prefix("\\u"))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
    };
    let high = unit(escape.get(..6)).unwrap_or(0xd800);
    if (0xd800..0xdc00).contains(&high)
        && let Some(low @ 0xdc00..0xe000) = unit(escape.get(6..12))
    {
        return (char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)), 12);
    }
    (char::from_u32(high), 6)
}

/// Whether the string means exactly `key`.
#[inline]
pub fn means(string: RawString<'_>, key: &str) -> bool {
    if string.escaped { means_when_unescaped(string, key) } else { string.body == key }
}

#[cold]
fn means_when_unescaped(string: RawString<'_>, key: &str) -> bool {
    let mut meaning = String::with_capacity(string.body.len());
    unescape_into(string, &mut meaning);
    meaning == key
}

/// Appends `meaning` as a JSON string with its quotes: the short escapes where there is one,
/// `\u00XX` for the other control characters, everything else as it is.
pub fn escape_into(meaning: &str, out: &mut String) {
    out.push('"');
    let mut rest = meaning;
    while let Some(at) = rest.find(|c: char| matches!(c, '"' | '\\' | '\0'..='\u{1f}')) {
        let (before, special) = rest.split_at(at);
        out.push_str(before);
        let mut chars = special.chars();
        if let Some(special) = chars.next() {
            push_escaped(special, out);
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn push_escaped(special: char, out: &mut String) {
    match special {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        other => {
            let hex =
                |nibble: u32| char::from_digit(nibble, 16).unwrap_or('0').to_ascii_uppercase();
            out.push_str("\\u00");
            out.push(hex(u32::from(other) >> 4 & 0xf));
            out.push(hex(u32::from(other) & 0xf));
        }
    }
}

/// Appends the value at the scanner without white space and moves behind it: members in their
/// order, numbers in their source spelling, strings in their shortest spelling.
///
/// # Errors
/// [`Malformed`] when the value is not JSON; `out` then holds a part of it.
pub fn minify_into(scanner: &mut Scanner<'_>, out: &mut String) -> Result<(), Malformed> {
    scanner.walk(&mut Minified { out })
}

struct Minified<'o> {
    out: &'o mut String,
}

impl Minified<'_> {
    fn append(&mut self, string: RawString<'_>) {
        if string.escaped {
            respell_into(string, self.out);
        } else {
            self.out.push('"');
            self.out.push_str(string.body);
            self.out.push('"');
        }
    }
}

/// Appends the string with its quotes in its shortest spelling; a lone surrogate keeps its escape.
fn respell_into(string: RawString<'_>, out: &mut String) {
    out.push('"');
    let mut rest = string.body;
    while let Some(backslash) = rest.find('\\') {
        let (before, escape) = rest.split_at(backslash);
        out.push_str(before);
        let used = if escape.starts_with("\\u") {
            let (meaning, used) = code_point(escape);
            match meaning {
                Some(c @ ('"' | '\\' | '\0'..='\u{1f}')) => push_escaped(c, out),
                Some(c) => out.push(c),
                None => out.push_str(escape.get(..used).unwrap_or_default()),
            }
            used
        } else {
            let short = escape.get(..2).unwrap_or(escape);
            out.push_str(if short == "\\/" { "/" } else { short });
            2
        };
        rest = escape.get(used..).unwrap_or_default();
    }
    out.push_str(rest);
    out.push('"');
}

impl<'a> Visitor<'a> for Minified<'_> {
    fn open(&mut self, bracket: char) {
        self.out.push(bracket);
    }

    fn close(&mut self, bracket: char) {
        self.out.push(bracket);
    }

    fn comma(&mut self) {
        self.out.push(',');
    }

    fn key(&mut self, key: RawString<'a>) {
        self.append(key);
        self.out.push(':');
    }

    fn string(&mut self, string: RawString<'a>) {
        self.append(string);
    }

    fn plain(&mut self, text: &'a str) {
        self.out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::scan::Scanner;
    use super::{escape_into, minify_into, unescape_into};

    #[test]
    fn unescapes_every_sequence() {
        let check = |json: &str, expected: &str| {
            let mut out = String::new();
            unescape_into(Scanner::new(json).string().unwrap(), &mut out);
            assert_eq!(out, expected, "{json}");
        };
        check(r#""plain""#, "plain");
        check(r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t");
        check(r#""caf\u00e9 \u20AC""#, "café €");
        check(r#""\ud83d\ude00!""#, "😀!");
        check(r#""\ud83d!""#, "\u{fffd}!");
        check(r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}");
        check(r#""\ud83d\u0041""#, "\u{fffd}A");
        check(r#""\u0000""#, "\0");
    }

    #[test]
    fn minifies_and_respells() {
        let check = |json: &str, expected: &str| {
            let mut out = String::new();
            minify_into(&mut Scanner::new(json), &mut out).unwrap();
            assert_eq!(out, expected, "{json}");
        };
        check(
            " { \"b\" : [ 1 , 2.50 ,\n1e400 ] , \"a\" : null } ",
            r#"{"b":[1,2.50,1e400],"a":null}"#,
        );
        check(r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2}"#);
        check(r#""\u00e9\/\u000a\u001F\"\ud83d\ude00""#, "\"é/\\n\\u001F\\\"😀\"");
        check(r#""\ud800x""#, r#""\ud800x""#);
        check(r#"["\\u0041"]"#, r#"["\\u0041"]"#);
    }

    #[test]
    fn escaping_and_unescaping_are_inverse() {
        for text in ["", "a\"b\\c", "\0\u{1}\u{1f}\u{7f}", "tab\tnew\nline", "é😀"] {
            let (mut json, mut back) = (String::new(), String::new());
            escape_into(text, &mut json);
            unescape_into(Scanner::new(&json).string().unwrap(), &mut back);
            assert_eq!(back, text);
        }
    }
}
