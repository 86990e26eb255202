//! CSV with a header line: one frame per row, made into an object of the header's names and text
//! values. Rows are cut with quotes in mind (a quoted field may hold line ends) and keep their
//! original bytes.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::lines::trim_line_end;
use super::rescan::RescanCredit;
use super::{Framer, Frames, Oversize};
use crate::json_text::{UniqueNames, push_escaped, push_string};

/// Frames CSV.
#[derive(Debug)]
pub(crate) struct CsvFramer {
    delimiter: u8,
    record_bytes_max: usize,
    /// Names of the columns once the header was read, as JSON strings.
    header: Option<Vec<Vec<u8>>>,
    row: Row,
    oversize: Option<Oversize>,
    credit: RescanCredit,
}

/// What is known of the row at the start of the window.
#[derive(Debug, Default)]
struct Row {
    place: Place,
    scanned: usize,
    delimiters: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quote inside a quoted field: its end, or the first half of an escaped quote.
    QuoteSeen,
}

impl CsvFramer {
    pub(crate) fn new(delimiter: u8, record_bytes_max: usize) -> Self {
        Self {
            delimiter,
            record_bytes_max,
            header: None,
            row: Row::default(),
            oversize: None,
            credit: RescanCredit::new(record_bytes_max),
        }
    }

    /// A complete row `window[at..at + length]`, line end included.
    fn finish_row(&mut self, window: &[u8], at: usize, length: usize, out: &mut Frames) {
        let row = trim_line_end(window.get(at..at + length).unwrap_or_default());
        if row.trim_ascii().is_empty() {
            return;
        }
        let fields = Fields { row: Some(row), delimiter: self.delimiter };
        let Some(header) = &self.header else {
            self.header = Some(column_names(fields.map(|field| unquote(field).into_owned())));
            return;
        };
        if let Some(reason) = count_mismatch(self.row.delimiters + 1, header.len()) {
            out.fault(at..at + row.len(), reason, 0);
            return;
        }
        out.converted(at..at + row.len(), |json| {
            json.push(b'{');
            push_row(header, fields.map(unquote), json);
        });
    }

    /// The row at `at` has no end: a quote is missing. Its first line is a fault and the next line
    /// is tried as a row. False when that may not be tried again.
    fn give_up_line(&mut self, window: &[u8], at: &mut usize, out: &mut Frames) -> bool {
        let text = window.get(*at..).unwrap_or_default();
        let Some(line_end) = memchr(b'\n', text) else { return false };
        let Some(scanned_again) = self.row.scanned.checked_sub(line_end) else { return false };
        if self.row.place != Place::Quoted || !self.credit.spend(scanned_again) {
            return false;
        }
        let line = trim_line_end(text.get(..=line_end).unwrap_or_default());
        out.fault(*at..*at + line.len(), UNCLOSED, 0);
        *at += line_end + 1;
        self.row = Row::default();
        true
    }

    fn advance(&mut self, window: &[u8], mut at: usize, out: &mut Frames) -> usize {
        loop {
            let before = at;
            let text = window.get(at..).unwrap_or_default();
            // Blank lines are no rows; skipping them here keeps them out of quoted fields only.
            if self.row.scanned == 0 && self.oversize.is_none() {
                let blank = text.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
                if blank > 0 {
                    at += blank;
                    continue;
                }
            }
            let limit = if self.oversize.is_some() { usize::MAX } else { self.record_bytes_max };
            let row_end = self.row.scan(text, text.len().min(limit), self.delimiter);
            if let Some(oversize) = &mut self.oversize {
                let known = row_end.unwrap_or(text.len());
                at = oversize.take(at, at + known, row_end.is_some(), out);
                self.row.scanned -= (at - before).min(self.row.scanned);
            } else if let Some(length) = row_end {
                self.finish_row(window, at, length, out);
                at += length;
            } else if text.len() > self.record_bytes_max {
                if !self.give_up_line(window, &mut at, out) {
                    self.oversize = Some(Oversize::longer_than(self.record_bytes_max));
                }
                self.credit.earn(at - before);
                continue;
            }
            self.credit.earn(at - before);
            if row_end.is_none() {
                return at;
            }
            self.row = Row::default();
            self.oversize = None;
        }
    }
}

impl Framer for CsvFramer {
    fn read_header(&mut self, head: &[u8]) -> bool {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let first = head.iter().position(|byte| !matches!(byte, b'\n' | b'\r')).unwrap_or_default();
        let text = head.get(first..).unwrap_or_default();
        let Some(length) = Row::default().scan(text, text.len(), self.delimiter) else {
            return false;
        };
        self.finish_row(text, 0, length, &mut Frames::new(u64::MAX));
        self.header.is_some()
    }

    fn frame(&mut self, window: &[u8], out: &mut Frames) -> usize {
        self.advance(window, 0, out)
    }

    fn finish(&mut self, tail: &[u8], damaged: bool, out: &mut Frames) -> usize {
        let mut at = 0;
        loop {
            at = self.advance(tail, at, out);
            if damaged {
                return at;
            }
            if let Some(mut oversize) = self.oversize.take() {
                oversize.take(at, tail.len(), true, out);
            } else if self.row.place != Place::Quoted {
                self.finish_row(tail, at, tail.len() - at, out);
            } else if self.give_up_line(tail, &mut at, out) {
                continue;
            } else {
                out.fault(at..tail.len(), UNCLOSED, 0);
            }
            self.row = Row::default();
            return tail.len();
        }
    }
}

