//! A queue of Amazon SQS, as far as a consumer needs it (Amazon SQS API reference, JSON protocol):
//! receive, delete, keep hidden. Requests are signed; nothing is repeated here, the caller decides.

use std::fmt;
use std::time::Duration;

use axum::http::header::{self, InvalidHeaderValue};
use axum::http::uri::InvalidUri;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use headwater_event::{ErrorKind, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::sigv4::{AwsKey, Signer};

/// How long one receive may wait for a message; the most that the service allows.
pub const RECEIVE_WAIT_MAX: Duration = Duration::from_secs(20);

/// Most messages of one request, by the rules of the service.
const REQUEST_MESSAGES_MAX: usize = 10;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer may take beyond the wait that was asked for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// Longest answer: ten messages of the largest size with every byte escaped.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// How long a message stays hidden at most, by the rules of the service.
const HIDDEN_MAX: Duration = Duration::from_secs(12 * 60 * 60);

/// Header that names the operation.
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// The service that requests are signed for.
const SERVICE: &str = "sqs";

/// Which queue, and how it is used.
#[derive(Debug, Clone)]
pub struct SqsOptions {
    /// URL of the queue, for example `https://sqs.eu-central-1.amazonaws.com/123456789012/logs`.
    pub queue_url: String,
    /// Region of the queue.
    pub region: String,
    /// Who asks: needs `sqs:ReceiveMessage`, `sqs:DeleteMessage` and `sqs:ChangeMessageVisibility`.
    pub key: AwsKey,
    /// How long a message stays hidden from other consumers after it was received or kept.
    pub visibility_timeout: Duration,
}

impl SqsOptions {
    /// Messages reappear five minutes after a consumer is gone.
    pub const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(300);
}

/// One message. Its body is content: `Debug` shows its length only.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SqsMessage {
    /// Names the message, for people.
    #[serde(rename = "MessageId", default)]
    pub id: String,
    /// Names this delivery: what deleting and keeping asks for.
    #[serde(rename = "ReceiptHandle")]
    pub receipt: String,
    /// What was sent.
    #[serde(default)]
    pub body: String,
}

impl fmt::Debug for SqsMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqsMessage")
            .field("id", &self.id)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A request to a queue failed.
#[derive(Debug, thiserror::Error)]
pub enum SqsError {
    /// The settings cannot be those of a queue.
    #[error("`{queue}` is not a queue that can be used: {reason}")]
    Options {
        /// The URL as given.
        queue: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A part of the access key or the region cannot be in a header.
    #[error("the access key or region for queue `{queue}` cannot be sent")]
    Key {
        /// The queue.
        queue: String,
        /// Why.
        source: InvalidHeaderValue,
    },
    /// The client could not be made.
    #[error("failed to set up the client for queue `{queue}`")]
    Client {
        /// The queue.
        queue: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The service cannot be reached or does not answer in time.
    #[error("failed to {action} queue `{queue}`")]
    Request {
        /// What was asked for.
        action: &'static str,
        /// The queue.
        queue: String,
        /// The client's error.
        source: reqwest::Error,
    },
    /// The service answers, and refuses.
    #[error("failed to {action} queue `{queue}`: status {status}, {code}: {reason}")]
    Refused {
        /// What was asked for.
        action: &'static str,
        /// The queue.
        queue: String,
        /// HTTP status.
        status: u16,
        /// The service's name for the error.
        code: String,
        /// The service's words.
        reason: String,
    },
    /// The answer is longer than any that the service gives.
    #[error("the answer of queue `{queue}` has more than {ANSWER_BYTES_MAX} bytes")]
    Length {
        /// The queue.
        queue: String,
    },
    /// The answer is not what the service gives.
    #[error("the answer of queue `{queue}` cannot be read")]
    Answer {
        /// The queue.
        queue: String,
        /// The parser's error.
        source: serde_json::Error,
    },
}

impl SqsError {
    /// What the caller should do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Options { .. } | Self::Key { .. } => ErrorKind::Invalid,
            Self::Client { .. } => ErrorKind::Internal,
            Self::Request { .. } | Self::Length { .. } | Self::Answer { .. } => {
                ErrorKind::Unavailable
            }
            Self::Refused { status, code, .. } => refusal_kind(*status, code),
        }
    }
}

