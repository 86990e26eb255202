//! What the targets in `fuzz/` call: one function for each protocol, from bytes to plain values.
//! Built with the feature `fuzzing` only, and no promise to anybody.

pub use crate::elastic_bulk::fuzzing::{Document, read_bulk};
pub use crate::hec::fuzzing::{Ending, read_events, read_lines};
pub use crate::syslog::fuzzing::{Piece, read_stream};
