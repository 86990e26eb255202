//! Reads one input: opens the layers around the content, frames the content, delivers chunks.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use headwater_event::Origin;

use crate::error::SourceError;
use crate::files::chunk::Chunk;
use crate::files::decompress::{Compression, Decompressor};
use crate::files::delivery::Delivery;
use crate::files::detect::{self, Beginning, Container, Framing};
use crate::files::framing::{Framer, Frames, Oversize};
use crate::files::identity::FileIdentity;
use crate::files::inputs::{Input, Location};
use crate::files::listing::Skipped;
use crate::files::options::{RECORD_BYTES_CEILING, ReadOptions};
use crate::files::remote::RemoteReader;
use crate::files::stores::ObjectStores;
use crate::files::stream::{Limits, Meter, Metered, Peeked};
use crate::files::utf16::{self, ByteOrder, Utf16Reader};

/// What to read, and from where on.
#[derive(Debug, Clone, Copy)]
pub struct ReadRequest<'a> {
    /// The input.
    pub input: &'a Input,
    /// Its identity, when it has one: names the partition of the chunks, and bounds what is read of
    /// a local file that has grown since.
    pub identity: Option<&'a FileIdentity>,
    /// Format, labels and limits.
    pub options: &'a ReadOptions,
    /// Where objects are read from.
    pub stores: &'a ObjectStores,
    /// Number of frames that an earlier run has committed: they are counted and not delivered.
    pub skip_frames: u64,
    /// Where to begin in a local file that has grown; 0 unless [`super::can_resume_at`] agreed.
    /// Frames count from 0 there.
    pub from_byte: u64,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadSummary {
    /// Number of frames of the input, those of earlier runs included.
    pub frames: u64,
    /// Stored bytes that were read.
    pub bytes_read: u64,
    /// Bytes that were framed, after all decompression.
    pub bytes_decompressed: u64,
    /// Members of archives that were read.
    pub members: u64,
    /// Members of archives that were left out on purpose.
    pub skipped: Vec<Skipped>,
    /// The caller stopped the reader before the end.
    pub stopped: bool,
}

/// Why reading ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    Caller,
    Error(SourceError),
}

/// Reads an input to its end and delivers its frames in chunks, in order; every input ends with a
/// chunk marked `last`. Blocking; the caller's function is called on this thread and its time is
/// back pressure. It returns [`ControlFlow::Break`] to stop early.
///
/// # Errors
/// When stored bytes cannot be read, or the input changed since it was listed or identified. Chunks
/// that were delivered before remain valid: a later run resumes behind them with `skip_frames`.
pub fn read(
    request: ReadRequest<'_>,
    deliver: &mut dyn FnMut(Chunk) -> ControlFlow<()>,
) -> Result<ReadSummary, SourceError> {
    let input = request.input;
    let is_live = matches!(input.location(), Location::Standard { .. } | Location::Stream { .. });
    let mut walk = Walk::new(request, deliver, is_live);
    let result = walk.read_input().and_then(|()| walk.finish());
    let mut summary = walk.summary;
    summary.frames = walk.frames.count();
    summary.bytes_read = walk.meter.bytes_read();
    match result {
        Ok(()) => Ok(summary),
        Err(Stop::Caller) => Ok(ReadSummary { stopped: true, ..summary }),
        Err(Stop::Error(error)) => Err(error),
    }
}

/// State of one run over one input.
pub(super) struct Walk<'a> {
    pub(super) request: ReadRequest<'a>,
    pub(super) meter: Rc<Meter>,
    pub(super) limits: Rc<Limits>,
    pub(super) summary: ReadSummary,
    frames: Frames,
    delivery: Delivery<'a>,
    partition: Option<Arc<str>>,
    is_live: bool,
}

impl<'a> Walk<'a> {
    fn new(
        request: ReadRequest<'a>,
        deliver: &'a mut dyn FnMut(Chunk) -> ControlFlow<()>,
        is_live: bool,
    ) -> Self {
        let meter = Rc::new(Meter::default());
        let limits = Limits {
            meter: Rc::clone(&meter),
            decompressed: Cell::new(0),
            bytes_max: request.options.decompressed_bytes_max,
            ratio_max: request.options.decompression_ratio_max,
        };
        Self {
            request,
            meter,
            limits: Rc::new(limits),
            summary: ReadSummary::default(),
            frames: Frames::new(request.skip_frames),
            delivery: Delivery::new(deliver, is_live),
            partition: request.identity.map(FileIdentity::partition),
            is_live,
        }
    }

