//! What a statement computes of rows is computed for those in files and for those in none by
//! themselves: only the scan of a file knows which values are columns there.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::physical_expr::projection::ProjectionExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;

/// Moves what is selected from a union into its inputs.
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

/// What is selected from an input: by itself where it can.
pub(crate) fn selected(
    input: &Arc<dyn ExecutionPlan>,
    columns: &[ProjectionExpr],
) -> Result<Arc<dyn ExecutionPlan>> {
    let projection = ProjectionExec::try_new(columns.to_vec(), Arc::clone(input))?;
    match input.try_swapping_with_projection(&projection)? {
        Some(swapped) => Ok(swapped),
        None => Ok(Arc::new(projection)),
    }
}
