//! Elasticsearch and OpenSearch, as far as shippers speak it: bulk requests, single documents, and
//! what they ask before they send (Elasticsearch reference, "Document APIs").
//!
//! A document is answered as created once it is durable. One that cannot be stored gets its own
//! error and goes to `rejects`; the others of its request are taken. A request whose actions cannot
//! be told apart is refused as a whole and nothing of it is kept.

mod actions;
mod answer;
mod document;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod handshake;
mod route;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use headwater_access::{Access, Denial, Grant, Scope};
use headwater_event::{Origin, Timestamp};
use uuid::Uuid;

use self::actions::{Action, Malformed, Verb, read_actions};
use self::answer::{Answer, Items, Refused, Target, created};
use self::route::Route;
use crate::envelope_batch::{EnvelopeBatch, EnvelopeBatchBuilder, OriginId};
use crate::http::{BodyFault, BodyLimits, Credentials, aside, credentials, peer_name, read_body};
use crate::intake::{Intake, Lease, Refusal};

/// Settings of the source.
#[derive(Debug, Clone)]
pub struct ElasticOptions {
    /// Version that clients are told; theirs decides what they send, not this.
    pub version: String,
    /// Most actions of one bulk request: the answer has a result for each of them.
    pub actions_max: usize,
    /// Limits of request bodies.
    pub body: BodyLimits,
}

impl Default for ElasticOptions {
    fn default() -> Self {
        let body = BodyLimits::default();
        Self { version: "8.19.0".to_owned(), actions_max: 200_000, body }
    }
}

/// Label of this source in metrics.
const SOURCE: &str = "elastic";

/// Longest name of an index, in bytes.
const INDEX_BYTES_MAX: usize = 255;

#[derive(Debug)]
struct ElasticSource {
    intake: Intake,
    access: Access,
    options: ElasticOptions,
}

/// The routes of the source.
pub fn router(intake: Intake, access: Access, options: ElasticOptions) -> Router {
    Router::new().fallback(serve).with_state(Arc::new(ElasticSource { intake, access, options }))
}

async fn serve(State(source): State<Arc<ElasticSource>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let route = Route::of(&parts.method, parts.uri.path());
    let name = peer_name(SOURCE, &parts.extensions);
    let call = Call { headers: &parts.headers, name };
    let answer = source.answer(&route, &call, body).await;
    answer.unwrap_or_else(|refused| refused).into_response(&parts.headers)
}

/// What a request says besides its body and its path.
struct Call<'a> {
    headers: &'a HeaderMap,
    /// Name of the sender for people.
    name: Arc<str>,
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let (status, kind) = match refusal {
            Refusal::Busy(_) => (StatusCode::TOO_MANY_REQUESTS, "es_rejected_execution_exception"),
            Refusal::Closing => (StatusCode::SERVICE_UNAVAILABLE, "node_closed_exception"),
            Refusal::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "content_too_long_exception"),
            Refusal::Failed(_) => (StatusCode::INTERNAL_SERVER_ERROR, "i_o_exception"),
        };
        Self::error(status, kind, &refusal.to_string())
    }
}

impl From<BodyFault> for Answer {
    fn from(fault: BodyFault) -> Self {
        let reason = fault.to_string();
        let (status, kind) = match fault {
            BodyFault::Refused(refusal) => return refusal.into(),
            BodyFault::Damaged(_) | BodyFault::Broken(_) => {
                (StatusCode::BAD_REQUEST, "parse_exception")
            }
            BodyFault::TooLarge { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "content_too_long_exception")
            }
            BodyFault::Encoding(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "illegal_argument_exception")
            }
            BodyFault::Slow(_) => (StatusCode::REQUEST_TIMEOUT, "timeout_exception"),
        };
        Self::error(status, kind, &reason)
    }
}

impl From<Malformed> for Answer {
    fn from(malformed: Malformed) -> Self {
        let (status, kind) = match malformed {
            Malformed::Action { .. } => (StatusCode::BAD_REQUEST, "illegal_argument_exception"),
            Malformed::Index(_) | Malformed::Empty => {
                (StatusCode::BAD_REQUEST, "action_request_validation_exception")
            }
            Malformed::TooMany(_) => (StatusCode::PAYLOAD_TOO_LARGE, "content_too_long_exception"),
        };
        Self::error(status, kind, &malformed.to_string())
    }
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        Self::error(refused.status, refused.kind, &refused.reason)
    }
}

