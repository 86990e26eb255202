//! The data path of a server: entries of the journal through the pipeline into the tables, for as
//! long as the journal is open.
//!
//! A job is a run of whole entries, so a position between two jobs is one between two entries. What
//! a generation's commit says of the journal (`journal/<id>`) is how many entries are in the
//! tables; after a crash reading starts there. A commit that fails is tried again until it goes
//! through: meanwhile the journal grows, up to its limit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use headwater_event::{Timestamp, schema};
use headwater_journal::{Journal, JournalReader, Next, Release};
use headwater_lake::Lake;
use headwater_sources::envelope_batch::{EnvelopeBatch, EnvelopeBatchBuilder};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use uuid::Uuid;

use crate::generation::{Generation, Pending, Tables};
use crate::hot::{HotBatch, HotRows};
use crate::positions::FilePosition;
use crate::run::IngestContext;
use crate::worker::{Job, KnownInput, Processed, Records};
use crate::workers::{Jobs, Workers, spawn};
use crate::{IngestError, RawPolicy};

/// First and longest pause before a failed commit is tried again.
const RETRY_PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));

/// A generation waits for the commit before it until it is so many times as large as one that is
/// committed at once.
const GENERATION_COMMITS_MAX: usize = 2;

/// Settings of a running data path.
#[derive(Debug, Clone)]
pub struct LiveOptions {
    /// Threads that run the pipeline.
    pub workers: usize,
    /// Rows are committed when they take this many bytes of memory. At most three times as much is
    /// in memory: what is being committed, and what gathers meanwhile.
    pub commit_bytes: usize,
    /// Rows are committed when the oldest has waited this long.
    pub commit_age: Duration,
    /// Small entries are processed together up to this many bytes.
    pub job_bytes: usize,
    /// Which originals are kept in `raw`.
    pub raw: RawPolicy,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            commit_bytes: 128 << 20,
            commit_age: Duration::from_secs(5),
            job_bytes: 1 << 20,
            raw: RawPolicy::default(),
        }
    }
}

/// A running data path.
#[derive(Debug)]
pub struct Live {
    hot: HotRows,
    processed: watch::Receiver<u64>,
    committed: watch::Receiver<u64>,
    hurry: watch::Sender<bool>,
    collector: JoinHandle<Result<(), IngestError>>,
}

fn partition(id: Uuid) -> Arc<str> {
    format!("journal/{id}").into()
}

/// The journal's positions in `events` and `rejects`.
async fn offsets(lake: &Lake, name: &str) -> Result<(Option<i64>, Option<i64>), IngestError> {
    let mut found = [None, None];
    for (place, table) in found.iter_mut().zip([schema::EVENTS, schema::REJECTS]) {
        let table = lake.table(table).map_err(IngestError::lake("open a table"))?;
        table.ensure_created().await.map_err(IngestError::lake("create a table"))?;
        let positions = table.positions(&[name]).await;
        let positions = positions.map_err(IngestError::lake("read positions"))?;
        *place = positions.get(name).copied();
    }
    let [events, rejects] = found;
    Ok((events, rejects))
}

impl Live {
    /// How many entries of a journal are in the tables of a lake, which are made when they do not
    /// exist: what [`Journal::open`] wants to know.
    ///
    /// # Errors
    /// The lake does not answer.
    pub async fn committed_entries(lake: &Lake, id: Uuid) -> Result<u64, IngestError> {
        let (events, _) = offsets(lake, &partition(id)).await?;
        Ok(FilePosition::from_offset(events).frames)
    }

    /// Starts to put what is in a journal, and what is appended to it, into the tables.
    ///
    /// # Errors
    /// The lake does not answer, or threads cannot be started.
    pub async fn start(
        context: &IngestContext,
        journal: &Journal,
        options: LiveOptions,
    ) -> Result<Self, IngestError> {
        let name = partition(journal.id());
        let (events_offset, rejects_offset) = offsets(&context.lake, &name).await?;
        let tables = Tables::open(&context.lake, &context.writer).await?;
        let from = FilePosition::from_offset(events_offset).frames;
        let Workers { jobs, outputs, permits } =
            Workers::start(context, &options.raw, options.workers)?;
        let partition = Some(Arc::clone(&name));
        let known =
            KnownInput { partition, events_offset, rejects_offset, ..KnownInput::default() };
        let drain = Drain {
            reader: journal.reader(from),
            known,
            job_bytes: options.job_bytes,
            runtime: tokio::runtime::Handle::current(),
            permits: Arc::clone(&permits),
            now: context.now,
        };
        spawn("journal", move || drain.run(&jobs))?;
        let hot = HotRows::new(name);
        let (processed_sender, processed) = watch::channel(from);
        let (committed_sender, committed) = watch::channel(from);
        let (hurry, hurried) = watch::channel(false);
        let collector = Collector {
            hot: hot.clone(),
            processed: processed_sender,
            committed: committed_sender,
            hurried,
            release: journal.releaser(),
            permits,
            options,
            generation: Generation::default(),
            oldest: None,
            flush: Flush::Idle(Box::new(tables)),
        };
        let collector = tokio::spawn(collector.run(outputs));
        Ok(Self { hot, processed, committed, hurry, collector })
    }

