//! Which places become hidden columns of a file: those that somebody asked for, then those that
//! look as if somebody might, as long as they are cheap. A sample of the file's rows tells.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch};
use arrow::datatypes::DataType;
use headwater_event::document::collect::{self, Found};
use headwater_event::document::leaves::leaves;
use headwater_event::document::pointer::Pointer;
use headwater_event::schema::{EVENTS, OCSF_COLUMNS};

use crate::table::Table;

use super::{DOCUMENTS, HiddenColumn, HiddenPath, HiddenType, canonical_integer};

/// Places that are counted at most; further ones are rare.
const PLACES_MAX: usize = 2_048;

/// Compressed bytes of a row for each byte of its texts, as files turn out.
const COMPRESSED: f64 = 0.14;

/// A place has to occur in so many rows of one source that is not rare.
const FREQUENCY_MIN: f64 = 0.05;

/// Compressed bytes of a column chunk with its statistics and page headers.
const CHUNK_BYTES: f64 = 250.0;

/// Values longer than this on average are looked for by words, not by value.
const LENGTH_MAX: f64 = 256.0;

/// A row group with more different values than one in so many rows has a bloom filter.
const BLOOM_SHARE: f64 = 0.02;

/// How many hidden columns a file may have, and what they may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HiddenOptions {
    /// Most columns; 0 for none.
    pub columns_max: usize,
    /// Most bytes, in percent of the file without them. An estimate.
    pub bytes_percent_max: u32,
    /// A file of fewer rows has none.
    pub rows_min: usize,
    /// Rows of a file that are looked at to choose.
    pub sample_rows: usize,
    /// What is known about the places.
    pub wanted: Wanted,
}

impl HiddenOptions {
    /// For files that are written while events arrive: the few hottest.
    #[must_use]
    pub fn at_ingest() -> Self {
        Self {
            columns_max: 24,
            bytes_percent_max: 5,
            rows_min: 2_048,
            sample_rows: 256,
            wanted: Wanted::default(),
        }
    }

    /// For files that are compacted: all that pay.
    #[must_use]
    pub fn at_compaction() -> Self {
        Self {
            columns_max: 128,
            bytes_percent_max: 12,
            rows_min: 1,
            sample_rows: 1_024,
            wanted: Wanted::default(),
        }
    }

    /// No hidden columns.
    #[must_use]
    pub fn none() -> Self {
        Self { columns_max: 0, ..Self::at_ingest() }
    }

    /// With what is known about the places of a table; for tables without documents there is
    /// nothing to choose.
    pub(crate) async fn for_table(&self, table: &Table) -> Self {
        let mut options = self.clone();
        if table.name() != EVENTS {
            options.columns_max = 0;
        }
        if options.columns_max > 0 {
            let known = table.wanted_paths().await;
            let wanted = &mut options.wanted;
            wanted.asked.extend(known.asked.iter().map(|(path, days)| (path.clone(), *days)));
            wanted.pinned.extend(known.pinned.iter().cloned());
            wanted.banned.extend(known.banned.iter().cloned());
        }
        options
    }
}

/// Places that queries asked for and that an operator decided on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// How often a place was asked for.
    pub asked: BTreeMap<HiddenPath, u64>,
    /// Places that are always stored where they occur.
    pub pinned: BTreeSet<HiddenPath>,
    /// Places that are never stored.
    pub banned: BTreeSet<HiddenPath>,
}

/// What a sample of rows tells.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    rows: usize,
    bytes: usize,
    /// Names and rows of the sources.
    sources: Vec<(Box<str>, usize)>,
    places: HashMap<(usize, Box<str>), Seen>,
    hasher: BuildHasherDefault<DefaultHasher>,
}

/// What is known about one place.
#[derive(Debug, Default)]
struct Seen {
    rows: usize,
    /// Rows by the number of their source.
    by_source: Vec<usize>,
    /// Hashes of its values.
    distinct: HashSet<u64>,
    bytes: usize,
    integers: usize,
}

/// A place that may become a column.
struct Candidate {
    column: HiddenColumn,
    rank: f64,
    /// Compressed bytes for each row.
    cost: f64,
    is_pinned: bool,
}

