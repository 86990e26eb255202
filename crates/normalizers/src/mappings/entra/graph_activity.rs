//! Calls of Microsoft Graph: API Activity.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::super::audit_log::{API_ACTIVITY, complete};
use super::super::well_known::{product, status};
use super::envelope;

const FIELDS: &[(&str, &str)] = &[
    ("properties.requestMethod", "http_request.http_method"),
    ("properties.requestUri", "http_request.url.url_string"),
    ("properties.userAgent", "http_request.user_agent"),
    ("properties.responseStatusCode", "http_response.code"),
    ("properties.responseSizeBytes", "http_response.length"),
    ("properties.requestId", "api.request.uid"),
    ("properties.clientRequestId", "http_request.uid"),
    ("properties.operationId", "metadata.correlation_uid"),
    ("properties.apiVersion", "api.version"),
    ("properties.userId", "actor.user.uid"),
    ("properties.appId", "actor.app_uid"),
    ("properties.signInActivityId", "actor.session.uid"),
    ("properties.ipAddress", "src_endpoint.ip"),
    ("location", "cloud.region"),
];

#[derive(Debug)]
pub(in super::super) struct EntraGraphActivity;

impl Mapping for EntraGraphActivity {
    fn name(&self) -> &'static str {
        "entra_graph_activity"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["category", "properties", "time"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.is("category", "MicrosoftGraphActivityLogs")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let method = mapper.source().text("properties.requestMethod").map(Cow::into_owned);
        let activity = match method.as_deref() {
            Some("POST") => 1,
            Some("GET" | "HEAD") => 2,
            Some("PUT" | "PATCH") => 3,
            Some("DELETE") => 4,
            _ => 0,
        };
        mapper.class(API_ACTIVITY, activity);
        product(mapper, "Microsoft", "Microsoft Graph");
        mapper.time(&["properties.timeGenerated", "time"]);
        mapper.set("cloud.provider", "Azure");
        mapper.copy("properties.requestUri", "api.operation");
        mapper.copy("properties.requestUri", "http_request.url.url_string");
        mapper.set("api.service.name", "Microsoft Graph");
        mapper.table(FIELDS);
        envelope(mapper);
        if let Some(code) = mapper.source().integer("properties.responseStatusCode") {
            status(mapper, code < 400);
        }
        complete(mapper, API_ACTIVITY, "Microsoft Graph");
    }
}
