//! One entry of the Delta log: JSON lines, one action each. Actions that Headwater has no use for
//! are skipped when read.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::hidden::HIDDEN_END_KEY;
use crate::hidden::words::WORDS_TAG;

/// What this writer calls itself in the log.
pub(crate) const ENGINE: &str = concat!("headwater/", env!("CARGO_PKG_VERSION"));

/// Characters that paths in the log hold percent-encoded.
const PATH_ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// One line of a log entry: exactly one of the fields is set.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Action {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit_info: Option<CommitInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) protocol: Option<Protocol>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta_data: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) txn: Option<Txn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) add: Option<Add>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remove: Option<Remove>,
}

/// Who committed, when and why.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct CommitInfo {
    /// Milliseconds since the epoch.
    pub(crate) timestamp: Option<i64>,
    pub(crate) operation: Option<String>,
    pub(crate) operation_parameters: BTreeMap<String, Value>,
    pub(crate) operation_metrics: BTreeMap<String, Value>,
    pub(crate) engine_info: Option<String>,
    pub(crate) is_blind_append: Option<bool>,
    /// Identity of the commit, by which a writer recognises its own entry.
    pub(crate) txn_id: Option<String>,
}

/// What a reader or writer must be able to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Protocol {
    pub(crate) min_reader_version: i32,
    pub(crate) min_writer_version: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reader_features: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) writer_features: Option<Vec<String>>,
}

/// Schema and properties of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) format: Format,
    pub(crate) schema_string: String,
    #[serde(default)]
    pub(crate) partition_columns: Vec<String>,
    #[serde(default)]
    pub(crate) configuration: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_time: Option<i64>,
}

/// Format of the data files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Format {
    pub(crate) provider: String,
    #[serde(default)]
    pub(crate) options: BTreeMap<String, String>,
}

impl Default for Format {
    fn default() -> Self {
        Self { provider: "parquet".to_owned(), options: BTreeMap::new() }
    }
}

/// A position: the version that an application says it has reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Txn {
    pub(crate) app_id: Arc<str>,
    pub(crate) version: i64,
    /// Milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_updated: Option<i64>,
}

/// A file that becomes part of the table.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Add {
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) partition_values: HashMap<String, Option<String>>,
    pub(crate) size: u64,
    #[serde(default)]
    pub(crate) modification_time: i64,
    pub(crate) data_change: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stats: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<HashMap<String, Option<String>>>,
}

/// A file that stops being part of the table.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Remove {
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) deletion_timestamp: Option<i64>,
    pub(crate) data_change: bool,
    #[serde(default)]
    pub(crate) extended_file_metadata: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partition_values: Option<HashMap<String, Option<String>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
}

impl Add {
    pub(crate) fn of(file: &DataFile, data_change: bool) -> Self {
        Self {
            path: encode_path(&file.path),
            partition_values: file.partition.clone().into_iter().collect(),
            size: file.size,
            modification_time: file.modified_ms,
            data_change,
            stats: file.statistics_json.clone(),
            tags: tags(file),
        }
    }

    pub(crate) fn into_file(self) -> DataFile {
        let tags = self.tags.unwrap_or_default();
        DataFile {
            path: decode_path(&self.path),
            size: self.size,
            modified_ms: self.modification_time,
            partition: self
                .partition_values
                .into_iter()
                .map(|(column, value)| (column, value.filter(|value| !value.is_empty())))
                .collect(),
            statistics_json: self.stats,
            hidden_end: hidden_end(&tags, self.size),
            words: words(&tags, self.size),
            is_shredded: tags.contains_key(SHREDDED_TAG),
            exact_times: None,
            parsed: OnceLock::new(),
        }
    }
}

/// Tag of files whose hidden columns were chosen by compaction.
pub(crate) const SHREDDED_TAG: &str = "headwater.shredded";

