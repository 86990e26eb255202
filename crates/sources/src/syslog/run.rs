//! Messages as they were read, one behind the other, and the batch of records that they become.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use headwater_event::{Origin, Timestamp};

use super::framing::{FaultReason, Framed};
use crate::envelope_batch::{EnvelopeBatch, EnvelopeBatchBuilder, OriginId};
use crate::syslog_line::SyslogLine;
use crate::text_record::is_json_object;

/// Longest name that is taken for that of a host.
const HOSTNAME_BYTES_MAX: usize = 255;

/// Messages of one or more senders.
#[derive(Debug)]
pub(super) struct Run {
    received_at: Timestamp,
    body: Vec<u8>,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    range: Range<usize>,
    peer: IpAddr,
    fault: Option<FaultReason>,
}

impl Run {
    /// No messages yet; those to come are received now.
    pub(super) const fn new(received_at: Timestamp) -> Self {
        Self { received_at, body: Vec::new(), pieces: Vec::new() }
    }

    /// Adds what a sender sent.
    pub(super) fn add(&mut self, framed: Framed<'_>, peer: IpAddr) {
        let (bytes, fault) = match framed {
            Framed::Message(bytes) => (bytes, None),
            Framed::Fault(bytes, reason) => (bytes, Some(reason)),
        };
        let start = self.body.len();
        self.body.extend_from_slice(bytes);
        self.pieces.push(Piece { range: start..self.body.len(), peer: peer.to_canonical(), fault });
    }

    /// Adds the messages of a later run.
    pub(super) fn append(&mut self, other: &Self) {
        let offset = self.body.len();
        self.body.extend_from_slice(&other.body);
        self.pieces.extend(other.pieces.iter().map(|piece| Piece {
            range: piece.range.start + offset..piece.range.end + offset,
            ..*piece
        }));
    }

    /// Bytes of the messages.
    pub(super) const fn bytes(&self) -> usize {
        self.body.len()
    }

    /// Number of messages, faults included.
    pub(super) const fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether there is no message.
    pub(super) const fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The records, of a source that the operator may have named.
    pub(super) fn into_batch(self, source: Option<&Arc<str>>) -> EnvelopeBatch {
        let mut batch = EnvelopeBatchBuilder::new(self.body.len(), self.received_at);
        let mut origins = Origins { source, ids: HashMap::new() };
        for Piece { range, peer, fault } in self.pieces {
            let message = self.body.get(range.clone()).unwrap_or_default();
            if let Some(reason) = fault {
                let origin = origins.id(peer, None, &mut batch);
                batch.fault(origin, range, reason.to_string());
            } else if is_json_object(message) {
                let origin = origins.id(peer, None, &mut batch);
                batch.original(origin, range, None);
            } else {
                let line = SyslogLine::of(message);
                let origin = origins.id(peer, line.hostname(), &mut batch);
                batch.converted(origin, range, None, |json| line.push_object(json));
            }
        }
        batch.finish(self.body)
    }
}

/// The origins of a batch by who sent a message and which host it names.
struct Origins<'a> {
    source: Option<&'a Arc<str>>,
    ids: HashMap<(IpAddr, Option<Box<str>>), OriginId>,
}

impl Origins<'_> {
    fn id(
        &mut self,
        peer: IpAddr,
        hostname: Option<&[u8]>,
        batch: &mut EnvelopeBatchBuilder,
    ) -> OriginId {
        let hostname = hostname.filter(|name| name.len() <= HOSTNAME_BYTES_MAX);
        let hostname: Option<Box<str>> =
            hostname.and_then(|name| std::str::from_utf8(name).ok()).map(Into::into);
        let source = self.source;
        *self.ids.entry((peer, hostname)).or_insert_with_key(|(peer, hostname)| {
            let host = hostname.as_deref().map_or_else(|| peer.to_string().into(), Into::into);
            batch.origin(&Origin {
                source: source.cloned(),
                host: Some(host),
                sourcetype: Some(super::SOURCE.into()),
                index: None,
                name: format!("syslog://{peer}").into(),
            })
        })
    }
}
