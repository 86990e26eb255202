//! One input: where its bytes are, what it is called, and how large it was when it was listed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use headwater_event::Timestamp;
use object_store::{ObjectMeta, path::Path as Key};

/// A file, object or stream to read. Made by [`super::list`] or by one of the constructors here.
#[derive(Debug, Clone)]
pub struct Input {
    name: Arc<str>,
    size: Option<u64>,
    modified: Option<Timestamp>,
    location: Location,
}

/// URL of an object, which [`super::list`] understands as just this object: what would be decoded,
/// or taken for a wildcard, is encoded.
pub(crate) fn object_url(root: &str, key: &str) -> String {
    let mut url = format!("{root}/");
    for character in key.chars() {
        match character {
            '%' => url.push_str("%25"),
            '*' => url.push_str("%2A"),
            '?' => url.push_str("%3F"),
            '[' => url.push_str("%5B"),
            _ => url.push(character),
        }
    }
    url
}

/// Where the bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Location {
    /// Standard input; the caller may give an identity.
    Standard { id: Option<String> },
    /// A pipe or device: read once, in order.
    Stream { path: PathBuf },
    /// A regular local file.
    File { path: PathBuf },
    /// An object of a store.
    Object { root: String, key: Key, e_tag: Option<String>, version: Option<String> },
    /// Content held in memory.
    Memory { content: Bytes },
}

impl Input {
    /// Standard input. Without an `id` it has no identity: reading it twice stores it twice.
    #[must_use]
    pub fn standard(id: Option<String>) -> Self {
        Self::at("standard input", Location::Standard { id })
    }

    /// Content that is already in memory, under a name for people.
    #[must_use]
    pub fn memory(name: &str, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        let size = u64::try_from(content.len()).ok();
        Self { size, ..Self::at(name, Location::Memory { content }) }
    }

    /// A local path that was looked up: regular files can be read again, pipes and devices cannot.
    pub(crate) fn local(path: &Path, metadata: &fs::Metadata) -> Self {
        let name = path.to_string_lossy();
        if !metadata.is_file() {
            return Self::at(&name, Location::Stream { path: path.to_path_buf() });
        }
        let since_epoch =
            metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let micros = since_epoch.and_then(|since| i64::try_from(since.as_micros()).ok());
        Self {
            size: Some(metadata.len()),
            modified: micros.map(Timestamp::from_micros),
            ..Self::at(&name, Location::File { path: path.to_path_buf() })
        }
    }

    /// An object as a listing or a HEAD request described it. `root` is for example `s3://bucket`.
    pub(crate) fn object(root: &str, meta: ObjectMeta) -> Self {
        let name = object_url(root, meta.location.as_ref());
        Self {
            size: Some(meta.size),
            modified: Some(Timestamp::from_micros(meta.last_modified.timestamp_micros())),
            ..Self::at(
                &name,
                Location::Object {
                    root: root.to_owned(),
                    key: meta.location,
                    e_tag: meta.e_tag,
                    version: meta.version,
                },
            )
        }
    }

    fn at(name: &str, location: Location) -> Self {
        Self { name: name.into(), size: None, modified: None, location }
    }

    /// Path, URL or other name, for people and for [`headwater_event::Origin::name`].
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Size in bytes when it was listed, as stored; `None` for streams.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Time of the last change when it was listed; `None` for streams and memory.
    #[must_use]
    pub fn modified(&self) -> Option<Timestamp> {
        self.modified
    }

    /// The local path, when the input is a regular file.
    #[must_use]
    pub fn local_path(&self) -> Option<&Path> {
        match &self.location {
            Location::File { path } => Some(path),
            _ => None,
        }
    }

    pub(crate) fn location(&self) -> &Location {
        &self.location
    }
}
