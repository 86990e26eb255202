//! Why a server cannot start or go on.

use std::io;
use std::path::PathBuf;

use headwater_event::ErrorKind;

/// A server that cannot start or stops early.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// An address cannot be listened on.
    #[error("failed to listen for {protocol} on {address}")]
    Listen {
        /// For whom.
        protocol: &'static str,
        /// Where.
        address: String,
        /// What the system answered.
        source: io::Error,
    },
    /// Two protocols that cannot share a listener have the same address.
    #[error("{protocol} cannot share {address} with another protocol: give it another port")]
    Shared {
        /// Which one.
        protocol: &'static str,
        /// The address.
        address: String,
    },
    /// A certificate or key cannot be used.
    #[error("failed to use `{path}` for TLS: {reason}", path = path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The journal cannot be opened.
    #[error("failed to open the journal")]
    Journal {
        /// The journal's error.
        #[from]
        source: headwater_journal::JournalError,
    },
    /// The lake does not answer.
    #[error("failed to open the lake")]
    Lake {
        /// The lake's error.
        #[from]
        source: headwater_lake::LakeError,
    },
    /// The data path stopped.
    #[error("the data path stopped")]
    Ingest {
        /// Its error.
        #[from]
        source: headwater_ingest::IngestError,
    },
    /// Queries cannot be answered.
    #[error("failed to prepare queries")]
    Query {
        /// The session's error.
        #[from]
        source: headwater_query::QueryError,
    },
    /// A part of the server could not be started.
    #[error("failed to start {part}: {reason}")]
    Start {
        /// Which part.
        part: &'static str,
        /// Why.
        reason: String,
    },
}

impl ServerError {
    /// What the caller should do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Listen { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => ErrorKind::Denied,
                io::ErrorKind::AddrInUse => ErrorKind::Conflict,
                io::ErrorKind::InvalidInput => ErrorKind::Invalid,
                _ => ErrorKind::Unavailable,
            },
            Self::Shared { .. } | Self::Tls { .. } => ErrorKind::Invalid,
            Self::Journal { source } => source.kind(),
            Self::Lake { source } => source.kind(),
            Self::Ingest { source } => source.kind(),
            Self::Query { source } => source.kind(),
            Self::Start { .. } => ErrorKind::Internal,
        }
    }
}
