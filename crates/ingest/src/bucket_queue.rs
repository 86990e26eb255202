//! Follows a bucket: a queue says which objects were created, each is read into the lake, then its
//! message is deleted.
//! Delivery: the positions in the tables are the done-marks, so a message that comes twice adds
//! nothing; a message is deleted only when all its objects are in the tables or no longer exist.

use std::collections::{BTreeSet, HashSet};
use std::convert::Infallible;
use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use headwater_event::{ErrorKind, schema};
use headwater_sources::files::ObjectName;
use headwater_sources::s3_notifications::created_objects;
use headwater_sources::sqs::{RECEIVE_WAIT_MAX, SqsError, SqsMessage, SqsQueue};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::reader::Inputs;
use crate::run::{IngestContext, ingest_inputs};
use crate::{IngestError, IngestOptions, IngestReport, Progress};

/// Messages that are gathered for one run while the queue has more: a busy bucket gives few large
/// commits instead of many small ones.
const BATCH_MESSAGES_MAX: usize = 200;

/// Bytes of message bodies after which no more are gathered.
const BATCH_BYTES_MAX: usize = 16 << 20;

/// How long a batch may go on after the stop. What is not done then is read again from the tables'
/// positions when its messages reappear.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// Messages are kept hidden again after this part of the time for which they are.
const KEEPS_PER_TIMEOUT: u32 = 3;

/// Shortest and longest pause after something failed; it doubles from one to the other.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Least time between two requests to an empty queue, for servers that do not wait.
const EMPTY_RECEIVE_INTERVAL: Duration = Duration::from_secs(1);

/// What became of one batch of messages.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BucketReport {
    /// Messages received.
    pub messages: u64,
    /// Messages deleted: all their objects are in the tables, or there is nothing to read.
    pub messages_deleted: u64,
    /// Messages that could not be understood; they reappear until the queue's own rules end that.
    pub messages_unreadable: u64,
    /// Objects named, each counted once.
    pub objects: u64,
    /// Objects that no longer exist.
    pub objects_gone: u64,
    /// Objects of the lake's own tables, which are not read.
    pub objects_own: u64,
    /// What was read; objects that are gone are not among the failures.
    pub ingest: IngestReport,
}

/// Reads what `queue` announces until `stop` is ready, and tells of every batch through `on_batch`.
/// Objects are read like those of a listed bucket: the same ones are left out, and one that is in
/// the tables already is not read again. With a version in its notification an object is read in
/// this version, otherwise as it is now.
///
/// Messages whose objects cannot be read stay in the queue and reappear; so do messages that are no
/// notifications. What the queue and the tables can recover from is waited for.
///
/// # Errors
/// The queue refuses, or the tables cannot be written, in a way that waiting does not change.
pub async fn follow(
    context: &IngestContext,
    queue: &SqsQueue,
    options: &IngestOptions,
    stop: impl Future<Output = ()>,
    mut on_batch: impl FnMut(&BucketReport),
) -> Result<(), IngestError> {
    let own = own_roots(context)?;
    let mut stop = pin!(stop);
    let mut pause = Pause::default();
    loop {
        let started = Instant::now();
        let received = tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            received = gather(queue) => received,
        };
        let resume = match received {
            Ok(messages) if messages.is_empty() => {
                pause.reset();
                started + EMPTY_RECEIVE_INTERVAL
            }
            Ok(messages) => {
                let batch = Batch::new(&messages, &own);
                let mut work = Box::pin(batch.run(context, queue, options));
                let (result, stopped) = tokio::select! {
                    result = &mut work => (Some(result), false),
                    () = &mut stop => (timeout(STOP_GRACE, work).await.ok(), true),
                };
                let Some(report) = result.transpose()? else { return Ok(()) };
                on_batch(&report);
                if stopped {
                    return Ok(());
                }
                if report.is_stuck() { pause.next() } else { pause.reset() }
            }
            Err(error) if error.kind().is_retryable() => {
                tracing::warn!(
                    queue = queue.url(),
                    error = cause(&error),
                    "queue does not answer, waiting"
                );
                pause.next()
            }
            Err(error) => return Err(error.into()),
        };
        tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            () = sleep_until(resume) => {}
        }
    }
}

