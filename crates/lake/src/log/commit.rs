//! What a writer asks the log to do in one atomic step.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::file::DataFile;

/// Why a commit is made; readers of the table's history see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The table was created.
    Create,
    /// Rows were added.
    Write,
    /// Small files were merged; no row changed.
    Optimize,
    /// Old partitions were removed.
    Retention,
    /// Files were rewritten with changed rows.
    Rewrite,
    /// A lease on the table was taken, renewed or given back.
    Lease,
    /// The table got columns that it did not have.
    Widen,
}

impl Operation {
    /// Name in the log. The words are those of other Delta writers where one exists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE TABLE",
            Self::Write => "WRITE",
            Self::Optimize => "OPTIMIZE",
            Self::Retention => "DELETE",
            Self::Rewrite => "UPDATE",
            Self::Lease => "LEASE",
            Self::Widen => "ADD COLUMNS",
        }
    }
}

/// A compare-and-set of one source position: the commit goes through only while the table's
/// position of `partition` is `expected`, and leaves it at `offset`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionAdvance {
    /// The source partition (Delta `appId`).
    pub partition: Arc<str>,
    /// Position the table must have; `None` when it must have none yet.
    pub expected: Option<i64>,
    /// Position after the commit; not below `expected`.
    pub offset: i64,
}

/// One atomic change of a table.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Why.
    pub operation: Operation,
    /// Files that become part of the table; they must be in storage already.
    pub adds: Vec<DataFile>,
    /// Files that stop being part of the table.
    pub removes: Vec<Arc<DataFile>>,
    /// Positions that move in the same step.
    pub positions: Vec<PositionAdvance>,
    /// Whether rows change: false for a rewrite of the same rows, which stream readers may skip.
    pub data_change: bool,
    /// Version of the snapshot that `removes` were taken from; required when there are any.
    pub base: Option<u64>,
    /// Facts for the history (`operationParameters`).
    pub parameters: BTreeMap<String, String>,
    /// Marks the positions as out of date at once: how a lease is given back.
    pub(crate) positions_expired: bool,
}

impl Commit {
    /// Adds files and moves positions. No files is fine: then only positions move.
    #[must_use]
    pub fn append(adds: Vec<DataFile>, positions: Vec<PositionAdvance>) -> Self {
        Self {
            operation: Operation::Write,
            adds,
            removes: Vec::new(),
            positions,
            data_change: true,
            base: None,
            parameters: BTreeMap::from([("mode".to_owned(), "Append".to_owned())]),
            positions_expired: false,
        }
    }

    /// Replaces files of the snapshot at version `base` by others.
    #[must_use]
    pub fn replace(
        operation: Operation,
        base: u64,
        removes: Vec<Arc<DataFile>>,
        adds: Vec<DataFile>,
        data_change: bool,
    ) -> Self {
        Self {
            operation,
            adds,
            removes,
            positions: Vec::new(),
            data_change,
            base: Some(base),
            parameters: BTreeMap::new(),
            positions_expired: false,
        }
    }

    /// Whether this commit only adds, so that it can share a log entry with others.
    pub(crate) fn is_append(&self) -> bool {
        self.operation == Operation::Write && self.removes.is_empty() && self.data_change
    }
}