impl Sample {
    /// The columns that a file deserves whose rows are these, given by number.
    pub(crate) fn of_rows<'r>(
        options: &HiddenOptions,
        row_group_rows: usize,
        rows: usize,
        row: impl Fn(usize) -> Option<(&'r RecordBatch, usize)>,
    ) -> Vec<HiddenColumn> {
        if options.columns_max == 0 || rows == 0 {
            return Vec::new();
        }
        let mut sample = Self::default();
        for number in (0..rows).step_by(rows.div_ceil(options.sample_rows.max(1))) {
            if let Some((batch, row)) = row(number) {
                sample.add_row(batch, row);
            }
        }
        sample.choose(options, row_group_rows)
    }

    /// Looks at one row of `events`; of other tables there is nothing to see.
    fn add_row(&mut self, batch: &RecordBatch, row: usize) {
        let text = |column: &str| text_at(batch.column_by_name(column)?, row);
        self.rows += 1;
        let source = self.source(text("source").unwrap_or_default());
        self.bytes += text("raw").map_or(0, str::len);
        let mut scratch = String::new();
        for (document, column) in DOCUMENTS.into_iter().enumerate() {
            let Some(text) = text(column) else { continue };
            self.bytes += text.len();
            leaves(text, |pointer, found| {
                self.see(document, pointer, source, found, &mut scratch);
            });
        }
    }

    /// The number of a source, one of whose rows is counted.
    fn source(&mut self, name: &str) -> usize {
        let known = self.sources.iter().position(|(known, _)| **known == *name);
        let number = known.unwrap_or_else(|| {
            self.sources.push((name.into(), 0));
            self.sources.len() - 1
        });
        if let Some((_, rows)) = self.sources.get_mut(number) {
            *rows += 1;
        }
        number
    }

    fn see(
        &mut self,
        document: usize,
        pointer: &str,
        source: usize,
        found: Found<'_>,
        scratch: &mut String,
    ) {
        let Some(value) = found.scalar().map(|scalar| scalar.text(scratch)) else { return };
        let key = (document, Box::from(pointer));
        if self.places.len() >= PLACES_MAX && !self.places.contains_key(&key) {
            return;
        }
        let seen = self.places.entry(key).or_default();
        seen.rows += 1;
        if seen.by_source.len() <= source {
            seen.by_source.resize(source + 1, 0);
        }
        if let Some(rows) = seen.by_source.get_mut(source) {
            *rows += 1;
        }
        seen.distinct.insert(self.hasher.hash_one(value));
        seen.bytes += value.len();
        seen.integers += usize::from(canonical_integer(value).is_some());
    }

    /// The hidden columns of a file of which this is a sample, in the order of their names.
    fn choose(&self, options: &HiddenOptions, row_group_rows: usize) -> Vec<HiddenColumn> {
        let places = self.places.iter();
        let mut candidates: Vec<Candidate> = places
            .filter_map(|((document, pointer), seen)| {
                self.candidate(*document, pointer, seen, options, row_group_rows)
            })
            .collect();
        candidates.sort_by(|left, right| {
            right.rank.total_cmp(&left.rank).then_with(|| left.column.path.cmp(&right.column.path))
        });
        let share = f64::from(options.bytes_percent_max) / 100.0;
        let mut budget = self.bytes as f64 / self.rows.max(1) as f64 * COMPRESSED * share;
        let mut chosen = Vec::new();
        for candidate in candidates {
            if chosen.len() >= options.columns_max.min(collect::PLACES_MAX) {
                break;
            }
            if candidate.cost <= budget || candidate.is_pinned {
                budget -= candidate.cost;
                chosen.push(candidate.column);
            }
        }
        chosen.sort_by(|left, right| left.path.cmp(&right.path));
        chosen
    }