impl BucketReport {
    /// Nothing went on in this batch: what stopped it will stop the next one too.
    fn is_stuck(&self) -> bool {
        self.messages > 0 && self.messages_deleted == 0
    }
}

/// The pause after failures: longer each time, none after a success.
#[derive(Debug, Default)]
struct Pause {
    last: Option<Duration>,
}

impl Pause {
    fn next(&mut self) -> Instant {
        let (first, longest) = PAUSES;
        let pause = self.last.map_or(first, |last| (last * 2).min(longest));
        self.last = Some(pause);
        Instant::now() + pause
    }

    fn reset(&mut self) -> Instant {
        self.last = None;
        Instant::now()
    }
}

/// Waits for a message and takes those that are there with it.
async fn gather(queue: &SqsQueue) -> Result<Vec<SqsMessage>, SqsError> {
    let mut messages = queue.receive(RECEIVE_WAIT_MAX).await?;
    let bytes = |messages: &[SqsMessage]| messages.iter().map(|one| one.body.len()).sum::<usize>();
    while !messages.is_empty()
        && messages.len() < BATCH_MESSAGES_MAX
        && bytes(&messages) < BATCH_BYTES_MAX
    {
        // What failed now fails again with the next batch; these messages are at hand.
        let Ok(more) = queue.receive(Duration::ZERO).await else { break };
        if more.is_empty() {
            break;
        }
        messages.extend(more);
    }
    Ok(messages)
}

/// Roots of the lake's own tables: reading what the reading writes would never end.
fn own_roots(context: &IngestContext) -> Result<Vec<String>, IngestError> {
    if !matches!(context.lake.url().scheme(), "s3" | "s3a") {
        return Ok(Vec::new());
    }
    let root = |name| {
        let table = context.lake.table(name).map_err(IngestError::lake("open a table"))?;
        let (bucket, path) = (table.url().host_str().unwrap_or_default(), table.url().path());
        Ok(format!("s3://{bucket}{}", percent_decode_str(path).decode_utf8_lossy()))
    };
    [schema::EVENTS, schema::REJECTS].into_iter().map(root).collect()
}

/// A message with the objects it names.
#[derive(Debug)]
struct Announcement<'a> {
    receipt: &'a str,
    objects: Vec<ObjectName>,
}

/// The messages of one run.
#[derive(Debug, Default)]
struct Batch<'a> {
    announcements: Vec<Announcement<'a>>,
    report: BucketReport,
}

impl<'a> Batch<'a> {
    /// Finds out what the messages name, apart from objects under the roots in `own`.
    fn new(messages: &'a [SqsMessage], own: &[String]) -> Self {
        let mut batch = Self::default();
        batch.report.messages = count(messages.len());
        for message in messages {
            match created_objects(&message.body) {
                Ok(mut objects) => {
                    let named = objects.len();
                    objects.retain(|object| !is_own(object, own));
                    batch.report.objects_own += count(named - objects.len());
                    let receipt = &*message.receipt;
                    batch.announcements.push(Announcement { receipt, objects });
                }
                Err(error) => {
                    tracing::warn!(
                        message = message.id,
                        error = cause(&error),
                        "message is left in the queue"
                    );
                    batch.report.messages_unreadable += 1;
                }
            }
        }
        batch
    }

