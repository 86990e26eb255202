//! Microsoft Entra ID logs as Azure Monitor exports them: Authentication for sign-ins; Account
//! Change, Group Management and API Activity for directory audits; Detection Finding for risks.
//! Contract: the categories `SignInLogs`, `AuditLogs` and `UserRiskEvents` of diagnostic settings.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::azure_monitor::{ENTRY_FIELDS, common, outcome};
use super::traffic::{complete, length};
use super::well_known::status;

const SIGN_IN_FIELDS: &[(&str, &str)] = &[
    ("properties.id", "metadata.uid"),
    ("properties.userId", "user.uid"),
    ("properties.userDisplayName", "user.display_name"),
    ("properties.servicePrincipalName", "user.name"),
    ("properties.servicePrincipalId", "user.uid"),
    ("identity", "user.display_name"),
    ("properties.appDisplayName", "service.name"),
    ("properties.appId", "service.uid"),
    ("properties.resourceDisplayName", "dst_endpoint.svc_name"),
    ("properties.resourceId", "dst_endpoint.uid"),
    ("properties.ipAddress", "src_endpoint.ip"),
    ("callerIpAddress", "src_endpoint.ip"),
    ("calleripaddress", "src_endpoint.ip"),
    ("ipAddress", "src_endpoint.ip"),
    ("properties.autonomousSystemNumber", "src_endpoint.autonomous_system.number"),
    ("properties.authenticationProtocol", "auth_protocol"),
    ("properties.userAgent", "http_request.user_agent"),
    ("properties.sessionId", "session.uid"),
    ("properties.uniqueTokenIdentifier", "session.uid_alt"),
    ("properties.servicePrincipalCredentialKeyId", "session.credential_uid"),
    ("properties.status.errorCode", "status_code"),
    ("properties.status.failureReason", "status_detail"),
    ("properties.correlationId", "metadata.correlation_uid"),
    ("operationName", "api.operation"),
    ("operationname", "api.operation"),
];

const LOCATION_FIELDS: &[(&str, &str)] = &[
    ("properties.location.city", "src_endpoint.location.city"),
    ("properties.location.countryOrRegion", "src_endpoint.location.country"),
    ("location", "src_endpoint.location.country"),
    ("properties.location.state", "src_endpoint.location.region"),
];

/// Of a place that has a name.
const COORDINATES: &[(&str, &str)] = &[
    ("properties.location.geoCoordinates.latitude", "src_endpoint.location.lat"),
    ("properties.location.geoCoordinates.longitude", "src_endpoint.location.long"),
];

const RISK_FIELDS: &[(&str, &str)] = &[
    ("properties.id", "finding_info.uid"),
    ("properties.riskEventType", "finding_info.types"),
    ("properties.activityDateTime", "finding_info.first_seen_time"),
    ("properties.detectedDateTime", "finding_info.created_time"),
    ("properties.lastUpdatedDateTime", "finding_info.modified_time"),
    ("properties.riskDetail", "status_detail"),
    ("properties.userPrincipalName", "evidences[0].user.name"),
    ("properties.userId", "evidences[0].user.uid"),
    ("properties.userDisplayName", "evidences[0].user.display_name"),
    ("properties.ipAddress", "evidences[0].src_endpoint.ip"),
    ("properties.correlationId", "metadata.correlation_uid"),
    ("properties.requestId", "metadata.uid"),
];

const AUDIT_FIELDS: &[(&str, &str)] = &[
    ("properties.id", "metadata.uid"),
    ("operationName", "api.operation"),
    ("properties.activityDisplayName", "api.operation"),
    ("properties.operationName", "api.operation"),
    ("properties.loggedByService", "api.service.name"),
    ("properties.resultReason", "status_detail"),
    ("properties.correlationId", "metadata.correlation_uid"),
    ("properties.initiatedBy.user.id", "actor.user.uid"),
    ("properties.initiatedBy.user.displayName", "actor.user.display_name"),
    ("properties.initiatedBy.user.ipAddress", "src_endpoint.ip"),
    ("properties.initiatedBy.app.appId", "actor.app_uid"),
    ("properties.initiatedBy.app.displayName", "actor.app_name"),
    ("callerIpAddress", "src_endpoint.ip"),
    ("properties.ipAddress", "src_endpoint.ip"),
    ("properties.userAgent", "http_request.user_agent"),
];

