//! `GET /health`: the process lives. `GET /ready`: it takes events.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;

pub(super) fn router() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(ready))
}

/// A sign of life.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`
    status: &'static str,
    /// Version of Headwater.
    version: &'static str,
}

/// Whether events are taken.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// `ready`, `full` (the journal or the memory for requests) or `stopping`.
    status: &'static str,
}

/// Whether the process lives
#[utoipa::path(
    get,
    path = "/health",
    tag = "operation",
    responses((status = 200, description = "It does.", body = Health)),
)]
async fn health() -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// Whether the server takes events
#[utoipa::path(
    get,
    path = "/ready",
    tag = "operation",
    responses(
        (status = 200, description = "It does.", body = Readiness),
        (status = 503, description = "Senders that can should send elsewhere.", body = Readiness),
    ),
)]
async fn ready(State(api): State<Arc<Api>>) -> (StatusCode, Json<Readiness>) {
    let (code, status) = if api.intake.is_closed() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else if api.intake.is_full() {
        (StatusCode::SERVICE_UNAVAILABLE, "full")
    } else {
        (StatusCode::OK, "ready")
    };
    (code, Json(Readiness { status }))
}
