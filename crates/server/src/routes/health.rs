//! `GET /health`: the process lives. `GET /ready`: it takes events.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::Api;

pub(super) fn router() -> Router<Arc<Api>> {
    Router::new().route("/health", get(health)).route("/ready", get(ready))
}

async fn health() -> Response {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")})).into_response()
}

async fn ready(State(api): State<Arc<Api>>) -> Response {
    let (status, text) = if api.intake.is_closed() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else if api.intake.is_full() {
        (StatusCode::SERVICE_UNAVAILABLE, "full")
    } else {
        (StatusCode::OK, "ready")
    };
    (status, Json(json!({"status": text}))).into_response()
}
