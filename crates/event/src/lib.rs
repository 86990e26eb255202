//! The words of Headwater: what arrives (`Envelope`), what it becomes (`Event`), how far a source
//! is read (`Position`), what went wrong (`ErrorKind`), and the columns of the tables (`schema`).
//! No I/O, no clock, no async runtime: everything above stands on this crate.

pub mod document;
pub mod envelope;
pub mod error;
pub mod event;
pub mod ip;
pub mod json;
pub mod schema;
pub mod time;

pub use envelope::{Envelope, Origin, Position, Reject, Stage};
pub use error::ErrorKind;
pub use event::Event;
pub use time::Timestamp;
