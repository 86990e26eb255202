//! What bytes mean: mappings to OCSF, the plugin contract and its runtime. A record is mapped as it
//! arrived; then normalizers run, then enrichers,
//! each kind in ascending priority, ties by name. A plugin runs when one of its registered words is
//! a key at any depth, a tag or the category of the event *at that moment*; earlier plugins can so
//! trigger later ones. Bad input is data: it comes out as [`headwater_event::Reject`], never as an
//! error.
//!
//! This crate names no concrete plugin; the shelves `normalizers` and `enrichers` do.

mod base_event;
mod error;
mod ids;
pub mod mapping;
mod meaning;
mod plugin;
mod runtime;
#[cfg(feature = "vrl")]
pub mod vrl;
mod watch;

pub use error::PipelineError;
pub use ids::IdSource;
pub use plugin::{Metadata, Plugin, PluginKind, Verdict};
pub use runtime::{Output, Pipeline, PipelineOptions, Worker};
pub use watch::{WATCH_TAG, Watch};
