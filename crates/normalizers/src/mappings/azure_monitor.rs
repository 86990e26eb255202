//! Azure Monitor: the activity log and resource logs: API Activity. Contract: the common schema
//! for resource logs, and the event schema of the activity log's API.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::http::{http_request, http_response, url};
use super::network::endpoint;
use super::required::complete;
use super::well_known::{last_segment, product, status};

pub(super) const ENTRY_FIELDS: &[(&str, &str)] = &[
    ("operationVersion", "api.version"),
    ("operationversion", "api.version"),
    ("category", "metadata.log_name"),
    ("category.value", "metadata.log_name"),
    ("correlationId", "metadata.correlation_uid"),
    ("correlationid", "metadata.correlation_uid"),
    ("tenantId", "metadata.tenant_uid"),
    ("tenantid", "metadata.tenant_uid"),
    ("eventDataId", "metadata.uid"),
    ("level", "metadata.log_level"),
    ("Level", "metadata.log_level"),
    ("durationMs", "duration"),
    ("durationms", "duration"),
    ("resultType", "status_code"),
    ("resulttype", "status_code"),
    ("resultDescription", "status_detail"),
];

const FIELDS: &[(&str, &str)] = &[
    ("operationName", "api.operation"),
    ("operationName.value", "api.operation"),
    ("resourceId", "resources[0].uid"),
    ("resourceid", "resources[0].uid"),
    ("resourceType.value", "resources[0].type"),
    ("location", "cloud.region"),
    ("properties.resourceLocation", "cloud.region"),
    ("properties.accountName", "resources[0].name"),
    ("resultSignature", "api.response.message"),
    ("statusCode", "api.response.code"),
    ("statusText", "api.response.message"),
    ("status.value", "status_code"),
    ("subStatus.value", "status_detail"),
    ("caller", "actor.user.name"),
    ("identity.claims.name", "actor.user.name"),
    ("identity.claims.name", "actor.user.full_name"),
    ("claims.name", "actor.user.full_name"),
    ("identity.claim.oid", "actor.user.uid"),
    ("identity.claim.appid", "actor.app_uid"),
    ("identity.claims.appid", "actor.app_uid"),
    ("claims.appid", "actor.app_uid"),
    (
        "identity.claims.http://schemas.microsoft.com/identity/claims/objectidentifier",
        "actor.user.uid",
    ),
    ("claims.http://schemas.microsoft.com/identity/claims/objectidentifier", "actor.user.uid"),
    ("properties.userId", "actor.user.uid"),
    ("properties.message", "message"),
    ("properties.userAgentHeader", "http_request.user_agent"),
    ("properties.userAgent", "http_request.user_agent"),
    ("properties.clientInfo", "http_request.user_agent"),
    ("properties.id", "resources[0].uid"),
];

/// Categories of storage, whose records may have no resource.
const STORAGE: [&str; 3] = ["StorageRead", "StorageWrite", "StorageDelete"];

/// What the last word of an operation's name begins or ends with, with the activity.
const VERBS: [(&str, i64); 20] = [
    ("read", 2),
    ("get", 2),
    ("list", 2),
    ("query", 2),
    ("write", 3),
    ("put", 1),
    ("create", 1),
    ("copy", 1),
    ("add", 1),
    ("append", 3),
    ("update", 3),
    ("set", 3),
    ("start", 3),
    ("stop", 3),
    ("restore", 3),
    ("import", 1),
    ("delete", 4),
    ("purge", 4),
    ("remove", 4),
    ("backup", 2),
];

/// Web requests through Azure's front ends.
const WEB_FIELDS: &[(&str, &str)] = &[
    ("properties.httpVersion", "http_request.version"),
    ("properties.userAgent", "http_request.user_agent"),
    ("properties.referer", "http_request.referrer"),
    ("properties.requestQuery", "http_request.url.query_string"),
    ("properties.trackingReference", "http_request.uid"),
    ("properties.clientIP", "src_endpoint.ip"),
    ("properties.clientIp", "src_endpoint.ip"),
    ("properties.clientPort", "src_endpoint.port"),
    ("properties.endpoint", "dst_endpoint.hostname"),
    ("properties.host", "dst_endpoint.hostname"),
    ("properties.receivedBytes", "traffic.bytes_in"),
    ("properties.requestBytes", "traffic.bytes_in"),
    ("properties.sentBytes", "traffic.bytes_out"),
    ("properties.responseBytes", "traffic.bytes_out"),
    ("properties.instanceId", "load_balancer.name"),
    ("resourceId", "load_balancer.uid"),
];

#[derive(Debug)]
pub(super) struct AzureMonitor;

impl Mapping for AzureMonitor {
    fn name(&self) -> &'static str {
        "azure_monitor"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["operationName", "time", "category"],
            &["operationName", "time", "resourceId"],
            &["operationName", "time", "callerIpAddress"],
            &["operationName", "eventTimestamp", "resourceId"],
        ]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        ["resourceId", "resourceid"].iter().any(|name| {
            let text = source.text(name).unwrap_or_default().to_ascii_lowercase();
            text.starts_with("/subscriptions/") || text.starts_with("/tenants/")
        }) || ["correlationId", "callerIpAddress", "tenantId"].iter().all(|name| source.has(name))
            || (source.has("identity.claim") && source.has("resultType"))
            || source.text("category").is_some_and(|text| STORAGE.contains(&&*text))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        if mapper.source().text("properties.httpMethod").is_some() {
            web_request(mapper);
            return;
        }
        let source = mapper.source();
        let name = source.text("operationName").or(source.text("operationName.value"));
        let name = name.unwrap_or_default().into_owned();
        let activity = activity(&name);
        mapper.class(6003, activity);
        if activity == 99 {
            mapper.other_activity(&name);
        }
        common(mapper);
        mapper.set("metadata.product.feature.name", "Activity and resource logs");
        endpoint(mapper, "callerIpAddress", "src_endpoint");
        endpoint(mapper, "httpRequest.clientIpAddress", "src_endpoint");
        url(mapper, "uri", "http_request.url");
        url(mapper, "properties.requestUri", "http_request.url");
        request(mapper);
        for name in ["correlationId", "correlationid"] {
            mapper.copy(name, "metadata.correlation_uid");
        }
        user(mapper);
        outcome(mapper);
        mapper.table(FIELDS);
        mapper.table(ENTRY_FIELDS);
        objects(mapper);
        complete(mapper, 6003);
    }
}