/// Operations on accounts and groups: class and activity.
const OPERATIONS: [(&str, i64, i64); 14] = [
    ("Add user", 3001, 1),
    ("Delete user", 3001, 6),
    ("Hard Delete user", 3001, 6),
    ("Change user password", 3001, 3),
    ("Change password (self-service)", 3001, 3),
    ("Reset user password", 3001, 4),
    ("Reset password (by admin)", 3001, 4),
    ("Reset password (self-service)", 3001, 4),
    ("Disable account", 3001, 5),
    ("Enable account", 3001, 2),
    ("Add member to group", 3006, 3),
    ("Remove member from group", 3006, 4),
    ("Add group", 3006, 6),
    ("Delete group", 3006, 5),
];

const VERBS: [(&str, i64); 9] = [
    ("Add", 1),
    ("Create", 1),
    ("Invite", 1),
    ("Get", 2),
    ("Update", 3),
    ("Set", 3),
    ("Delete", 4),
    ("Remove", 4),
    ("Hard Delete", 4),
];

#[derive(Debug)]
pub(super) struct AzureEntra;

impl Mapping for AzureEntra {
    fn name(&self) -> &'static str {
        "azure_entra"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["category", "time", "properties"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        let resource = source.text("resourceId").or(source.text("resourceid")).unwrap_or_default();
        !source.is("category", "MicrosoftGraphActivityLogs")
            && (is_sign_in(source)
                || resource.to_ascii_lowercase().ends_with("/providers/microsoft.aadiam")
                || ["initiatedBy", "activityDisplayName", "targetResources"]
                    .iter()
                    .any(|name| source.has(&format!("properties.{name}"))))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        if is_sign_in(&mapper.source()) {
            sign_in(mapper);
        } else if mapper.source().text("properties.riskEventType").is_some() {
            risk(mapper);
        } else {
            audit(mapper);
        }
        mapper.table(ENTRY_FIELDS);
    }
}

fn is_sign_in(source: &Source<'_>) -> bool {
    source.text("category").is_some_and(|text| text.to_ascii_lowercase().ends_with("signinlogs"))
}

fn entra(mapper: &mut Mapper<'_>) {
    mapper.set("metadata.product.feature.name", "Microsoft Entra ID");
    common(mapper);
}

fn sign_in(mapper: &mut Mapper<'_>) {
    mapper.class(3002, 1);
    entra(mapper);
    // The error code is the precise word; 0 is none.
    match mapper.source().integer("properties.status.errorCode") {
        Some(code) => status(mapper, code == 0),
        None => outcome(mapper),
    }
    match mapper.source().text("properties.authenticationRequirement").as_deref() {
        Some("multiFactorAuthentication") => {
            mapper.set("is_mfa", true);
        }
        Some("singleFactorAuthentication") => {
            mapper.set("is_mfa", false);
        }
        _ => {}
    }
    let source = mapper.source();
    let risk = ["properties.riskLevelAggregated", "properties.riskLevelDuringSignIn"];
    let level = risk.iter().find_map(|name| source.text(name));
    let level = match level.as_deref() {
        Some("low") => Some(1_i64),
        Some("medium") => Some(2),
        Some("high") => Some(3),
        _ => None,
    };
    if let Some(level) = level {
        mapper.set("risk_level_id", level);
    }
    if mapper.copy("properties.deviceDetail.deviceId", "device.uid") {
        mapper.copy("properties.deviceDetail.displayName", "device.name");
        mapper.set("device.type_id", 0_i64);
    }
    mapper.copy("properties.userPrincipalName", "user.email_addr");
    mapper.copy("properties.userPrincipalName", "user.name");
    mapper.table(SIGN_IN_FIELDS);
    if mapper.written("src_endpoint.ip").is_some() {
        mapper.table(LOCATION_FIELDS);
        if mapper.written("src_endpoint.location.country").is_some() {
            mapper.table(COORDINATES);
        }
    }
    if mapper.written("api.operation").is_none() {
        mapper.set("api.operation", "Sign-in activity");
    }
    complete(mapper, 3002);
    if ["service.name", "service.uid", "dst_endpoint.svc_name", "dst_endpoint.uid"]
        .iter()
        .all(|to| mapper.written(to).is_none())
    {
        mapper.set("service.name", "Microsoft Entra ID");
    }
}

