//! Tables with a header, as MISP, OTX and abuse.ch export them.
//!
//! The reader is our own: these exports put blanks before quotes, and headers into comments.

use super::{List, ListError, SkipReason};
use crate::form::Form;
use crate::indicator::Indicator;

const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// Names of the column with the indicator.
const VALUES: [&str; 8] = [
    "indicator",
    "indicators",
    "value",
    "ioc",
    "iocs",
    "ioc_value",
    "indicator_value",
    "indicatorvalue",
];

/// Names of the column that says what it is.
const TYPES: [&str; 5] = ["type", "ioc_type", "indicator_type", "indicator type", "indicatortype"];

/// Columns that name a form but say something about the indicator in the row.
const CONTEXT: [&str; 4] = ["link", "imphash", "ja3", "process"];

/// What stands where there is nothing.
const NOTHING: [&str; 6] = ["", "-", "n/a", "none", "null", "nan"];

/// Which columns a table has.
#[derive(Debug)]
pub(super) struct Columns {
    delimiter: char,
    count: usize,
    /// The line of the header.
    header: usize,
    value: Option<usize>,
    name: Option<usize>,
    is_for_detection: Option<usize>,
    /// Columns of one form each, when none is said to be the indicator.
    forms: Vec<(usize, Form)>,
}

impl Columns {
    /// Finds the header: the first line that is no comment, or the last comment before it.
    pub(super) fn find(text: &str) -> Option<Self> {
        let mut commented = None;
        for (place, line) in text.lines().enumerate() {
            let line = line.trim();
            if let Some(comment) = line.strip_prefix('#') {
                commented = Self::of_header(comment.trim_start_matches('#').trim(), place + 1)
                    .or(commented);
            } else if !line.is_empty() {
                return Self::of_header(line, place + 1)
                    .or_else(|| commented.filter(|columns| columns.fits(line)));
            }
        }
        None
    }

    fn of_header(line: &str, header: usize) -> Option<Self> {
        DELIMITERS.into_iter().find_map(|delimiter| {
            let (names, _) = Rows::new(line, delimiter).next()?;
            let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
            let is_name = |name: &String| !name.contains(['.', '/', '@', '\\']);
            let find =
                |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
            let value = find(&VALUES);
            let mut forms = Vec::new();
            if value.is_none() && names.len() > 1 {
                forms.extend(names.iter().enumerate().filter_map(|(place, name)| {
                    let form = Form::from_name(name).filter(|form| is_indicator(*form))?;
                    (!CONTEXT.contains(&name.as_str())).then_some((place, form))
                }));
            }
            ((value.is_some() || !forms.is_empty()) && names.iter().all(is_name)).then(|| Self {
                delimiter,
                count: names.len(),
                header,
                value,
                name: find(&TYPES),
                is_for_detection: find(&["to_ids"]),
                forms,
            })
        })
    }

    fn fits(&self, line: &str) -> bool {
        Rows::new(line, self.delimiter).next().is_some_and(|(row, _)| row.len() == self.count)
    }
}

/// Forms that a column of a table of indicators may have; others are context.
const fn is_indicator(form: Form) -> bool {
    matches!(form, Form::Ip | Form::Domain | Form::Host | Form::Url | Form::Email | Form::Hash)
}

/// Adds the indicators of a table.
pub(super) fn read(text: &str, columns: &Columns, list: &mut List) -> Result<(), ListError> {
    for (row, line) in Rows::new(text, columns.delimiter) {
        if line == columns.header {
            continue;
        }
        let cell = |place: Option<usize>| {
            place.and_then(|place| row.get(place)).map(String::as_str).unwrap_or_default()
        };
        let value = cell(columns.value);
        let is_context = ["0", "false"].contains(&cell(columns.is_for_detection));
        if columns.value.is_some() {
            if value.is_empty() {
                list.skip(line, &row.join(","), SkipReason::NoValue);
            } else if is_context {
                list.skip(line, value, SkipReason::Context);
            } else {
                list.typed(line, cell(columns.name), value)?;
            }
            continue;
        }
        let mut any = false;
        for (place, form) in &columns.forms {
            let value = cell(Some(*place));
            if !NOTHING.iter().any(|nothing| value.eq_ignore_ascii_case(nothing)) {
                any = true;
                list.take(line, value, Indicator::parse_as(*form, value), None)?;
            }
        }
        if !any {
            list.skip(line, &row.join(","), SkipReason::NoValue);
        }
    }
    Ok(())
}

/// Rows of a table with the lines in which they begin; without blank ones and comments.
struct Rows<'a> {
    rest: &'a str,
    delimiter: char,
    line: usize,
}

impl<'a> Rows<'a> {
    const fn new(text: &'a str, delimiter: char) -> Self {
        Self { rest: text, delimiter, line: 1 }
    }

    /// Reads the cell at the start, and tells whether its row goes on.
    fn cell(&mut self) -> (String, bool) {
        let mut cell = String::new();
        let blanks = |character: char| character == ' ' || character == '\t';
        let start = if self.delimiter == '\t' {
            self.rest.trim_start_matches(' ')
        } else {
            self.rest.trim_start_matches(blanks)
        };
        if let Some(quoted) = start.strip_prefix('"') {
            self.rest = quoted;
            self.quoted(&mut cell);
        }
        let end = self.rest.find([self.delimiter, '\n']).unwrap_or(self.rest.len());
        let (plain, after) = self.rest.split_at(end);
        cell.push_str(plain.trim_end());
        let goes_on = after.starts_with(self.delimiter);
        self.line += usize::from(after.starts_with('\n'));
        self.rest = after.get(1..).unwrap_or_default();
        (cell.trim().to_owned(), goes_on)
    }

    /// Reads up to the quote that closes; two are one.
    fn quoted(&mut self, cell: &mut String) {
        while let Some((before, after)) = self.rest.split_once('"') {
            cell.push_str(before);
            self.line += before.matches('\n').count();
            self.rest = after;
            match after.strip_prefix('"') {
                Some(after) => {
                    cell.push('"');
                    self.rest = after;
                }
                None => return,
            }
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = (Vec<String>, usize);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (first, after) = match self.rest.split_once('\n') {
                Some((first, after)) => (first.trim(), after),
                None => (self.rest.trim(), ""),
            };
            if !(first.is_empty() || first.starts_with('#')) {
                break;
            }
            if self.rest.is_empty() {
                return None;
            }
            self.rest = after;
            self.line += 1;
        }
        let start = self.line;
        let mut row = Vec::new();
        loop {
            let (cell, goes_on) = self.cell();
            row.push(cell);
            if !goes_on {
                return Some((row, start));
            }
        }
    }
}
