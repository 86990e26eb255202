//! `GET /api/v1/tail?where=SQL`: events as they arrive, one JSON object per line.

use std::sync::Arc;

use arrow::array::RecordBatch;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::SinkExt as _;
use futures::channel::mpsc;
use headwater_access::Scope;
use headwater_ingest::HotBatch;
use headwater_query::{Filter, OutputFormat, ResultWriter};
use serde::Deserialize;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::error::{ApiError, ErrorAnswer};
use super::openapi::Denied;

/// Parts that wait for a slow client; while it does not read, events pass by.
const PARTS_WAITING_MAX: usize = 4;

/// Seconds between signs of life on a quiet stream: a blank line.
const QUIET_SECONDS_MAX: u64 = 15;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// Condition in SQL on the columns of `events`.
    #[serde(rename = "where")]
    condition: Option<String>,
}

pub(super) fn router() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(tail))
}

/// Follow events as they arrive
///
/// One JSON object per line, until the connection is closed; a blank line every 15 s is a sign of
/// life, and `{"missed_batches":N}` says that the client was too slow.
///
/// Scope: `query`.
#[utoipa::path(
    get,
    path = "/api/v1/tail",
    operation_id = "followEvents",
    tag = "events",
    security(("token" = [])),
    params(Wish),
    responses(
        (status = 200, description = "The events.", content(
            (HashMap<String, serde_json::Value> = "application/x-ndjson"))),
        (status = 400, description = "The condition is wrong.", body = ErrorAnswer),
        Denied,
    ),
)]
async fn tail(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Result<Response, ApiError> {
    api.authorize(&headers, Scope::Query)?;
    let Query(wish) = wish?;
    let arriving = api.hot.follow();
    let filter = Filter::new(&api.session, wish.condition.as_deref()).await?;
    let (sender, receiver) = mpsc::channel(PARTS_WAITING_MAX);
    tokio::spawn(follow(arriving, filter, sender));
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((headers, Body::from_stream(receiver)).into_response())
}

type Part = Result<Bytes, std::io::Error>;

/// Sends what arrives until the client or the data path is gone.
async fn follow(mut arriving: Receiver<HotBatch>, filter: Filter, mut parts: mpsc::Sender<Part>) {
    let quiet = std::time::Duration::from_secs(QUIET_SECONDS_MAX);
    loop {
        let part = match tokio::time::timeout(quiet, arriving.recv()).await {
            Ok(Ok(batch)) => lines(&filter, &batch.rows).await,
            Ok(Err(RecvError::Lagged(batches))) => {
                Ok(format!("{{\"missed_batches\":{batches}}}\n").into_bytes())
            }
            Ok(Err(RecvError::Closed)) => return,
            Err(_) => Ok(b"\n".to_vec()),
        };
        let part = match part {
            Ok(part) if part.is_empty() => continue,
            Ok(part) => Ok(part.into()),
            Err(error) => Err(std::io::Error::other(error)),
        };
        let is_last = part.is_err();
        if parts.send(part).await.is_err() || is_last {
            return;
        }
    }
}

async fn lines(
    filter: &Filter,
    rows: &RecordBatch,
) -> Result<Vec<u8>, headwater_query::QueryError> {
    let rows = filter.apply(rows).await?;
    let mut out = Vec::new();
    if rows.num_rows() > 0 {
        let mut writer =
            ResultWriter::new(&mut out, OutputFormat::JsonLines, &rows.schema(), None)?;
        writer.write(&rows)?;
        writer.finish()?;
    }
    Ok(out)
}
