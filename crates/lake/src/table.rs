//! A handle on one Delta table: creating it, committing to it, and looking at it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headwater_event::Timestamp;
use headwater_event::schema::partition_columns_of;
use object_store::ObjectStore;
use object_store::path::Path;
use url::Url;
use uuid::Uuid;

use crate::clock::milliseconds;
use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::hidden::{PathRecord, Wanted, record};
use crate::lake::LakeOptions;
use crate::log::append::LogWriter;
use crate::log::commit::{Commit, Operation, PositionAdvance};
use crate::log::entry::{Format, Metadata, Protocol};
use crate::log::rules::{check_metadata, widened};
use crate::log::state::{LogListing, LogState};
use crate::schema::{delta_schema, statistics_columns, stored_columns};
use crate::snapshot::{self, LivePositions, Snapshot};
use crate::storage::TableStorage;

/// How old what is known about wanted places may be.
const WANTED_AGE_MAX_MICROS: i64 = 60_000_000;

/// Protocol of the tables that Headwater makes: the lowest, so that every engine can read and
/// write.
const READER_VERSION: i32 = 1;
const WRITER_VERSION: i32 = 2;

/// A handle on a Delta table, which need not exist. Cheap to clone; clones share what was read so
/// far.
#[derive(Debug, Clone)]
pub struct Table {
    inner: Arc<TableInner>,
}

#[derive(Debug)]
struct TableInner {
    log: LogWriter,
    /// The newest snapshot that was made, to make the next one from.
    newest: Mutex<Option<Arc<Snapshot>>>,
    /// The places that hidden columns are wanted for, and when that was read.
    wanted: Mutex<Option<(Timestamp, Arc<Wanted>)>>,
}

impl Table {
    pub(crate) fn new(storage: TableStorage, options: LakeOptions) -> Self {
        let log = LogWriter::new(storage, options);
        let (newest, wanted) = (Mutex::default(), Mutex::default());
        Self { inner: Arc::new(TableInner { log, newest, wanted }) }
    }

