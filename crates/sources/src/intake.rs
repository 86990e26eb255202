//! Where everything that arrives over the network goes first: into the journal, durable, before the
//! sender is told that it arrived.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use headwater_event::Timestamp;
use headwater_journal::{Journal, JournalError};
use tokio::sync::{oneshot, watch};

use crate::envelope_batch::EnvelopeBatch;
use crate::once::{Claim, RequestName, Seen, SeenRequests};

/// Pause before something that was refused is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// Why nothing was taken. The sender may send the same again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// The journal, the line before it or the memory for requests is full.
    #[error("busy: {0}")]
    Busy(String),
    /// More bytes than one request may have.
    #[error("request is too large: {0}")]
    TooLarge(String),
    /// The server is stopping.
    #[error("shutting down")]
    Closing,
    /// The disk failed.
    #[error("failed to store the request")]
    Failed(#[source] JournalError),
}

/// Limits that all listeners share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntakeLimits {
    /// Memory of all requests that are being read or stored, in bytes.
    pub in_flight_bytes_max: usize,
}

impl Default for IntakeLimits {
    fn default() -> Self {
        Self { in_flight_bytes_max: 256 << 20 }
    }
}

/// Takes what listeners received. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Intake {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Gone once the intake is closed.
    journal: Mutex<Option<Journal>>,
    /// Every journal entry whose sender was told that it is durable is below this number.
    accepted: AtomicU64,
    /// Journal entries below this number are in the tables.
    committed: watch::Receiver<u64>,
    memory: Budget,
    seen: SeenRequests,
    now: fn() -> Timestamp,
}

impl Intake {
    /// An intake into a journal. `committed` tells how far the journal is in the tables. Requests
    /// that their senders name are remembered as long as the intake lives.
    #[must_use]
    pub fn new(
        journal: Journal,
        committed: watch::Receiver<u64>,
        limits: IntakeLimits,
        now: fn() -> Timestamp,
    ) -> Self {
        Self::with_seen(SeenRequests::default(), journal, committed, limits, now)
    }

