//! The running first stage of a grouping.
//!
//! It keeps to what the engine's own does beyond the grouping itself: when memory is short, it
//! hands out the groups so far and starts anew, because the second stage puts them together; when
//! most rows are groups of their own, it only passes rows on.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, BooleanArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan as _;
use datafusion::physical_plan::metrics::BaselineMetrics;
use futures::stream::{self, Stream, StreamExt as _};

use super::exec::{DictionaryAggregateExec, Expressions};
use super::groups::Groups;

/// The values of expressions for some rows.
fn evaluate(exprs: &[Arc<dyn PhysicalExpr>], rows: &RecordBatch) -> Result<Vec<ArrayRef>> {
    let value = |expr: &Arc<dyn PhysicalExpr>| {
        expr.evaluate(rows).and_then(|value| value.into_array(rows.num_rows()))
    };
    exprs.iter().map(value).collect()
}

/// One aggregate of every group.
struct Aggregate {
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    /// The rows that count.
    filter: Option<Arc<dyn PhysicalExpr>>,
    states: Box<dyn GroupsAccumulator>,
}

impl Aggregate {
    /// The arguments for some rows, and which of the rows count.
    fn evaluate(&self, rows: &RecordBatch) -> Result<(Vec<ArrayRef>, Option<BooleanArray>)> {
        let arguments = evaluate(&self.arguments, rows)?;
        let filter = evaluate(self.filter.as_slice(), rows)?.pop();
        Ok((arguments, filter.map(|filter| filter.as_boolean().clone())))
    }

    fn update(&mut self, rows: &RecordBatch, groups: &[usize], count: usize) -> Result<()> {
        let (arguments, filter) = self.evaluate(rows)?;
        self.states.update_batch(&arguments, groups, filter.as_ref(), count)
    }
}

/// The first stage of a grouping over one part of the input.
pub(super) struct Grouping {
    schema: SchemaRef,
    input: SendableRecordBatchStream,
    /// What rows are grouped by.
    keys: Vec<Arc<dyn PhysicalExpr>>,
    groups: Groups,
    /// The group of each row of a batch.
    group_of: Vec<usize>,
    aggregates: Vec<Aggregate>,
    reservation: MemoryReservation,
    metrics: BaselineMetrics,
    batch_rows_max: usize,
    probe: Probe,
    /// Groups to hand out.
    out: Option<RecordBatch>,
    is_done: bool,
}

impl Grouping {
    pub(super) fn new(
        exec: &DictionaryAggregateExec,
        input: SendableRecordBatchStream,
        partition: usize,
        context: &TaskContext,
    ) -> Result<Self> {
        let Expressions { keys, arguments, filters } = exec.expressions.clone();
        let groups = Groups::new(&key_schema(&keys, &input.schema())?)?;
        let aggregates = exec.planned.aggr_expr().iter().zip(arguments).zip(filters);
        let aggregates = aggregates.map(|((function, arguments), filter)| {
            let states = function.create_groups_accumulator()?;
            Ok(Aggregate { arguments, filter, states })
        });
        let options = &context.session_config().options().execution;
        let name = format!("DictionaryAggregate[{partition}]");
        let consumer = MemoryConsumer::new(name).with_can_spill(true);
        Ok(Self {
            schema: exec.schema(),
            input,
            keys,
            groups,
            group_of: Vec::new(),
            aggregates: aggregates.collect::<Result<_>>()?,
            reservation: consumer.register(context.memory_pool()),
            metrics: BaselineMetrics::new(&exec.metrics, partition),
            batch_rows_max: context.session_config().batch_size(),
            probe: Probe {
                rows_min: options.skip_partial_aggregation_probe_rows_threshold,
                share_max: options.skip_partial_aggregation_probe_ratio_threshold,
                rows: 0,
                is_useless: false,
            },
            out: None,
            is_done: false,
        })
    }

