//! Objects that only wrap a list of records, `{"Records":[…]}`: finding the list while the object
//! is scanned, and keeping the members around it.

use memchr::memmem::Finder;

/// Where the list of a wrapper object was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// The key is followed by a colon and the list; index behind its `[`.
    List(usize),
    /// The text ends before that can be said.
    Unknown,
    /// Something else has these letters.
    Other,
}

/// The keys whose list value holds the records, with their quotes.
#[derive(Debug)]
pub(super) struct WrapperKeys {
    keys: Vec<Finder<'static>>,
    longest: usize,
}

impl WrapperKeys {
    pub(super) fn new(keys: &[String]) -> Self {
        let quoted: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
        Self {
            longest: quoted.iter().map(String::len).max().unwrap_or_default(),
            keys: quoted.iter().map(|key| Finder::new(key.as_bytes()).into_owned()).collect(),
        }
    }

    /// First place at or behind `from` where a key may stand.
    pub(super) fn find(&self, window: &[u8], from: usize) -> Option<usize> {
        let text = window.get(from..).unwrap_or_default();
        self.keys.iter().filter_map(|key| key.find(text)).min().map(|found| from + found)
    }

    /// How many bytes at the end of a window may be the beginning of a key.
    pub(super) fn overlap(&self) -> usize {
        self.longest.saturating_sub(1)
    }

    /// Looks at what follows a key that was found at `at`.
    pub(super) fn match_at(&self, window: &[u8], at: usize) -> Match {
        let text = window.get(at..).unwrap_or_default();
        let Some(key) = self.keys.iter().find(|key| text.starts_with(key.needle())) else {
            return Match::Other;
        };
        let mut index = at + key.needle().len();
        for expected in [b':', b'['] {
            while window.get(index).is_some_and(u8::is_ascii_whitespace) {
                index += 1;
            }
            match window.get(index) {
                None => return Match::Unknown,
                Some(byte) if *byte == expected => index += 1,
                Some(_) => return Match::Other,
            }
        }
        Match::List(index)
    }
}

/// The members of a wrapper object other than its lists: they become one record of their own.
#[derive(Debug, Default)]
pub(super) struct OtherMembers {
    text: Vec<u8>,
}

impl OtherMembers {
    /// Adds a piece of the object: text between its brackets and its lists.
    pub(super) fn push(&mut self, piece: &[u8]) {
        let piece = trim_separators(piece);
        if piece.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(b',');
        }
        self.text.extend_from_slice(piece);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Appends the object of these members.
    pub(super) fn push_object(&self, json: &mut Vec<u8>) {
        json.push(b'{');
        json.extend_from_slice(&self.text);
        json.push(b'}');
    }
}

fn trim_separators(piece: &[u8]) -> &[u8] {
    let mut piece = piece.trim_ascii();
    while let Some(rest) = piece.strip_prefix(b",").or_else(|| piece.strip_suffix(b",")) {
        piece = rest.trim_ascii();
    }
    piece
}
