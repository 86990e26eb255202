//! JSON string spelling: escaping for the tree's text, unescaping for people who read values.

use std::borrow::Cow;

use super::parse::{is_plain, plain_prefix};

/// Appends `plain` as the inside of a JSON string; returns whether anything had to be escaped.
pub fn escape_into(plain: &str, out: &mut String) -> bool {
    if is_plain(plain.as_bytes()) {
        out.push_str(plain);
        return false;
    }
    let mut rest = plain;
    while let Some((head, tail)) = rest.split_at_checked(plain_prefix(rest.as_bytes())) {
        out.push_str(head);
        let mut characters = tail.chars();
        let Some(character) = characters.next() else { break };
        push_escape(character, out);
        rest = characters.as_str();
    }
    true
}

fn push_escape(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        other => {
            out.push_str("\\u00");
            for shift in [4, 0] {
                let digit = (u32::from(other) >> shift) & 0xF;
                out.extend(char::from_digit(digit, 16));
            }
        }
    }
}

/// The characters that the inside of a valid JSON string stands for. A lone surrogate becomes
/// U+FFFD.
#[must_use]
pub fn unescape(escaped: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', escaped.as_bytes()) else {
        return Cow::Borrowed(escaped);
    };
    let (head, mut rest) = escaped.split_at(first);
    let mut plain = String::with_capacity(escaped.len());
    plain.push_str(head);
    while let Some(position) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (literal, escape) = rest.split_at(position);
        plain.push_str(literal);
        rest = unescape_one(escape, &mut plain);
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Reads one escape sequence at the start of `escape`, returns what follows it.
fn unescape_one<'a>(escape: &'a str, plain: &mut String) -> &'a str {
    let mut characters = escape.chars();
    characters.next();
    match characters.next() {
        Some('n') => plain.push('\n'),
        Some('r') => plain.push('\r'),
        Some('t') => plain.push('\t'),
        Some('b') => plain.push('\u{8}'),
        Some('f') => plain.push('\u{c}'),
        Some('u') => return unescape_unicode(characters.as_str(), plain),
        Some(other) => plain.push(other),
        None => {}
    }
    characters.as_str()
}

fn unescape_unicode<'a>(digits: &'a str, plain: &mut String) -> &'a str {
    let Some((unit, rest)) = hex4(digits) else {
        plain.push(char::REPLACEMENT_CHARACTER);
        return digits;
    };
    if let Some(character) = char::from_u32(unit) {
        plain.push(character);
        return rest;
    }
    let low = rest.strip_prefix("\\u").and_then(hex4);
    match (unit, low) {
        (0xD800..=0xDBFF, Some((low @ 0xDC00..=0xDFFF, after))) => {
            let code = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            plain.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            after
        }
        _ => {
            plain.push(char::REPLACEMENT_CHARACTER);
            rest
        }
    }
}

fn hex4(text: &str) -> Option<(u32, &str)> {
    let digits = text.get(..4)?;
    let value = u32::from_str_radix(digits, 16).ok()?;
    Some((value, text.get(4..)?))
}

#[cfg(test)]
mod tests {
    use super::{escape_into, unescape};

    #[test]
    fn unescape_reads_every_escape() {
        for (escaped, plain) in [
            ("plain", "plain"),
            (r#"a\"b\\c\/d"#, "a\"b\\c/d"),
            (r"\b\f\n\r\t", "\u{8}\u{c}\n\r\t"),
            (r"\u00e9\u4e2d", "é中"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\ud83dx", "\u{FFFD}x"),
            (r"\ude00", "\u{FFFD}"),
        ] {
            assert_eq!(unescape(escaped), plain, "{escaped}");
        }
    }

    #[test]
    fn every_character_is_escaped_at_every_place_of_short_and_long_texts() {
        for character in (0..0x80).filter_map(char::from_u32) {
            for length in 1..20 {
                for place in 0..length {
                    let at = |index| if index == place { character } else { 'a' };
                    let plain: String = (0..length).map(at).collect();
                    let mut escaped = String::new();
                    let odd = character < ' ' || character == '"' || character == '\\';
                    assert_eq!(escape_into(&plain, &mut escaped), odd, "{plain:?}");
                    assert_eq!(unescape(&escaped), plain);
                    assert_eq!(escaped == plain, !odd, "{plain:?}");
                }
            }
        }
    }

    #[test]
    fn escape_and_unescape_are_inverse() {
        let plain = "quote \" slash \\ line \n tab \t bell \u{7} é 😀";
        let mut escaped = String::new();
        assert!(escape_into(plain, &mut escaped));
        assert_eq!(unescape(&escaped), plain);
        assert!(!escape_into("nothing", &mut String::new()));
    }
}
