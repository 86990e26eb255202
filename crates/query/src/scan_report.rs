//! What a query read and what it could leave out: files and bytes, per query.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricValue;
use headwater_lake::DataFile;
use headwater_lake::hidden::HiddenPath;
use serde::Serialize;

use crate::AskedPaths;

/// Files and bytes of one query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ScanReport {
    /// Files of the tables that the query names.
    pub files_total: u64,
    /// Files left out before opening them.
    pub files_pruned: u64,
    /// Bytes of all files of these tables.
    pub bytes_total: u64,
    /// Bytes really read from storage.
    pub bytes_scanned: u64,
    /// Row groups left out by statistics and bloom filters.
    pub row_groups_pruned: u64,
    /// Rows left out by the words of their documents, in files that are read and in others.
    pub rows_without_words: u64,
    /// Rows that the scans produced.
    pub rows_scanned: u64,
    /// Reads of files whose JSON was answered from hidden columns alone. Parts of a large file are
    /// read on their own.
    pub files_from_columns: u64,
    /// Reads of files whose JSON had to be parsed, wholly or in part.
    pub files_parsed: u64,
}

/// Collects, while a plan is made, which files its scans use. Lives in the session's configuration.
#[derive(Debug, Default)]
pub(crate) struct ScanLog {
    report: Mutex<ScanReport>,
    /// Where the places go that the scans ask for.
    asked: Option<Arc<AskedPaths>>,
}

impl ScanLog {
    /// A log of one query.
    pub(crate) fn new(asked: Option<Arc<AskedPaths>>) -> Self {
        Self { report: Mutex::default(), asked }
    }

    /// Notes the places inside documents that a scan of one file asks for.
    pub(crate) fn record_asked(&self, paths: impl IntoIterator<Item = HiddenPath>) {
        if let Some(asked) = &self.asked {
            asked.note(paths);
        }
    }

    /// Notes one scan of a table: all its files, and those that are read.
    pub(crate) fn record(&self, all: &[Arc<DataFile>], kept: &[Arc<DataFile>]) {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        report.files_total += all.len() as u64;
        report.files_pruned += (all.len() - kept.len()) as u64;
        report.bytes_total += all.iter().map(|file| file.size).sum::<u64>();
    }

    /// Notes rows that are not read because they lack a word.
    pub(crate) fn record_without_words(&self, rows: u64) {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        report.rows_without_words += rows;
    }

    /// Notes how the JSON functions of one file were answered: by hidden columns, by parsing, or
    /// both. A file without any is none of them.
    pub(crate) fn record_file(&self, has_columns: bool, has_parsed: bool) {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        report.files_parsed += u64::from(has_parsed);
        report.files_from_columns += u64::from(has_columns && !has_parsed);
    }

    /// How the files were answered whose JSON was asked for; `None` when there was none.
    pub(crate) fn files_text(&self) -> Option<String> {
        let report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        let (columns, parsed) = (report.files_from_columns, report.files_parsed);
        (columns + parsed > 0)
            .then(|| format!("reads of files: {columns} from columns, {parsed} parsed"))
    }

    /// The report, completed by what the executed plan measured.
    pub(crate) fn finish(&self, plan: &Arc<dyn ExecutionPlan>) -> ScanReport {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut counts = BTreeMap::new();
        collect(plan, &mut counts);
        let count = |name: &str| counts.get(name).copied().unwrap_or_default();
        let [bytes, rows, by_statistics, by_bloom_filter] = COUNTS.map(count);
        report.bytes_scanned = bytes;
        report.rows_scanned = rows;
        report.row_groups_pruned = by_statistics + by_bloom_filter;
        report
    }
}

/// The measurements of a scan that count something. Others must not be summed: some are moments.
const COUNTS: [&str; 4] = [
    "bytes_scanned",
    "output_rows",
    "row_groups_pruned_statistics",
    "row_groups_pruned_bloom_filter",
];

/// Sums the counts of all scans of a plan by name.
fn collect(plan: &Arc<dyn ExecutionPlan>, counts: &mut BTreeMap<String, u64>) {
    for child in plan.children() {
        collect(child, counts);
    }
    if plan.name() != "DataSourceExec" {
        return;
    }
    let metrics = plan.metrics();
    let metrics = metrics.iter().flat_map(|metrics| metrics.iter());
    for metric in metrics.filter(|metric| COUNTS.contains(&metric.value().name())) {
        let amount = match metric.value() {
            MetricValue::PruningMetrics { pruning_metrics, .. } => pruning_metrics.pruned(),
            value => value.as_usize(),
        };
        // Among them are times since the epoch, whose sum overflows.
        let sum = counts.entry(metric.value().name().to_owned()).or_default();
        *sum = sum.saturating_add(amount as u64);
    }
}
