//! Keeps the number of runs small: as soon as there are some of about the same size, they become
//! one. So a row is written anew a few times, however large the index grows, and a lookup has few
//! runs to look into.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::blocking::isolated;
use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::log::commit::{Commit, Operation};
use crate::operations::delete;
use crate::table::Table;

use super::merge::merge_files;
use super::run::run_of;

/// Runs of one size that become one; each size is so many times the one before.
const RUNS_MAX: usize = 8;

/// Size of the smallest runs in bytes.
const SMALL_BYTES: u64 = 256 << 10;

/// Merges runs where there are many of one size, or all into one; tells the number of merges. What
/// other processes merged meanwhile is left alone.
///
/// # Errors
/// Whatever reading, writing or the storage answers.
pub async fn compact(index: &Table, all: bool) -> Result<usize> {
    let mut merges = 0;
    loop {
        let snapshot = index.snapshot().await?;
        let Some(inputs) = choose(snapshot.files(), all) else { return Ok(merges) };
        let (table, files) = (index.clone(), inputs.clone());
        let work = move || async move { merge_files(&table, &files, |_| true).await };
        let adds = isolated("merge the index", work).await?;
        let version = snapshot.version();
        let commit = Commit::replace(Operation::Optimize, version, inputs, adds.clone(), false);
        match index.commit(commit).await {
            Ok(_) => merges += 1,
            Err(LakeError::FileConflict { .. }) => {
                delete(index, &adds).await;
                return Ok(merges);
            }
            Err(error) => return Err(error),
        }
    }
}

/// The files of the runs to be merged; `None` when there are none.
fn choose(files: &[Arc<DataFile>], all: bool) -> Option<Vec<Arc<DataFile>>> {
    let mut runs: BTreeMap<&str, Vec<Arc<DataFile>>> = BTreeMap::new();
    for file in files {
        runs.entry(run_of(file)).or_default().push(Arc::clone(file));
    }
    if all {
        return (runs.len() > 1).then(|| runs.into_values().flatten().collect());
    }
    let mut sizes: BTreeMap<u32, Vec<Vec<Arc<DataFile>>>> = BTreeMap::new();
    for files in runs.into_values() {
        let bytes: u64 = files.iter().map(|file| file.size).sum();
        sizes.entry(size_class(bytes)).or_default().push(files);
    }
    let many = sizes.into_values().find(|runs| runs.len() >= RUNS_MAX)?;
    Some(many.into_iter().flatten().collect())
}

fn size_class(bytes: u64) -> u32 {
    let runs_max = u64::try_from(RUNS_MAX).unwrap_or(u64::MAX);
    (bytes / SMALL_BYTES).checked_ilog(runs_max).map_or(0, |class| class + 1)
}
