//! The only place that writes to standard output and standard error.

use std::fmt;
use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;

use crate::failure::Failure;

/// Writes one line for people to standard error. A closed standard error is not an error.
pub(crate) fn note(line: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Writes one line of data to standard output. Fails when nobody reads any more.
pub(crate) fn data(line: fmt::Arguments<'_>) -> Result<(), Failure> {
    writeln!(std::io::stdout().lock(), "{line}")?;
    Ok(())
}

/// Writes a value as one line of JSON to standard output.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    data(format_args!("{}", serde_json::to_string(value)?))
}

/// Whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Whether standard error is a terminal, so that progress can be drawn.
pub(crate) fn shows_progress() -> bool {
    std::io::stderr().is_terminal()
}

/// Bytes as people read them: `999 B`, `1.5 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

/// A count with thousands separated: `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

/// Rows of text in aligned columns, the first row as header.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let print = |cells: &mut dyn Iterator<Item = &str>| {
        let padded =
            cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}", width = *width));
        let line = padded.collect::<Vec<_>>().join("  ");
        data(format_args!("{}", line.trim_end()))
    };
    print(&mut header.iter().copied())?;
    for row in rows {
        print(&mut row.iter().map(String::as_str))?;
    }
    Ok(())
}
