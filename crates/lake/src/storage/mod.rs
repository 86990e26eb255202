//! From the location of a lake to the object store that holds it, and what the two places differ
//! in: a local folder is written with `fsync` (object stores acknowledge only what is durable).
//!
//! Paths inside a table are relative to the table's folder; the object store is rooted at the
//! bucket (or at `/` of the local file system), which is also how a query engine registers it.

mod local;
mod location;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{
    Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, WriteMultipart,
};
use url::Url;

use crate::error::{LakeError, Result};

use local::{TemporaryFile, blocking};
use location::{open_store, parse_location};

pub use local::Durability;
pub(crate) use local::{LocalFolder, Turn};

/// Objects larger than this are uploaded in parts.
const SINGLE_PUT_BYTES_MAX: usize = 64 << 20;

/// Size of a part of an upload.
const UPLOAD_PART_BYTES: usize = 8 << 20;

/// Parts of one upload that are under way at the same time.
const UPLOAD_PARTS_MAX: usize = 4;

/// Folder of the log inside a table.
pub(crate) const LOG_FOLDER: &str = "_delta_log";

/// Prefix of files in the local log folder that are not yet part of the log. It sorts before every
/// version, so no reader lists it.
pub(crate) const TEMPORARY_PREFIX: &str = ".tmp-";

/// The object store of a lake and where in it the lake lies.
#[derive(Debug, Clone)]
pub(crate) struct LakeStorage {
    /// Location of the lake, with a final slash.
    pub(crate) url: Url,
    /// Scheme and authority of `url`: what `store` is rooted at.
    pub(crate) root_url: Url,
    pub(crate) store: Arc<dyn ObjectStore>,
    prefix: Path,
    folder: Option<PathBuf>,
    durability: Durability,
}

impl LakeStorage {
    /// Finds the object store for a path or URL. Does no I/O.
    ///
    /// # Errors
    /// `Invalid` for a location or option that is not understood.
    pub(crate) fn open(
        location: &str,
        options: &BTreeMap<String, String>,
        durability: Durability,
    ) -> Result<Self> {
        let url = parse_location(location)?;
        let store = open_store(&url, options)?;
        Self::with_store(url, store, durability)
    }

    /// Uses a given object store, which must be rooted at scheme and authority of `url`.
    pub(crate) fn with_store(
        mut url: Url,
        store: Arc<dyn ObjectStore>,
        durability: Durability,
    ) -> Result<Self> {
        let unusable =
            |url: &Url, reason: String| LakeError::Location { url: url.to_string(), reason };
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        let prefix =
            Path::from_url_path(url.path()).map_err(|error| unusable(&url, error.to_string()))?;
        let folder = match url.scheme() {
            "file" => Some(
                url.to_file_path()
                    .map_err(|()| unusable(&url, "it is not a local path".to_owned()))?,
            ),
            _ => None,
        };
        let mut root_url = url.clone();
        root_url.set_path("/");
        Ok(Self { url, root_url, store, prefix, folder, durability })
    }

