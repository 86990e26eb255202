//! Describing statements, and preparing them.

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::sql::ActionCreatePreparedStatementResult;
use arrow_flight::{IpcMessage, SchemaAsIpc};
use bytes::Bytes;
use headwater_query::Description;
use tokio::time::Instant;
use tonic::{Extensions, Status};
use uuid::Uuid;

use super::SQL_BYTES_MAX;
use super::asker::grant_of;
use super::plain::plain_schema;
use super::rows::begin_trace;
use super::service::FlightSql;
use super::statements::Statement;
use super::status::{status_of_query, unsendable};
use super::ticket::prepared_handle;
use crate::routes::Api;

/// Columns and parameters of a statement that is not run yet. One that is wrong leaves its entry in
/// the audit table; the others do when they run.
pub(super) async fn describe(
    api: &Api,
    extensions: &Extensions,
    sql: &str,
    values: Option<&RecordBatch>,
) -> Result<Description, Status> {
    if sql.len() > SQL_BYTES_MAX {
        let text = format!("the statement is longer than {SQL_BYTES_MAX} bytes");
        return Err(Status::resource_exhausted(text));
    }
    let grant = grant_of(extensions)?;
    let mut trace = begin_trace(api, grant, extensions, sql)?;
    match api.session_of(grant).describe(sql, values).await {
        Ok(Description { columns, parameters }) => {
            trace.discard();
            let (columns, parameters) = (plain_schema(&columns), plain_schema(&parameters));
            Ok(Description { columns, parameters })
        }
        Err(error) => {
            let status = status_of_query(error);
            trace.failed(&status.message());
            Err(status)
        }
    }
}

impl FlightSql {
    pub(super) async fn prepare(
        &self,
        extensions: &Extensions,
        sql: &str,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        let owner = grant_of(extensions)?.token;
        let Description { columns, parameters } =
            describe(&self.api, extensions, sql, None).await?;
        let (columns, parameters) = (encoded(&columns)?, encoded(&parameters)?);
        let id = self.statements.add(owner, sql, Instant::now())?;
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: prepared_handle(id),
            dataset_schema: columns,
            parameter_schema: parameters,
        })
    }

    /// A prepared statement of whoever asks.
    pub(super) fn prepared(&self, extensions: &Extensions, id: Uuid) -> Result<Statement, Status> {
        self.statements.find(grant_of(extensions)?.token, id, Instant::now())
    }

    pub(super) fn bind(
        &self,
        extensions: &Extensions,
        id: Uuid,
        values: RecordBatch,
    ) -> Result<(), Status> {
        self.statements.bind(grant_of(extensions)?.token, id, values, Instant::now())
    }

    pub(super) fn close(&self, extensions: &Extensions, id: Uuid) -> Result<(), Status> {
        self.statements.close(grant_of(extensions)?.token, id, Instant::now());
        Ok(())
    }

    /// The columns that a prepared statement gives with the values bound to it.
    pub(super) async fn columns_of_prepared(
        &self,
        extensions: &Extensions,
        id: Uuid,
    ) -> Result<SchemaRef, Status> {
        let Statement { sql, values } = self.prepared(extensions, id)?;
        let described = describe(&self.api, extensions, &sql, values.as_ref()).await?;
        let count = described.parameters.fields().len();
        if values.is_none() && count > 0 {
            let text = format!("the statement has {count} parameters: bind values to them");
            return Err(Status::invalid_argument(text));
        }
        Ok(described.columns)
    }
}

fn encoded(schema: &Schema) -> Result<Bytes, Status> {
    let options = IpcWriteOptions::default();
    let IpcMessage(bytes) = SchemaAsIpc::new(schema, &options).try_into().map_err(unsendable)?;
    Ok(bytes)
}
