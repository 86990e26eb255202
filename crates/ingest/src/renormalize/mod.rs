//! Rows that are in the table already get the OCSF side that today's mappings give them; their
//! shell stays.
//!
//! A file is written anew from the first row that changes, so one without change costs no writing.
//! Rows before it are held in memory, or read again when they are many. Files are swapped in
//! groups, one commit each: whatever ends the run, each row is in the table once, and the next run
//! finds the rows of earlier groups as they should be.

mod record;
mod remap;
mod report;
mod row;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use headwater_event::schema::EVENTS;
use headwater_lake::operations::{FileRewrite, FileRows, Rewrite, RewriteOptions, Settled};
use headwater_lake::{DataFile, Snapshot, Table};

pub use report::{ClassChange, Classes, Kept, RenormalizeProgress, RenormalizeReport, RowCounts};

use self::remap::{Remapped, Remapper};
use crate::IngestError;
use crate::run::IngestContext;

/// Looks at the table this often when other writers remove files meanwhile.
const PASSES_MAX: u32 = 10;

/// Bytes of unchanged rows that are held in case that a later one changes.
const AHEAD_BYTES_MAX: usize = 32 << 20;

/// What a row's record is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordSource {
    /// The original text, column `raw`.
    Raw,
    /// What normalizers made of it, column `details`.
    Details,
}

/// Why rows could not be chosen.
pub type SelectionError = Box<dyn std::error::Error + Send + Sync>;

/// Which rows are renormalised.
pub trait Selection: Send + Sync {
    /// Files that may hold chosen rows.
    ///
    /// # Errors
    /// The condition fails.
    fn files(&self, snapshot: &Snapshot) -> Result<Vec<Arc<DataFile>>, SelectionError>;

    /// The chosen ones of some rows; without nulls.
    ///
    /// # Errors
    /// The condition fails.
    fn matches(&self, rows: &RecordBatch) -> Result<BooleanArray, SelectionError>;
}

/// Is told how far a run is.
pub type ProgressCallback = Arc<dyn Fn(&RenormalizeProgress) + Send + Sync>;

/// How rows are renormalised.
#[derive(Clone)]
pub struct RenormalizeOptions {
    /// What records are made of.
    pub from: RecordSource,
    /// Threads that map.
    pub threads: usize,
    /// Only report what would change.
    pub dry_run: bool,
    /// How files are swapped.
    pub rewrite: RewriteOptions,
    /// Is told after each batch of rows.
    pub progress: Option<ProgressCallback>,
}

impl fmt::Debug for RenormalizeOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RenormalizeOptions")
            .field("from", &self.from)
            .field("threads", &self.threads)
            .field("dry_run", &self.dry_run)
            .field("rewrite", &self.rewrite)
            .finish_non_exhaustive()
    }
}

impl RenormalizeOptions {
    /// Maps records made of this, on all processors.
    #[must_use]
    pub fn new(from: RecordSource) -> Self {
        Self {
            from,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            dry_run: false,
            rewrite: RewriteOptions::default(),
            progress: None,
        }
    }
}

/// Gives the chosen rows of `events` the OCSF side that the pipeline gives them today. Rows that
/// arrive meanwhile are those of whoever ingests them.
///
/// # Errors
/// `Unavailable` when another process compacts or rewrites the table; the condition fails; the
/// table cannot be read or written.
pub async fn renormalize(
    context: &IngestContext,
    selection: &dyn Selection,
    options: &RenormalizeOptions,
) -> Result<RenormalizeReport, IngestError> {
    let table = context.lake.table(EVENTS).map_err(IngestError::lake("open a table"))?;
    if !options.dry_run {
        table.ensure_created().await.map_err(IngestError::lake("open a table"))?;
    }
    let mut run = Run {
        table,
        selection,
        options,
        remapper: Remapper::new(&context.pipeline, options.from, options.threads),
        rewrite: None,
        waiting: BTreeMap::new(),
        done: HashSet::new(),
        report: RenormalizeReport { dry_run: options.dry_run, ..RenormalizeReport::default() },
        progress: RenormalizeProgress::default(),
    };
    let result = run.passes().await;
    if let Some(rewrite) = run.rewrite.take() {
        rewrite.end().await;
    }
    result.map(|()| run.report)
}

