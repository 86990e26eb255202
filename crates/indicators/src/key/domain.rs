//! Keys of domain names: reversed, so that a domain and all below it are one range.

use std::borrow::Cow;

use idna::AsciiDenyList;

use super::push_lower;

/// Longest name and longest label of it (RFC 1035).
const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// The name in ASCII (not in lower case yet), without the root's dot; nothing if it is no name.
///
/// Underscores are allowed (`_ldap._tcp`), and an asterisk as the first label, as certificates have
/// it. A name of several labels does not end in a number: `1.2.3` is a version.
pub(crate) fn plain_domain(text: &str) -> Option<Cow<'_, str>> {
    let name = if text.is_ascii() {
        Cow::Borrowed(text)
    } else {
        idna::domain_to_ascii_cow(text.as_bytes(), AsciiDenyList::EMPTY).ok()?
    };
    let name = match name {
        Cow::Borrowed(name) => Cow::Borrowed(name.strip_suffix('.').unwrap_or(name)),
        Cow::Owned(name) => Cow::Owned(name.strip_suffix('.').map_or(name.clone(), str::to_owned)),
    };
    is_name(&name).then_some(name)
}

fn is_name(name: &str) -> bool {
    let rest = name.strip_prefix("*.").unwrap_or(name);
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    name.len() <= NAME_BYTES_MAX
        && rest.split('.').all(is_label)
        && !(name.contains('.') && name.rsplit('.').next().is_some_and(is_number))
}

fn is_label(label: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LABEL_BYTES_MAX).contains(&label.len()) && label.bytes().all(is_part)
}

/// Writes the key of a plain name.
pub(crate) fn reverse(plain: &str, key: &mut String) {
    key.clear();
    for label in plain.rsplit('.') {
        push_lower(label, key);
        key.push('.');
    }
}

/// Whether a plain name has more than one label.
pub(crate) fn is_qualified(plain: &str) -> bool {
    plain.contains('.')
}

/// The bare name of a plain name that has a domain.
pub(crate) fn bare_name(plain: &str) -> Option<&str> {
    plain.split_once('.').map(|(name, _)| name).filter(|name| *name != "*")
}

/// A host without the port behind it.
pub(crate) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if !name.contains(':')
                && (1..=5).contains(&port.len())
                && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            name
        }
        _ => host,
    }
}
