//! Keys of the index, and ranges of them that are looked for.

use headwater_indicators::{Indicator, Kind};

/// What stands between the kind and the key of an indicator.
const SEPARATOR: char = ':';

/// Writes the key that the index has for a key of a kind.
pub(super) fn write_key(kind: Kind, key: &str, full: &mut String) {
    full.clear();
    full.push_str(kind.name());
    full.push(SEPARATOR);
    full.push_str(key);
}

/// Kind and key of a key of the index; `None` when the kind is not known.
#[must_use]
pub fn parse_key(full: &str) -> Option<(Kind, &str)> {
    let (kind, key) = full.split_once(SEPARATOR)?;
    Some((Kind::from_name(kind)?, key))
}

/// A range of keys: from `low` up to, and without, `high`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyRange {
    /// The first key.
    pub low: String,
    /// The first key behind the range.
    pub high: String,
}

/// Ranges of keys in order, none of which meets another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyRanges(Vec<KeyRange>);

impl KeyRanges {
    /// Whether a key lies in one of the ranges.
    #[must_use]
    pub fn have(&self, key: &str) -> bool {
        let before = self.0.partition_point(|range| range.low.as_str() <= key);
        before > 0 && self.0.get(before - 1).is_some_and(|range| key < range.high.as_str())
    }

    /// Whether there may be keys from `min` to `max` in one of the ranges; `None` is no bound.
    #[must_use]
    pub fn meet(&self, min: Option<&str>, max: Option<&str>) -> bool {
        let first = min.map_or(0, |min| self.0.partition_point(|range| range.high.as_str() <= min));
        self.0.get(first).is_some_and(|range| max.is_none_or(|max| range.low.as_str() <= max))
    }
}

impl<'a> FromIterator<&'a Indicator> for KeyRanges {
    fn from_iter<T: IntoIterator<Item = &'a Indicator>>(indicators: T) -> Self {
        let ranges = indicators.into_iter().flat_map(Indicator::ranges);
        let of_index = ranges.map(|range| {
            let (mut low, mut high) = (String::new(), String::new());
            write_key(range.kind(), range.low(), &mut low);
            match range.high() {
                Some(behind) => write_key(range.kind(), behind, &mut high),
                None => high.extend([low.as_str(), "\0"]),
            }
            KeyRange { low, high }
        });
        of_index.collect()
    }
}

impl FromIterator<KeyRange> for KeyRanges {
    fn from_iter<T: IntoIterator<Item = KeyRange>>(ranges: T) -> Self {
        let mut all: Vec<KeyRange> =
            ranges.into_iter().filter(|range| range.low < range.high).collect();
        all.sort_unstable();
        let mut merged: Vec<KeyRange> = Vec::with_capacity(all.len());
        for range in all {
            match merged.last_mut() {
                Some(last) if range.low <= last.high => {
                    if range.high > last.high {
                        last.high = range.high;
                    }
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(pairs: &[(&str, &str)]) -> KeyRanges {
        let range = |(low, high): &(&str, &str)| KeyRange {
            low: (*low).to_owned(),
            high: (*high).to_owned(),
        };
        pairs.iter().map(range).collect()
    }

    #[test]
    fn tells_what_lies_in_them() {
        let ranges = ranges(&[("d", "f"), ("e", "h"), ("b", "b"), ("m", "m\0"), ("h", "i")]);
        for (key, expected) in [
            ("b", false),
            ("c", false),
            ("d", true),
            ("ha", true),
            ("i", false),
            ("m", true),
            ("ma", false),
        ] {
            assert_eq!(ranges.have(key), expected, "{key}");
        }
    }

    #[test]
    fn tells_what_meets_them() {
        let ranges = ranges(&[("d", "f"), ("m", "m\0")]);
        for (min, max, expected) in [
            (Some("a"), Some("c"), false),
            (Some("a"), Some("d"), true),
            (Some("e"), Some("e"), true),
            (Some("f"), Some("l"), false),
            (Some("f"), None, true),
            (Some("n"), None, false),
            (None, Some("c"), false),
            (None, None, true),
        ] {
            assert_eq!(ranges.meet(min, max), expected, "{min:?} {max:?}");
        }
        assert!(!KeyRanges::default().meet(None, None));
    }
}
