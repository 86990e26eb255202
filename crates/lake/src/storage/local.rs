//! A table's folder on the local file system. Object stores acknowledge what is durable; here that
//! takes `fsync` of the file and of every folder whose entries changed.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use uuid::Uuid;

use crate::error::{LakeError, Result};

use super::{LOG_FOLDER, TEMPORARY_PREFIX, entry_name};

/// When a write to a local folder counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// After `fsync` of the file and of its folder: survives a power failure.
    #[default]
    Fsync,
    /// As soon as the operating system has it: survives `kill -9`, not a power failure.
    None,
}

/// A table's folder on the local file system.
#[derive(Clone)]
pub(crate) struct LocalFolder {
    root: PathBuf,
    durability: Durability,
    /// Folders whose entry in their parent is known to be durable.
    durable: Arc<Mutex<HashSet<PathBuf>>>,
}

impl fmt::Debug for LocalFolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("LocalFolder").field(&self.root).finish()
    }
}

impl LocalFolder {
    pub(super) fn new(root: PathBuf, durability: Durability) -> Self {
        Self { root, durability, durable: Arc::default() }
    }

    /// Path on the file system of a file given by its path inside the table.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Makes a file that is to be written bit by bit, and made durable at the end.
    pub(crate) async fn create(&self, path: &str) -> Result<tokio::fs::File> {
        let (folder, file) = (self.clone(), self.file(path));
        let opened = blocking("create a file", move || {
            folder.ensure_parent(&file)?;
            std::fs::File::create_new(&file).map_err(file_error("create", &file))
        });
        Ok(tokio::fs::File::from_std(opened.await?))
    }

    /// Makes the folder of a file. Its entry, and those of the folders above it that are new or
    /// inside the lake, are durable afterwards: another process may have made them without getting
    /// that far.
    pub(crate) fn ensure_parent(&self, file: &FilePath) -> Result<()> {
        let Some(parent) = file.parent() else { return Ok(()) };
        if self.is_durable(parent) {
            return Ok(());
        }
        let existing = parent.ancestors().find(|folder| folder.is_dir());
        std::fs::create_dir_all(parent).map_err(file_error("create", parent))?;
        if self.durability == Durability::None {
            return Ok(());
        }
        let lake = self.root.parent();
        for folder in parent.ancestors() {
            sync_folder(folder)?;
            let is_new = existing.is_some_and(|existing| !existing.starts_with(folder));
            let is_in_lake = lake.is_some_and(|lake| folder != lake && folder.starts_with(lake));
            if self.is_durable(folder) || !(is_new || is_in_lake) {
                break;
            }
        }
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        let inside = parent.ancestors().take_while(|folder| folder.starts_with(&self.root));
        durable.extend(inside.map(FilePath::to_owned));
        Ok(())
    }

