//! What can be wrong with plugin files, placed where their author has to look and laid out for a
//! terminal.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use headwater_event::ErrorKind;

/// Plugins that cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VrlError {
    /// The folder cannot be listed.
    #[error("cannot read plugin folder `{}`", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Files are wrong. The text shows every fault of every file.
    #[error("{}", Report(diagnostics))]
    Invalid {
        /// All faults, by file and place.
        diagnostics: Vec<Diagnostic>,
    },
}

impl VrlError {
    /// What the caller should do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Folder { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => ErrorKind::NotFound,
                io::ErrorKind::PermissionDenied => ErrorKind::Denied,
                io::ErrorKind::NotADirectory => ErrorKind::Invalid,
                _ => ErrorKind::Unavailable,
            },
            Self::Invalid { .. } => ErrorKind::Invalid,
        }
    }

    /// All faults found in files; empty when the folder itself is the problem.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Folder { .. } => &[],
            Self::Invalid { diagnostics } => diagnostics,
        }
    }

    pub(super) fn folder(folder: &Path, source: io::Error) -> Self {
        Self::Folder { folder: folder.to_owned(), source }
    }

    /// Fails when there are faults.
    pub(super) fn check(diagnostics: Vec<Diagnostic>) -> Result<(), Self> {
        if diagnostics.is_empty() { Ok(()) } else { Err(Self::Invalid { diagnostics }) }
    }
}

/// Shows how many faults there are, then each of them.
struct Report<'a>(&'a [Diagnostic]);

impl fmt::Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut files: Vec<&str> = self.0.iter().map(|fault| fault.file.as_str()).collect();
        files.dedup();
        let plural = |count| if count == 1 { "" } else { "s" };
        let (faults, files) = (self.0.len(), files.len());
        write!(
            formatter,
            "{faults} error{} in {files} VRL plugin{}",
            plural(faults),
            plural(files)
        )?;
        self.0.iter().try_for_each(|fault| write!(formatter, "\n\n{fault}"))
    }
}

/// How bad a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The plugin cannot run.
    Error,
    /// The plugin runs, perhaps not as meant.
    Warning,
}

/// One fault in one file. Its text spans several lines: headline, place, excerpt, help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The file, as the caller named it.
    pub file: String,
    /// Line, counted from 1 with the header; 0 when the whole file is meant.
    pub line: usize,
    /// Character in the line, counted from 1; 0 when the whole file is meant.
    pub column: usize,
    /// The compiler's own number of this fault; 0 when the fault is Headwater's.
    pub code: usize,
    /// What is wrong.
    pub message: String,
    /// What to do, or where to read more; one line each.
    pub help: Vec<String>,
    marks: Vec<Mark>,
}

/// A stretch of one line with a remark.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    line: usize,
    column: usize,
    width: usize,
    /// The line's text.
    text: String,
    remark: String,
    primary: bool,
}

/// Longest line in characters that an excerpt shows.
const EXCERPT_CHARACTERS_MAX: usize = 200;

impl Diagnostic {
    /// A fault of a whole file.
    pub(super) fn of_file(file: &str, message: String) -> Self {
        Self {
            severity: Severity::Error,
            file: file.to_owned(),
            line: 0,
            column: 0,
            code: 0,
            message,
            help: Vec::new(),
            marks: Vec::new(),
        }
    }

    pub(super) fn with_help(mut self, help: &str) -> Self {
        self.help.push(help.to_owned());
        self
    }

    /// Adds a remark about a range of bytes. The first one is the fault's place.
    pub(super) fn mark(
        &mut self,
        source: &Source<'_>,
        span: Range<usize>,
        primary: bool,
        remark: &str,
    ) {
        let (line, column, text) = source.place(span.start);
        if self.line == 0 {
            (self.line, self.column) = (line, column);
        }
        let marked = source.text.get(source.floor(span.start)..source.floor(span.end));
        let in_line = marked.and_then(|text| text.lines().next()).unwrap_or_default();
        self.marks.push(Mark {
            line,
            column,
            width: in_line.chars().count().max(1),
            text: text.to_owned(),
            remark: remark.to_owned(),
            primary,
        });
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        match self.code {
            0 => write!(formatter, "{severity}: {}", self.message)?,
            code => write!(formatter, "{severity}[E{code:03}]: {}", self.message)?,
        }
        let gutter = self.marks.iter().map(|mark| mark.line).max().unwrap_or(0).to_string().len();
        match self.line {
            0 => write!(formatter, "\n{:gutter$}--> {}", "", self.file)?,
            line => {
                let column = self.column;
                write!(formatter, "\n{:gutter$}--> {}:{line}:{column}", "", self.file)?;
            }
        }
        let mut shown = None;
        for mark in &self.marks {
            if shown != Some(mark.line) {
                write!(formatter, "\n{:gutter$} |", "")?;
                let excerpt = format!("{:gutter$} | {}", mark.line, mark.text);
                write!(formatter, "\n{}", excerpt.trim_end())?;
                shown = Some(mark.line);
            }
            write!(formatter, "\n{:gutter$} | {mark}", "")?;
        }
        for help in &self.help {
            write!(formatter, "\n{:gutter$} = {help}", "")?;
        }
        Ok(())
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Tabs stay tabs, so that the mark stands below its text whatever their width.
        for character in self.text.chars().take(self.column.saturating_sub(1)) {
            formatter.write_str(if character == '\t' { "\t" } else { " " })?;
        }
        let sign = if self.primary { "^" } else { "-" };
        formatter.write_str(&sign.repeat(self.width))?;
        if self.remark.is_empty() { Ok(()) } else { write!(formatter, " {}", self.remark) }
    }
}

/// The text of a file with the name under which faults report it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl<'a> Source<'a> {
    /// A fault of Headwater's own at a range of bytes.
    pub(super) fn fault(&self, span: Range<usize>, message: &str) -> Diagnostic {
        let mut fault = Diagnostic::of_file(self.file, message.to_owned());
        fault.mark(self, span, true, "");
        fault
    }

    /// Line and column of a byte, both from 1, and the line's text.
    fn place(&self, offset: usize) -> (usize, usize, &'a str) {
        let offset = self.floor(offset);
        let before = self.text.get(..offset).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        let shown = if line.chars().count() > EXCERPT_CHARACTERS_MAX { "…" } else { line };
        (line_at(self.text, offset), column, shown)
    }

    /// The character boundary at or before a byte; the end of the text for bytes beyond it.
    fn floor(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset.min(self.text.len()))
    }
}

/// The line of a byte, counted from 1.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}
