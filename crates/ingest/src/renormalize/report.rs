//! What a run found and did.

use std::collections::BTreeMap;

use serde::Serialize;

/// What `renormalize` did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RenormalizeReport {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Files that were read.
    pub files: u64,
    /// Files that were replaced, or would be.
    pub files_rewritten: u64,
    /// Files of other programs that are not in order and too large to be sorted: left alone.
    pub files_unsorted: u64,
    /// Rows.
    pub rows: RowCounts,
    /// Classes of the rows that changed.
    pub classes: Classes,
    /// Newest version of the table that this made.
    pub version: Option<u64>,
}

/// What became of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Rows that meet the condition.
    pub matched: u64,
    /// Rows with another OCSF side than before.
    pub changed: u64,
    /// Rows whose OCSF side is as it was.
    pub same: u64,
    /// Rows that were left as they are.
    pub kept: Kept,
    /// Rows (changed or same) whose record tells another time than the row. The row's stays.
    pub other_time: u64,
}

/// Rows that were left as they are, by why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// There is no record to map: no text in `raw`, or text that does not tell the record alone.
    pub no_record: u64,
    /// The plugins refuse or drop the record today.
    pub refused: u64,
    /// No mapping recognises the record, but the row has a class (with `--from details`: an OCSF
    /// object).
    pub unrecognised: u64,
    /// The new object lacks attributes that the row has (only with `--from details`).
    pub poorer: u64,
}

impl Kept {
    /// All of them.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.no_record + self.refused + self.unrecognised + self.poorer
    }

    pub(super) const fn add(&mut self, other: &Self) {
        self.no_record += other.no_record;
        self.refused += other.refused;
        self.unrecognised += other.unrecognised;
        self.poorer += other.poorer;
    }
}

impl RowCounts {
    pub(super) const fn add(&mut self, other: &Self) {
        self.matched += other.matched;
        self.changed += other.changed;
        self.same += other.same;
        self.kept.add(&other.kept);
        self.other_time += other.other_time;
    }
}

/// Numbers of changed rows by their class before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Classes(BTreeMap<(Option<i32>, Option<i32>), u64>);

/// Rows that went from one class to another, or stayed in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ClassChange {
    /// `class_uid` before; `None` when the row had no OCSF object.
    pub before: Option<i32>,
    /// `class_uid` after.
    pub after: Option<i32>,
    /// Rows.
    pub rows: u64,
}

impl Classes {
    /// The changes, by class before and after.
    pub fn changes(&self) -> impl Iterator<Item = ClassChange> + '_ {
        self.0.iter().map(|((before, after), rows)| ClassChange {
            before: *before,
            after: *after,
            rows: *rows,
        })
    }

    pub(super) fn count(&mut self, before: Option<i32>, after: Option<i32>) {
        *self.0.entry((before, after)).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (classes, rows) in &other.0 {
            *self.0.entry(*classes).or_default() += rows;
        }
    }
}

impl Serialize for Classes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.changes())
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RenormalizeProgress {
    /// Bytes of files that are done.
    pub bytes_done: u64,
    /// Bytes of all files to look at.
    pub bytes: u64,
    /// Files that are done.
    pub files_done: u64,
    /// All files to look at.
    pub files: u64,
    /// Rows changed so far.
    pub rows_changed: u64,
}
