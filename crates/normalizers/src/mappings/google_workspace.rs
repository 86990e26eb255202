//! Google Workspace activity reports: sign-ins are Authentication, what administrators do is
//! Account Change, User Access, Group Management or Entity Management, Drive is Web Resources
//! Activity, mail Email Activity, grants of tokens Authorize Session, rules Detection Finding; the
//! rest is API Activity. Contract: `activities` of the Reports API, and the form in which the first
//! event stands at the top with its parameters as one object.

use std::borrow::Cow;

use headwater_event::json::{Kind, Scalar};
use headwater_pipeline::mapping::{Field, Mapper, Mapping, Source};

use super::audit_log::{
    ACCOUNT_CHANGE, API_ACTIVITY, AUTHENTICATION, AUTHORIZE_SESSION, BY_VERB, DETECTION_FINDING,
    EMAIL_ACTIVITY, ENTITY_MANAGEMENT, GROUP_MANAGEMENT, Rule, USER_ACCESS, WEB_RESOURCES,
    classify, complete, open, severity,
};
use super::well_known::{product, status};

/// Patterns of `application:event`.
const RULES: &[Rule] = &[
    ("login:logout", AUTHENTICATION, 2),
    ("login:login_*", AUTHENTICATION, 1),
    ("login:risky_sensitive_action_*", AUTHENTICATION, 99),
    ("login:account_disabled_*", ACCOUNT_CHANGE, 5),
    ("login:suspicious_*", DETECTION_FINDING, 1),
    ("login:user_signed_out_due_to_suspicious*", DETECTION_FINDING, 1),
    ("login:gov_attack_warning", DETECTION_FINDING, 1),
    ("logout:login_*", AUTHENTICATION, 1),
    ("saml:login_*", AUTHENTICATION, 1),
    ("chrome:chrome_os_login*", AUTHENTICATION, 1),
    ("chrome:chrome_os_logout*", AUTHENTICATION, 2),
    ("mobile:failed_password_attempts_event", AUTHENTICATION, 1),
    ("*:2sv_enroll", ACCOUNT_CHANGE, 10),
    ("*:2sv_disable", ACCOUNT_CHANGE, 11),
    ("*:password_edit", ACCOUNT_CHANGE, 3),
    ("*:recovery_*", ACCOUNT_CHANGE, 99),
    ("*:titanium_*", ACCOUNT_CHANGE, 99),
    ("*:passkey_*", ACCOUNT_CHANGE, 99),
    ("*:email_forwarding_*", ACCOUNT_CHANGE, 99),
    ("admin:create_user", ACCOUNT_CHANGE, 1),
    ("admin:delete_user", ACCOUNT_CHANGE, 6),
    ("admin:undelete_user", ACCOUNT_CHANGE, 2),
    ("admin:suspend_user", ACCOUNT_CHANGE, 5),
    ("admin:unsuspend_user", ACCOUNT_CHANGE, 2),
    ("admin:change_password", ACCOUNT_CHANGE, 4),
    ("admin:turn_off_2_step_verification", ACCOUNT_CHANGE, 11),
    ("admin:grant_admin_privilege", USER_ACCESS, 1),
    ("admin:revoke_admin_privilege", USER_ACCESS, 2),
    ("admin:assign_role", USER_ACCESS, 1),
    ("admin:unassign_role", USER_ACCESS, 2),
    ("admin:add_group_member", GROUP_MANAGEMENT, 3),
    ("admin:remove_group_member", GROUP_MANAGEMENT, 4),
    ("admin:create_group", GROUP_MANAGEMENT, 6),
    ("admin:delete_group", GROUP_MANAGEMENT, 5),
    ("admin:*group_member*", GROUP_MANAGEMENT, 99),
    ("admin:change_group_*", GROUP_MANAGEMENT, 99),
    ("admin:*", ENTITY_MANAGEMENT, BY_VERB),
    ("groups*:add_*", GROUP_MANAGEMENT, 3),
    ("groups*:remove_*", GROUP_MANAGEMENT, 4),
    ("groups*:create_group", GROUP_MANAGEMENT, 6),
    ("groups*:delete_group", GROUP_MANAGEMENT, 5),
    ("groups*:*", GROUP_MANAGEMENT, 99),
    ("drive:trash", WEB_RESOURCES, 4),
    ("drive:change_*", WEB_RESOURCES, 8),
    ("drive:shared_drive_*", WEB_RESOURCES, 3),
    ("drive:label_*", WEB_RESOURCES, 3),
    ("drive:*", WEB_RESOURCES, BY_VERB),
    ("token:authorize", AUTHORIZE_SESSION, 1),
    ("gmail:delivery", EMAIL_ACTIVITY, 2),
    ("rules:*", DETECTION_FINDING, 1),
    ("mobile:suspicious_activity_event", DETECTION_FINDING, 1),
    ("mobile:device_compromised_event", DETECTION_FINDING, 1),
    ("mobile:device_register_unregister_event", ENTITY_MANAGEMENT, 6),
];