    /// Where the table of this name lies.
    pub(crate) fn table(&self, name: &str) -> Result<TableStorage> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.starts_with('_') || !name.chars().all(plain) {
            return Err(LakeError::Request {
                table: name.to_owned(),
                reason: "a table's name is made of letters, digits, `-` and `_`".to_owned(),
            });
        }
        let url = self.url.join(&format!("{name}/")).map_err(|error| LakeError::Location {
            url: self.url.to_string(),
            reason: error.to_string(),
        })?;
        Ok(TableStorage {
            name: name.to_owned(),
            url,
            store: Arc::clone(&self.store),
            prefix: self.prefix.clone().join(name),
            folder: self
                .folder
                .as_ref()
                .map(|folder| LocalFolder::new(folder.join(name), self.durability)),
        })
    }

    /// Names of the tables in the lake, sorted.
    pub(crate) async fn tables(&self) -> Result<Vec<String>> {
        let listing = match self.store.list_with_delimiter(Some(&self.prefix)).await {
            Ok(listing) => listing,
            Err(StoreError::NotFound { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(LakeError::storage("list", &self.url)(error)),
        };
        let mut names = Vec::new();
        for folder in listing.common_prefixes {
            let log = folder.clone().join(LOG_FOLDER);
            let first = self.store.list(Some(&log)).try_next().await;
            if first.map_err(LakeError::storage("list", &log))?.is_some()
                && let Some(name) = folder.filename()
            {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// One table's part of the object store.
#[derive(Debug, Clone)]
pub(crate) struct TableStorage {
    pub(crate) name: String,
    /// Location of the table, with a final slash.
    pub(crate) url: Url,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) prefix: Path,
    folder: Option<LocalFolder>,
}

impl TableStorage {
    /// Path in the object store of a file given by its path inside the table.
    pub(crate) fn object(&self, path: &str) -> Path {
        let parts = || path.split('/').filter(|part| !part.is_empty());
        // Names are kept as they are where the store allows it: other writers put `%` into them.
        Path::parse(path).map_or_else(
            |_| parts().fold(self.prefix.clone(), Path::join),
            |path| Path::from_iter(self.prefix.parts().chain(path.parts())),
        )
    }

    /// Folder of the log in the object store.
    pub(crate) fn log_folder(&self) -> Path {
        self.prefix.clone().join(LOG_FOLDER)
    }

    /// The local folder of the table, when it lies on the local file system.
    pub(crate) fn local(&self) -> Option<&LocalFolder> {
        self.folder.as_ref()
    }

    /// Reads the log entry of a version; `None` when there is none.
    pub(crate) async fn read_log_entry(&self, version: u64) -> Result<Option<Bytes>> {
        self.read(&self.log_folder().join(entry_name(version))).await
    }

    /// Reads an object of the store; `None` when there is none.
    pub(crate) async fn read(&self, object: &Path) -> Result<Option<Bytes>> {
        let read = async { self.store.get(object).await?.bytes().await };
        match read.await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(LakeError::storage("read", object)(error)),
        }
    }

    /// Lists the log from a version on, in the order of names.
    pub(crate) async fn list_log(&self, from: u64) -> Result<Vec<ObjectMeta>> {
        let folder = self.log_folder();
        let before = folder.clone().join(format!("{from:020}"));
        let listing = self.store.list_with_offset(Some(&folder), &before).try_collect::<Vec<_>>();
        let mut entries = match listing.await {
            Ok(entries) => entries,
            Err(StoreError::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(LakeError::storage("list", &folder)(error)),
        };
        entries.sort_unstable_by(|left, right| left.location.cmp(&right.location));
        Ok(entries)
    }

    /// Stores a data file; when this returns, the file is durable.
    pub(crate) async fn write_data(&self, path: &str, bytes: Bytes) -> Result<()> {
        if let Some(folder) = self.local() {
            let (folder, path) = (folder.clone(), path.to_owned());
            return blocking("write a file", move || folder.write_new(&path, &bytes)).await;
        }
        let object = self.object(path);
        let failed = LakeError::storage("write", &object);
        if bytes.len() <= SINGLE_PUT_BYTES_MAX {
            return self.store.put(&object, bytes.into()).await.map(|_| ()).map_err(failed);
        }
        let upload = async {
            let mut parts = WriteMultipart::new(self.store.put_multipart(&object).await?);
            let mut rest = bytes;
            while !rest.is_empty() {
                parts.wait_for_capacity(UPLOAD_PARTS_MAX).await?;
                parts.put(rest.split_to(rest.len().min(UPLOAD_PART_BYTES)));
            }
            parts.finish().await
        };
        upload.await.map(|_| ()).map_err(failed)
    }

    /// Waits for this process's turn at the log, where there are turns: on a local file system.
    pub(crate) async fn take_turn(&self) -> Option<Turn> {
        self.local()?.take_turn().await
    }

    /// Gets a log entry ready; `publish` then only has to give it a version.
    pub(crate) fn prepare_log_entry(&self, bytes: Bytes) -> PreparedEntry {
        PreparedEntry { storage: self.clone(), bytes, temporary: None }
    }
}

/// Name of the log entry of a version.
pub(crate) fn entry_name(version: u64) -> String {
    format!("{version:020}.json")
}

/// A log entry on its way into the log.
pub(crate) struct PreparedEntry {
    storage: TableStorage,
    bytes: Bytes,
    /// On the local file system: the entry, written but without a version.
    temporary: Option<TemporaryFile>,
}

impl PreparedEntry {
    /// Makes the entry visible as `version`, atomically and only if that version does not exist
    /// yet. `false` means that it exists. An error may leave open whether the entry was published.
    pub(crate) async fn publish(&mut self, version: u64) -> Result<bool> {
        let Some(folder) = self.storage.local().cloned() else {
            let object = self.storage.log_folder().join(entry_name(version));
            let options = PutMode::Create.into();
            return match self
                .storage
                .store
                .put_opts(&object, self.bytes.clone().into(), options)
                .await
            {
                Ok(_) => Ok(true),
                Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {
                    Ok(false)
                }
                Err(error) => Err(LakeError::storage("write", &object)(error)),
            };
        };
        let (bytes, temporary) = (self.bytes.clone(), self.temporary.take());
        let (published, temporary) = blocking("write a log entry", move || {
            let temporary = match temporary {
                Some(temporary) => temporary,
                None => folder.write_temporary_entry(&bytes)?,
            };
            let published = folder.publish_entry(&temporary, version)?;
            Ok((published, (!published).then_some(temporary)))
        })
        .await?;
        self.temporary = temporary;
        Ok(published)
    }
}
