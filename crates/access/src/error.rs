//! What can go wrong with the file of tokens.

use std::io;
use std::path::PathBuf;

use headwater_event::ErrorKind;

/// Tokens could not be read, written or made.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file system refused.
    #[error("failed to {action} token file `{path}`", path = path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The file is not what Headwater writes.
    #[error("token file `{path}` is damaged: restore it, or remove it and make new tokens", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// No token has this id or name.
    #[error("there is no token `{0}`: `headwater token list` shows them")]
    Unknown(String),
    /// Several tokens have this name.
    #[error("several tokens are called `{0}`: use the id that `headwater token list` shows")]
    Ambiguous(String),
    /// The system gave no chance.
    #[error("the system gave no random bytes: {0}")]
    Random(String),
}

impl AccessError {
    /// What the caller should do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::File { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => ErrorKind::Denied,
                io::ErrorKind::NotFound => ErrorKind::NotFound,
                _ => ErrorKind::Unavailable,
            },
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Unknown(_) => ErrorKind::NotFound,
            Self::Ambiguous(_) => ErrorKind::Invalid,
            Self::Random(_) => ErrorKind::Unavailable,
        }
    }
}
