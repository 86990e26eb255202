//! Rows that were accepted and are not in a table yet, for queries that must not wait for a commit.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use tokio::sync::broadcast;

/// Batches that wait for a slow follower; beyond it the follower misses some and is told.
const FOLLOWED_BATCHES_MAX: usize = 256;

/// Rows of `events` with the position that holds once they are committed.
#[derive(Debug, Clone)]
pub struct HotBatch {
    /// Name of the position whose progress says whether they are committed.
    pub partition: Arc<str>,
    /// The position, as the table has it, once these rows are in it.
    pub position: i64,
    /// The rows, without partition columns.
    pub rows: RecordBatch,
}

/// The hot rows of all data paths of a process. Cheap to clone; clones share them.
#[derive(Debug, Clone, Default)]
pub struct HotRows {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    feeds: Mutex<BTreeMap<u64, VecDeque<HotBatch>>>,
    news: broadcast::Sender<HotBatch>,
}

impl Default for Inner {
    fn default() -> Self {
        let (news, _) = broadcast::channel(FOLLOWED_BATCHES_MAX);
        Self { feeds: Mutex::default(), news }
    }
}

impl HotRows {
    /// Rows that may not be in the table yet. Of these, the ones whose position is above that of a
    /// snapshot which is read afterwards are not in it; together they are all accepted rows, each
    /// once.
    #[must_use]
    pub fn batches(&self) -> Vec<HotBatch> {
        self.lock().values().flatten().cloned().collect()
    }

    /// Follows the rows that arrive from now on.
    #[must_use]
    pub fn follow(&self) -> broadcast::Receiver<HotBatch> {
        self.inner.news.subscribe()
    }

    /// A place for the rows of one data path.
    pub(crate) fn feed(&self) -> HotFeed {
        let mut feeds = self.lock();
        let number = feeds.last_key_value().map_or(0, |(last, _)| last + 1);
        feeds.insert(number, VecDeque::new());
        HotFeed { rows: self.clone(), number }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, VecDeque<HotBatch>>> {
        self.inner.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows of one data path; they are gone with it.
#[derive(Debug)]
pub(crate) struct HotFeed {
    rows: HotRows,
    number: u64,
}

impl HotFeed {
    pub(crate) fn add(&self, batch: HotBatch) {
        if let Some(batches) = self.rows.lock().get_mut(&self.number) {
            batches.push_back(batch.clone());
        }
        // Nobody follows: nothing to do.
        let _ = self.rows.inner.news.send(batch);
    }

    /// Forgets the oldest so many batches, which are in the table.
    pub(crate) fn committed(&self, batches: usize) {
        if let Some(rows) = self.rows.lock().get_mut(&self.number) {
            rows.drain(..batches.min(rows.len()));
        }
    }
}

impl Drop for HotFeed {
    fn drop(&mut self) {
        self.rows.lock().remove(&self.number);
    }
}
