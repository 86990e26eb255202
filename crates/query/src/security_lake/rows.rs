//! From rows of the query to the spool: each object is converted, and its place found.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use headwater_event::json::{ParseLimits, Tree};
use headwater_ocsf::{Code, Converter, Severity, Version};

use super::columns::Columns;
use super::place::{account_folder, region_folder};
use super::spool::{Spool, Spooled};
use super::{Export, ExportError, ExportReport, Found, Moved, RELEASE, SOURCE_VERSION};

/// Most paths that are counted one by one.
const PATHS_MAX: usize = 1_000;

/// The path of all others.
const OTHERS: &str = "…";

/// Rows that are on their way.
pub(super) struct Rows {
    converter: Converter<'static>,
    source: Tree,
    target: Tree,
    json: Vec<u8>,
    columns: Columns,
    spool: Spool,
    without_region: u64,
    without_account: u64,
    moved: BTreeMap<String, u64>,
    issues: BTreeMap<(Code, String), u64>,
    report: ExportReport,
}

impl Rows {
    pub(super) fn new(export: &Export) -> Result<Self, ExportError> {
        let (from, to) = (Version::NATIVE.catalogue(), RELEASE.catalogue());
        let report = ExportReport {
            class_uid: export.class.uid.unwrap_or_default(),
            class: export.class.name.clone(),
            source: export.source.clone(),
            folder: format!("{}ext/{}/{SOURCE_VERSION}/", export.target.url(), export.source),
            events: 0,
            files: 0,
            bytes: 0,
            files_removed: 0,
            events_with_errors: 0,
            moved: Vec::new(),
            issues: Vec::new(),
        };
        Ok(Self {
            converter: Converter::new(from, to),
            source: Tree::new(Arc::clone(from.vocabulary())),
            target: Tree::new(Arc::clone(to.vocabulary())),
            json: Vec::new(),
            columns: Columns::new(to, export.class),
            spool: Spool::create(Path::new(&export.spool_folder))?,
            without_region: 0,
            without_account: 0,
            moved: BTreeMap::new(),
            issues: BTreeMap::new(),
            report,
        })
    }

    /// Takes the rows of a batch: region, account, day, object.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<(), ExportError> {
        let text = |place: usize| {
            let column = batch.columns().get(place)?;
            Some(cast(column, &DataType::Utf8).ok()?.as_string::<i32>().clone())
        };
        let (Some(regions), Some(accounts), Some(days), Some(objects)) =
            (text(0), text(1), text(2), text(3))
        else {
            return Err(ExportError::Event { reason: "it is no text".to_owned() });
        };
        let value =
            |column: &StringArray, row| column.is_valid(row).then(|| column.value(row).to_owned());
        for row in 0..batch.num_rows() {
            let (region, account) = (value(&regions, row), value(&accounts, row));
            self.report.events += 1;
            self.without_region += u64::from(region.is_none());
            self.without_account += u64::from(account.is_none());
            // Once one has no place, nothing is written; the others are only counted.
            if self.without_region + self.without_account > 0 {
                continue;
            }
            let place = format!(
                "region={}/accountId={}/eventDay={}",
                region_folder(&region.unwrap_or_default()),
                account_folder(&account.unwrap_or_default()),
                days.value(row)
            );
            self.event(&place, objects.value(row).as_bytes())?;
        }
        Ok(())
    }

    fn event(&mut self, place: &str, object: &[u8]) -> Result<(), ExportError> {
        let unusable = |reason: String| ExportError::Event { reason };
        let parsed = self.source.parse(object, ParseLimits::default());
        parsed.map_err(|error| unusable(error.to_string()))?;
        let conversion = self.converter.convert(&self.source, self.source.root(), &mut self.target);
        let conversion = conversion.map_err(|error| unusable(error.to_string()))?;
        for path in conversion.moved {
            count(&mut self.moved, without_numbers(path), OTHERS.to_owned());
        }
        let is_error = |one: &headwater_ocsf::Issue| one.severity() == Severity::Error;
        self.report.events_with_errors += u64::from(conversion.issues.iter().any(is_error));
        for issue in conversion.issues {
            let key = (issue.code, without_numbers(&issue.path));
            count(&mut self.issues, key, (issue.code, OTHERS.to_owned()));
        }
        self.columns.add(&mut self.target);
        self.json.clear();
        self.target.write(self.target.root(), &mut self.json);
        self.spool.push(place, &self.json)
    }

    /// The spool, its columns, and the report as far as it goes.
    pub(super) fn finish(self) -> Result<(Spooled, Columns, ExportReport), ExportError> {
        let Self { mut report, without_region, without_account, .. } = self;
        if without_region + without_account > 0 {
            let events = report.events;
            return Err(ExportError::Place { events, without_region, without_account });
        }
        report.moved = self.moved.into_iter().map(|(path, count)| Moved { path, count }).collect();
        let issues = self.issues.into_iter().map(|((code, path), count)| Found {
            severity: code.severity().text(),
            code: code.text(),
            path,
            count,
        });
        report.issues = issues.collect();
        report.issues.sort_by_key(|one| std::cmp::Reverse(one.count));
        Ok((self.spool.finish()?, self.columns, report))
    }
}

/// Counts one of few keys.
fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K, otherwise: K) {
    let is_known = counts.len() < PATHS_MAX || counts.contains_key(&key);
    *counts.entry(if is_known { key } else { otherwise }).or_default() += 1;
}

/// `a[0].b` as `a[].b`.
fn without_numbers(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for letter in path.chars() {
        inside = inside && letter.is_ascii_digit();
        if !inside {
            out.push(letter);
        }
        inside |= letter == '[';
    }
    out
}
