//! Why a query fails, said so that the next one can be right.

use std::time::Duration;

use datafusion::common::{DataFusionError, SchemaError};
use headwater_event::ErrorKind;

/// A failed query or session.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The statement cannot be read; the message points at the place.
    #[error("{message}")]
    Syntax {
        /// What was expected, the line and a caret below the token.
        message: String,
    },
    /// The statement is well-formed but cannot be planned: unknown names, wrong types.
    #[error("{message}")]
    Plan {
        /// What is wrong and, for unknown names, the nearest known one.
        message: String,
        /// DataFusion's own error.
        cause: Box<DataFusionError>,
    },
    /// The query needed more memory than it may use and could not spill.
    #[error(
        "query needs more than its {limit_bytes} bytes of memory: narrow it, or raise the limit"
    )]
    Memory {
        /// The limit.
        limit_bytes: usize,
        /// DataFusion's own error.
        cause: Box<DataFusionError>,
    },
    /// The query took too long.
    #[error("query stopped after {limit:?}: narrow it, or raise the time limit")]
    Timeout {
        /// The limit.
        limit: Duration,
    },
    /// The query failed while running.
    #[error("query failed: {message}")]
    Execution {
        /// What failed.
        message: String,
        /// DataFusion's own error.
        cause: Box<DataFusionError>,
    },
    /// A table cannot be opened.
    #[error("failed to open the lake for a query")]
    Lake {
        /// The lake's error.
        #[from]
        source: headwater_lake::LakeError,
    },
    /// Results cannot be written.
    #[error("failed to write the result")]
    Output {
        /// The cause.
        source: std::io::Error,
    },
}

impl QueryError {
    /// What the caller should do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Syntax { .. } | Self::Plan { .. } => ErrorKind::Invalid,
            Self::Memory { .. } | Self::Timeout { .. } => ErrorKind::Unavailable,
            Self::Execution { cause, .. } => kind_of_execution(cause),
            Self::Lake { source } => source.kind(),
            Self::Output { .. } => ErrorKind::Unavailable,
        }
    }

    /// Classifies an error of planning or running `sql`; `tables` are the names it could have used.
    pub(crate) fn of(
        error: DataFusionError,
        sql: &str,
        memory_limit: usize,
        tables: &[String],
    ) -> Self {
        let (is_syntax, is_plan, is_memory) = match error.find_root() {
            DataFusionError::SQL(..) => (true, false, false),
            DataFusionError::Plan(_)
            | DataFusionError::SchemaError(..)
            | DataFusionError::NotImplemented(_)
            | DataFusionError::Configuration(_) => (false, true, false),
            DataFusionError::ResourcesExhausted(_) => (false, false, true),
            _ => (false, false, false),
        };
        if is_syntax {
            return Self::Syntax { message: crate::explain::syntax(&error, sql) };
        }
        if is_memory {
            return Self::Memory { limit_bytes: memory_limit, cause: Box::new(error) };
        }
        let message = crate::explain::message(&error, tables);
        if is_plan {
            return Self::Plan { message, cause: Box::new(error) };
        }
        Self::Execution { message, cause: Box::new(error) }
    }
}

fn kind_of_execution(error: &DataFusionError) -> ErrorKind {
    match error.find_root() {
        DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => ErrorKind::Unavailable,
        DataFusionError::ParquetError(_) => ErrorKind::Corrupt,
        DataFusionError::Internal(_) => ErrorKind::Internal,
        _ => ErrorKind::Invalid,
    }
}

/// Names offered when a column is unknown.
pub(crate) fn known_columns(error: &DataFusionError) -> Option<(String, Vec<String>)> {
    match error.find_root() {
        DataFusionError::SchemaError(schema, _) => match schema.as_ref() {
            SchemaError::FieldNotFound { field, valid_fields } => {
                let known = valid_fields.iter().map(|column| column.name.clone()).collect();
                Some((field.name.clone(), known))
            }
            _ => None,
        },
        DataFusionError::Diagnostic(_, inner) => known_columns(inner),
        DataFusionError::Collection(errors) => errors.iter().find_map(known_columns),
        _ => None,
    }
}
