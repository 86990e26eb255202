//! Reading the entries that were added to a log since a version, without listing it: a listing
//! costs more the longer the log is, reading the next entry does not.

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};

use crate::error::Result;
use crate::log::state::ENTRY_READS_MAX;
use crate::storage::TableStorage;

/// Hands every entry after `version` to `visit`, in order, until there is none. Reads ahead the
/// more the longer it goes on: usually nobody committed, or one other writer did.
///
/// # Errors
/// Whatever the storage or `visit` answers.
pub(crate) async fn read_after(
    storage: &TableStorage,
    version: u64,
    mut visit: impl FnMut(u64, Bytes) -> Result<()>,
) -> Result<()> {
    let mut next = version + 1;
    if let Some(folder) = storage.local() {
        loop {
            let entries = folder.read_entries(next, ENTRY_READS_MAX).await?;
            let is_last = entries.len() < ENTRY_READS_MAX;
            for bytes in entries {
                visit(next, bytes)?;
                next += 1;
            }
            if is_last {
                return Ok(());
            }
        }
    }
    let mut ahead = 1_usize;
    loop {
        let mut entries = futures::stream::iter((next..).take(ahead))
            .map(|version| storage.read_log_entry(version))
            .buffered(ahead);
        while let Some(entry) = entries.try_next().await? {
            let Some(bytes) = entry else { return Ok(()) };
            visit(next, bytes)?;
            next += 1;
        }
        ahead = (ahead * 2).min(ENTRY_READS_MAX);
    }
}
