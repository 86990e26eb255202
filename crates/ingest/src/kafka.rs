//! The data path of Apache Kafka: messages of a consumer group through the pipeline into the lake.
//!
//! The offset of each partition is a position in the tables, `kafka/<cluster>/<topic>/<partition>`,
//! committed with the rows, so a message is in the lake once whatever ends this process: reading
//! begins where the tables are. There is no journal; Kafka keeps what is not committed. Before
//! partitions go to another member, what was read of them is committed. Should that not work in
//! time, or another member have been faster, the commit finds the position moved: then everything
//! that was gathered is forgotten and read again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headwater_event::Timestamp;
use headwater_lake::Lake;
use headwater_sources::kafka::{
    KafkaBatch, KafkaError, KafkaOptions, KafkaReader, PartitionOwner, PositionsError,
};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot, watch};
use tokio::time::Instant;

use crate::collector::{Collector, Tally};
use crate::generation::Tables;
use crate::hot::HotRows;
use crate::positions::{FilePosition, Stored, stored};
use crate::run::IngestContext;
use crate::worker::{Job, KnownInput, Records};
use crate::workers::{Jobs, Workers, spawn};
use crate::{IngestError, LiveOptions};

/// Longest wait for messages, and so for a wish to stop.
const READ_WAIT: Duration = Duration::from_millis(200);

/// Longest wait for a commit before partitions go to another member.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(30);

/// Longest wait for the end of what follows a commit.
const LEAVE_TIME_MAX: Duration = Duration::from_secs(5);

/// First and longest pause before a membership that ended is followed by another.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A membership that held for so long counts as a success: the next pause is a short one.
const STABLE: Duration = Duration::from_secs(60);

