//! Statistics of a file for the log, taken from the footer that the Parquet writer has just made.
//! Bounds are never narrower than the values: long text is cut for the minimum and rounded up for
//! the maximum, times are rounded away from each other to milliseconds.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use headwater_event::schema::{ColumnDefinition, ColumnType};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnPath;
use serde_json::{Map, Value, json};

/// Characters of text that the log keeps.
const TEXT_CHARACTERS_MAX: usize = 32;

/// Years that every engine reads in statistics.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9_999;

/// The JSON of the log's field `stats`.
pub(crate) fn statistics_json(columns: &[ColumnDefinition], metadata: &ParquetMetaData) -> String {
    let (mut min, mut max, mut nulls) = (Map::new(), Map::new(), Map::new());
    for column in columns.iter().filter(|column| column.statistics) {
        let Some(range) = Range::of(column, metadata) else { continue };
        nulls.insert(column.name.to_owned(), range.nulls.into());
        if let Some((lower, upper)) = range.bounds.and_then(|bounds| bounds.json(column)) {
            min.insert(column.name.to_owned(), lower);
            if let Some(upper) = upper {
                max.insert(column.name.to_owned(), upper);
            }
        }
    }
    let rows = metadata.file_metadata().num_rows();
    json!({ "numRecords": rows, "minValues": min, "maxValues": max, "nullCount": nulls })
        .to_string()
}

/// Nulls and bounds of one column over all row groups.
struct Range {
    nulls: u64,
    bounds: Option<Bounds>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Bounds {
    Number(i64, i64),
    Text(Vec<u8>, Vec<u8>),
}

impl Range {
    /// `None` when the footer does not know enough about the column.
    fn of(column: &ColumnDefinition, metadata: &ParquetMetaData) -> Option<Self> {
        let path = ColumnPath::new(vec![column.name.to_owned()]);
        let mut range = Self { nulls: 0, bounds: None };
        for group in metadata.row_groups() {
            let chunk = group.columns().iter().find(|chunk| *chunk.column_path() == path)?;
            let nulls = chunk.statistics()?.null_count_opt()?;
            range.nulls += nulls;
            if i64::try_from(nulls).ok()? < group.num_rows() {
                let bounds = Bounds::of(chunk)?;
                range.bounds = Some(match range.bounds {
                    None => bounds,
                    Some(others) => others.union(bounds)?,
                });
            }
        }
        Some(range)
    }
}

impl Bounds {
    fn of(chunk: &ColumnChunkMetaData) -> Option<Self> {
        match chunk.statistics()? {
            Statistics::Int32(values) => {
                Some(Self::Number((*values.min_opt()?).into(), (*values.max_opt()?).into()))
            }
            Statistics::Int64(values) => Some(Self::Number(*values.min_opt()?, *values.max_opt()?)),
            Statistics::ByteArray(values) => Some(Self::Text(
                values.min_opt()?.data().to_vec(),
                values.max_opt()?.data().to_vec(),
            )),
            _ => None,
        }
    }

    fn union(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Number(min, max), Self::Number(other_min, other_max)) => {
                Some(Self::Number(min.min(other_min), max.max(other_max)))
            }
            (Self::Text(min, max), Self::Text(other_min, other_max)) => {
                Some(Self::Text(min.min(other_min), max.max(other_max)))
            }
            _ => None,
        }
    }

    /// Bounds as the log holds them; the upper one is missing when no short text is above the
    /// values.
    fn json(self, column: &ColumnDefinition) -> Option<(Value, Option<Value>)> {
        match self {
            Self::Number(min, max) if column.column_type == ColumnType::Timestamp => {
                let (min, max) = (time_text(min.div_euclid(1_000))?, time_text(ceil_millis(max))?);
                Some((min.into(), Some(max.into())))
            }
            Self::Number(min, max) if column.column_type == ColumnType::Date => {
                Some((date_text(min)?.into(), Some(date_text(max)?.into())))
            }
            Self::Number(min, max) => Some((min.into(), Some(max.into()))),
            Self::Text(min, max) if column.column_type == ColumnType::Text => {
                let (min, max) = (String::from_utf8(min).ok()?, String::from_utf8(max).ok()?);
                let min: String = min.chars().take(TEXT_CHARACTERS_MAX).collect();
                Some((min.into(), upper_text(&max).map(Value::from)))
            }
            Self::Text(..) => None,
        }
    }
}

fn ceil_millis(micros: i64) -> i64 {
    micros.div_euclid(1_000) + i64::from(micros.rem_euclid(1_000) != 0)
}

fn time_text(millis: i64) -> Option<String> {
    let time: DateTime<Utc> = DateTime::from_timestamp_millis(millis)?;
    YEARS.contains(&time.year()).then(|| time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

fn date_text(days: i64) -> Option<String> {
    let date = NaiveDate::from_epoch_days(i32::try_from(days).ok()?)?;
    YEARS.contains(&date.year()).then(|| date.format("%Y-%m-%d").to_string())
}

/// The shortest text of at most the kept characters that is not below `text`.
fn upper_text(text: &str) -> Option<String> {
    let mut kept: Vec<char> = text.chars().take(TEXT_CHARACTERS_MAX + 1).collect();
    if kept.len() <= TEXT_CHARACTERS_MAX {
        return Some(text.to_owned());
    }
    kept.truncate(TEXT_CHARACTERS_MAX);
    while let Some(last) = kept.pop() {
        if let Some(above) = next_character(last) {
            kept.push(above);
            return Some(kept.into_iter().collect());
        }
    }
    None
}

/// The character after this one in the order of code points; there are none between U+D7FF and
/// U+E000.
fn next_character(character: char) -> Option<char> {
    match character {
        '\u{d7ff}' => Some('\u{e000}'),
        _ => char::from_u32(u32::from(character) + 1),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn upper_text_is_short_and_not_below() {
        let check = |text: &str, expected: Option<&str>| {
            let upper = upper_text(text);
            assert_eq!(upper.as_deref(), expected, "{text:?}");
            if let Some(upper) = upper {
                assert!(upper.as_str() >= text && upper.chars().count() <= TEXT_CHARACTERS_MAX);
            }
        };
        let a31 = "a".repeat(31);
        check("short", Some("short"));
        check(&"a".repeat(32), Some(&"a".repeat(32)));
        check(&"a".repeat(33), Some(&format!("{a31}b")));
        check(&format!("{a31}\u{d7ff}x"), Some(&format!("{a31}\u{e000}")));
        check(&format!("{a31}\u{10ffff}x"), Some(&format!("{}b", "a".repeat(30))));
        check(&"\u{10ffff}".repeat(40), None);
    }

    #[test]
    fn times_are_rounded_away_from_each_other() {
        let column = headwater_event::schema::EVENT_COLUMNS[1];
        let check = |min: i64, max: i64, expected: Option<(&str, &str)>| {
            let json = Bounds::Number(min, max).json(&column);
            let expected = expected.map(|(min, max)| (json!(min), Some(json!(max))));
            assert_eq!(json, expected);
        };
        check(0, 0, Some(("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z")));
        check(1_999, 2_001, Some(("1970-01-01T00:00:00.001Z", "1970-01-01T00:00:00.003Z")));
        check(-1, -1, Some(("1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00.000Z")));
        check(
            -62_135_596_800_000_000,
            0,
            Some(("0001-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z")),
        );
        check(-62_135_596_800_000_001, 0, None);
        check(0, 253_402_300_799_999_999, None);
        check(i64::MIN, i64::MAX, None);
    }
}
