//! `GET /api/v1/openapi.json`: the API described in OpenAPI 3.1, made from the routes themselves:
//! one macro registers a route and describes it, so the two cannot differ.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Content, HeaderBuilder, OpenApi, Ref, RefOr, Response as Answer, ResponseBuilder, Schema,
};
use utoipa::{IntoResponses, Modify, OpenApi as _, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::error::{ApiError, ErrorAnswer};

/// What the document says of the API as a whole.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Headwater",
        description = "Events in, SQL out. A token goes into the header `Authorization: Bearer \
                       TOKEN`; its scopes say what it may do. Errors are \
                       `{\"error\":{\"kind\":…,\"message\":…}}`.",
    ),
    components(schemas(ErrorAnswer)),
    modifiers(&BearerToken),
    tags(
        (name = "events", description = "Sending and following events."),
        (name = "queries", description = "SQL over the tables of the lake."),
        (name = "tables", description = "The tables of the lake."),
        (name = "operation", description = "Health, metrics and this document; no token."),
    )
)]
struct Document;

/// The scheme that routes call `token`.
struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token as `headwater token create` shows it."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The document without routes, to which they are added.
pub(super) fn empty() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::with_openapi(Document::openapi())
}

/// What a route answers to requests without a token that allows them.
pub(super) struct Denied;

impl IntoResponses for Denied {
    fn responses() -> BTreeMap<String, RefOr<Answer>> {
        let scheme = HeaderBuilder::new().description(Some("`Bearer`.")).build();
        let unknown = error("There is no token, or it is not known.");
        let forbidden = error(
            "The token is revoked or expired, or it lacks the scope, index, source or owner.",
        );
        BTreeMap::from([
            ("401".to_owned(), unknown.header("WWW-Authenticate", scheme).build().into()),
            ("403".to_owned(), forbidden.build().into()),
        ])
    }
}

/// What a route answers to bodies that it does not read to the end.
pub(super) struct BodyRefused;

impl IntoResponses for BodyRefused {
    fn responses() -> BTreeMap<String, RefOr<Answer>> {
        errors([(408, "The body took too long."), (413, "The body is too large.")])
    }
}

/// What a route answers that runs a statement and has no rows for it.
pub(super) struct StatementFailed;

impl IntoResponses for StatementFailed {
    fn responses() -> BTreeMap<String, RefOr<Answer>> {
        errors([
            (400, "The request or the statement is wrong."),
            (409, "The query was stopped before its first row."),
            (503, "A limit was reached, or the lake does not answer."),
        ])
    }
}

/// What a route answers that names a saved query which it cannot read or change.
pub(super) struct SavedQueryFailed;

impl IntoResponses for SavedQueryFailed {
    fn responses() -> BTreeMap<String, RefOr<Answer>> {
        errors([
            (400, "That is no name."),
            (404, "There is none of this name."),
            (500, "It is damaged."),
            (503, "The disk failed."),
        ])
    }
}

/// Answers with an [`ErrorAnswer`]: their status and what it means.
fn errors<const COUNT: usize>(meanings: [(u16, &str); COUNT]) -> BTreeMap<String, RefOr<Answer>> {
    let answer =
        |(status, meaning): (u16, &str)| (status.to_string(), error(meaning).build().into());
    meanings.into_iter().map(answer).collect()
}

fn error(meaning: &str) -> ResponseBuilder {
    let schema = Ref::from_schema_name(ErrorAnswer::name());
    let content = Content::builder().schema(Some(schema)).build();
    ResponseBuilder::new().description(meaning).content("application/json", content)
}

/// Bytes of a body that is not text.
pub(super) struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build().into()
    }
}

impl ToSchema for Binary {}

pub(super) fn router() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(openapi))
}

/// The description of this API
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    tag = "operation",
    responses(
        (status = 200, description = "An OpenAPI document.",
            body = HashMap<String, serde_json::Value>, content_type = "application/json"),
    ),
)]
async fn openapi() -> Result<Response, ApiError> {
    /// Made once: it does not change while the process runs.
    static DOCUMENT: LazyLock<Result<Bytes, String>> = LazyLock::new(|| {
        super::document().to_json().map(Bytes::from).map_err(|error| error.to_string())
    });
    let document = DOCUMENT
        .clone()
        .map_err(|error| ApiError::of_kind(headwater_event::ErrorKind::Internal, error))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document).into_response())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    /// axum lists its routes only for people: `RouteId(0): "/health"`, those of the fallback last.
    #[test]
    fn every_route_is_in_the_document() {
        let (router, document) = super::super::routes().split_for_parts();
        let shown = format!("{router:?}");
        let (of_paths, _) = shown.split_once("fallback_router").unwrap();
        let served: BTreeSet<&str> = of_paths
            .split("RouteId(")
            .filter_map(|part| part.split_once("): \"")?.1.split('"').next())
            .collect();
        assert!(served.contains("/api/v1/query/{id}"), "{shown}");
        let described = document.paths.paths.keys().map(String::as_str).collect();
        assert_eq!(served, described);
    }

    #[test]
    fn every_operation_is_named_once_and_says_who_may_call_it() {
        let document = serde_json::to_value(super::super::document()).unwrap();
        let mut names = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap();
                assert!(names.insert(name.to_owned()), "{name} is there twice");
                let is_open = operation["tags"][0] == "operation";
                let takes_token = operation["security"][0]["token"].is_array();
                assert_ne!(is_open, takes_token, "{method} {path}");
                let denied = operation["responses"]["401"].is_object();
                assert_eq!(denied, takes_token, "{method} {path}");
                assert!(operation["summary"].is_string(), "{method} {path}");
            }
        }
    }
}