/// Reads Kafka into the tables until `stop` is true; until they are committed the rows are among
/// `hot`. What can be waited for is waited for.
///
/// # Errors
/// librdkafka refuses the settings.
pub async fn follow_kafka(
    context: &IngestContext,
    kafka: &KafkaOptions,
    options: &LiveOptions,
    hot: &HotRows,
    mut stop: watch::Receiver<bool>,
) -> Result<(), IngestError> {
    let (mut pause, pause_max) = PAUSES;
    loop {
        let started = Instant::now();
        let result = member(context, kafka, options, hot, stop.clone()).await;
        if *stop.borrow() {
            return Ok(());
        }
        match result {
            Err(error) if error.kind().is_retryable() || error.is_conflict() => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "reading Kafka begins again from the positions in the lake, in {pause:?}"
            ),
            Err(error) => return Err(error),
            Ok(()) => {}
        }
        if started.elapsed() > STABLE {
            (pause, _) = PAUSES;
        }
        tokio::select! {
            () = stopped(&mut stop) => return Ok(()),
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(pause_max),
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Whoever could stop it is gone: the same as a stop.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// One membership of the group, from joining to leaving.
async fn member(
    context: &IngestContext,
    kafka: &KafkaOptions,
    options: &LiveOptions,
    hot: &HotRows,
    mut stop: watch::Receiver<bool>,
) -> Result<(), IngestError> {
    let tables = Tables::open(&context.lake, &context.writer).await?;
    let Workers { jobs, outputs, permits } =
        Workers::start(context, &options.raw, options.workers)?;
    let (committed_sender, committed) = watch::channel(Progress::default());
    let (hurry, hurried) = watch::channel(false);
    let owner = Arc::new(Owner {
        lake: context.lake.clone(),
        runtime: Handle::current(),
        known: Mutex::default(),
        sent: AtomicU64::new(0),
        committed,
        hurry,
        is_over: AtomicBool::new(false),
    });
    let tally = Offsets { committed: committed_sender, ..Offsets::default() };
    let (permits, feed) = (permits, hot.feed());
    let collector =
        Collector::new(tally, feed, hurried, Arc::clone(&permits), tables, options.clone());
    let mut collector = tokio::spawn(collector.run(outputs));
    let (ended, mut end) = oneshot::channel();
    let reading =
        Reading { kafka: kafka.clone(), owner: Arc::clone(&owner), permits, now: context.now };
    // It ends within READ_WAIT after `is_over`, apart from waits for the cluster with limits.
    spawn("kafka", move || {
        let _ = ended.send(reading.run(jobs));
    })?;
    let failed = || IngestError::Thread { thread: "kafka" };
    tokio::select! {
        result = &mut collector => {
            owner.is_over.store(true, Ordering::Release);
            let _ = end.await;
            return result.map_err(|_| IngestError::Thread { thread: "collector" })?;
        }
        result = &mut end => {
            // What was gathered is Kafka's to give again.
            collector.abort();
            let _ = collector.await;
            return result.map_err(|_| failed())?;
        }
        () = stopped(&mut stop) => owner.is_over.store(true, Ordering::Release),
    }
    let result = end.await.map_err(|_| failed())?;
    // Everything is in the tables, unless the lake does not answer.
    if tokio::time::timeout(LEAVE_TIME_MAX, &mut collector).await.is_err() {
        collector.abort();
    }
    result
}

/// What is in the tables.
#[derive(Debug, Clone, Default)]
struct Progress {
    /// Jobs of this membership.
    jobs: u64,
    /// Next offsets by position.
    offsets: BTreeMap<Arc<str>, u64>,
}

/// What the collector's progress means for Kafka.
#[derive(Default)]
struct Offsets {
    gathered: Progress,
    committing: Progress,
    committed: watch::Sender<Progress>,
}

impl Tally for Offsets {
    fn gathered(&mut self, partition: &Arc<str>, end: FilePosition) {
        self.gathered.jobs += 1;
        self.gathered.offsets.insert(Arc::clone(partition), end.frames);
    }

    fn committing(&mut self) {
        self.committing = self.gathered.clone();
    }

    fn committed(&mut self) {
        self.committed.send_replace(self.committing.clone());
    }
}

/// Keeps the positions for the reader, which calls it on its own thread.
struct Owner {
    lake: Lake,
    runtime: Handle,
    /// What the tables had of a partition when it was assigned.
    known: Mutex<BTreeMap<Arc<str>, Stored>>,
    /// Jobs handed to the workers.
    sent: AtomicU64,
    committed: watch::Receiver<Progress>,
    hurry: watch::Sender<bool>,
    /// Whether this membership shall end.
    is_over: AtomicBool,
}

impl Owner {
    /// Waits until everything that was handed on is in the tables.
    fn settle(&self) -> bool {
        let sent = self.sent.load(Ordering::Acquire);
        self.hurry.send_replace(true);
        let mut committed = self.committed.clone();
        let settled = self.runtime.block_on(async {
            let all = committed.wait_for(|progress| progress.jobs >= sent);
            tokio::time::timeout(SETTLE_TIME_MAX, all).await.map(|all| all.is_ok())
        });
        let is_settled = settled == Ok(true);
        self.hurry.send_replace(false);
        is_settled
    }

    fn known(&self, partition: &Arc<str>) -> KnownInput {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = known.get(partition).copied().unwrap_or_default();
        KnownInput::at(Arc::clone(partition), stored)
    }
}

impl PartitionOwner for Owner {
    fn assigned(&self, partitions: &[Arc<str>]) -> Result<Vec<Option<u64>>, PositionsError> {
        let found = self.runtime.block_on(stored(&self.lake, partitions))?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(partitions.iter().cloned().zip(found.iter().copied()));
        Ok(found.into_iter().map(|stored| stored.events.map(|_| stored.frames())).collect())
    }

    fn revoked(&self) {
        if !self.settle() {
            tracing::warn!("the lake does not answer: others read again what is not committed");
            self.is_over.store(true, Ordering::Release);
        }
    }
}

/// The thread that reads.
struct Reading {
    kafka: KafkaOptions,
    owner: Arc<Owner>,
    permits: Arc<Semaphore>,
    now: fn() -> Timestamp,
}

impl Reading {
    fn run(self, jobs: Jobs) -> Result<(), IngestError> {
        let mut reader = KafkaReader::open(&self.kafka, Arc::clone(&self.owner), self.now)?;
        let mut progress = self.owner.committed.clone();
        while !self.is_over() {
            let batches = reader.read(READ_WAIT)?;
            if !self.send(&mut reader, batches, &jobs)? {
                break;
            }
            if progress.has_changed().unwrap_or(false) {
                reader.report(&progress.borrow_and_update().offsets, false);
            }
        }
        // The last commit, unless the lake does not answer: Kafka keeps what is not in it.
        self.owner.settle();
        reader.report(&self.owner.committed.borrow().offsets, true);
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.owner.is_over.load(Ordering::Acquire)
    }

    /// Takes the place of a job; the collector gives it back when the job has its own.
    fn has_place(&self) -> bool {
        self.permits.try_acquire().map(SemaphorePermit::forget).is_ok()
    }

    /// Hands batches to the workers; false when there is nobody to hand them to.
    fn send(
        &self,
        reader: &mut KafkaReader<Owner>,
        batches: Vec<KafkaBatch>,
        jobs: &Jobs,
    ) -> Result<bool, KafkaError> {
        for batch in batches {
            if !self.has_place() && !reader.hold(|| self.is_over() || self.has_place())? {
                return Ok(true);
            }
            if self.is_over() {
                return Ok(false);
            }
            let sequence = self.owner.sent.fetch_add(1, Ordering::AcqRel);
            let known = self.owner.known(&batch.partition);
            let records = Records::Received { chunk: batch.records.freeze(), end: batch.end };
            if jobs.send(Job { sequence, records, known }).is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
