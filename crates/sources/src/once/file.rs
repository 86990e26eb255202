//! The file of answered requests: a mark, a hash of the rest, the requests (postcard). It is
//! replaced as a whole, so there is always a complete one.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use headwater_access::replace_private_file;
use headwater_event::Timestamp;
use headwater_journal::JournalError;

use super::{AnsweredRequest, RequestName};

/// First bytes of the file: what it is, and the version of its form.
const MARK: &[u8; 8] = b"hwnames1";

/// Bytes of the hash.
const HASH_BYTES: usize = 32;

/// Name, time in microseconds since the epoch, answer.
type Row<'a> = ([u8; 16], i64, &'a [u8]);

/// That file, which need not exist.
#[derive(Debug)]
pub(super) struct NamesFile {
    path: PathBuf,
}

impl NamesFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The requests in it, oldest first. A file that cannot be understood is renamed.
    pub(super) fn read(&self) -> Result<Vec<AnsweredRequest>, JournalError> {
        let bytes = match fs::read(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            bytes => bytes.map_err(failed("read", &self.path))?,
        };
        if let Some(requests) = decode(&bytes) {
            return Ok(requests);
        }
        let aside = self.path.with_extension("damaged");
        fs::rename(&self.path, &aside).map_err(failed("rename", &self.path))?;
        tracing::error!(
            file = %aside.display(),
            "the file of answered requests is damaged; it was set aside, and those that only it \
             knew may be taken again"
        );
        Ok(Vec::new())
    }

    pub(super) fn write(&self, requests: &[AnsweredRequest]) -> Result<(), JournalError> {
        let bytes = encode(requests).map_err(io::Error::other);
        let written = bytes.and_then(|bytes| replace_private_file(&self.path, &bytes));
        written.map_err(failed("write", &self.path))
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_path_buf();
    move |source| JournalError::File { action, path, source: Arc::new(source) }
}

fn encode<'a>(requests: &'a [AnsweredRequest]) -> Result<Vec<u8>, postcard::Error> {
    let row = |request: &'a AnsweredRequest| -> Row<'a> {
        (*request.name.as_bytes(), request.taken_at.as_micros(), &request.answer)
    };
    let rows: Vec<Row<'_>> = requests.iter().map(row).collect();
    let body = postcard::to_stdvec(&rows)?;
    Ok([MARK.as_slice(), blake3::hash(&body).as_bytes(), &body].concat())
}

fn decode(bytes: &[u8]) -> Option<Vec<AnsweredRequest>> {
    let rest = bytes.strip_prefix(MARK)?;
    let (hash, body) = rest.split_first_chunk::<HASH_BYTES>()?;
    if blake3::hash(body).as_bytes() != hash {
        return None;
    }
    let rows: Vec<Row<'_>> = postcard::from_bytes(body).ok()?;
    let request = |(name, taken_at, answer): Row<'_>| AnsweredRequest {
        name: RequestName::from_bytes(name),
        taken_at: Timestamp::from_micros(taken_at),
        answer: answer.into(),
    };
    Some(rows.into_iter().map(request).collect())
}
