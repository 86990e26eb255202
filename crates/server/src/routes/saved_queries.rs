//! `/api/v1/queries`: statements that are kept under a name. Whoever may query may list and run all
//! of them and keep new ones; changing one is for its owner and for administrators.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use headwater_access::{Grant, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::error::{ApiError, ErrorAnswer};
use super::openapi::{Binary, BodyRefused, Denied, SavedQueryFailed, StatementFailed};
use super::query::{self, Parameters, Question};
use super::{Action, Trace};
use crate::saved_queries::{Changer, Owner, SavedQueries, SavedQuery, SavedQueryError};

pub(super) fn router() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, save, remove))
        .routes(routes!(run))
}

/// All saved queries.
#[derive(Serialize, ToSchema)]
struct SavedQueryList {
    /// In the order of their names.
    queries: Vec<SavedQuery>,
}

/// A statement to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewQuery {
    /// The statement, at most 256 KiB.
    sql: String,
    /// What it is for, at most 4 KiB.
    #[serde(default)]
    description: String,
}

/// How to run a saved query.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Run {
    /// Values for the statement.
    #[serde(default)]
    parameters: Parameters,
    /// As for `runQuery`.
    #[serde(default)]
    format: Option<String>,
}

/// List the saved queries
///
/// Scope: `query`.
#[utoipa::path(
    get,
    path = "/api/v1/queries",
    operation_id = "listSavedQueries",
    tag = "queries",
    security(("token" = [])),
    responses(
        (status = 200, description = "All of them.", body = SavedQueryList),
        Denied,
        (status = 500, description = "One is damaged.", body = ErrorAnswer),
        (status = 503, description = "The disk failed.", body = ErrorAnswer),
    ),
)]
async fn list(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
) -> Result<Json<SavedQueryList>, ApiError> {
    api.authorize(&headers, Scope::Query)?;
    let queries = with_files(&api, SavedQueries::list).await?;
    Ok(Json(SavedQueryList { queries }))
}

/// Show a saved query
///
/// Scope: `query`.
#[utoipa::path(
    get,
    path = "/api/v1/queries/{name}",
    operation_id = "showSavedQuery",
    tag = "queries",
    security(("token" = [])),
    params(("name" = String, Path, description = "Its name.")),
    responses(
        (status = 200, description = "The query.", body = SavedQuery),
        Denied,
        SavedQueryFailed,
    ),
)]
async fn show(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<SavedQuery>, ApiError> {
    api.authorize(&headers, Scope::Query)?;
    let Path(name) = name?;
    Ok(Json(with_files(&api, move |queries| queries.find(&name)).await?))
}

/// Keep a query under a name
///
/// The statement must be one that could be run now. A new query belongs to the token that made it;
/// only that token, or one with the scope `admin`, replaces it later. Changes are rows of the table
/// `audit`.
///
/// Scope: `query`.
#[utoipa::path(
    put,
    path = "/api/v1/queries/{name}",
    operation_id = "saveQuery",
    tag = "queries",
    security(("token" = [])),
    params(("name" = String, Path, min_length = 1, max_length = 64,
        pattern = "^[a-z0-9][a-z0-9_-]*$", description = "Its name.")),
    request_body(content = NewQuery, content_type = "application/json"),
    responses(
        (status = 200, description = "It replaced the one of this name.", body = SavedQuery),
        (status = 201, description = "It is new.", body = SavedQuery),
        (status = 400, description = "The name, the request or the statement is wrong.",
            body = ErrorAnswer),
        Denied,
        BodyRefused,
        (status = 409, description = "There are 1,000 already.", body = ErrorAnswer),
        (status = 500, description = "The one of this name is damaged.", body = ErrorAnswer),
        (status = 503, description = "The disk failed, or the lake does not answer.",
            body = ErrorAnswer),
    ),
)]
async fn save(
    State(api): State<Arc<Api>>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<(StatusCode, Json<SavedQuery>), ApiError> {
    let (parts, body) = request.into_parts();
    let grant = api.authorize(&parts.headers, Scope::Query)?;
    let Path(name) = name?;
    let NewQuery { sql, description } = query::read_json(&query::read_body(&api, body).await?)?;
    let changed = format!("{name}: {sql}");
    let mut trace = Trace::begin(&api, &grant, &parts.extensions, Action::SaveQuery, &changed)?;
    let saving = async {
        api.session_of(&grant).check(&sql).await?;
        let changer = changer(&grant);
        let (owner, updated) = (changer.token.clone(), api.intake.now().to_string());
        let query = SavedQuery { name, sql, description, owner, updated };
        with_files(&api, move |queries| queries.save(query, &changer)).await
    };
    let (query, is_new) = saving.await.inspect_err(|error| trace.failed(error))?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(query)))
}

