//! Answers about texts that are asked for over and over, such as paths of attributes.

use headwater_event::json::hash_key;

/// Most answers that are kept; then all are forgotten. Only made up texts lead there.
const ANSWERS_MAX: usize = 16_384;

/// Answers by a number and a text, which may come in two pieces. The same text in other pieces is
/// another question.
#[derive(Debug)]
pub struct Remembered<T> {
    answers: Vec<Answer<T>>,
    /// Open addressing over a power of two: place in `answers`, counted from 1; 0 is free.
    slots: Vec<u32>,
}

#[derive(Debug)]
struct Answer<T> {
    number: u64,
    text: [Box<str>; 2],
    hash: u32,
    answer: T,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self { answers: Vec::new(), slots: Vec::new() }
    }
}

impl<T: Copy> Remembered<T> {
    /// The answer, if it was given before.
    #[must_use]
    #[inline]
    pub fn get(&self, number: u64, text: [&str; 2]) -> Option<T> {
        let hash = hash_of(number, text);
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = hash as usize & mask;
        loop {
            let place = *self.slots.get(slot)?;
            let known = self.answers.get((place as usize).wrapping_sub(1))?;
            let is_same = || known.text.iter().zip(text).all(|(known, text)| **known == *text);
            if known.hash == hash && known.number == number && is_same() {
                return Some(known.answer);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Whether the next answer to be kept makes it forget the others.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.answers.len() == ANSWERS_MAX
    }

    /// Keeps an answer that was not there.
    #[cold]
    pub fn keep(&mut self, number: u64, text: [&str; 2], answer: T) {
        if self.is_full() {
            self.answers.clear();
            self.slots.fill(0);
        }
        let hash = hash_of(number, text);
        self.answers.push(Answer { number, text: text.map(Box::from), hash, answer });
        if self.answers.len() * 2 > self.slots.len() {
            self.slots.clear();
            self.slots.resize((self.answers.len() * 4).next_power_of_two(), 0);
            (1..=self.answers.len()).for_each(|place| self.place(place));
        } else {
            self.place(self.answers.len());
        }
    }

    fn place(&mut self, place: usize) {
        let Some(answer) = self.answers.get(place - 1) else { return };
        let mask = self.slots.len() - 1;
        let mut slot = answer.hash as usize & mask;
        // At most half of the slots are taken.
        while self.slots.get(slot).is_some_and(|taken| *taken != 0) {
            slot = (slot + 1) & mask;
        }
        if let Some(free) = self.slots.get_mut(slot) {
            // At most ANSWERS_MAX.
            *free = place as u32;
        }
    }
}

#[inline]
fn hash_of(number: u64, text: [&str; 2]) -> u32 {
    let mut hash = (number ^ number >> 32) as u32;
    for piece in text {
        hash = (hash.rotate_left(15) ^ hash_key(piece.as_bytes())).wrapping_mul(0x9E37_79B9);
    }
    // The lower half picks the slot.
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::{ANSWERS_MAX, Remembered};

    #[test]
    fn answers_are_kept_until_there_are_too_many() {
        let mut remembered = Remembered::default();
        for text in 0..ANSWERS_MAX {
            remembered.keep(1, ["a", &text.to_string()], text);
        }
        for text in 0..ANSWERS_MAX {
            assert_eq!(remembered.get(1, ["a", &text.to_string()]), Some(text));
        }
        assert_eq!(remembered.get(2, ["a", "7"]), None);
        assert!(remembered.is_full());
        remembered.keep(2, ["a", "7"], 7);
        assert_eq!((remembered.get(1, ["a", "7"]), remembered.get(2, ["a", "7"])), (None, Some(7)));
    }
}