/// The service's names for errors, with and without `Exception` at their end.
fn refusal_kind(status: u16, code: &str) -> ErrorKind {
    let code = code.strip_suffix("Exception").unwrap_or(code);
    match code {
        "QueueDoesNotExist" | "AWS.SimpleQueueService.NonExistentQueue" => ErrorKind::NotFound,
        "OverLimit"
        | "RequestThrottled"
        | "Throttling"
        | "ThrottlingException"
        | "TooManyRequests"
        | "KmsThrottled" => ErrorKind::Unavailable,
        "ExpiredToken"
        | "InvalidClientTokenId"
        | "InvalidSecurity"
        | "KmsAccessDenied"
        | "MissingAuthenticationToken"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClient" => ErrorKind::Denied,
        _ => match status {
            401 | 403 => ErrorKind::Denied,
            429 | 500.. => ErrorKind::Unavailable,
            _ => ErrorKind::Invalid,
        },
    }
}

/// A queue. `Debug` shows no secrets.
#[derive(Debug)]
pub struct SqsQueue {
    options: SqsOptions,
    /// Where requests go: the root of the queue's URL.
    endpoint: Uri,
    client: reqwest::Client,
    now: fn() -> Timestamp,
}

impl SqsQueue {
    /// A client for a queue. Does no I/O; `now` is the clock for signatures.
    ///
    /// # Errors
    /// `Invalid` for settings that cannot be those of a queue.
    pub fn new(options: SqsOptions, now: fn() -> Timestamp) -> Result<Self, SqsError> {
        let queue = options.queue_url.clone();
        let endpoint = endpoint(&options).map_err(|reason| {
            // What is before it may be a password.
            let queue = queue.rsplit('@').next().unwrap_or_default().to_owned();
            SqsError::Options { queue, reason }
        })?;
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|source| SqsError::Client { queue: queue.clone(), source })?;
        let queue = Self { options, endpoint, client, now };
        queue.headers("AmazonSQS.ReceiveMessage", b"")?;
        Ok(queue)
    }

    /// URL of the queue.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.options.queue_url
    }

    /// How long a message stays hidden after it was received or kept.
    #[must_use]
    pub fn visibility_timeout(&self) -> Duration {
        self.options.visibility_timeout
    }

    /// Receives up to ten messages, and waits for the first one up to `wait` (at most
    /// [`RECEIVE_WAIT_MAX`]). Messages whose answer is lost on the way reappear.
    ///
    /// # Errors
    /// The queue does not answer, does not exist or refuses.
    pub async fn receive(&self, wait: Duration) -> Result<Vec<SqsMessage>, SqsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            #[serde(default)]
            messages: Option<Vec<SqsMessage>>,
        }
        let wait = wait.min(RECEIVE_WAIT_MAX);
        let parameters = json!({
            "MaxNumberOfMessages": REQUEST_MESSAGES_MAX,
            "WaitTimeSeconds": wait.as_secs(),
            "VisibilityTimeout": self.options.visibility_timeout.as_secs(),
        });
        let timeout = wait + ANSWER_TIMEOUT;
        let body = self.call(("receive from", "ReceiveMessage"), parameters, timeout).await?;
        let answer: Answer = self.read(&body)?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Deletes messages by their receipts; returns how many are deleted now. The others reappear.
    ///
    /// # Errors
    /// The queue does not answer, does not exist or refuses.
    pub async fn delete(&self, receipts: &[&str]) -> Result<usize, SqsError> {
        let operation = ("delete from", "DeleteMessageBatch");
        self.batch(operation, receipts, |_| {}).await
    }

    /// Keeps messages hidden for another [`SqsQueue::visibility_timeout`] from now on; returns how
    /// many. The others have reappeared, or were deleted by another consumer.
    ///
    /// # Errors
    /// The queue does not answer, does not exist or refuses.
    pub async fn keep(&self, receipts: &[&str]) -> Result<usize, SqsError> {
        let seconds = self.options.visibility_timeout.as_secs();
        let operation = ("keep messages of", "ChangeMessageVisibilityBatch");
        self.batch(operation, receipts, |entry| {
            entry.insert("VisibilityTimeout".to_owned(), seconds.into());
        })
        .await
    }

    /// One operation on many messages, in requests of ten.
    async fn batch(
        &self,
        operation: (&'static str, &'static str),
        receipts: &[&str],
        complete: impl Fn(&mut serde_json::Map<String, Value>),
    ) -> Result<usize, SqsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            #[serde(default)]
            successful: Option<Vec<Value>>,
        }
        let mut done = 0;
        for receipts in receipts.chunks(REQUEST_MESSAGES_MAX) {
            let entry = |(number, receipt): (usize, &&str)| {
                let mut entry = serde_json::Map::new();
                entry.insert("Id".to_owned(), number.to_string().into());
                entry.insert("ReceiptHandle".to_owned(), (*receipt).into());
                complete(&mut entry);
                Value::Object(entry)
            };
            let entries: Vec<Value> = receipts.iter().enumerate().map(entry).collect();
            let parameters = json!({"Entries": entries});
            let body = self.call(operation, parameters, ANSWER_TIMEOUT).await?;
            let answer: Answer = self.read(&body)?;
            done += answer.successful.map_or(0, |entries| entries.len());
        }
        Ok(done)
    }

    /// Sends one request and returns the body of its answer.
    async fn call(
        &self,
        (action, operation): (&'static str, &str),
        mut parameters: Value,
        timeout: Duration,
    ) -> Result<Vec<u8>, SqsError> {
        let queue = || self.options.queue_url.clone();
        if let Value::Object(parameters) = &mut parameters {
            parameters.insert("QueueUrl".to_owned(), queue().into());
        }
        let body = parameters.to_string().into_bytes();
        let headers = self.headers(&format!("AmazonSQS.{operation}"), &body)?;
        let failed = |source: reqwest::Error| SqsError::Request { action, queue: queue(), source };
        let mut answer = self
            .client
            .post(self.endpoint.to_string())
            .timeout(timeout)
            .headers(headers)
            .body(body)
            .send()
            .await
            .map_err(failed)?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(failed)? {
            if body.len() + part.len() > ANSWER_BYTES_MAX {
                return Err(SqsError::Length { queue: queue() });
            }
            body.extend_from_slice(&part);
        }
        match answer.status() {
            StatusCode::OK => Ok(body),
            status => Err(refused(action, queue(), status, &body)),
        }
    }

    /// The headers of a signed request.
    fn headers(&self, target: &str, body: &[u8]) -> Result<HeaderMap, SqsError> {
        let SqsOptions { queue_url, region, key, .. } = &self.options;
        let failed = |source| SqsError::Key { queue: queue_url.clone(), source };
        let mut headers = HeaderMap::new();
        headers.insert(TARGET, HeaderValue::from_str(target).map_err(failed)?);
        let json = HeaderValue::from_static("application/x-amz-json-1.0");
        headers.insert(header::CONTENT_TYPE, json);
        let signer = Signer { key, region, service: SERVICE };
        let request = ("POST", &self.endpoint);
        signer.sign(request, &mut headers, body, (self.now)()).map_err(failed)?;
        Ok(headers)
    }

    fn read<'a, T: Deserialize<'a>>(&self, body: &'a [u8]) -> Result<T, SqsError> {
        let queue = || self.options.queue_url.clone();
        serde_json::from_slice(body).map_err(|source| SqsError::Answer { queue: queue(), source })
    }
}

