//! What a statement computes of rows is computed for those in files and for those in none by
//! themselves: only the scan of a file knows which values are columns there.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::projection::ProjectionExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;

/// Moves what is selected from a union into its inputs. Rows in no file are filtered before
/// anything is computed of them, as scans of files do: the engine's own rules may have it the other
/// way, and then a value that cannot be cast fails the statement in a row that is not asked for.
#[derive(Debug)]
pub(crate) struct FreshRule;

impl PhysicalOptimizerRule for FreshRule {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_down(|plan| {
            let Some(projection) = plan.downcast_ref::<ProjectionExec>() else {
                return Ok(Transformed::no(plan));
            };
            let Some(union) = projection.input().downcast_ref::<UnionExec>() else {
                return Ok(Transformed::no(plan));
            };
            Ok(Transformed::yes(selected_from(union, projection.expr())?))
        })
        .data()?
        .transform_up(|plan| {
            Ok(match filtered_first(&plan)? {
                Some(filtered) => Transformed::yes(filtered),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "headwater_fresh"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The union of what is selected from each of its inputs.
pub(crate) fn selected_from(
    union: &UnionExec,
    columns: &[ProjectionExpr],
) -> Result<Arc<dyn ExecutionPlan>> {
    let inputs = union.inputs().iter().map(|input| selected(input, columns));
    UnionExec::try_new(inputs.collect::<Result<_>>()?)
}

/// What is selected from an input: by itself when it is a scan, which filters before it computes.
pub(crate) fn selected(
    input: &Arc<dyn ExecutionPlan>,
    columns: &[ProjectionExpr],
) -> Result<Arc<dyn ExecutionPlan>> {
    let projection = ProjectionExec::try_new(columns.to_vec(), Arc::clone(input))?;
    let scan = input.downcast_ref::<DataSourceExec>();
    let swapped = scan.map(|scan| scan.try_swapping_with_projection(&projection)).transpose()?;
    Ok(swapped.flatten().unwrap_or_else(|| Arc::new(projection)))
}

/// A filter of what is computed of rows in memory, as a filter of these rows.
fn filtered_first(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(filter) = plan.downcast_ref::<FilterExec>() else { return Ok(None) };
    let Some(computed) = filter.input().downcast_ref::<ProjectionExec>() else { return Ok(None) };
    let scan = computed.input().downcast_ref::<DataSourceExec>();
    let is_memory =
        |scan: &DataSourceExec| scan.data_source().downcast_ref::<MemorySourceConfig>().is_some();
    if !scan.is_some_and(is_memory) {
        return Ok(None);
    }
    let predicate = computed.projection_expr().unproject_expr(filter.predicate())?;
    // All else stays as it is, among it how many rows are wanted.
    let rows = FilterExecBuilder::from(filter)
        .with_input(Arc::clone(computed.input()))
        .with_predicate(predicate)
        .apply_projection(None)?
        .build()?;
    let columns = match filter.projection() {
        Some(kept) => kept.iter().filter_map(|kept| computed.expr().get(*kept).cloned()).collect(),
        None => computed.expr().to_vec(),
    };
    Ok(Some(Arc::new(ProjectionExec::try_new(columns, Arc::new(rows))?)))
}
