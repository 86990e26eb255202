//! Brings the index up to date: rows of new files are added as runs, days of which something was
//! taken are made anew, and the position moves in the same commit, so nothing is counted twice and
//! nothing is left out, whoever is killed and when. Several processes may do so at once: who comes
//! second is told so by the position.

use std::fmt;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use headwater_event::schema::OBSERVABLES;
use serde::Serialize;

use crate::blocking::isolated;
use crate::error::{LakeError, Result};
use crate::file::{ColumnRange, DataFile, parse_date};
use crate::lake::Lake;
use crate::log::commit::{Commit, Operation, PositionAdvance};
use crate::operations::delete;
use crate::table::Table;

use super::changes::Behind;
use super::compact::compact;
use super::files::rows_of_file;
use super::merge::merge_files;
use super::rows::IndexRows;
use super::run::write_run;

/// Size of the data files after which a step is committed, in bytes.
const STEP_BYTES: u64 = 512 << 20;

/// Memory of rows at which they become a run.
const ROWS_BYTES_MAX: usize = 192 << 20;

/// How often an update begins anew because another process was faster.
const ATTEMPTS_MAX: usize = 3;

/// Receives the progress of an update.
pub type IndexCallback = Arc<dyn Fn(&IndexProgress) + Send + Sync>;

/// How the index is brought up to date.
#[derive(Clone)]
pub struct IndexOptions {
    /// Files that are read at the same time.
    pub threads: usize,
    /// Whether everything is made anew.
    pub rebuild: bool,
    /// Whether all runs are merged into one, not only where there are many of one size.
    pub merge_all: bool,
    /// Is told after each file.
    pub progress: Option<IndexCallback>,
}

impl Default for IndexOptions {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { threads, rebuild: false, merge_all: false, progress: None }
    }
}

impl fmt::Debug for IndexOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IndexOptions")
            .field("threads", &self.threads)
            .field("rebuild", &self.rebuild)
            .field("merge_all", &self.merge_all)
            .finish_non_exhaustive()
    }
}

/// How far an update is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexProgress {
    /// Files of `events` read.
    pub files_done: usize,
    /// Files of `events` to be read.
    pub files: usize,
}

/// What an update did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IndexReport {
    /// Version of `events` that the index has all rows of.
    pub events_version: u64,
    /// Files of `events` that were read.
    pub files: usize,
    /// Rows that were added to the index.
    pub rows: u64,
    /// Days that were made anew since something was taken from them.
    pub days_anew: usize,
    /// Whether all was made anew.
    pub anew: bool,
    /// Merges of runs.
    pub merges: usize,
}

/// Brings the index of a lake up to date, and makes it when there is none. Does nothing when the
/// lake has no events.
///
/// # Errors
/// `Conflict` when other processes were faster several times; whatever the storage answers.
pub async fn update(lake: &Lake, options: &IndexOptions) -> Result<IndexReport> {
    let events = lake.table(headwater_event::schema::EVENTS)?;
    let index = lake.table(OBSERVABLES)?;
    let mut report = IndexReport::default();
    if !events.exists().await? {
        return Ok(report);
    }
    index.ensure_created().await?;
    let mut rebuild = options.rebuild;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let mut behind = Behind::find(&events, &index).await?;
        if rebuild {
            behind = behind.everything(&events).await?;
        }
        let work = Update { events: &events, index: &index, options };
        match work.catch_up(behind, &mut report).await {
            Ok(()) => break,
            Err(LakeError::PositionConflict { .. } | LakeError::FileConflict { .. })
                if attempt < ATTEMPTS_MAX =>
            {
                // Another process did a part of it.
                rebuild = rebuild && !report.anew;
            }
            Err(error) => return Err(error),
        }
    }
    report.merges = compact(&index, options.merge_all).await?;
    index.settle().await;
    Ok(report)
}

/// Adds rows that were made elsewhere, as those of the versions of `events` up to `version`.
/// Whoever makes them answers for that; `verify` tells.
///
/// # Errors
/// `Conflict` when the index moved meanwhile; whatever the storage answers.
pub async fn append(events: &Table, index: &Table, rows: &IndexRows, version: u64) -> Result<u64> {
    let behind = Behind::find(events, index).await?;
    let files = write_run(index, rows).await?;
    index.commit(Commit::append(files, vec![advance(&behind, version)])).await
}

struct Update<'a> {
    events: &'a Table,
    index: &'a Table,
    options: &'a IndexOptions,
}

