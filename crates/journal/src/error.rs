//! What can go wrong with a journal.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use headwater_event::ErrorKind;

/// Why a journal could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JournalError {
    /// The file system refused; nothing that was asked for happened.
    #[error("failed to {action} `{path}`", path = path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system answered; shared by all appends of one group.
        source: Arc<io::Error>,
    },
    /// Another process has the journal open.
    #[error("journal `{path}` is in use by another process", path = path.display())]
    InUse {
        /// Folder of the journal.
        path: PathBuf,
    },
    /// The journal holds as much as it may: what reads it does not keep up.
    #[error("journal is full: {bytes} of {bytes_max} bytes are in use")]
    Full {
        /// Bytes on disk.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// Too many appends wait already.
    #[error("journal is busy: {waiting} appends wait")]
    Busy {
        /// How many.
        waiting: usize,
    },
    /// An entry is longer than entries may be.
    #[error("entry of {bytes} bytes is longer than {bytes_max}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// The journal was closed.
    #[error("journal is closed")]
    Closed,
}

impl JournalError {
    /// What the caller should do.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::InUse { .. } => ErrorKind::Conflict,
            Self::TooLong { .. } => ErrorKind::Invalid,
            Self::File { .. } | Self::Full { .. } | Self::Busy { .. } | Self::Closed => {
                ErrorKind::Unavailable
            }
        }
    }

    /// Whether the file system has no room: the same succeeds once there is some again.
    #[must_use]
    pub fn is_out_of_space(&self) -> bool {
        let Self::File { source, .. } = self else { return false };
        matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        )
    }

    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { action, path, source: Arc::new(source) }
    }
}
