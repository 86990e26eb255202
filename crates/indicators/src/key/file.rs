//! Keys of files: slashes and backslashes are the same, and so are letters of both cases.

use super::push_lower;

/// What Windows writes before a path to say how to read it, and what it stands for.
const PREFIXES: [(&str, &str); 5] = [
    ("\\\\?\\UNC\\", "\\\\"),
    ("\\\\?\\", ""),
    ("\\\\.\\", ""),
    ("\\??\\UNC\\", "\\\\"),
    ("\\??\\", ""),
];

/// Writes the key of a path or of a file's name. Repeated slashes are one, but for the two before
/// the server of a share; a slash at the end does not count.
pub(crate) fn file(text: &str, key: &mut String) {
    key.clear();
    let mut rest = unquoted(text.trim());
    for (prefix, meaning) in PREFIXES {
        if let Some(after) = rest.strip_prefix(prefix) {
            key.push_str(if meaning.is_empty() { "" } else { "/" });
            rest = after;
            if !meaning.is_empty() {
                key.push('/');
            }
            break;
        }
    }
    for part in rest.split_inclusive(['/', '\\']) {
        let name = part.strip_suffix(['/', '\\']);
        let before = name.unwrap_or(part);
        push_lower(before, key);
        if name.is_some() && (!key.ends_with('/') || key == "/") {
            key.push('/');
        }
    }
    while key.len() > 1 && key.ends_with('/') {
        key.pop();
    }
}

fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}

/// The name in the key of a path, when it is a path.
pub(crate) fn name_of_file(key: &str) -> Option<&str> {
    key.rsplit_once('/').map(|(_, name)| name).filter(|name| !name.is_empty())
}
