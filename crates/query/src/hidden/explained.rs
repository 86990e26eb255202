//! What EXPLAIN says about hidden columns: how many of the files that would be read have each place
//! as a column, by their footers. EXPLAIN ANALYZE says how they were read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetFileReaderFactory as _,
};
use datafusion::datasource::physical_plan::{FileScanConfig, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt as _, TryStreamExt as _};
use headwater_lake::hidden::HiddenPath;

use super::called_path;
use crate::scan_report::ScanLog;

/// Most footers that EXPLAIN reads for one scan.
const FOOTERS_MAX: usize = 200;

/// Footers that are read at the same time.
const READS_MAX: usize = 16;

/// What the lines are called among the plans.
const PLAN_TYPE: &str = "hidden_columns";

/// The stream of an EXPLAIN with what there is to say about hidden columns; that of any other
/// statement as it is.
pub(crate) async fn explained(
    state: &SessionState,
    statement: &LogicalPlan,
    stream: SendableRecordBatchStream,
    log: &Arc<ScanLog>,
) -> Result<SendableRecordBatchStream> {
    let schema = stream.schema();
    if schema.fields().len() != 2 {
        return Ok(stream);
    }
    match statement {
        LogicalPlan::Explain(explain) => {
            // Planning is not counted twice.
            let mut state = state.clone();
            state.config_mut().set_extension(Arc::new(ScanLog::new(None)));
            let plan = state.create_physical_plan(&explain.plan).await?;
            let text = places(&state, &plan).await?;
            let Some(text) = text else { return Ok(stream) };
            let last = line(&schema, &text);
            Ok(with_last(schema, stream, async move { last.map(Some) }))
        }
        LogicalPlan::Analyze(_) => {
            let (log, columns) = (Arc::clone(log), Arc::clone(&schema));
            Ok(with_last(schema, stream, async move {
                let text = log.files_text();
                text.map(|text| line(&columns, &text)).transpose()
            }))
        }
        _ => Ok(stream),
    }
}

fn with_last(
    schema: SchemaRef,
    stream: SendableRecordBatchStream,
    last: impl Future<Output = Result<Option<RecordBatch>>> + Send + 'static,
) -> SendableRecordBatchStream {
    let last = futures::stream::once(last).try_filter_map(|rows| async move { Ok(rows) });
    Box::pin(RecordBatchStreamAdapter::new(schema, stream.chain(last)))
}

/// One more row of an EXPLAIN.
fn line(schema: &SchemaRef, text: &str) -> Result<RecordBatch> {
    let fields = schema.fields().iter();
    let columns = fields.zip([PLAN_TYPE, text]).map(|(field, text)| {
        let text: ArrayRef = Arc::new(StringArray::from(vec![text]));
        cast(&text, field.data_type())
    });
    let columns = columns.collect::<Result<_, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// The places that the scans of a plan ask for, and in how many files each is a column.
async fn places(state: &SessionState, plan: &Arc<dyn ExecutionPlan>) -> Result<Option<String>> {
    let mut scans = Vec::new();
    plan.apply(|plan| {
        let source = plan.downcast_ref::<DataSourceExec>();
        let source = source.and_then(|scan| scan.downcast_to_file_source::<ParquetSource>());
        if let Some((config, _)) = source {
            scans.push(config.clone());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    let mut lines = Vec::new();
    for scan in scans {
        let asked = asked(&scan)?;
        if !asked.is_empty() {
            lines.extend(coverage(state, &scan, asked).await?);
        }
    }
    Ok((!lines.is_empty()).then(|| lines.join("\n")))
}

/// The places that a scan asks for.
fn asked(scan: &FileScanConfig) -> Result<BTreeSet<HiddenPath>> {
    let mut asked = BTreeSet::new();
    let source = scan.file_source();
    let projection = source.projection().map(|projection| projection.expr_iter());
    for expr in projection.into_iter().flatten().chain(source.filter()) {
        expr.apply(|expr| {
            asked.extend(called_path(expr));
            Ok(TreeNodeRecursion::Continue)
        })?;
    }
    Ok(asked)
}

async fn coverage(
    state: &SessionState,
    scan: &FileScanConfig,
    asked: BTreeSet<HiddenPath>,
) -> Result<Vec<String>> {
    // Parts of a large file are listed on their own.
    let all: BTreeMap<_, &PartitionedFile> = (scan.file_groups.iter())
        .flat_map(|group| group.iter())
        .map(|file| (file.object_meta.location.clone(), file))
        .collect();
    let store = state.runtime_env().object_store(&scan.object_store_url)?;
    let cache = state.runtime_env().cache_manager.get_file_metadata_cache();
    let (readers, metrics) =
        (CachedParquetFileReaderFactory::new(store, cache), ExecutionPlanMetricsSet::new());
    let footers = all.values().take(FOOTERS_MAX).map(|file| {
        let reader = readers.create_reader(0, PartitionedFile::clone(file), None, &metrics);
        async move { Ok::<_, DataFusionError>(reader?.get_metadata(None).await?) }
    });
    let footers: Vec<_> = footers.collect();
    let footers = futures::stream::iter(footers).buffer_unordered(READS_MAX);
    let footers: Vec<_> = footers.try_collect().await?;
    let mut lines = Vec::new();
    for place in asked {
        let name = place.to_string();
        let has = footers.iter().filter(|footer| {
            let columns = footer.file_metadata().schema_descr();
            columns.root_schema().get_fields().iter().any(|field| field.name() == name)
        });
        lines.push(format!("{name}: a column in {} of {} files", has.count(), footers.len()));
    }
    if all.len() > footers.len() {
        lines.push(format!("{} further files were not looked at", all.len() - footers.len()));
    }
    Ok(lines)
}
