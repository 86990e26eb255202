//! Finds the indicators of a list that match a value; the cost does not grow with the list.

use std::collections::HashMap;

use crate::indicator::Indicator;
use crate::keys::Keys;
use crate::kind::{Kind, Part};
use crate::range::KeyRange;

/// One indicator that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Match {
    /// Place of the indicator in what the matcher was made from.
    pub number: usize,
    /// What the key that lies in its ranges stands for.
    pub kind: Kind,
    /// Which part of the value that is.
    pub part: Part,
}

/// A set of indicators, made to be asked often.
#[derive(Debug, Default)]
pub struct Matcher {
    kinds: [Table; Kind::ALL.len()],
}

/// What is asked of keys of one kind.
#[derive(Debug, Default)]
struct Table {
    /// Numbers of the indicators that ask for a key.
    exact: HashMap<Box<str>, Vec<usize>>,
    /// In the order of their starts, a wider one before those in it. Two ranges of the same kind
    /// are nested or apart: addresses and names below a point of a tree.
    ranges: Vec<Span>,
}

#[derive(Debug)]
struct Span {
    low: Box<str>,
    high: Box<str>,
    numbers: Vec<usize>,
    /// The place of the next wider range around this one.
    around: Option<usize>,
}

impl Matcher {
    /// Makes a matcher of indicators, which are numbered in order.
    pub fn new<'a>(indicators: impl IntoIterator<Item = &'a Indicator>) -> Self {
        let mut matcher = Self::default();
        for (number, indicator) in indicators.into_iter().enumerate() {
            for range in indicator.ranges() {
                if let Some(table) = matcher.kinds.get_mut(place(range.kind())) {
                    table.add(range, number);
                }
            }
        }
        matcher.kinds.iter_mut().for_each(Table::nest);
        matcher
    }

    /// Numbers of the indicators that match an observable of OCSF, in order, each once.
    #[must_use]
    pub fn matches(&self, type_id: i64, value: &str) -> Vec<usize> {
        let mut numbers = Vec::new();
        self.each_match(&mut Keys::default(), type_id, value, |found| numbers.push(found.number));
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Calls back with each match of an observable, of every key: an indicator may come twice.
    pub fn each_match(
        &self,
        keys: &mut Keys,
        type_id: i64,
        value: &str,
        mut each: impl FnMut(Match),
    ) {
        keys.each(type_id, value, |kind, part, key| {
            self.each_number(kind, key, |number| each(Match { number, kind, part }));
        });
    }

    /// Calls back with the number of each indicator that asks for a key.
    pub fn each_number(&self, kind: Kind, key: &str, mut each: impl FnMut(usize)) {
        let Some(table) = self.kinds.get(place(kind)) else { return };
        if let Some(numbers) = table.exact.get(key) {
            numbers.iter().copied().for_each(&mut each);
        }
        let mut next = table.ranges.partition_point(|span| *span.low <= *key).checked_sub(1);
        while let Some(span) = next.and_then(|place| table.ranges.get(place)) {
            if *key < *span.high {
                span.numbers.iter().copied().for_each(&mut each);
            }
            next = span.around;
        }
    }
}

impl Table {
    fn add(&mut self, range: &KeyRange, number: usize) {
        match range.high() {
            None => self.exact.entry(range.low().into()).or_default().push(number),
            Some(high) => self.ranges.push(Span {
                low: range.low().into(),
                high: high.into(),
                numbers: vec![number],
                around: None,
            }),
        }
    }

    /// Puts ranges in order, equal ones together, and finds what is around each.
    fn nest(&mut self) {
        self.ranges
            .sort_by(|one, other| one.low.cmp(&other.low).then_with(|| other.high.cmp(&one.high)));
        self.ranges.dedup_by(|later, earlier| {
            let is_same = later.low == earlier.low && later.high == earlier.high;
            if is_same {
                earlier.numbers.append(&mut later.numbers);
            }
            is_same
        });
        let mut open: Vec<usize> = Vec::new();
        for place in 0..self.ranges.len() {
            let Some(low) = self.ranges.get(place).map(|span| span.low.clone()) else { continue };
            let is_over =
                |around: &usize| self.ranges.get(*around).is_none_or(|around| *around.high <= *low);
            while open.pop_if(|around| is_over(around)).is_some() {}
            if let Some(span) = self.ranges.get_mut(place) {
                span.around = open.last().copied();
            }
            open.push(place);
        }
    }
}

const fn place(kind: Kind) -> usize {
    // Kinds are numbered from zero without gaps.
    kind as usize
}
