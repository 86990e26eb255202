//! Values as Windows writes them, in the form that joins with other sources.

/// Values that stand for "nothing" in Windows events.
const NOTHINGS: [&str; 5] = [
    "S-1-0-0",
    "NULL SID",
    "<unknown process>",
    "{00000000-0000-0000-0000-000000000000}",
    "00000000-0000-0000-0000-000000000000",
];

/// Whether a value says that there is none.
pub(super) fn is_nothing(text: &str) -> bool {
    NOTHINGS.contains(&text)
}

/// An identifier without braces, in lower case.
pub(super) fn guid(text: &str) -> String {
    text.trim_matches(['{', '}']).to_ascii_lowercase()
}

/// A hexadecimal (`0x`) or decimal number.
pub(super) fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A logon id in lower-case hexadecimal, however it was written.
pub(super) fn logon_id(text: &str) -> String {
    number(text).map_or_else(|| text.to_ascii_lowercase(), |number| format!("{number:#x}"))
}

/// Domain and name of `DOMAIN\user`.
pub(super) fn account(text: &str) -> (Option<&str>, &str) {
    match text.split_once('\\') {
        Some((domain, name)) => (Some(domain).filter(|domain| !domain.is_empty()), name),
        None => (None, text),
    }
}

/// A hash of a list such as `SHA1=…,MD5=…`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hash {
    pub(super) algorithm_id: i64,
    /// The source's name of an algorithm that has no number.
    pub(super) algorithm: Option<String>,
    /// In lower case, as other sources have it.
    pub(super) value: String,
}

/// Hashes of a list; one without a name is known by its length.
pub(super) fn hashes(text: &str) -> Vec<Hash> {
    let one = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or(("", part));
        let value = value.trim().to_ascii_lowercase();
        let algorithm_id = match (name.trim().to_ascii_uppercase().as_str(), value.len()) {
            ("MD5", _) | ("", 32) => 1,
            ("SHA1", _) | ("", 40) => 2,
            ("SHA256", _) | ("", 64) => 3,
            ("SHA512", _) | ("", 128) => 4,
            ("IMPHASH", _) => 18,
            ("", _) => 0,
            _ => 99,
        };
        let algorithm = (algorithm_id == 99).then(|| name.trim().to_owned());
        // Nothing but zeros: there is no such hash, as of imports in a file that has none.
        let is_hash = value.bytes().any(|byte| byte != b'0');
        is_hash.then_some(Hash { algorithm_id, algorithm, value })
    };
    text.split([',', ';']).filter_map(one).collect()
}

/// An IPv4 address that is written as an IPv6 one, in its own form.
pub(super) fn address(text: &str) -> &str {
    let text = text.trim();
    match text.get(..7) {
        Some(prefix) if prefix.eq_ignore_ascii_case("::ffff:") && text.contains('.') => {
            text.get(7..).unwrap_or(text)
        }
        _ => text,
    }
}

/// The text between two marks.
pub(super) fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}