impl Update<'_> {
    async fn catch_up(&self, mut behind: Behind, report: &mut IndexReport) -> Result<()> {
        report.events_version = behind.version;
        if behind.is_nothing() {
            return Ok(());
        }
        let mut progress = IndexProgress { files: behind.files(), ..IndexProgress::default() };
        if !behind.is_anew && behind.dates.is_empty() {
            for (version, files) in behind.steps(STEP_BYTES) {
                match self.runs(&files, &mut progress).await? {
                    Runs::Made { files: adds, rows } => {
                        let advance = vec![advance(&behind, version)];
                        self.commit(Commit::append(adds, advance)).await?;
                        behind.from = i64::try_from(version).ok();
                        report.files += files.len();
                        report.rows += rows;
                    }
                    Runs::Gone(file) => {
                        behind = Behind::find(self.events, self.index).await?;
                        behind.distrust(self.events, &file).await?;
                        break;
                    }
                }
            }
        }
        if behind.is_anew || !behind.dates.is_empty() {
            self.replace(behind, &mut progress, report).await?;
        }
        Ok(())
    }

    /// Replaces the rows of some days, or all rows.
    async fn replace(
        &self,
        mut behind: Behind,
        progress: &mut IndexProgress,
        report: &mut IndexReport,
    ) -> Result<()> {
        let (mut adds, rows) = loop {
            progress.files = progress.files_done + behind.files();
            let files: Vec<_> = behind.added.iter().map(|(_, file)| Arc::clone(file)).collect();
            match self.runs(&files, progress).await? {
                Runs::Made { files, rows } => break (files, rows),
                Runs::Gone(file) => behind.distrust(self.events, &file).await?,
            }
        };
        let snapshot = self.index.snapshot().await?;
        let concerned = |file: &DataFile| behind.is_anew || has_date_of(file, &behind);
        let removes = snapshot.files().iter().filter(|file| concerned(file)).cloned();
        let removes: Vec<Arc<DataFile>> = removes.collect();
        if !behind.is_anew {
            let (table, inputs) = (self.index.clone(), removes.clone());
            let dates = behind.dates.clone();
            let work = move || async move {
                merge_files(&table, &inputs, |row| !dates.contains(&row.date)).await
            };
            adds.extend(isolated("merge the index", work).await?);
        }
        report.files += behind.files();
        report.rows += rows;
        report.days_anew += behind.dates.len();
        report.anew |= behind.is_anew && behind.from.is_some();
        let version = snapshot.version();
        let mut commit = Commit::replace(Operation::Rewrite, version, removes, adds, true);
        commit.positions.push(advance(&behind, behind.version));
        self.commit(commit).await
    }

    /// Writes what files of events give as runs.
    async fn runs(&self, files: &[Arc<DataFile>], progress: &mut IndexProgress) -> Result<Runs> {
        let mut rows_of_files = futures::stream::iter(files.to_vec())
            .map(|file| {
                let events = self.events.clone();
                async move {
                    let read = Arc::clone(&file);
                    let work = move || async move { rows_of_file(&events, &read).await };
                    isolated("read observables", work).await.map(|rows| (file, rows))
                }
            })
            .buffer_unordered(self.options.threads.max(1));
        let (mut rows, mut count, mut runs) = (IndexRows::default(), 0, Vec::new());
        while let Some((file, of_file)) = rows_of_files.try_next().await? {
            let Some(of_file) = of_file else {
                delete(self.index, &runs).await;
                return Ok(Runs::Gone(file));
            };
            of_file.rows().for_each(|row| rows.add(&row));
            progress.files_done += 1;
            if let Some(callback) = &self.options.progress {
                callback(progress);
            }
            if rows.bytes() >= ROWS_BYTES_MAX {
                count += rows.len();
                runs.extend(self.run(std::mem::take(&mut rows)).await?);
            }
        }
        count += rows.len();
        runs.extend(self.run(rows).await?);
        Ok(Runs::Made { files: runs, rows: u64::try_from(count).unwrap_or(u64::MAX) })
    }

    async fn run(&self, rows: IndexRows) -> Result<Vec<DataFile>> {
        let table = self.index.clone();
        isolated("write the index", move || async move { write_run(&table, &rows).await }).await
    }

    /// Commits; the new files are deleted when another process was faster.
    async fn commit(&self, commit: Commit) -> Result<()> {
        let adds = commit.adds.clone();
        match self.index.commit(commit).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let lost = matches!(
                    error,
                    LakeError::PositionConflict { .. } | LakeError::FileConflict { .. }
                );
                if lost {
                    delete(self.index, &adds).await;
                }
                Err(error)
            }
        }
    }
}

/// What came of reading files of events.
enum Runs {
    Made {
        files: Vec<DataFile>,
        rows: u64,
    },
    /// A file is not in storage any more: its rows are in others.
    Gone(Arc<DataFile>),
}

fn advance(behind: &Behind, version: u64) -> PositionAdvance {
    PositionAdvance {
        partition: behind.position.as_str().into(),
        expected: behind.from,
        offset: i64::try_from(version).unwrap_or(i64::MAX),
    }
}

/// Whether a file of the index may have rows of the days that are made anew.
fn has_date_of(file: &DataFile, behind: &Behind) -> bool {
    let none = ColumnRange::default();
    let range = file.statistics().columns.get("date").unwrap_or(&none);
    let date = |value: &Option<serde_json::Value>| parse_date(value.as_ref()?.as_str()?);
    let (first, last) = (date(&range.min), date(&range.max));
    let (first, last) = (first.unwrap_or(i32::MIN), last.unwrap_or(i32::MAX));
    behind.dates.range(first..=last).next().is_some()
}