    fn read_input(&mut self) -> Result<(), Stop> {
        let input = self.request.input;
        let name = Arc::clone(input.name());
        match input.location() {
            Location::Standard { .. } => {
                let mut stream = Metered::new(io::stdin().lock(), &self.meter);
                self.layer(&mut stream, None, &name, 0)
            }
            Location::Memory { content } => {
                let mut stream = Metered::new(content.as_ref(), &self.meter);
                self.layer(&mut stream, None, &name, 0)
            }
            Location::Object { .. } => {
                let reader = RemoteReader::open(input, self.request.stores).map_err(Stop::Error)?;
                let mut stream = Metered::new(reader, &self.meter);
                self.layer(&mut stream, None, &name, 0)
            }
            Location::Stream { path } => {
                let file = File::open(path).map_err(|error| self.failure(error))?;
                let mut stream = Metered::new(file, &self.meter);
                self.layer(&mut stream, None, &name, 0)
            }
            Location::File { path } => self.read_file(path, &name),
        }
    }

    fn read_file(&mut self, path: &Path, name: &str) -> Result<(), Stop> {
        let mut file = File::open(path).map_err(|error| self.failure(error))?;
        let known_bytes = self.request.identity.and_then(FileIdentity::bytes);
        let from = self.request.from_byte;
        if from > 0 {
            file.seek(SeekFrom::Start(from)).map_err(|error| self.failure(error))?;
        }
        let bytes = known_bytes.map_or(u64::MAX, |known| known.saturating_sub(from));
        let mut stream = Metered::new((&file).take(bytes), &self.meter);
        if from > 0 {
            self.read_appended(path, &mut stream, name)?;
        } else {
            self.layer(&mut stream, Some(&file), name, 0)?;
        }
        // Only growing is harmless: a file that is shorter now is not the one that was identified.
        let length = fs::metadata(path).map_err(|error| self.failure(error))?.len();
        if known_bytes.is_some_and(|known| length < known) {
            return Err(Stop::Error(SourceError::Changed { input: name.to_owned() }));
        }
        Ok(())
    }

    /// Frames what was appended to a file; its first lines say what it is.
    fn read_appended(
        &mut self,
        path: &Path,
        stream: &mut dyn Read,
        name: &str,
    ) -> Result<(), Stop> {
        let mut start = File::open(path).map_err(|error| self.failure(error))?;
        let start = Peeked::new(&mut start, false);
        let beginning = Beginning { head: start.head(), is_whole: start.is_whole(), name };
        let framing = detect::framing(beginning, self.request.options.format);
        let mut framer = framing.framer(self.request.options, self.is_live);
        framer.read_header(start.head());
        let origin = self.origin(beginning);
        let mut stream = Peeked::new(stream, false);
        self.frame(&mut stream, framer.as_mut(), &origin)
    }

    /// Opens one layer: an archive, a compression, or the content itself. `file` is given when the
    /// stream is a whole local file, which can be read in any order.
    pub(super) fn layer(
        &mut self,
        stream: &mut dyn Read,
        file: Option<&File>,
        name: &str,
        depth: usize,
    ) -> Result<(), Stop> {
        let mut stream = Peeked::new(stream, self.is_live);
        let Some(container) = detect::container(stream.head()) else {
            return self.content(&mut stream, name);
        };
        if let Container::Unsupported(format) = container {
            if depth == 0 {
                let input = name.to_owned();
                return Err(Stop::Error(SourceError::Unsupported { input, format }));
            }
            return self.refuse(
                &mut stream,
                name,
                format!("content is {format}, which is not supported"),
            );
        }
        let depth_max = self.request.options.member_depth_max;
        if depth >= depth_max {
            let reason = format!("archives are nested deeper than {depth_max} levels");
            return self.refuse(&mut stream, name, reason);
        }
        match container {
            Container::Compressed(compression) => {
                self.compressed(&mut stream, compression, name, depth)
            }
            Container::Tar => self.tar(&mut stream, name, depth),
            Container::Zip => self.zip(&mut stream, file, name, depth),
            Container::Unsupported(_) => Ok(()),
        }
    }

