//! When a commit may go through, and when not.

use std::collections::HashSet;

use headwater_event::schema::{columns_of, partition_columns_of};
use serde_json::Value;

use crate::error::{LakeError, Result};
use crate::log::commit::Commit;
use crate::log::entry::Metadata;
use crate::log::state::LogState;
use crate::schema::{schema_difference, statistics_columns, widened_schema};

/// Checks a request against the state of the log.
pub(crate) fn check(
    table: &str,
    state: &LogState,
    commit: &Commit,
    removed: &HashSet<String>,
) -> Result<()> {
    let refuse = |reason: String| LakeError::Request { table: table.to_owned(), reason };
    for position in &commit.positions {
        let actual = state.position(&position.partition).map(|position| position.offset);
        if actual != position.expected {
            return Err(LakeError::PositionConflict {
                table: table.to_owned(),
                partition: position.partition.to_string(),
                expected: position.expected,
                actual,
            });
        }
        if position.expected.is_some_and(|expected| position.offset < expected) {
            return Err(refuse(format!(
                "position of `{}` cannot go back to {}",
                position.partition, position.offset
            )));
        }
    }
    if commit.removes.is_empty() {
        return Ok(());
    }
    if commit.base.is_none() {
        return Err(refuse("files are removed without saying from which version".to_owned()));
    }
    let append_only = state.metadata.configuration.get("delta.appendOnly");
    if commit.data_change && append_only.is_some_and(|value| value == "true") {
        return Err(refuse("its rows may not be removed (delta.appendOnly)".to_owned()));
    }
    match commit.removes.iter().find(|file| removed.contains(&file.path)) {
        None => Ok(()),
        Some(file) => {
            Err(LakeError::FileConflict { table: table.to_owned(), path: file.path.clone() })
        }
    }
}

/// The metadata of a table with the columns that it lacks; `None` when it lacks none.
pub(crate) fn widened(table: &str, metadata: &Metadata) -> Result<Option<Metadata>> {
    let Some(columns) = columns_of(table) else { return Ok(None) };
    let schema: Value = serde_json::from_str(&metadata.schema_string)
        .map_err(|source| LakeError::LogEntry { table: table.to_owned(), version: 0, source })?;
    let Some(schema) = widened_schema(columns, &schema) else { return Ok(None) };
    let mut metadata = metadata.clone();
    metadata.schema_string = schema.to_string();
    let statistics = statistics_columns(columns).join(",");
    metadata.configuration.insert("delta.dataSkippingStatsColumns".to_owned(), statistics);
    Ok(Some(metadata))
}

/// Checks that the files Headwater writes fit the schema of the table.
pub(crate) fn check_metadata(table: &str, metadata: &Metadata) -> Result<()> {
    let Some(columns) = columns_of(table) else { return Ok(()) };
    let misfit = |difference| LakeError::Schema { table: table.to_owned(), difference };
    let partitions = partition_columns_of(table);
    if metadata.partition_columns != partitions {
        return Err(misfit(format!("it is partitioned by {:?}", metadata.partition_columns)));
    }
    let schema: Value = serde_json::from_str(&metadata.schema_string)
        .map_err(|source| LakeError::LogEntry { table: table.to_owned(), version: 0, source })?;
    schema_difference(columns, partitions, &schema)
        .map_or(Ok(()), |difference| Err(misfit(difference)))
}
