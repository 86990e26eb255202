//! The words of a text, as hunters look for them: runs of letters, digits and `_`. A byte beyond
//! ASCII counts as a letter. In JSON (text that begins with `{` or `[`) escapes mean what they
//! stand for, so `\nmimikatz` has the word `mimikatz`.

use memchr::{memchr2_iter, memmem};

/// Calls `found` with one word after the other, in lower case as far as ASCII goes.
pub fn words(text: &str, mut found: impl FnMut(&str)) {
    let is_json = is_json(text);
    let mut word = Word::default();
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !is_word(byte)) {
        let (before, behind) = rest.split_at(at);
        word.push(before);
        let is_escape = is_json && behind.starts_with('\\');
        let used = if is_escape { escape(behind, &mut word, &mut found) } else { None };
        rest = match used {
            Some(used) => behind.get(used..).unwrap_or_default(),
            None => {
                word.end(&mut found);
                behind.get(1..).unwrap_or_default()
            }
        };
    }
    word.push(rest);
    word.end(&mut found);
}

/// Whether a text is one word.
#[must_use]
pub fn is_word_of_its_own(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_word)
}

/// Whether a text has a word, whatever the case of its ASCII letters.
#[must_use]
pub fn has_word(text: &str, word: &str) -> bool {
    let (bytes, wanted) = (text.as_bytes(), word.as_bytes());
    let Some(first) = wanted.first() else { return false };
    let is_json = is_json(text);
    let found = memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), bytes);
    for start in found {
        let end = start + wanted.len();
        let is_same = bytes.get(start..end).is_some_and(|part| part.eq_ignore_ascii_case(wanted));
        if !is_same || bytes.get(end).is_some_and(|byte| is_word(*byte)) {
            continue;
        }
        if is_json && bytes.get(end..).is_some_and(|behind| behind.starts_with(b"\\u")) {
            return reads_word(text, word);
        }
        match bytes.get(..start).unwrap_or_default() {
            [] => return true,
            // Behind an escape, whose letter the first one may be; or a path of Windows.
            [.., b'\\'] if is_json => return reads_word(text, word),
            [.., b'\\', before] if is_json && is_word(*before) => return reads_word(text, word),
            [.., before] if is_word(*before) => {}
            _ => return true,
        }
    }
    // Letters may be spelled by their numbers.
    is_json && memmem::find(bytes, b"\\u").is_some() && reads_word(text, word)
}

fn reads_word(text: &str, word: &str) -> bool {
    let mut has = false;
    words(text, |other| has |= other.eq_ignore_ascii_case(word));
    has
}

fn is_json(text: &str) -> bool {
    matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'['))
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// The escape at the beginning of a text: a letter goes on with the word, all else ends it. Tells
/// how many bytes it has.
fn escape(text: &str, word: &mut Word, found: &mut impl FnMut(&str)) -> Option<usize> {
    let digits = text.strip_prefix("\\u").and_then(|digits| digits.get(..4));
    let Some(digits) = digits else {
        // Others are no escapes.
        let is_escape = |byte: &u8| b"\"\\/bfnrtu".contains(byte);
        text.as_bytes().get(1).filter(|byte| is_escape(byte))?;
        word.end(found);
        return Some(2);
    };
    let unit = u32::from_str_radix(digits, 16).ok()?;
    match char::from_u32(unit) {
        Some(letter) if !letter.is_ascii() || is_word(letter as u8) => {
            word.push(letter.encode_utf8(&mut [0; 4]));
        }
        Some(_) => word.end(found),
        // Half of a character beyond the first 65,536.
        None => {
            let low = text.get(6..12).and_then(|low| low.strip_prefix("\\u"));
            let low = low.and_then(|low| u32::from_str_radix(low, 16).ok());
            let whole = low.filter(|low| (0xdc00..0xe000).contains(low)).and_then(|low| {
                char::from_u32(0x1_0000 + (unit.checked_sub(0xd800)? << 10) + (low - 0xdc00))
            });
            let letter = whole.unwrap_or(char::REPLACEMENT_CHARACTER);
            word.push(letter.encode_utf8(&mut [0; 4]));
            return Some(if whole.is_some() { 12 } else { 6 });
        }
    }
    Some(6)
}

