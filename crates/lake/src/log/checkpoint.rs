//! Checkpoints: what the log adds up to at a version, as Parquet. The library writes them; the few
//! actions a writer needs (positions, schema, protocol) are read here, in bulk and without the
//! files.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray as _, Int32Array, Int64Array, MapArray, RecordBatch, StringArray,
    StructArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use futures::TryStreamExt as _;
use object_store::path::Path;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use serde::Deserialize;

use crate::error::{LakeError, Result};
use crate::log::entry::{Action, Metadata, Protocol, Txn, parse_entry};
use crate::reader::ObjectReader;
use crate::storage::TableStorage;

/// Name of the file that names the newest checkpoint.
const HINT_NAME: &str = "_last_checkpoint";

/// Rows of a checkpoint that are decoded at a time.
const BATCH_ROWS: usize = 8_192;

/// A checkpoint that is there as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) version: u64,
    /// Its files and their sizes in bytes: one, or the parts of a checkpoint in several parts.
    files: Vec<(Path, u64)>,
}

/// Version of the newest checkpoint according to the hint file, which may be missing or out of
/// date.
pub(crate) async fn read_hint(storage: &TableStorage) -> Result<Option<u64>> {
    #[derive(Deserialize)]
    struct Hint {
        version: u64,
    }
    let bytes = storage.read(&storage.log_folder().join(HINT_NAME)).await?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice::<Hint>(&bytes).ok()).map(|hint| hint.version))
}

/// The newest checkpoint of which no part is missing.
pub(crate) fn newest_complete(files: &[(Path, u64)]) -> Option<Checkpoint> {
    let mut checkpoints: Vec<(Checkpoint, usize)> = Vec::new();
    for (path, size) in files {
        let Some((version, parts)) = path.filename().and_then(checkpoint_name) else { continue };
        let file = (path.clone(), *size);
        match checkpoints
            .iter_mut()
            .find(|(found, of)| parts > 1 && found.version == version && *of == parts)
        {
            Some((checkpoint, _)) => checkpoint.files.push(file),
            None => checkpoints.push((Checkpoint { version, files: vec![file] }, parts)),
        }
    }
    let complete = checkpoints.into_iter().filter(|(found, parts)| found.files.len() == *parts);
    complete.map(|(checkpoint, _)| checkpoint).max_by_key(|checkpoint| checkpoint.version)
}

/// Version and number of parts of a checkpoint by its file name.
fn checkpoint_name(name: &str) -> Option<(u64, usize)> {
    let (version, rest) = name.split_once(".checkpoint.")?;
    let version = (version.len() == 20).then(|| version.parse().ok())??;
    let parts: Vec<&str> = rest.split('.').collect();
    match parts.as_slice() {
        ["parquet"] => Some((version, 1)),
        // Named by a UUID: the newer form, whose main file has all actions but those on files.
        [_, "parquet" | "json"] => Some((version, 1)),
        [_, of, "parquet"] => Some((version, of.parse().ok()?)),
        _ => None,
    }
}

/// Reads positions, schema and protocol from a checkpoint.
///
/// # Errors
/// `Corrupt` when a file of the checkpoint is not what the protocol says.
pub(crate) async fn read_small_actions(
    storage: &TableStorage,
    checkpoint: &Checkpoint,
) -> Result<Vec<Action>> {
    let mut actions = Vec::new();
    for (path, size) in &checkpoint.files {
        if path.as_ref().ends_with(".json") {
            let bytes = storage.read(path).await?.unwrap_or_default();
            actions.extend(parse_entry(&storage.name, checkpoint.version, &bytes)?);
        } else {
            read_parquet(storage, path, *size, &mut actions).await?;
        }
    }
    Ok(actions)
}

async fn read_parquet(
    storage: &TableStorage,
    path: &Path,
    size: u64,
    actions: &mut Vec<Action>,
) -> Result<()> {
    let failed = || LakeError::parquet("read", path);
    let reader = ObjectReader { store: Arc::clone(&storage.store), path: path.clone(), size };
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(failed())?;
    let schema = builder.parquet_schema();
    let wanted = ["txn", "metaData", "protocol"];
    let roots = schema.root_schema().get_fields().iter().enumerate();
    let roots = roots.filter(|(_, field)| wanted.contains(&field.name())).map(|(index, _)| index);
    let mask = ProjectionMask::roots(schema, roots);
    let mut batches =
        builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(failed())?;
    while let Some(batch) = batches.try_next().await.map_err(failed())? {
        let damaged = || LakeError::Log {
            table: storage.name.clone(),
            reason: format!("`{path}` has no checkpoint's columns"),
        };
        read_positions(&batch, actions).ok_or_else(damaged)?;
        read_metadata(&batch, actions).ok_or_else(damaged)?;
        read_protocol(&batch, actions).ok_or_else(damaged)?;
    }
    Ok(())
}

/// The struct column of one kind of action; `Some(None)` when this file has no action of that kind.
fn action_column<'a>(batch: &'a RecordBatch, name: &str) -> Option<Option<&'a StructArray>> {
    match batch.column_by_name(name) {
        None => Some(None),
        Some(column) if column.null_count() == column.len() => Some(None),
        Some(column) => column.as_struct_opt().map(Some),
    }
}

fn field<'a>(action: &'a StructArray, name: &str) -> Option<&'a ArrayRef> {
    action.column_by_name(name)
}

