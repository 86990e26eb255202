//! The directory audit: what happens to users is Account Change, to roles User Access, to groups
//! Group Management, to everything else Entity Management.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::super::audit_log::{
    ACCOUNT_CHANGE, API_ACTIVITY, BY_VERB, ENTITY_MANAGEMENT, GROUP_MANAGEMENT, Rule, USER_ACCESS,
    classify, complete, open, paired, unpack,
};
use super::super::well_known::table_below;
use super::super::well_known::{product, status};
use super::{envelope, prefix};

/// Patterns of activities of the directory, which Microsoft 365 writes too.
pub(in super::super) const DIRECTORY: &[Rule] = &[
    ("add user", ACCOUNT_CHANGE, 1),
    ("delete user", ACCOUNT_CHANGE, 6),
    ("hard delete user", ACCOUNT_CHANGE, 6),
    ("restore user", ACCOUNT_CHANGE, 2),
    ("enable account", ACCOUNT_CHANGE, 2),
    ("disable account", ACCOUNT_CHANGE, 5),
    ("change user password", ACCOUNT_CHANGE, 3),
    ("reset user password", ACCOUNT_CHANGE, 4),
    ("disable strong authentication", ACCOUNT_CHANGE, 11),
    ("enable strong authentication", ACCOUNT_CHANGE, 10),
    ("update user", ACCOUNT_CHANGE, 99),
    ("change user license", ACCOUNT_CHANGE, 99),
    ("set force change user password", ACCOUNT_CHANGE, 99),
    ("update stsrefreshtokenvalidfrom*", ACCOUNT_CHANGE, 99),
    ("add member to group", GROUP_MANAGEMENT, 3),
    ("remove member from group", GROUP_MANAGEMENT, 4),
    ("add group", GROUP_MANAGEMENT, 6),
    ("delete group", GROUP_MANAGEMENT, 5),
    ("update group", GROUP_MANAGEMENT, 99),
    ("add owner to group", GROUP_MANAGEMENT, 99),
    ("remove owner from group", GROUP_MANAGEMENT, 99),
    ("add member to role*", USER_ACCESS, 1),
    ("add eligible member to role*", USER_ACCESS, 1),
    ("remove member from role*", USER_ACCESS, 2),
    ("remove eligible member from role*", USER_ACCESS, 2),
    ("add app role assignment*", USER_ACCESS, 1),
    ("remove app role assignment*", USER_ACCESS, 2),
    ("*service principal*", ENTITY_MANAGEMENT, BY_VERB),
    ("*application*", ENTITY_MANAGEMENT, BY_VERB),
    ("*policy", ENTITY_MANAGEMENT, BY_VERB),
    ("*domain*", ENTITY_MANAGEMENT, BY_VERB),
    ("add delegated permission grant", ENTITY_MANAGEMENT, 1),
    ("invite *user*", ACCOUNT_CHANGE, 1),
    ("redeem external user invite", ACCOUNT_CHANGE, 99),
    ("*security info*", ACCOUNT_CHANGE, 99),
    ("reset password*", ACCOUNT_CHANGE, 4),
    ("*self-service*password*", ACCOUNT_CHANGE, 4),
    ("change password*", ACCOUNT_CHANGE, 3),
    ("*role assignment*", ENTITY_MANAGEMENT, BY_VERB),
    ("*consent*", ENTITY_MANAGEMENT, BY_VERB),
    ("*device*", ENTITY_MANAGEMENT, BY_VERB),
];

const FIELDS: &[(&str, &str)] = &[
    ("id", "metadata.uid"),
    ("correlationId", "metadata.correlation_uid"),
    ("category", "metadata.log_name"),
    ("loggedByService", "metadata.product.feature.name"),
    ("initiatedBy.user.userPrincipalName", "actor.user.name"),
    ("initiatedBy.user.id", "actor.user.uid"),
    ("initiatedBy.user.displayName", "actor.user.full_name"),
    ("initiatedBy.user.ipAddress", "src_endpoint.ip"),
    ("initiatedBy.app.displayName", "actor.app_name"),
    ("initiatedBy.app.servicePrincipalId", "actor.app_uid"),
    ("initiatedBy.app.appId", "actor.app_uid"),
    ("result", "status_code"),
    ("resultReason", "status_detail"),
    ("userAgent", "http_request.user_agent"),
];

/// The columns of the table.
const COLUMNS: &[(&str, &str)] = &[
    ("Id", "metadata.uid"),
    ("LoggedByService", "metadata.product.feature.name"),
    ("InitiatedBy.user.userPrincipalName", "actor.user.name"),
    ("InitiatedBy.user.id", "actor.user.uid"),
    ("InitiatedBy.user.displayName", "actor.user.full_name"),
    ("InitiatedBy.user.ipAddress", "src_endpoint.ip"),
    ("InitiatedBy.app.displayName", "actor.app_name"),
    ("InitiatedBy.app.servicePrincipalId", "actor.app_uid"),
    ("Result", "status_code"),
    ("ResultReason", "status_detail"),
    ("UserAgent", "http_request.user_agent"),
    ("Identity", "actor.user.name"),
];

#[derive(Debug)]
pub(in super::super) struct EntraAudit;

