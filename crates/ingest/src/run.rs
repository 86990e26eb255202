//! One run: reader thread → worker threads → collector, with bounded queues between them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use headwater_event::Timestamp;
use headwater_lake::{Lake, WriterOptions};
use headwater_pipeline::Pipeline;
use headwater_sources::files::ObjectStores;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::generation::{Counts, Generation, Tables};
use crate::reader::{Inputs, Positions, Reader, ReaderReport};
use crate::worker::Processed;
use crate::workers::{Workers, spawn};
use crate::{IngestError, IngestOptions, IngestReport, Progress};

/// Everything a run needs besides its inputs.
#[derive(Debug, Clone)]
pub struct IngestContext {
    /// Where rows go.
    pub lake: Lake,
    /// What bytes mean.
    pub pipeline: Arc<Pipeline>,
    /// How object URLs are opened.
    pub stores: ObjectStores,
    /// Settings of the writer.
    pub writer: WriterOptions,
    /// The clock: when a record arrived.
    pub now: fn() -> Timestamp,
}

/// Reads all inputs into the lake, each event once, however often it is called and whatever
/// interrupted earlier calls; the future may be dropped at any time. Inputs that cannot be read are
/// in the report; the others are read all the same.
///
/// # Errors
/// The tables cannot be written, or other processes keep ingesting the same inputs.
pub async fn ingest(
    context: &IngestContext,
    inputs: &[String],
    options: &IngestOptions,
    progress: &Arc<Progress>,
) -> Result<IngestReport, IngestError> {
    ingest_inputs(context, &Inputs::Texts(inputs.to_vec()), options, progress).await
}

/// Reads all inputs, see [`ingest`].
pub(crate) async fn ingest_inputs(
    context: &IngestContext,
    inputs: &Inputs,
    options: &IngestOptions,
    progress: &Arc<Progress>,
) -> Result<IngestReport, IngestError> {
    let started = Instant::now();
    let mut report = IngestReport::default();
    for _ in 0..options.attempts_max.max(1) {
        match attempt(context, inputs, options, progress, &mut report).await {
            Ok(()) => {
                report.seconds = started.elapsed().as_secs_f64();
                return Ok(report);
            }
            Err(error) if error.is_conflict() => {
                tracing::info!("another process ingests the same inputs, looking again");
            }
            Err(error) => return Err(error),
        }
    }
    Err(IngestError::Contended { attempts: options.attempts_max })
}

/// One pass over the inputs from the table's positions.
async fn attempt(
    context: &IngestContext,
    inputs: &Inputs,
    options: &IngestOptions,
    progress: &Arc<Progress>,
    report: &mut IngestReport,
) -> Result<(), IngestError> {
    let tables = Tables::open(&context.lake, &context.writer).await?;
    let threads = Threads::start(context, inputs, options, progress)?;
    let end = End { stop: threads.stop, permits: Arc::clone(&threads.permits) };
    let collected = collect(threads.outputs, &threads.permits, tables, options, progress, report);
    let result = collected.await;
    drop(end);
    let read = tokio::task::spawn_blocking(move || threads.reader.join())
        .await
        .map_err(|_| IngestError::Thread { thread: "waiting" })?
        .map_err(|_| IngestError::Thread { thread: "reader" })?;
    let chunks = result?;
    let read = read?;
    if chunks != read.chunks {
        // Rows of a chunk are missing, and with them those of all later ones: positions say so.
        return Err(IngestError::Thread { thread: "worker" });
    }
    report.files_skipped += read.files_skipped;
    report.bytes_read += read.bytes_read;
    report.bytes_decompressed += read.bytes_decompressed;
    report.failed = read.failed;
    report.ignored = read.ignored;
    Ok(())
}

/// Ends the reader when it goes out of scope, also when the run is dropped before its end.
struct End {
    stop: Arc<AtomicBool>,
    permits: Arc<Semaphore>,
}

impl Drop for End {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.permits.close();
    }
}

