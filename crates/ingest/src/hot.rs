//! Rows that were accepted and are not in a table yet, for queries that must not wait for a commit.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use tokio::sync::broadcast;

/// Batches that wait for a slow follower; beyond it the follower misses some and is told.
const FOLLOWED_BATCHES_MAX: usize = 256;

/// Rows of `events` with the position that holds once they are committed.
#[derive(Debug, Clone)]
pub struct HotBatch {
    /// Position of the journal, as the table has it, once these rows are in it.
    pub position: i64,
    /// The rows, without partition columns.
    pub rows: RecordBatch,
}

/// The hot rows of one journal. Cheap to clone; clones share them.
#[derive(Debug, Clone)]
pub struct HotRows {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    partition: Arc<str>,
    batches: Mutex<VecDeque<HotBatch>>,
    news: broadcast::Sender<HotBatch>,
}

impl HotRows {
    pub(crate) fn new(partition: Arc<str>) -> Self {
        let (news, _) = broadcast::channel(FOLLOWED_BATCHES_MAX);
        Self { inner: Arc::new(Inner { partition, batches: Mutex::default(), news }) }
    }

    /// Name of the position whose progress says which rows are committed.
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.inner.partition
    }

    /// Rows that may not be in the table yet, in order of arrival. Of these, the ones whose
    /// position is above that of a snapshot which is read afterwards are not in it; together they
    /// are all accepted rows, each once.
    #[must_use]
    pub fn batches(&self) -> Vec<HotBatch> {
        self.lock().iter().cloned().collect()
    }

    /// Follows the rows that arrive from now on.
    #[must_use]
    pub fn follow(&self) -> broadcast::Receiver<HotBatch> {
        self.inner.news.subscribe()
    }

    pub(crate) fn add(&self, batch: HotBatch) {
        self.lock().push_back(batch.clone());
        // Nobody follows: nothing to do.
        let _ = self.inner.news.send(batch);
    }

    /// Forgets rows that are in the table.
    pub(crate) fn committed(&self, position: i64) {
        let mut batches = self.lock();
        while batches.front().is_some_and(|batch| batch.position <= position) {
            batches.pop_front();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<HotBatch>> {
        self.inner.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
