//! The Delta log: its entries (`entry`), what they add up to for a writer (`state`, from
//! `checkpoint` and `tail`), what may be committed (`commit`, `rules`, `compose`) and doing it
//! (`append`, `committer`).

pub(crate) mod append;
pub(crate) mod checkpoint;
pub(crate) mod commit;
pub(crate) mod committer;
mod compose;
pub(crate) mod entry;
pub(crate) mod rules;
pub(crate) mod state;
pub(crate) mod tail;