impl Mapping for EntraAudit {
    fn name(&self) -> &'static str {
        "entra_audit"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["category", "properties", "time"],
            &["activityDisplayName", "activityDateTime", "initiatedBy"],
            &["OperationName", "InitiatedBy", "TargetResources"],
        ]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        [
            "properties.activityDisplayName",
            "activityDisplayName",
            "InitiatedBy",
            "properties.initiatedBy",
        ]
        .iter()
        .any(|path| source.has(path))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let prefix = prefix(&mapper.source());
        let field = |name: &str| format!("{prefix}{name}");
        for name in ["InitiatedBy", "TargetResources", "AdditionalDetails"] {
            unpack(mapper, name);
        }
        let operation = [&*field("activityDisplayName"), "ActivityDisplayName", "operationName"];
        let operation = operation
            .iter()
            .find_map(|path| mapper.source().text(path).map(|text| text.trim().to_owned()));
        let operation = operation.unwrap_or_default();
        let chosen = match classify(DIRECTORY, &operation) {
            (API_ACTIVITY, _) => (ENTITY_MANAGEMENT, BY_VERB),
            chosen => chosen,
        };
        let class = open(mapper, chosen, &operation);
        product(mapper, "Microsoft", "Microsoft Entra ID");
        mapper.time(&[&field("activityDateTime"), "ActivityDateTime", "time", "TimeGenerated"]);
        mapper.copy_first(
            &[&field("activityDisplayName"), "ActivityDisplayName", "OperationName"],
            "metadata.event_code",
        );
        let targets = if mapper.source().has("TargetResources") {
            Cow::Borrowed("TargetResources")
        } else {
            Cow::Owned(field("targetResources"))
        };
        subjects(mapper, class, &targets);
        table_below(mapper, prefix, FIELDS);
        mapper.table(COLUMNS);
        user_agent(mapper, &field("additionalDetails"));
        envelope(mapper);
        outcome(mapper, prefix);
        complete(mapper, class, "Microsoft Entra ID");
    }
}

/// The first target of each kind; the others stay as they are.
fn subjects(mapper: &mut Mapper<'_>, class: i64, targets: &str) {
    let source = mapper.source();
    let count = source.find(targets).map_or(0, |list| source.elements(list).len());
    for place in 0..count {
        let from = |name: &str| format!("{targets}.{place}.{name}");
        let kind = ["type", "Type"]
            .iter()
            .find_map(|name| mapper.source().text(&from(name)).map(Cow::into_owned));
        match (class, kind.as_deref()) {
            (
                ACCOUNT_CHANGE | USER_ACCESS | GROUP_MANAGEMENT,
                Some("User" | "ServicePrincipal"),
            ) if mapper.written("user.uid").is_none() => {
                mapper.copy(&from("id"), "user.uid");
                mapper.copy_first(&[&from("userPrincipalName"), &from("displayName")], "user.name");
                mapper.copy(&from("displayName"), "user.full_name");
            }
            (USER_ACCESS, Some("Role")) => {
                mapper.copy(&from("displayName"), "privileges");
            }
            (GROUP_MANAGEMENT, Some("Group")) if mapper.written("group.uid").is_none() => {
                mapper.copy(&from("id"), "group.uid");
                mapper.copy(&from("displayName"), "group.name");
            }
            (ENTITY_MANAGEMENT, kind) if place == 0 => entity(mapper, &from, kind),
            _ => {}
        }
    }
    if class == USER_ACCESS {
        role(mapper, targets, count);
    }
    if class == GROUP_MANAGEMENT && mapper.written("group.name").is_none() {
        property(mapper, targets, count, "Group.DisplayName", "group.name");
        property(mapper, targets, count, "Group.ObjectID", "group.uid");
    }
}

fn entity(mapper: &mut Mapper<'_>, from: &dyn Fn(&str) -> String, kind: Option<&str>) {
    mapper.copy(&from("id"), "entity.uid");
    mapper.copy_first(&[&from("displayName"), &from("userPrincipalName")], "entity.name");
    mapper.copy_first(&[&from("type"), &from("Type")], "entity.type_id");
    if kind == Some("Policy") {
        mapper.copy(&from("id"), "entity.policy.uid");
        mapper.copy(&from("displayName"), "entity.policy.name");
    }
}

/// Roles are named in the modified properties of the user.
fn role(mapper: &mut Mapper<'_>, targets: &str, count: usize) {
    property(mapper, targets, count, "Role.DisplayName", "privileges");
}

/// The new value of a modified property, which is the JSON text of a text.
fn property(mapper: &mut Mapper<'_>, targets: &str, count: usize, name: &str, to: &str) {
    for place in 0..count {
        let list = format!("{targets}.{place}.modifiedProperties");
        let source = mapper.source();
        let value = paired(&source, &list, ("displayName", "newValue"), name);
        let text = value.and_then(|field| source.text_of(field)).map(Cow::into_owned);
        let plain = text.as_deref().map(|text| text.trim().trim_matches('"')).unwrap_or_default();
        if !plain.is_empty() && mapper.set(to, plain) {
            return;
        }
    }
}

fn user_agent(mapper: &mut Mapper<'_>, details: &str) {
    for list in [details, "AdditionalDetails"] {
        let field = paired(&mapper.source(), list, ("key", "value"), "User-Agent");
        if let Some(field) = field {
            mapper.copy_field(field, "http_request.user_agent");
        }
    }
}

fn outcome(mapper: &mut Mapper<'_>, prefix: &str) {
    let source = mapper.source();
    let result = source.text(&format!("{prefix}result")).or_else(|| source.text("Result"));
    match result.as_deref() {
        Some("success") => status(mapper, true),
        Some("failure" | "timeout" | "clientError" | "serverError") => status(mapper, false),
        _ => {}
    }
}