/// Where requests about a queue go. The text is parsed as the client will parse it, so that the
/// signed host is the one that is sent.
fn endpoint(options: &SqsOptions) -> Result<Uri, &'static str> {
    let url = Url::parse(&options.queue_url).map_err(|_| "it is not a URL")?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err("its URL must begin with https:// and a host");
    }
    if url.username() != "" || url.password().is_some() {
        return Err("its URL must not hold credentials");
    }
    if url.path().trim_matches('/').is_empty() {
        return Err("its URL has no name of a queue");
    }
    if options.region.is_empty() {
        return Err("the region is missing");
    }
    let timeout = options.visibility_timeout;
    if timeout.as_secs() == 0 || timeout > HIDDEN_MAX {
        return Err("the visibility timeout must be from 1 second to 12 hours");
    }
    let root = url.join("/").map_err(|_| "its URL has no root")?;
    root.as_str().parse().map_err(|_: InvalidUri| "it is not a URL")
}

fn refused(action: &'static str, queue: String, status: StatusCode, body: &[u8]) -> SqsError {
    #[derive(Default, Deserialize)]
    struct Answer {
        #[serde(rename = "__type", default)]
        kind: String,
        #[serde(alias = "Message", default)]
        message: Option<String>,
    }
    // Proxies on the way answer in other forms.
    let answer: Answer = serde_json::from_slice(body).unwrap_or_default();
    let code = answer.kind.rsplit('#').next().unwrap_or_default();
    let code = if code.is_empty() { "no code" } else { code }.to_owned();
    let reason = answer.message.unwrap_or_else(|| "no reason given".to_owned());
    SqsError::Refused { action, queue, status: status.as_u16(), code, reason }
}

#[cfg(test)]
mod tests;
