//! `GET /metrics`: counters and gauges in Prometheus' text form.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use metrics::gauge;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;

pub(super) fn router() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(metrics))
}

/// Counters and gauges for Prometheus
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    responses((status = 200, description = "The text form, version 0.0.4.", body = String,
        content_type = "text/plain")),
)]
async fn metrics(State(api): State<Arc<Api>>) -> Response {
    // Gauges that nobody else keeps; numbers this size are exact as floating point.
    gauge!("headwater_journal_bytes").set(api.intake.journal_bytes() as f64);
    gauge!("headwater_request_memory_bytes").set(api.intake.memory().used() as f64);
    gauge!("headwater_uncommitted_rows").set(uncommitted(&api) as f64);
    gauge!("headwater_running_queries").set(api.running.len() as f64);
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (content_type, api.prometheus.render()).into_response()
}

fn uncommitted(api: &Api) -> usize {
    api.hot.batches().iter().map(|batch| batch.rows.num_rows()).sum()
}
