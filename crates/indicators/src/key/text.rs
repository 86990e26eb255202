//! Keys of values that are compared as they are, or nearly so.

use super::{plain_domain, push_lower};

/// Lengths of MD5, SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512 in hexadecimal digits.
pub(crate) const DIGEST_DIGITS: [usize; 6] = [32, 40, 56, 64, 96, 128];

/// Writes the key of a text that is compared without regard to case.
pub(crate) fn text(text: &str, key: &mut String) {
    key.clear();
    push_lower(text.trim(), key);
}

/// Writes the key of a digest; false if it is none. Its algorithm may stand before it
/// (`SHA256=…`, `md5:…`).
pub(crate) fn hash(text: &str, key: &mut String) -> bool {
    let text = text.trim();
    let digits = match text.split_once(['=', ':']) {
        Some((algorithm, digits)) if is_algorithm(algorithm) => digits.trim(),
        Some(_) => return false,
        None => text,
    };
    key.clear();
    push_lower(digits, key);
    DIGEST_DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_algorithm(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/ ".contains(&byte))
}

/// Writes the key of a hardware address; false if it is none.
pub(crate) fn mac(text: &str, key: &mut String) -> bool {
    key.clear();
    let is_separator = |character: char| ":-.".contains(character);
    let text = text.trim();
    key.extend(text.chars().filter(|character| !is_separator(*character)));
    key.make_ascii_lowercase();
    key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Writes the key of an e-mail address, which may have a display name before it; gives where its
/// domain begins in the key.
pub(crate) fn email(text: &str, key: &mut String) -> Option<usize> {
    let text = text.trim();
    let address = match text.strip_suffix('>') {
        Some(inner) => inner.rsplit_once('<')?.1,
        None => text,
    };
    let (local, domain) = address.rsplit_once('@')?;
    // RFC 5322, without quotes, and RFC 6531.
    let is_local = |character: char| {
        character.is_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~.".contains(character)
            || !(character.is_ascii() || character.is_whitespace())
    };
    if local.is_empty() || !local.chars().all(is_local) {
        return None;
    }
    let domain = plain_domain(domain)?;
    key.clear();
    push_lower(local, key);
    key.push('@');
    let start = key.len();
    push_lower(&domain, key);
    Some(start)
}

/// The bare name and the domain in the key of a user: of `corp\alice`, of `alice@corp.example`.
pub(crate) fn user_parts(key: &str) -> (Option<&str>, Option<&str>) {
    let (name, domain) = if let Some((_, name)) = key.rsplit_once('\\') {
        (name, None)
    } else if let Some((name, domain)) = key.rsplit_once('@') {
        (name, Some(domain))
    } else {
        return (None, None);
    };
    (Some(name).filter(|name| !name.is_empty()), domain)
}