fn lease() -> impl FnOnce(headwater_lake::LakeError) -> IngestError {
    IngestError::lake("take the lease of the table `events`")
}

struct Run<'a> {
    table: Table,
    selection: &'a dyn Selection,
    options: &'a RenormalizeOptions,
    remapper: Remapper,
    /// Begun with the first file that changes.
    rewrite: Option<Rewrite>,
    /// What was found in files that wait for their commit.
    waiting: BTreeMap<String, Tally>,
    /// Files that need no further look.
    done: HashSet<String>,
    report: RenormalizeReport,
    progress: RenormalizeProgress,
}

/// What was found in one file.
#[derive(Debug, Default)]
struct Tally {
    counts: RowCounts,
    classes: Classes,
}

/// What a look at a file led to.
enum Look {
    /// Nothing: its rows are not in order, and too many to be put in order.
    Unsorted,
    /// No row changes.
    Unchanged(Tally),
    /// Rows would change.
    WouldChange(Tally),
    /// Rows changed, and this takes the place of the file.
    Rewritten(Tally, Box<FileRewrite>),
    /// A row changes, and too many before it do not: they have to be read again.
    TooFarBehind,
}

/// Rows before the first one that changes, as long as they are not too many.
#[derive(Default)]
struct Ahead {
    batches: Vec<RecordBatch>,
    bytes: usize,
    is_over: bool,
}

impl Ahead {
    fn push(&mut self, batch: RecordBatch) {
        self.bytes = self.bytes.saturating_add(batch.get_array_memory_size());
        self.is_over |= self.bytes > AHEAD_BYTES_MAX;
        self.batches.push(batch);
        if self.is_over {
            self.batches.clear();
        }
    }

    /// All of them; `None` when they were too many.
    fn take(&mut self) -> Option<Vec<RecordBatch>> {
        (!self.is_over).then(|| std::mem::take(&mut self.batches))
    }
}

impl Tally {
    fn add(&mut self, remapped: &Remapped) {
        self.counts.add(&remapped.counts);
        self.classes.add(&remapped.classes);
    }
}

