//! The collector's bodies for the fuzz target `hec`.

use std::ops::Range;

use headwater_event::{Origin, Timestamp};

use super::envelope::{self, Surroundings};
use super::raw;
use crate::envelope_batch::{EnvelopeBatch, EnvelopeBatchBuilder};

/// The fault that ended a body: its number among the events, and its place in the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Events before it.
    pub number: usize,
    /// What goes to `rejects`.
    pub range: Range<usize>,
}

/// The records of a body with events, without the fault that ended it.
#[must_use]
pub fn read_events(body: &[u8], received_at: Timestamp) -> (EnvelopeBatch, Option<Ending>) {
    let mut batch = EnvelopeBatchBuilder::new(body.len(), received_at);
    let around = Surroundings { defaults: &Origin::default(), allows: &|_| Ok(()) };
    let fault = envelope::read_events(body, &around, &mut batch).err();
    let ending = fault.map(|fault| Ending { number: fault.number, range: fault.range });
    (batch.finish(body.to_vec()), ending)
}

/// The records of a body of raw lines.
#[must_use]
pub fn read_lines(body: &[u8], received_at: Timestamp) -> EnvelopeBatch {
    let mut batch = EnvelopeBatchBuilder::new(body.len(), received_at);
    raw::read_lines(body, &Origin::default(), None, &mut batch);
    batch.finish(body.to_vec())
}
