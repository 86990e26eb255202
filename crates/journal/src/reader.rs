//! Reading a journal from a sequence number on, at first what a former process left, then what is
//! appended.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::JournalError;
use crate::folder::Folder;
use crate::journal::{Extent, Shared};
use crate::segment::{Scanner, Step};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number: one higher than that of the entry before, except behind damage.
    pub sequence: u64,
    /// What was appended.
    pub payload: Bytes,
}

/// A place that could not be read: bit rot, or what a crash left of appends that nobody was told to
/// have succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Copy of the bytes.
    pub file: PathBuf,
    /// Their number.
    pub bytes: u64,
}

/// What a reader comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// An entry.
    Entry(Entry),
    /// A damaged place; the entries behind it follow.
    Damage(Damage),
    /// The journal was closed and everything in it was read.
    Closed,
}

/// Reads entries in order. Several readers may read the same journal.
#[derive(Debug)]
pub struct JournalReader {
    shared: Arc<Shared>,
    /// Entries below are not wanted.
    next: u64,
    /// The segment at hand and its first sequence number.
    current: Option<(u64, Scanner)>,
}

impl JournalReader {
    pub(crate) const fn new(shared: Arc<Shared>, next: u64) -> Self {
        Self { shared, next, current: None }
    }

    /// The next entry, which is waited for, or damage.
    ///
    /// # Errors
    /// A segment cannot be read; calling again tries again.
    pub fn read(&mut self) -> Result<Next, JournalError> {
        loop {
            let Some(extent) = self.shared.wait_for(self.next) else {
                return Ok(Next::Closed);
            };
            if let Some(next) = self.step(&extent)? {
                return Ok(next);
            }
        }
    }

    /// As `read`, without waiting: `None` when there is nothing now, or never again.
    ///
    /// # Errors
    /// As `read`.
    pub fn read_ready(&mut self) -> Result<Option<Next>, JournalError> {
        while let Some(extent) = self.shared.ready(self.next) {
            if let Some(next) = self.step(&extent)? {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }

    /// What comes next in the segment where entries of this extent are.
    fn step(&mut self, extent: &Extent) -> Result<Option<Next>, JournalError> {
        if self.current_first() != Some(extent.first) {
            let scanner = Scanner::open(&self.shared.folder.segment(extent.first), extent.first)?;
            self.current = Some((extent.first, scanner));
        }
        let Some((_, scanner)) = &mut self.current else { return Ok(None) };
        let step = scanner.step(extent.bytes)?;
        self.take(extent, step)
    }

    fn current_first(&self) -> Option<u64> {
        self.current.as_ref().map(|(first, _)| *first)
    }

    fn take(&mut self, extent: &Extent, step: Step) -> Result<Option<Next>, JournalError> {
        match step {
            // Written when an append had failed already: its number is that of a later entry.
            Step::Entry { sequence, .. } if sequence >= extent.end => {
                self.next = self.next.max(extent.end);
                Ok(None)
            }
            Step::Entry { sequence, .. } if sequence < self.next => Ok(None),
            Step::Entry { sequence, payload } => {
                self.next = sequence + 1;
                Ok(Some(Next::Entry(Entry { sequence, payload: payload.into() })))
            }
            Step::Damage { offset, length, .. } => {
                let damage = set_aside(&self.shared.folder, extent.first, offset, length);
                if damage.is_err()
                    && let Some((_, scanner)) = &mut self.current
                {
                    scanner.return_to(offset);
                }
                damage.map(|damage| Some(Next::Damage(damage)))
            }
            // What is missing here is damaged: the next segment goes on.
            Step::End => {
                self.next = self.next.max(extent.end);
                Ok(None)
            }
        }
    }
}

/// Copies bytes of a segment to a file of their own.
pub(crate) fn set_aside(
    folder: &Folder,
    first: u64,
    offset: u64,
    length: u64,
) -> Result<Damage, JournalError> {
    let path = folder.segment(first);
    let (target, mut copy) = folder.set_aside(first, offset)?;
    let copied = File::open(&path).and_then(|mut segment| {
        segment.seek(SeekFrom::Start(offset))?;
        // A file that is known as one is copied by the kernel, and a signal is an error then.
        let part: &mut dyn Read = &mut segment.take(length);
        io::copy(part, &mut copy)
    });
    let bytes = copied.map_err(JournalError::file("copy", &target))?;
    tracing::warn!(file = %target.display(), bytes, "damaged part of the journal was set aside");
    Ok(Damage { file: target, bytes })
}
