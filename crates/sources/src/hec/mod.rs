//! Splunk HTTP Event Collector, as its clients speak it (Splunk documentation, "HTTP Event
//! Collector endpoints" and "Format events for HTTP Event Collector").
//!
//! A success is answered once the events are durable; with a channel the answer has an `ackId`,
//! which `/services/collector/ack` reports as true once they are in the table. A request with a bad
//! event ends there: the events before it are taken, it goes to `rejects`, and the answer names it.

mod ack;
mod answer;
mod envelope;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod raw;
mod request;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use headwater_access::{Access, Grant};
use headwater_event::{Origin, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use self::ack::Acknowledgements;
pub use self::answer::Code;
use self::envelope::{Fault, Problem, Surroundings, read_events};
use self::request::{authorize, channel, health_token, time_of};
use crate::envelope_batch::{EnvelopeBatch, EnvelopeBatchBuilder};
use crate::http::{BodyFault, BodyLimits, Parameters, aside, peer_name, read_body};
use crate::intake::{Intake, Lease, Refusal};

/// When answers carry an `ackId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AckMode {
    /// Never; `/services/collector/ack` answers 14.
    Off,
    /// When the request names a channel.
    #[default]
    Optional,
    /// Always; a request without a channel is refused with 10.
    Required,
}

/// Settings of the source.
#[derive(Debug, Clone, Default)]
pub struct HecOptions {
    /// When answers carry an `ackId`.
    pub ack: AckMode,
    /// Whether `?token=` is accepted.
    pub query_string_token: bool,
    /// Limits of request bodies.
    pub body: BodyLimits,
}

/// Label of this source in metrics.
const SOURCE: &str = "hec";

#[derive(Debug)]
struct HecSource {
    intake: Intake,
    access: Access,
    options: HecOptions,
}

type Shared = State<Arc<HecSource>>;

/// The routes of the source.
pub fn router(intake: Intake, access: Access, options: HecOptions) -> Router {
    let routes = [
        ("/services/collector", post(events)),
        ("/services/collector/event", post(events)),
        ("/services/collector/event/1.0", post(events)),
        ("/services/collector/raw", post(raw_lines)),
        ("/services/collector/raw/1.0", post(raw_lines)),
        ("/services/collector/ack", post(acknowledge)),
        ("/services/collector/ack/1.0", post(acknowledge)),
        ("/services/collector/health", get(health)),
        ("/services/collector/health/1.0", get(health)),
        ("/services/receivers/simple", post(simple)),
    ];
    let mut router = Router::new();
    for (path, route) in routes {
        router = router.route(path, route.clone()).route(&format!("{path}/"), route);
    }
    router
        .method_not_allowed_fallback(|| async {
            answer::plain(
                StatusCode::METHOD_NOT_ALLOWED,
                "The requested method is not allowed for this URL.",
            )
        })
        .fallback(|| async {
            answer::plain(StatusCode::NOT_FOUND, "The requested URL was not found on this server.")
        })
        .with_state(Arc::new(HecSource { intake, access, options }))
}

async fn events(State(source): Shared, request: Request) -> Response {
    collect(source, request, Kind::Events).await.unwrap_or_else(IntoResponse::into_response)
}

async fn raw_lines(State(source): Shared, request: Request) -> Response {
    collect(source, request, Kind::Raw).await.unwrap_or_else(IntoResponse::into_response)
}

async fn acknowledge(State(source): Shared, request: Request) -> Response {
    source.acknowledge(request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn simple(State(source): Shared, request: Request) -> Response {
    source.simple(request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn health(State(source): Shared, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let parameters = Parameters::of(&parts.uri);
    let checked = health_token(&parts.headers, &parameters)
        .map_or(Ok(()), |token| source.access.grant(&token, source.intake.now()).map(drop));
    let code = match checked {
        Err(headwater_access::Denial::Disabled) => Code::HEALTH_TOKEN_DISABLED,
        Err(_) => Code::HEALTH_INVALID_TOKEN,
        Ok(()) if source.intake.is_closed() => Code::SHUTTING_DOWN,
        Ok(()) if source.intake.is_full() => Code::UNHEALTHY_QUEUES,
        Ok(()) => Code::HEALTHY,
    };
    code.answer()
}

/// What a request's body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Events,
    Raw,
}

/// A request that ends here.
enum Refused {
    Code(Code),
    Event(Code, usize),
    Http(StatusCode, String),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Code(code) => code.answer(),
            Self::Event(code, number) => code.answer_for_event(number),
            Self::Http(status, text) => answer::plain(status, &text),
        }
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        Self::Code(code)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Busy(_) => Self::Code(Code::BUSY),
            Refusal::Closing => Self::Code(Code::SHUTTING_DOWN),
            Refusal::Failed(_) => Self::Code(Code::INTERNAL),
            Refusal::TooLarge(text) => Self::Http(StatusCode::PAYLOAD_TOO_LARGE, text),
        }
    }
}

impl From<BodyFault> for Refused {
    fn from(fault: BodyFault) -> Self {
        let status = match fault {
            BodyFault::Refused(refusal) => return refusal.into(),
            BodyFault::Damaged(_) | BodyFault::Broken(_) => return Code::INVALID_DATA.into(),
            BodyFault::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            BodyFault::Encoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            BodyFault::Slow(_) => StatusCode::REQUEST_TIMEOUT,
        };
        Self::Http(status, fault.to_string())
    }
}