impl Run<'_> {
    async fn passes(&mut self) -> Result<(), IngestError> {
        for _ in 0..PASSES_MAX {
            let snapshot = self.table.snapshot().await.map_err(IngestError::lake("read events"))?;
            let mut files = self.selection.files(&snapshot).map_err(IngestError::selection)?;
            files.retain(|file| !self.done.contains(&file.path));
            let count = u64::try_from(files.len()).unwrap_or(u64::MAX);
            self.progress.files = self.progress.files_done.saturating_add(count);
            self.progress.bytes =
                self.progress.bytes_done + files.iter().map(|file| file.size).sum::<u64>();
            let mut conflicts = false;
            for file in files {
                conflicts |= self.file(&file).await?;
                self.progress.files_done += 1;
                self.progress.bytes_done += file.size;
                self.tell();
            }
            conflicts |= self.commit().await?;
            if !conflicts {
                return Ok(());
            }
            tracing::info!("another process replaced files of the table, looking again");
        }
        Err(IngestError::Contended { attempts: PASSES_MAX })
    }

    /// Looks at one file and rewrites it where rows change. True when another writer removed files.
    async fn file(&mut self, file: &Arc<DataFile>) -> Result<bool, IngestError> {
        match self.look(file, false).await? {
            Look::Unsorted => {
                self.report.files_unsorted += 1;
                self.done.insert(file.path.clone());
                Ok(false)
            }
            Look::Unchanged(tally) => {
                self.settle_one(&file.path, &tally);
                Ok(false)
            }
            Look::WouldChange(tally) => {
                self.report.files_rewritten += 1;
                self.settle_one(&file.path, &tally);
                Ok(false)
            }
            Look::Rewritten(tally, new) => self.add(file, tally, *new).await,
            Look::TooFarBehind => match self.look(file, true).await? {
                Look::Rewritten(tally, new) => self.add(file, tally, *new).await,
                _ => Ok(false),
            },
        }
    }

    /// Reads a file, and writes it anew from the first row that changes, or from the beginning when
    /// that `is_due`.
    async fn look(&mut self, file: &Arc<DataFile>, is_due: bool) -> Result<Look, IngestError> {
        let opened = FileRows::open(&self.table, file).await;
        let Some(mut rows) = opened.map_err(reading())? else { return Ok(Look::Unsorted) };
        let mut tally = Tally::default();
        let mut changes = false;
        let mut ahead = Ahead::default();
        let mut new = if is_due { Some(self.begin(file).await?) } else { None };
        while let Some(batch) = rows.next().await.map_err(reading())? {
            let remapped = self.remap(&batch).await?;
            tally.add(&remapped);
            let changed = remapped.rows.is_some();
            changes |= changed;
            let batch = remapped.rows.unwrap_or(batch);
            if self.options.dry_run {
                continue;
            }
            if changed && new.is_none() {
                let Some(earlier) = ahead.take() else { return Ok(Look::TooFarBehind) };
                let mut begun = self.begin(file).await?;
                for batch in &earlier {
                    begun.write(batch).await.map_err(writing())?;
                }
                new = Some(begun);
            }
            match &mut new {
                Some(new) => new.write(&batch).await.map_err(writing())?,
                None => ahead.push(batch),
            }
        }
        Ok(match new {
            Some(new) => Look::Rewritten(tally, Box::new(new)),
            None if changes => Look::WouldChange(tally),
            None => Look::Unchanged(tally),
        })
    }

    async fn begin(&mut self, file: &Arc<DataFile>) -> Result<FileRewrite, IngestError> {
        if self.rewrite.is_none() {
            let rewrite = Rewrite::begin(&self.table, self.options.rewrite.clone()).await;
            self.rewrite = Some(rewrite.map_err(lease())?);
        }
        FileRewrite::begin(&self.table, file).await.map_err(writing())
    }

    /// Hands in a file that was written anew. True when another writer removed files meanwhile.
    async fn add(
        &mut self,
        file: &Arc<DataFile>,
        tally: Tally,
        new: FileRewrite,
    ) -> Result<bool, IngestError> {
        self.waiting.insert(file.path.clone(), tally);
        let Some(rewrite) = &mut self.rewrite else { return Ok(false) };
        let settled = rewrite.add(new).await.map_err(committing())?;
        Ok(self.settle(settled))
    }

    async fn remap(&mut self, batch: &RecordBatch) -> Result<Remapped, IngestError> {
        if let Some(rewrite) = &mut self.rewrite {
            rewrite.keep_lease().await.map_err(lease())?;
        }
        let chosen = self.selection.matches(batch).map_err(IngestError::selection)?;
        self.remapper.remap(batch, &chosen)
    }

    async fn commit(&mut self) -> Result<bool, IngestError> {
        let Some(rewrite) = &mut self.rewrite else { return Ok(false) };
        let settled = rewrite.commit().await.map_err(committing())?;
        Ok(self.settle(settled))
    }

    /// Counts what was committed, and nothing else. True when another writer removed files.
    fn settle(&mut self, settled: Settled) -> bool {
        for path in &settled.replaced {
            if let Some(tally) = self.waiting.remove(path) {
                self.report.files_rewritten += 1;
                self.settle_one(path, &tally);
            }
        }
        for path in &settled.conflicts {
            self.waiting.remove(path);
        }
        self.done.extend(settled.added);
        self.report.version = settled.version.or(self.report.version);
        self.tell();
        !settled.conflicts.is_empty()
    }

    fn settle_one(&mut self, path: &str, tally: &Tally) {
        self.report.files += 1;
        self.report.rows.add(&tally.counts);
        self.report.classes.add(&tally.classes);
        self.done.insert(path.to_owned());
    }

    fn tell(&mut self) {
        self.progress.rows_changed = self.report.rows.changed;
        if let Some(callback) = &self.options.progress {
            callback(&self.progress);
        }
    }
}

fn reading() -> impl FnOnce(headwater_lake::LakeError) -> IngestError {
    IngestError::lake("read a data file of events")
}

fn writing() -> impl FnOnce(headwater_lake::LakeError) -> IngestError {
    IngestError::lake("write a data file of events")
}

fn committing() -> impl FnOnce(headwater_lake::LakeError) -> IngestError {
    IngestError::lake("commit to events")
}
