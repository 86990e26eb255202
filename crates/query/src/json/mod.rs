//! JSON as text: the engine under the JSON functions.
//!
//! Documents stay text from the Parquet page to the answer. [`scan`] moves over it, [`text`] knows
//! the spelling of strings, [`path`] and [`extract`] are the paths of `json_extract`, [`standard`]
//! the lax and strict paths of the SQL standard, [`number`] compares numbers of any length exactly.
//! Nothing here knows Arrow or DataFusion.

pub(crate) mod extract;
pub(crate) mod number;
pub(crate) mod path;
pub(crate) mod scan;
pub(crate) mod standard;
pub(crate) mod text;