    /// Name of the table.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.storage().name
    }

    /// Location of the table, with a final slash.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.storage().url
    }

    /// The object store that holds the table, rooted at scheme and authority of the URL.
    #[must_use]
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.storage().store)
    }

    /// Path of a data file in the object store.
    #[must_use]
    pub fn object_path(&self, file: &DataFile) -> Path {
        self.storage().object(&file.path)
    }

    /// The error for a data file that is not in storage any more.
    pub(crate) fn gone(&self, file: &DataFile) -> LakeError {
        let reason = format!("file `{}` is missing in storage", file.path);
        LakeError::Log { table: self.name().to_owned(), reason }
    }

    pub(crate) fn storage(&self) -> &TableStorage {
        &self.inner.log.storage
    }

    pub(crate) fn options(&self) -> &LakeOptions {
        &self.inner.log.options
    }

    pub(crate) fn log(&self) -> &LogWriter {
        &self.inner.log
    }

    /// Whether the table exists.
    ///
    /// # Errors
    /// `Unavailable` or `Denied` when the storage does not answer.
    pub async fn exists(&self) -> Result<bool> {
        let listing = LogListing::read(self.storage()).await?;
        Ok(!listing.entries.is_empty() || listing.checkpoint.is_some())
    }

    /// Creates the table unless it exists; one of an older version gets the columns that it lacks.
    /// Any number of processes may do so at once.
    ///
    /// # Errors
    /// `Invalid` when Headwater defines no table of this name, or the existing table has other
    /// columns.
    pub async fn ensure_created(&self) -> Result<()> {
        let metadata = self.new_metadata()?;
        let protocol = Protocol {
            min_reader_version: READER_VERSION,
            min_writer_version: WRITER_VERSION,
            ..Protocol::default()
        };
        if self.log().create(metadata, protocol).await? {
            return Ok(());
        }
        let mut metadata = self.log().current(|state| Arc::clone(&state.metadata)).await?;
        if widened(self.name(), &metadata)?.is_some() {
            self.log().widen().await?;
            metadata = self.log().current(|state| Arc::clone(&state.metadata)).await?;
        }
        check_metadata(self.name(), &metadata)
    }

    fn new_metadata(&self) -> Result<Metadata> {
        let columns = stored_columns(self.name())?;
        let partitions = partition_columns_of(self.name());
        let interval = self.options().checkpoint_interval.to_string();
        // Positions are kept for ever: `delta.setTransactionRetentionDuration` stays unset.
        let configuration = BTreeMap::from([
            ("delta.checkpointInterval".to_owned(), interval),
            ("delta.dataSkippingStatsColumns".to_owned(), statistics_columns(columns).join(",")),
        ]);
        Ok(Metadata {
            id: Uuid::new_v4().to_string(),
            name: Some(self.name().to_owned()),
            format: Format::default(),
            schema_string: delta_schema(columns, partitions).to_string(),
            partition_columns: partitions.iter().map(|&name| name.to_owned()).collect(),
            configuration,
            created_time: Some(milliseconds(self.options().clock.now())),
        })
    }

    /// Newest version of the table.
    ///
    /// # Errors
    /// `NotFound` when the table does not exist.
    pub async fn version(&self) -> Result<u64> {
        self.log().current(|state| state.version).await
    }

    /// Positions of the given source partitions; those without one are absent.
    ///
    /// # Errors
    /// `NotFound` when the table does not exist.
    pub async fn positions(&self, partitions: &[&str]) -> Result<HashMap<String, i64>> {
        self.log().current(|state| positions(state, partitions)).await
    }

    /// Positions of the given source partitions as they were at most `age` ago: many lookups in a
    /// row then read the log only now and then. What was committed meanwhile by others is found out
    /// when a commit that builds on an outdated position is refused.
    ///
    /// # Errors
    /// As `positions`.
    pub async fn recent_positions(
        &self,
        partitions: &[&str],
        age: Duration,
    ) -> Result<HashMap<String, i64>> {
        self.log().recent(age, |state| positions(state, partitions)).await
    }

    /// Makes one atomic change and tells its version. Files of `adds` must be in storage; they
    /// become visible together with the positions.
    ///
    /// # Errors
    /// `Conflict` when a position is not the expected one or a removed file is gone: nothing
    /// changed. After any other error the change may have gone through; the positions tell.
    pub async fn commit(&self, commit: Commit) -> Result<u64> {
        let answer = self.commit_all(std::slice::from_ref(&commit)).await.pop();
        answer.unwrap_or(Err(LakeError::Task { action: "commit", source: None }))
    }

    /// Makes several independent changes with as few log entries as possible. The answers are in
    /// the order of the requests, as from `commit`.
    pub async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<u64>> {
        self.log().commit(commits).await
    }

    /// Replaces files of a snapshot by others, and moves positions in the same step. With
    /// `data_change` false the rows must be the same.
    ///
    /// # Errors
    /// As `commit`; `Conflict` also when one of the files was replaced or removed since the
    /// snapshot.
    pub async fn replace(
        &self,
        base: &Snapshot,
        removes: Vec<Arc<DataFile>>,
        adds: Vec<DataFile>,
        positions: Vec<PositionAdvance>,
        data_change: bool,
    ) -> Result<u64> {
        let operation = if data_change { Operation::Rewrite } else { Operation::Optimize };
        let mut commit = Commit::replace(operation, base.version(), removes, adds, data_change);
        commit.positions = positions;
        self.commit(commit).await
    }

    /// The table as it is now. After the first call only what was committed since is read.
    ///
    /// # Errors
    /// `NotFound` when the table does not exist, `Invalid` when it needs Delta features that
    /// Headwater does not have.
    pub async fn snapshot(&self) -> Result<Arc<Snapshot>> {
        let newest = self.newest().clone();
        let now = self.options().clock.now();
        let refreshed = match newest {
            Some(newest) => snapshot::refresh(self.storage(), &newest, now).await?,
            None => None,
        };
        let snapshot = match refreshed {
            Some(snapshot) => snapshot,
            None => {
                let (version, live_positions) = self.log().current(live_positions).await?;
                Arc::new(snapshot::load(self.storage(), version, live_positions, now).await?)
            }
        };
        *self.newest() = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    /// The table at an older version.
    ///
    /// # Errors
    /// `NotFound` when there is no such version, or no longer.
    pub async fn snapshot_at(&self, version: u64) -> Result<Snapshot> {
        let now = self.options().clock.now();
        snapshot::load(self.storage(), version, LivePositions::default(), now).await
    }

    /// The table as it was at a time: at the last version that was committed by then.
    ///
    /// # Errors
    /// `NotFound` when the table is younger, or its log no longer reaches back.
    pub async fn snapshot_at_time(&self, time: Timestamp) -> Result<Snapshot> {
        let version = snapshot::version_at(self.storage(), time).await?;
        self.snapshot_at(version).await
    }

    /// What is known about places inside the documents of the table.
    ///
    /// # Errors
    /// `Corrupt` when it cannot be read as that; whatever the storage answers.
    pub async fn path_record(&self) -> Result<PathRecord> {
        record::read(self.storage()).await
    }

    /// Changes what is known about places, unless `change` answers that there is nothing to change.
    ///
    /// # Errors
    /// As [`Table::path_record`], and when the storage cannot be written.
    pub async fn change_path_record(
        &self,
        change: impl FnMut(&mut PathRecord) -> bool,
    ) -> Result<PathRecord> {
        let record = record::change(self.storage(), change).await?;
        *self.wanted() = None;
        Ok(record)
    }

    /// The places that hidden columns are wanted for, as they were known a minute ago or later.
    /// They decide how fast queries are, so what cannot be read is left out.
    pub(crate) async fn wanted_paths(&self) -> Arc<Wanted> {
        let now = self.options().clock.now();
        if let Some((read_at, wanted)) = &*self.wanted()
            && now.as_micros().saturating_sub(read_at.as_micros()) < WANTED_AGE_MAX_MICROS
        {
            return Arc::clone(wanted);
        }
        let wanted = match self.path_record().await {
            Ok(record) => Arc::new(record.wanted()),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(table = self.name(), error, "failed to read which paths are wanted");
                Arc::default()
            }
        };
        *self.wanted() = Some((now, Arc::clone(&wanted)));
        wanted
    }

    fn wanted(&self) -> std::sync::MutexGuard<'_, Option<(Timestamp, Arc<Wanted>)>> {
        self.inner.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work that goes on beside commits (checkpoints). Call it before the process ends.
    pub async fn settle(&self) {
        self.log().settle().await;
    }

    fn newest(&self) -> std::sync::MutexGuard<'_, Option<Arc<Snapshot>>> {
        self.inner.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The version of a state and its positions of journals.
fn live_positions(state: &LogState) -> (u64, LivePositions) {
    let positions = state.positions.iter().map(|(name, position)| (name, position.offset));
    (state.version, snapshot::live_positions(positions))
}

/// The positions that a state has of the given partitions.
fn positions(state: &LogState, partitions: &[&str]) -> HashMap<String, i64> {
    let known = partitions
        .iter()
        .filter_map(|&partition| Some((partition.to_owned(), state.position(partition)?.offset)));
    known.collect()
}
