//! Google Cloud audit logs: API Activity; Authentication for logins. Contract: `LogEntry` with the
//! `protoPayload` `google.cloud.audit.AuditLog`; the outer keys also in lower case, as some
//! exporters write them.

use headwater_pipeline::mapping::{Mapper, Mapping};

use super::http::http_method;
use super::network::{endpoint, plain_verdict};
use super::required::complete;
use super::well_known::{length, product, status, table_below};

const ENTRY_FIELDS: &[(&str, &str)] = &[
    ("logName", "metadata.log_name"),
    ("logname", "metadata.log_name"),
    ("receiveTimestamp", "metadata.logged_time"),
    ("receivetimestamp", "metadata.logged_time"),
    ("operation.id", "metadata.correlation_uid"),
    ("resource.labels.location", "cloud.region"),
    ("resource.labels.zone", "cloud.zone"),
    ("severity", "metadata.log_level"),
];

const FIELDS: &[(&str, &str)] = &[
    ("methodName", "api.operation"),
    ("serviceName", "api.service.name"),
    ("response", "api.response.data"),
    ("status.code", "api.response.code"),
    ("status.message", "api.response.message"),
    ("authenticationInfo.principalSubject", "actor.user.uid"),
    ("authenticationInfo.serviceAccountKeyName", "actor.user.credential_uid"),
    ("requestMetadata.callerSuppliedUserAgent", "http_request.user_agent"),
    ("requestMetadata.requestAttributes.path", "http_request.url.path"),
    ("requestMetadata.requestAttributes.host", "http_request.url.hostname"),
    ("requestMetadata.destinationAttributes.ip", "dst_endpoint.ip"),
    ("requestMetadata.destinationAttributes.port", "dst_endpoint.port"),
    ("resourceName", "resources[0].uid"),
];

/// Words that methods begin with, with the activity of API Activity.
const VERBS: [(&str, i64); 31] = [
    ("create", 1),
    ("insert", 1),
    ("add", 1),
    ("generate", 1),
    ("import", 1),
    ("batchcreate", 1),
    ("copy", 1),
    ("get", 2),
    ("list", 2),
    ("aggregatedlist", 2),
    ("query", 2),
    ("search", 2),
    ("read", 2),
    ("watch", 2),
    ("lookup", 2),
    ("export", 2),
    ("test", 2),
    ("download", 2),
    ("update", 3),
    ("patch", 3),
    ("set", 3),
    ("enable", 3),
    ("disable", 3),
    ("start", 3),
    ("stop", 3),
    ("move", 3),
    ("undelete", 3),
    ("delete", 4),
    ("remove", 4),
    ("destroy", 4),
    ("batchdelete", 4),
];

#[derive(Debug)]
pub(super) struct GcpAudit;

