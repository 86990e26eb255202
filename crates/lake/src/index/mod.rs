//! The index of observables: the table `observables`, which tells on which days, in which hours,
//! from which sources and how often events have a value (see
//! [`headwater_event::schema::OBSERVABLE_COLUMNS`]). It is a Delta table of its own, sorted by key
//! in a few runs, so a value is found by looking into one place of each.
//!
//! The index follows the log of `events`: its position there (Delta `txn`) is the version of
//! `events` that it has all rows of, and moves with the rows. Compactions of `events` change no
//! row, so nothing has to be done for them. What the index lacks is known from the log, so a search
//! reads these files themselves, and is always complete.

mod changes;
mod compact;
mod files;
mod hours;
mod lookup;
mod merge;
mod ranges;
mod row;
mod rows;
mod run;
mod search;
mod update;
mod verify;

pub use changes::Behind;
pub use compact::compact;
pub use hours::IndexedHours;
pub use ranges::{KeyRange, KeyRanges, parse_key};
pub use row::IndexRow;
pub use rows::IndexRows;
pub use search::{Found, search};
pub use update::{IndexCallback, IndexOptions, IndexProgress, IndexReport, append, update};
pub use verify::{Difference, Verdict, verify};