fn text(action: &StructArray, name: &str) -> Option<StringArray> {
    let array = cast(field(action, name)?, &DataType::Utf8).ok()?;
    array.as_string_opt::<i32>().cloned()
}

fn long(action: &StructArray, name: &str) -> Option<Int64Array> {
    field(action, name)?.as_primitive_opt::<Int64Type>().cloned()
}

fn integer(action: &StructArray, name: &str) -> Option<Int32Array> {
    field(action, name)?.as_primitive_opt::<Int32Type>().cloned()
}

fn value_at(array: Option<&StringArray>, row: usize) -> Option<String> {
    array.filter(|array| array.is_valid(row)).map(|array| array.value(row).to_owned())
}

fn read_positions(batch: &RecordBatch, actions: &mut Vec<Action>) -> Option<()> {
    let Some(txn) = action_column(batch, "txn")? else { return Some(()) };
    let (applications, versions) = (text(txn, "appId")?, long(txn, "version")?);
    let updated = long(txn, "lastUpdated");
    for row in (0..txn.len()).filter(|&row| txn.is_valid(row)) {
        let updated = updated.as_ref().filter(|updated| updated.is_valid(row));
        actions.push(Action {
            txn: Some(Txn {
                app_id: applications.value(row).into(),
                version: versions.value(row),
                last_updated: updated.map(|updated| updated.value(row)),
            }),
            ..Action::default()
        });
    }
    Some(())
}

fn read_metadata(batch: &RecordBatch, actions: &mut Vec<Action>) -> Option<()> {
    let Some(metadata) = action_column(batch, "metaData")? else { return Some(()) };
    let (ids, schemas) = (text(metadata, "id")?, text(metadata, "schemaString")?);
    let (names, created) = (text(metadata, "name"), long(metadata, "createdTime"));
    for row in (0..metadata.len()).filter(|&row| metadata.is_valid(row)) {
        let created = created.as_ref().filter(|created| created.is_valid(row));
        actions.push(Action {
            meta_data: Some(Metadata {
                id: ids.value(row).to_owned(),
                name: value_at(names.as_ref(), row),
                format: crate::log::entry::Format::default(),
                schema_string: schemas.value(row).to_owned(),
                partition_columns: texts_at(field(metadata, "partitionColumns")?, row)?,
                configuration: entries_at(field(metadata, "configuration")?.as_map_opt()?, row)?
                    .into_iter()
                    .collect(),
                created_time: created.map(|created| created.value(row)),
            }),
            ..Action::default()
        });
    }
    Some(())
}

fn read_protocol(batch: &RecordBatch, actions: &mut Vec<Action>) -> Option<()> {
    let Some(protocol) = action_column(batch, "protocol")? else { return Some(()) };
    let readers = integer(protocol, "minReaderVersion")?;
    let writers = integer(protocol, "minWriterVersion")?;
    let features = |name: &str, row: usize| {
        field(protocol, name).filter(|list| list.is_valid(row)).and_then(|list| texts_at(list, row))
    };
    for row in (0..protocol.len()).filter(|&row| protocol.is_valid(row)) {
        actions.push(Action {
            protocol: Some(Protocol {
                min_reader_version: readers.value(row),
                min_writer_version: writers.value(row),
                reader_features: features("readerFeatures", row),
                writer_features: features("writerFeatures", row),
            }),
            ..Action::default()
        });
    }
    Some(())
}

fn texts_at(list: &ArrayRef, row: usize) -> Option<Vec<String>> {
    let values = cast(&list.as_list_opt::<i32>()?.value(row), &DataType::Utf8).ok()?;
    Some(values.as_string_opt::<i32>()?.iter().flatten().map(str::to_owned).collect())
}

fn entries_at(map: &MapArray, row: usize) -> Option<Vec<(String, String)>> {
    if map.is_null(row) {
        return Some(Vec::new());
    }
    let entries = map.value(row);
    let keys = cast(entries.column(0), &DataType::Utf8).ok()?;
    let values = cast(entries.column(1), &DataType::Utf8).ok()?;
    let (keys, values) = (keys.as_string_opt::<i32>()?, values.as_string_opt::<i32>()?);
    let pairs = keys.iter().zip(values.iter());
    Some(pairs.filter_map(|(key, value)| Some((key?.to_owned(), value?.to_owned()))).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn takes_the_newest_checkpoint_that_is_complete() {
        let check = |names: &[&str], expected: Option<(u64, usize)>| {
            let files: Vec<_> =
                names.iter().map(|name| (Path::from(format!("t/_delta_log/{name}")), 1)).collect();
            let found = newest_complete(&files).map(|found| (found.version, found.files.len()));
            assert_eq!(found, expected, "{names:?}");
        };
        check(&[], None);
        check(&["00000000000000000010.json"], None);
        check(&["00000000000000000010.checkpoint.parquet"], Some((10, 1)));
        check(
            &[
                "00000000000000000010.checkpoint.parquet",
                "00000000000000000020.checkpoint.0000000001.0000000002.parquet",
            ],
            Some((10, 1)),
        );
        check(
            &[
                "00000000000000000010.checkpoint.parquet",
                "00000000000000000020.checkpoint.0000000001.0000000002.parquet",
                "00000000000000000020.checkpoint.0000000002.0000000002.parquet",
            ],
            Some((20, 2)),
        );
        check(
            &["00000000000000000030.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json"],
            Some((30, 1)),
        );
    }
}
