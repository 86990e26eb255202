//! Watches a drop folder by listing it again and again. It asks no notification service of the
//! operating system: those differ, lose events and do not exist for buckets.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use headwater_event::Timestamp;

use crate::error::SourceError;
use crate::files::inputs::Input;
use crate::files::listing::{Listed, list};
use crate::files::stores::ObjectStores;

/// Yields inputs once they have settled: same size and time of change in two consecutive polls. An
/// input that changes later is yielded again. The state is in memory only; what was ingested before
/// is known by the positions in the table.
#[derive(Debug)]
pub struct Watcher {
    texts: Vec<String>,
    stores: ObjectStores,
    poll_interval: Duration,
    next_poll: Option<Timestamp>,
    seen: HashMap<Arc<str>, Seen>,
}

/// What makes two looks at an input equal.
type Look = (Option<u64>, Option<Timestamp>);

#[derive(Debug, Clone, Copy)]
struct Seen {
    look: Look,
    is_yielded: bool,
}

/// Result of one poll.
#[derive(Debug, Default)]
pub struct Poll {
    /// Inputs that have settled since the last poll, in the order of the listing.
    pub settled: Vec<Input>,
    /// What could not be listed; it is tried again with the next poll. A pattern that matches
    /// nothing yet is no error here.
    pub errors: Vec<SourceError>,
}

impl Watcher {
    /// Watches what `texts` stand for, see [`list`]; standard input cannot be watched and is
    /// ignored.
    #[must_use]
    pub fn new(texts: Vec<String>, stores: ObjectStores, poll_interval: Duration) -> Self {
        Self { texts, stores, poll_interval, next_poll: None, seen: HashMap::new() }
    }

    /// Time of the next poll; `None` before the first one, which is due at once.
    #[must_use]
    pub fn next_poll(&self) -> Option<Timestamp> {
        self.next_poll
    }

    /// Lists the inputs when a poll is due at `now`, otherwise does nothing. Blocking.
    pub fn poll(&mut self, now: Timestamp) -> Poll {
        let mut poll = Poll::default();
        if self.next_poll.is_some_and(|next| now < next) {
            return poll;
        }
        let interval = i64::try_from(self.poll_interval.as_micros()).unwrap_or(i64::MAX);
        self.next_poll = Some(Timestamp::from_micros(now.as_micros().saturating_add(interval)));
        let mut seen = HashMap::new();
        for listed in list(&self.texts, &self.stores) {
            match listed {
                Ok(Listed::Input(input)) if input.size().is_some() => {
                    let is_settled = self.look_at(&input, &mut seen);
                    if is_settled {
                        poll.settled.push(input);
                    }
                }
                Ok(_) | Err(SourceError::NotFound { .. }) => {}
                Err(error) => poll.errors.push(error),
            }
        }
        // Inputs that an error hides keep their state; those that are gone lose it.
        if !poll.errors.is_empty() {
            for (name, state) in self.seen.drain() {
                seen.entry(name).or_insert(state);
            }
        }
        self.seen = seen;
        poll
    }

    /// Notes an input; true when it is to be yielded now.
    fn look_at(&self, input: &Input, seen: &mut HashMap<Arc<str>, Seen>) -> bool {
        let look = (input.size(), input.modified());
        let before = self.seen.get(input.name()).filter(|before| before.look == look);
        let was_yielded = before.is_some_and(|before| before.is_yielded);
        let is_settled = before.is_some() && !was_yielded;
        let state = Seen { look, is_yielded: was_yielded || is_settled };
        seen.insert(Arc::clone(input.name()), state).is_none() && is_settled
    }
}