const FIELDS: &[(&str, &str)] = &[
    ("id.customerId", "metadata.tenant_uid"),
    ("actor.email", "actor.user.email_addr"),
    ("actor.profileId", "actor.user.uid"),
    ("actor.key", "actor.app_uid"),
    ("ipAddress", "src_endpoint.ip"),
    ("parameters.user_agent", "http_request.user_agent"),
    ("parameters.login_failure_type", "status_detail"),
    ("parameters.LOGIN_FAILURE_REASON", "status_detail"),
    ("parameters.saml_status_code", "status_code"),
    ("parameters.application_name", "service.name"),
    ("parameters.affected_email_address", "user.email_addr"),
    ("parameters.USER_EMAIL", "user.email_addr"),
    ("parameters.DEVICE_USER", "user.name"),
    ("parameters.member_id", "user.email_addr"),
    ("parameters.GROUP_EMAIL", "group.name"),
    ("parameters.group_id", "group.name"),
    ("parameters.group_email", "group.name"),
    ("parameters.ROLE_NAME", "privileges"),
    ("parameters.scope", "privileges"),
    ("parameters.app_name", "actor.app_name"),
    ("parameters.client_id", "actor.app_uid"),
    ("parameters.doc_id", "web_resources.uid"),
    ("parameters.doc_title", "web_resources.name"),
    ("parameters.doc_type", "web_resources.type"),
    ("parameters.SETTING_NAME", "entity.name"),
    ("parameters.APPLICATION_NAME", "entity.name"),
    ("parameters.DEVICE_NAME", "device.hostname"),
    ("parameters.DIRECTORY_DEVICE_ID", "device.uid"),
    ("parameters.message_info.subject", "email.subject"),
    ("parameters.message_info.source.from_header_address", "email.from"),
    ("parameters.message_info.source.address", "from"),
    ("parameters.message_info.source.address", "email.from"),
    ("parameters.message_info.destination.0.address", "email.to"),
    ("parameters.message_info.flattened_destinations", "email.to"),
    ("parameters.message_info.rfc2822_message_id", "email.message_uid"),
    ("parameters.message_info.connection_info.client_ip", "src_endpoint.ip"),
    ("parameters.message_info.payload_size", "email.size"),
    ("parameters.rule_name", "finding_info.title"),
    ("parameters.rule_resource_name", "finding_info.analytic.uid"),
];

#[derive(Debug)]
pub(super) struct GoogleWorkspace;

impl Mapping for GoogleWorkspace {
    fn name(&self) -> &'static str {
        "google_workspace"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["id", "actor"], &["id", "kind"], &["id", "type"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.is("kind", "admin#reports#activity")
            || source.has("id.applicationName") && !source.has("kind")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        first_event(mapper);
        let text = |mapper: &Mapper<'_>, path: &str| {
            mapper.source().text(path).map(Cow::into_owned).unwrap_or_default()
        };
        let (application, event) = (text(mapper, "id.applicationName"), text(mapper, "name"));
        let chosen = choose(&mapper.source(), &format!("{application}:{}", event.trim()));
        let class = open(mapper, chosen, event.trim());
        product(mapper, "Google", "Google Workspace");
        mapper.time(&["id.time"]);
        mapper.copy("id.uniqueQualifier", "metadata.uid");
        mapper.copy("id.applicationName", "metadata.log_name");
        mapper.copy("name", "metadata.event_code");
        match class {
            API_ACTIVITY => {
                mapper.copy_first(&["name", "type"], "api.operation");
                mapper.copy("id.applicationName", "api.service.name");
            }
            DETECTION_FINDING => finding(mapper, &event),
            EMAIL_ACTIVITY => {
                mapper.set("direction_id", 0_i64);
            }
            _ => {}
        }
        mapper.table(FIELDS);
        if mapper.has_any("device", &["hostname", "uid"]) {
            mapper.set("device.type_id", 0_i64);
        }
        if class == ENTITY_MANAGEMENT {
            entity(mapper);
        }
        if event.contains("failure") || event == "FAILED_PASSWORD_ATTEMPTS_EVENT" {
            status(mapper, false);
        } else if event.contains("success") {
            status(mapper, true);
        }
        complete(mapper, class, &application);
    }
}

