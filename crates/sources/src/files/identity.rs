//! Identity of an input: the name under which the table remembers how far it is read.
//!
//! A local file is its content (a rename or a copy is the same file, an edited file is a new one).
//! The price is one more sequential read, at the speed of BLAKE3 or of the disk, whichever is
//! lower; the second read usually comes from the page cache. An object is its URL, ETag and size:
//! its content cannot change without a new ETag, so nothing has to be downloaded to know that it
//! was seen.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use crate::error::SourceError;
use crate::files::inputs::{Input, Location};

/// What makes an input the same input on the next run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    hash: blake3::Hash,
    bytes: Option<u64>,
}

impl FileIdentity {
    /// Name of the position partition: `file/` and 64 hexadecimal digits.
    #[must_use]
    pub fn partition(&self) -> Arc<str> {
        format!("file/{}", self.hash).into()
    }

    /// Number of stored bytes that the identity covers; the reader reads exactly these, even when
    /// the file has grown since. `None` when unknown.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }
}

impl fmt::Display for FileIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.hash, formatter)
    }
}

/// Finds the identity of an input, or `None` for a stream to which the caller gave none.
///
/// # Errors
/// When a local file cannot be read. Objects cost no request: the listing told everything.
pub fn identify(input: &Input) -> Result<Option<FileIdentity>, SourceError> {
    let identity = match input.location() {
        Location::Standard { id: Some(id) } => {
            FileIdentity { hash: hash_parts(&["standard input", id]), bytes: None }
        }
        Location::Standard { id: None } | Location::Stream { .. } => return Ok(None),
        Location::File { path } => {
            let mut file =
                File::open(path).map_err(|error| SourceError::io(input.name(), error))?;
            let (hash, bytes) =
                hash_all(&mut file).map_err(|error| SourceError::io(input.name(), error))?;
            FileIdentity { hash, bytes: Some(bytes) }
        }
        Location::Object { e_tag, version, .. } => {
            // Where there is an ETag, the version does not count: a listing tells none, and the
            // object must be the same whichever way it was found.
            let size = input.size().unwrap_or_default().to_string();
            let tag = match (e_tag, version) {
                (Some(tag), _) => format!("{tag}\0"),
                (None, Some(version)) => format!("\0{version}"),
                (None, None) => input.modified().map_or(0, |at| at.as_micros()).to_string(),
            };
            FileIdentity { hash: hash_parts(&[input.name(), &tag, &size]), bytes: input.size() }
        }
        Location::Memory { content } => {
            FileIdentity { hash: blake3::hash(content), bytes: input.size() }
        }
    };
    Ok(Some(identity))
}

/// Identity that the first `bytes` bytes of a local file would have had as a file of their own, or
/// `None` when the file is shorter. Tells whether a known file has only grown, see
/// [`super::can_resume_at`].
///
/// # Errors
/// When the file cannot be read.
pub fn prefix_hash(path: &Path, bytes: u64) -> Result<Option<FileIdentity>, SourceError> {
    let name = path.to_string_lossy();
    let file = File::open(path).map_err(|error| SourceError::io(&name, error))?;
    let (hash, found) =
        hash_all(&mut file.take(bytes)).map_err(|error| SourceError::io(&name, error))?;
    Ok((found == bytes).then_some(FileIdentity { hash, bytes: Some(bytes) }))
}

fn hash_all(reader: &mut impl Read) -> io::Result<(blake3::Hash, u64)> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok((hasher.finalize(), hasher.count())),
            Ok(length) => {
                hasher.update(buffer.get(..length).unwrap_or_default());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Hash of several texts with their lengths, so that no two lists of texts give the same bytes.
fn hash_parts(parts: &[&str]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize()
}
