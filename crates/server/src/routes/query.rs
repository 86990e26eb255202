//! `POST /api/v1/query`: one SQL statement, its rows streamed. `DELETE /api/v1/query/{id}` stops
//! it; so does closing the connection.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::SinkExt as _;
use futures::channel::mpsc;
use headwater_access::{Grant, Scope};
use headwater_query::{Answer, OutputFormat, Parameter, QueryError, ResultWriter, Session};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::Api;
use super::error::{ApiError, ErrorAnswer};
use super::openapi::{Binary, BodyRefused, Denied, StatementFailed};
use super::{Action, Trace};

/// Longest request.
const REQUEST_BYTES_MAX: usize = 1 << 20;

/// Parts of an answer that wait for a slow client.
const PARTS_WAITING_MAX: usize = 4;

/// Header of the answer that names the query.
pub(crate) const QUERY_ID: &str = "x-query-id";

pub(super) fn router() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(query)).routes(routes!(cancel))
}

/// A statement and how to answer it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// The statement.
    pub(super) sql: String,
    /// Values for it.
    #[serde(default)]
    pub(super) parameters: Parameters,
    /// `jsonl`, `json`, `csv`, `arrow`, `parquet` or `table`; else what `Accept` asks for, else
    /// `jsonl`.
    #[serde(default)]
    pub(super) format: Option<String>,
}

/// Values for a statement. Text stays text: a value is never a part of the statement.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Parameters {
    /// Values for `$name` by name.
    Named(HashMap<String, Value>),
    /// Values for `$1`, `$2` in this order.
    Listed(Vec<Value>),
}

impl Default for Parameters {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl Parameters {
    fn bind(&self) -> Vec<(String, Parameter)> {
        let bound = |name: String, value: &Value| (name, Parameter::from_json(value));
        match self {
            Self::Named(values) => {
                let name = |name: &str| name.strip_prefix('$').unwrap_or(name).to_owned();
                values.iter().map(|(key, value)| bound(name(key), value)).collect()
            }
            Self::Listed(values) => {
                (1..).zip(values).map(|(number, value)| bound(number.to_string(), value)).collect()
            }
        }
    }
}

/// Queries that run now, by id.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunningQueries(Arc<Mutex<HashMap<Uuid, CancellationToken>>>);

impl RunningQueries {
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Begins a query under an id, or under a new one when that runs already.
    pub(crate) fn begin(&self, id: Uuid) -> RunningQuery {
        let cancelled = CancellationToken::new();
        let mut running = self.lock();
        let id = if running.contains_key(&id) { Uuid::new_v4() } else { id };
        running.insert(id, cancelled.clone());
        drop(running);
        RunningQuery { queries: self.clone(), id, cancelled }
    }

