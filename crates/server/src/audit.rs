//! What was asked and changed goes to the table `audit`, within seconds. When it cannot be written,
//! nothing more is answered: nobody asks without leaving a trace.

use std::time::Duration;

use headwater_lake::{AuditEntry, Lake};
use tokio::sync::mpsc::{self, OwnedPermit};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Entries that wait to be written; with as many, questions are refused.
const WAITING_MAX: usize = 4_096;

/// Entries are written when the oldest has waited this long.
const AGE_MAX: Duration = Duration::from_secs(5);

/// Pause before a failed write is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// Takes entries. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Audit {
    entries: mpsc::Sender<AuditEntry>,
}

/// A place for one entry.
#[derive(Debug)]
pub(crate) struct Place(OwnedPermit<AuditEntry>);

impl Audit {
    /// Starts to write into a lake, until all clones are gone and everything is written.
    pub(crate) fn start(lake: Lake) -> (Self, JoinHandle<()>) {
        let (entries, waiting) = mpsc::channel(WAITING_MAX);
        let writing = tokio::spawn(write(lake, waiting));
        (Self { entries }, writing)
    }

    /// A place for an entry that will come; `None` when too many wait.
    pub(crate) fn place(&self) -> Option<Place> {
        self.entries.clone().try_reserve_owned().ok().map(Place)
    }
}

impl Place {
    pub(crate) fn fill(self, entry: AuditEntry) {
        self.0.send(entry);
    }
}

async fn write(lake: Lake, mut waiting: mpsc::Receiver<AuditEntry>) {
    while let Some(first) = waiting.recv().await {
        let due = Instant::now() + AGE_MAX;
        let mut entries = vec![first];
        while entries.len() < WAITING_MAX / 2
            && let Ok(Some(entry)) = tokio::time::timeout_at(due, waiting.recv()).await
        {
            entries.push(entry);
        }
        while let Err(error) = lake.append_audit(&entries).await {
            tracing::error!(%error, "the audit table cannot be written, trying again");
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
}
