//! Searches the index, and what it lacks.

use std::sync::Arc;

use crate::blocking::isolated;
use crate::error::Result;
use crate::file::DataFile;
use crate::table::Table;
use futures::{StreamExt as _, TryStreamExt as _};

use super::changes::Behind;
use super::files::rows_of_file;
use super::lookup::lookup;
use super::ranges::KeyRanges;
use super::rows::IndexRows;

/// Files of events that are read at the same time.
const READS_MAX: usize = 4;

/// How often a search begins anew because files were deleted under it.
const ATTEMPTS_MAX: usize = 3;

/// What a search found.
#[derive(Debug, Default)]
pub struct Found {
    /// Rows with keys in the ranges: also of files that the index does not have yet.
    pub rows: IndexRows,
    /// Files of `events` that were read since the index does not have them.
    pub files_read: usize,
}

/// Finds all rows with keys in the given ranges, in the whole lake.
///
/// # Errors
/// `NotFound` when the lake has no events; whatever reading or the storage answers.
pub async fn search(events: &Table, index: &Table, ranges: KeyRanges) -> Result<Found> {
    let ranges = Arc::new(ranges);
    let mut behind = Behind::find(events, index).await?;
    for attempt in 1.. {
        match read_lacking(events, &behind, &ranges).await? {
            Lacking::Rows(mut rows) => {
                let found = indexed(index, &behind, &ranges).await?;
                found.rows().for_each(|row| rows.add(&row));
                return Ok(Found { rows, files_read: behind.files() });
            }
            Lacking::Gone(file) if attempt < ATTEMPTS_MAX => {
                behind.distrust(events, &file).await?;
            }
            Lacking::Gone(file) => return Err(events.gone(&file)),
        }
    }
    Ok(Found::default())
}

/// Rows of the index that can be trusted.
pub(super) async fn indexed(
    index: &Table,
    behind: &Behind,
    ranges: &Arc<KeyRanges>,
) -> Result<IndexRows> {
    if behind.is_anew {
        return Ok(IndexRows::default());
    }
    let snapshot = index.snapshot().await?;
    lookup(index, &snapshot, ranges, &behind.dates).await
}

enum Lacking {
    Rows(IndexRows),
    /// A file is not in storage any more: its rows are in others.
    Gone(Arc<DataFile>),
}

/// Rows of the files that the index lacks.
async fn read_lacking(events: &Table, behind: &Behind, ranges: &Arc<KeyRanges>) -> Result<Lacking> {
    let files: Vec<_> = behind.added.iter().map(|(_, file)| Arc::clone(file)).collect();
    let mut all = futures::stream::iter(files)
        .map(|file| {
            let events = events.clone();
            async move {
                let read = Arc::clone(&file);
                let work = move || async move { rows_of_file(&events, &read).await };
                isolated("read observables", work).await.map(|rows| (file, rows))
            }
        })
        .buffer_unordered(READS_MAX);
    let mut rows = IndexRows::default();
    while let Some((file, of_file)) = all.try_next().await? {
        let Some(of_file) = of_file else { return Ok(Lacking::Gone(file)) };
        of_file.rows().filter(|row| ranges.have(row.key)).for_each(|row| rows.add(&row));
    }
    Ok(Lacking::Rows(rows))
}