impl ElasticSource {
    async fn answer(&self, route: &Route, call: &Call<'_>, body: Body) -> Result<Answer, Answer> {
        let grant = self.authorize(call.headers)?;
        // Everything is read, also what has no effect: a connection with a rest of a body breaks.
        let limits = &self.options.body;
        let (body, lease) = read_body(call.headers, body, limits, self.intake.memory()).await?;
        match route {
            Route::Bulk(index) => self.bulk(index.as_deref(), call, grant, (body, lease)).await,
            Route::Document { verb, index, id } => {
                let index = Cow::Borrowed(index.as_str());
                let id = id.as_deref().map(Cow::Borrowed);
                let action = Action { verb: *verb, index, id, document: Some(0..body.len()) };
                self.one(action, call, &grant, (body, lease)).await
            }
            _ => Ok(handshake::answer(route, &self.options.version, call.headers)),
        }
    }

    fn authorize(&self, headers: &HeaderMap) -> Result<Grant, Answer> {
        let token = match credentials(headers) {
            Credentials::Basic(_, password) => password,
            Credentials::Token(scheme, token) if matches!(&*scheme, "apikey" | "bearer") => token,
            Credentials::Token(..) | Credentials::Malformed => {
                return Err(unauthorized("credentials are of an unknown kind"));
            }
            Credentials::Missing => return Err(unauthorized("missing authentication credentials")),
        };
        self.access.require(&token, Scope::Ingest, self.intake.now()).map_err(|denial| match denial
        {
            Denial::Unknown | Denial::Disabled => unauthorized(&denial.to_string()),
            Denial::Scope => forbidden(denial.to_string()).into(),
        })
    }

    async fn bulk(
        &self,
        index: Option<&str>,
        call: &Call<'_>,
        grant: Grant,
        (body, lease): (Vec<u8>, Lease),
    ) -> Result<Answer, Answer> {
        let begun = self.intake.now();
        let request = Bulk {
            index: index.map(str::to_owned),
            name: Arc::clone(&call.name),
            grant,
            actions_max: self.options.actions_max,
            begun,
        };
        let (batch, items, lease) =
            aside(body.len(), move || request.read(body, lease)).await.map_err(Answer::from)??;
        self.store(batch).await?;
        drop(lease);
        let took = self.intake.now().as_micros().saturating_sub(begun.as_micros()) / 1_000;
        Ok(items.answer(took.max(0)))
    }

    /// The whole body is a document.
    async fn one(
        &self,
        mut action: Action<'_>,
        call: &Call<'_>,
        grant: &Grant,
        (body, lease): (Vec<u8>, Lease),
    ) -> Result<Answer, Answer> {
        let batch = EnvelopeBatchBuilder::new(body.len(), self.intake.now());
        let mut documents = Documents::new(&call.name, grant, batch);
        let start = body.len() - body.trim_ascii_start().len();
        action.document = Some(start..start.max(body.trim_ascii_end().len()));
        let id = documents.id(&action, 0);
        let result = documents.take(&body, &action);
        self.store(documents.batch.finish(body)).await?;
        drop(lease);
        result?;
        Ok(created(Target { index: &action.index, id: &id, number: 0 }))
    }

    /// Stores what there is.
    async fn store(&self, batch: EnvelopeBatch) -> Result<(), Answer> {
        if !batch.is_empty() {
            self.intake.accept(SOURCE, batch).await?;
        }
        Ok(())
    }
}

/// A bulk request without its body.
struct Bulk {
    index: Option<String>,
    /// Name of the sender for people.
    name: Arc<str>,
    grant: Grant,
    actions_max: usize,
    begun: Timestamp,
}

