//! What the log adds up to for a writer: current version, positions, schema and protocol. Files are
//! not part of it: an append need not know them, so its cost does not grow with the table.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;

use crate::error::{LakeError, Result};
use crate::log::checkpoint::{self, Checkpoint};
use crate::log::entry::{Action, Metadata, Protocol, parse_entry};
use crate::storage::TableStorage;

/// Log entries that are read at the same time.
pub(crate) const ENTRY_READS_MAX: usize = 16;

/// Highest protocol version without named features that Headwater reads and writes.
const READER_VERSION_MAX: i32 = 1;
const WRITER_VERSION_MAX: i32 = 2;

/// Protocol versions from which on features are named one by one.
const READER_VERSION_FEATURES: i32 = 3;
const WRITER_VERSION_FEATURES: i32 = 7;

/// Named features that need nothing of a reader or writer that Headwater does not do anyway.
const FEATURES: [&str; 5] =
    ["appendOnly", "invariants", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"];

/// A position and when it was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PositionState {
    pub(crate) offset: i64,
    /// Milliseconds since the epoch; 0 when the log does not say.
    pub(crate) updated_ms: i64,
}

/// The log up to one version.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogState {
    pub(crate) version: u64,
    /// Version of the newest checkpoint that is known.
    pub(crate) checkpoint: Option<u64>,
    pub(crate) positions: HashMap<Arc<str>, PositionState>,
    pub(crate) metadata: Arc<Metadata>,
    pub(crate) protocol: Arc<Protocol>,
}

impl LogState {
    /// Reads the newest checkpoint and the entries after it; `None` when there is no table.
    ///
    /// # Errors
    /// `Corrupt` when the log has a gap or a damaged entry; whatever the storage answers.
    pub(crate) async fn load(storage: &TableStorage) -> Result<Option<Self>> {
        let listing = LogListing::read(storage).await?;
        let Some(last) = listing.entries.last().copied().max(listing.checkpoint_version()) else {
            return Ok(None);
        };
        let mut state = Self::default();
        let mut next = 0;
        if let Some(checkpoint) = &listing.checkpoint {
            for action in checkpoint::read_small_actions(storage, checkpoint).await? {
                state.apply_action(&action);
            }
            state.version = checkpoint.version;
            state.checkpoint = Some(checkpoint.version);
            next = checkpoint.version + 1;
        }
        let mut entries = futures::stream::iter(next..=last)
            .map(|version| async move { Ok((version, storage.read_log_entry(version).await?)) })
            .buffered(ENTRY_READS_MAX);
        while let Some((version, bytes)) = entries.try_next().await? {
            let bytes = bytes.ok_or_else(|| missing_entry(storage, version))?;
            state.apply_entry(storage, version, &bytes)?;
        }
        if state.metadata.schema_string.is_empty() || state.protocol.min_reader_version == 0 {
            return Err(LakeError::Log {
                table: storage.name.clone(),
                reason: "it has no schema or no protocol".to_owned(),
            });
        }
        Ok(Some(state))
    }

    /// Applies the entry that follows, and returns its actions.
    pub(crate) fn apply_entry(
        &mut self,
        storage: &TableStorage,
        version: u64,
        bytes: &Bytes,
    ) -> Result<Vec<Action>> {
        let actions = parse_entry(&storage.name, version, bytes)?;
        for action in &actions {
            self.apply_action(action);
        }
        self.version = version;
        Ok(actions)
    }

    fn apply_action(&mut self, action: &Action) {
        if let Some(txn) = &action.txn {
            let state =
                PositionState { offset: txn.version, updated_ms: txn.last_updated.unwrap_or(0) };
            self.positions.insert(Arc::clone(&txn.app_id), state);
        }
        if let Some(metadata) = &action.meta_data {
            self.metadata = Arc::new(metadata.clone());
        }
        if let Some(protocol) = &action.protocol {
            self.protocol = Arc::new(protocol.clone());
        }
    }

    /// The position of a source partition.
    pub(crate) fn position(&self, partition: &str) -> Option<PositionState> {
        self.positions.get(partition).copied()
    }
}

/// The error for a log entry that must exist and does not.
pub(crate) fn missing_entry(storage: &TableStorage, version: u64) -> LakeError {
    LakeError::Log { table: storage.name.clone(), reason: format!("entry {version} is missing") }
}

