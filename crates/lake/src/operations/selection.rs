//! Which partitions a job works on.

use headwater_event::Timestamp;
use headwater_event::schema::PARTITION_COLUMNS;

use crate::error::{LakeError, Result};
use crate::file::DataFile;

/// A choice of partitions; the default chooses all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartitionSelection {
    /// Values that partition columns must have, for example `("day", "01")`.
    pub values: Vec<(String, String)>,
    /// Only hours that end after this time.
    pub from: Option<Timestamp>,
    /// Only hours that begin before this time.
    pub until: Option<Timestamp>,
}

impl PartitionSelection {
    /// Checks that the columns exist.
    ///
    /// # Errors
    /// `Invalid` when a name is not that of a partition column.
    pub(crate) fn check(&self, table: &str) -> Result<()> {
        let unknown =
            self.values.iter().find(|(column, _)| !PARTITION_COLUMNS.contains(&column.as_str()));
        unknown.map_or(Ok(()), |(column, _)| {
            Err(LakeError::Request {
                table: table.to_owned(),
                reason: format!("it is not partitioned by `{column}`"),
            })
        })
    }

    /// Whether the partition of a file is chosen.
    pub(crate) fn contains(&self, file: &DataFile) -> bool {
        let has_value = |(column, value): &(String, String)| {
            file.partition.get(column).and_then(Option::as_ref) == Some(value)
        };
        if !self.values.iter().all(has_value) {
            return false;
        }
        match file.hour() {
            Some(hour) => {
                self.from.is_none_or(|from| hour.end() > from)
                    && self.until.is_none_or(|until| hour.start() < until)
            }
            None => self.from.is_none() && self.until.is_none(),
        }
    }
}
