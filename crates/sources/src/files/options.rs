//! How inputs are read: format, limits, labels. Plain values; the caller takes them from its
//! settings.

use std::fmt;
use std::str::FromStr;

use headwater_event::Origin;

use crate::error::SourceError;

/// Largest value of [`ReadOptions::record_bytes_max`] that is used: spans in a chunk have 32 bits,
/// and text made from a record may be six times as long.
pub(crate) const RECORD_BYTES_CEILING: usize = 512 << 20;

/// Settings of one run of the reader.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// What the bytes are, after decompression.
    pub format: Format,
    /// Keys of an object whose list value holds the records (`{"Records":[…]}`). Exact, case
    /// matters.
    pub wrapper_keys: Vec<String>,
    /// Labels of every record; `name` is replaced by the name of the input. When `source` is
    /// absent, recognised inputs get a default (`cloudtrail`).
    pub origin: Origin,
    /// Longest record in bytes, line end included; at most 512 MiB. A longer one becomes a fault in
    /// parts.
    pub record_bytes_max: usize,
    /// Size of a chunk's buffer in bytes; a chunk is larger only when one record is.
    pub chunk_bytes: usize,
    /// How many layers of archives and compression may lie inside each other.
    pub member_depth_max: usize,
    /// Most bytes one input may have after decompression (no limit when absent).
    pub decompressed_bytes_max: Option<u64>,
    /// Most decompressed bytes per stored byte, checked after the first 16 MiB (no limit when
    /// absent).
    pub decompression_ratio_max: Option<u64>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: Format::Auto,
            wrapper_keys: vec!["Records".to_owned()],
            origin: Origin::default(),
            record_bytes_max: 128 << 20,
            chunk_bytes: 1 << 20,
            member_depth_max: 4,
            decompressed_bytes_max: None,
            decompression_ratio_max: None,
        }
    }
}

/// What the bytes of an input are, after decompression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// Decided by content, for every file and every member of an archive.
    #[default]
    Auto,
    /// JSON in any arrangement: documents, lists, lines, concatenated, wrapped.
    Json,
    /// A header line and rows, separated by comma, semicolon, tab or bar.
    Csv,
    /// One record per line, kept as `{"message": …}`.
    Lines,
    /// One syslog message per line, RFC 5424 or the older forms.
    Syslog,
    /// Windows event log.
    Evtx,
}

impl Format {
    /// All formats, in the order in which help texts list them.
    pub const ALL: [Self; 6] =
        [Self::Auto, Self::Json, Self::Csv, Self::Lines, Self::Syslog, Self::Evtx];

    /// Stable lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Lines => "lines",
            Self::Syslog => "syslog",
            Self::Evtx => "evtx",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| {
            SourceError::invalid(text, "formats are auto, json, csv, lines, syslog and evtx")
        })
    }
}
