//! What can go wrong in the lake, and what the caller should do about it.
//! Errors of the Delta library are boxed: its types stay inside this crate.

use std::sync::Arc;

use arrow::error::ArrowError;
use headwater_event::ErrorKind;
use parquet::errors::ParquetError;
use thiserror::Error;

/// Result of an operation on the lake.
pub type Result<T, E = LakeError> = std::result::Result<T, E>;

/// An operation on the lake that failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LakeError {
    /// The location of the lake is not a path or URL that can be used.
    #[error("`{url}` is not a location for a lake: {reason}")]
    Location {
        /// The location as given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A storage option has a name that this kind of storage does not know.
    #[error("storage option `{key}` is not known for `{scheme}` locations")]
    StorageOption {
        /// Name of the option.
        key: String,
        /// Scheme of the lake's URL.
        scheme: String,
    },
    /// An object could not be read, written, listed or deleted.
    #[error("failed to {action} `{path}`")]
    Storage {
        /// What was tried, for example `read`.
        action: &'static str,
        /// The object or prefix.
        path: String,
        /// Answer of the storage.
        source: object_store::Error,
    },
    /// A local file could not be written or made durable.
    #[error("failed to {action} `{path}`")]
    File {
        /// What was tried, for example `write`.
        action: &'static str,
        /// The file or folder.
        path: String,
        /// Answer of the operating system.
        source: std::io::Error,
    },
    /// The lake has no such table.
    #[error("there is no table `{table}` in the lake")]
    NoTable {
        /// Name of the table.
        table: String,
    },
    /// A table was to be created whose columns Headwater does not define.
    #[error("headwater defines no columns for a table `{table}`")]
    NoColumns {
        /// Name of the table.
        table: String,
    },
    /// The stored table does not have the columns that Headwater writes.
    #[error("the columns of table `{table}` do not fit: {difference}")]
    Schema {
        /// Name of the table.
        table: String,
        /// The first column that differs, and how.
        difference: String,
    },
    /// The table uses a feature of the Delta protocol that Headwater does not have.
    #[error("table `{table}` needs the delta feature {feature}, which headwater does not support")]
    Protocol {
        /// Name of the table.
        table: String,
        /// Name of the feature or of the protocol version.
        feature: String,
    },
    /// A request breaks a rule of the lake.
    #[error("table `{table}`: {reason}")]
    Request {
        /// Name of the table.
        table: String,
        /// The rule and the offending value.
        reason: String,
    },
    /// Another commit moved the position first: the rows of this commit are not in the table.
    #[error(
        "position of `{partition}` in table `{table}` is {}, not {}",
        position_text(*.actual),
        position_text(*.expected)
    )]
    PositionConflict {
        /// Name of the table.
        table: String,
        /// The source partition.
        partition: String,
        /// Position that the commit expected.
        expected: Option<i64>,
        /// Position that the table has.
        actual: Option<i64>,
    },
    /// Another commit removed a file that this commit replaces.
    #[error("file `{path}` of table `{table}` was removed by another commit")]
    FileConflict {
        /// Name of the table.
        table: String,
        /// Path of the file inside the table.
        path: String,
    },
    /// Other writers won every attempt to append to the log.
    #[error("gave up committing to table `{table}` after {attempts} attempts")]
    Contention {
        /// Name of the table.
        table: String,
        /// Attempts made.
        attempts: u32,
    },
    /// Another process is compacting the table.
    #[error("table `{table}` is being compacted by another process (lease epoch {epoch})")]
    LeaseHeld {
        /// Name of the table.
        table: String,
        /// Epoch of the lease that is held.
        epoch: i64,
    },
    /// The table has no such version, or no longer.
    #[error("table `{table}` has no version {version}")]
    NoVersion {
        /// Name of the table.
        table: String,
        /// The version or time that was asked for.
        version: String,
    },
    /// A log entry is not what the Delta protocol says.
    #[error("log entry {version} of table `{table}` is damaged")]
    LogEntry {
        /// Name of the table.
        table: String,
        /// Version of the entry.
        version: u64,
        /// What is wrong with its JSON.
        source: serde_json::Error,
    },
    /// What is known about hidden columns is not what Headwater writes.
    #[error("`{path}` does not hold what is known about paths: correct it, or delete it")]
    PathRecord {
        /// The object.
        path: String,
        /// What is wrong with its JSON.
        source: serde_json::Error,
    },
    /// A log entry or checkpoint that must exist is missing or incomplete.
    #[error("the log of table `{table}` is damaged: {reason}")]
    Log {
        /// Name of the table.
        table: String,
        /// What is missing.
        reason: String,
    },
    /// The Delta library could not do its part.
    #[error("failed to {action} table `{table}`")]
    Delta {
        /// What was tried.
        action: &'static str,
        /// Name of the table.
        table: String,
        /// Answer of the library.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A Parquet file could not be read or written.
    #[error("failed to {action} parquet file `{path}`")]
    Parquet {
        /// What was tried.
        action: &'static str,
        /// Path of the file inside the table.
        path: String,
        /// Answer of the library.
        source: ParquetError,
    },
    /// Columns could not be put together.
    #[error("failed to {action}")]
    Arrow {
        /// What was tried.
        action: &'static str,
        /// Answer of the library.
        source: ArrowError,
    },
    /// A log entry could not be written as JSON.
    #[error("failed to write a log entry of table `{table}` as json")]
    Encode {
        /// Name of the table.
        table: String,
        /// Answer of the JSON library.
        source: serde_json::Error,
    },
    /// A background task ended without an answer.
    #[error("a background task of the lake stopped while it was to {action}")]
    Task {
        /// What the task was doing.
        action: &'static str,
        /// Why it stopped, when the runtime tells.
        source: Option<tokio::task::JoinError>,
    },
    /// The log entry that several commits shared failed.
    #[error(transparent)]
    Shared(Arc<LakeError>),
}

