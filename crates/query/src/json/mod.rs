//! JSON paths of the SQL standard, lax and strict, on JSON as text; [`number`] compares numbers of
//! any length exactly. Nothing here knows Arrow or DataFusion.

pub(crate) mod number;
pub(crate) mod standard;
