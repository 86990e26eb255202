//! One segment file read from front to back, over damaged places.
//!
//! A segment begins with 32 bytes: the mark `HWJOURN1`, the journal's id (16 bytes), the sequence
//! number of its first entry. Entries follow without gaps.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::entry::{HEADER_BYTES, Header};
use crate::error::JournalError;

/// Length of a segment's head.
pub(crate) const HEAD_BYTES: u64 = 32;

const HEAD_MARK: [u8; 8] = *b"HWJOURN1";

/// Bytes that are looked through at a time for the next header.
const WINDOW_BYTES: usize = 1 << 16;

/// The head of a new segment.
pub(crate) fn head(id: Uuid, first: u64) -> Vec<u8> {
    let parts = HEAD_MARK.into_iter().chain(id.into_bytes()).chain(first.to_le_bytes());
    parts.collect()
}

/// What stands at one place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A whole entry.
    Entry { sequence: u64, payload: Vec<u8> },
    /// Bytes that are no entry; `sequence` when their header could be read.
    Damage { offset: u64, length: u64, sequence: Option<u64> },
    /// Nothing up to the limit.
    End,
}

/// Reads a segment.
#[derive(Debug)]
pub(crate) struct Scanner {
    path: PathBuf,
    file: BufReader<File>,
    /// Number of the first entry, as the file's name says.
    first: u64,
    offset: u64,
    /// The limit of the last step.
    limit: u64,
}

impl Scanner {
    /// Opens a segment. A damaged head costs nothing: its name and the entries say the same.
    pub(crate) fn open(path: &Path, first: u64) -> Result<Self, JournalError> {
        let file = File::open(path).map_err(JournalError::file("open", path))?;
        let mut file = BufReader::with_capacity(WINDOW_BYTES, file);
        let sought = file.seek(SeekFrom::Start(HEAD_BYTES));
        sought.map_err(JournalError::file("read", path))?;
        Ok(Self { path: path.to_owned(), file, first, offset: HEAD_BYTES, limit: HEAD_BYTES })
    }

    /// The next entry or damage that begins before `limit`, the end of what is known to be whole.
    pub(crate) fn step(&mut self, limit: u64) -> Result<Step, JournalError> {
        let step = self.forget_beyond(limit).and_then(|()| self.read(limit));
        step.map_err(JournalError::file("read", &self.path))
    }

    /// Goes back to a place that was passed over.
    pub(crate) fn return_to(&mut self, offset: u64) {
        // Another limit than any: the next step seeks.
        (self.offset, self.limit) = (offset, 0);
    }

    /// What was read ahead beyond a former limit may have been cut off and written anew since.
    fn forget_beyond(&mut self, limit: u64) -> io::Result<()> {
        if limit != self.limit {
            self.file.seek(SeekFrom::Start(self.offset))?;
            self.limit = limit;
        }
        Ok(())
    }

    fn read(&mut self, limit: u64) -> io::Result<Step> {
        let left = limit.saturating_sub(self.offset);
        if left == 0 {
            return Ok(Step::End);
        }
        let mut bytes = [0; HEADER_BYTES];
        if left < HEADER_BYTES as u64 {
            return self.damage(limit, None);
        }
        self.file.read_exact(&mut bytes)?;
        let Some(header) = self.header(&bytes) else {
            let end = self.find_header(limit)?;
            return self.damage(end, None);
        };
        let end = self.offset + HEADER_BYTES as u64 + u64::from(header.length);
        if end > limit {
            let end = self.find_header(limit)?;
            return self.damage(end, Some(header.sequence));
        }
        let mut payload = Vec::new();
        (&mut self.file).take(u64::from(header.length)).read_to_end(&mut payload)?;
        if !header.fits(&payload) {
            return self.damage(end, Some(header.sequence));
        }
        self.offset = end;
        Ok(Step::Entry { sequence: header.sequence, payload })
    }

    /// A header whose number an entry of this segment can have: numbers go up by one from the first
    /// on, and no more entries than headers fit into it. Others would make the journal count from
    /// there.
    fn header(&self, bytes: &[u8; HEADER_BYTES]) -> Option<Header> {
        let end = self.first.saturating_add(self.limit / HEADER_BYTES as u64);
        Header::decode(bytes).filter(|header| (self.first..end).contains(&header.sequence))
    }

    /// Passes over damage, up to `end`.
    fn damage(&mut self, end: u64, sequence: Option<u64>) -> io::Result<Step> {
        let (offset, length) = (self.offset, end - self.offset);
        self.file.seek(SeekFrom::Start(end))?;
        self.offset = end;
        Ok(Step::Damage { offset, length, sequence })
    }

    /// Where the next header begins, after the one that should be here; else `limit`.
    fn find_header(&mut self, limit: u64) -> io::Result<u64> {
        let mut start = self.offset + 1;
        let mut window = vec![0; WINDOW_BYTES];
        while start + HEADER_BYTES as u64 <= limit {
            self.file.seek(SeekFrom::Start(start))?;
            let wanted = (limit - start).min(WINDOW_BYTES as u64);
            let mut part = (&mut self.file).take(wanted);
            window.clear();
            part.read_to_end(&mut window)?;
            let found = window.windows(HEADER_BYTES).position(|bytes| {
                bytes.first_chunk().is_some_and(|bytes| self.header(bytes).is_some())
            });
            if let Some(place) = found {
                return Ok(start + place as u64);
            }
            start += (window.len().saturating_sub(HEADER_BYTES - 1)).max(1) as u64;
        }
        Ok(limit)
    }
}
