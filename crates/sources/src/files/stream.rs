//! Readers between the stored bytes and the framer: one that counts and remembers failures, one
//! that shows the beginning of a stream, and the error that means damaged content.
//!
//! Two kinds of error must not be confused. A *failure* (disk, network) says nothing about the
//! content and may pass: the run ends with an error and is repeated. *Damage* is a property of the
//! content and will be found again by every run: it becomes a fault frame.

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

/// How much of a stream is looked at to recognise what it is.
pub(crate) const HEAD_BYTES: usize = 64 << 10;

/// Content that cannot be read any further; the text is the reason.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Damage(pub(crate) String);

impl Damage {
    pub(crate) fn error(reason: impl Into<String>) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, Self(reason.into()))
    }
}

/// Counts the stored bytes of one input and keeps the first failure to read them.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    bytes_read: Cell<u64>,
    failure: RefCell<Option<io::Error>>,
}

impl Meter {
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read.get()
    }

    pub(crate) fn take_failure(&self) -> Option<io::Error> {
        self.failure.borrow_mut().take()
    }
}

/// Reads stored bytes under a [`Meter`].
#[derive(Debug)]
pub(crate) struct Metered<R> {
    inner: R,
    meter: Rc<Meter>,
}

impl<R> Metered<R> {
    pub(crate) fn new(inner: R, meter: &Rc<Meter>) -> Self {
        Self { inner, meter: Rc::clone(meter) }
    }

    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            let kind = error.kind();
            self.meter.failure.borrow_mut().get_or_insert(error);
            io::Error::new(kind, "the stored bytes could not be read")
        })
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(buffer);
        let length = self.note(result)?;
        let bytes_read = &self.meter.bytes_read;
        bytes_read.set(bytes_read.get() + u64::try_from(length).unwrap_or_default());
        Ok(length)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let result = self.inner.seek(to);
        self.note(result)
    }
}

/// A stream whose beginning can be looked at.
pub(crate) struct Peeked<'a> {
    head: Vec<u8>,
    at: usize,
    is_whole: bool,
    /// Met while the head was read; comes after the head.
    failed: Option<io::Error>,
    inner: &'a mut dyn Read,
}

impl<'a> Peeked<'a> {
    /// Reads the head. A `live` stream is not waited for longer than it takes to recognise it: the
    /// first complete line is enough.
    pub(crate) fn new(inner: &'a mut dyn Read, live: bool) -> Self {
        let mut peeked = Self { head: Vec::new(), at: 0, is_whole: false, failed: None, inner };
        let mut buffer = vec![0; HEAD_BYTES];
        while peeked.head.len() < HEAD_BYTES && !(live && is_recognisable(&peeked.head)) {
            let room = buffer.get_mut(..HEAD_BYTES - peeked.head.len()).unwrap_or_default();
            match peeked.inner.read(room) {
                Ok(0) => {
                    peeked.is_whole = true;
                    break;
                }
                Ok(length) => {
                    peeked.head.extend_from_slice(room.get(..length).unwrap_or_default());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    peeked.failed = Some(error);
                    break;
                }
            }
        }
        peeked
    }

    /// The beginning of the stream.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Whether the head is all there is.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Leaves out bytes of the head that were not read yet.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.head.len());
    }
}

impl Read for Peeked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.head.get(self.at..).unwrap_or_default();
        if !rest.is_empty() {
            let length = rest.len().min(buffer.len());
            for (slot, byte) in buffer.iter_mut().zip(rest) {
                *slot = *byte;
            }
            self.at += length;
            return Ok(length);
        }
        match self.failed.take() {
            Some(error) => Err(error),
            None if self.is_whole => Ok(0),
            None => self.inner.read(buffer),
        }
    }
}

/// Enough for every magic number, and for text one line.
fn is_recognisable(head: &[u8]) -> bool {
    head.len() >= 512 || (head.len() >= 16 && head.contains(&b'\n'))
}

/// The limits on what one input may become by decompression.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) meter: Rc<Meter>,
    pub(crate) decompressed: Cell<u64>,
    pub(crate) bytes_max: Option<u64>,
    pub(crate) ratio_max: Option<u64>,
}

/// Below this many decompressed bytes the ratio is not looked at.
const RATIO_BYTES_MIN: u64 = 16 << 20;

impl Limits {
    /// Counts decompressed bytes.
    pub(crate) fn add(&self, bytes: usize) -> io::Result<()> {
        let total = self.decompressed.get() + u64::try_from(bytes).unwrap_or_default();
        self.decompressed.set(total);
        if let Some(bytes_max) = self.bytes_max.filter(|bytes_max| total > *bytes_max) {
            return Err(Damage::error(format!(
                "content is larger than {bytes_max} bytes after decompression"
            )));
        }
        let stored = self.meter.bytes_read().max(1);
        let is_above = |ratio_max: &u64| total / stored > *ratio_max;
        if let Some(ratio_max) = self.ratio_max.filter(is_above)
            && total > RATIO_BYTES_MIN
        {
            return Err(Damage::error(format!(
                "content is more than {ratio_max} times larger than its compressed form"
            )));
        }
        Ok(())
    }
}

/// A decompressed stream under [`Limits`].
pub(crate) struct Limited<'a, R> {
    pub(crate) inner: R,
    pub(crate) limits: &'a Limits,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.limits.add(length)?;
        Ok(length)
    }
}
