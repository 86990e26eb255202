//! What a stream is, from its first 64 KiB: an archive, a compression, or one of the formats that
//! are framed. Names are a hint for CSV only; everything else is decided by content.

use crate::files::decompress::Compression;
use crate::files::framing::{
    ColumnsFramer, CsvFramer, EVTX_MAGIC, EvtxFramer, Framer, JsonFramer, LineKind, LinesFramer,
    sample,
};
use crate::files::options::{Format, RECORD_BYTES_CEILING, ReadOptions};
use crate::files::stream::HEAD_BYTES;
use crate::syslog_line::is_syslog;

/// A layer around content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    Compressed(Compression),
    Tar,
    Zip,
    /// Known, but not opened here; with a name for people.
    Unsupported(&'static str),
}

/// Formats that would only give garbage if they were framed as text.
const UNSUPPORTED: [(&[u8], &str); 11] = [
    (b"\xfd7zXZ\0", "an xz stream"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a rar archive"),
    (b"\x04\x22\x4d\x18", "an lz4 stream"),
    (b"\xff\x06\0\0sNaPpY", "a snappy stream"),
    (b"\x1f\x9d", "a compress (.Z) stream"),
    (b"PAR1", "a parquet file"),
    (b"ARROW1\0\0", "an arrow file"),
    (b"Obj\x01", "an avro file"),
    (b"\xd4\xc3\xb2\xa1", "a packet capture"),
    (b"\x0a\x0d\x0d\x0a", "a packet capture"),
];

/// The layer that a stream begins with, if it begins with one.
pub(crate) fn container(head: &[u8]) -> Option<Container> {
    if let Some(compression) = Compression::of(head) {
        return Some(Container::Compressed(compression));
    }
    let is_zip = [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"];
    if is_zip.iter().any(|magic| head.starts_with(*magic)) {
        return Some(Container::Zip);
    }
    if is_tar(head) {
        return Some(Container::Tar);
    }
    let known = UNSUPPORTED.iter().find(|(magic, _)| head.starts_with(magic));
    known.map(|(_, name)| Container::Unsupported(name))
}

/// A tar header carries the sum of its own bytes, with blanks in the place of the sum.
fn is_tar(head: &[u8]) -> bool {
    const SUM: std::ops::Range<usize> = 148..156;
    let Some(header) = head.first_chunk::<512>() else { return false };
    let digits = header.get(SUM).unwrap_or_default();
    let digits = digits.iter().skip_while(|byte| **byte == b' ');
    let octal = digits.take_while(|byte| (b'0'..=b'7').contains(*byte));
    let told = octal.fold(0_u32, |sum, digit| sum * 8 + u32::from(digit - b'0'));
    let bytes = header.iter().enumerate();
    let sum: u32 =
        bytes.map(|(at, byte)| u32::from(if SUM.contains(&at) { b' ' } else { *byte })).sum();
    // A block of zeros has the sum of its blanks only.
    told == sum && told > 8 * u32::from(b' ')
}

/// How content is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Json,
    Csv { delimiter: u8 },
    Columns,
    Lines(LineKind),
    Evtx,
}

impl Framing {
    /// The framer for content that is framed this way, see [`JsonFramer::new`] for `is_live`.
    pub(crate) fn framer(self, options: &ReadOptions, is_live: bool) -> Box<dyn Framer> {
        let record_bytes_max = options.record_bytes_max.clamp(1, RECORD_BYTES_CEILING);
        match self {
            Self::Json => {
                Box::new(JsonFramer::new(&options.wrapper_keys, record_bytes_max, is_live))
            }
            Self::Csv { delimiter } => Box::new(CsvFramer::new(delimiter, record_bytes_max)),
            Self::Columns => Box::new(ColumnsFramer::new(record_bytes_max)),
            Self::Lines(kind) => Box::new(LinesFramer::new(kind, record_bytes_max)),
            Self::Evtx => Box::new(EvtxFramer::new()),
        }
    }
}

/// The beginning of some content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beginning<'a> {
    pub(crate) head: &'a [u8],
    /// The content ends with the head.
    pub(crate) is_whole: bool,
    /// Name of the file or archive member.
    pub(crate) name: &'a str,
}

