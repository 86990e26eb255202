//! Amazon Data Firehose in its two forms, both at `POST /`: the service itself, to which producers
//! send with their AWS keys (Firehose API reference), and the HTTP endpoint to which the service
//! delivers ("HTTP endpoint delivery request and response specifications").
//!
//! Requests are answered once their records are durable. Data that cannot be read is taken all the
//! same and goes to `rejects`. [`transform`] is the contract of a transforming Lambda function.

mod api;
mod delivery;
mod record_data;
mod transform;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use headwater_access::Access;

pub use self::transform::{Transformed, transform};
use crate::http::BodyLimits;
use crate::intake::Intake;
pub use crate::sigv4::SecretKey;

/// Settings of the source.
#[derive(Debug, Clone, Default)]
pub struct FirehoseOptions {
    /// Access keys whose owners may send through the API: id and secret.
    pub keys: HashMap<String, SecretKey>,
    /// Limits of request bodies.
    pub body: BodyLimits,
}

/// Label of this source in metrics.
const SOURCE: &str = "firehose";

/// The service that requests to the API must be signed for.
const SERVICE: &str = "firehose";

#[derive(Debug)]
struct FirehoseSource {
    intake: Intake,
    access: Access,
    options: FirehoseOptions,
}

/// The route of the source.
pub fn router(intake: Intake, access: Access, options: FirehoseOptions) -> Router {
    let source = Arc::new(FirehoseSource { intake, access, options });
    Router::new().route("/", post(serve)).with_state(source)
}

async fn serve(State(source): State<Arc<FirehoseSource>>, request: Request) -> Response {
    if delivery::is_delivery(request.headers()) {
        return source.deliver(request).await.unwrap_or_else(IntoResponse::into_response);
    }
    source.call(request).await.unwrap_or_else(IntoResponse::into_response)
}

#[cfg(test)]
mod tests;
