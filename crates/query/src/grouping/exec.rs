//! The first stage of a grouping, over texts with numbers.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

use super::stream::Grouping;

/// What a first stage computes of each row.
#[derive(Debug, Clone)]
pub(super) struct Expressions {
    /// What rows are grouped by.
    pub(super) keys: Vec<Arc<dyn PhysicalExpr>>,
    /// The arguments of each aggregate.
    pub(super) arguments: Vec<Vec<Arc<dyn PhysicalExpr>>>,
    /// Which rows count for each aggregate.
    pub(super) filters: Vec<Option<Arc<dyn PhysicalExpr>>>,
}

impl Expressions {
    pub(super) fn of(planned: &AggregateExec) -> Self {
        Self {
            keys: planned.group_expr().input_exprs(),
            arguments: planned.aggr_expr().iter().map(|one| one.expressions()).collect(),
            filters: planned.filter_expr().to_vec(),
        }
    }

    /// Each, and whether rows are grouped by it.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Arc<dyn PhysicalExpr>, bool)> {
        let keys = self.keys.iter().map(|key| (key, true));
        let others = self.arguments.iter().flatten().chain(self.filters.iter().flatten());
        keys.chain(others.map(|other| (other, false)))
    }

    pub(super) fn map(
        self,
        change: impl Fn(Arc<dyn PhysicalExpr>) -> Arc<dyn PhysicalExpr>,
    ) -> Self {
        let all = |exprs: Vec<_>| exprs.into_iter().map(&change).collect();
        Self {
            keys: all(self.keys),
            arguments: self.arguments.into_iter().map(all).collect(),
            filters: self.filters.into_iter().map(|filter| filter.map(&change)).collect(),
        }
    }
}

/// Does what the engine's first stage of a grouping does, for an input with dictionaries in place
/// of texts.
#[derive(Debug)]
pub(super) struct DictionaryAggregateExec {
    /// What is done, as the engine planned it for texts.
    pub(super) planned: Arc<AggregateExec>,
    /// The same for what the input gives.
    pub(super) expressions: Expressions,
    /// Gives dictionaries, and numbers for casts.
    input: Arc<dyn ExecutionPlan>,
    pub(super) metrics: ExecutionPlanMetricsSet,
}

impl DictionaryAggregateExec {
    pub(super) fn new(
        planned: Arc<AggregateExec>,
        expressions: Expressions,
        input: Arc<dyn ExecutionPlan>,
    ) -> Self {
        Self { planned, expressions, input, metrics: ExecutionPlanMetricsSet::new() }
    }
}

impl DisplayAs for DictionaryAggregateExec {
    fn fmt_as(&self, format: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Dictionary")?;
        self.planned.fmt_as(format, formatter)
    }
}

impl ExecutionPlan for DictionaryAggregateExec {
    fn name(&self) -> &'static str {
        "DictionaryAggregateExec"
    }

    fn schema(&self) -> SchemaRef {
        self.planned.schema()
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.planned.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.planned.apply_expressions(visit)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = children.as_slice() else {
            return internal_err!("a grouping has one input");
        };
        let (planned, expressions) = (Arc::clone(&self.planned), self.expressions.clone());
        Ok(Arc::new(Self::new(planned, expressions, Arc::clone(input))))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, Arc::clone(&context))?;
        let grouping = Grouping::new(self, input, partition, &context)?;
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), grouping.into_stream())))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}