/// What the log says about a file beyond the protocol.
fn tags(file: &DataFile) -> Option<HashMap<String, Option<String>>> {
    let end = file.hidden_end.map(|end| (HIDDEN_END_KEY.to_owned(), Some(end.to_string())));
    let shredded = file.is_shredded.then(|| (SHREDDED_TAG.to_owned(), Some("true".to_owned())));
    let words = file
        .words
        .as_ref()
        .map(|words| (WORDS_TAG.to_owned(), Some(format!("{}-{}", words.start, words.end))));
    let tags: HashMap<_, _> = end.into_iter().chain(shredded).chain(words).collect();
    (!tags.is_empty()).then_some(tags)
}

/// Where a file with these tags is to be cut for its hidden columns.
pub(crate) fn hidden_end(tags: &HashMap<String, Option<String>>, size: u64) -> Option<u64> {
    let end = tags.get(HIDDEN_END_KEY)?.as_ref()?.parse().ok()?;
    (end < size).then_some(end)
}

/// Where a file with these tags has filters of words.
pub(crate) fn words(tags: &HashMap<String, Option<String>>, size: u64) -> Option<Range<u64>> {
    let (start, end) = tags.get(WORDS_TAG)?.as_ref()?.split_once('-')?;
    let range = start.parse().ok()?..end.parse().ok()?;
    (range.start < range.end && range.end < size).then_some(range)
}

impl Remove {
    pub(crate) fn of(file: &DataFile, data_change: bool, now_ms: i64) -> Self {
        Self {
            path: encode_path(&file.path),
            deletion_timestamp: Some(now_ms),
            data_change,
            extended_file_metadata: Some(true),
            partition_values: Some(file.partition.clone().into_iter().collect()),
            size: Some(file.size),
        }
    }
}

/// A path as the log holds it.
pub(crate) fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, PATH_ENCODED).to_string()
}

/// A path from the log, decoded.
pub(crate) fn decode_path(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// Reads the actions of a log entry.
///
/// # Errors
/// `Corrupt` when a line is not JSON, or an action lacks what the protocol requires.
pub(crate) fn parse_entry(table: &str, version: u64, bytes: &Bytes) -> Result<Vec<Action>> {
    serde_json::Deserializer::from_slice(bytes)
        .into_iter::<Action>()
        .collect::<std::result::Result<_, _>>()
        .map_err(|source| LakeError::LogEntry { table: table.to_owned(), version, source })
}

/// Writes actions as a log entry.
pub(crate) fn write_entry(table: &str, actions: &[Action]) -> Result<Bytes> {
    let mut bytes = Vec::with_capacity(actions.len() * 512);
    for action in actions {
        serde_json::to_writer(&mut bytes, action)
            .map_err(|source| LakeError::Encode { table: table.to_owned(), source })?;
        bytes.push(b'\n');
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn paths_survive_the_log() {
        for path in ["year=2026/hour=05/part-1.parquet", "a b/ü%2F.parquet", "k=:x/#1?.parquet"] {
            assert_eq!(decode_path(&encode_path(path)), path);
        }
        assert_eq!(encode_path("year=-0044/part.parquet"), "year=-0044/part.parquet");
    }

    #[test]
    fn skips_actions_it_does_not_know() {
        let entry = Bytes::from_static(
            b"{\"cdc\":{\"path\":\"x\"}}\n{\"domainMetadata\":{\"domain\":\"d\"}}\n\
              {\"txn\":{\"appId\":\"a\",\"version\":7}}\n",
        );
        let actions = parse_entry("events", 3, &entry).unwrap();
        let found: Vec<_> = actions.iter().filter_map(|action| action.txn.as_ref()).collect();
        assert_eq!((actions.len(), found.len(), found[0].version), (3, 1, 7));
    }

    #[test]
    fn names_the_version_of_a_damaged_entry() {
        let error = parse_entry("events", 3, &Bytes::from_static(b"{\"add\":")).unwrap_err();
        assert_eq!(error.to_string(), "log entry 3 of table `events` is damaged");
    }
}