impl Bulk {
    /// The documents of a body, the results of its actions, and the memory of both.
    fn read(
        &self,
        body: Vec<u8>,
        mut lease: Lease,
    ) -> Result<(EnvelopeBatch, Items, Lease), Answer> {
        let batch = EnvelopeBatchBuilder::new(body.len(), self.begun);
        let mut documents = Documents::new(&self.name, &self.grant, batch);
        let mut items = Items::default();
        let actions = read_actions(&body, self.index.as_deref(), self.actions_max)?;
        for (number, action) in actions.into_iter().enumerate() {
            let id = documents.id(&action, number);
            let result = documents.take(&body, &action);
            let target = Target { index: &action.index, id: &id, number };
            items.push(action.verb, target, result.as_ref().copied());
        }
        let batch = documents.batch;
        lease.grow(items.bytes() + batch.memory_bytes())?;
        Ok((batch.finish(body), items, lease))
    }
}

/// The documents of one request.
struct Documents<'a> {
    batch: EnvelopeBatchBuilder,
    grant: &'a Grant,
    name: Arc<str>,
    /// Origins by their index, unless the grant excludes it.
    origins: HashMap<String, Option<OriginId>>,
    request: uuid::fmt::Simple,
}

impl<'a> Documents<'a> {
    fn new(name: &Arc<str>, grant: &'a Grant, batch: EnvelopeBatchBuilder) -> Self {
        let (name, request) = (Arc::clone(name), Uuid::new_v4().simple());
        Self { batch, grant, name, origins: HashMap::new(), request }
    }

    /// The document's id, or one that is made up.
    fn id<'b>(&self, action: &'b Action<'_>, number: usize) -> Cow<'b, str> {
        match &action.id {
            Some(id) => Cow::Borrowed(id),
            None => Cow::Owned(format!("{}-{number}", self.request)),
        }
    }

    /// Adds the document of an action, as a record or as a fault.
    fn take(&mut self, body: &[u8], action: &Action<'_>) -> Result<(), Refused> {
        let index = action.index.as_ref();
        if index.len() > INDEX_BYTES_MAX {
            let reason = format!("index name is longer than {INDEX_BYTES_MAX} bytes");
            return Err(bad_request("invalid_index_name_exception", reason));
        }
        let origin = self
            .origin(index)
            .ok_or_else(|| forbidden(format!("this token may not send to index [{index}]")))?;
        let Some(range) = action.document.clone() else {
            let reason = "delete is not supported: events stay".to_owned();
            return Err(bad_request("illegal_argument_exception", reason));
        };
        match action.verb {
            Verb::Create | Verb::Index => {
                document::push(body, range, action.id.as_deref(), origin, &mut self.batch)
                    .map_err(|reason| bad_request("document_parsing_exception", reason))
            }
            Verb::Update | Verb::Delete => {
                let reason = format!("{} is not supported: events stay", action.verb.name());
                self.batch.fault(origin, range, reason.as_str());
                Err(bad_request("illegal_argument_exception", reason))
            }
        }
    }

    /// The origin for an index; `None` when the grant excludes it.
    fn origin(&mut self, index: &str) -> Option<OriginId> {
        if let Some(known) = self.origins.get(index) {
            return *known;
        }
        let is_allowed = self.grant.allows_index(Some(index)) && self.grant.allows_source(None);
        let origin = is_allowed.then(|| {
            let index = Some(index.into());
            self.batch.origin(&Origin { index, name: Arc::clone(&self.name), ..Origin::default() })
        });
        self.origins.insert(index.to_owned(), origin);
        origin
    }
}

fn bad_request(kind: &'static str, reason: String) -> Refused {
    Refused { status: StatusCode::BAD_REQUEST, kind, reason }
}

fn forbidden(reason: String) -> Refused {
    Refused { status: StatusCode::FORBIDDEN, kind: "security_exception", reason }
}

fn unauthorized(reason: &str) -> Answer {
    let basic = HeaderValue::from_static("Basic realm=\"security\", charset=\"UTF-8\"");
    Answer::error(StatusCode::UNAUTHORIZED, "security_exception", reason)
        .with(header::WWW_AUTHENTICATE, basic)
        .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"security\""))
        .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("ApiKey"))
}

#[cfg(test)]
mod tests;
