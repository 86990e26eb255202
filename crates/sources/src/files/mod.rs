//! Files and buckets: everything from `PATH|GLOB|URL…` to bounded chunks of framed records.
//!
//! The steps, in the order of the bytes: [`list`] names the inputs, [`identify`] gives each one the
//! identity under which the table remembers it, [`read`] opens archives and compression by content,
//! recognises the format, cuts it into frames and delivers chunks. [`Watcher`] repeats the first
//! step.
//!
//! All of it is blocking and belongs on a thread of its own; only object stores use the async
//! runtime that the caller hands over. Promise: every byte that can be decompressed ends in a
//! record or in a fault, and the sequence of frames depends on the content and the options alone,
//! so that a frame's number is a position to resume from.

mod archive;
mod chunk;
mod decompress;
mod delivery;
mod detect;
pub(crate) mod framing;
mod identity;
mod inputs;
mod listing;
mod objects;
mod options;
mod reader;
mod remote;
mod resume;
mod stores;
mod stream;
mod utf16;
mod watch;

pub use chunk::{Chunk, Frame};
pub use identity::{FileIdentity, identify, prefix_hash};
pub use inputs::Input;
pub use listing::{Listed, Listing, Skipped, list};
pub use objects::{ObjectName, look_up};
pub use options::{Format, ReadOptions};
pub use reader::{ReadRequest, ReadSummary, read};
pub use resume::can_resume_at;
pub use stores::ObjectStores;
pub use watch::{Poll, Watcher};

pub(crate) use detect::record_format;