impl Mapping for GcpAudit {
    fn name(&self) -> &'static str {
        "gcp_audit"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["protoPayload"]]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let is_lower = mapper.source().has("protopayload");
        let prefix = if is_lower { "protopayload." } else { "protoPayload." };
        let path = |name: &str| format!("{prefix}{name}");
        let method = mapper.source().text(&path("methodName")).unwrap_or_default().into_owned();
        let operation = method.rsplit('.').next().unwrap_or(&method);
        let is_login = mapper.source().is(&path("serviceName"), "login.googleapis.com");
        let lower = operation.to_ascii_lowercase();
        let activity = match VERBS.iter().find(|(verb, _)| lower.starts_with(verb)) {
            Some((_, activity)) => *activity,
            None if method.is_empty() => 0,
            None => 99,
        };
        let (class, activity) = match (is_login, lower.as_str()) {
            (true, "loginsuccess" | "loginfailure" | "loginverification" | "loginchallenge") => {
                (3002, 1)
            }
            (true, "logout") => (3002, 2),
            _ => (6003, activity),
        };
        mapper.class(class, activity);
        if activity == 99 {
            mapper.other_activity(operation);
        }
        product(mapper, "Google Cloud", "Cloud Audit Logs");
        mapper.set("cloud.provider", "GCP");
        let severity = severity(mapper);
        mapper.set("severity_id", severity);
        mapper.time(&["timestamp", &path("timestamp"), "receiveTimestamp", "receivetimestamp"]);
        if class == 3002 {
            mapper.copy(&path("serviceName"), "service.name");
            mapper.copy(&path("authenticationInfo.principalEmail"), "user.email_addr");
            mapper.copy(&path("authenticationInfo.principalEmail"), "user.name");
        }
        caller(mapper, prefix);
        decisions(mapper, prefix);
        mapper.copy("resource.labels.project_id", "cloud.account.uid");
        resource(mapper);
        let code = mapper.source().integer(&path("status.code")).unwrap_or_default();
        status(mapper, code == 0 && lower != "loginfailure");
        let principal = path("authenticationInfo.principalEmail");
        mapper.copy(&principal, "actor.user.email_addr");
        mapper.copy(&principal, "actor.user.name");
        // What was asked goes only where there is an id for it.
        if mapper.copy_first(&["insertId", "insertid", "operation.id"], "api.request.uid") {
            mapper.copy(&path("request"), "api.request.data");
        }
        mapper.copy_first(&["insertId", "insertid"], "metadata.uid");
        http_method(mapper, &path("requestMetadata.requestAttributes.method"), "http_request");
        table_below(mapper, prefix, FIELDS);
        mapper.table(ENTRY_FIELDS);
        if mapper.written("resources[0].uid").is_some() {
            mapper.copy("resource.type", "resources[0].type");
        }
        complete(mapper, class);
    }
}

/// The severity of a log entry: 1 Informational to 6 Fatal.
pub(super) fn severity(mapper: &Mapper<'_>) -> i64 {
    match mapper.source().text("severity").as_deref() {
        Some("WARNING") => 2,
        Some("ERROR") => 3,
        Some("CRITICAL") => 4,
        Some("ALERT") => 5,
        Some("EMERGENCY") => 6,
        _ => 1,
    }
}

/// Who called, from where.
fn caller(mapper: &mut Mapper<'_>, prefix: &str) {
    for name in ["callerIp", "callerIP"] {
        let from = format!("{prefix}requestMetadata.{name}");
        // `private` and `gce-internal-ip` are what the log says for addresses of its own.
        endpoint(mapper, &from, "src_endpoint");
    }
}

/// Permissions that were asked for, and whether the caller had them.
fn decisions(mapper: &mut Mapper<'_>, prefix: &str) {
    let list = format!("{prefix}authorizationInfo");
    let mut is_refused = false;
    let mut at = 0;
    let count = length(mapper, &list);
    for place in 0..count {
        let from = |name: &str| format!("{list}.{place}.{name}");
        let granted = mapper.source().text(&from("granted")).map(|text| text.into_owned());
        is_refused |= granted.as_deref() == Some("false");
        if !mapper.copy(&from("permission"), &format!("authorizations[{at}].policy.name")) {
            continue;
        }
        let decision = match granted.as_deref() {
            Some("true") => "granted",
            Some("false") => "not granted",
            _ => "",
        };
        if !decision.is_empty() {
            mapper.set(&format!("authorizations[{at}].decision"), decision);
            mapper.done(&from("granted"));
        }
        at += 1;
    }
    if count > 0 {
        plain_verdict(mapper, !is_refused);
    }
}

fn resource(mapper: &mut Mapper<'_>) {
    let labels = ["name", "bucket_name", "cluster_name", "instance_id", "project_id"];
    let from = labels.map(|label| format!("resource.labels.{label}"));
    if from.iter().any(|from| mapper.copy(from, "resources[0].name")) {
        mapper.copy("resource.type", "resources[0].type");
    }
}
