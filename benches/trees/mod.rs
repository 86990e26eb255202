//! The candidates: one file per library, each doing the same work in its fastest way.

mod ours;
mod serde;
mod simd_borrowed;
mod simd_owned;
mod sonic;

use std::borrow::Cow;

use anyhow::Result;

/// Keys that are looked up at any depth, lower-case.
const WANTED: [&str; 6] =
    ["@timestamp", "eventtime", "start", "sourceipaddress", "srcaddr", "destinationip"];

/// Members that stay at the top level.
const SHELL: [&str; 1] = ["source"];

/// Fields that are added at the top level.
const ADDED: [(&str, &str); 3] = [
    ("eventid", "018f6b1e-0000-7000-8000-000000000000"),
    ("severity", "INFO"),
    ("category", "UNKNOWN"),
];

/// A JSON tree.
pub(crate) trait Candidate {
    /// The library's name.
    fn name(&self) -> &'static str;

    /// Only parses a line.
    ///
    /// # Errors
    /// The line is not JSON.
    fn parse(&mut self, line: &[u8]) -> Result<()>;

    /// Does everything with a line, appends the result to `out`, and returns the length of all
    /// texts that the wanted keys have.
    ///
    /// # Errors
    /// The line is not a JSON object.
    fn process(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<usize>;
}

/// All candidates, ours first.
pub(crate) fn all() -> Vec<Box<dyn Candidate>> {
    vec![
        Box::new(ours::Ours::default()),
        Box::new(sonic::Sonic),
        Box::new(simd_borrowed::SimdBorrowed::default()),
        Box::new(simd_owned::SimdOwned::default()),
        Box::new(serde::Serde),
    ]
}

fn lower(key: &str) -> Cow<'_, str> {
    if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(key.to_ascii_lowercase())
    } else {
        Cow::Borrowed(key)
    }
}
