//! Hands chunks to the caller. The last chunk of an input is marked, which is known only once the
//! input has ended; so one chunk waits, except for live streams, where nothing may wait.

use std::ops::ControlFlow;

use crate::files::chunk::Chunk;
use crate::files::reader::Stop;

/// The caller's end of the reader.
pub(crate) struct Delivery<'a> {
    deliver: &'a mut dyn FnMut(Chunk) -> ControlFlow<()>,
    waiting: Option<Chunk>,
    is_live: bool,
}

impl<'a> Delivery<'a> {
    pub(crate) fn new(deliver: &'a mut dyn FnMut(Chunk) -> ControlFlow<()>, is_live: bool) -> Self {
        Self { deliver, waiting: None, is_live }
    }

    /// A chunk that may be the last one.
    pub(crate) fn push(&mut self, chunk: Chunk) -> Result<(), Stop> {
        let ready = if self.is_live { Some(chunk) } else { self.waiting.replace(chunk) };
        ready.map_or(Ok(()), |chunk| self.send(chunk))
    }

    /// The input has ended: `empty` makes the last chunk when none waits.
    pub(crate) fn finish(&mut self, empty: impl FnOnce() -> Chunk) -> Result<(), Stop> {
        let chunk = self.waiting.take().unwrap_or_else(empty);
        self.send(Chunk { last: true, ..chunk })
    }

    fn send(&mut self, chunk: Chunk) -> Result<(), Stop> {
        match (self.deliver)(chunk) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Stop::Caller),
        }
    }
}
