//! `POST /api/v1/events`: the route of the source that takes events over plain HTTP.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::error::ErrorAnswer;
use super::openapi::{BodyRefused, Denied};

pub(super) fn router() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(events))
}

/// What became of a body; the source writes it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its description is used")]
struct EventsAnswer {
    /// Events that are durable now.
    events: usize,
    /// Records that went to the table `rejects`.
    rejects: usize,
    /// Why, for the first ten of them.
    reasons: Vec<String>,
}

/// Why nothing became an event.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its description is used")]
enum NoEvents {
    /// Every record went to `rejects`, where it is durable.
    Rejected(EventsAnswer),
    /// Nothing was taken.
    Refused(ErrorAnswer),
}

/// Send events
///
/// The body is read as a file of its type would be: JSON documents one behind the other, lists,
/// lines, `{"Records":[…]}`; CSV with a header; plain lines. What cannot be read goes to the table
/// `rejects`. The answer comes once everything is durable.
///
/// Scope: `ingest`, for the index and the source of the request.
#[utoipa::path(
    post,
    path = "/api/v1/events",
    operation_id = "sendEvents",
    tag = "events",
    security(("token" = [])),
    params(
        ("source" = Option<String>, Query, description = "Where the events come from."),
        ("host" = Option<String>, Query, description = "Machine of the events."),
        ("sourcetype" = Option<String>, Query, description = "Kind of the events."),
        ("index" = Option<String>, Query, description = "Index of the events."),
        ("Idempotency-Key" = Option<String>, Header, max_length = 255,
            description = "Names the request among those of the token: sent again, it gets the \
                           first answer again and nothing is stored."),
        ("Content-Encoding" = Option<String>, Header,
            description = "`gzip`, `deflate`, `zstd` or `identity`."),
    ),
    request_body(content(
        (serde_json::Value = "application/json"),
        (String = "application/x-ndjson"),
        (String = "text/csv"),
        (String = "text/plain"),
    )),
    responses(
        (status = 200, description = "Taken.", body = EventsAnswer, headers(
            ("Idempotent-Replayed" = Option<String>,
                description = "`true` when this is the answer to an earlier request."))),
        (status = 400, description = "There was no event in it.", body = NoEvents),
        Denied,
        BodyRefused,
        (status = 409, description = "A request with the same key is being taken right now.",
            body = ErrorAnswer),
        (status = 415, description = "The content encoding is not known.", body = ErrorAnswer),
        (status = 500, description = "The disk failed.", body = ErrorAnswer),
        (status = 503, description = "There is no room now; send it again later.",
            body = ErrorAnswer),
    ),
)]
async fn events(State(api): State<Arc<Api>>, request: Request) -> Response {
    api.events.answer(request).await
}
