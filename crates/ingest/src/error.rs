//! Why a run of the data path stops.

use headwater_event::ErrorKind;
use headwater_sources::sqs::SqsError;

/// A run that cannot go on. What was committed before stays, and a new run continues after it.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The tables cannot be read or written.
    #[error("failed to {action}")]
    Lake {
        /// What was being done.
        action: &'static str,
        /// The lake's error.
        source: Box<headwater_lake::LakeError>,
    },
    /// Other processes kept ingesting the same inputs.
    #[error("another process ingests the same inputs: gave up after {attempts} attempts")]
    Contended {
        /// How often this run started again from the table's positions.
        attempts: u32,
    },
    /// Rows of a chunk do not fit Arrow's limits.
    #[error("failed to build a batch of rows")]
    Batch {
        /// Arrow's error.
        source: Box<arrow::error::ArrowError>,
    },
    /// The queue that names the objects of a bucket cannot be used.
    #[error("failed to follow a bucket")]
    Queue {
        /// The queue's error.
        source: Box<SqsError>,
    },
    /// Kafka cannot be read.
    #[cfg(feature = "kafka")]
    #[error("failed to read Kafka")]
    Kafka {
        /// The source's error.
        source: Box<headwater_sources::kafka::KafkaError>,
    },
    /// The condition that chooses rows fails.
    #[error("failed to choose rows")]
    Selection {
        /// What the condition says.
        source: crate::renormalize::SelectionError,
    },
    /// A thread of the run ended early.
    #[error("a {thread} thread stopped unexpectedly")]
    Thread {
        /// Which kind of thread.
        thread: &'static str,
    },
}

impl IngestError {
    /// What the caller should do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Lake { source, .. } => source.kind(),
            Self::Contended { .. } => ErrorKind::Conflict,
            Self::Batch { .. } | Self::Selection { .. } => ErrorKind::Invalid,
            Self::Queue { source } => source.kind(),
            #[cfg(feature = "kafka")]
            Self::Kafka { source } => source.kind(),
            Self::Thread { .. } => ErrorKind::Internal,
        }
    }

    pub(crate) fn lake(action: &'static str) -> impl FnOnce(headwater_lake::LakeError) -> Self {
        move |source| Self::Lake { action, source: Box::new(source) }
    }

    pub(crate) fn selection(source: crate::renormalize::SelectionError) -> Self {
        Self::Selection { source }
    }

    /// Whether another process advanced the same inputs, so that this run should look again.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Lake { .. }) && self.kind() == ErrorKind::Conflict
    }
}

impl From<SqsError> for IngestError {
    fn from(source: SqsError) -> Self {
        Self::Queue { source: Box::new(source) }
    }
}

#[cfg(feature = "kafka")]
impl From<headwater_sources::kafka::KafkaError> for IngestError {
    fn from(source: headwater_sources::kafka::KafkaError) -> Self {
        Self::Kafka { source: Box::new(source) }
    }
}

impl From<arrow::error::ArrowError> for IngestError {
    fn from(source: arrow::error::ArrowError) -> Self {
        Self::Batch { source: Box::new(source) }
    }
}