    /// Rows that are not in a table yet.
    #[must_use]
    pub fn hot(&self) -> &HotRows {
        &self.hot
    }

    /// The rows of entries below this number can be queried.
    #[must_use]
    pub fn processed(&self) -> watch::Receiver<u64> {
        self.processed.clone()
    }

    /// Entries of the journal below this number are in the tables.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }

    /// Waits until the data path stops, which it does on its own only when it fails.
    pub async fn failed(&mut self) -> IngestError {
        match (&mut self.collector).await {
            Ok(Err(error)) => error,
            Ok(Ok(())) | Err(_) => IngestError::Thread { thread: "collector" },
        }
    }

    /// Waits until everything in the journal, which must have been closed, is in the tables. When
    /// the lake does not answer for `patience`, the rest stays in the journal for the next start.
    ///
    /// # Errors
    /// Something stopped the data path.
    pub async fn finish(self, patience: Duration) -> Result<(), IngestError> {
        self.hurry.send_replace(true);
        match tokio::time::timeout(patience, self.collector).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(IngestError::Thread { thread: "collector" }),
            Err(_) => {
                tracing::warn!("the lake does not answer: the journal keeps what is left");
                Ok(())
            }
        }
    }
}

/// The thread that reads the journal.
struct Drain {
    reader: JournalReader,
    known: KnownInput,
    job_bytes: usize,
    runtime: tokio::runtime::Handle,
    permits: Arc<Semaphore>,
    now: fn() -> Timestamp,
}

impl Drain {
    fn run(mut self, jobs: &Jobs) {
        let mut sequence = 0;
        while let Some((batch, end)) = self.next_job() {
            let Ok(permit) = self.runtime.block_on(self.permits.acquire()) else { return };
            // The collector gives it back when the job has its place.
            permit.forget();
            let records = Records::Received { chunk: batch.freeze(), end };
            if jobs.send(Job { sequence, records, known: self.known.clone() }).is_err() {
                return;
            }
            sequence += 1;
        }
    }

    /// The next entry, and the following small ones that are there already. `None` at the end.
    fn next_job(&mut self) -> Option<(EnvelopeBatch, u64)> {
        let (mut batch, mut end) = self.next_entry()?;
        while batch.bytes() < self.job_bytes && self.reader.is_ready() {
            let Some((more, more_end)) = self.next_entry() else { break };
            batch.append(&more);
            end = more_end;
        }
        Some((batch, end))
    }

    fn next_entry(&mut self) -> Option<(EnvelopeBatch, u64)> {
        loop {
            match self.reader.read() {
                Ok(Next::Entry(entry)) => {
                    let end = entry.sequence + 1;
                    let decoded = EnvelopeBatch::decode(entry.payload.into(), entry.sequence);
                    let batch = decoded.unwrap_or_else(|(payload, error)| {
                        self.unreadable(payload, entry.sequence, &error)
                    });
                    return Some((batch, end));
                }
                Ok(Next::Damage(damage)) => {
                    metrics::counter!("headwater_journal_damage_total").increment(1);
                    tracing::error!(
                        file = %damage.file.display(), bytes = damage.bytes,
                        "a part of the journal cannot be read; it was copied aside"
                    );
                }
                Ok(Next::Closed) => return None,
                Err(error) => {
                    tracing::error!(%error, "the journal cannot be read, trying again");
                    std::thread::sleep(RETRY_PAUSES.1);
                }
            }
        }
    }

    /// An entry that is whole but not ours to understand: a reject with all its bytes.
    fn unreadable(
        &self,
        payload: Vec<u8>,
        entry: u64,
        error: &dyn std::error::Error,
    ) -> EnvelopeBatch {
        let mut batch = EnvelopeBatchBuilder::new(payload.len(), (self.now)());
        let origin = batch.origin(&headwater_event::Origin {
            name: format!("journal entry {entry}").into(),
            ..headwater_event::Origin::default()
        });
        batch.fault(origin, 0..payload.len(), error.to_string());
        let mut batch = batch.finish(payload);
        batch.set_entry(entry);
        batch
    }
}

/// The task that gathers rows and commits them.
struct Collector {
    hot: HotRows,
    /// Entries below this number are in the generation or before it.
    processed: watch::Sender<u64>,
    committed: watch::Sender<u64>,
    /// Whether the server is stopping.
    hurried: watch::Receiver<bool>,
    release: Release,
    permits: Arc<Semaphore>,
    options: LiveOptions,
    generation: Generation,
    /// When the generation began.
    oldest: Option<Instant>,
    flush: Flush,
}

/// The generation that is being committed, if any.
enum Flush {
    Idle(Box<Tables>),
    Running {
        entries: u64,
        task: JoinHandle<Result<Box<Tables>, IngestError>>,
    },
    /// A commit could not be made, and never will.
    Failed,
}