/// Product, time, subscription and severity.
pub(super) fn common(mapper: &mut Mapper<'_>) {
    product(mapper, "Microsoft", "Azure Monitor");
    mapper.set("cloud.provider", "Azure");
    mapper.time(&["time", "eventTimestamp"]);
    let level = mapper.source().text("level").or(mapper.source().text("Level"));
    let severity = match level.unwrap_or_default().to_ascii_lowercase().as_str() {
        "critical" | "1" => 5_i64,
        "error" | "2" => 4,
        "warning" | "3" => 3,
        _ => 1,
    };
    mapper.set("severity_id", severity);
    let source = mapper.source();
    let resource = source.text("resourceId").or(source.text("resourceid")).unwrap_or_default();
    let mut parts = resource.split('/').skip(1);
    let is_subscription =
        parts.next().is_some_and(|part| part.eq_ignore_ascii_case("subscriptions"));
    if let (true, Some(subscription)) = (is_subscription, parts.next()) {
        let subscription = subscription.to_owned();
        mapper.set("cloud.account.uid", subscription.as_str());
    }
}

/// Whether it worked, in the several words that services use for it.
pub(super) fn outcome(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let names = ["resultType", "resulttype", "status.value", "properties.metricResponseType"];
    let words = names.iter().find_map(|name| source.text(name));
    let words = words.or(source.text("properties.result")).unwrap_or_default();
    let words = words.to_ascii_lowercase();
    match words.as_str() {
        "success" | "succeeded" | "0" | "completed" => status(mapper, true),
        "failed" | "failure" | "error" => status(mapper, false),
        // Only the result of a sign-in is a number, an error's; only storage writes the last ones.
        word if word.parse::<i64>().is_ok() => status(mapper, false),
        word if word.ends_with("error") || word.ends_with("failure") => status(mapper, false),
        _ => {}
    }
}

/// The name that somebody signed in with is a mail address too.
fn user(mapper: &mut Mapper<'_>) {
    let claim = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn";
    for path in [format!("identity.claims.{claim}"), format!("claims.{claim}")] {
        mapper.copy(&path, "actor.user.email_addr");
        mapper.copy(&path, "actor.user.name");
    }
    mapper.copy("identity.claim.upn", "actor.user.email_addr");
    mapper.copy("identity.claim.upn", "actor.user.name");
}

fn activity(name: &str) -> i64 {
    let lower = name.to_ascii_lowercase();
    // An action is named before the word.
    let last = last_segment(lower.strip_suffix("/action").unwrap_or(&lower));
    let of = |matches: &dyn Fn(&str) -> bool| {
        VERBS.iter().find(|(verb, _)| matches(verb)).map(|(_, activity)| *activity)
    };
    of(&|verb| last.starts_with(verb)).or_else(|| of(&|verb| last.ends_with(verb))).unwrap_or(99)
}

fn request(mapper: &mut Mapper<'_>) {
    let ids = ["correlationId", "properties.clientRequestId", "eventDataId"];
    if ["properties.requestbody", "properties.requestBody"]
        .iter()
        .any(|from| mapper.copy(from, "api.request.data"))
    {
        ids.iter().any(|from| mapper.copy(from, "api.request.uid"));
        if mapper.written("api.request.uid").is_none() {
            mapper.set("api.request.uid", "Unknown");
        }
    }
}

/// The kind of the resource stands in its id: `…/providers/Microsoft.Storage/storageAccounts/name`.
fn objects(mapper: &mut Mapper<'_>) {
    let uid = mapper.written("resources[0].uid").map(std::borrow::Cow::into_owned);
    let uid = uid.unwrap_or_default();
    let lower = uid.to_ascii_lowercase();
    if let Some(place) = lower.rfind("/providers/") {
        let tail = uid.get(place + "/providers/".len()..).unwrap_or_default();
        let mut parts = tail.split('/');
        if let (Some(provider), Some(kind)) = (parts.next(), parts.next()) {
            mapper.set("resources[0].type", format!("{provider}/{kind}").as_str());
        }
    }
    if mapper.copy("properties.objectKey", "resources[1].uid") {
        let name = mapper.written("resources[1].uid").map(|uid| last_segment(&uid).to_owned());
        mapper.set("resources[1].name", name.unwrap_or_default().as_str());
    }
}

fn web_request(mapper: &mut Mapper<'_>) {
    http_request(mapper, "properties.httpMethod");
    common(mapper);
    url(mapper, "properties.requestUri", "http_request.url");
    http_response(mapper, "properties.httpStatus", &[]);
    http_response(mapper, "properties.httpStatusCode", &[]);
    mapper.table(WEB_FIELDS);
    mapper.table(ENTRY_FIELDS);
    complete(mapper, 4002);
}
