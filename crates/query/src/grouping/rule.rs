//! Puts the grouping by number into plans.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::datasource::physical_plan::{FileScanConfig, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, TryCastExpr};
use datafusion::physical_expr::projection::ProjectionExpr;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ExecutionPlan, InputOrderMode};

use super::AsDictionary;
use super::exec::{DictionaryAggregateExec, Expressions};
use crate::footers::{NamedColumns, add_names, column_name};
use crate::fresh::{selected, selected_from};

/// Groups by the numbers of texts, and reads numbers as such, where a grouping reads the lake's
/// files directly.
#[derive(Debug)]
pub(crate) struct GroupingRule;

impl PhysicalOptimizerRule for GroupingRule {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            Ok(match grouped(&plan)? {
                Some(grouped) => Transformed::yes(grouped),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "headwater_grouping"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The first stage of a grouping, when its input can give what is counted by number.
fn grouped(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(planned) = plan.downcast_ref::<AggregateExec>() else { return Ok(None) };
    if !is_plain(planned) {
        return Ok(None);
    }
    let Some(readable) = Readable::of(planned.input())? else { return Ok(None) };
    let expressions = Expressions::of(planned);
    let reads = reads(&expressions, &readable, &planned.input_schema())?;
    if reads.is_empty() {
        return Ok(None);
    }
    let input = reading(planned.input(), &reads)?;
    let expressions = expressions.map(|expr| match cast_column(&expr) {
        Some(column) if reads.contains_key(&column.index()) => Arc::new(column.clone()),
        _ => expr,
    });
    let planned = Arc::new(planned.clone());
    Ok(Some(Arc::new(DictionaryAggregateExec::new(planned, expressions, input))))
}

/// The input with some columns read otherwise: a scan of files, or one together with rows that are
/// not in files yet.
fn reading(
    input: &Arc<dyn ExecutionPlan>,
    reads: &BTreeMap<usize, Read>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = input.schema();
    let column = |(index, field): (usize, &Arc<Field>)| {
        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), index));
        let expr = match reads.get(&index) {
            Some(Read::Dictionary) => Arc::new(AsDictionary::new(column)),
            Some(Read::Number(cast)) => Arc::clone(cast),
            None => column,
        };
        ProjectionExpr::new(expr, field.name())
    };
    let columns: Vec<_> = schema.fields().iter().enumerate().map(column).collect();
    match input.downcast_ref::<UnionExec>() {
        Some(union) => selected_from(union, &columns),
        None => selected(input, &columns),
    }
}

/// A scan of the lake's files.
fn lake_scan(plan: &Arc<dyn ExecutionPlan>) -> Option<&FileScanConfig> {
    let scan = plan.downcast_ref::<DataSourceExec>()?;
    let (config, _) = scan.downcast_to_file_source::<ParquetSource>()?;
    let mut files = config.file_groups.iter().flat_map(|group| group.files());
    files.all(|file| file.extension::<NamedColumns>().is_some()).then_some(config)
}

/// Whether it is a first stage of the kind that is done here.
fn is_plain(planned: &AggregateExec) -> bool {
    let is_known = |function: &Arc<AggregateFunctionExpr>| {
        function.groups_accumulator_supported() && function.order_bys().is_empty()
    };
    *planned.mode() == AggregateMode::Partial
        && *planned.input_order_mode() == InputOrderMode::Linear
        && planned.limit_options().is_none()
        && planned.group_expr().is_single()
        && !planned.group_expr().is_empty()
        && planned.aggr_expr().iter().all(is_known)
}

/// What the scan of a lake's files gives.
struct Readable {
    /// The columns of files that its columns are; none for one that is computed.
    names: Vec<Option<String>>,
    /// Those that the scan filters by, and for that reads as they are.
    filtered: BTreeSet<String>,
}

impl Readable {
    fn of(input: &Arc<dyn ExecutionPlan>) -> Result<Option<Self>> {
        let scan = match input.downcast_ref::<UnionExec>() {
            Some(union) => union.inputs().iter().find_map(lake_scan),
            None => lake_scan(input),
        };
        let source = scan.map(FileScanConfig::file_source);
        let Some(projection) = source.and_then(|source| source.projection()) else {
            return Ok(None);
        };
        let names = projection.expr_iter().map(|expr| column_name(&expr)).collect();
        let mut filtered = BTreeSet::new();
        if let Some(condition) = source.and_then(|source| source.filter()) {
            add_names(&condition, &mut filtered)?;
        }
        Ok(Some(Self { names, filtered }))
    }

    fn name(&self, column: usize) -> Option<&String> {
        self.names.get(column)?.as_ref()
    }
}

/// How the scan reads a column for the grouping.
enum Read {
    /// A text with its number.
    Dictionary,
    /// The number that its text is cast to: a file may have it as one.
    Number(Arc<dyn PhysicalExpr>),
}

/// How columns are read otherwise than as the scan gives them now: texts that are grouped by and
/// nothing else, and texts that are cast to one type of number in all places. Only casts that are
/// made for every row count: a column is read before any `CASE` is decided.
fn reads(
    expressions: &Expressions,
    readable: &Readable,
    schema: &Schema,
) -> Result<BTreeMap<usize, Read>> {
    let is_text = |column: &Column| *schema.field(column.index()).data_type() == DataType::Utf8View;
    let mut reads: BTreeMap<usize, Option<Read>> = BTreeMap::new();
    for (expr, is_key) in expressions.all() {
        if let Some(column) = expr.downcast_ref::<Column>().filter(|one| is_key && is_text(one)) {
            let read = reads.entry(column.index()).or_insert(Some(Read::Dictionary));
            if !matches!(read, Some(Read::Dictionary)) {
                *read = None;
            }
        } else if let Some(column) = cast_column(expr).filter(|column| is_text(column)) {
            let new = || Some(Read::Number(Arc::clone(expr)));
            let read = reads.entry(column.index()).or_insert_with(new);
            if !matches!(read, Some(Read::Number(cast)) if cast.as_ref() == expr.as_ref()) {
                *read = None;
            }
        } else {
            for column in collect_columns(expr) {
                reads.insert(column.index(), None);
            }
        }
    }
    let kept = reads.into_iter().filter_map(|(column, read)| {
        let (read, name) = (read?, readable.name(column)?);
        let is_filtered = readable.filtered.contains(name);
        (!is_filtered || matches!(read, Read::Number(_))).then_some((column, read))
    });
    Ok(kept.collect())
}

/// The column that an expression casts to a number, when it does no more.
fn cast_column(expr: &Arc<dyn PhysicalExpr>) -> Option<&Column> {
    let (inner, data_type) = match expr.downcast_ref::<CastExpr>() {
        Some(cast) => (cast.expr(), cast.cast_type()),
        None => {
            let cast = expr.downcast_ref::<TryCastExpr>()?;
            (cast.expr(), cast.cast_type())
        }
    };
    let is_number = matches!(data_type, DataType::Int64 | DataType::Float64);
    inner.downcast_ref::<Column>().filter(|_| is_number)
}
