//! The words that plugins ask for by key: a small, read-only hash table shared by all workers.

use super::escape_into;

/// Number of a word in a [`Vocabulary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(u16);

impl Token {
    pub(super) const NONE: Self = Self(u16::MAX);

    /// Place of the word in [`Vocabulary::words`], to index tables by.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Words in lower case; looking one up ignores ASCII case.
#[derive(Debug, Default)]
pub struct Vocabulary {
    words: Vec<Word>,
    /// Open addressing, a power of two: upper half of the hash, then number of the word.
    slots: Vec<u32>,
}

/// A word and what is known about it as a key.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: Box<str>,
    pub(super) hash: u32,
    /// ASCII without anything to escape: the text is the key's spelling.
    pub(super) is_plain: bool,
}

impl Word {
    fn new(text: String) -> Self {
        let is_plain = text.is_ascii() && !escape_into(&text, &mut String::new());
        Self { hash: hash_key(text.as_bytes()), is_plain, text: text.into_boxed_str() }
    }
}

impl Vocabulary {
    /// Most words a vocabulary holds; further ones are ignored by [`Vocabulary::new`]'s contract.
    pub const WORDS_MAX: usize = 16_384;

    /// A table of these words (lower-cased, doubles removed). Words beyond [`Self::WORDS_MAX`] are
    /// left out: the caller checks the count.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut sorted: Vec<String> = words.into_iter().map(str::to_ascii_lowercase).collect();
        sorted.sort_unstable();
        sorted.dedup();
        sorted.truncate(Self::WORDS_MAX);
        let size = (sorted.len() * 2).next_power_of_two().max(16);
        let mut vocabulary =
            Self { words: sorted.into_iter().map(Word::new).collect(), slots: vec![EMPTY; size] };
        for number in 0..vocabulary.words.len() {
            vocabulary.place(number);
        }
        vocabulary
    }

    fn place(&mut self, number: usize) {
        let Some(word) = self.words.get(number) else { return };
        let mask = self.slots.len() - 1;
        let mut slot = word.hash as usize & mask;
        while let Some(entry) = self.slots.get_mut(slot) {
            if *entry == EMPTY {
                // WORDS_MAX is below u16::MAX.
                *entry = word.hash & TAG | u32::from(number as u16);
                return;
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The token of `word`, whatever its ASCII case.
    #[must_use]
    pub fn token(&self, word: &str) -> Option<Token> {
        let token = self.token_hashed(word.as_bytes(), hash_key(word.as_bytes()));
        (token != Token::NONE).then_some(token)
    }

    /// The word of a token.
    #[must_use]
    pub fn word(&self, token: Token) -> Option<&str> {
        self.known_word(token).map(|word| &*word.text)
    }

    /// All words, sorted.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|word| &*word.text)
    }

    pub(super) fn known_word(&self, token: Token) -> Option<&Word> {
        self.words.get(token.index())
    }

    pub(super) fn token_hashed(&self, key: &[u8], hash: u32) -> Token {
        if self.slots.is_empty() {
            return Token::NONE;
        }
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while let Some(&entry) = self.slots.get(slot) {
            if entry == EMPTY {
                break;
            }
            // The lower half: what is left of it is the number.
            let token = Token(entry as u16);
            if entry & TAG == hash & TAG
                && let Some(word) = self.words.get(token.index())
                && word.hash == hash
                && is_spelling_of(key, word.text.as_bytes())
            {
                return token;
            }
            slot = (slot + 1) & mask;
        }
        Token::NONE
    }
}

/// A slot without a word: no word has this number.
const EMPTY: u32 = u32::MAX;

/// The part of a slot that is compared before the word is looked at.
const TAG: u32 = 0xFFFF_0000;

/// Whether `key` is `word`, which is in lower case, but for the case of ASCII letters; eight bytes
/// at a time.
fn is_spelling_of(key: &[u8], word: &[u8]) -> bool {
    let (Some(last_of_key), Some(last_of_word)) = (key.last_chunk(), word.last_chunk()) else {
        return key.eq_ignore_ascii_case(word);
    };
    let (keys, words) = (key.as_chunks().0.iter(), word.as_chunks().0.iter());
    key.len() == word.len()
        && is_spelling_of_eight(*last_of_key, *last_of_word)
        && keys.zip(words).all(|(key, word)| is_spelling_of_eight(*key, *word))
}

fn is_spelling_of_eight(key: [u8; 8], word: [u8; 8]) -> bool {
    let word = u64::from_le_bytes(word);
    let difference = u64::from_le_bytes(key) ^ word;
    // The high bit of each byte of the sums: at least `a`, and beyond `z`.
    let low = word & !Mixer::HIGH;
    let from_a = low + Mixer::ONES * (0x80 - 0x61);
    let beyond_z = low + Mixer::ONES * (0x80 - 0x7B);
    let letters = from_a & !beyond_z & !word & Mixer::HIGH;
    // The bit of case of every letter.
    difference & !(letters >> 2) == 0
}

/// Hash of a key that is equal for spellings that differ in ASCII case only.
#[must_use]
pub fn hash_key(key: &[u8]) -> u32 {
    mix::<false>(key).0
}

/// The hash, and whether lower-casing may change the key: it has an ASCII capital or is not ASCII.
pub(super) fn hash_and_case(key: &[u8]) -> (u32, bool) {
    mix::<true>(key)
}

#[inline]
fn mix<const CASE: bool>(key: &[u8]) -> (u32, bool) {
    let mut mixer = Mixer::new(key.len());
    match *key {
        [] => {}
        [a] => mixer.add::<CASE>([a, 0, 0, 0, 0, 0, 0, 0]),
        [a, b] => mixer.add::<CASE>([a, b, 0, 0, 0, 0, 0, 0]),
        [a, b, c] => mixer.add::<CASE>([a, b, c, 0, 0, 0, 0, 0]),
        // Overlapping ends instead of a loop over single bytes.
        [a, b, c, d, ..] if key.len() < 8 => {
            let [e, f, g, h] = *key.last_chunk().unwrap_or(&[0; 4]);
            mixer.add::<CASE>([a, b, c, d, e, f, g, h]);
        }
        _ => {
            let (words, rest) = key.as_chunks();
            words.iter().for_each(|word| mixer.add::<CASE>(*word));
            if let Some(word) = key.last_chunk().filter(|_| !rest.is_empty()) {
                mixer.add::<CASE>(*word);
            }
        }
    }
    // The upper half is the well-mixed one.
    ((mixer.hash >> 32) as u32, mixer.odd)
}

struct Mixer {
    hash: u64,
    odd: bool,
}

impl Mixer {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = Self::ONES * 0x80;
    const FOLD: u64 = Self::ONES * 0x20;
    const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

    const fn new(length: usize) -> Self {
        Self { hash: (length as u64).wrapping_mul(Self::MIX), odd: false }
    }

    #[inline]
    fn add<const CASE: bool>(&mut self, bytes: [u8; 8]) {
        let word = u64::from_le_bytes(bytes);
        self.hash = (self.hash ^ (word | Self::FOLD)).wrapping_mul(Self::MIX).rotate_left(29);
        if !CASE {
            return;
        }
        // The high bit of each byte of the sums: at least `A`, and beyond `Z`.
        let low = word & !Self::HIGH;
        let from_a = low + Self::ONES * (0x80 - 0x41);
        let beyond_z = low + Self::ONES * (0x80 - 0x5B);
        self.odd |= (from_a & !beyond_z | word) & Self::HIGH != 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{Vocabulary, hash_and_case, hash_key, is_spelling_of};

    #[test]
    fn only_the_case_of_letters_may_differ() {
        for length in [1, 7, 8, 9, 15, 16, 17] {
            for place in 0..length {
                for wanted in 0..=u8::MAX {
                    let mut word = vec![b'q'; length];
                    word[place] = wanted.to_ascii_lowercase();
                    for given in 0..=u8::MAX {
                        let mut key = vec![b'Q'; length];
                        key[place] = given;
                        let expected = key.eq_ignore_ascii_case(&word);
                        assert_eq!(is_spelling_of(&key, &word), expected, "{key:?} {word:?}");
                    }
                }
            }
            assert!(!is_spelling_of(&vec![b'q'; length + 1], &vec![b'q'; length]));
        }
    }

    #[test]
    fn finds_words_in_any_case_and_nothing_else() {
        let vocabulary = Vocabulary::new(["srcip", "SRCIP", "@timestamp", "x-forwarded-for"]);
        assert_eq!(vocabulary.words().count(), 3);
        assert_eq!(vocabulary.token("SrcIp"), vocabulary.token("srcip"));
        assert!(vocabulary.token("@TIMESTAMP").is_some());
        assert_eq!(vocabulary.token("srcipp"), None);
        assert_eq!(Vocabulary::default().token("a"), None);
    }

    #[test]
    fn capitals_and_foreign_letters_are_seen_at_every_place() {
        for byte in 0..=u8::MAX {
            for length in 1..20 {
                for place in 0..length {
                    let mut key = vec![b'z'; length];
                    key[place] = byte;
                    let odd = byte.is_ascii_uppercase() || !byte.is_ascii();
                    assert_eq!(hash_and_case(&key).1, odd, "{byte:#x} at {place} of {length}");
                }
            }
        }
        assert!(!hash_and_case(b"").1);
    }

    #[test]
    fn short_keys_have_different_hashes() {
        let letters = b'a'..=b'z';
        let pairs = letters.clone().flat_map(|a| letters.clone().map(move |b| vec![a, b]));
        let triples =
            pairs.clone().flat_map(|pair| letters.clone().map(move |c| [&pair[..], &[c]].concat()));
        let keys: Vec<_> = pairs.chain(triples).collect();
        let hashes: std::collections::HashSet<_> = keys.iter().map(|key| hash_key(key)).collect();
        assert!(hashes.len() + 2 > keys.len(), "{} of {}", hashes.len(), keys.len());
    }

    #[test]
    fn hash_ignores_ascii_case_at_every_length() {
        let lower = "abcdefghijklmnopqrstuvwxyz";
        for end in 0..lower.len() {
            let word = &lower[..end];
            assert_eq!(hash_key(word.as_bytes()), hash_key(word.to_uppercase().as_bytes()));
        }
    }
}
