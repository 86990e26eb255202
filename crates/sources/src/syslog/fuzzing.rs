//! A connection's bytes for the fuzz target `syslog`.

use std::net::{IpAddr, Ipv4Addr};

use headwater_event::Timestamp;

use super::framing::{Framed, Framer};
use super::run::Run;
use crate::envelope_batch::EnvelopeBatch;

/// What was cut off a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Why they are no message, if they are none.
    pub fault: Option<String>,
}

/// What a stream is cut into when it is read in these parts, and the records of that.
#[must_use]
pub fn read_stream<'a>(
    parts: impl IntoIterator<Item = &'a [u8]>,
    message_bytes_max: usize,
    received_at: Timestamp,
) -> (Vec<Piece>, EnvelopeBatch) {
    let mut pieces = Vec::new();
    let mut run = Run::new(received_at);
    let mut out = |framed: Framed<'_>| {
        let (bytes, fault) = match framed {
            Framed::Message(bytes) => (bytes, None),
            Framed::Fault(bytes, reason) => (bytes, Some(reason.to_string())),
        };
        pieces.push(Piece { bytes: bytes.to_vec(), fault });
        run.add(framed, IpAddr::V4(Ipv4Addr::LOCALHOST));
    };
    let mut framer = Framer::new(message_bytes_max);
    for part in parts {
        framer.push(part, &mut out);
    }
    framer.finish(&mut out);
    (pieces, run.into_batch(None))
}