/// A risk that the service detected: a user whose sign-in or credentials look wrong.
fn risk(mapper: &mut Mapper<'_>) {
    mapper.class(2004, 1);
    let severity = match mapper.source().text("properties.riskLevel").as_deref() {
        Some("low") => 2_i64,
        Some("medium") => 3,
        Some("high") => 4,
        _ => 1,
    };
    mapper.set("severity_id", severity);
    entra(mapper);
    let title = mapper.source().text("properties.riskEventType").unwrap_or_default().into_owned();
    mapper.set("finding_info.title", title.as_str());
    mapper.copy_first(&["operationName", "operationname"], "api.operation");
    mapper.table(RISK_FIELDS);
    if mapper.written("finding_info.uid").is_none() {
        mapper.set("finding_info.uid", title.as_str());
    }
}

fn audit(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let name = ["operationName", "properties.activityDisplayName"]
        .iter()
        .find_map(|name| source.text(name))
        .unwrap_or_default()
        .into_owned();
    let known = OPERATIONS.iter().find(|(known, ..)| name.eq_ignore_ascii_case(known));
    let verb = VERBS.iter().find(|(verb, _)| name.starts_with(verb));
    let (class, activity) = match (known, verb) {
        (Some((_, class, activity)), _) => (*class, *activity),
        (None, Some((_, activity))) => (6003, *activity),
        (None, None) => (6003, 99),
    };
    let has_target = source.has("properties.targetResources.0");
    let (class, activity) =
        if class == 6003 || has_target { (class, activity) } else { (6003, 99) };
    mapper.class(class, activity);
    if activity == 99 {
        mapper.other_activity(&name);
    }
    entra(mapper);
    outcome(mapper);
    targets(mapper, class);
    let user = "properties.initiatedBy.user.userPrincipalName";
    mapper.copy(user, "actor.user.email_addr");
    mapper.copy(user, "actor.user.name");
    mapper.table(AUDIT_FIELDS);
    complete(mapper, class);
}

/// What the operation was about: the user and the group of the classes for these, resources of the
/// others.
fn targets(mapper: &mut Mapper<'_>, class: i64) {
    let mut at = 0;
    for place in 0..length(mapper, "properties.targetResources") {
        let from = |name: &str| format!("properties.targetResources.{place}.{name}");
        let is_group = mapper.source().is(&from("type"), "Group");
        let (to, names) = match (class, is_group) {
            (3001 | 3006, false) => ("user".to_owned(), ["userPrincipalName", "displayName"]),
            (3006, true) => ("group".to_owned(), ["displayName", "userPrincipalName"]),
            _ => (format!("resources[{at}]"), ["displayName", "userPrincipalName"]),
        };
        let has_uid = mapper.copy(&from("id"), &format!("{to}.uid"));
        let names = names.map(&from);
        let has_name = names.iter().any(|name| mapper.copy(name, &format!("{to}.name")));
        if has_uid || has_name {
            mapper.copy(&from("displayName"), &format!("{to}.display_name"));
            mapper.copy(&from("type"), &format!("{to}.type"));
            at += 1;
        }
    }
}
