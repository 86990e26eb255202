//! Checks that a table's files are what the log says.

use std::collections::HashMap;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use parquet::arrow::ParquetRecordBatchStreamBuilder;
use serde::Serialize;

use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::reader::ObjectReader;
use crate::table::Table;

/// Files that are opened at the same time.
const READS_MAX: usize = 16;

/// What a check of a table's files found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableVerdict {
    /// Name of the table.
    pub table: String,
    /// Version that was checked.
    pub version: u64,
    /// Number of files.
    pub files: usize,
    /// Their size by the log, in bytes.
    pub bytes: u64,
    /// What is wrong, by path.
    pub faults: Vec<FileFault>,
}

/// A file that is not what the log says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileFault {
    /// Path inside the table.
    pub path: String,
    /// What is wrong with it.
    pub what: String,
}

/// Checks that each file is in storage with its size; with `opens`, also that its footers can be
/// read and have as many rows as the log says. Changes nothing.
///
/// # Errors
/// The log or the storage cannot be read.
pub async fn check_files(table: &Table, opens: bool) -> Result<TableVerdict> {
    let snapshot = table.snapshot().await?;
    let prefix = &table.storage().prefix;
    let listed = table.object_store().list(Some(prefix)).try_collect::<Vec<_>>().await;
    let listed = listed.map_err(LakeError::storage("list", prefix))?;
    let sizes: HashMap<Path, u64> =
        listed.into_iter().map(|object| (object.location, object.size)).collect();
    let checked = futures::stream::iter(snapshot.files().to_vec()).map(|file| {
        let stored = sizes.get(&table.object_path(&file)).copied();
        async move {
            let what = match stored {
                None => Some("is not in storage".to_owned()),
                Some(size) if size != file.size => {
                    Some(format!("has {size} bytes, by the log {}", file.size))
                }
                Some(_) if opens => open(table, &file).await,
                Some(_) => None,
            };
            what.map(|what| FileFault { path: file.path.clone(), what })
        }
    });
    let mut faults: Vec<FileFault> =
        checked.buffer_unordered(READS_MAX).filter_map(std::future::ready).collect().await;
    faults.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(TableVerdict {
        table: table.name().to_owned(),
        version: snapshot.version(),
        files: snapshot.files().len(),
        bytes: snapshot.bytes(),
        faults,
    })
}

/// What is wrong with the footers of a file.
async fn open(table: &Table, file: &Arc<DataFile>) -> Option<String> {
    let inner = file.hidden_end.map(|size| ObjectReader { size, ..table.object_reader(file) });
    for reader in [Some(table.object_reader(file)), inner].into_iter().flatten() {
        let builder = match ParquetRecordBatchStreamBuilder::new(reader).await {
            Ok(builder) => builder,
            Err(error) => return Some(format!("cannot be read: {error}")),
        };
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).ok();
        if let Some(known) = file.rows()
            && rows != Some(known)
        {
            return Some(format!("has {} rows, by the log {known}", rows.unwrap_or_default()));
        }
    }
    None
}
