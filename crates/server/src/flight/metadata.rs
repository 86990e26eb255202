//! What there is: catalogs, schemas, tables, types of tables, and keys, of which there are none.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::error::FlightError;
use arrow_flight::sql::{
    CommandGetCatalogs, CommandGetDbSchemas, CommandGetTableTypes, CommandGetTables,
};
use headwater_query::{CATALOG, Session};
use tonic::Status;

use super::plain::plain_schema;
use super::status::status_of_query;

/// The types of tables.
const TABLE: &str = "TABLE";
const VIEW: &str = "VIEW";

pub(super) fn catalogs(command: CommandGetCatalogs) -> Result<RecordBatch, FlightError> {
    let mut builder = command.into_builder();
    builder.append(CATALOG);
    builder.build()
}

pub(super) fn schemas(
    command: CommandGetDbSchemas,
    session: &Session,
) -> Result<RecordBatch, FlightError> {
    let mut builder = command.into_builder();
    for schema in session.schema_names() {
        builder.append(CATALOG, schema);
    }
    builder.build()
}

pub(super) fn table_types(command: CommandGetTableTypes) -> Result<RecordBatch, FlightError> {
    let mut builder = command.into_builder();
    builder.append(TABLE);
    builder.append(VIEW);
    builder.build()
}

/// The tables and views, under every name of their schema, with their columns when these are asked
/// for.
pub(super) async fn tables(
    command: CommandGetTables,
    session: &Session,
) -> Result<RecordBatch, Status> {
    let with_columns = command.include_schema;
    let mut builder = command.into_builder();
    for table in session.tables().await.map_err(status_of_query)? {
        let columns = match with_columns {
            true => session.columns_of(&table).await.map_err(status_of_query)?,
            false => Arc::new(Schema::empty()),
        };
        let columns = plain_schema(&columns);
        let kind = if table.is_view { VIEW } else { TABLE };
        builder
            .append(CATALOG, &table.schema, &table.name, kind, &columns)
            .map_err(Status::from)?;
    }
    Ok(builder.build()?)
}

/// Columns of an answer about primary keys (FlightSql.proto, `CommandGetPrimaryKeys`).
pub(super) fn primary_keys_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("catalog_name", true),
        text("db_schema_name", true),
        text("table_name", false),
        text("column_name", false),
        text("key_name", true),
        Field::new("key_sequence", DataType::Int32, false),
    ]))
}

/// Columns of an answer about foreign keys (FlightSql.proto, `CommandGetImportedKeys`,
/// `CommandGetExportedKeys` and `CommandGetCrossReference`).
pub(super) fn foreign_keys_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("pk_catalog_name", true),
        text("pk_db_schema_name", true),
        text("pk_table_name", false),
        text("pk_column_name", false),
        text("fk_catalog_name", true),
        text("fk_db_schema_name", true),
        text("fk_table_name", false),
        text("fk_column_name", false),
        Field::new("key_sequence", DataType::Int32, false),
        text("fk_key_name", true),
        text("pk_key_name", true),
        Field::new("update_rule", DataType::UInt8, false),
        Field::new("delete_rule", DataType::UInt8, false),
    ]))
}

fn text(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Utf8, nullable)
}
