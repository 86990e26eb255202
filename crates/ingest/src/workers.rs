//! The threads that run the pipeline, with bounded queues before and behind them.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

use crate::run::IngestContext;
use crate::worker::{ChunkWorker, Job, Processed};
use crate::{IngestError, RawPolicy};

/// Jobs in flight per worker, between what reads and the collector.
const JOBS_PER_WORKER: usize = 3;

/// What reads sends to.
pub(crate) type Jobs = SyncSender<Job>;

/// Running workers; they end when `jobs` or `outputs` is gone.
pub(crate) struct Workers {
    pub(crate) jobs: Jobs,
    /// What the workers made, in no order.
    pub(crate) outputs: mpsc::Receiver<Result<Processed, IngestError>>,
    /// One per job in flight: taken before a job is sent, given back when it has its place.
    pub(crate) permits: Arc<Semaphore>,
}

impl Workers {
    pub(crate) fn start(
        context: &IngestContext,
        raw: &RawPolicy,
        workers: usize,
    ) -> Result<Self, IngestError> {
        let workers = workers.max(1);
        let in_flight = workers * JOBS_PER_WORKER;
        let (jobs, receiver) = sync_channel::<Job>(in_flight);
        let (sender, outputs) = mpsc::channel(in_flight);
        let receiver = Arc::new(Mutex::new(receiver));
        let run = Uuid::new_v4();
        for _ in 0..workers {
            let worker = ChunkWorker::new(&context.pipeline, raw.clone(), run, context.now);
            let (receiver, sender) = (Arc::clone(&receiver), sender.clone());
            spawn("worker", move || work(worker, &receiver, &sender))?;
        }
        Ok(Self { jobs, outputs, permits: Arc::new(Semaphore::new(in_flight)) })
    }
}

/// Body of a worker thread: until no more jobs come or the collector is gone.
fn work(
    mut worker: ChunkWorker,
    jobs: &Mutex<Receiver<Job>>,
    outputs: &mpsc::Sender<Result<Processed, IngestError>>,
) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if outputs.blocking_send(worker.process(job)).is_err() {
            return;
        }
    }
}

/// Starts a thread of the data path.
pub(crate) fn spawn<T: Send + 'static>(
    name: &'static str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<thread::JoinHandle<T>, IngestError> {
    thread::Builder::new()
        .name(format!("ingest-{name}"))
        .spawn(body)
        .map_err(|_| IngestError::Thread { thread: name })
}
