//! The one door to the Delta library: replaying a log into a list of files, writing checkpoints,
//! and what vacuum needs. The library mixes blocking and async work, so each call runs on a
//! blocking thread of its own; that also makes it safe on a runtime with a single thread.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::SchemaRef;
use deltalake_core::kernel::Snapshot as LibrarySnapshot;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::table::state::DeltaTableState;
use deltalake_core::{DeltaTable, DeltaTableError, checkpoints};
use futures::TryStreamExt as _;
use object_store::prefix::PrefixStore;

use crate::blocking::isolated;
use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::log::entry::{Protocol, SHREDDED_TAG, hidden_end, words};
use crate::log::state::check_readable;
use crate::storage::TableStorage;

/// A table at one version, as the library replays it.
pub(crate) struct Replayed {
    pub(crate) version: u64,
    /// Stored and partition columns, in the order of the table's schema.
    pub(crate) schema: SchemaRef,
    pub(crate) partition_columns: Vec<String>,
    pub(crate) files: Vec<DataFile>,
}

/// Replays the log up to a version, or to the newest one.
///
/// # Errors
/// `NotFound` when there is no table or no such version, `Invalid` for features Headwater lacks.
pub(crate) async fn replay(storage: &TableStorage, version: Option<u64>) -> Result<Replayed> {
    let storage = storage.clone();
    isolated("read the log", move || async move {
        let log_store = log_store(&storage);
        let snapshot = match LibrarySnapshot::try_new(&log_store, version).await {
            Ok(snapshot) => snapshot,
            Err(error) => return Err(replay_error(&storage, version, error).await),
        };
        let protocol = snapshot.protocol();
        check_readable(
            &storage.name,
            &Protocol {
                min_reader_version: protocol.min_reader_version(),
                min_writer_version: protocol.min_writer_version(),
                reader_features: protocol
                    .reader_features()
                    .map(|features| features.iter().map(ToString::to_string).collect()),
                writer_features: None,
            },
        )?;
        let files = snapshot
            .file_views(&log_store, None)
            .map_ok(|view| data_file(&view))
            .try_collect()
            .await
            .map_err(library_error(&storage, "read"))?;
        Ok(Replayed {
            version: snapshot.version(),
            schema: snapshot.arrow_schema(),
            partition_columns: snapshot.metadata().partition_columns().to_vec(),
            files,
        })
    })
    .await
}

fn data_file(view: &deltalake_core::kernel::LogicalFileView) -> DataFile {
    // Nothing else of the library tells the tags.
    #[expect(deprecated, reason = "the library has no other way to the tags of a file")]
    let tags = view.add_action().tags.unwrap_or_default();
    let size = u64::try_from(view.size()).unwrap_or(0);
    let partition = view.partition_values_map().into_iter();
    DataFile {
        path: view.path().into_owned(),
        size,
        modified_ms: view.modification_time(),
        partition: partition
            .map(|(column, value)| (column, value.filter(|value| !value.is_empty())))
            .collect(),
        statistics_json: view.stats().map(Into::into),
        hidden_end: hidden_end(&tags, size),
        words: words(&tags, size),
        is_shredded: tags.contains_key(SHREDDED_TAG),
        exact_times: None,
        parsed: OnceLock::new(),
    }
}

/// Writes a checkpoint of a version.
///
/// # Errors
/// Whatever the library answers.
pub(crate) async fn write_checkpoint(storage: &TableStorage, version: u64) -> Result<()> {
    let storage = storage.clone();
    isolated("write a checkpoint", move || async move {
        let mut table = DeltaTable::new(log_store(&storage));
        table.load_version(version).await.map_err(library_error(&storage, "read"))?;
        checkpoints::create_checkpoint(&table, None)
            .await
            .map_err(library_error(&storage, "write a checkpoint of"))
    })
    .await
}

/// Deletes log entries that a checkpoint replaces and that are older than the table keeps history.
///
/// # Errors
/// Whatever the library answers.
pub(crate) async fn clean_log(storage: &TableStorage) -> Result<usize> {
    let storage = storage.clone();
    isolated("clean the log", move || async move {
        let mut table = DeltaTable::new(log_store(&storage));
        table.load().await.map_err(library_error(&storage, "read"))?;
        checkpoints::cleanup_metadata(&table, None)
            .await
            .map_err(library_error(&storage, "clean the log of"))
    })
    .await
}

/// Files that are no longer part of the table, with the time of removal in milliseconds since the
/// epoch.
///
/// # Errors
/// Whatever the library answers.
pub(crate) async fn tombstones(storage: &TableStorage) -> Result<HashMap<String, i64>> {
    let storage = storage.clone();
    isolated("read removed files", move || async move {
        let log_store = log_store(&storage);
        let failed = || library_error(&storage, "read");
        let state = DeltaTableState::try_new(&log_store, None).await.map_err(failed())?;
        let found = state
            .all_tombstones(&log_store)
            .map_ok(|view| (view.path().into_owned(), view.deletion_timestamp().unwrap_or(0)))
            .try_collect()
            .await
            .map_err(failed())?;
        Ok(found)
    })
    .await
}

fn log_store(storage: &TableStorage) -> LogStoreRef {
    let of_table = PrefixStore::new(Arc::clone(&storage.store), storage.prefix.clone());
    let of_root = Arc::clone(&storage.store);
    default_logstore(Arc::new(of_table), of_root, &storage.url, &StorageConfig::default())
}

fn library_error(
    storage: &TableStorage,
    action: &'static str,
) -> impl FnOnce(DeltaTableError) -> LakeError + use<> {
    let table = storage.name.clone();
    move |error| LakeError::Delta { action, table, source: Box::new(error) }
}

/// Tells a table or version that does not exist from one that cannot be read.
async fn replay_error(
    storage: &TableStorage,
    version: Option<u64>,
    error: DeltaTableError,
) -> LakeError {
    let table = storage.name.clone();
    match version {
        None if matches!(error, DeltaTableError::NotATable(_)) => LakeError::NoTable { table },
        Some(version) if matches!(storage.read_log_entry(version).await, Ok(None)) => {
            LakeError::NoVersion { table, version: version.to_string() }
        }
        _ => library_error(storage, "read")(error),
    }
}
