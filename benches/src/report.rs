//! Results as Markdown: printed, and kept in a file that the documentation quotes.

use std::fmt::{Display, Write as _};
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::settings::build_folder;

/// The text of one measurement's results.
#[derive(Debug)]
pub struct Report {
    name: &'static str,
    text: String,
    losses: usize,
}

impl Report {
    /// An empty report with a title and the machine's description.
    #[must_use]
    pub fn new(name: &'static str, title: &str) -> Self {
        let text = format!("## {title}\n\nMachine: {}.\n\n", machine());
        Self { name, text, losses: 0 }
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, text: impl Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{text}\n\n");
    }

    /// Adds a table; every row has as many cells as the header.
    pub fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let header: Vec<String> = header.iter().map(|&cell| cell.to_owned()).collect();
        self.text.push_str(&line(&header));
        self.text.push_str(&line(&vec!["---".to_owned(); header.len()]));
        for row in rows {
            self.text.push_str(&line(row));
        }
        self.text.push('\n');
    }

    /// A ratio with its target; a missed one is marked and counted.
    #[must_use]
    pub fn ratio(&mut self, value: f64, target: Target) -> String {
        let met = match target {
            Target::AtLeast(bound) => value >= bound,
            Target::AtMost(bound) => value <= bound,
        };
        self.judge(format!("{value:.2}"), met, target)
    }

    /// A measured value with its target, as it shall be written.
    #[must_use]
    pub fn judge(&mut self, written: String, met: bool, target: Target) -> String {
        if met {
            return written;
        }
        self.losses += 1;
        match target {
            Target::AtLeast(bound) => format!("**{written}** (LOSES, target ≥ {bound})"),
            Target::AtMost(bound) => format!("**{written}** (LOSES, target ≤ {bound})"),
        }
    }

    /// Prints the report and writes it to the build folder, `bench/<name>.md`.
    ///
    /// # Errors
    /// The file or standard output cannot be written.
    pub fn finish(mut self) -> Result<()> {
        match self.losses {
            0 => self.paragraph("All targets met."),
            1 => self.paragraph("1 target missed, marked above."),
            losses => self.paragraph(format_args!("{losses} targets missed, marked above.")),
        }
        let file: PathBuf = build_folder()?.join("bench").join(self.name).with_extension("md");
        let folder = file.parent().context("the build folder has no bench folder")?;
        fs::create_dir_all(folder)
            .with_context(|| format!("failed to create {}", folder.display()))?;
        fs::write(&file, &self.text)
            .with_context(|| format!("failed to write {}", file.display()))?;
        io::stdout().write_all(self.text.as_bytes()).context("failed to print the report")
    }
}

/// What a value should be.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// Not below.
    AtLeast(f64),
    /// Not above.
    AtMost(f64),
}

/// Tells whoever waits what is being measured.
pub fn progress(step: impl Display) {
    // Nobody may be listening; that is no reason to stop.
    let _ = writeln!(io::stderr(), "  … {step}");
}

/// Number of cores, processor and memory.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let first = |file: &str, key: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let processor = first("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
    let memory = first("/proc/meminfo", "MemTotal")
        .and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok())
        .map_or_else(String::new, |kibibytes| format!(", {} GiB of memory", kibibytes >> 20));
    format!("{cores} cores, {processor}{memory}")
}

#[cfg(test)]
mod tests {
    use super::{Report, Target};

    #[test]
    fn missed_targets_are_marked_and_counted() {
        let mut report = Report::new("test", "Test");
        for (value, target, expected) in [
            (1.0, Target::AtLeast(1.0), "1.00"),
            (0.49, Target::AtLeast(0.5), "**0.49** (LOSES, target ≥ 0.5)"),
            (1.6, Target::AtMost(1.5), "**1.60** (LOSES, target ≤ 1.5)"),
            (1.5, Target::AtMost(1.5), "1.50"),
        ] {
            assert_eq!(report.ratio(value, target), expected);
        }
        assert_eq!(report.losses, 2);
    }

    #[test]
    fn tables_are_markdown() {
        let mut report = Report::new("test", "Test");
        report.table(&["a", "b"], &[vec!["1".to_owned(), "2".to_owned()]]);
        assert!(
            report.text.ends_with("| a | b |\n| --- | --- |\n| 1 | 2 |\n\n"),
            "{}",
            report.text
        );
    }
}
