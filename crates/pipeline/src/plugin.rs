//! The contract every plugin keeps, whichever way it is written.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use headwater_event::json::Vocabulary;
use headwater_event::{Envelope, Event, Origin, Timestamp};
use uuid::Uuid;

use crate::IdSource;

/// When a plugin runs: all normalizers before all enrichers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PluginKind {
    /// Gives the event its shape and names.
    Normalize,
    /// Adds facts that were not in the source.
    Enrich,
}

impl PluginKind {
    /// The prefix of this kind in the audit trail (`plugins`).
    #[must_use]
    pub const fn audit_prefix(self) -> &'static str {
        match self {
            Self::Normalize => "normalization",
            Self::Enrich => "enrichment",
        }
    }
}

/// What becomes of the event after a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Keep,
    /// It is not wanted: counted, not stored.
    Drop,
    /// It is refused for this reason and goes to the table `rejects` with its original bytes.
    Reject(Cow<'static, str>),
}

/// What is known about an event besides its content.
#[derive(Debug)]
pub struct Metadata<'a> {
    /// Where the event came from.
    pub origin: &'a Origin,
    /// When it happened, where the protocol that brought it, or a program of the user, tells.
    pub time: Option<Timestamp>,
    /// When it arrived; a plugin's only clock.
    pub received_at: Timestamp,
    pub(crate) ids: &'a mut IdSource,
}

impl<'a> Metadata<'a> {
    /// Metadata of an event that arrives now, for tests and for callers of single plugins.
    #[must_use]
    pub const fn new(origin: &'a Origin, received_at: Timestamp, ids: &'a mut IdSource) -> Self {
        Self { origin, time: None, received_at, ids }
    }

    pub(crate) const fn of(envelope: &Envelope<'a>, ids: &'a mut IdSource) -> Self {
        let Envelope { origin, time, received_at, .. } = *envelope;
        Self { origin, time, received_at, ids }
    }

    /// A new UUID version 7; a plugin's only source of chance.
    pub fn next_id(&mut self) -> Uuid {
        self.ids.next_id(self.received_at)
    }
}

/// One step of the pipeline.
///
/// Contract: `process` is pure but for the event (no I/O, no clock, no chance of its own), does not
/// block, and may be called from several threads at once. A panic inside rejects the event, not the
/// process.
pub trait Plugin: Send + Sync + fmt::Debug {
    /// Unique among plugins of its kind; `snake_case`, it appears in the audit trail.
    fn name(&self) -> &str;

    /// Normalizer or enricher.
    fn kind(&self) -> PluginKind;

    /// Words that trigger it: a key at any depth, a tag or the category, in any case; `*` always.
    fn registration(&self) -> Vec<String>;

    /// Lower runs earlier.
    fn priority(&self) -> i32 {
        100
    }

    /// Further keys that it looks up with [`headwater_event::json::Tree::find`].
    fn words(&self) -> Vec<String> {
        Vec::new()
    }

    /// Called once, with the index that holds all registered words: the place to resolve tokens.
    fn bind(&mut self, _vocabulary: &Arc<Vocabulary>) {}

    /// Works on one event.
    fn process(&self, event: &mut Event, metadata: &mut Metadata<'_>) -> Verdict;
}