    /// The rows for the second stage.
    pub(super) fn into_stream(self) -> impl Stream<Item = Result<RecordBatch>> {
        stream::try_unfold(self, |mut grouping| async move {
            let rows = grouping.next().await?;
            Ok(rows.map(|rows| (rows, grouping)))
        })
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(rows) = self.next_out() {
                self.metrics.record_output(rows.num_rows());
                return Ok(Some(rows));
            }
            if self.is_done {
                return Ok(None);
            }
            let rows = self.input.next().await.transpose()?;
            let time = self.metrics.elapsed_compute().clone();
            let _timer = time.timer();
            match rows {
                None => {
                    self.is_done = true;
                    self.out = self.emit()?;
                }
                Some(rows) if rows.num_rows() == 0 => {}
                Some(rows) if self.probe.is_useless => self.out = Some(self.passed_on(&rows)?),
                Some(rows) => self.add(&rows)?,
            }
        }
    }

    /// The next groups to hand out.
    fn next_out(&mut self) -> Option<RecordBatch> {
        let rows = self.out.take()?;
        if rows.num_rows() <= self.batch_rows_max {
            return Some(rows);
        }
        let rest = rows.num_rows() - self.batch_rows_max;
        self.out = Some(rows.slice(self.batch_rows_max, rest));
        Some(rows.slice(0, self.batch_rows_max))
    }

    fn add(&mut self, rows: &RecordBatch) -> Result<()> {
        self.groups.intern(&evaluate(&self.keys, rows)?, &mut self.group_of)?;
        for aggregate in &mut self.aggregates {
            aggregate.update(rows, &self.group_of, self.groups.len())?;
        }
        self.probe.count(rows.num_rows(), self.groups.len());
        if self.probe.is_useless {
            self.out = self.emit()?;
            return Ok(());
        }
        match self.reservation.try_resize(self.size()) {
            Err(DataFusionError::ResourcesExhausted(_)) if self.groups.len() > 0 => {
                self.out = self.emit()?;
                self.reservation.try_resize(self.size())
            }
            other => other,
        }
    }

    fn size(&self) -> usize {
        let states = self.aggregates.iter().map(|aggregate| aggregate.states.size());
        self.groups.size() + states.sum::<usize>() + self.group_of.capacity() * size_of::<usize>()
    }

    /// All groups so far with their states; afterwards there are none.
    fn emit(&mut self) -> Result<Option<RecordBatch>> {
        if self.groups.len() == 0 {
            return Ok(None);
        }
        let mut columns = self.groups.emit()?;
        for aggregate in &mut self.aggregates {
            columns.extend(aggregate.states.state(EmitTo::All)?);
        }
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.schema), columns)?))
    }

    /// Each row as a group of its own.
    fn passed_on(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let keys = evaluate(&self.keys, rows)?;
        let fields = self.schema.fields().iter();
        let keys = keys.iter().zip(fields).map(|(key, field)| Ok(cast(key, field.data_type())?));
        let mut columns = keys.collect::<Result<Vec<_>>>()?;
        for aggregate in &self.aggregates {
            let (arguments, filter) = aggregate.evaluate(rows)?;
            columns.extend(aggregate.states.convert_to_state(&arguments, filter.as_ref())?);
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// The schema of what rows are grouped by.
fn key_schema(keys: &[Arc<dyn PhysicalExpr>], input: &Schema) -> Result<Schema> {
    let field = |key: &Arc<dyn PhysicalExpr>| {
        let (data_type, nullable) = (key.data_type(input)?, key.nullable(input)?);
        Ok(Field::new(key.to_string(), data_type, nullable))
    };
    Ok(Schema::new(keys.iter().map(field).collect::<Result<Vec<_>>>()?))
}

/// Finds out whether grouping makes fewer rows.
struct Probe {
    rows_min: usize,
    share_max: f64,
    rows: usize,
    is_useless: bool,
}

impl Probe {
    fn count(&mut self, rows: usize, groups: usize) {
        self.rows += rows;
        let share = groups as f64 / self.rows as f64;
        self.is_useless = self.rows >= self.rows_min && share > self.share_max;
    }
}