/// Delete a saved query
///
/// Scope: `query` for its owner, `admin` for everybody else.
#[utoipa::path(
    delete,
    path = "/api/v1/queries/{name}",
    operation_id = "deleteSavedQuery",
    tag = "queries",
    security(("token" = [])),
    params(("name" = String, Path, description = "Its name.")),
    responses(
        (status = 204, description = "It is gone."),
        Denied,
        SavedQueryFailed,
    ),
)]
async fn remove(
    State(api): State<Arc<Api>>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let (parts, _) = request.into_parts();
    let grant = api.authorize(&parts.headers, Scope::Query)?;
    let Path(name) = name?;
    let mut trace = Trace::begin(&api, &grant, &parts.extensions, Action::DeleteQuery, &name)?;
    let changer = changer(&grant);
    let removed = with_files(&api, move |queries| queries.remove(&name, &changer)).await;
    removed.inspect_err(|error| trace.failed(error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Run a saved query
///
/// As `runQuery` with its statement: the same formats, limits, audit and way to stop it. The body
/// may be left out.
///
/// Scope: `query`.
#[utoipa::path(
    post,
    path = "/api/v1/queries/{name}/run",
    operation_id = "runSavedQuery",
    tag = "queries",
    security(("token" = [])),
    params(("name" = String, Path, description = "Its name.")),
    request_body(content = Option<Run>, content_type = "application/json"),
    responses(
        (status = 200, description = "The rows.",
            headers(("X-Query-Id" = String, description = "Id with which it can be stopped.")),
            content(
                (HashMap<String, serde_json::Value> = "application/x-ndjson"),
                (Vec<HashMap<String, serde_json::Value>> = "application/json"),
                (String = "text/csv"),
                (Binary = "application/vnd.apache.arrow.stream"),
                (Binary = "application/vnd.apache.parquet"),
                (String = "text/plain"),
            )),
        Denied,
        BodyRefused,
        StatementFailed,
        (status = 404, description = "There is none of this name.", body = ErrorAnswer),
        (status = 500, description = "The saved query or a table is damaged.", body = ErrorAnswer),
    ),
)]
async fn run(
    State(api): State<Arc<Api>>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let grant = api.authorize(&parts.headers, Scope::Query)?;
    let Path(name) = name?;
    let body = query::read_body(&api, body).await?;
    let Run { parameters, format } =
        if body.trim_ascii().is_empty() { Run::default() } else { query::read_json(&body)? };
    let SavedQuery { sql, .. } = with_files(&api, move |queries| queries.find(&name)).await?;
    query::answer(&api, &grant, &parts, Question { sql, parameters, format }).await
}

fn changer(grant: &Grant) -> Changer {
    let token = Owner { token: grant.token, name: grant.name.to_string() };
    Changer { token, is_admin: grant.has(Scope::Admin) }
}

/// Works with the files on a thread that may block.
async fn with_files<T: Send + 'static>(
    api: &Arc<Api>,
    work: impl FnOnce(&SavedQueries) -> Result<T, SavedQueryError> + Send + 'static,
) -> Result<T, ApiError> {
    let api = Arc::clone(api);
    let worked = tokio::task::spawn_blocking(move || work(&api.saved_queries)).await;
    let worked = worked.map_err(|error| {
        ApiError::of_kind(headwater_event::ErrorKind::Internal, error.to_string())
    })?;
    Ok(worked?)
}