impl LakeError {
    /// What the caller should do about this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Location { .. }
            | Self::StorageOption { .. }
            | Self::NoColumns { .. }
            | Self::Schema { .. }
            | Self::Protocol { .. }
            | Self::Request { .. } => ErrorKind::Invalid,
            Self::Storage { source, .. } => storage_kind(source),
            Self::File { source, .. } => file_kind(source),
            Self::NoTable { .. } | Self::NoVersion { .. } => ErrorKind::NotFound,
            Self::PositionConflict { .. } | Self::FileConflict { .. } => ErrorKind::Conflict,
            Self::Contention { .. } | Self::LeaseHeld { .. } => ErrorKind::Unavailable,
            Self::LogEntry { .. } | Self::Log { .. } | Self::PathRecord { .. } => {
                ErrorKind::Corrupt
            }
            Self::Delta { source, .. } => cause_kind(source.as_ref()),
            Self::Parquet { source, .. } => cause_kind(source),
            Self::Arrow { .. } | Self::Encode { .. } | Self::Task { .. } => ErrorKind::Internal,
            Self::Shared(inner) => inner.kind(),
        }
    }

    /// Makes the closure that turns a storage error into a lake error.
    pub(crate) fn storage(
        action: &'static str,
        path: impl ToString,
    ) -> impl FnOnce(object_store::Error) -> Self {
        let path = path.to_string();
        move |source| Self::Storage { action, path, source }
    }

    /// Makes the closure that turns a Parquet error into a lake error.
    pub(crate) fn parquet(
        action: &'static str,
        path: impl ToString,
    ) -> impl FnOnce(ParquetError) -> Self {
        let path = path.to_string();
        move |source| Self::Parquet { action, path, source }
    }

    /// Makes the closure that turns an Arrow error into a lake error.
    pub(crate) fn arrow(action: &'static str) -> impl FnOnce(ArrowError) -> Self {
        move |source| Self::Arrow { action, source }
    }

    /// Makes the closure that turns the end of a task into a lake error.
    pub(crate) fn task(action: &'static str) -> impl FnOnce(tokio::task::JoinError) -> Self {
        move |source| Self::Task { action, source: Some(source) }
    }
}

fn position_text(position: Option<i64>) -> String {
    position.map_or_else(|| "not set".to_owned(), |offset| offset.to_string())
}

fn storage_kind(error: &object_store::Error) -> ErrorKind {
    match error {
        object_store::Error::NotFound { .. } => ErrorKind::NotFound,
        object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. } => ErrorKind::Denied,
        object_store::Error::InvalidPath { .. }
        | object_store::Error::UnknownConfigurationKey { .. } => ErrorKind::Invalid,
        _ => ErrorKind::Unavailable,
    }
}

fn file_kind(error: &std::io::Error) -> ErrorKind {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            ErrorKind::Denied
        }
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        _ => ErrorKind::Unavailable,
    }
}

/// A failure of a library is damage of the data unless the storage below it caused the failure.
fn cause_kind(error: &(dyn std::error::Error + 'static)) -> ErrorKind {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(storage) = current.downcast_ref::<object_store::Error>() {
            return storage_kind(storage);
        }
        if let Some(file) = current.downcast_ref::<std::io::Error>() {
            return file_kind(file);
        }
        cause = current.source();
    }
    ErrorKind::Corrupt
}
