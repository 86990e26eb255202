//! Statements that are described before they run, and that run once for each row of bound values:
//! what clients with prepared statements need.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::{DataFusionError, ParamValues};
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{StreamExt as _, TryStreamExt as _};
use tokio::time::Instant;

use crate::placeholders::{Placeholders, number};
use crate::session::{Answer, Planned, Session, check_read_only};
use crate::{QueryError, statement};

/// What a statement gives and what it needs.
#[derive(Debug, Clone)]
pub struct Description {
    /// Columns of the result, as far as they are known before values are bound.
    pub columns: SchemaRef,
    /// Parameters in the order in which they are bound. A type is what the statement compares the
    /// parameter with, or text where nothing tells.
    pub parameters: SchemaRef,
}

impl Session {
    /// Describes a statement that reads, without running it. `values` are as in
    /// [`Session::query_bound`].
    ///
    /// # Errors
    /// The statement is wrong or changes something, its tables cannot be opened, or the values do
    /// not fit.
    pub async fn describe(
        &self,
        sql: &str,
        values: Option<&RecordBatch>,
    ) -> Result<Description, QueryError> {
        statement::check(sql)?;
        let sql = number(sql).map_err(|error| self.error(error, sql))?;
        let describing = async {
            let Planned { state, plan, .. } = self.plan(&sql).await?;
            check_read_only(&plan)?;
            let parameters = Placeholders::of(&plan)?;
            let asked = parameters.schema(&plan)?;
            let plan = match values {
                Some(values) => plan.with_param_values(parameters.values(values, 0)?)?,
                None => plan,
            };
            let is_bound = values.is_some() || parameters.is_empty();
            // The optimizer cannot work with types that are not known yet.
            let plan = if is_bound { state.optimize(&plan)? } else { plan };
            Ok(Description { columns: Arc::clone(plan.schema().inner()), parameters: asked })
        };
        describing.await.map_err(|error| self.error(error, &sql))
    }

    /// Runs a statement that reads, once for each row of `values` and on one snapshot; the answers
    /// follow each other as one, and limits hold for all together. `?` and `$1` take values by
    /// place, `$name` by the name of a column.
    ///
    /// # Errors
    /// As [`Session::describe`]; also when there is no row.
    pub async fn query_bound(&self, sql: &str, values: &RecordBatch) -> Result<Answer, QueryError> {
        statement::check(sql)?;
        let started = Instant::now();
        let sql = number(sql).map_err(|error| self.error(error, sql))?;
        let starting = async {
            let Planned { state, plan, log } = self.plan(&sql).await?;
            check_read_only(&plan)?;
            if values.num_rows() == 0 {
                let message = "no row of values is bound to the parameters".to_owned();
                return Err(DataFusionError::Plan(message));
            }
            let parameters = Placeholders::of(&plan)?;
            let first = parameters.values(values, 0)?;
            let (physical, stream) = start(&state, plan.clone(), first).await?;
            let stream = match values.num_rows() {
                1 => stream,
                _ => with_further_rows(stream, state, plan, parameters, values.clone()),
            };
            Ok(self.answer(&sql, started, stream, physical, log))
        };
        starting.await.map_err(|error| self.error(error, &sql))
    }
}

async fn start(
    state: &SessionState,
    plan: LogicalPlan,
    values: ParamValues,
) -> Result<(Arc<dyn ExecutionPlan>, SendableRecordBatchStream), DataFusionError> {
    let plan = plan.with_param_values(values)?;
    let plan = state.create_physical_plan(&plan).await?;
    let stream = execute_stream(Arc::clone(&plan), state.task_ctx())?;
    Ok((plan, stream))
}

/// The answer for the first row, and then those for the others, each started when it is its turn.
fn with_further_rows(
    first: SendableRecordBatchStream,
    state: SessionState,
    plan: LogicalPlan,
    parameters: Placeholders,
    values: RecordBatch,
) -> SendableRecordBatchStream {
    // A value that is null makes columns nullable that are not for other rows.
    let schema = nullable(&first.schema());
    let shared = Arc::new((state, plan, parameters, values));
    let further = futures::stream::iter(1..shared.3.num_rows()).then(move |row| {
        let shared = Arc::clone(&shared);
        async move {
            let (state, plan, parameters, values) = &*shared;
            let values = parameters.values(values, row)?;
            start(state, plan.clone(), values).await.map(|(_, stream)| stream)
        }
    });
    let columns = Arc::clone(&schema);
    let all = first
        .chain(further.try_flatten())
        .map(move |rows| Ok(RecordBatch::try_new(Arc::clone(&columns), rows?.columns().to_vec())?));
    Box::pin(RecordBatchStreamAdapter::new(schema, all))
}

fn nullable(schema: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| field.as_ref().clone().with_nullable(true);
    let fields: Vec<Field> = schema.fields().iter().map(field).collect();
    Arc::new(Schema::new(fields))
}
