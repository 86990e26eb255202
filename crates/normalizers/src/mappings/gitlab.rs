//! GitLab: requests of the web application are HTTP Activity, and Authentication where they sign
//! somebody in; audit events are API Activity. Contracts: `production_json.log` and
//! `audit_json.log` (also streamed audit events) of GitLab.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::audit_log::{
    ACCOUNT_CHANGE, AUTHENTICATION, AuditLog, GROUP_MANAGEMENT, USER_ACCESS, complete, no_outcome,
    paired,
};
use super::http::known_method;
use super::sensor::HTTP_ACTIVITY;
use super::well_known::{product, status};

const FIELDS: &[(&str, &str)] = &[
    ("correlation_id", "metadata.correlation_uid"),
    ("username", "actor.user.name"),
    ("user_id", "actor.user.uid"),
    ("remote_ip", "src_endpoint.ip"),
    ("method", "http_request.http_method"),
    ("path", "http_request.url.path"),
    ("ua", "http_request.user_agent"),
    ("status", "http_response.code"),
    ("host", "dst_endpoint.hostname"),
];

#[derive(Debug)]
pub(super) struct Gitlab;

impl Mapping for Gitlab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["controller", "action", "method", "path", "correlation_id"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.has("meta.caller_id") || source.has("remote_ip")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let source = mapper.source();
        let is_logon =
            source.is("controller", "SessionsController") && source.is("action", "create");
        if is_logon {
            logon(mapper);
        } else {
            let method = mapper.source().text("method").map(Cow::into_owned).unwrap_or_default();
            let known = known_method(&method).filter(|(name, _)| *name == method);
            mapper.class(HTTP_ACTIVITY, known.map_or(99, |(_, activity)| activity));
        }
        product(mapper, "GitLab", "GitLab");
        mapper.time(&["time"]);
        mapper.copy("meta.caller_id", "metadata.event_code");
        mapper.table(FIELDS);
        complete(mapper, if is_logon { AUTHENTICATION } else { HTTP_ACTIVITY }, "GitLab");
    }
}

/// Who is let in is sent on to the next page; everybody else gets the form again.
fn logon(mapper: &mut Mapper<'_>) {
    mapper.class(AUTHENTICATION, 1);
    let source = mapper.source();
    let user = paired(&source, "params", ("key", "value"), "user");
    let name = user.and_then(|user| source.find_in(user, "login"));
    let code = source.integer("status");
    if let Some(name) = name {
        mapper.copy_field(name, "user.name");
    }
    if let Some(code) = code {
        status(mapper, code == 302);
    }
}

pub(super) static GITLAB_AUDIT: AuditLog = AuditLog {
    name: "gitlab_audit",
    vendor: "GitLab",
    product: "GitLab",
    keys: &[&["author_id", "entity_type", "entity_id"]],
    recognises: |source| {
        source.has("author_name") || source.has("details") || source.has("entity_path")
    },
    time: &["created_at", "time"],
    operation: &[
        "event_type",
        "event_name",
        "details.event_name",
        "details.custom_message",
        "details.add",
    ],
    rules: &[
        ("*authenticated_with*", AUTHENTICATION, 1),
        ("login_failed*", AUTHENTICATION, 1),
        ("user_created", ACCOUNT_CHANGE, 1),
        ("user_blocked", ACCOUNT_CHANGE, 5),
        ("user_destroyed", ACCOUNT_CHANGE, 6),
        ("user_password_updated", ACCOUNT_CHANGE, 3),
        ("member_created", USER_ACCESS, 1),
        ("user_access", USER_ACCESS, 1),
        ("member_destroyed", USER_ACCESS, 2),
        ("group_created", GROUP_MANAGEMENT, 6),
        ("group_destroyed", GROUP_MANAGEMENT, 5),
    ],
    fields: &[
        ("id", "metadata.uid"),
        ("correlation_id", "metadata.correlation_uid"),
        ("author_name", "actor.user.name"),
        ("author_id", "actor.user.uid"),
        ("ip_address", "src_endpoint.ip"),
        ("details.ip_address", "src_endpoint.ip"),
        ("details.as", "privileges"),
        ("target_details", "user.name"),
        ("target_id", "user.uid"),
        ("entity_path", "group.name"),
        ("entity_id", "group.uid"),
        ("entity_path", "resources.name"),
        ("entity_id", "resources.uid"),
        ("entity_type", "resources.type"),
        ("details.custom_message", "message"),
    ],
    outcome: no_outcome,
    more: |mapper, class| {
        if class == GROUP_MANAGEMENT {
            mapper.copy("target_details", "group.name");
            mapper.copy("target_id", "group.uid");
        }
    },
};
