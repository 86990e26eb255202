//! The API: one file per resource.

mod error;
mod events;
mod health;
mod metrics;
mod openapi;
mod query;
mod saved_queries;
mod tables;
mod tail;
mod trace;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use headwater_access::{Access, Denial, Grant, Scope};
use headwater_ingest::HotRows;
use headwater_lake::Lake;
use headwater_query::Session;
use headwater_sources::Intake;
use headwater_sources::events_api::EventsApi;
use headwater_sources::http::token;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::error::ApiError;
pub(crate) use self::query::{QUERY_ID, RunningQueries, RunningQuery};
pub(crate) use self::trace::{Action, Trace};
use crate::audit::Audit;
use crate::saved_queries::SavedQueries;

/// What the routes work with.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) intake: Intake,
    pub(crate) events: EventsApi,
    pub(crate) access: Access,
    pub(crate) lake: Lake,
    /// For everybody: without the audit table.
    pub(crate) session: Arc<Session>,
    /// For tokens with the scope `admin`.
    pub(crate) admin_session: Arc<Session>,
    pub(crate) audit: Audit,
    pub(crate) hot: HotRows,
    /// The rows of journal entries below this number can be queried.
    pub(crate) processed: watch::Receiver<u64>,
    pub(crate) prometheus: PrometheusHandle,
    pub(crate) running: RunningQueries,
    /// Longest time for a request to arrive.
    pub(crate) request_time_max: Duration,
    pub(crate) saved_queries: SavedQueries,
}

/// All routes of the API, with their description.
fn routes() -> OpenApiRouter<Arc<Api>> {
    let resources = [
        events::router(),
        tail::router(),
        query::router(),
        saved_queries::router(),
        tables::router(),
        health::router(),
        metrics::router(),
        openapi::router(),
    ];
    resources.into_iter().fold(openapi::empty(), OpenApiRouter::merge)
}

/// All routes of the API.
pub(crate) fn router(api: Arc<Api>) -> Router {
    Router::from(routes()).with_state(api)
}

/// The description of the API.
pub(crate) fn document() -> OpenApi {
    routes().into_openapi()
}

/// Longest wait of a query for what was acknowledged before it.
const ACCEPTED_WAIT_MAX: Duration = Duration::from_secs(1);

impl Api {
    /// Waits until what was acknowledged by now can be queried: whoever was told that an event
    /// arrived finds it. Under load the wait ends without it.
    pub(crate) async fn wait_for_accepted(&self) {
        let accepted = self.intake.accepted();
        let mut processed = self.processed.clone();
        let caught_up = processed.wait_for(|processed| *processed >= accepted);
        if tokio::time::timeout(ACCEPTED_WAIT_MAX, caught_up).await.is_err() {
            tracing::debug!("a query did not wait for what was accepted last");
        }
    }

    /// What whoever asks may see.
    pub(crate) fn session_of(&self, grant: &Grant) -> &Arc<Session> {
        if grant.has(Scope::Admin) { &self.admin_session } else { &self.session }
    }

    /// Who asks, when it may.
    pub(crate) fn authorize(&self, headers: &HeaderMap, scope: Scope) -> Result<Grant, ApiError> {
        let missing = || {
            let text = "send a token: `Authorization: Bearer TOKEN`";
            ApiError::new(StatusCode::UNAUTHORIZED, "denied", text)
        };
        let token = token(headers).ok_or_else(missing)?;
        self.access.require(&token, scope, self.intake.now()).map_err(|denial| {
            let status = match denial {
                Denial::Unknown => StatusCode::UNAUTHORIZED,
                Denial::Disabled | Denial::Scope => StatusCode::FORBIDDEN,
            };
            let text = match denial {
                Denial::Scope => format!("this token lacks the scope `{}`", scope.name()),
                denial => denial.to_string(),
            };
            ApiError::new(status, "denied", text)
        })
    }
}
