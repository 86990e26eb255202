//! The thread that writes: takes what waits, writes it with one call, syncs once, answers all.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use bytes::Bytes;

use crate::entry::{HEADER_BYTES, Header};
use crate::error::JournalError;
use crate::journal::{Answer, Shared};
use crate::segment::{self, HEAD_BYTES};

/// An append on its way.
pub(crate) struct Request {
    pub(crate) payload: Bytes,
    pub(crate) answer: Answer,
}

/// State of the writing thread.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    requests: Receiver<Request>,
    /// The segment that is written to; none before the first append and after a failure.
    segment: Option<Segment>,
    /// Number of the next entry.
    next: u64,
}

struct Segment {
    file: File,
    first: u64,
    /// Everything before is written and synced.
    bytes: u64,
}

impl Writer {
    pub(crate) const fn new(shared: Arc<Shared>, requests: Receiver<Request>, next: u64) -> Self {
        Self { shared, requests, segment: None, next }
    }

    /// Writes until every handle of the journal is gone.
    pub(crate) fn run(mut self) {
        let mut buffer = Vec::new();
        while let Ok(first) = self.requests.recv() {
            let group = self.gather(first, &mut buffer);
            let bytes: usize = group.iter().map(|request| request.payload.len()).sum();
            let result = self.write(&buffer, group.len());
            self.shared.no_longer_waiting(group.len(), bytes);
            let first = self.next - if result.is_ok() { group.len() as u64 } else { 0 };
            for (sequence, request) in (first..).zip(group) {
                (request.answer)(result.clone().map(|()| sequence));
            }
            self.shared.answered(self.next);
            buffer.shrink_to(2 * self.shared.options.group_bytes_max);
        }
    }

    /// Takes what waits, up to the limit of a group, and encodes it.
    fn gather(&self, first: Request, buffer: &mut Vec<u8>) -> Vec<Request> {
        buffer.clear();
        let mut group = vec![first];
        let mut bytes = 0;
        loop {
            if let Some(request) = group.last() {
                let sequence = self.next + group.len() as u64 - 1;
                // Longer ones are refused when they are appended.
                let length = u32::try_from(request.payload.len()).unwrap_or(u32::MAX);
                let header = Header::of(sequence, length, &request.payload);
                buffer.extend_from_slice(&header.encode());
                buffer.extend_from_slice(&request.payload);
                bytes += request.payload.len() + HEADER_BYTES;
            }
            if bytes >= self.shared.options.group_bytes_max {
                return group;
            }
            match self.requests.try_recv() {
                Ok(request) => group.push(request),
                Err(_) => return group,
            }
        }
    }

    fn write(&mut self, bytes: &[u8], entries: usize) -> Result<(), JournalError> {
        let mut segment = match self.segment.take() {
            Some(segment) => segment,
            None => self.new_segment()?,
        };
        let path = self.shared.folder.segment(segment.first);
        if let Err(error) = segment.append(bytes) {
            // The tail must not be taken for entries that were acknowledged. When it cannot be cut
            // off, a new segment begins with the number of the first of them, which says the same.
            if segment.cut().is_ok() {
                self.segment = Some(segment);
            }
            return Err(JournalError::file("write", &path)(error));
        }
        self.next += entries as u64;
        self.shared.appended(segment.first, segment.bytes, self.next);
        if segment.bytes < self.shared.options.segment_bytes_max {
            self.segment = Some(segment);
        }
        Ok(())
    }

    fn new_segment(&self) -> Result<Segment, JournalError> {
        let first = self.next;
        let path = self.shared.folder.segment(first);
        let made = || -> io::Result<File> {
            // A file of this name holds no entry that was acknowledged.
            let mut file =
                OpenOptions::new().create(true).write(true).truncate(true).open(&path)?;
            file.write_all(&segment::head(self.shared.id, first))?;
            file.sync_all()?;
            Ok(file)
        };
        let file = made().map_err(JournalError::file("create", &path))?;
        self.shared.folder.sync()?;
        Ok(Segment { file, first, bytes: HEAD_BYTES })
    }
}

impl Drop for Writer {
    /// Nothing will be appended any more: nobody waits for it.
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl Segment {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_data()?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Removes what a failed append left.
    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.bytes)?;
        self.file.seek(SeekFrom::Start(self.bytes))?;
        self.file.sync_all()
    }
}
