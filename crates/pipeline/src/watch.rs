//! Lists of indicators that are watched: an event with an observable that matches gets a tag.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use headwater_event::Event;
use headwater_event::json::Kind;
use headwater_indicators::{Keys, Matcher};

/// Beginning of the tags; the name of the list follows.
pub const WATCH_TAG: &str = "ioc:";

/// A list that is watched.
pub struct Watch {
    tag: String,
    matcher: Matcher,
}

impl Watch {
    /// Events that match get the tag `ioc:` and the name.
    #[must_use]
    pub fn new(name: &str, matcher: Matcher) -> Self {
        Self { tag: format!("{WATCH_TAG}{name}"), matcher }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Watch").field("tag", &self.tag).finish_non_exhaustive()
    }
}

/// The lists that are watched now.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    /// Most lakes have none.
    is_any: AtomicBool,
    all: RwLock<Arc<Vec<Watch>>>,
}

impl Watches {
    pub(crate) fn replace(&self, watches: Vec<Watch>) {
        let is_any = !watches.is_empty();
        *self.all.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(watches);
        self.is_any.store(is_any, Ordering::Release);
    }

    /// Tags an event that is complete.
    pub(crate) fn tag(&self, keys: &mut Keys, event: &mut Event) {
        if !self.is_any.load(Ordering::Acquire) || !event.is_mapped() {
            return;
        }
        let all = Arc::clone(&self.all.read().unwrap_or_else(PoisonError::into_inner));
        let mut found = vec![false; all.len()];
        look(&all, keys, event, &mut found);
        for (watch, _) in all.iter().zip(found).filter(|(_, found)| *found) {
            event.add_tag(&watch.tag);
        }
    }
}

/// Notes which lists match an observable of an event. Each value is taken apart once.
fn look(all: &[Watch], keys: &mut Keys, event: &Event, found: &mut [bool]) {
    let ocsf = &event.ocsf;
    let Some(list) = ocsf.get(ocsf.root(), "observables") else { return };
    if ocsf.kind(list) != Kind::Array {
        return;
    }
    for observable in ocsf.children(list) {
        let type_id = ocsf.get(observable, "type_id").and_then(|id| ocsf.as_i64(id));
        let value = ocsf.get(observable, "value").and_then(|id| ocsf.as_str(id));
        let (Some(type_id), Some(value)) = (type_id, value) else { continue };
        keys.each(type_id, &value, |kind, _, key| {
            for (watch, found) in all.iter().zip(found.iter_mut()) {
                watch.matcher.each_number(kind, key, |_| *found = true);
            }
        });
    }
}
