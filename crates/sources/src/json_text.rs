//! Writes JSON strings, and tells how deep JSON is. Bytes that are not UTF-8 are passed on as they
//! are: the pipeline refuses such a record with its original bytes, which a replacement character
//! would hide.

use std::collections::{HashMap, HashSet};

/// Makes names of an object's members unique: the second `a` becomes `a_2`, the third `a_3`.
#[derive(Debug, Default)]
pub(crate) struct UniqueNames {
    taken: HashSet<Vec<u8>>,
    /// Next number to try for a name that was repeated.
    numbers: HashMap<Vec<u8>, u64>,
}

impl UniqueNames {
    /// The name under which a member called `name` is stored.
    pub(crate) fn take(&mut self, name: &[u8]) -> Vec<u8> {
        let mut unique = name.to_vec();
        while !self.taken.insert(unique.clone()) {
            let number = self.numbers.entry(name.to_vec()).or_insert(2);
            unique = [name, format!("_{number}").as_bytes()].concat();
            *number += 1;
        }
        unique
    }
}

/// Appends `bytes` as a JSON string with quotes.
pub(crate) fn push_string(bytes: &[u8], json: &mut Vec<u8>) {
    json.push(b'"');
    push_escaped(bytes, json);
    json.push(b'"');
}

/// Appends the escaped content of a JSON string, without quotes.
pub(crate) fn push_escaped(bytes: &[u8], json: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some((plain, &[byte, ref after @ ..])) = rest.split_at_checked(plain_length(rest)) {
        json.extend_from_slice(plain);
        push_escape(byte, json);
        rest = after;
    }
    json.extend_from_slice(rest);
}

/// How many bytes at the start need no escape.
fn plain_length(bytes: &[u8]) -> usize {
    let words = bytes.as_chunks::<8>().0;
    let plain = words.iter().take_while(|word| is_plain(u64::from_le_bytes(**word))).count() * 8;
    let rest = bytes.get(plain..).unwrap_or_default();
    plain + rest.iter().take_while(|byte| !needs_escape(**byte)).count()
}

/// Whether none of eight bytes needs an escape.
const fn is_plain(word: u64) -> bool {
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let (quote, backslash) = (word ^ repeat(b'"'), word ^ repeat(b'\\'));
    let controls = word.wrapping_sub(repeat(0x20)) & !word;
    let quotes = quote.wrapping_sub(repeat(1)) & !quote;
    let backslashes = backslash.wrapping_sub(repeat(1)) & !backslash;
    (controls | quotes | backslashes) & HIGH == 0
}

const fn repeat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn push_escape(byte: u8, json: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
            json.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            return;
        }
    };
    json.extend_from_slice(&[b'\\', short]);
}

/// Whether arrays and objects lie deeper inside each other. The text is valid JSON.
pub(crate) fn is_deeper_than(json: &[u8], depth_max: u32) -> bool {
    let limit = usize::try_from(depth_max).unwrap_or(usize::MAX);
    if memchr::memchr2_iter(b'{', b'[', json).take(limit + 1).count() <= limit {
        return false;
    }
    let (mut depth, mut in_string, mut at) = (0_usize, false, 0);
    while let Some(byte) = json.get(at) {
        match byte {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return true;
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn strings_come_back_as_they_were(text: String) {
            let mut json = Vec::new();
            push_string(text.as_bytes(), &mut json);
            prop_assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn repeated_names_are_numbered_around_those_that_exist() {
        let mut names = UniqueNames::default();
        let taken = ["a", "a", "a_3", "a", "b"].map(|name| names.take(name.as_bytes()));
        assert_eq!(
            taken.map(|name| String::from_utf8(name).unwrap()),
            ["a", "a_2", "a_3", "a_4", "b"]
        );
    }
}
