//! Okta System Log: sign-ins are Authentication, changes of accounts and factors Account Change,
//! of groups Group Management, of policies, applications and zones Entity Management; the rest is
//! API Activity. Contract: `LogEvent` of the System Log API, also with lower-case top-level keys.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::audit_log::{
    ACCOUNT_CHANGE, API_ACTIVITY, AUTHENTICATION, BY_VERB, DETECTION_FINDING, ENTITY_MANAGEMENT,
    GROUP_MANAGEMENT, Rule, USER_ACCESS, classify, complete, lower, open, os, severity, table_of,
};
use super::well_known::{product, status};

const RULES: &[Rule] = &[
    ("user.session.end", AUTHENTICATION, 2),
    ("user.session.clear", AUTHENTICATION, 2),
    ("user.session.expire", AUTHENTICATION, 2),
    ("user.session.*", AUTHENTICATION, 1),
    ("user.authentication.*", AUTHENTICATION, 1),
    ("user.mfa.attempt_bypass", AUTHENTICATION, 1),
    // The step between the request and the answer, not a change of a policy.
    ("policy.evaluate_sign_on", AUTHENTICATION, 6),
    ("user.account.privilege.grant", USER_ACCESS, 1),
    ("user.account.privilege.revoke", USER_ACCESS, 2),
    ("user.account.report_suspicious_activity*", DETECTION_FINDING, 1),
    ("user.account.lock*", ACCOUNT_CHANGE, 9),
    ("user.account.unlock*", ACCOUNT_CHANGE, 12),
    ("user.account.update_password", ACCOUNT_CHANGE, 3),
    ("user.account.reset_password", ACCOUNT_CHANGE, 4),
    ("user.account.*", ACCOUNT_CHANGE, 99),
    ("user.mfa.factor.activate", ACCOUNT_CHANGE, 10),
    ("user.mfa.factor.unsuspend", ACCOUNT_CHANGE, 10),
    ("user.mfa.factor.deactivate", ACCOUNT_CHANGE, 11),
    ("user.mfa.factor.suspend", ACCOUNT_CHANGE, 11),
    ("user.mfa.factor.reset_all", ACCOUNT_CHANGE, 11),
    ("user.mfa.*", ACCOUNT_CHANGE, 99),
    ("user.lifecycle.*", ACCOUNT_CHANGE, BY_VERB),
    ("group.user_membership.add", GROUP_MANAGEMENT, 3),
    ("group.user_membership.remove", GROUP_MANAGEMENT, 4),
    ("group.privilege.grant", GROUP_MANAGEMENT, 1),
    ("group.privilege.revoke", GROUP_MANAGEMENT, 2),
    ("group.lifecycle.create", GROUP_MANAGEMENT, 6),
    ("group.lifecycle.delete", GROUP_MANAGEMENT, 5),
    ("group.*", GROUP_MANAGEMENT, 99),
    ("security.threat.*", DETECTION_FINDING, 1),
    ("security.attack.*", DETECTION_FINDING, 1),
    ("security.breached_credential.*", DETECTION_FINDING, 1),
    ("policy.*", ENTITY_MANAGEMENT, BY_VERB),
    ("application.user_membership.show_password", ENTITY_MANAGEMENT, 2),
    ("application.user_membership.*", ENTITY_MANAGEMENT, 3),
    ("application.*", ENTITY_MANAGEMENT, BY_VERB),
    ("zone.*", ENTITY_MANAGEMENT, BY_VERB),
];

const FIELDS: &[(&str, &str)] = &[
    ("version", "metadata.log_version"),
    ("actor.id", "actor.user.uid"),
    ("actor.displayName", "actor.user.name"),
    ("actor.alternateId", "actor.user.email_addr"),
    ("actor.alternateId", "actor.user.uid_alt"),
    ("actor.type", "actor.user.type_id"),
    ("authenticationContext.externalSessionId", "actor.session.uid"),
    ("client.ipAddress", "src_endpoint.ip"),
    ("client.device", "src_endpoint.type_id"),
    ("client.geographicalContext.city", "src_endpoint.location.city"),
    ("client.geographicalContext.state", "src_endpoint.location.region"),
    ("client.geographicalContext.country", "src_endpoint.location.country"),
    ("client.geographicalContext.postalCode", "src_endpoint.location.postal_code"),
    ("client.geographicalContext.geolocation.lat", "src_endpoint.location.lat"),
    ("client.geographicalContext.geolocation.lon", "src_endpoint.location.long"),
    ("securityContext.asNumber", "src_endpoint.autonomous_system.number"),
    ("securityContext.asOrg", "src_endpoint.autonomous_system.name"),
    ("securityContext.isp", "src_endpoint.isp"),
    ("securityContext.domain", "src_endpoint.domain"),
    ("client.userAgent.rawUserAgent", "http_request.user_agent"),
    ("debugContext.debugData.requestId", "http_request.uid"),
    ("debugContext.debugData.requestUri", "http_request.url.path"),
    ("transaction.id", "metadata.correlation_uid"),
    ("outcome.result", "status_code"),
    ("outcome.reason", "status_detail"),
];

const DEVICE: &[(&str, &str)] = &[
    ("device.id", "device.uid"),
    ("device.name", "device.name"),
    ("device.os_version", "device.os.version"),
    ("device.managed", "device.is_managed"),
];

#[derive(Debug)]
pub(super) struct Okta;