impl Collector {
    async fn run(
        mut self,
        mut outputs: mpsc::Receiver<Result<Processed, IngestError>>,
    ) -> Result<(), IngestError> {
        let mut waiting: BTreeMap<u64, Processed> = BTreeMap::new();
        let mut next = 0;
        // Rows gather, and can be queried, while the generation before is committed.
        let bytes_max = self.options.commit_bytes.saturating_mul(GENERATION_COMMITS_MAX);
        loop {
            let bytes = self.generation.bytes();
            let (is_large, is_full) = (bytes >= self.options.commit_bytes, bytes >= bytes_max);
            let due = self.oldest.map(|oldest| oldest + self.options.commit_age);
            let is_idle = matches!(self.flush, Flush::Idle(_));
            let is_due = due.is_some_and(|due| due <= Instant::now()) || *self.hurried.borrow();
            if is_idle && self.oldest.is_some() && (is_large || is_due) {
                self.start_flush();
                continue;
            }
            tokio::select! {
                result = self.flush.finished(), if !is_idle => self.flushed(result)?,
                processed = outputs.recv(), if !is_full => match processed {
                    Some(processed) => {
                        let processed = processed?;
                        waiting.insert(processed.sequence, processed);
                        while let Some(processed) = waiting.remove(&next) {
                            next += 1;
                            self.add(processed);
                        }
                    }
                    None => break,
                },
                () = sleep_until(due), if is_idle => {}
                Ok(()) = self.hurried.changed() => {}
            }
        }
        self.finish().await
    }

    fn add(&mut self, processed: Processed) {
        let FilePosition { frames: entries, .. } = processed.end;
        let position = processed.end.offset();
        if let Some(rows) = &processed.events {
            metrics::counter!("headwater_events_total").increment(rows.num_rows() as u64);
            self.hot.add(HotBatch { position, rows: rows.clone() });
        }
        metrics::counter!("headwater_rejects_total").increment(processed.rejects.len() as u64);
        metrics::counter!("headwater_dropped_total").increment(processed.dropped);
        self.generation.add(processed);
        self.oldest.get_or_insert_with(Instant::now);
        self.permits.add_permits(1);
        self.processed.send_replace(entries);
    }

    fn start_flush(&mut self) {
        let Flush::Idle(tables) = std::mem::replace(&mut self.flush, Flush::Failed) else { return };
        let generation = std::mem::take(&mut self.generation);
        self.oldest = None;
        let task = tokio::spawn(commit(tables, generation));
        let entries = *self.processed.borrow();
        self.flush = Flush::Running { entries, task };
    }

    fn flushed(
        &mut self,
        result: Result<(u64, Box<Tables>), IngestError>,
    ) -> Result<(), IngestError> {
        let (entries, tables) = result?;
        self.flush = Flush::Idle(tables);
        let position = FilePosition { frames: entries, complete: false };
        self.hot.committed(position.offset());
        self.committed.send_replace(entries);
        if let Err(error) = self.release.release(entries) {
            tracing::warn!(%error, "space of the journal was not given back, trying again later");
        }
        Ok(())
    }

    /// The journal is closed and everything was read.
    async fn finish(&mut self) -> Result<(), IngestError> {
        loop {
            if !matches!(self.flush, Flush::Idle(_)) {
                let result = self.flush.finished().await;
                self.flushed(result)?;
            }
            if self.oldest.is_none() {
                break;
            }
            self.start_flush();
        }
        if let Flush::Idle(tables) = &self.flush {
            tables.settle().await;
        }
        Ok(())
    }
}

impl Flush {
    /// Waits for the running commit: the entries that are in the tables then, and the tables.
    async fn finished(&mut self) -> Result<(u64, Box<Tables>), IngestError> {
        let Self::Running { entries, task } = self else {
            return Err(IngestError::Thread { thread: "commit" });
        };
        let entries = *entries;
        let tables = task.await.map_err(|_| IngestError::Thread { thread: "commit" })??;
        Ok((entries, tables))
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Commits a generation, however long it takes.
async fn commit(
    mut tables: Box<Tables>,
    generation: Generation,
) -> Result<Box<Tables>, IngestError> {
    let started = Instant::now();
    let mut pending = tables.prepare(generation)?;
    let (mut pause, pause_max) = RETRY_PAUSES;
    while let Err(error) = attempt(&mut tables, &mut pending).await {
        metrics::counter!("headwater_commit_failures_total").increment(1);
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "a commit failed; the events stay in the journal, trying again in {pause:?}"
        );
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(pause_max);
    }
    metrics::counter!("headwater_commits_total").increment(pending.commits());
    metrics::histogram!("headwater_commit_seconds").record(started.elapsed().as_secs_f64());
    Ok(tables)
}

async fn attempt(tables: &mut Tables, pending: &mut Pending) -> Result<(), IngestError> {
    let Err(error) = tables.commit(pending).await else { return Ok(()) };
    // It may have gone through all the same.
    tables.look(pending).await?;
    if pending.is_done() { Ok(()) } else { Err(error) }
}
