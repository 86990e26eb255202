//! The shelf of built-in enrichers: each adds facts that were not in the source, one file per fact.
//! They run after all normalizers and do not know each other.

mod ensure_eventid;

use headwater_pipeline::Plugin;

/// Every built-in enricher, not yet bound to a vocabulary.
#[must_use]
pub fn all() -> Vec<Box<dyn Plugin>> {
    vec![Box::new(ensure_eventid::EnsureEventid)]
}
