//! The data path of a server: entries of the journal through the pipeline into the tables, for as
//! long as the journal is open.
//!
//! A job is a run of whole entries, so a position between two jobs is one between two entries. What
//! a generation's commit says of the journal (`journal/<id>`) is how many entries are in the
//! tables; after a crash reading starts there. A commit that fails is tried again until it goes
//! through: meanwhile the journal grows, up to its limit.

use std::sync::Arc;
use std::time::Duration;

use headwater_event::Timestamp;
use headwater_journal::{Journal, JournalReader, Next, Release};
use headwater_lake::Lake;
use headwater_sources::envelope_batch::{EnvelopeBatch, EnvelopeBatchBuilder};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::collector::{Collector, RETRY_PAUSES, Tally};
use crate::generation::Tables;
use crate::hot::HotRows;
use crate::positions::{FilePosition, stored};
use crate::run::IngestContext;
use crate::worker::{Job, KnownInput, Records};
use crate::workers::{Jobs, Workers, spawn};
use crate::{IngestError, RawPolicy};

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
    processed: watch::Receiver<u64>,
    committed: watch::Receiver<u64>,
    hurry: watch::Sender<bool>,
    collector: JoinHandle<Result<(), IngestError>>,
}

fn partition(id: Uuid) -> Arc<str> {
    format!("journal/{id}").into()
}

impl Live {
    /// How many entries of a journal are in the tables of a lake, which are made when they do not
    /// exist: what [`Journal::open`] wants to know.
    ///
    /// # Errors
    /// The lake does not answer.
    pub async fn committed_entries(lake: &Lake, id: Uuid) -> Result<u64, IngestError> {
        let position = stored(lake, &[partition(id)]).await?;
        let position = position.first().map_or(0, |stored| stored.frames());
        Ok(position)
    }

    /// Starts to put what is in a journal, and what is appended to it, into the tables; until then
    /// the rows are among `hot`.
    ///
    /// # Errors
    /// The lake does not answer, or threads cannot be started.
    pub async fn start(
        context: &IngestContext,
        journal: &Journal,
        options: LiveOptions,
        hot: &HotRows,
    ) -> Result<Self, IngestError> {
        let name = partition(journal.id());
        let position = stored(&context.lake, &[Arc::clone(&name)]).await?;
        let position = position.into_iter().next().unwrap_or_default();
        let tables = Tables::open(&context.lake, &context.writer).await?;
        let from = position.frames();
        let Workers { jobs, outputs, permits } =
            Workers::start(context, &options.raw, options.workers)?;
        let known = KnownInput::at(name, position);
        let drain = Drain {
            reader: journal.reader(from),
            known,
            job_bytes: options.job_bytes,
            runtime: tokio::runtime::Handle::current(),
            permits: Arc::clone(&permits),
            now: context.now,
        };
        spawn("journal", move || drain.run(&jobs))?;
        let (processed_sender, processed) = watch::channel(from);
        let (committed_sender, committed) = watch::channel(from);
        let tally = Entries {
            processed: processed_sender,
            committing: from,
            committed: committed_sender,
            release: journal.releaser(),
        };
        let (hurry, hurried) = watch::channel(false);
        let collector = Collector::new(tally, hot.feed(), hurried, permits, tables, options);
        let collector = tokio::spawn(collector.run(outputs));
        Ok(Self { processed, committed, hurry, collector })
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
        let (mut batch, mut end) = self.next_entry(true)?;
        while batch.bytes() < self.job_bytes {
            let Some((more, more_end)) = self.next_entry(false) else { break };
            batch.append(&more);
            end = more_end;
        }
        Some((batch, end))
    }

    /// The next entry; `None` at the end, and when it would have to be waited for and is not.
    fn next_entry(&mut self, waits: bool) -> Option<(EnvelopeBatch, u64)> {
        loop {
            let next = if waits { self.reader.read().map(Some) } else { self.reader.read_ready() };
            match next {
                Ok(Some(Next::Entry(entry))) => {
                    let end = entry.sequence + 1;
                    let decoded = EnvelopeBatch::decode(entry.payload.into(), entry.sequence);
                    let batch = decoded.unwrap_or_else(|(payload, error)| {
                        self.unreadable(payload, entry.sequence, &error)
                    });
                    return Some((batch, end));
                }
                Ok(Some(Next::Damage(damage))) => {
                    metrics::counter!("headwater_journal_damage_total").increment(1);
                    tracing::error!(
                        file = %damage.file.display(), bytes = damage.bytes,
                        "a part of the journal cannot be read; it was copied aside"
                    );
                }
                Ok(Some(Next::Closed) | None) => return None,
                Err(_) if !waits => return None,
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

/// What the collector's progress means for the journal, in entries.
struct Entries {
    /// Entries below this number are in a generation or in the tables.
    processed: watch::Sender<u64>,
    /// `processed` when the running commit began.
    committing: u64,
    committed: watch::Sender<u64>,
    release: Release,
}

impl Tally for Entries {
    fn gathered(&mut self, _: &Arc<str>, end: FilePosition) {
        self.processed.send_replace(end.frames);
    }

    fn committing(&mut self) {
        self.committing = *self.processed.borrow();
    }

    fn committed(&mut self) {
        self.committed.send_replace(self.committing);
        if let Err(error) = self.release.release(self.committing) {
            tracing::warn!(%error, "space of the journal was not given back, trying again later");
        }
    }
}