    fn candidate(
        &self,
        document: usize,
        pointer: &str,
        seen: &Seen,
        options: &HiddenOptions,
        row_group_rows: usize,
    ) -> Option<Candidate> {
        let document = *DOCUMENTS.get(document)?;
        let path = HiddenPath { document, pointer: Pointer::parse(pointer).ok()? };
        let wanted = &options.wanted;
        if wanted.banned.contains(&path) {
            return None;
        }
        let is_pinned = wanted.pinned.contains(&path);
        let asked = wanted.asked.get(&path).copied().unwrap_or(0);
        if !is_pinned && asked == 0 && !self.may_be_asked(&path, seen) {
            return None;
        }
        let distinct = self.distinct(seen, row_group_rows);
        let cost = seen.cost(self.rows, distinct, row_group_rows);
        let rank = match (is_pinned, asked) {
            (true, _) => f64::INFINITY,
            (_, 0) => seen.interest(&path, self.rows) / (4.0 + cost),
            // More than any that nobody asked for.
            (_, asked) => 1e6 + asked as f64,
        };
        let is_integer = seen.integers == seen.rows;
        let hidden_type = if is_integer { HiddenType::Integer } else { HiddenType::Text };
        let has_bloom = distinct > BLOOM_SHARE * row_group_rows as f64;
        // Far below the limits of u64.
        let bloom_distinct = has_bloom.then_some(distinct as u64);
        let column = HiddenColumn { path, hidden_type, bloom_distinct };
        Some(Candidate { column, rank, cost, is_pinned })
    }

    /// Whether somebody might ask for a place that nobody asked for yet.
    fn may_be_asked(&self, path: &HiddenPath, seen: &Seen) -> bool {
        let is_common = |(number, rows): (usize, &usize)| {
            let of_source = self.sources.get(number).map_or(0, |(_, rows)| *rows);
            let is_rare_source = (of_source as f64) < FREQUENCY_MIN * self.rows as f64;
            !is_rare_source && *rows as f64 >= FREQUENCY_MIN * of_source as f64
        };
        let is_stored = path.document == "ocsf"
            && path.pointer.as_str().strip_prefix('/').is_some_and(|path| {
                OCSF_COLUMNS.iter().any(|column| column.replace('.', "/") == path)
            });
        !is_stored
            && seen.bytes as f64 <= LENGTH_MAX * seen.rows as f64
            && seen.by_source.iter().enumerate().any(is_common)
    }

    /// How many different values a row group has, as far as the sample can tell.
    fn distinct(&self, seen: &Seen, row_group_rows: usize) -> f64 {
        let found = seen.distinct.len() as f64;
        let growth = (row_group_rows as f64 / self.rows.max(1) as f64).max(1.0);
        let share = found / seen.rows.max(1) as f64;
        // Few values: all were seen. Every row another one: there are as many more.
        found * growth.powf(share)
    }
}

/// The text of a row, whatever form the texts of a column have.
fn text_at(column: &ArrayRef, row: usize) -> Option<&str> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Utf8View => Some(column.as_string_view().value(row)),
        DataType::Utf8 => Some(column.as_string::<i32>().value(row)),
        _ => None,
    }
}

impl Seen {
    /// Compressed bytes for each row of the file.
    fn cost(&self, sample_rows: usize, distinct: f64, row_group_rows: usize) -> f64 {
        let rows = row_group_rows as f64;
        let filled = self.rows as f64 / sample_rows.max(1) as f64;
        let length = self.bytes as f64 / self.rows.max(1) as f64;
        let values = distinct * (length + 4.0) * 0.6 / rows;
        let indexes = filled * (distinct + 1.0).log2() / 8.0 * 0.8;
        let bloom = if distinct > BLOOM_SHARE * rows { distinct * 1.25 / rows } else { 0.0 };
        values + indexes + bloom + CHUNK_BYTES / rows
    }

    /// How likely it is that somebody asks for the place.
    fn interest(&self, path: &HiddenPath, sample_rows: usize) -> f64 {
        let filled = self.rows as f64 / sample_rows.max(1) as f64;
        let varies = if self.distinct.len() > 1 { 1.0 } else { 0.2 };
        let document = if path.document == "details" { 1.0 } else { 0.5 };
        // A source of few events is asked for no less than one of many.
        filled.powf(0.3) * varies * document / path.pointer.depth() as f64
    }
}