/// Class and activity; without what the class requires the event is one of the API.
fn choose(source: &Source<'_>, operation: &str) -> (i64, i64) {
    let (class, activity) = classify(RULES, operation);
    let needed: &[&str] = match class {
        WEB_RESOURCES => &["parameters.doc_id", "parameters.doc_title"],
        AUTHORIZE_SESSION => &["parameters.scope"],
        EMAIL_ACTIVITY => &[
            "parameters.message_info.source.address",
            "parameters.message_info.destination.0.address",
            "parameters.message_info.flattened_destinations",
        ],
        _ => return (class, activity),
    };
    if needed.iter().any(|path| source.text(path).is_some() || source.has(path)) {
        (class, activity)
    } else {
        (API_ACTIVITY, BY_VERB)
    }
}

fn finding(mapper: &mut Mapper<'_>, event: &str) {
    mapper.copy("id.uniqueQualifier", "finding_info.uid");
    mapper.copy("parameters.rule_name", "finding_info.title");
    mapper.set("finding_info.title", if event.is_empty() { "rule" } else { event });
    mapper.copy("type", "finding_info.types");
    // Not every activity has an id.
    mapper.set("finding_info.uid", if event.is_empty() { "rule" } else { event });
    severity(mapper, "parameters.severity");
    mapper.copy("parameters.affected_email_address", "evidences.user.email_addr");
    mapper.copy("parameters.affected_email_address", "evidences.user.name");
    mapper.copy("parameters.USER_EMAIL", "evidences.user.email_addr");
    mapper.copy("parameters.USER_EMAIL", "evidences.user.name");
    mapper.copy("ipAddress", "evidences.src_endpoint.ip");
}

fn entity(mapper: &mut Mapper<'_>) {
    let of_user = mapper.source().has("parameters.USER_EMAIL");
    if of_user {
        mapper.set("entity.type_id", 2_i64);
        mapper.copy("parameters.USER_EMAIL", "entity.name");
        return;
    }
    mapper
        .copy_first(&["parameters.DOMAIN_NAME", "parameters.ORG_UNIT_NAME", "type"], "entity.name");
    mapper.set("entity.type_id", 99_i64);
    mapper.copy("type", "entity.type");
}

/// Brings the first of the events to the top, its parameters as one object: both forms have the
/// same fields then.
fn first_event(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let Some(event) = source.find("events.0") else { return };
    let mut top = Vec::new();
    for key in ["name", "type"] {
        if let Some(field) = source.find_in(event, key) {
            top.push((key, field, source.text_of(field).unwrap_or_default().into_owned()));
        }
    }
    let mut values = Vec::new();
    if let Some(list) = source.find_in(event, "parameters") {
        values.extend(source.elements(list).iter().filter_map(|one| parameter(&source, *one)));
    }
    let extra = mapper.extra();
    for (key, _, text) in &top {
        extra.append(extra.root(), key, &**text);
    }
    let object = extra.append(extra.root(), "parameters", Scalar::Object);
    for (_, name, value) in &values {
        match value {
            Value::Text(text) => extra.append(object, name, &**text),
            Value::Boolean(value) => extra.append(object, name, *value),
            Value::List(list) => {
                let array = extra.append(object, name, Scalar::Array);
                list.iter().for_each(|text| {
                    extra.push(array, &**text);
                });
                array
            }
        };
    }
    for (_, field, _) in &top {
        mapper.done_field(*field);
    }
    for (field, ..) in &values {
        let source = mapper.source();
        let known = PARAMETER_KEYS.iter().filter_map(|key| source.find_in(*field, key));
        for part in known.collect::<Vec<_>>() {
            mapper.done_field(part);
        }
    }
}

/// What a parameter consists of; anything else of it is kept.
const PARAMETER_KEYS: [&str; 6] =
    ["name", "value", "intValue", "boolValue", "multiValue", "multiIntValue"];

enum Value {
    Text(String),
    Boolean(bool),
    List(Vec<String>),
}

/// A parameter with its name and value; messages stay where they are.
fn parameter(source: &Source<'_>, field: Field) -> Option<(Field, String, Value)> {
    let name = source.text_of(source.find_in(field, "name")?)?.into_owned();
    for key in ["value", "intValue", "boolValue"] {
        let Some(value) = source.find_in(field, key) else { continue };
        let text = source.text_of(value)?;
        let value = match source.kind(value) {
            Kind::Bool => Value::Boolean(text == "true"),
            _ => Value::Text(text.into_owned()),
        };
        return Some((field, name, value));
    }
    let list = source.find_in(field, "multiValue").or(source.find_in(field, "multiIntValue"))?;
    let texts = source.elements(list).into_iter().filter_map(|one| source.text_of(one));
    Some((field, name, Value::List(texts.map(Cow::into_owned).collect())))
}