    fn compressed(
        &mut self,
        stream: &mut Peeked<'_>,
        compression: Compression,
        name: &str,
        depth: usize,
    ) -> Result<(), Stop> {
        let limits = Rc::clone(&self.limits);
        let mut decoder =
            Decompressor::new(stream, compression, &limits).map_err(|error| self.failure(error))?;
        self.layer(&mut decoder, None, name, depth + 1)?;
        match decoder.trailing() {
            None => Ok(()),
            Some(mut rest) => {
                let reason = "bytes behind the end of the compressed stream";
                self.refuse(&mut rest, name, reason.to_owned())
            }
        }
    }

    fn content(&mut self, stream: &mut Peeked<'_>, name: &str) -> Result<(), Stop> {
        let Some(order) = ByteOrder::of(stream.head()) else { return self.text(stream, name) };
        stream.skip(utf16::MARK_BYTES);
        let mut utf8 = Utf16Reader::new(stream, order);
        let mut utf8 = Peeked::new(&mut utf8, self.is_live);
        self.text(&mut utf8, name)
    }

    fn text(&mut self, stream: &mut Peeked<'_>, name: &str) -> Result<(), Stop> {
        const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
        let beginning = Beginning { head: stream.head(), is_whole: stream.is_whole(), name };
        let framing = detect::framing(beginning, self.request.options.format);
        let origin = self.origin(beginning);
        if framing != Framing::Evtx && stream.head().starts_with(BYTE_ORDER_MARK) {
            stream.skip(BYTE_ORDER_MARK.len());
        }
        let mut framer = framing.framer(self.request.options, self.is_live);
        self.frame(stream, framer.as_mut(), &origin)
    }

    /// Delivers everything a stream holds as one fault, in parts.
    pub(super) fn refuse(
        &mut self,
        stream: &mut dyn Read,
        name: &str,
        reason: String,
    ) -> Result<(), Stop> {
        let origin = self.origin(Beginning { head: b"", is_whole: true, name });
        let mut stream = Peeked::new(stream, false);
        self.frame(&mut stream, &mut Refused { parts: Oversize::new(reason) }, &origin)
    }

    /// Frames a stream to its end.
    fn frame(
        &mut self,
        stream: &mut Peeked<'_>,
        framer: &mut dyn Framer,
        origin: &Arc<Origin>,
    ) -> Result<(), Stop> {
        let chunk_bytes = self.request.options.chunk_bytes.clamp(1, RECORD_BYTES_CEILING);
        let mut window = Vec::new();
        loop {
            window.reserve(chunk_bytes);
            let filled = fill(stream, &mut window, chunk_bytes, self.is_live);
            let end = match filled {
                Ok(Filled::More) => None,
                Ok(Filled::End) => Some(None),
                Err(error) => Some(Some(self.damage(error)?)),
            };
            self.frames.begin(window.len());
            let mut used = framer.frame(&window, &mut self.frames);
            if let Some(damage) = &end {
                used = self.frame_end(&window, used, damage.as_deref(), framer);
            }
            window = self.deliver(window, used, origin)?;
            if end.is_some() {
                return Ok(());
            }
        }
    }

    /// Frames what is left of the last window. Damage takes the bytes that could not be completed.
    fn frame_end(
        &mut self,
        window: &[u8],
        used: usize,
        damage: Option<&str>,
        framer: &mut dyn Framer,
    ) -> usize {
        self.frames.rebase(used);
        let tail = window.get(used..).unwrap_or_default();
        let used = used + framer.finish(tail, damage.is_some(), &mut self.frames);
        self.frames.rebase(0);
        let is_left = used < window.len();
        if is_left {
            // Without damage a framer leaves nothing; if one ever does, the bytes are kept all the
            // same.
            let reason = damage.unwrap_or("content could not be framed");
            Oversize::new(reason).take(used, window.len(), true, &mut self.frames);
        } else if let Some(reason) = damage {
            self.frames.fault_bytes(b"", reason, 0);
        }
        window.len()
    }

