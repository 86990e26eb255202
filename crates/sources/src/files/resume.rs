//! Files that have grown: whether reading may begin where an earlier run ended.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::SourceError;
use crate::files::detect::{self, Beginning, Framing};
use crate::files::options::{Format, ReadOptions};
use crate::files::stream::Peeked;
use crate::files::utf16::ByteOrder;

/// How much before the place is looked at: the last line must begin in it.
const LOOK_BACK_BYTES: u64 = 64 << 10;

/// Whether reading a local file may begin at byte `from` without reading what is before it: the
/// content is not compressed, has one record per line, and a line ends there. Together with
/// [`super::prefix_hash`] this finds what was appended to a known file since the last run.
///
/// # Errors
/// When the file cannot be read.
pub fn can_resume_at(path: &Path, from: u64, options: &ReadOptions) -> Result<bool, SourceError> {
    let name = path.to_string_lossy();
    let failed = |error| SourceError::io(&name, error);
    let mut file = File::open(path).map_err(failed)?;
    if from == 0 || file.metadata().map_err(failed)?.len() < from {
        return Ok(from == 0);
    }
    let head = Peeked::new(&mut file, false);
    if detect::container(head.head()).is_some() || ByteOrder::of(head.head()).is_some() {
        return Ok(false);
    }
    let beginning = Beginning { head: head.head(), is_whole: head.is_whole(), name: &name };
    let framing = detect::framing(beginning, options.format);
    let is_header_known = framing.framer(options, false).read_header(head.head());
    let is_listed = begins_list(head.head());
    let start = from.saturating_sub(LOOK_BACK_BYTES);
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    let mut before = Vec::new();
    file.take(from - start).read_to_end(&mut before).map_err(failed)?;
    let Some(lines) = before.strip_suffix(b"\n") else { return Ok(false) };
    let last = lines.rsplit(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    Ok(match framing {
        Framing::Lines(_) => true,
        Framing::Csv { .. } | Framing::Columns => is_header_known,
        // A line that is a document of its own; in a list or a pretty-printed document none is.
        Framing::Json => !is_listed && last.starts_with(b"{") && last.ends_with(b"}"),
        Framing::Evtx => false,
    } && options.format != Format::Evtx)
}

fn begins_list(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.trim_ascii_start().starts_with(b"[")
}
