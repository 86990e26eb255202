//! Rows of the index in memory: rows of the same identity are one.

use std::hash::BuildHasher as _;
use std::ops::Range;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::row::{Counts, IndexRow};

/// Rows of the index, each identity once. Text is kept in one buffer.
#[derive(Debug, Default)]
pub struct IndexRows {
    text: String,
    /// Texts that many rows share: parts and sources.
    words: Words,
    entries: Vec<Entry>,
    places: HashTable<usize>,
    /// Number of the event whose rows are added.
    event: u64,
    hasher: DefaultHashBuilder,
}

#[derive(Debug, Clone)]
struct Entry {
    key: Range<usize>,
    part: usize,
    type_id: i32,
    value: Range<usize>,
    source: Option<usize>,
    date: i32,
    counts: Counts,
    /// The event that was counted last.
    event: u64,
}

impl IndexRows {
    /// Begins with the rows of another event.
    pub(super) const fn begin_event(&mut self) {
        self.event += 1;
    }

    /// Adds a row of the event, unless the event gave one of the same identity.
    pub(super) fn add_of_event(&mut self, row: &IndexRow<'_>) {
        match self.find(row).and_then(|place| self.entries.get_mut(place)) {
            Some(entry) if entry.event == self.event => {}
            Some(entry) => {
                entry.counts.add(row.counts());
                entry.event = self.event;
            }
            None => self.insert(row),
        }
    }

    /// Adds a row to those of its identity.
    pub fn add(&mut self, row: &IndexRow<'_>) {
        match self.find(row).and_then(|place| self.entries.get_mut(place)) {
            Some(entry) => entry.counts.add(row.counts()),
            None => self.insert(row),
        }
    }

    fn insert(&mut self, row: &IndexRow<'_>) {
        self.push(row);
        let hash = self.hasher.hash_one(row.identity());
        let Self { text, words, entries, places, hasher, .. } = self;
        places.insert_unique(hash, entries.len() - 1, |place| {
            let row = entries.get(*place).map(|entry| entry.row(text, words));
            row.map_or(0, |row| hasher.hash_one(row.identity()))
        });
    }

    fn push(&mut self, row: &IndexRow<'_>) {
        let Self { text, words, entries, event, .. } = self;
        let mut keep = |part: &str| {
            let start = text.len();
            text.push_str(part);
            start..text.len()
        };
        let key = keep(row.key);
        // Most keys end with the value.
        let value = match row.key.ends_with(row.value) {
            true => key.end - row.value.len()..key.end,
            false => keep(row.value),
        };
        let part = words.place(row.part);
        let source = row.source.map(|source| words.place(source));
        let (type_id, date, counts) = (row.type_id, row.date, row.counts());
        entries.push(Entry { key, part, type_id, value, source, date, counts, event: *event });
    }

    fn find(&self, row: &IndexRow<'_>) -> Option<usize> {
        let identity = row.identity();
        let same = |place: &usize| {
            let entry = self.entries.get(*place);
            entry.is_some_and(|entry| entry.row(&self.text, &self.words).identity() == identity)
        };
        self.places.find(self.hasher.hash_one(identity), same).copied()
    }

    /// Whether the last row is of this identity.
    pub(super) fn ends_with(&self, row: &IndexRow<'_>) -> bool {
        let last = self.entries.last().map(|last| last.row(&self.text, &self.words));
        last.is_some_and(|last| last.identity() == row.identity())
    }

    /// As `add`, for rows that all come in order: only the last one can be of the same identity.
    pub(super) fn append(&mut self, row: &IndexRow<'_>) {
        match self.ends_with(row).then(|| self.entries.last_mut()).flatten() {
            Some(last) => last.counts.add(row.counts()),
            None => self.push(row),
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.entries.len() * (size_of::<Entry>() + 2 * size_of::<usize>())
    }

    /// The rows, in the order in which they came.
    pub fn rows(&self) -> impl Iterator<Item = IndexRow<'_>> {
        self.entries.iter().map(|entry| entry.row(&self.text, &self.words))
    }

    /// The rows in the order of the index.
    #[must_use]
    pub fn sorted(&self) -> Vec<IndexRow<'_>> {
        let mut rows: Vec<_> = self.rows().collect();
        rows.sort_unstable_by(|left, right| left.identity().cmp(&right.identity()));
        rows
    }
}

impl Entry {
    fn row<'a>(&self, text: &'a str, words: &'a Words) -> IndexRow<'a> {
        let word = |place: usize| words.all.get(place).map_or("", String::as_str);
        let Counts { hours, first_time, last_time, events } = self.counts;
        IndexRow {
            key: text.get(self.key.clone()).unwrap_or_default(),
            part: word(self.part),
            type_id: self.type_id,
            value: text.get(self.value.clone()).unwrap_or_default(),
            source: self.source.map(word),
            date: self.date,
            hours,
            first_time,
            last_time,
            events,
        }
    }
}

/// Texts, each once.
#[derive(Debug, Default)]
struct Words {
    all: Vec<String>,
    places: HashMap<String, usize>,
}

impl Words {
    fn place(&mut self, text: &str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.all.len();
        self.all.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_identity_add_up() {
        let row = IndexRow {
            key: "domain:com.example.",
            part: "whole",
            type_id: 1,
            value: "example.com",
            source: Some("dns"),
            date: 20_000,
            hours: 0b1,
            first_time: 5,
            last_time: 9,
            events: 2,
        };
        let later = IndexRow { hours: 0b100, first_time: 3, last_time: 30, events: 1, ..row };
        let other = IndexRow { source: None, ..row };
        let mut rows = IndexRows::default();
        for row in [row, other, later] {
            rows.add(&row);
        }
        let sum = IndexRow { hours: 0b101, first_time: 3, last_time: 30, events: 3, ..row };
        assert_eq!(rows.sorted(), [other, sum]);
    }
}
