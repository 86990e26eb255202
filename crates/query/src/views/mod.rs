//! Views over `events` that nobody has to make: `ocsf.<class>`, one per class of OCSF, with the
//! attributes that its events have as columns, and `ocsf.observables`, one row per value worth
//! searching for.
//!
//! A view is a plan over the scan of `events`: conditions on its columns get as far into the files
//! as those on `events` itself. Its columns follow from the data: from a bounded sample of rows of
//! the class, the same for the same snapshot of the table.

mod attributes;
mod class;
mod observables;
mod sample;
mod schema;

pub(crate) use class::UNMAPPED;
pub use schema::OCSF;
pub(crate) use schema::OcsfSchema;
