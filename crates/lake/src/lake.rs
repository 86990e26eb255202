//! A lake: one folder or bucket prefix with one Delta table per sub-folder.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use headwater_event::schema::OBSERVABLES;
use object_store::ObjectStore;
use url::Url;

use crate::clock::{Clock, SystemClock};
use crate::error::Result;
use crate::storage::{Durability, LakeStorage};
use crate::table::Table;

/// Versions between two checkpoints of a table's log.
pub(crate) const CHECKPOINT_INTERVAL: u64 = 100;

/// The same for the index of observables, at most: it has few files, so a checkpoint costs little,
/// and a search on a cold process reads every entry behind it.
const INDEX_CHECKPOINT_INTERVAL: u64 = 20;

/// How a lake is opened.
#[derive(Clone)]
pub struct LakeOptions {
    /// Settings of the object store by name, for example `aws_endpoint`, `aws_access_key_id`,
    /// `aws_allow_http`. Unknown names are errors. Must be empty for local folders.
    pub storage: BTreeMap<String, String>,
    /// When a write to a local folder counts as done.
    pub durability: Durability,
    /// Versions between two checkpoints.
    pub checkpoint_interval: u64,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

/// Names of storage options only: values may be secrets.
impl fmt::Debug for LakeOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LakeOptions")
            .field("storage", &self.storage.keys())
            .field("durability", &self.durability)
            .field("checkpoint_interval", &self.checkpoint_interval)
            .finish_non_exhaustive()
    }
}

impl Default for LakeOptions {
    fn default() -> Self {
        Self {
            storage: BTreeMap::new(),
            durability: Durability::default(),
            checkpoint_interval: CHECKPOINT_INTERVAL,
            clock: Arc::new(SystemClock),
        }
    }
}

/// A place with tables. Cheap to clone; clones share the object store.
#[derive(Debug, Clone)]
pub struct Lake {
    storage: LakeStorage,
    options: LakeOptions,
}

impl Lake {
    /// Opens the lake at a local path or URL (`file`, `s3`, `gs`, `az`, `abfss`; `memory` for
    /// tests). Does no I/O: a lake that does not exist yet is empty.
    ///
    /// # Errors
    /// `Invalid` for a location or storage option that is not understood.
    pub fn open(location: &str, options: LakeOptions) -> Result<Self> {
        let storage = LakeStorage::open(location, &options.storage, options.durability)?;
        Ok(Self { storage, options })
    }

    /// Opens the lake at `url` in an object store that was made elsewhere and is rooted at scheme
    /// and authority of the URL.
    ///
    /// # Errors
    /// `Invalid` for a URL that does not fit the store.
    pub fn with_store(url: Url, store: Arc<dyn ObjectStore>, options: LakeOptions) -> Result<Self> {
        let storage = LakeStorage::with_store(url, store, options.durability)?;
        Ok(Self { storage, options })
    }

    /// Location of the lake, with a final slash.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.storage.url
    }

    /// The object store that holds the lake, rooted at `object_store_url`.
    #[must_use]
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.storage.store)
    }

    /// Scheme and authority of the lake's URL: what a query engine registers the object store for.
    #[must_use]
    pub fn object_store_url(&self) -> &Url {
        &self.storage.root_url
    }

    /// A handle on a table, which need not exist yet. Does no I/O. Handles of the same table know
    /// nothing of each other: each finds out about the other's commits as about those of any
    /// process.
    ///
    /// # Errors
    /// `Invalid` when the name cannot be that of a table.
    pub fn table(&self, name: &str) -> Result<Table> {
        let mut options = self.options.clone();
        if name == OBSERVABLES {
            options.checkpoint_interval =
                options.checkpoint_interval.min(INDEX_CHECKPOINT_INTERVAL);
        }
        Ok(Table::new(self.storage.table(name)?, options))
    }

    /// Names of the tables that exist, sorted.
    ///
    /// # Errors
    /// `Unavailable` or `Denied` when the storage does not answer.
    pub async fn tables(&self) -> Result<Vec<String>> {
        self.storage.tables().await
    }
}