/// Checks that the files of a table can be read without features that Headwater lacks.
pub(crate) fn check_readable(table: &str, protocol: &Protocol) -> Result<()> {
    let version = protocol.min_reader_version;
    check_version(
        table,
        ("reader", version, READER_VERSION_MAX, READER_VERSION_FEATURES),
        protocol.reader_features.as_deref(),
    )
}

/// Checks that the table can be changed without features that Headwater lacks.
pub(crate) fn check_writable(table: &str, protocol: &Protocol) -> Result<()> {
    check_readable(table, protocol)?;
    let version = protocol.min_writer_version;
    check_version(
        table,
        ("writer", version, WRITER_VERSION_MAX, WRITER_VERSION_FEATURES),
        protocol.writer_features.as_deref(),
    )
}

fn check_version(
    table: &str,
    (role, version, plain_max, named): (&str, i32, i32, i32),
    features: Option<&[String]>,
) -> Result<()> {
    let unsupported = |feature: String| LakeError::Protocol { table: table.to_owned(), feature };
    if version <= plain_max {
        return Ok(());
    }
    if version != named {
        return Err(unsupported(format!("{role} version {version}")));
    }
    let unknown =
        features.unwrap_or_default().iter().find(|feature| !FEATURES.contains(&feature.as_str()));
    unknown.map_or(Ok(()), |feature| Err(unsupported(format!("`{feature}`"))))
}

/// What lies in the folder of the log, from the newest checkpoint on.
#[derive(Debug, Default)]
pub(crate) struct LogListing {
    /// Versions of the entries after the checkpoint, ascending.
    pub(crate) entries: Vec<u64>,
    pub(crate) checkpoint: Option<Checkpoint>,
}

impl LogListing {
    /// Lists the log. The hint file saves listing what lies before the newest checkpoint; a listing
    /// is still made, because the hint may be older than the log.
    pub(crate) async fn read(storage: &TableStorage) -> Result<Self> {
        let hint = checkpoint::read_hint(storage).await?;
        let listing = Self::read_from(storage, hint.unwrap_or(0)).await?;
        if hint.is_some() && listing.checkpoint.is_none() {
            return Self::read_from(storage, 0).await;
        }
        Ok(listing)
    }

    async fn read_from(storage: &TableStorage, from: u64) -> Result<Self> {
        let names = storage.list_log(from).await?;
        let names: Vec<(Path, u64)> =
            names.into_iter().map(|object| (object.location, object.size)).collect();
        let checkpoint = checkpoint::newest_complete(&names);
        let first = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.version + 1);
        let entries = names.iter().filter_map(|(path, _)| entry_version(path.filename()?));
        Ok(Self { entries: entries.filter(|version| *version >= first).collect(), checkpoint })
    }

    fn checkpoint_version(&self) -> Option<u64> {
        self.checkpoint.as_ref().map(|checkpoint| checkpoint.version)
    }
}

/// Version of a log entry by its file name.
pub(crate) fn entry_version(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".json")?;
    (digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn protocol(reader: i32, writer: i32, features: &[&str]) -> Protocol {
        let features = || Some(features.iter().map(|&feature| feature.to_owned()).collect());
        Protocol {
            min_reader_version: reader,
            min_writer_version: writer,
            reader_features: features(),
            writer_features: features(),
        }
    }

    #[test]
    fn refuses_tables_with_features_it_lacks() {
        let check = |protocol: &Protocol, expected: Option<&str>| {
            let error = check_writable("events", protocol).err();
            let feature = error.map(|error| match error {
                LakeError::Protocol { feature, .. } => feature,
                other => panic!("unexpected {other}"),
            });
            assert_eq!(feature.as_deref(), expected, "{protocol:?}");
        };
        check(&protocol(1, 2, &[]), None);
        check(&protocol(3, 7, &["timestampNtz", "appendOnly"]), None);
        check(&protocol(3, 7, &["deletionVectors"]), Some("`deletionVectors`"));
        check(&protocol(2, 5, &[]), Some("reader version 2"));
        check(&protocol(1, 4, &[]), Some("writer version 4"));
    }

    #[test]
    fn recognises_log_entries_by_name() {
        let cases = [
            ("00000000000000000012.json", Some(12)),
            ("00000000000000000012.checkpoint.parquet", None),
            ("00000000000000000012.00000000000000000013.compacted.json", None),
            ("12.json", None),
            (".tmp-x.json", None),
        ];
        for (name, expected) in cases {
            assert_eq!(entry_version(name), expected, "{name}");
        }
    }
}
