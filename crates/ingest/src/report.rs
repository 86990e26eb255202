//! What a run did, and how far it is.

use std::sync::atomic::{AtomicU64, Ordering};

use headwater_event::ErrorKind;
use serde::Serialize;

/// Live counters of a run, for a progress display. Cheap to read at any time.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of inputs that were found so far (as stored).
    pub bytes_found: AtomicU64,
    /// Bytes read, as stored.
    pub bytes_read: AtomicU64,
    /// Events made.
    pub events: AtomicU64,
    /// Records refused.
    pub rejects: AtomicU64,
    /// Inputs completely read.
    pub files: AtomicU64,
}

impl Progress {
    pub(crate) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }

    /// A counter's value now.
    pub fn read(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}

/// An input that could not be read.
#[derive(Debug, Clone, Serialize)]
pub struct FailedInput {
    /// Its name.
    pub name: String,
    /// Why, with causes.
    pub error: String,
    /// What to do about it.
    #[serde(serialize_with = "kind_name")]
    pub kind: ErrorKind,
}

/// Something that was found and not read, on purpose.
#[derive(Debug, Clone, Serialize)]
pub struct SkippedInput {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn kind_name<S: serde::Serializer>(kind: &ErrorKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}

/// The result of a run: what is in the tables because of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IngestReport {
    /// Rows committed to `events`.
    pub events: u64,
    /// Records committed to `rejects`.
    pub rejects: u64,
    /// Events that a plugin dropped on purpose.
    pub dropped: u64,
    /// Bytes read from inputs, as stored (compressed).
    pub bytes_read: u64,
    /// Bytes after decompression.
    pub bytes_decompressed: u64,
    /// Inputs read to their end.
    pub files: u64,
    /// Inputs skipped because they are in the table already.
    pub files_skipped: u64,
    /// Commits made to both tables.
    pub commits: u64,
    /// Duration of the run in seconds.
    pub seconds: f64,
    /// Inputs that could not be read.
    pub failed: Vec<FailedInput>,
    /// Files that were found and not read (hidden, temporary, empty).
    pub ignored: Vec<SkippedInput>,
}