    /// As [`Intake::new`], with the requests that were seen before.
    #[must_use]
    pub fn with_seen(
        seen: SeenRequests,
        journal: Journal,
        committed: watch::Receiver<u64>,
        limits: IntakeLimits,
        now: fn() -> Timestamp,
    ) -> Self {
        let memory = Budget::new(limits.in_flight_bytes_max);
        let journal = Mutex::new(Some(journal));
        let accepted = AtomicU64::new(0);
        Self { inner: Arc::new(Inner { journal, accepted, committed, memory, seen, now }) }
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.inner.now)()
    }

    /// Memory for requests; every body that is read takes its part of it.
    #[must_use]
    pub fn memory(&self) -> &Budget {
        &self.inner.memory
    }

    /// What is known of the name that a sender gives its request.
    #[must_use]
    pub fn look(&self, name: RequestName) -> Seen {
        self.inner.seen.look(name, self.now())
    }

    /// Stores the records of one request of a source and tells the number of their journal entry
    /// once they are durable.
    ///
    /// # Errors
    /// Nothing was stored. (After `Failed` some of it may be found on disk all the same.)
    pub async fn accept(&self, source: &'static str, batch: EnvelopeBatch) -> Result<u64, Refusal> {
        let size = (batch.len(), batch.bytes());
        self.accept_encoded(source, size, batch.encode(), || ()).await
    }

    /// Stores an encoded batch of so many records and bytes. `stored` is called once it is durable,
    /// before anybody is told.
    async fn accept_encoded(
        &self,
        source: &'static str,
        (records, bytes): (usize, usize),
        payload: Vec<u8>,
        stored: impl FnOnce() + Send + 'static,
    ) -> Result<u64, Refusal> {
        let sequence = self.store(payload.into(), stored).await;
        let counter = |name: &'static str| metrics::counter!(name, "source" => source);
        match &sequence {
            Ok(_) => {
                counter("headwater_received_records_total").increment(records as u64);
                counter("headwater_received_bytes_total").increment(bytes as u64);
            }
            Err(_) => counter("headwater_refused_requests_total").increment(1),
        }
        sequence
    }

    /// As [`Intake::accept`], for senders that cannot be told to come again: while there is no
    /// room, or the disk fails, it waits and tries again. (After the disk failed, records may be
    /// there twice.)
    ///
    /// # Errors
    /// Trying again is of no use: `Closing` or `TooLarge`.
    pub async fn accept_patiently(
        &self,
        source: &'static str,
        batch: EnvelopeBatch,
    ) -> Result<u64, Refusal> {
        let (records, bytes) = (batch.len() as u64, batch.bytes() as u64);
        let payload = Bytes::from(batch.encode());
        let counter = |name: &'static str| metrics::counter!(name, "source" => source);
        loop {
            match self.store(payload.clone(), || ()).await {
                Ok(sequence) => {
                    counter("headwater_received_records_total").increment(records);
                    counter("headwater_received_bytes_total").increment(bytes);
                    return Ok(sequence);
                }
                Err(Refusal::Busy(_) | Refusal::Failed(_)) => {
                    counter("headwater_refused_requests_total").increment(1);
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                Err(refusal) => return Err(refusal),
            }
        }
    }

    /// Stores the records of a request that its sender named, and with them the answer for whoever
    /// sends it again. Goes on when the sender is gone: it will send it again.
    ///
    /// # Errors
    /// As [`Intake::accept`].
    pub async fn accept_named(
        &self,
        source: &'static str,
        batch: EnvelopeBatch,
        claim: Claim,
        answer: Vec<u8>,
    ) -> Result<(), Refusal> {
        let intake = self.clone();
        let storing = tokio::spawn(async move {
            let answered = claim.answered(&answer, intake.now());
            if batch.is_empty() {
                claim.keep(answered);
                return Ok(());
            }
            let size = (batch.len(), batch.bytes());
            let payload = batch.encode_named(&answered);
            let stored = move || claim.keep(answered);
            intake.accept_encoded(source, size, payload, stored).await.map(|_| ())
        });
        storing.await.map_err(|_| Refusal::Closing)?
    }

    async fn store(
        &self,
        payload: Bytes,
        stored: impl FnOnce() + Send + 'static,
    ) -> Result<u64, Refusal> {
        let journal = self.journal().ok_or(Refusal::Closing)?;
        let (answer, answered) = oneshot::channel();
        let told = move |result: Result<u64, JournalError>| {
            // On the journal's thread: it is known before the entry can be released.
            if result.is_ok() {
                stored();
            }
            // The client may be gone: nobody is left to tell.
            let _ = answer.send(result);
        };
        journal.append(payload, told).map_err(refusal)?;
        drop(journal);
        let entry = answered.await.map_err(|_| Refusal::Closing)?.map_err(refusal)?;
        self.inner.accepted.fetch_max(entry + 1, Ordering::Release);
        Ok(entry)
    }

    /// Every journal entry whose sender was told that it is durable is below this number.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.inner.accepted.load(Ordering::Acquire)
    }

    /// Journal entries below this number are in the tables.
    #[must_use]
    pub fn committed(&self) -> u64 {
        *self.inner.committed.borrow()
    }

    /// Id of the journal: positions and acknowledgements belong to it. `None` once closed.
    #[must_use]
    pub fn journal_id(&self) -> Option<uuid::Uuid> {
        self.journal().map(|journal| journal.id())
    }

    /// Bytes in the journal; 0 once closed.
    #[must_use]
    pub fn journal_bytes(&self) -> u64 {
        self.journal().map_or(0, |journal| journal.bytes())
    }

    /// Whether four fifths of the memory for requests or of the journal are used up.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let memory = &self.inner.memory;
        memory.used() >= memory.bytes_max() / 5 * 4
            || self.journal().is_some_and(|journal| journal.is_full())
    }

    /// Refuses everything from now on. What was accepted is read to its end.
    pub fn close(&self) {
        self.lock().take();
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.lock().is_none()
    }

    fn journal(&self) -> Option<Journal> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Journal>> {
        self.inner.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(error: JournalError) -> Refusal {
    match error {
        JournalError::Full { .. } | JournalError::Busy { .. } => Refusal::Busy(error.to_string()),
        JournalError::TooLong { .. } => Refusal::TooLarge(error.to_string()),
        JournalError::Closed => Refusal::Closing,
        JournalError::File { .. } if error.is_out_of_space() => {
            Refusal::Busy("the disk of the journal is full".to_owned())
        }
        JournalError::File { .. } | JournalError::InUse { .. } => Refusal::Failed(error),
    }
}

/// A number of bytes that may be in use at a time. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub struct Budget {
    used: Arc<AtomicUsize>,
    bytes_max: usize,
}

impl Budget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self { used: Arc::default(), bytes_max }
    }

    /// An empty part of the budget.
    #[must_use]
    pub fn lease(&self) -> Lease {
        Lease { budget: self.clone(), bytes: 0 }
    }

    /// Bytes in use.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// The limit.
    #[must_use]
    pub const fn bytes_max(&self) -> usize {
        self.bytes_max
    }
}

/// A part of a budget; goes back when dropped.
#[derive(Debug)]
pub struct Lease {
    budget: Budget,
    bytes: usize,
}

impl Lease {
    /// Takes more.
    ///
    /// # Errors
    /// There is not as much left; nothing was taken.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let bytes_max = self.budget.bytes_max;
        let take = |used: usize| used.checked_add(bytes).filter(|total| *total <= bytes_max);
        match self.budget.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => {
                self.bytes += bytes;
                Ok(())
            }
            Err(used) => {
                let message =
                    format!("{used} of {bytes_max} bytes for requests are in use, {bytes} wanted");
                Err(Refusal::Busy(message))
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::Budget;

    #[test]
    fn a_budget_is_kept_and_given_back() {
        let budget = Budget::new(10);
        let mut first = budget.lease();
        first.grow(6).unwrap();
        let mut second = budget.lease();
        let error = second.grow(5).unwrap_err();
        assert_eq!(error.to_string(), "busy: 6 of 10 bytes for requests are in use, 5 wanted");
        second.grow(4).unwrap();
        drop(first);
        assert_eq!(budget.used(), 4);
        second.grow(6).unwrap();
        drop(second);
        assert_eq!(budget.used(), 0);
    }
}
