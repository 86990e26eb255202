//! The task behind a running data path: takes what the workers made, in order, shows it to queries,
//! and commits it by size and by age.
//!
//! Jobs come with the positions that hold after them; a generation's commit carries these. A commit
//! that fails is tried again until it goes through, or until another process has moved one of the
//! positions: then what was gathered is in the tables already, or will be by whoever reads there
//! now, and the data path ends so that its owner looks again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::generation::{Generation, Pending, Tables};
use crate::hot::{HotBatch, HotFeed};
use crate::positions::FilePosition;
use crate::worker::Processed;
use crate::{IngestError, LiveOptions};

/// First and longest pause before a failed commit is tried again.
pub(crate) const RETRY_PAUSES: (Duration, Duration) =
    (Duration::from_millis(250), Duration::from_secs(15));

/// A generation waits for the commit before it until it is so many times as large as one that is
/// committed at once.
const GENERATION_COMMITS_MAX: usize = 2;

/// How long rows gather when somebody waits for their commit: one for every batch would write many
/// tiny files while much is left to do.
const HURRIED_AGE: Duration = Duration::from_millis(300);

/// What the owner of a data path does with its progress.
pub(crate) trait Tally: Send + 'static {
    /// The rows up to this position can be queried.
    fn gathered(&mut self, partition: &Arc<str>, end: FilePosition);

    /// What was gathered until now is being committed.
    fn committing(&mut self);

    /// It is in the tables.
    fn committed(&mut self);
}

/// The task that gathers rows and commits them.
pub(crate) struct Collector<T> {
    tally: T,
    hot: HotFeed,
    /// Whether what there is shall be committed at once.
    hurried: watch::Receiver<bool>,
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
        /// Batches of rows in it.
        batches: usize,
        task: Committing,
    },
    /// A commit could not be made, and never will.
    Failed,
}

impl<T: Tally> Collector<T> {
    /// A collector that has gathered nothing yet.
    pub(crate) fn new(
        tally: T,
        hot: HotFeed,
        hurried: watch::Receiver<bool>,
        permits: Arc<Semaphore>,
        tables: Tables,
        options: LiveOptions,
    ) -> Self {
        let (generation, oldest) = (Generation::default(), None);
        let flush = Flush::Idle(Box::new(tables));
        Self { tally, hot, hurried, permits, options, generation, oldest, flush }
    }

    /// Works until the workers are gone and everything is in the tables.
    pub(crate) async fn run(
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
            let mut age = self.options.commit_age;
            if *self.hurried.borrow() {
                age = age.min(HURRIED_AGE);
            }
            let due = self.oldest.map(|oldest| oldest + age);
            let is_idle = matches!(self.flush, Flush::Idle(_));
            let is_due = due.is_some_and(|due| due <= Instant::now());
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
        let end = processed.end;
        let partition = processed.known.partition.clone().unwrap_or_default();
        if let Some(rows) = &processed.events {
            metrics::counter!("headwater_events_total").increment(rows.num_rows() as u64);
            let (partition, rows) = (Arc::clone(&partition), rows.clone());
            self.hot.add(HotBatch { partition, position: end.offset(), rows });
        }
        metrics::counter!("headwater_rejects_total").increment(processed.rejects.len() as u64);
        metrics::counter!("headwater_dropped_total").increment(processed.dropped);
        self.generation.add(processed);
        self.oldest.get_or_insert_with(Instant::now);
        self.permits.add_permits(1);
        self.tally.gathered(&partition, end);
    }

    fn start_flush(&mut self) {
        let Flush::Idle(tables) = std::mem::replace(&mut self.flush, Flush::Failed) else { return };
        let generation = std::mem::take(&mut self.generation);
        self.oldest = None;
        let batches = generation.batches();
        let task = Committing(tokio::spawn(commit(tables, generation)));
        self.tally.committing();
        self.flush = Flush::Running { batches, task };
    }

    fn flushed(
        &mut self,
        result: Result<(usize, Box<Tables>), IngestError>,
    ) -> Result<(), IngestError> {
        let (batches, tables) = result?;
        self.flush = Flush::Idle(tables);
        self.hot.committed(batches);
        self.tally.committed();
        Ok(())
    }

    /// No more comes.
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

/// A commit under way. Whoever gives up a data path gives it up; positions tell later whether it
/// went through.
struct Committing(JoinHandle<Result<Box<Tables>, IngestError>>);

impl Drop for Committing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Flush {
    /// Waits for the running commit: the batches that are in the tables then, and the tables.
    async fn finished(&mut self) -> Result<(usize, Box<Tables>), IngestError> {
        let Self::Running { batches, task } = self else {
            return Err(IngestError::Thread { thread: "commit" });
        };
        let batches = *batches;
        let tables =
            (&mut task.0).await.map_err(|_| IngestError::Thread { thread: "commit" })??;
        Ok((batches, tables))
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Commits a generation, however long it takes; fails when another process has moved a position.
async fn commit(
    mut tables: Box<Tables>,
    generation: Generation,
) -> Result<Box<Tables>, IngestError> {
    let started = Instant::now();
    let mut pending = tables.prepare(generation)?;
    let (mut pause, pause_max) = RETRY_PAUSES;
    while let Err(error) = attempt(&mut tables, &mut pending).await {
        if error.is_conflict() {
            return Err(error);
        }
        metrics::counter!("headwater_commit_failures_total").increment(1);
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "a commit failed, nothing is lost; trying again in {pause:?}"
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
