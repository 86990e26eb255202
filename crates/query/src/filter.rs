//! A condition on rows of `events` that are not in a table, for following what arrives.

use std::sync::Arc;

use arrow::array::{AsArray as _, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{Cast, Expr};
use datafusion::physical_plan::PhysicalExpr;
use headwater_event::schema::EVENTS;

use crate::fresh::project;
use crate::{QueryError, Session, statement};

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
        let expression = context.parse_sql_expr(text, &columns).map_err(failed)?;
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
        let failed = |error| QueryError::of(error, "", 0, &[]);
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let rows = project(rows, &self.schema, &all).map_err(|error| failed(error.into()))?;
        let Some(condition) = &self.condition else { return Ok(rows) };
        let verdict = condition.evaluate(&rows).map_err(failed)?;
        let verdict = match verdict {
            datafusion::logical_expr::ColumnarValue::Scalar(ScalarValue::Boolean(Some(true))) => {
                return Ok(rows);
            }
            datafusion::logical_expr::ColumnarValue::Scalar(_) => return Ok(rows.slice(0, 0)),
            datafusion::logical_expr::ColumnarValue::Array(array) => array,
        };
        let kept = filter_record_batch(&rows, verdict.as_boolean());
        kept.map_err(|error| failed(error.into()))
    }
}
