//! `GET /api/v1/tables`: the tables of the lake.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use headwater_access::Scope;
use serde_json::{Value, json};

use super::Api;
use super::error::ApiError;

pub(super) fn router() -> Router<Arc<Api>> {
    Router::new().route("/api/v1/tables", get(tables))
}

async fn tables(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, ApiError> {
    api.authorize(&headers, Scope::Query)?;
    let mut tables = Vec::new();
    for name in api.lake.tables().await? {
        tables.push(describe(&api, &name).await?);
    }
    Ok(Json(json!({"tables": tables})).into_response())
}

async fn describe(api: &Api, name: &str) -> Result<Value, ApiError> {
    let table = api.lake.table(name)?;
    let snapshot = table.snapshot().await?;
    let columns: Vec<Value> = snapshot
        .schema()
        .fields()
        .iter()
        .map(|field| json!({"name": field.name(), "type": field.data_type().to_string()}))
        .collect();
    Ok(json!({
        "name": name,
        "version": snapshot.version(),
        "rows": snapshot.rows(),
        "files": snapshot.files().len(),
        "bytes": snapshot.bytes(),
        "location": table.url(),
        "columns": columns,
    }))
}
