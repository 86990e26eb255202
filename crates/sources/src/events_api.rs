//! `POST /api/v1/events`: JSON in any arrangement, CSV or plain lines, from anything that can send
//! HTTP.
//!
//! The body is read as a file of its type would be: JSON documents, lists, lines,
//! `{"Records":[…]}`. Labels come from the query string. What cannot be read goes to `rejects`; the
//! answer counts both.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headwater_access::{Access, Denial, Grant, Scope};
use headwater_event::{ErrorKind, Origin, Timestamp};
use serde_json::json;

use crate::envelope_batch::{EnvelopeBatch, EnvelopeBatchBuilder};
use crate::files::Format;
use crate::http::{BodyLimits, Parameters, Refused, peer_name, read_body, token};
use crate::intake::Intake;
use crate::memory_records;
use crate::once::{RequestName, Seen};

/// Label of this source in metrics.
const SOURCE: &str = "api";

/// The source. Its route belongs to the server's API, which describes it.
#[derive(Debug)]
pub struct EventsApi {
    intake: Intake,
    access: Access,
    body: BodyLimits,
}

impl IntoResponse for Refused {
    /// As all errors of the API: `{"error":{"kind":…,"message":…}}`.
    fn into_response(self) -> Response {
        let Self(status, message) = self;
        let kind = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorKind::Denied,
            StatusCode::CONFLICT => ErrorKind::Conflict,
            StatusCode::SERVICE_UNAVAILABLE => ErrorKind::Unavailable,
            status if status.is_server_error() => ErrorKind::Internal,
            _ => ErrorKind::Invalid,
        };
        let body = json!({"error": {"kind": kind.name(), "message": message}});
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let value = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }
}

impl EventsApi {
    /// A source that puts what the tokens allow into the intake.
    #[must_use]
    pub const fn new(intake: Intake, access: Access, body: BodyLimits) -> Self {
        Self { intake, access, body }
    }

    /// Answers `POST /api/v1/events`.
    pub async fn answer(&self, request: Request<Body>) -> Response {
        self.take(request).await.unwrap_or_else(IntoResponse::into_response)
    }

    async fn take(&self, request: Request<Body>) -> Result<Response, Refused> {
        let (parts, body) = request.into_parts();
        let now = self.intake.now();
        let grant = authorize(&self.access, &parts.headers, now)?;
        let parameters = Parameters::of(&parts.uri);
        let origin = parameters.origin(peer_name("api", &parts.extensions));
        check_origin(&grant, &origin)?;
        let claim = match self.look(&parts.headers, &grant)? {
            Some(Seen::Before(answer)) => return Ok(stored_answer(&answer)),
            Some(Seen::Now) => {
                let text = "another request with this Idempotency-Key is being taken";
                return Err(Refused(StatusCode::CONFLICT, text.to_owned()));
            }
            Some(Seen::Never(claim)) => Some(claim),
            None => None,
        };
        let format = format(&parts.headers);
        let (body, lease) =
            read_body(&parts.headers, body, &self.body, self.intake.memory()).await?;
        let read = move || read_records(body, format, &origin, now);
        let read = tokio::task::spawn_blocking(read).await;
        let (batch, faults) =
            read.map_err(|error| Refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        if batch.is_empty() {
            return Err(Refused(StatusCode::BAD_REQUEST, "the body holds no events".to_owned()));
        }
        let (events, rejects) = (batch.len() - faults.len(), faults.len());
        let reasons: Vec<String> = faults.into_iter().take(REASONS_MAX).collect();
        let status = if events == 0 { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        let answer = json!({"events": events, "rejects": rejects, "reasons": reasons});
        match claim {
            Some(claim) => {
                let kept = format!("{}{answer}", status.as_str()).into_bytes();
                self.intake.accept_named(SOURCE, batch, claim, kept).await?;
            }
            None => {
                self.intake.accept(SOURCE, batch).await?;
            }
        }
        drop(lease);
        Ok((status, Json(answer)).into_response())
    }

    /// What is known of the request's `Idempotency-Key`, when it has one.
    fn look(&self, headers: &HeaderMap, grant: &Grant) -> Result<Option<Seen>, Refused> {
        let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
        let key = key.as_bytes();
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            let text = format!("Idempotency-Key is empty or longer than {KEY_BYTES_MAX} bytes");
            return Err(Refused(StatusCode::BAD_REQUEST, text));
        }
        let name = RequestName::of(&[SOURCE.as_bytes(), grant.token.as_bytes(), key]);
        Ok(Some(self.intake.look(name)))
    }
}

/// Header that names a request; the name is the token's own.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Longest name.
const KEY_BYTES_MAX: usize = 255;

/// An answer that was kept: three digits of status, then JSON.
fn stored_answer(answer: &[u8]) -> Response {
    let (status, json) = answer.split_at_checked(3).unwrap_or_default();
    let status = StatusCode::from_bytes(status).unwrap_or(StatusCode::OK);
    let headers = [(header::CONTENT_TYPE, "application/json"), (REPLAYED, "true")];
    (status, headers, json.to_vec()).into_response()
}

/// Header of an answer that was given before.
const REPLAYED: header::HeaderName = header::HeaderName::from_static("idempotent-replayed");

/// Reasons that an answer names.
const REASONS_MAX: usize = 10;

fn authorize(access: &Access, headers: &HeaderMap, now: Timestamp) -> Result<Grant, Refused> {
    let missing = || {
        let text = "send a token: `Authorization: Bearer TOKEN`";
        Refused(StatusCode::UNAUTHORIZED, text.to_owned())
    };
    let token = token(headers).ok_or_else(missing)?;
    access.require(&token, Scope::Ingest, now).map_err(|denial| {
        let status = match denial {
            Denial::Unknown => StatusCode::UNAUTHORIZED,
            Denial::Disabled | Denial::Scope => StatusCode::FORBIDDEN,
        };
        Refused(status, denial.to_string())
    })
}

fn check_origin(grant: &Grant, origin: &Origin) -> Result<(), Refused> {
    if grant.allows_index(origin.index.as_deref()) && grant.allows_source(origin.source.as_deref())
    {
        return Ok(());
    }
    let text = "this token may not send for that source or index";
    Err(Refused(StatusCode::FORBIDDEN, text.to_owned()))
}

/// What the body is, by its content type.
fn format(headers: &HeaderMap) -> Format {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let value = value.unwrap_or_default().to_ascii_lowercase();
    match value.split(';').next().unwrap_or_default().trim() {
        "text/csv" => Format::Csv,
        "text/plain" => Format::Auto,
        _ => Format::Json,
    }
}

/// The records of a body, and the reasons of those that are none.
fn read_records(
    body: Vec<u8>,
    format: Format,
    origin: &Origin,
    now: Timestamp,
) -> (EnvelopeBatch, Vec<String>) {
    let mut batch = EnvelopeBatchBuilder::new(0, now);
    let mut faults = Vec::new();
    let content = memory_records::Content { bytes: body.into(), format };
    if let Err(error) = memory_records::push(content, origin, &mut batch, &mut faults) {
        faults.push(error.to_string());
    }
    (batch.finish(Vec::new()), faults)
}
