//! Why events cannot be exported.

use headwater_event::ErrorKind;

use crate::QueryError;

/// A failed export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// No class has this name.
    #[error("OCSF has no class `{class}`: headwater ocsf classes lists them")]
    ClassUnknown {
        /// The name.
        class: String,
    },
    /// Only later releases have the class.
    #[error(
        "OCSF 1.1.0, which Security Lake speaks, has no class `{class}`{}",
        .wider.as_ref().map(|name| format!("; `{name}` is the nearest one")).unwrap_or_default()
    )]
    ClassOlder {
        /// The class.
        class: String,
        /// A class that it was derived from and that the release has.
        wider: Option<String>,
    },
    /// A name that cannot be a part of a path in Security Lake.
    #[error("{what} `{name}` cannot be used: {rule}")]
    Name {
        /// What it names.
        what: &'static str,
        /// The name.
        name: String,
        /// What it should be.
        rule: &'static str,
    },
    /// Events do not tell where they belong.
    #[error(
        "of {events} events {without_region} have no cloud.region and {without_account} no \
         cloud.account.uid: say with --region and --account where these belong"
    )]
    Place {
        /// Events in all.
        events: u64,
        /// Those without a region.
        without_region: u64,
        /// Those without an account.
        without_account: u64,
    },
    /// The events cannot be read.
    #[error("failed to read the events to export")]
    Query {
        /// The cause.
        #[from]
        source: QueryError,
    },
    /// The object of an event is damaged.
    #[error("the object of an event cannot be converted: {reason}")]
    Event {
        /// What is wrong with it.
        reason: String,
    },
    /// The spool cannot be used.
    #[error("failed to spool events in {folder}")]
    Spool {
        /// Where.
        folder: String,
        /// The cause.
        source: std::io::Error,
    },
    /// Rows cannot become Parquet.
    #[error("failed to write {path}")]
    Encode {
        /// The file.
        path: String,
        /// The cause.
        source: parquet::errors::ParquetError,
    },
    /// The target does not answer.
    #[error("failed to {action} {path}")]
    Store {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: String,
        /// The cause.
        source: object_store::Error,
    },
}

impl ExportError {
    /// What the caller should do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::ClassUnknown { .. }
            | Self::ClassOlder { .. }
            | Self::Name { .. }
            | Self::Place { .. } => ErrorKind::Invalid,
            Self::Query { source } => source.kind(),
            Self::Event { .. } => ErrorKind::Corrupt,
            Self::Spool { .. } | Self::Encode { .. } => ErrorKind::Unavailable,
            Self::Store { source, .. } => match source {
                object_store::Error::PermissionDenied { .. }
                | object_store::Error::Unauthenticated { .. } => ErrorKind::Denied,
                object_store::Error::NotFound { .. } => ErrorKind::NotFound,
                _ => ErrorKind::Unavailable,
            },
        }
    }
}
