//! gzip (several members), zstd (several frames) and bzip2 (several streams), decoded as a stream.
//!
//! The decoders are driven directly instead of through the reader types of their crates, because
//! those drop what they decoded in the call in which they meet damage: here everything up to the
//! damage comes out, then the reason.

use std::io::{self, Read};

use bzip2::Status as BzipStatus;
use flate2::{Decompress, FlushDecompress, Status as GzipStatus};
use zstd::stream::raw::{Decoder as ZstdDecoder, Operation};

use crate::files::stream::{Damage, Limits};

/// A compression that is recognised by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
    Bzip2,
}

impl Compression {
    /// The compression whose streams begin like `head`.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            // A stream of nothing has the second magic number in the place of the first block's.
            [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
                if rest.starts_with(b"1AY&SY") || rest.starts_with(b"\x17\x72\x45\x38\x50\x90") =>
            {
                Some(Self::Bzip2)
            }
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
        }
    }

    /// Suffixes that a compressed file's name has and its content's name has not.
    pub(crate) const fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Gzip => &[".gz", ".gzip"],
            Self::Zstd => &[".zst", ".zstd"],
            Self::Bzip2 => &[".bz2"],
        }
    }
}

const INPUT_BYTES: usize = 64 << 10;
/// Enough bytes to recognise the next stream.
const MAGIC_BYTES: usize = 10;

/// The content of a compressed stream.
pub(crate) struct Decompressor<'a> {
    source: &'a mut dyn Read,
    compression: Compression,
    codec: Codec,
    input: Vec<u8>,
    start: usize,
    end: usize,
    source_ended: bool,
    state: State,
    limits: &'a Limits,
}

enum State {
    /// Where a member, frame or stream may begin.
    Boundary,
    Inside,
    Ended,
    Damaged(String),
}

impl<'a> Decompressor<'a> {
    /// Decodes `source`, which was recognised as `compression`.
    pub(crate) fn new(
        source: &'a mut dyn Read,
        compression: Compression,
        limits: &'a Limits,
    ) -> io::Result<Self> {
        Ok(Self {
            source,
            compression,
            codec: Codec::new(compression)?,
            input: vec![0; INPUT_BYTES],
            start: 0,
            end: 0,
            source_ended: false,
            state: State::Boundary,
            limits,
        })
    }

    /// After the content's end: bytes that follow the last stream and belong to no other one.
    pub(crate) fn trailing(&mut self) -> Option<impl Read> {
        let is_ended = matches!(self.state, State::Ended);
        let rest = self.input.get(self.start..self.end).unwrap_or_default();
        (is_ended && !rest.is_empty()).then(|| rest.chain(&mut *self.source))
    }

    /// Reads more input behind what is there.
    fn fill(&mut self) -> io::Result<()> {
        self.input.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        loop {
            match self.source.read(self.input.get_mut(self.end..).unwrap_or_default()) {
                Ok(length) => {
                    self.source_ended = length == 0;
                    self.end += length;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.state = State::Damaged(error.to_string());
                    return Err(error);
                }
            }
        }
    }

    fn available(&self) -> &[u8] {
        self.input.get(self.start..self.end).unwrap_or_default()
    }

    fn cross_boundary(&mut self) -> io::Result<()> {
        while self.available().len() < MAGIC_BYTES && !self.source_ended {
            self.fill()?;
        }
        if Compression::of(self.available()) == Some(self.compression) {
            self.codec.restart()?;
            self.state = State::Inside;
            return Ok(());
        }
        // Tapes and some writers fill up with zeros.
        let zeros = self.available().iter().take_while(|byte| **byte == 0).count();
        self.start += zeros;
        if zeros == 0 || (self.available().is_empty() && self.source_ended) {
            self.state = State::Ended;
        }
        Ok(())
    }

    fn decode(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.available().is_empty() && !self.source_ended {
            self.fill()?;
        }
        let input = self.input.get(self.start..self.end).unwrap_or_default();
        let step = self.codec.step(input, buffer);
        self.start += step.used;
        let name = self.compression.name();
        match step.state {
            StepState::StreamEnded => self.state = State::Boundary,
            StepState::Damaged(reason) => {
                self.state = State::Damaged(format!("{name} stream is damaged: {reason}"));
            }
            StepState::GoOn if step.used == 0 && step.made == 0 => {
                let reason = if self.available().is_empty() && self.source_ended {
                    format!("{name} stream is cut short")
                } else {
                    format!("{name} stream is damaged: no progress")
                };
                self.state = State::Damaged(reason);
            }
            StepState::GoOn => {}
        }
        if let Err(error) = self.limits.add(step.made) {
            self.state = State::Damaged(error.to_string());
        }
        Ok(step.made)
    }
}

