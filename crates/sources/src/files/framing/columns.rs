//! Logs that name their columns in comment lines: W3C extended logs (CloudFront, IIS: `#Fields: a
//! b`) and Zeek (`#fields<tab>a<tab>b`). One frame per line; comment lines are framing. Values stay
//! text, also the `-` of an unset one.

use memchr::memchr;

use super::csv::{column_names, count_mismatch, push_row};
use super::lines::{LineCutter, push_message, trim_line_end};
use super::{Framer, Frames};
use crate::json_text::push_string;

/// Frames logs with columns named in comments.
#[derive(Debug)]
pub(crate) struct ColumnsFramer {
    cutter: LineCutter,
    columns: Columns,
}

/// What the comment lines said so far.
#[derive(Debug, Default)]
struct Columns {
    /// Names of the columns, as JSON strings; empty before the first `#fields`.
    header: Vec<Vec<u8>>,
    /// `"_path":"http",` for Zeek, whose lines do not say which log they belong to.
    constant: Vec<u8>,
}

impl ColumnsFramer {
    pub(crate) fn new(record_bytes_max: usize) -> Self {
        Self { cutter: LineCutter::new(record_bytes_max), columns: Columns::default() }
    }
}

impl Framer for ColumnsFramer {
    fn read_header(&mut self, head: &[u8]) -> bool {
        let lines = head.split_inclusive(|byte| *byte == b'\n');
        for line in lines.filter(|line| line.ends_with(b"\n")) {
            if let Some(comment) = trim_line_end(line).strip_prefix(b"#") {
                self.columns.comment(comment);
            }
        }
        !self.columns.header.is_empty()
    }

    fn frame(&mut self, window: &[u8], out: &mut Frames) -> usize {
        let Self { cutter, columns } = self;
        cutter.cut(window, out, |line, start, out| columns.line(line, start, out))
    }

    fn finish(&mut self, tail: &[u8], damaged: bool, out: &mut Frames) -> usize {
        let Self { cutter, columns } = self;
        cutter.finish(tail, damaged, out, |line, start, out| columns.line(line, start, out))
    }
}

impl Columns {
    fn line(&mut self, line: &[u8], start: usize, out: &mut Frames) {
        if let Some(comment) = line.strip_prefix(b"#") {
            self.comment(comment);
            return;
        }
        let range = start..start + line.len();
        if self.header.is_empty() {
            out.converted(range, |json| push_message(line, json));
            return;
        }
        let separator = separator_of(line);
        let values = line.split(|byte| *byte == separator);
        if let Some(reason) = count_mismatch(values.clone().count(), self.header.len()) {
            out.fault(range, reason, 0);
            return;
        }
        out.converted(range, |json| {
            json.push(b'{');
            json.extend_from_slice(&self.constant);
            push_row(&self.header, values, json);
        });
    }

    fn comment(&mut self, comment: &[u8]) {
        let separator = separator_of(comment);
        let mut words = comment.split(|byte| *byte == separator);
        match words.next().unwrap_or_default() {
            b"fields" | b"Fields:" => {
                let names = words.filter(|name| !name.is_empty());
                self.header = column_names(names.map(<[u8]>::to_vec));
            }
            b"path" => {
                self.constant = b"\"_path\":".to_vec();
                push_string(words.next().unwrap_or_default(), &mut self.constant);
                self.constant.push(b',');
            }
            _ => {}
        }
    }
}

/// Lines with a tab are separated by tabs, others by blanks.
fn separator_of(line: &[u8]) -> u8 {
    if memchr(b'\t', line).is_some() { b'\t' } else { b' ' }
}
