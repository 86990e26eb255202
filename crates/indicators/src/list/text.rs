//! Small facts about the text of lists.

use std::borrow::Cow;

use super::ListError;

/// Types of MISP and OTX whose values are never in events as they are, though some look as if.
const UNSEARCHED: [&str; 16] = [
    "as",
    "attachment",
    "btc",
    "comment",
    "filehash-pehash",
    "malware-sample",
    "mutex",
    "named pipe",
    "pattern-in-file",
    "port",
    "sigma",
    "snort",
    "ssdeep",
    "text",
    "tlsh",
    "yara",
];

/// The text of a list: UTF-8, or UTF-16 with its mark, as PowerShell writes it.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ListError> {
    let wide = match bytes {
        [0xff, 0xfe, rest @ ..] => Some((rest, u16::from_le_bytes as fn([u8; 2]) -> u16)),
        [0xfe, 0xff, rest @ ..] => Some((rest, u16::from_be_bytes as fn([u8; 2]) -> u16)),
        _ => None,
    };
    if let Some((rest, read)) = wide {
        let units = rest.as_chunks::<2>().0.iter().map(|pair| read(*pair));
        let characters = char::decode_utf16(units);
        return Ok(characters.map(|one| one.unwrap_or(char::REPLACEMENT_CHARACTER)).collect());
    }
    if memchr::memchr(0, bytes).is_some() {
        return Err(ListError::Binary);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // A comment in another encoding does not make the indicators unreadable.
    Ok(String::from_utf8_lossy(bytes))
}

/// Whether a value could be anything: one word.
pub(super) fn is_word(value: &str) -> bool {
    !value.contains(['.', ':', '/', '\\', '@']) && value.len() < 32
}

/// Whether a type is known not to be searched.
pub(super) fn is_unsearched(name: &str) -> bool {
    UNSEARCHED.iter().any(|known| name.eq_ignore_ascii_case(known))
}
