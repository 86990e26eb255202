//! The folder of a journal: its lock, its name, its segments, and what was copied aside.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::error::JournalError;

const LOCK_NAME: &str = "lock";
const ID_NAME: &str = "id";
const DAMAGED_NAME: &str = "damaged";
const SEGMENT_SUFFIX: &str = ".segment";

/// Highest number in a segment's name; no journal gets so far. There is room to count on from it.
const FIRST_MAX: u64 = u64::MAX / 2;

/// A folder that this process has for itself.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Released when it is closed, also by a crash.
    _lock: File,
}

impl Folder {
    /// Makes the folder when it is missing, and takes it.
    pub(crate) fn open(path: &Path) -> Result<Self, JournalError> {
        fs::create_dir_all(path).map_err(JournalError::file("create", path))?;
        let lock_path = path.join(LOCK_NAME);
        let lock = OpenOptions::new().create(true).append(true).open(&lock_path);
        let lock = lock.map_err(JournalError::file("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(JournalError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => Err(JournalError::file("lock", &lock_path)(error)),
        }
    }

    /// The journal's name, made when the folder is new: tables remember positions under it.
    pub(crate) fn id(&self) -> Result<Uuid, JournalError> {
        let path = self.path.join(ID_NAME);
        match fs::read_to_string(&path).map(|text| Uuid::parse_str(text.trim())) {
            Ok(Ok(id)) => return Ok(id),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(JournalError::file("read", &path)(error));
            }
            // Cut off by a crash before anything was acknowledged, or new.
            Ok(Err(_)) | Err(_) => {}
        }
        let id = Uuid::new_v4();
        let temporary = self.path.join("id.tmp");
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(id.to_string().as_bytes())?;
            file.sync_all()
        });
        written.map_err(JournalError::file("write", &temporary))?;
        fs::rename(&temporary, &path).map_err(JournalError::file("create", &path))?;
        self.sync()?;
        Ok(id)
    }

    /// First sequence numbers of all segments, sorted.
    pub(crate) fn segments(&self) -> Result<Vec<u64>, JournalError> {
        let failed = || JournalError::file("list", &self.path);
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed())? {
            let name = entry.map_err(failed())?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(SEGMENT_SUFFIX));
            let first = number.and_then(|number| number.parse::<u64>().ok());
            found.extend(first.filter(|first| *first <= FIRST_MAX));
        }
        found.sort_unstable();
        Ok(found)
    }

    pub(crate) fn segment(&self, first: u64) -> PathBuf {
        self.path.join(format!("{first:020}{SEGMENT_SUFFIX}"))
    }

    pub(crate) fn segment_bytes(&self, first: u64) -> Result<u64, JournalError> {
        let path = self.segment(first);
        Ok(fs::metadata(&path).map_err(JournalError::file("look at", &path))?.len())
    }

    pub(crate) fn remove_segment(&self, first: u64) -> Result<(), JournalError> {
        let path = self.segment(first);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(JournalError::file("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Makes new and removed names durable.
    pub(crate) fn sync(&self) -> Result<(), JournalError> {
        let synced = File::open(&self.path).and_then(|folder| folder.sync_all());
        synced.map_err(JournalError::file("sync", &self.path))
    }

    /// A new file for bytes that could not be read, named after the place where they stood.
    pub(crate) fn set_aside(
        &self,
        first: u64,
        offset: u64,
    ) -> Result<(PathBuf, File), JournalError> {
        let folder = self.path.join(DAMAGED_NAME);
        fs::create_dir_all(&folder).map_err(JournalError::file("create", &folder))?;
        let path = folder.join(format!("{first:020}-{offset:012}.bin"));
        let file = File::create(&path).map_err(JournalError::file("create", &path))?;
        Ok((path, file))
    }
}
