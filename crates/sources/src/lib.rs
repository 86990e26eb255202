//! How bytes arrive. Each source turns what it is given into bounded chunks of framed records; what
//! the records mean is the pipeline's business, where they are kept is the lake's.
//!
//! Today there is one source: [`files`] (files, folders, archives and buckets).

pub mod error;
pub mod files;

pub use error::SourceError;