/// How content that begins like this is framed, unless the options say so.
pub(crate) fn framing(beginning: Beginning<'_>, format: Format) -> Framing {
    let head = beginning.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning.head);
    let beginning = Beginning { head, ..beginning };
    match format {
        Format::Json => Framing::Json,
        Format::Lines => Framing::Lines(LineKind::Message),
        Format::Syslog => Framing::Lines(LineKind::Syslog),
        Format::Evtx => Framing::Evtx,
        Format::Csv => Framing::Csv { delimiter: likely_delimiter(beginning).0 },
        Format::Auto => recognise(beginning),
    }
}

/// The format of a text that a sender calls a record: what looks like a table is lines, because the
/// first of them need not be a header. `None` for an archive or something compressed.
pub(crate) fn record_format(content: &[u8]) -> Option<Format> {
    if container(content).is_some() {
        return None;
    }
    let head = content.get(..HEAD_BYTES).unwrap_or(content);
    let is_whole = head.len() == content.len();
    match framing(Beginning { head, is_whole, name: "" }, Format::Auto) {
        Framing::Csv { .. } => Some(Format::Lines),
        Framing::Json | Framing::Columns | Framing::Lines(_) | Framing::Evtx => Some(Format::Auto),
    }
}

fn recognise(beginning: Beginning<'_>) -> Framing {
    let head = beginning.head;
    if head.starts_with(EVTX_MAGIC) {
        return Framing::Evtx;
    }
    if begins_json(head) || mostly(head, |line| line.starts_with(b"{\"")) {
        return Framing::Json;
    }
    if head.starts_with(b"#") && sample_lines(head).any(is_column_comment) {
        return Framing::Columns;
    }
    if let Some(delimiter) = csv_delimiter(beginning) {
        return Framing::Csv { delimiter };
    }
    if mostly(head, is_syslog) {
        return Framing::Lines(LineKind::Syslog);
    }
    Framing::Lines(LineKind::Message)
}

/// An object, or a list that is not just a word in brackets as many logs begin their lines.
fn begins_json(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    if text.starts_with(b"{") {
        return true;
    }
    let mut inside = text;
    while let Some(rest) = inside.strip_prefix(b"[") {
        inside = rest.trim_ascii_start();
        if inside.starts_with(b"{") {
            return true;
        }
    }
    // A list of scalars fills its line: `["a", 1]`, but not `[error] …` and not `[ 0.5] usb …`.
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let is_list = line.starts_with(b"[") && line.ends_with(b"]");
    let inside = line.get(1..).unwrap_or_default().trim_ascii_start();
    let is_scalar = [&b"\""[..], b"true", b"false", b"null", b"]"]
        .iter()
        .any(|start| inside.starts_with(start))
        || inside.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
    is_list && is_scalar && line.iter().filter(|byte| **byte == b']').count() == 1
}

/// Whether at least half of the first lines are of a kind.
fn mostly(head: &[u8], is_kind: impl Fn(&[u8]) -> bool) -> bool {
    let (mut lines, mut hits) = (0, 0);
    for line in sample_lines(head) {
        lines += 1;
        hits += usize::from(is_kind(line));
    }
    lines > 0 && hits * 2 >= lines
}

/// The first lines that are not blank.
fn sample_lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    const LINES_MAX: usize = 32;
    let lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    lines.filter(|line| !line.is_empty()).take(LINES_MAX)
}

fn is_column_comment(line: &[u8]) -> bool {
    line.starts_with(b"#fields\t") || line.starts_with(b"#Fields: ")
}