impl Read for Decompressor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match &self.state {
                State::Ended => return Ok(0),
                State::Damaged(reason) => return Err(Damage::error(reason.clone())),
                State::Boundary => self.cross_boundary()?,
                State::Inside => {
                    let made = self.decode(buffer)?;
                    if made > 0 {
                        return Ok(made);
                    }
                }
            }
        }
    }
}

enum Codec {
    Gzip(Box<Decompress>),
    /// With the number of input bytes that the decoder asked for: given no more than that, it works
    /// block by block, so damage does not cost the blocks before it.
    Zstd(Box<ZstdDecoder<'static>>, usize),
    Bzip2(Box<bzip2::Decompress>),
}

/// What one call of a decoder did.
struct Step {
    used: usize,
    made: usize,
    state: StepState,
}

enum StepState {
    GoOn,
    StreamEnded,
    Damaged(String),
}

/// Bytes of a zstd frame that hold its header, at most.
const ZSTD_HEADER_BYTES: usize = 18;
/// Window bits of deflate, fixed by the gzip format.
const GZIP_WINDOW_BITS: u8 = 15;

impl Codec {
    fn new(compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::Gzip => Self::Gzip(Box::new(Decompress::new_gzip(GZIP_WINDOW_BITS))),
            Compression::Zstd => Self::Zstd(Box::new(ZstdDecoder::new()?), ZSTD_HEADER_BYTES),
            Compression::Bzip2 => Self::Bzip2(Box::new(bzip2::Decompress::new(false))),
        })
    }

    /// Makes ready for the next stream.
    fn restart(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => **decoder = Decompress::new_gzip(GZIP_WINDOW_BITS),
            Self::Zstd(decoder, wanted) => {
                decoder.reinit()?;
                *wanted = ZSTD_HEADER_BYTES;
            }
            Self::Bzip2(decoder) => **decoder = bzip2::Decompress::new(false),
        }
        Ok(())
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        match self {
            Self::Gzip(decoder) => {
                let (used, made) = (decoder.total_in(), decoder.total_out());
                let result = decoder.decompress(input, output, FlushDecompress::None);
                let state = match result {
                    Ok(GzipStatus::StreamEnd) => StepState::StreamEnded,
                    Ok(GzipStatus::Ok | GzipStatus::BufError) => StepState::GoOn,
                    Err(error) => {
                        StepState::Damaged(error.message().unwrap_or("bad data").to_owned())
                    }
                };
                Step::counted(decoder.total_in() - used, decoder.total_out() - made, state)
            }
            Self::Zstd(decoder, wanted) => {
                let input = input.get(..*wanted).unwrap_or(input);
                match decoder.run_on_buffers(input, output) {
                    Ok(status) => {
                        *wanted = status.remaining.max(1);
                        let ended = status.remaining == 0;
                        let state = if ended { StepState::StreamEnded } else { StepState::GoOn };
                        Step { used: status.bytes_read, made: status.bytes_written, state }
                    }
                    Err(error) => {
                        Step { used: 0, made: 0, state: StepState::Damaged(error.to_string()) }
                    }
                }
            }
            Self::Bzip2(decoder) => {
                let (used, made) = (decoder.total_in(), decoder.total_out());
                let state = match decoder.decompress(input, output) {
                    Ok(BzipStatus::StreamEnd) => StepState::StreamEnded,
                    Ok(BzipStatus::MemNeeded) => StepState::Damaged("out of memory".to_owned()),
                    Ok(_) => StepState::GoOn,
                    Err(error) => StepState::Damaged(error.to_string()),
                };
                Step::counted(decoder.total_in() - used, decoder.total_out() - made, state)
            }
        }
    }
}

impl Step {
    /// Both counts are at most the lengths of the two buffers.
    fn counted(used: u64, made: u64, state: StepState) -> Self {
        let length = |count: u64| usize::try_from(count).unwrap_or_default();
        Self { used: length(used), made: length(made), state }
    }
}