/// The running threads of one attempt.
struct Threads {
    reader: thread::JoinHandle<Result<ReaderReport, IngestError>>,
    outputs: mpsc::Receiver<Result<Processed, IngestError>>,
    /// One per chunk in flight; the collector gives them back.
    permits: Arc<Semaphore>,
    stop: Arc<AtomicBool>,
}

impl Threads {
    fn start(
        context: &IngestContext,
        inputs: &Inputs,
        options: &IngestOptions,
        progress: &Arc<Progress>,
    ) -> Result<Self, IngestError> {
        let Workers { jobs, outputs, permits } =
            Workers::start(context, &options.raw, options.workers)?;
        let stop = Arc::new(AtomicBool::new(false));
        let reader = Reader {
            inputs: inputs.clone(),
            stores: context.stores.clone(),
            options: options.clone(),
            progress: Arc::clone(progress),
            positions: Positions::open(&context.lake)?,
            runtime: tokio::runtime::Handle::current(),
            permits: Arc::clone(&permits),
            stop: Arc::clone(&stop),
        };
        let reader = spawn("reader", move || reader.run(&jobs))?;
        Ok(Self { reader, outputs, permits, stop })
    }
}

/// Puts chunks back into order, gathers generations and commits them, one while the next fills;
/// returns how many chunks are in the tables.
async fn collect(
    mut outputs: mpsc::Receiver<Result<Processed, IngestError>>,
    permits: &Semaphore,
    tables: Tables,
    options: &IngestOptions,
    progress: &Progress,
    report: &mut IngestReport,
) -> Result<u64, IngestError> {
    let mut waiting: BTreeMap<u64, Processed> = BTreeMap::new();
    let mut next = 0;
    let mut generation = Generation::default();
    let mut flush = Flush { tables: Some(tables), running: None };
    while let Some(processed) = outputs.recv().await {
        let processed = processed?;
        waiting.insert(processed.sequence, processed);
        while let Some(processed) = waiting.remove(&next) {
            next += 1;
            count(progress, &processed);
            generation.add(processed);
            if generation.bytes() >= options.buffer_bytes_max {
                flush.finish(report).await?;
                flush.start(std::mem::take(&mut generation));
            }
            permits.add_permits(1);
        }
    }
    flush.finish(report).await?;
    if !generation.is_empty() {
        flush.start(generation);
        flush.finish(report).await?;
    }
    if let Some(tables) = &flush.tables {
        tables.settle().await;
    }
    Ok(next)
}

fn count(progress: &Progress, processed: &Processed) {
    let events = processed.events.as_ref().map_or(0, |batch| batch.num_rows() as u64);
    Progress::add(&progress.events, events);
    Progress::add(&progress.rejects, processed.rejects.len() as u64);
    Progress::add(&progress.files, u64::from(processed.end.complete));
}

/// A commit at work: it holds the tables and gives them back.
type Commit = JoinHandle<(Tables, Result<u64, IngestError>)>;

/// The generation that is being written, if any.
struct Flush {
    tables: Option<Tables>,
    running: Option<(Counts, Commit)>,
}

impl Flush {
    /// Starts writing; the caller has waited for the generation before.
    fn start(&mut self, generation: Generation) {
        let counts = generation.counts;
        let Some(mut tables) = self.tables.take() else { return };
        let task = tokio::spawn(async move {
            let result = match tables.prepare(generation) {
                Ok(mut pending) => tables.commit(&mut pending).await.map(|()| pending.commits()),
                Err(error) => Err(error),
            };
            (tables, result)
        });
        self.running = Some((counts, task));
    }

    /// Waits for the commit and adds it to the report.
    async fn finish(&mut self, report: &mut IngestReport) -> Result<(), IngestError> {
        let Some((counts, task)) = self.running.take() else { return Ok(()) };
        let (tables, result) = task.await.map_err(|_| IngestError::Thread { thread: "commit" })?;
        self.tables = Some(tables);
        report.commits += result?;
        report.events += counts.events;
        report.rejects += counts.rejects;
        report.dropped += counts.dropped;
        report.files += counts.files;
        Ok(())
    }
}
