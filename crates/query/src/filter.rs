//! A condition on rows of `events` outside a query: on those that arrive, and on those of a file
//! that is read to be rewritten.

use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, prep_null_mask_filter};
use arrow::datatypes::SchemaRef;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{Cast, ColumnarValue, Expr};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::PhysicalExpr;
use headwater_event::schema::EVENTS;
use headwater_lake::{DataFile, Snapshot};

use crate::fresh::project;
use crate::prune::FileStatisticsView;
use crate::{QueryError, Session, dialect, statement};

/// A compiled condition.
#[derive(Debug)]
pub struct Filter {
    schema: SchemaRef,
    condition: Option<Arc<dyn PhysicalExpr>>,
}

impl Filter {
    /// Compiles a condition on the columns of `events`, with all functions of the session.
    ///
    /// # Errors
    /// The condition is wrong.
    pub async fn new(session: &Session, condition: Option<&str>) -> Result<Self, QueryError> {
        let schema = session.columns(EVENTS).await?;
        let Some(text) = condition else { return Ok(Self { schema, condition: None }) };
        statement::check(text)?;
        let failed = |error| QueryError::of(error, text, 0, &[]);
        let columns = DFSchema::try_from(Arc::clone(&schema)).map_err(failed)?;
        let context = session.context();
        let state = context.state();
        let expression = dialect::condition(&state, text)
            .and_then(|read| state.create_logical_expr_from_sql_expr(read, &columns))
            .map_err(failed)?;
        let boolean = arrow::datatypes::DataType::Boolean;
        let expression = Expr::Cast(Cast::new(Box::new(expression), boolean));
        let condition = context.create_physical_expr(expression, &columns).map_err(failed)?;
        Ok(Self { schema, condition: Some(condition) })
    }

    /// The rows that meet the condition, with all columns of `events`.
    ///
    /// # Errors
    /// The condition fails on a row.
    pub async fn apply(&self, rows: &RecordBatch) -> Result<RecordBatch, QueryError> {
        let rows = self.project(rows)?;
        let verdict = self.verdict(&rows)?;
        filter_record_batch(&rows, &verdict).map_err(|error| failed(error.into()))
    }

    /// Which rows meet the condition; never null.
    ///
    /// # Errors
    /// The condition fails on a row.
    pub fn matches(&self, rows: &RecordBatch) -> Result<BooleanArray, QueryError> {
        self.verdict(&self.project(rows)?)
    }

    /// The files of a snapshot that may hold rows that meet the condition, by what the log knows.
    ///
    /// # Errors
    /// The condition fails on a bound.
    pub fn files(&self, snapshot: &Snapshot) -> Result<Vec<Arc<DataFile>>, QueryError> {
        let all = snapshot.files();
        let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(&self.schema));
        let pruning =
            self.condition.as_ref().and_then(|one| builder.try_build(Arc::clone(one)).ok());
        let Some(pruning) = pruning.filter(|pruning| !pruning.always_true()) else {
            return Ok(all.to_vec());
        };
        let kept = pruning.prune(&FileStatisticsView::new(snapshot, &self.schema));
        let kept = kept.map_err(failed)?;
        Ok(all.iter().zip(kept).filter(|(_, kept)| *kept).map(|(file, _)| file.clone()).collect())
    }

    fn project(&self, rows: &RecordBatch) -> Result<RecordBatch, QueryError> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        project(rows, &self.schema, &all).map_err(|error| failed(error.into()))
    }

    fn verdict(&self, rows: &RecordBatch) -> Result<BooleanArray, QueryError> {
        let constant = |verdict: bool| BooleanArray::from(vec![verdict; rows.num_rows()]);
        let Some(condition) = &self.condition else { return Ok(constant(true)) };
        Ok(match condition.evaluate(rows).map_err(failed)? {
            ColumnarValue::Scalar(ScalarValue::Boolean(verdict)) => {
                constant(verdict.unwrap_or(false))
            }
            ColumnarValue::Scalar(_) => constant(false),
            ColumnarValue::Array(array) => match array.null_count() {
                0 => array.as_boolean().clone(),
                _ => prep_null_mask_filter(array.as_boolean()),
            },
        })
    }
}

fn failed(error: datafusion::common::DataFusionError) -> QueryError {
    QueryError::of(error, "", 0, &[])
}