async fn collect(
    source: Arc<HecSource>,
    request: Request,
    kind: Kind,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let parameters = Parameters::of(&parts.uri);
    let (options, intake) = (&source.options, source.intake.clone());
    let now = intake.now();
    let grant = authorize(&source.access, &parts.headers, &parameters, options, now)?;
    let channel = channel(&parameters, &parts.headers)?;
    if channel.is_none() && options.ack == AckMode::Required {
        return Err(Code::CHANNEL_MISSING.into());
    }
    let ack = channel.filter(|_| options.ack != AckMode::Off);
    let around = Around {
        defaults: parameters.origin(peer_name(SOURCE, &parts.extensions)),
        parameters,
        grant,
        now,
    };
    let (body, lease) = read_body(&parts.headers, body, &options.body, intake.memory()).await?;
    let Taken { batch, fault, lease } =
        aside(body.len(), move || take(body, kind, &around, lease)).await??;
    let stored = intake.accept(SOURCE, batch).await;
    // The memory is in use until the events are stored.
    drop(lease);
    let entry = stored?;
    if let Some(fault) = fault {
        return Err(Refused::Event(fault.code, fault.number));
    }
    let ack = ack
        .and_then(|channel| Some(Acknowledgements::new(intake.journal_id()?, channel).id(entry)));
    Ok(Code::SUCCESS.answer_with_ack(ack))
}

/// What holds for all events of a request.
struct Around {
    defaults: Origin,
    parameters: Parameters,
    grant: Grant,
    now: Timestamp,
}

/// The events of a body, the fault that ends them, and the memory of both.
struct Taken {
    batch: EnvelopeBatch,
    fault: Option<Fault>,
    lease: Lease,
}

/// Reads a body.
fn take(body: Vec<u8>, kind: Kind, around: &Around, mut lease: Lease) -> Result<Taken, Refused> {
    let Around { defaults, parameters, grant, now } = around;
    let mut batch = EnvelopeBatchBuilder::new(body.len(), *now);
    let allows = |origin: &Origin| check_origin(grant, origin);
    let fault = match kind {
        Kind::Events => {
            read_events(&body, &Surroundings { defaults, allows: &allows }, &mut batch).err()
        }
        Kind::Raw => {
            allows(defaults).map_err(|(code, _)| code)?;
            raw::read_lines(&body, defaults, time_of(parameters, *now)?, &mut batch);
            None
        }
    };
    if let Some(fault) = &fault {
        let origin = batch.origin(defaults);
        batch.fault(origin, fault.range.clone(), fault.reason.as_str());
    }
    if batch.is_empty() {
        return Err(Code::NO_DATA.into());
    }
    lease.grow(batch.memory_bytes())?;
    Ok(Taken { batch: batch.finish(body), fault, lease })
}

impl HecSource {
    async fn acknowledge(&self, request: Request) -> Result<Response, Refused> {
        let (parts, body) = request.into_parts();
        let parameters = Parameters::of(&parts.uri);
        let now = self.intake.now();
        authorize(&self.access, &parts.headers, &parameters, &self.options, now)?;
        if self.options.ack == AckMode::Off {
            return Err(Code::ACK_DISABLED.into());
        }
        let channel = channel(&parameters, &parts.headers)?.ok_or(Code::CHANNEL_MISSING)?;
        let (body, _lease) =
            read_body(&parts.headers, body, &self.options.body, self.intake.memory()).await?;
        let journal = self.intake.journal_id().ok_or(Code::SHUTTING_DOWN)?;
        let asked = asked_ids(&body).ok_or(Code::INVALID_DATA)?;
        Ok(Json(json!({"acks": self.acknowledged(journal, channel, &asked)})).into_response())
    }

    fn acknowledged(&self, journal: Uuid, channel: Uuid, ids: &[u64]) -> BTreeMap<String, bool> {
        let acks = Acknowledgements::new(journal, channel);
        let committed = self.intake.committed();
        let told = |id: &u64| (id.to_string(), acks.is_committed(*id, committed));
        ids.iter().map(told).collect()
    }

    /// `/services/receivers/simple`: the body is one event, whatever it holds.
    async fn simple(&self, request: Request<Body>) -> Result<Response, Refused> {
        let (parts, body) = request.into_parts();
        let parameters = Parameters::of(&parts.uri);
        let now = self.intake.now();
        let grant = request::authorize_management(&self.access, &parts.headers, now)?;
        let defaults = parameters.origin(peer_name(SOURCE, &parts.extensions));
        check_origin(&grant, &defaults).map_err(|(code, _)| code)?;
        let (body, lease) =
            read_body(&parts.headers, body, &self.options.body, self.intake.memory()).await?;
        if body.trim_ascii().is_empty() {
            return Err(Code::NO_DATA.into());
        }
        let bytes = body.len();
        let mut batch = EnvelopeBatchBuilder::new(bytes, now);
        raw::read_one(&body, &defaults, &mut batch);
        self.intake.accept(SOURCE, batch.finish(body)).await?;
        drop(lease);
        Ok(raw::simple_answer(&defaults, bytes))
    }
}

fn check_origin(grant: &Grant, origin: &Origin) -> Result<(), Problem> {
    if !grant.allows_index(origin.index.as_deref()) {
        let index = origin.index.as_deref().unwrap_or("(none)");
        return Err((Code::INCORRECT_INDEX, format!("index {index} is not for this token")));
    }
    if !grant.allows_source(origin.source.as_deref()) {
        let source = origin.source.as_deref().unwrap_or("(none)");
        return Err((Code::INVALID_TOKEN, format!("source {source} is not for this token")));
    }
    Ok(())
}

/// Most ids that one request may ask for.
const ACKS_MAX: usize = 1_000_000;

/// `{"acks":[1,2]}`
fn asked_ids(body: &[u8]) -> Option<Vec<u64>> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let ids = value.get("acks")?.as_array()?;
    if ids.len() > ACKS_MAX {
        return None;
    }
    ids.iter().map(Value::as_u64).collect()
}