/// The delimiter, when content looks like a table or its name says so.
fn csv_delimiter(beginning: Beginning<'_>) -> Option<u8> {
    let has_name = [".csv", ".tsv"].iter().any(|suffix| has_suffix(beginning.name, suffix));
    let (delimiter, is_table) = likely_delimiter(beginning);
    (has_name || is_table).then_some(delimiter)
}

/// Whether a name ends in `suffix`, or in `suffix` and a compression's suffix.
fn has_suffix(name: &str, suffix: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let compressions = [Compression::Gzip, Compression::Zstd, Compression::Bzip2];
    let stripped = compressions
        .iter()
        .flat_map(|compression| compression.suffixes())
        .find_map(|end| name.strip_suffix(end));
    stripped.unwrap_or(&name).ends_with(suffix)
}

/// The delimiter that divides the first rows best, and whether the result looks like a table even
/// without a name that says so.
fn likely_delimiter(beginning: Beginning<'_>) -> (u8, bool) {
    const ROWS_MAX: usize = 32;
    let is_tab = has_suffix(beginning.name, ".tsv");
    let mut best = (if is_tab { b'\t' } else { b',' }, false);
    let mut best_columns = 1;
    for delimiter in *b",\t;|" {
        let sample = sample(beginning.head, delimiter, beginning.is_whole, ROWS_MAX);
        let columns = sample.header.len();
        let fitting = sample.rows.iter().filter(|row| row.fields == columns).count();
        if columns <= best_columns || fitting * 5 < sample.rows.len() * 4 {
            continue;
        }
        best_columns = columns;
        // Text with a comma in each line is common: few columns need more evidence.
        let rows_min = if columns == 2 { 4 } else { 2 };
        let columns_min = if matches!(delimiter, b',' | b'\t') { 2 } else { 3 };
        let mut rows = sample.rows.iter();
        let header_digits = rows.next().map_or(0, |row| digits(row.text));
        let is_table = columns >= columns_min
            && sample.rows.len() >= rows_min
            && sample.header.iter().all(|name| is_column_name(name))
            && rows.any(|row| digits(row.text) > header_digits);
        best = (delimiter, is_table);
    }
    best
}

fn digits(text: &[u8]) -> usize {
    text.iter().filter(|byte| byte.is_ascii_digit()).count()
}

/// Whether a field of the first row can be the name of a column rather than a value or a phrase.
fn is_column_name(name: &[u8]) -> bool {
    let name = name.trim_ascii();
    let is_first = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'@' | b'#');
    let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./:()#@%[] ".contains(byte);
    // Lines of CEF and LEEF have bars too, and begin with the same words every time.
    let is_event_format = name.starts_with(b"CEF:") || name.starts_with(b"LEEF:");
    name.len() <= 64
        && !is_event_format
        && name.first().is_some_and(is_first)
        && name.iter().all(|byte| is_inner(byte) || !byte.is_ascii())
        && name.iter().filter(|byte| **byte == b' ').count() <= 2
}

/// Label of inputs that are recognised as the deliveries of a well-known producer.
pub(crate) fn source_label(beginning: Beginning<'_>) -> Option<&'static str> {
    let holds = |word: &[u8]| memchr::memmem::find(beginning.head, word).is_some();
    let is_trail =
        is_cloudtrail_name(beginning.name) || (holds(b"\"Records\"") && holds(b"\"eventVersion\""));
    is_trail.then_some("cloudtrail")
}

/// As the regular expression `\d+_cloudtrail_.+.json.gz$` in any case would find it.
fn is_cloudtrail_name(name: &str) -> bool {
    const MARK: &str = "_cloudtrail_";
    let name = name.to_ascii_lowercase();
    let Some(at) = name.find(MARK) else { return false };
    let is_after_digit =
        name.get(..at).is_some_and(|head| head.ends_with(|c: char| c.is_ascii_digit()));
    let rest = name.get(at + MARK.len()..).unwrap_or_default();
    is_after_digit && rest.ends_with(".json.gz") && rest.len() > ".json.gz".len()
}
