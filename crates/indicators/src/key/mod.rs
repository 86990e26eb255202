//! The keys of single values. The same functions write the keys of what was observed and the
//! bounds of what is searched; that is why both agree.

mod domain;
mod file;
mod ip;
mod text;
mod url;

use std::borrow::Cow;

pub(crate) use domain::{bare_name, is_qualified, plain_domain, reverse, without_port};
pub(crate) use file::{file, name_of_file};
pub(crate) use ip::{Network, address, network, push_bits};
pub(crate) use text::{DIGEST_DIGITS, email, hash, mac, text, user_parts};
pub(crate) use url::{Host, Url, begins_with_host, has_scheme};

/// Longest key. Of a longer one the beginning is kept, with a digest of the whole behind it.
pub const KEY_BYTES_MAX: usize = 1024;

/// Bytes of the digest: as many as no two texts share by chance.
const DIGEST_BYTES: usize = 16;

/// A key as it is stored: itself, or cut when it is too long.
pub(crate) fn bounded(key: &str) -> Cow<'_, str> {
    if key.len() <= KEY_BYTES_MAX {
        return Cow::Borrowed(key);
    }
    let digest = blake3::hash(key.as_bytes()).to_hex();
    let digest = digest.as_str().get(..2 * DIGEST_BYTES).unwrap_or_default();
    let end = key.floor_char_boundary(KEY_BYTES_MAX - 2 * DIGEST_BYTES - 1);
    Cow::Owned(format!("{}~{digest}", key.get(..end).unwrap_or_default()))
}

/// Appends a text in lower case.
pub(crate) fn push_lower(text: &str, key: &mut String) {
    if text.is_ascii() {
        let start = key.len();
        key.push_str(text);
        if let Some(new) = key.get_mut(start..) {
            new.make_ascii_lowercase();
        }
    } else {
        key.extend(text.chars().flat_map(char::to_lowercase));
    }
}
