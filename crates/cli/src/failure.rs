//! The one way an error leaves the process: a message with its causes on standard error, and the
//! exit code of its kind.

use std::process::ExitCode;

use headwater_event::ErrorKind;
pub(crate) use headwater_event::error::describe;

/// An error with the kind that decides the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: ErrorKind,
    error: anyhow::Error,
}

impl Failure {
    /// An error of this kind in our own words.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, error: anyhow::Error::msg(message.into()) }
    }

    /// The message with its causes.
    pub(crate) fn message(&self) -> String {
        describe(self.error.as_ref())
    }

    /// Prints the error and gives the exit code. That nobody reads the output any more (`| head`)
    /// is the reader's wish and no error.
    pub(crate) fn report(&self) -> ExitCode {
        let is_closed = |cause: &(dyn std::error::Error + 'static)| {
            let cause = cause.downcast_ref::<std::io::Error>();
            cause.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
        };
        if self.error.chain().any(is_closed) {
            return ExitCode::SUCCESS;
        }
        crate::screen::note(format_args!("error: {}", self.message()));
        ExitCode::from(self.kind.exit_code())
    }
}

macro_rules! failure_from {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self { kind: error.kind(), error: error.into() }
            }
        })*
    };
}

failure_from!(
    headwater_access::AccessError,
    headwater_config::ConfigError,
    headwater_ingest::IngestError,
    headwater_lake::LakeError,
    headwater_pipeline::PipelineError,
    headwater_pipeline::vrl::VrlError,
    headwater_query::QueryError,
    headwater_query::security_lake::ExportError,
    headwater_server::ServerError,
    headwater_sources::SourceError,
);

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::PermissionDenied => ErrorKind::Denied,
            _ => ErrorKind::Unavailable,
        };
        Self { kind, error: error.into() }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self { kind: ErrorKind::Internal, error: error.into() }
    }
}
