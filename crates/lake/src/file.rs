//! One data file of a table: where it is, what is in it, and what the log knows about its values.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, NaiveDate};
use headwater_event::Timestamp;
use headwater_event::schema::{PARTITION_COLUMNS, TIME_COLUMN};
use serde::Deserialize;
use serde_json::Value;

use crate::partition::HourPartition;

/// Longest step between a time and the same time written with milliseconds, in microseconds.
const MILLISECOND_REST_MICROS: i64 = 999;

/// A Parquet file of a table and its description in the log.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// Path inside the table's folder, decoded, with `/` between the parts.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// When the file was written, milliseconds since the epoch.
    pub modified_ms: i64,
    /// Values of the partition columns by name; `None` is SQL null.
    pub partition: BTreeMap<String, Option<String>>,
    /// Statistics as the log holds them (JSON), when there are any.
    pub statistics_json: Option<Arc<str>>,
    /// The file cut off here is a Parquet file with hidden columns (see [`crate::hidden`]).
    pub hidden_end: Option<u64>,
    /// Where the file has filters of the words in its documents (see [`crate::hidden`]).
    pub words: Option<Range<u64>>,
    /// Whether compaction chose the hidden columns: the full set of them.
    pub is_shredded: bool,
    /// Earliest and latest time in the file where the writer knows it exactly.
    pub(crate) exact_times: Option<(Timestamp, Timestamp)>,
    /// Whether the file has no tombstone because it was never in the table (a fresh file).
    pub(crate) parsed: OnceLock<Arc<FileStatistics>>,
}

/// What the log knows about the values in one file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileStatistics {
    /// Number of rows, when known.
    pub rows: Option<u64>,
    /// Range per top-level column; columns without statistics are absent.
    pub columns: BTreeMap<String, ColumnRange>,
}

/// Bounds of one column in one file. Bounds may be wider than the values (text is shortened, times
/// are rounded to milliseconds), never narrower.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnRange {
    /// A value that no value of the column is below, as JSON; `None` when not known.
    pub min: Option<Value>,
    /// A value that no value of the column is above, as JSON; `None` when not known.
    pub max: Option<Value>,
    /// Number of nulls, when known.
    pub nulls: Option<u64>,
}

impl DataFile {
    /// Statistics of the file, parsed on first use; empty when the log has none.
    #[must_use]
    pub fn statistics(&self) -> &FileStatistics {
        self.parsed.get_or_init(|| {
            let parsed = self.statistics_json.as_deref().and_then(FileStatistics::parse);
            Arc::new(parsed.unwrap_or_default())
        })
    }

    /// Number of rows, when the log knows it.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.statistics().rows
    }

    /// Earliest and latest time in the file (bounds), when known.
    #[must_use]
    pub fn time_range(&self) -> Option<(Timestamp, Timestamp)> {
        if self.exact_times.is_some() {
            return self.exact_times;
        }
        let range = self.statistics().columns.get(TIME_COLUMN)?;
        let min = range.min.as_ref()?.as_str().and_then(parse_time)?;
        let max = range.max.as_ref()?.as_str().and_then(parse_time_upper)?;
        Some((Timestamp::from_micros(min), Timestamp::from_micros(max)))
    }

    /// The hour whose partition the file is in; `None` when its partition values name no hour.
    #[must_use]
    pub fn hour(&self) -> Option<HourPartition> {
        let [year, month, day, hour] =
            PARTITION_COLUMNS.map(|column| self.partition.get(column)?.as_deref());
        HourPartition::parse([year?, month?, day?, hour?])
    }
}

impl FileStatistics {
    /// Reads the JSON of the log's field `stats`; `None` when it is not what the protocol says.
    #[must_use]
    pub fn parse(json: &str) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Stats {
            num_records: Option<u64>,
            #[serde(default)]
            min_values: BTreeMap<String, Value>,
            #[serde(default)]
            max_values: BTreeMap<String, Value>,
            #[serde(default)]
            null_count: BTreeMap<String, Value>,
        }
        let stats: Stats = serde_json::from_str(json).ok()?;
        let mut columns: BTreeMap<String, ColumnRange> = BTreeMap::new();
        let scalar = |value: Value| (!value.is_null() && !value.is_object()).then_some(value);
        for (name, value) in stats.min_values {
            columns.entry(name).or_default().min = scalar(value);
        }
        for (name, value) in stats.max_values {
            columns.entry(name).or_default().max = scalar(value);
        }
        for (name, value) in stats.null_count {
            columns.entry(name).or_default().nulls = value.as_u64();
        }
        Some(Self { rows: stats.num_records, columns })
    }
}

/// Microseconds since the epoch of a time in statistics.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_micros())
}

/// Days since the epoch of a date in statistics.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.to_epoch_days())
}

/// As `parse_time`, for an upper bound: writers cut times to milliseconds.
pub(crate) fn parse_time_upper(text: &str) -> Option<i64> {
    let micros = parse_time(text)?;
    let whole_milliseconds = micros.rem_euclid(1_000) == 0;
    Some(if whole_milliseconds { micros.saturating_add(MILLISECOND_REST_MICROS) } else { micros })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn upper_bound_covers_the_whole_millisecond() {
        let cases = [
            ("1970-01-01T00:00:00.001Z", Some(1_999)),
            ("1970-01-01T00:00:00Z", Some(999)),
            ("1970-01-01T00:00:00.000001Z", Some(1)),
            ("1970-01-01T01:00:00.001+01:00", Some(1_999)),
            ("yesterday", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_time_upper(text), expected, "{text}");
        }
    }

    #[test]
    fn reads_statistics_of_other_writers() {
        let parsed = FileStatistics::parse(
            r#"{"numRecords":3,"tightBounds":true,"minValues":{"a":1,"s":{"x":1}},
               "maxValues":{"a":9},"nullCount":{"a":0,"s":{"x":2},"b":3}}"#,
        )
        .unwrap();
        assert_eq!(parsed.rows, Some(3));
        let range = |min: Option<i64>, max: Option<i64>, nulls| ColumnRange {
            min: min.map(Value::from),
            max: max.map(Value::from),
            nulls,
        };
        assert_eq!(parsed.columns["a"], range(Some(1), Some(9), Some(0)));
        assert_eq!(parsed.columns["s"], range(None, None, None));
        assert_eq!(parsed.columns["b"], range(None, None, Some(3)));
        assert_eq!(FileStatistics::parse("{"), None);
    }
}
