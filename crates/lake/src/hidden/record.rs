//! What is known about places inside documents: which ones queries asked for, and what an operator
//! decided. One small JSON object in the table's folder, which readers of the table pass over.

use std::collections::BTreeMap;

use bytes::Bytes;
use headwater_event::Timestamp;
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutMode, PutOptions, UpdateVersion};
use serde::{Deserialize, Serialize};

use super::{HiddenPath, Wanted};
use crate::error::{LakeError, Result};
use crate::storage::TableStorage;

/// Place of the object in the table's folder.
const RECORD: &str = "_headwater/paths.json";

/// Most places without a decision; of more, those that nobody asked for lately are forgotten.
const PLACES_MAX: usize = 1_000;

/// How often a change is tried again when another process changed the record meanwhile.
const ATTEMPTS_MAX: usize = 10;

/// What an operator decided about a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is a column of every new file in which it occurs.
    Pinned,
    /// It is a column of no new file.
    Banned,
}

/// What is known about a place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PathEntry {
    /// Days on which queries asked for it.
    pub asked_days: u64,
    /// The last of them, as `2026-03-01`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_asked: Option<String>,
    /// What an operator decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// What is known about places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PathRecord {
    /// By name, such as `details/eventname`.
    pub paths: BTreeMap<String, PathEntry>,
}

impl PathRecord {
    /// Notes that a query asked for a place; `false` when that is known for the day.
    pub fn note(&mut self, path: &HiddenPath, time: Timestamp) -> bool {
        let today = time.to_iso().as_str().get(..10).map(str::to_owned);
        let entry = self.paths.entry(path.to_string()).or_default();
        if entry.last_asked == today {
            return false;
        }
        entry.asked_days += 1;
        entry.last_asked = today;
        self.forget_some();
        true
    }

    /// Decides about a place, or takes a decision back.
    pub fn decide(&mut self, path: &HiddenPath, decision: Option<Decision>) {
        let name = path.to_string();
        let entry = self.paths.entry(name.clone()).or_default();
        entry.decision = decision;
        if *entry == PathEntry::default() {
            self.paths.remove(&name);
        }
    }

    /// The places for whoever chooses hidden columns.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let mut wanted = Wanted::default();
        for (name, entry) in &self.paths {
            // Names that newer versions may know are passed over.
            let Ok(path) = HiddenPath::parse(name) else { continue };
            match entry.decision {
                Some(Decision::Pinned) => drop(wanted.pinned.insert(path)),
                Some(Decision::Banned) => drop(wanted.banned.insert(path)),
                None => drop(wanted.asked.insert(path, entry.asked_days)),
            }
        }
        wanted
    }

    fn forget_some(&mut self) {
        let free = self.paths.iter().filter(|(_, entry)| entry.decision.is_none());
        let mut free: Vec<_> =
            free.map(|(name, entry)| (entry.last_asked.clone(), name.clone())).collect();
        if free.len() > PLACES_MAX {
            free.sort_unstable();
            for (_, name) in free.iter().take(free.len() - PLACES_MAX) {
                self.paths.remove(name);
            }
        }
    }
}

/// Reads the record of a table; an empty one when there is none.
///
/// # Errors
/// `Corrupt` when it is no such record; whatever the storage answers.
pub(crate) async fn read(storage: &TableStorage) -> Result<PathRecord> {
    let object = storage.object(RECORD);
    let bytes = storage.read(&object).await?;
    bytes.map_or_else(|| Ok(PathRecord::default()), |bytes| parse(&object, &bytes))
}

/// Changes the record of a table, unless `change` says that there is nothing to change.
///
/// # Errors
/// As [`read`]; the storage does not take it, or other processes change it all the time.
pub(crate) async fn change(
    storage: &TableStorage,
    mut change: impl FnMut(&mut PathRecord) -> bool,
) -> Result<PathRecord> {
    let object = storage.object(RECORD);
    if storage.local().is_some() {
        // Most have nothing to change, and need not wait for those who commit.
        let mut record = read(storage).await?;
        if !change(&mut record) {
            return Ok(record);
        }
        // Files have no versions to compare; processes of one machine take turns.
        let _turn = storage.take_turn().await;
        record = read(storage).await?;
        if change(&mut record) {
            let put = storage.store.put(&object, encode(&record)?.into()).await;
            put.map_err(LakeError::storage("write", &object))?;
        }
        return Ok(record);
    }
    for _ in 0..ATTEMPTS_MAX {
        let (mut record, mode) = match storage.store.get(&object).await {
            Ok(found) => {
                let version = UpdateVersion {
                    e_tag: found.meta.e_tag.clone(),
                    version: found.meta.version.clone(),
                };
                let bytes = found.bytes().await.map_err(LakeError::storage("read", &object))?;
                (parse(&object, &bytes)?, PutMode::Update(version))
            }
            Err(object_store::Error::NotFound { .. }) => (PathRecord::default(), PutMode::Create),
            Err(error) => return Err(LakeError::storage("read", &object)(error)),
        };
        if !change(&mut record) {
            return Ok(record);
        }
        let options = PutOptions { mode, ..PutOptions::default() };
        match storage.store.put_opts(&object, encode(&record)?.into(), options).await {
            Ok(_) => return Ok(record),
            Err(
                object_store::Error::Precondition { .. }
                | object_store::Error::AlreadyExists { .. },
            ) => {}
            Err(error) => return Err(LakeError::storage("write", &object)(error)),
        }
    }
    Err(LakeError::Request {
        table: storage.name.clone(),
        reason: "other processes change what is known about paths all the time".to_owned(),
    })
}

fn parse(object: &Path, bytes: &Bytes) -> Result<PathRecord> {
    serde_json::from_slice(bytes)
        .map_err(|source| LakeError::PathRecord { path: object.to_string(), source })
}

fn encode(record: &PathRecord) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(record)
        .map_err(|source| LakeError::PathRecord { path: RECORD.to_owned(), source })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn path(name: &str) -> HiddenPath {
        HiddenPath::parse(name).unwrap()
    }

    #[test]
    fn a_place_counts_once_a_day() {
        let mut record = PathRecord::default();
        let name = path("details/a");
        for (micros, is_new) in [(0, true), (DAY - 1, false), (DAY, true)] {
            assert_eq!(record.note(&name, Timestamp::from_micros(micros)), is_new);
        }
        assert_eq!(record.wanted().asked[&name], 2);
    }

    #[test]
    fn places_that_nobody_asks_for_any_more_are_forgotten_decisions_are_not() {
        let mut record = PathRecord::default();
        record.decide(&path("details/pinned"), Some(Decision::Pinned));
        for number in 0..PLACES_MAX + 10 {
            let time = Timestamp::from_micros(DAY * (number as i64 / 100));
            record.note(&path(&format!("details/p{number:04}")), time);
        }
        assert_eq!(record.paths.len(), PLACES_MAX + 1);
        assert!(!record.paths.contains_key("details/p0009"));
        assert!(record.paths.contains_key("details/p0010"));
        assert!(record.wanted().pinned.contains(&path("details/pinned")));
        record.decide(&path("details/pinned"), None);
        assert_eq!(record.paths.len(), PLACES_MAX);
    }
}
