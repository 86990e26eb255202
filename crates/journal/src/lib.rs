//! The journal: bytes that were acknowledged and are not in a table yet, in an append-only log on
//! local disk.
//!
//! [`Journal::append`] reports success after `fsync`, many appends sharing one. Each entry has a
//! sequence number, one higher than the one before; it is the position that a table remembers once
//! the entry's rows are in it, and that [`Journal::release`] is told then. A [`JournalReader`]
//! gives the entries back in order, also after a crash, in bounded memory; damaged places are
//! passed over, copied aside and reported.
//!
//! Promises: an entry whose append succeeded is read back after `kill -9` and power failure until
//! it is released, unless the disk lost it. No two entries that can be read have the same sequence
//! number. One process has a journal at a time. Everything blocks; nothing here knows a runtime.

mod entry;
mod error;
mod folder;
mod journal;
mod reader;
mod segment;
#[cfg(test)]
mod tests;
mod writer;

pub use error::JournalError;
pub use journal::{Journal, JournalOptions, Recovery, Release};
pub use reader::{Damage, Entry, JournalReader, Next};
