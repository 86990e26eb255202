//! Proves that index and events agree: what the index has for the version of `events` at its
//! position is made anew from the files of that version, and compared row by row.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use futures::TryStreamExt as _;
use headwater_event::schema::{EVENTS, OBSERVABLES};
use parquet::arrow::ParquetRecordBatchStreamBuilder;
use serde::Serialize;

use crate::blocking::isolated;
use crate::error::{LakeError, Result};
use crate::lake::Lake;
use crate::snapshot::Snapshot;
use crate::table::Table;

use super::changes::Behind;
use super::files::rows_of_file;
use super::row::{IndexBatch, IndexRow};
use super::rows::IndexRows;

/// Rows that are compared at a time: both sides are in memory.
const ROWS_MAX: u64 = 2_000_000;

/// Differences that are told.
const DIFFERENCES_MAX: usize = 10;

/// What a comparison of index and events found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether there is an index that belongs to the events.
    pub exists: bool,
    /// Version of `events` that was compared: the position of the index.
    pub events_version: u64,
    /// Files of `events` that the index does not have yet, which is no fault.
    pub files_behind: usize,
    /// Rows that were compared.
    pub rows: u64,
    /// Rows that differ.
    pub differences: u64,
    /// The first of them.
    pub examples: Vec<Difference>,
}

/// A row of the index that is not what the events say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Key of the row.
    pub key: String,
    /// Day of the row, in days since the epoch.
    pub date: i32,
    /// Number of events by the index; `None` when it has no such row.
    pub in_index: Option<i64>,
    /// Number of events by the events; `None` when none has the value.
    pub in_events: Option<i64>,
}

/// Compares the index of a lake with its events. Reads both as a whole.
///
/// # Errors
/// `NotFound` when the lake has no events, or the version that the index has is not there any more;
/// whatever reading or the storage answers.
pub async fn verify(lake: &Lake) -> Result<Verdict> {
    let (events, index) = (lake.table(EVENTS)?, lake.table(OBSERVABLES)?);
    let behind = Behind::find(&events, &index).await?;
    let position = behind.from.and_then(|from| u64::try_from(from).ok());
    let Some(version) = position.filter(|_| !behind.is_anew) else {
        return Ok(Verdict { files_behind: behind.files(), ..Verdict::default() });
    };
    let of_index = index.snapshot().await?;
    let of_events = events.snapshot_at(version).await?;
    let mut verdict = Verdict {
        exists: true,
        events_version: version,
        files_behind: behind.files(),
        ..Verdict::default()
    };
    // Keys are spread over parts that fit into memory.
    let parts = of_index.rows().unwrap_or(0).div_ceil(ROWS_MAX).max(1);
    for part in 0..parts {
        let share = Share { part, parts };
        let indexed = index_rows(&index, &of_index, share).await?;
        let expected = event_rows(&events, &of_events, share).await?;
        compare(&indexed, &expected, &mut verdict);
    }
    Ok(verdict)
}

/// A part of all keys.
#[derive(Debug, Clone, Copy)]
struct Share {
    part: u64,
    parts: u64,
}

impl Share {
    fn has(self, key: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish() % self.parts == self.part
    }
}

async fn index_rows(index: &Table, snapshot: &Snapshot, share: Share) -> Result<IndexRows> {
    let mut rows = IndexRows::default();
    for file in snapshot.files() {
        let failed = || LakeError::parquet("read", &file.path);
        let reader = index.object_reader(file);
        let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(failed())?;
        let mut batches = builder.build().map_err(failed())?;
        while let Some(batch) = batches.try_next().await.map_err(failed())? {
            let batch = IndexBatch::new(&batch)?;
            batch.rows().filter(|row| share.has(row.key)).for_each(|row| rows.add(&row));
        }
    }
    Ok(rows)
}

async fn event_rows(events: &Table, snapshot: &Snapshot, share: Share) -> Result<IndexRows> {
    let mut rows = IndexRows::default();
    for file in snapshot.files() {
        let (table, read) = (events.clone(), Arc::clone(file));
        let work = move || async move { rows_of_file(&table, &read).await };
        let of_file = isolated("read observables", work).await?;
        let of_file = of_file.ok_or_else(|| events.gone(file))?;
        of_file.rows().filter(|row| share.has(row.key)).for_each(|row| rows.add(&row));
    }
    Ok(rows)
}

/// Both sides in order, side by side.
fn compare(indexed: &IndexRows, expected: &IndexRows, verdict: &mut Verdict) {
    let (indexed, expected) = (indexed.sorted(), expected.sorted());
    let (mut left, mut right) = (indexed.iter().peekable(), expected.iter().peekable());
    loop {
        let (index, events) = match (left.peek(), right.peek()) {
            (None, None) => return,
            (Some(index), Some(events)) => match index.identity().cmp(&events.identity()) {
                std::cmp::Ordering::Less => (left.next(), None),
                std::cmp::Ordering::Greater => (None, right.next()),
                std::cmp::Ordering::Equal => (left.next(), right.next()),
            },
            (Some(_), None) => (left.next(), None),
            (None, Some(_)) => (None, right.next()),
        };
        verdict.rows += 1;
        if index != events {
            note(index, events, verdict);
        }
    }
}

fn note(index: Option<&IndexRow<'_>>, events: Option<&IndexRow<'_>>, verdict: &mut Verdict) {
    verdict.differences += 1;
    if let Some(row) = index.or(events)
        && verdict.examples.len() < DIFFERENCES_MAX
    {
        verdict.examples.push(Difference {
            key: row.key.to_owned(),
            date: row.date,
            in_index: index.map(|row| row.events),
            in_events: events.map(|row| row.events),
        });
    }
}
