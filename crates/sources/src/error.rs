//! What can go wrong while a source is listed or read. Damaged content is not among it: that is
//! data and becomes a fault frame (see [`crate::record::Payload::Fault`]), so that nothing is lost
//! silently.

use std::io;

use headwater_event::ErrorKind;

/// A source could not be listed or read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The text is not an input: bad glob, unknown scheme, bad percent-encoding.
    #[error("`{input}` is not an input: {reason}")]
    Invalid {
        /// The text as given.
        input: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing exists under this name, or a pattern matches nothing.
    #[error("`{input}` does not exist or matches nothing")]
    NotFound {
        /// The path, pattern or URL.
        input: String,
    },
    /// A local file, folder or pipe could not be opened, listed or read.
    #[error("failed to read `{input}`")]
    Io {
        /// The file.
        input: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// An object store refused or failed a request.
    #[error("failed to read `{input}` from the object store")]
    Store {
        /// The URL.
        input: String,
        /// The store's answer.
        source: object_store::Error,
    },
    /// The content changed between two looks at it: read it again from the start.
    #[error("`{input}` changed while it was read")]
    Changed {
        /// The path or URL.
        input: String,
    },
    /// The content is a known format that this build cannot open.
    #[error("`{input}` is {format}, which is not supported")]
    Unsupported {
        /// The path or URL.
        input: String,
        /// The format's name, for example `an xz archive`.
        format: &'static str,
    },
    /// A part of the reader stopped unexpectedly.
    #[error("the reader of `{input}` stopped unexpectedly")]
    Stopped {
        /// The path or URL.
        input: String,
    },
}

impl SourceError {
    /// What the caller should do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } | Self::Unsupported { .. } => ErrorKind::Invalid,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Io { source, .. } => io_kind(source),
            Self::Store { source, .. } => store_kind(source),
            Self::Changed { .. } => ErrorKind::Conflict,
            Self::Stopped { .. } => ErrorKind::Internal,
        }
    }

    /// The path, pattern or URL that it is about.
    #[must_use]
    pub fn input(&self) -> &str {
        match self {
            Self::Invalid { input, .. }
            | Self::NotFound { input }
            | Self::Io { input, .. }
            | Self::Store { input, .. }
            | Self::Changed { input }
            | Self::Unsupported { input, .. }
            | Self::Stopped { input } => input,
        }
    }

    pub(crate) fn io(input: &str, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::NotFound {
            return Self::NotFound { input: input.to_owned() };
        }
        Self::Io { input: input.to_owned(), source }
    }

    pub(crate) fn store(input: &str, source: object_store::Error) -> Self {
        let input = input.to_owned();
        match source {
            object_store::Error::NotFound { .. } => Self::NotFound { input },
            object_store::Error::Precondition { .. } | object_store::Error::NotModified { .. } => {
                Self::Changed { input }
            }
            source => Self::Store { input, source },
        }
    }

    /// The same error, told of the object for which a store was opened.
    pub(crate) fn about(self, input: &str) -> Self {
        let input = input.to_owned();
        match self {
            Self::Store { source, .. } => Self::Store { input, source },
            Self::Invalid { reason, .. } => Self::Invalid { input, reason },
            other => other,
        }
    }

    pub(crate) fn invalid(input: &str, reason: impl Into<String>) -> Self {
        Self::Invalid { input: input.to_owned(), reason: reason.into() }
    }
}

fn io_kind(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied => ErrorKind::Denied,
        io::ErrorKind::InvalidInput | io::ErrorKind::IsADirectory => ErrorKind::Invalid,
        _ => ErrorKind::Unavailable,
    }
}

fn store_kind(error: &object_store::Error) -> ErrorKind {
    match error {
        object_store::Error::NotFound { .. } => ErrorKind::NotFound,
        object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. } => ErrorKind::Denied,
        object_store::Error::InvalidPath { .. }
        | object_store::Error::NotSupported { .. }
        | object_store::Error::UnknownConfigurationKey { .. } => ErrorKind::Invalid,
        object_store::Error::Precondition { .. } => ErrorKind::Conflict,
        _ => ErrorKind::Unavailable,
    }
}