    /// Reads the objects and deletes the messages of those that are done.
    async fn run(
        mut self,
        context: &IngestContext,
        queue: &SqsQueue,
        options: &IngestOptions,
    ) -> Result<BucketReport, IngestError> {
        let receipts: Vec<&str> = self.announcements.iter().map(|one| one.receipt).collect();
        let objects = self.objects();
        self.report.objects = count(objects.len());
        if !objects.is_empty() {
            self.report.ingest = tokio::select! {
                report = read(context, objects, options) => report?,
                never = keep_hidden(queue, &receipts) => match never {},
            };
        }
        let left = self.settle();
        self.report.messages_deleted = match queue.delete(&self.done(&left)).await {
            Ok(deleted) => count(deleted),
            Err(error) if error.kind().is_retryable() => {
                tracing::warn!(
                    queue = queue.url(),
                    error = cause(&error),
                    "messages are not deleted, reappear"
                );
                0
            }
            Err(error) => return Err(error.into()),
        };
        Ok(self.report)
    }

    /// The objects of all messages, each once.
    fn objects(&self) -> Vec<ObjectName> {
        let mut seen = HashSet::new();
        let all = self.announcements.iter().flat_map(|one| &one.objects);
        all.filter(|object| seen.insert(*object)).cloned().collect()
    }

    /// Receipts of the messages that name none of the objects in `left`.
    fn done(&self, left: &BTreeSet<String>) -> Vec<&'a str> {
        let is_left = |object: &ObjectName| left.contains(&object.url());
        let all = self.announcements.iter();
        all.filter(|one| !one.objects.iter().any(is_left)).map(|one| one.receipt).collect()
    }

    /// Tells objects that are gone from those that could not be read; returns the URLs of the
    /// latter.
    fn settle(&mut self) -> BTreeSet<String> {
        let report = &mut self.report;
        let (gone, failed): (Vec<_>, Vec<_>) = std::mem::take(&mut report.ingest.failed)
            .into_iter()
            .partition(|failed| failed.kind == ErrorKind::NotFound);
        for object in &gone {
            tracing::warn!(object = object.name, "object no longer exists");
        }
        for object in &failed {
            tracing::warn!(object = object.name, error = object.error, "object is not read yet");
        }
        report.objects_gone = count(gone.len());
        let mut left: BTreeSet<String> = failed.iter().map(|failed| failed.name.clone()).collect();
        report.ingest.failed = failed;
        let named: HashSet<String> = self
            .announcements
            .iter()
            .flat_map(|one| one.objects.iter().map(ObjectName::url))
            .collect();
        if left.iter().any(|name| !named.contains(name)) {
            // A failure that is not about one of the objects may be about each of them.
            left.extend(named);
        }
        left
    }
}

fn is_own(object: &ObjectName, own: &[String]) -> bool {
    own.iter().any(|root| format!("{}/{}", object.root, object.key).starts_with(root.as_str()))
}

/// Reads objects into the tables; waits while the tables cannot be written.
async fn read(
    context: &IngestContext,
    objects: Vec<ObjectName>,
    options: &IngestOptions,
) -> Result<IngestReport, IngestError> {
    let inputs = Inputs::Objects(objects);
    let mut pause = Pause::default();
    loop {
        match ingest_inputs(context, &inputs, options, &Arc::new(Progress::default())).await {
            Ok(report) => return Ok(report),
            Err(error) if error.kind().is_retryable() => {
                tracing::warn!(
                    error = cause(&error),
                    "objects cannot be read into the tables, waiting"
                );
                sleep_until(pause.next()).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Keeps messages hidden from other consumers for as long as it is polled.
async fn keep_hidden(queue: &SqsQueue, receipts: &[&str]) -> Infallible {
    loop {
        sleep(queue.visibility_timeout() / KEEPS_PER_TIMEOUT).await;
        if let Err(error) = queue.keep(receipts).await {
            // They may be received twice then, which adds nothing.
            tracing::warn!(
                queue = queue.url(),
                error = cause(&error),
                "messages are not kept hidden"
            );
        }
    }
}

/// For logs: shown with everything that led to it.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    error
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