impl Mapping for Okta {
    fn name(&self) -> &'static str {
        "okta_system_log"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["eventType", "actor", "outcome", "version"],
            &["eventType", "actor", "published", "severity"],
            &["eventType", "published", "legacyEventType"],
            &["eventType", "outcome", "severity", "version"],
        ]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        let name = source.text("eventType").or_else(|| source.text("eventtype"));
        name.is_some_and(|name| name.contains('.')) && source.integer("version").is_some()
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let lowered = !mapper.source().has("eventType");
        let key = |path: &'static str| lower(path, lowered);
        let operation = mapper.source().text(&key("eventType")).map(Cow::into_owned);
        let operation = operation.unwrap_or_default();
        let class = open(mapper, classify(RULES, &operation), &operation);
        product(mapper, "Okta", "Okta System Log");
        mapper.time(&["published"]);
        mapper.copy(&key("eventType"), "metadata.event_code");
        mapper.copy(&key("displayMessage"), "message");
        mapper.copy("uuid", "metadata.uid");
        targets(mapper, class);
        if class == API_ACTIVITY {
            mapper.copy(&key("eventType"), "api.operation");
        }
        if class == DETECTION_FINDING {
            mapper.copy("uuid", "finding_info.uid");
            mapper.copy(&key("displayMessage"), "finding_info.title");
            mapper.copy(&key("eventType"), "finding_info.types");
            mapper.set("is_alert", true);
        }
        if class == USER_ACCESS {
            // A list in one text: `Super administrator, Read only admin`.
            mapper.copy(&key("debugContext.debugData.privilegeGranted"), "privileges");
        }
        os(mapper, "client.userAgent.os", "src_endpoint");
        table_of(mapper, lowered, FIELDS);
        if class == DETECTION_FINDING {
            evidence(mapper);
        }
        if mapper.source().has("device.id") {
            mapper.set("device.type_id", 0_i64);
            mapper.table(DEVICE);
            os(mapper, "device.os_platform", "device");
        }
        severity(mapper, "severity");
        risk(mapper, &key("debugContext.debugData.risk"));
        outcome(mapper);
        complete(mapper, class, "Okta");
    }
}

/// The user, group, application or policy that the event is about; in API Activity all targets.
fn targets(mapper: &mut Mapper<'_>, class: i64) {
    let source = mapper.source();
    let count = source.find("target").map_or(0, |list| source.elements(list).len());
    for place in 0..count {
        let kind = mapper.source().text(&format!("target.{place}.type")).map(Cow::into_owned);
        let to = match (class, kind.as_deref()) {
            (ACCOUNT_CHANGE | AUTHENTICATION | USER_ACCESS | GROUP_MANAGEMENT, Some("User")) => {
                "user"
            }
            (AUTHENTICATION, Some("AppInstance")) => "service",
            (GROUP_MANAGEMENT, Some("UserGroup")) => "group",
            (ENTITY_MANAGEMENT, Some("PolicyEntity")) => "entity.policy",
            (ENTITY_MANAGEMENT, _) => "entity",
            (API_ACTIVITY, _) => "resource",
            _ => continue,
        };
        target(mapper, place, to, kind.as_deref().unwrap_or_default());
    }
}

fn target(mapper: &mut Mapper<'_>, place: usize, to: &str, kind: &str) {
    let from = |member: &str| format!("target.{place}.{member}");
    if to == "resource" {
        let to = |member: &str| format!("resources[{place}].{member}");
        mapper.copy(&from("id"), &to("uid"));
        mapper.copy(&from("displayName"), &to("name"));
        mapper.copy(&from("alternateId"), &to("uid_alt"));
        mapper.copy(&from("type"), &to("type"));
        return;
    }
    // The first one counts; the others stay as they are.
    if mapper.written((to, "uid")).is_some() {
        return;
    }
    mapper.copy(&from("id"), (to, "uid"));
    mapper.copy(&from("displayName"), (to, "name"));
    if to == "user" {
        mapper.copy(&from("alternateId"), "user.email_addr");
        mapper.copy(&from("type"), "user.type_id");
    }
    if to == "entity" {
        match kind {
            "User" => mapper.set("entity.type_id", 2_i64),
            _ => mapper.copy(&from("type"), "entity.type_id"),
        };
    }
    if to == "entity.policy" {
        mapper.set("entity.type_id", 5_i64);
        mapper.copy(&from("displayName"), "entity.name");
    }
}

fn evidence(mapper: &mut Mapper<'_>) {
    mapper.copy("client.ipAddress", "evidences.src_endpoint.ip");
    mapper.copy("actor.displayName", "evidences.actor.user.name");
    mapper.copy("actor.id", "evidences.actor.user.uid");
}

/// `{level=LOW}`, `{reasons=Anomalous Device, level=MEDIUM}`.
fn risk(mapper: &mut Mapper<'_>, from: &str) {
    let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { return };
    let level = text.split("level=").nth(1).and_then(|rest| rest.split(['}', ',']).next());
    let number = match level {
        Some("LOW") => 1_i64,
        Some("MEDIUM") => 2,
        Some("HIGH") => 3,
        _ => return,
    };
    mapper.set("risk_level_id", number);
}

fn outcome(mapper: &mut Mapper<'_>) {
    let result = mapper.source().text("outcome.result").map(Cow::into_owned);
    match result.as_deref() {
        Some("SUCCESS" | "ALLOW") => status(mapper, true),
        Some("FAILURE" | "DENY") => status(mapper, false),
        _ => {
            mapper.copy("outcome.result", "status_id");
        }
    }
}