    /// Makes a chunk of the frames so far; returns the bytes that are not framed yet.
    fn deliver(
        &mut self,
        mut window: Vec<u8>,
        used: usize,
        origin: &Arc<Origin>,
    ) -> Result<Vec<u8>, Stop> {
        let used_bytes = u64::try_from(used).unwrap_or_default();
        self.summary.bytes_decompressed += used_bytes;
        let (first_frame, frames, made) = self.frames.take();
        if frames.is_empty() {
            window.drain(..used);
            return Ok(window);
        }
        let chunk_bytes = self.request.options.chunk_bytes.min(RECORD_BYTES_CEILING);
        let rest_bytes = window.get(used..).unwrap_or_default();
        let mut rest = Vec::with_capacity(rest_bytes.len() + chunk_bytes + made.len());
        rest.extend_from_slice(rest_bytes);
        window.extend_from_slice(&made);
        if window.len() < window.capacity() / 2 {
            // Rows refer to the chunk's buffer until they are in a file: a small one must not hold
            // a large one's memory.
            window.shrink_to_fit();
        }
        let chunk = Chunk {
            origin: Arc::clone(origin),
            partition: self.partition.clone(),
            first_frame,
            bytes: Bytes::from(window),
            frames,
            last: false,
            bytes_read: self.meter.bytes_read(),
            bytes_decompressed: self.summary.bytes_decompressed,
        };
        self.delivery.push(chunk)?;
        Ok(rest)
    }

    fn finish(&mut self) -> Result<(), Stop> {
        let origin =
            self.origin(Beginning { head: b"", is_whole: true, name: self.request.input.name() });
        let chunk = Chunk {
            origin,
            partition: self.partition.clone(),
            first_frame: self.frames.count(),
            bytes: Bytes::new(),
            frames: Vec::new(),
            last: true,
            bytes_read: self.meter.bytes_read(),
            bytes_decompressed: self.summary.bytes_decompressed,
        };
        self.delivery.finish(|| chunk)
    }

    fn origin(&self, beginning: Beginning<'_>) -> Arc<Origin> {
        let labels = &self.request.options.origin;
        let label = || detect::source_label(beginning).map(Arc::from);
        let source = labels.source.clone().or_else(label);
        Arc::new(Origin { source, name: beginning.name.into(), ..labels.clone() })
    }

    /// A fault without bytes: something that should be in an archive cannot be read.
    pub(super) fn fault(&mut self, name: &str, reason: String) -> Result<(), Stop> {
        let origin = self.origin(Beginning { head: b"", is_whole: true, name });
        self.frames.begin(0);
        self.frames.fault_bytes(b"", reason, 0);
        self.deliver(Vec::new(), 0, &origin).map(drop)
    }

    /// The reason of an error that is a property of the content; a failure to read the stored bytes
    /// ends the run instead.
    pub(super) fn damage(&self, error: io::Error) -> Result<String, Stop> {
        match self.meter.take_failure() {
            Some(failure) => Err(self.failure(failure)),
            None => Ok(error.to_string()),
        }
    }

    pub(super) fn failure(&self, error: io::Error) -> Stop {
        Stop::Error(match error.downcast::<SourceError>() {
            Ok(error) => error,
            Err(error) => SourceError::io(self.request.input.name(), error),
        })
    }
}

/// Takes everything as parts of one fault.
struct Refused {
    parts: Oversize,
}

impl Framer for Refused {
    fn frame(&mut self, window: &[u8], out: &mut Frames) -> usize {
        self.parts.take(0, window.len(), false, out)
    }

    fn finish(&mut self, tail: &[u8], _damaged: bool, out: &mut Frames) -> usize {
        self.parts.take(0, tail.len(), true, out)
    }
}

enum Filled {
    More,
    End,
}

/// Appends up to `bytes` bytes to the window; of a live stream what one read gives.
fn fill(
    stream: &mut Peeked<'_>,
    window: &mut Vec<u8>,
    bytes: usize,
    is_live: bool,
) -> io::Result<Filled> {
    if is_live {
        let mut buffer = vec![0; bytes.min(LIVE_READ_BYTES)];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(Filled::End),
                Ok(length) => {
                    window.extend_from_slice(buffer.get(..length).unwrap_or_default());
                    return Ok(Filled::More);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    let limit = u64::try_from(bytes).unwrap_or(u64::MAX);
    let length = stream.take(limit).read_to_end(window)?;
    Ok(if length < bytes { Filled::End } else { Filled::More })
}

/// Most bytes of one read from a live stream.
const LIVE_READ_BYTES: usize = 64 << 10;
