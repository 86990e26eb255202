//! What a source hands to the pipeline, what the pipeline refuses, and how far a source is read.

use std::sync::Arc;

use crate::time::Timestamp;

/// Where a record came from: constant for all records of one file, connection or topic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// What the operator calls this source (`--source`); it becomes the column `source` when the
    /// event names none itself.
    pub source: Option<Arc<str>>,
    /// Host that produced the record, when the protocol tells (column `host`).
    pub host: Option<Arc<str>>,
    /// Splunk-style source type, when the protocol tells (column `sourcetype`).
    pub sourcetype: Option<Arc<str>>,
    /// Index or stream named by the sender (column `index`).
    pub index: Option<Arc<str>>,
    /// File, object or address for people to read (rejects name it; never parsed).
    pub name: Arc<str>,
}

/// One record as received, before any interpretation. Never altered.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The record's own bytes, without framing: what `raw` and `rejects` keep.
    pub original: &'a [u8],
    /// The JSON text to parse: the original itself, or what its source made of it (a CSV row, a
    /// syslog line, a Windows event record).
    pub json: &'a [u8],
    /// Where it came from.
    pub origin: &'a Origin,
    /// When it happened, where the protocol itself tells (HEC `time`, OTLP `timeUnixNano`); it wins
    /// over what stands in the record.
    pub time: Option<Timestamp>,
    /// When Headwater received it.
    pub received_at: Timestamp,
}

/// How far one partition of one source is read: everything below is in the table. Moves only
/// forward.
///
/// In Delta it is one `txn` action: `appId` names the partition, `version` is the number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Identity of the source partition, for example `file/3f1c…`.
    pub partition: Arc<str>,
    /// Records read so far; what one unit is belongs to the source.
    pub offset: i64,
}

/// The step of the data path that refused a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Decompression, framing or size limits.
    Read,
    /// The bytes are not the JSON object (or other format) they should be.
    Parse,
    /// A normalizer refused the event.
    Normalize,
    /// An enricher refused the event.
    Enrich,
    /// The event could not be turned into a row.
    Write,
}

impl Stage {
    /// Stable lower-case name (column `stage` of the table `rejects`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Parse => "parse",
            Self::Normalize => "normalize",
            Self::Enrich => "enrich",
            Self::Write => "write",
        }
    }
}

/// A record that could not become an event: reason and original bytes, so that it can be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// What is wrong, for a person: lower case, no full stop, names the offending value or place.
    pub reason: String,
    /// Where it was refused.
    pub stage: Stage,
    /// The plugin that refused it, when one did.
    pub plugin: Option<Arc<str>>,
    /// The original bytes, complete.
    pub bytes: Vec<u8>,
    /// When Headwater received the record.
    pub received_at: Timestamp,
}
