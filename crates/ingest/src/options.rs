//! Settings of a run. Plain values; the caller takes them from flags and files.

use std::collections::BTreeSet;

use headwater_sources::files::ReadOptions;

/// What makes a local file the same input on the next run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdentityScope {
    /// Its path and its content: equal files at two places are two inputs.
    #[default]
    PathAndContent,
    /// Its content alone: a renamed or copied file is not read again (rotated logs).
    Content,
}

/// For which events the original text is kept in the column `raw`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawPolicy {
    /// Whether originals are kept at all.
    pub keep: bool,
    /// Sources (`--source` names) whose originals are not kept.
    pub off_for: BTreeSet<String>,
}

impl Default for RawPolicy {
    fn default() -> Self {
        Self { keep: true, off_for: BTreeSet::new() }
    }
}

impl RawPolicy {
    /// Whether originals of this source are kept.
    #[must_use]
    pub fn keeps(&self, source: Option<&str>) -> bool {
        self.keep && !source.is_some_and(|source| self.off_for.contains(source))
    }
}

/// Settings of a run.
#[derive(Debug, Clone)]
pub struct IngestOptions {
    /// How inputs are read.
    pub read: ReadOptions,
    /// Threads that run the pipeline.
    pub workers: usize,
    /// Memory for the rows of one generation, in bytes; at most two generations exist at a time.
    pub buffer_bytes_max: usize,
    /// Which originals are kept in `raw`.
    pub raw: RawPolicy,
    /// What makes a file the same input.
    pub identity: IdentityScope,
    /// Starts over this often when other processes ingest the same inputs.
    pub attempts_max: u32,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            read: ReadOptions::default(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            buffer_bytes_max: 192 << 20,
            raw: RawPolicy::default(),
            identity: IdentityScope::default(),
            attempts_max: 100,
        }
    }
}