    fn is_durable(&self, folder: &FilePath) -> bool {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner).contains(folder)
    }

    /// Makes a finished file and its entry in its folder durable.
    pub(crate) fn make_durable(&self, file: &FilePath) -> Result<()> {
        if self.durability == Durability::None {
            return Ok(());
        }
        let handle = std::fs::File::open(file).map_err(file_error("open", file))?;
        handle.sync_all().map_err(file_error("sync", file))?;
        file.parent().map_or(Ok(()), sync_folder)
    }

    pub(super) fn write_new(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let file = self.file(path);
        self.ensure_parent(&file)?;
        self.write_synced(&file, bytes)?;
        if self.durability == Durability::Fsync {
            file.parent().map_or(Ok(()), sync_folder)?;
        }
        Ok(())
    }

    fn write_synced(&self, file: &FilePath, bytes: &[u8]) -> Result<()> {
        use std::io::Write as _;
        let mut options = std::fs::OpenOptions::new();
        let mut handle =
            options.write(true).create_new(true).open(file).map_err(file_error("create", file))?;
        handle.write_all(bytes).map_err(file_error("write", file))?;
        if self.durability == Durability::Fsync {
            handle.sync_all().map_err(file_error("sync", file))?;
        }
        Ok(())
    }

    /// Reads the log entries from a version on, `count` at most, up to the first that is missing:
    /// in one go, since a writer among others does this all the time.
    pub(crate) async fn read_entries(&self, from: u64, count: usize) -> Result<Vec<Bytes>> {
        let log = self.root.join(LOG_FOLDER);
        let read = move || {
            let mut entries = Vec::new();
            for version in (from..).take(count) {
                let path = log.join(entry_name(version));
                match std::fs::read(&path) {
                    Ok(bytes) => entries.push(bytes.into()),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
                    Err(error) => return Err(file_error("read", &path)(error)),
                }
            }
            Ok(entries)
        };
        blocking("read log entries", read).await
    }

    pub(super) fn write_temporary_entry(&self, bytes: &[u8]) -> Result<TemporaryFile> {
        let name = format!("{LOG_FOLDER}/{TEMPORARY_PREFIX}{}", Uuid::new_v4());
        let temporary = TemporaryFile { path: self.file(&name) };
        self.ensure_parent(&temporary.path)?;
        self.write_synced(&temporary.path, bytes)?;
        Ok(temporary)
    }

    /// A hard link appears whole or not at all, and never replaces a file.
    pub(super) fn publish_entry(&self, temporary: &TemporaryFile, version: u64) -> Result<bool> {
        let entry = self.root.join(LOG_FOLDER).join(entry_name(version));
        match std::fs::hard_link(&temporary.path, &entry) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(file_error("create", &entry)(error)),
        }
        if self.durability == Durability::Fsync {
            sync_folder(&self.root.join(LOG_FOLDER))?;
        }
        Ok(true)
    }
}

impl LocalFolder {
    /// Asks for this process's turn at the log; `None` while another one has it.
    fn try_turn(&self) -> std::io::Result<Option<Turn>> {
        let path = self.root.join(LOG_FOLDER).join(TURN_FILE);
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Turn { _locked: file })),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// Waits for this process's turn at the log, but not for ever: whoever has it may be stopped.
    /// `None` after that, or where files cannot be locked.
    pub(super) async fn take_turn(&self) -> Option<Turn> {
        let started = Instant::now();
        while started.elapsed() < TURN_WAIT_MAX {
            let folder = self.clone();
            let asked = tokio::task::spawn_blocking(move || folder.try_turn()).await;
            match asked {
                Ok(Ok(None)) => tokio::time::sleep(TURN_INTERVAL).await,
                Ok(Ok(turn)) => return turn,
                _ => return None,
            }
        }
        None
    }
}

/// File in the local log folder whose lock is the turn.
const TURN_FILE: &str = ".turn";

/// Longest wait for a turn.
const TURN_WAIT_MAX: Duration = Duration::from_secs(1);

/// Pause between two questions for a turn.
const TURN_INTERVAL: Duration = Duration::from_micros(500);

/// A turn at the log among the processes of this machine, until it is dropped. It only keeps
/// writers out of each other's way: what is correct does not depend on it.
pub(crate) struct Turn {
    _locked: std::fs::File,
}

/// A file that is removed when it is no longer needed.
pub(super) struct TemporaryFile {
    path: PathBuf,
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // What is left after a crash (or a failure here) is removed by `vacuum`.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn sync_folder(folder: &FilePath) -> Result<()> {
    #[cfg(unix)]
    std::fs::File::open(folder)
        .and_then(|handle| handle.sync_all())
        .map_err(file_error("sync", folder))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn file_error(action: &'static str, path: &FilePath) -> impl FnOnce(std::io::Error) -> LakeError {
    let path = path.display().to_string();
    move |source| LakeError::File { action, path, source }
}

/// Runs file system work where it may block.
pub(super) async fn blocking<T: Send + 'static>(
    action: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(LakeError::task(action))?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_turn_is_one_writers_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(LOG_FOLDER)).unwrap();
        let writers = [0, 1].map(|_| LocalFolder::new(folder.path().into(), Durability::None));
        let turn = writers[0].try_turn().unwrap();
        assert!(turn.is_some());
        assert!(writers[1].try_turn().unwrap().is_none());
        drop(turn);
        assert!(writers[1].try_turn().unwrap().is_some());
    }
}