    /// Stops a query; whether it ran.
    pub(crate) fn cancel(&self, id: Uuid) -> bool {
        self.lock().get(&id).inspect(|cancelled| cancelled.cancel()).is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A query for as long as it runs.
#[derive(Debug)]
pub(crate) struct RunningQuery {
    queries: RunningQueries,
    pub(crate) id: Uuid,
    pub(crate) cancelled: CancellationToken,
}

impl Drop for RunningQuery {
    fn drop(&mut self) {
        self.queries.lock().remove(&self.id);
    }
}

/// Run a statement
///
/// Rows are sent as they are found; a query that fails half way breaks the connection. Only
/// statements that read are allowed. Each query is a row of the table `audit`.
///
/// Scope: `query`; the table `audit` needs `admin`.
#[utoipa::path(
    post,
    path = "/api/v1/query",
    operation_id = "runQuery",
    tag = "queries",
    security(("token" = [])),
    request_body(description = "At most 1 MiB.", content(
        (Question = "application/json"),
        (String = "text/plain"),
    )),
    responses(
        (status = 200, description = "The rows.",
            headers(("X-Query-Id" = String, description = "Id with which it can be stopped.")),
            content(
                (HashMap<String, Value> = "application/x-ndjson"),
                (Vec<HashMap<String, Value>> = "application/json"),
                (String = "text/csv"),
                (Binary = "application/vnd.apache.arrow.stream"),
                (Binary = "application/vnd.apache.parquet"),
                (String = "text/plain"),
            )),
        Denied,
        BodyRefused,
        StatementFailed,
        (status = 500, description = "A table is damaged.", body = ErrorAnswer),
    ),
)]
async fn query(State(api): State<Arc<Api>>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let grant = api.authorize(&parts.headers, Scope::Query)?;
    let question = read_question(&api, &parts.headers, body).await?;
    answer(&api, &grant, &parts, question).await
}

/// Runs a statement: its rows as they are found.
pub(super) async fn answer(
    api: &Api,
    grant: &Grant,
    parts: &Parts,
    question: Question,
) -> Result<Response, ApiError> {
    let format = format(&parts.headers, question.format.as_deref())?;
    let parameters = question.parameters.bind();
    let mut trace = Trace::begin(api, grant, &parts.extensions, Action::Query, &question.sql)?;
    api.wait_for_accepted().await;
    let running = api.running.begin(Uuid::new_v4());
    let id = running.id;
    let started =
        start(api.session_of(grant), &question.sql, &parameters, &running.cancelled).await;
    let (answer, first) = started.inspect_err(|error| trace.failed(error))?;
    let (sender, receiver) = mpsc::channel(PARTS_WAITING_MAX);
    tokio::spawn(stream(answer, first, format, sender, running, trace));
    let headers = [
        (header::CONTENT_TYPE, content_type(format).to_owned()),
        (HeaderName::from_static(QUERY_ID), id.to_string()),
    ];
    Ok((headers, Body::from_stream(receiver)).into_response())
}

/// Starts a statement and waits for its first rows, which decide the status: most errors show by
/// then.
async fn start(
    session: &Session,
    sql: &str,
    parameters: &[(String, Parameter)],
    cancelled: &CancellationToken,
) -> Result<(Answer, Option<RecordBatch>), ApiError> {
    let starting = async {
        let mut answer = session.query_with(sql, parameters).await?;
        let first = answer.next().await?;
        Ok((answer, first))
    };
    tokio::select! {
        () = cancelled.cancelled() => {
            Err(ApiError::new(StatusCode::CONFLICT, "conflict", "the query was cancelled"))
        }
        started = starting => started,
    }
}

/// Stop a query
///
/// Scope: `query`.
#[utoipa::path(
    delete,
    path = "/api/v1/query/{id}",
    operation_id = "stopQuery",
    tag = "queries",
    security(("token" = [])),
    params(("id" = String, Path, format = "uuid", description = "`X-Query-Id` of its answer.")),
    responses(
        (status = 204, description = "It stops."),
        (status = 400, description = "That is no id.", body = ErrorAnswer),
        Denied,
        (status = 404, description = "No such query is running.", body = ErrorAnswer),
    ),
)]
async fn cancel(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    api.authorize(&headers, Scope::Query)?;
    let Path(id) = id?;
    let id = id.parse::<Uuid>();
    let id = id.map_err(|error| ApiError::invalid(format!("not the id of a query: {error}")))?;
    if api.running.cancel(id) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(ApiError::new(StatusCode::NOT_FOUND, "not_found", format!("no query {id} is running")))
}

/// The whole body of a request.
pub(super) async fn read_body(api: &Api, body: Body) -> Result<Bytes, ApiError> {
    let time_max = api.request_time_max;
    let read = tokio::time::timeout(time_max, to_bytes(body, REQUEST_BYTES_MAX)).await;
    let read = read.map_err(|_| {
        let text = format!("the request did not arrive within {time_max:?}");
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "invalid", text)
    })?;
    read.map_err(|_| {
        let text = format!("the request is longer than {REQUEST_BYTES_MAX} bytes");
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid", text)
    })
}

