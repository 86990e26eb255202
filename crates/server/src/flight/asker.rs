//! Who asks: every call carries a token, as `Authorization: Bearer TOKEN` or as the password of
//! `Authorization: Basic …`, whatever the user. A handshake changes the second into the first.

use std::pin::Pin;
use std::sync::Arc;

use arrow_flight::HandshakeResponse;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::Stream;
use headwater_access::{Grant, Scope};
use headwater_sources::http::token;
use tonic::metadata::MetadataValue;
use tonic::{Extensions, Status};

use super::status::status_of;
use crate::routes::Api;

/// The answer to a handshake.
pub(super) type Handshake = Pin<Box<dyn Stream<Item = Result<HandshakeResponse, Status>> + Send>>;

/// Lets calls through that may be made, with the grant that they have.
pub(super) async fn admit(
    State(api): State<Arc<Api>>,
    mut request: Request,
    next: Next,
) -> Response {
    match api.authorize(request.headers(), Scope::Query) {
        Ok(grant) => {
            request.extensions_mut().insert(grant);
            next.run(request).await
        }
        Err(error) => status_of(&error).into_http(),
    }
}

/// The grant that [`admit`] found.
pub(super) fn grant_of(extensions: &Extensions) -> Result<&Grant, Status> {
    extensions.get().ok_or_else(|| Status::unauthenticated("send a token"))
}

/// Answers a handshake that was let through: the token comes back as a bearer.
pub(super) fn shake_hands<T>(
    request: tonic::Request<T>,
) -> Result<tonic::Response<Handshake>, Status> {
    let (metadata, _, _) = request.into_parts();
    let token = token(&metadata.into_headers())
        .ok_or_else(|| Status::unauthenticated("send a token as the password"))?;
    let bearer = MetadataValue::try_from(format!("Bearer {token}"))
        .map_err(|_| Status::unauthenticated("the token is not text"))?;
    let answer = HandshakeResponse { protocol_version: 0, payload: token.into() };
    let answers: Handshake = Box::pin(futures::stream::iter([Ok(answer)]));
    let mut response = tonic::Response::new(answers);
    response.metadata_mut().insert("authorization", bearer);
    Ok(response)
}