/// Header and field counts of the first complete rows of `head`, for recognising CSV. `whole` says
/// that the content ends with `head`.
pub(crate) fn sample(head: &[u8], delimiter: u8, whole: bool, rows_max: usize) -> Sample<'_> {
    let mut sample = Sample::default();
    let mut at = 0;
    while sample.rows.len() < rows_max {
        let text = head.get(at..).unwrap_or_default();
        let length = match Row::default().scan(text, text.len(), delimiter) {
            Some(length) => length,
            None if whole && !text.is_empty() => text.len(),
            None => break,
        };
        let row = trim_line_end(text.get(..length).unwrap_or_default());
        at += length;
        if !row.trim_ascii().is_empty() {
            let fields = Fields { row: Some(row), delimiter };
            if sample.rows.is_empty() {
                sample.header = fields.clone().map(unquote).collect();
            }
            sample.rows.push(SampleRow { fields: fields.count(), text: row });
        }
    }
    sample
}

/// See [`sample`].
#[derive(Debug, Default)]
pub(crate) struct Sample<'a> {
    pub(crate) header: Vec<Cow<'a, [u8]>>,
    /// All rows, the header among them.
    pub(crate) rows: Vec<SampleRow<'a>>,
}

/// One row of a sample.
#[derive(Debug)]
pub(crate) struct SampleRow<'a> {
    pub(crate) fields: usize,
    pub(crate) text: &'a [u8],
}

const UNCLOSED: &str = "quoted field is not closed";

impl Row {
    /// Scans on to the end of the row in `text[..to]`, which begins with the row. Returns its
    /// length, line end included.
    fn scan(&mut self, text: &[u8], to: usize, delimiter: u8) -> Option<usize> {
        let text = text.get(..to).unwrap_or_default();
        while let Some(byte) = text.get(self.scanned).copied() {
            let rest = text.get(self.scanned..).unwrap_or_default();
            match self.place {
                Place::FieldStart if byte == b'"' => self.place = Place::Quoted,
                Place::Quoted => match memchr(b'"', rest) {
                    Some(found) => {
                        self.scanned += found;
                        self.place = Place::QuoteSeen;
                    }
                    None => {
                        self.scanned = text.len();
                        return None;
                    }
                },
                Place::QuoteSeen if byte == b'"' => self.place = Place::Quoted,
                Place::FieldStart | Place::QuoteSeen | Place::Plain => {
                    let Some(found) = memchr2(delimiter, b'\n', rest) else {
                        self.place = Place::Plain;
                        self.scanned = text.len();
                        return None;
                    };
                    self.scanned += found;
                    if text.get(self.scanned) == Some(&b'\n') {
                        return Some(self.scanned + 1);
                    }
                    self.delimiters += 1;
                    self.place = Place::FieldStart;
                }
            }
            self.scanned += 1;
        }
        None
    }
}

/// The fields of a row, with their quotes.
#[derive(Clone)]
struct Fields<'a> {
    /// What is left; `None` behind the last field.
    row: Option<&'a [u8]>,
    delimiter: u8,
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let row = self.row?;
        let quoted = row.strip_prefix(b"\"").map_or(0, |inside| 1 + quoted_length(inside));
        let plain = row.get(quoted..).unwrap_or_default();
        let Some(found) = memchr(self.delimiter, plain) else {
            self.row = None;
            return Some(row);
        };
        let (field, rest) = row.split_at_checked(quoted + found)?;
        self.row = rest.get(1..);
        Some(field)
    }
}

/// Length of a quoted field behind its opening quote, closing quote included.
fn quoted_length(inside: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr(b'"', inside.get(at..).unwrap_or_default()) {
        at += found + 1;
        if inside.get(at) != Some(&b'"') {
            return at;
        }
        at += 1;
    }
    inside.len()
}

/// Text of a field: quotes removed, doubled quotes inside made single. What follows the closing
/// quote is kept (`"a"b` is `ab`), as spreadsheets do.
fn unquote(field: &[u8]) -> Cow<'_, [u8]> {
    let Some(quoted) = field.strip_prefix(b"\"") else { return Cow::Borrowed(field) };
    let mut text = Vec::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some(found) = memchr(b'"', rest) {
        text.extend_from_slice(rest.get(..found).unwrap_or_default());
        rest = rest.get(found + 1..).unwrap_or_default();
        match rest.strip_prefix(b"\"") {
            Some(after) => {
                text.push(b'"');
                rest = after;
            }
            None => break,
        }
    }
    text.extend_from_slice(rest);
    Cow::Owned(text)
}

/// Names of columns as JSON strings: an empty name becomes `column_<number>`, a repeated one gets
/// `_2`, `_3` and so on.
pub(super) fn column_names(names: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut unique = UniqueNames::default();
    let json_name = |(index, name): (usize, Vec<u8>)| {
        let name = match name.trim_ascii() {
            b"" => unique.take(format!("column_{}", index + 1).as_bytes()),
            name => unique.take(name),
        };
        let mut json = Vec::with_capacity(name.len() + 2);
        push_string(&name, &mut json);
        json
    };
    names.enumerate().map(json_name).collect()
}

/// Why a row does not fit the header, if it does not.
pub(super) fn count_mismatch(fields: usize, columns: usize) -> Option<String> {
    (fields != columns).then(|| format!("row has {fields} fields, header has {columns}"))
}

/// Appends the members of one row and the closing bracket; all values are text.
pub(super) fn push_row<V: AsRef<[u8]>>(
    header: &[Vec<u8>],
    values: impl Iterator<Item = V>,
    json: &mut Vec<u8>,
) {
    for (index, (name, value)) in header.iter().zip(values).enumerate() {
        if index > 0 {
            json.push(b',');
        }
        json.extend_from_slice(name);
        json.extend_from_slice(b":\"");
        push_escaped(value.as_ref(), json);
        json.push(b'"');
    }
    json.push(b'}');
}
