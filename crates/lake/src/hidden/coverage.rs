//! Which hidden columns the files of a table have, and what they cost.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use parquet::arrow::async_reader::AsyncFileReader as _;
use parquet::file::metadata::ParquetMetaData;
use serde::Serialize;

use super::record::PathEntry;
use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::reader::ObjectReader;
use crate::table::Table;

/// Footers that are read at the same time.
const READS_MAX: usize = 16;

/// Where a place is a column, and what is known about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PathCoverage {
    /// Files that have it as a column.
    pub files: u64,
    /// Their rows.
    pub rows: u64,
    /// Compressed bytes of the columns.
    pub bytes: u64,
    /// What was asked and decided.
    #[serde(flatten)]
    pub entry: PathEntry,
}

/// The hidden columns of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Files of the table.
    pub files: u64,
    /// Rows of the table.
    pub rows: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Files with hidden columns.
    pub files_with_columns: u64,
    /// Files whose hidden columns compaction chose; `optimize` writes the others anew.
    pub files_shredded: u64,
    /// By name, such as `details/eventname`: what is a column somewhere, was asked for or decided
    /// about.
    pub paths: BTreeMap<String, PathCoverage>,
}

/// Reads the footers of all files with hidden columns. `progress` is told how many files were read,
/// and how many there are.
///
/// # Errors
/// Whatever reading the table, a footer or the record of places answers.
pub async fn coverage(table: &Table, mut progress: impl FnMut(u64, u64)) -> Result<Coverage> {
    let snapshot = table.snapshot().await?;
    let mut coverage = Coverage {
        files: snapshot.files().len() as u64,
        rows: snapshot.rows().unwrap_or_default(),
        bytes: snapshot.bytes(),
        ..Coverage::default()
    };
    coverage.files_shredded =
        snapshot.files().iter().filter(|file| file.is_shredded).count() as u64;
    let with_columns: Vec<_> = snapshot
        .files()
        .iter()
        .filter_map(|file| {
            let end = file.hidden_end?;
            Some((Arc::clone(file), end))
        })
        .collect();
    coverage.files_with_columns = with_columns.len() as u64;
    let public = snapshot.stored_schema();
    let mut footers = futures::stream::iter(with_columns)
        .map(|(file, end)| async move { footer(table, &file, end).await })
        .buffer_unordered(READS_MAX);
    let mut read = 0;
    while let Some(metadata) = footers.try_next().await? {
        coverage.add(&metadata, |name| public.field_with_name(name).is_err());
        read += 1;
        progress(read, coverage.files_with_columns);
    }
    for (name, entry) in table.path_record().await?.paths {
        coverage.paths.entry(name).or_default().entry = entry;
    }
    Ok(coverage)
}

async fn footer(table: &Table, file: &DataFile, end: u64) -> Result<Arc<ParquetMetaData>> {
    let path = table.object_path(file);
    let mut reader = ObjectReader { store: table.object_store(), path, size: end };
    reader.get_metadata(None).await.map_err(LakeError::parquet("read", &file.path))
}

impl Coverage {
    fn add(&mut self, metadata: &ParquetMetaData, is_hidden: impl Fn(&str) -> bool) {
        let schema = metadata.file_metadata().schema_descr();
        for (leaf, column) in schema.columns().iter().enumerate() {
            let [name] = column.path().parts() else { continue };
            if !is_hidden(name) {
                continue;
            }
            let chunks = metadata.row_groups().iter().filter_map(|group| group.columns().get(leaf));
            let bytes: i64 = chunks.map(|chunk| chunk.compressed_size()).sum();
            let path = self.paths.entry(name.clone()).or_default();
            path.files += 1;
            path.rows += u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
            path.bytes += u64::try_from(bytes).unwrap_or(0);
        }
    }
}
