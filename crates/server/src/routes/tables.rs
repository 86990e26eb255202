//! `GET /api/v1/tables`: the tables of the lake.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use headwater_access::Scope;
use headwater_query::{OCSF, Session};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::error::{ApiError, ErrorAnswer};
use super::openapi::Denied;

pub(super) fn router() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(tables))
}

/// The tables of the lake.
#[derive(Serialize, ToSchema)]
struct Tables {
    /// In the order of their names.
    tables: Vec<Table>,
    /// Views over `events`, in the order of their names: `observables`, and `ocsf.<class>` for each
    /// class of OCSF that occurs.
    views: Vec<View>,
}

/// A view that is always there.
#[derive(Serialize, ToSchema)]
struct View {
    /// Name in statements.
    name: String,
    /// Columns in order.
    columns: Vec<Column>,
}

/// One table, as its newest version is.
#[derive(Serialize, ToSchema)]
struct Table {
    /// Name in statements.
    name: String,
    /// Version of the Delta table.
    version: u64,
    /// Rows; `null` when a data file does not say how many it has.
    rows: Option<u64>,
    /// Data files.
    files: usize,
    /// Bytes of the data files.
    bytes: u64,
    /// URL of the table.
    location: String,
    /// Columns in order.
    columns: Vec<Column>,
}

/// A column.
#[derive(Serialize, ToSchema)]
struct Column {
    /// Name in statements.
    name: String,
    /// Arrow type.
    #[serde(rename = "type")]
    data_type: String,
}

/// List the tables
///
/// Rows that are not committed yet are not counted. Scope: `query`.
#[utoipa::path(
    get,
    path = "/api/v1/tables",
    operation_id = "listTables",
    tag = "tables",
    security(("token" = [])),
    responses(
        (status = 200, description = "The tables.", body = Tables),
        Denied,
        (status = 500, description = "A table is damaged.", body = ErrorAnswer),
        (status = 503, description = "The lake does not answer.", body = ErrorAnswer),
    ),
)]
async fn tables(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Json<Tables>, ApiError> {
    let grant = api.authorize(&headers, Scope::Query)?;
    let mut tables = Vec::new();
    for name in api.lake.tables().await? {
        tables.push(describe(&api, name).await?);
    }
    let views = views(api.session_of(&grant)).await?;
    Ok(Json(Tables { tables, views }))
}

async fn views(session: &Session) -> Result<Vec<View>, ApiError> {
    let mut views = Vec::new();
    for table in session.tables().await?.iter().filter(|table| table.schema == OCSF) {
        let columns = session.columns_of(table).await?.fields().iter().map(column).collect();
        views.push(View { name: table.full(), columns });
    }
    views.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(views)
}

fn column(field: &Arc<arrow::datatypes::Field>) -> Column {
    Column { name: field.name().clone(), data_type: field.data_type().to_string() }
}

async fn describe(api: &Api, name: String) -> Result<Table, ApiError> {
    let table = api.lake.table(&name)?;
    let snapshot = table.snapshot().await?;
    let fields = snapshot.schema().fields().iter();
    Ok(Table {
        name,
        version: snapshot.version(),
        rows: snapshot.rows(),
        files: snapshot.files().len(),
        bytes: snapshot.bytes(),
        location: table.url().to_string(),
        columns: fields.map(column).collect(),
    })
}
