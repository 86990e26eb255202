//! JSON documents as text: what the JSON functions of SQL and the hidden columns of data files
//! stand on.
//!
//! Documents stay text from the Parquet page to the answer. [`scan`] moves over it, [`text`] knows
//! the spelling of strings, [`path`] and [`extract`] are the paths of `json_extract`,
//! [`mod@pointer`] names what a path of plain steps leads to, [`collect`] finds the scalars at many
//! of them in one pass, [`leaves`] tells all that have a name, and [`mod@words`] are what full
//! text is searched by.

pub mod collect;
pub mod extract;
pub mod leaves;
pub mod path;
pub mod pointer;
pub mod scan;
pub mod text;
pub mod words;