/// The word in the making.
#[derive(Default)]
struct Word {
    text: String,
}

impl Word {
    fn push(&mut self, part: &str) {
        self.text.push_str(part);
    }

    fn end(&mut self, found: &mut impl FnMut(&str)) {
        if !self.text.is_empty() {
            self.text.make_ascii_lowercase();
            found(&self.text);
            self.text.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_hunters_look_for() {
        let check = |text: &str, expected: &[&str]| {
            let mut all = Vec::new();
            words(text, |word| all.push(word.to_owned()));
            assert_eq!(all, expected, "{text}");
        };
        check("", &[]);
        check("mimikatz", &["mimikatz"]);
        check(r"C:\temp\Mimikatz.EXE -x", &["c", "temp", "mimikatz", "exe", "x"]);
        check(r#"{"a":"C:\\new\\Mimikatz.exe"}"#, &["a", "c", "new", "mimikatz", "exe"]);
        check(r#"{"s":"\nInvoke-X\tnow"}"#, &["s", "invoke", "x", "now"]);
        check(r#" ["\u006dimi\u006b\u0061tz\u002cb"]"#, &["mimikatz", "b"]);
        check(r#"["stra\u00dfe","Straße"]"#, &["straße", "straße"]);
        check(r#"["a\ud83d\ude00b","c\ud83dd"]"#, &["a😀b", "c\u{fffd}d"]);
        check(r#"["broken\u00"#, &["broken", "00"]);
        check(r#"["end\"#, &["end"]);
        check("snake_case-kebab/Win32_ShadowCopy", &["snake_case", "kebab", "win32_shadowcopy"]);
    }

    /// The search for one word and the list of all words are two ways to the same answer.
    #[test]
    fn a_word_is_found_where_it_is_listed() {
        const PARTS: [&str; 16] = [
            "ab", "AB", "a", "b", "_", "7", " ", "\\", "\\\\", "\\n", "\\u0061", "\\u0042",
            "\\u002c", "u", "ß", "\"",
        ];
        let mut state = 1_u64;
        let mut found = 0;
        for _ in 0..50_000 {
            let mut text = String::new();
            for place in 0..8 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let number = usize::try_from(state >> 33).unwrap_or(0);
                if place == 0 && number & 64 == 0 {
                    text.push('{');
                }
                text.push_str(PARTS[number % PARTS.len()]);
            }
            for word in ["ab", "nab", "aab", "ß"] {
                let is_listed = reads_word(&text, word);
                assert_eq!(has_word(&text, word), is_listed, "{word} in {text}");
                found += usize::from(is_listed);
            }
        }
        assert!(found > 1_000, "{found}");
    }

    #[test]
    fn a_word_is_found_whole_and_in_any_case() {
        assert!(has_word("run MimiKatz now", "mimikatz"));
        assert!(!has_word("run mimikatz2 now", "mimikatz"));
        for text in [
            r#"{"s":"\nMimikatz"}"#,
            r#"{"s":"C:\\nmimikatz c:\\mimikatz"}"#,
            r#"{"s":"mimi\u006bat\u007a"}"#,
            r#"{"s":"xmimikatz mimikatz"}"#,
            "mimikatz",
        ] {
            assert!(has_word(text, "mimikatz"), "{text}");
        }
        for text in [r#"{"s":"C:\\nmimikatz"}"#, r#"{"s":"mimikatz\u0061"}"#, r"\nmimikatz", ""] {
            assert!(!has_word(text, "mimikatz"), "{text}");
        }
        assert!(is_word_of_its_own("mimikatz") && is_word_of_its_own("straße"));
        assert!(!is_word_of_its_own("") && !is_word_of_its_own("a.b"));
    }
}