/// A body that is JSON.
pub(super) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body)
        .map_err(|error| ApiError::invalid(format!("the request cannot be read: {error}")))
}

async fn read_question(api: &Api, headers: &HeaderMap, body: Body) -> Result<Question, ApiError> {
    let body = read_body(api, body).await?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = content_type.is_none_or(|name| name.contains("json") || name.contains("form"))
        && body.trim_ascii_start().starts_with(b"{");
    if is_json {
        return read_json(&body);
    }
    let sql = String::from_utf8(body.to_vec());
    let sql = sql.map_err(|_| ApiError::invalid("the statement is not UTF-8"))?;
    if sql.trim().is_empty() {
        return Err(ApiError::invalid("the request holds no SQL statement"));
    }
    Ok(Question { sql, parameters: Parameters::default(), format: None })
}

/// The format that the request names, or that its `Accept` header asks for.
fn format(headers: &HeaderMap, named: Option<&str>) -> Result<OutputFormat, ApiError> {
    if let Some(name) = named {
        return name.parse().map_err(ApiError::invalid);
    }
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let accept = accept.unwrap_or_default();
    let known = [OutputFormat::Arrow, OutputFormat::Csv, OutputFormat::Json, OutputFormat::Parquet];
    let asked = known.into_iter().find(|format| accept.starts_with(content_type(*format)));
    Ok(asked.unwrap_or(OutputFormat::JsonLines))
}

const fn content_type(format: OutputFormat) -> &'static str {
    match format {
        OutputFormat::Table => "text/plain; charset=utf-8",
        OutputFormat::Json => "application/json",
        OutputFormat::JsonLines => "application/x-ndjson",
        OutputFormat::Csv => "text/csv",
        OutputFormat::Arrow => "application/vnd.apache.arrow.stream",
        OutputFormat::Parquet => "application/vnd.apache.parquet",
    }
}

type Part = Result<Bytes, io::Error>;

/// Sends the rows; the connection breaks when the query fails half way, so that no client takes a
/// part for the whole.
async fn stream(
    mut answer: Answer,
    first: Option<RecordBatch>,
    format: OutputFormat,
    mut parts: mpsc::Sender<Part>,
    running: RunningQuery,
    mut trace: Trace,
) {
    let sent = tokio::select! {
        () = running.cancelled.cancelled() => {
            trace.cancelled();
            Err(io::Error::other("cancelled"))
        }
        sent = send(&mut answer, first, format, &mut parts, &mut trace) => {
            sent.inspect_err(|error| trace.failed(error))
        }
    };
    if let Err(error) = sent {
        tracing::info!(id = %running.id, %error, "a query ended early");
        // The client may be gone already.
        let _ = parts.send(Err(error)).await;
    }
}

async fn send(
    answer: &mut Answer,
    first: Option<RecordBatch>,
    format: OutputFormat,
    parts: &mut mpsc::Sender<Part>,
    trace: &mut Trace,
) -> Result<(), io::Error> {
    let gone = |_| io::Error::other("the client is gone");
    let failed = |error: QueryError| io::Error::other(error);
    let buffer = SharedBuffer::default();
    let schema = answer.schema();
    let mut writer = ResultWriter::new(buffer.clone(), format, &schema, None).map_err(failed)?;
    let mut next = first;
    while let Some(rows) = next {
        trace.add_rows(rows.num_rows());
        writer.write(&rows).map_err(failed)?;
        let bytes = buffer.take();
        if !bytes.is_empty() {
            parts.send(Ok(bytes)).await.map_err(gone)?;
        }
        next = answer.next().await.map_err(failed)?;
    }
    writer.finish().map_err(failed)?;
    parts.send(Ok(buffer.take())).await.map_err(gone)
}

/// What the writer wrote and the client has not been sent.
#[derive(Debug, Clone, Default)]
struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl SharedBuffer {
    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
