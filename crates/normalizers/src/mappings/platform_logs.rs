//! Audit logs of platforms, each a table: Carbon Black, Salesforce, Snowflake, Tailscale, Wiz.
//! Contracts: the vendors' audit event references.

use std::borrow::Cow;

use headwater_pipeline::mapping::Mapper;

use super::audit_log::{
    ACCOUNT_CHANGE, API_ACTIVITY, AUTHENTICATION, AuditLog, BY_VERB, DATASTORE, DETECTION_FINDING,
    ENTITY_MANAGEMENT, USER_ACCESS, no_outcome, unpack,
};

pub(super) static CARBON_BLACK: AuditLog = AuditLog {
    name: "carbon_black_audit",
    vendor: "VMware",
    product: "Carbon Black Cloud",
    keys: &[&["eventId", "eventTime", "loginName", "orgName", "description"]],
    recognises: |source| source.has("flagged") || source.has("verbose"),
    time: &["eventTime"],
    operation: &["description"],
    rules: &[
        ("logged in*", AUTHENTICATION, 1),
        ("*log in failed*", AUTHENTICATION, 1),
        ("logged out*", AUTHENTICATION, 2),
        ("added user*", ACCOUNT_CHANGE, 1),
        ("deleted user*", ACCOUNT_CHANGE, 6),
        ("user * retrieved secret*", API_ACTIVITY, 2),
        ("created grant*", USER_ACCESS, 1),
        ("deleted grant*", USER_ACCESS, 2),
    ],
    fields: &[
        ("eventId", "metadata.uid"),
        ("loginName", "actor.user.name"),
        ("orgName", "actor.user.org.name"),
        ("clientIp", "src_endpoint.ip"),
        ("requestUrl", "http_request.url.path"),
    ],
    outcome: |source| source.text("description")?.contains("failed").then_some(false),
    more: |mapper, class| {
        mapper.copy("description", "message");
        let text = mapper.source().text("description").map(Cow::into_owned).unwrap_or_default();
        // The operation is a sentence; its beginning has no names in it.
        let verb: Vec<&str> =
            text.split([':', ' ']).filter(|word| !word.contains('@')).take(2).collect();
        let verb = verb.join(" ");
        mapper.set("metadata.event_code", &*verb);
        match class {
            USER_ACCESS => {
                if let Some((head, role)) = text.split_once(" with role ") {
                    mapper.set("privileges", role.trim());
                    let grantee = head.rsplit(' ').next().unwrap_or_default();
                    mapper.set("user.uid", grantee);
                }
            }
            ACCOUNT_CHANGE => {
                let name = text.split(' ').find(|word| word.contains('@')).unwrap_or_default();
                if !name.is_empty() {
                    mapper.set("user.name", name);
                }
            }
            API_ACTIVITY => {
                mapper.set("api.operation", &*verb);
            }
            _ => {}
        }
    },
};

/// Salesforce event log files and real-time events: the names of `EVENT_TYPE`.
pub(super) static SALESFORCE: AuditLog = AuditLog {
    name: "salesforce",
    vendor: "Salesforce",
    product: "Salesforce Shield",
    keys: &[&["EVENT_TYPE", "ORGANIZATION_ID", "USER_ID"]],
    recognises: |source| source.text("EVENT_TYPE").is_some(),
    time: &["TIMESTAMP_DERIVED", "TIMESTAMP", "EVENT_DATE"],
    operation: &["EVENT_TYPE"],
    rules: &[
        ("login*", AUTHENTICATION, 1),
        ("logout", AUTHENTICATION, 2),
        ("*oauthtoken*", AUTHENTICATION, 5),
        ("*anomalyeventstore", DETECTION_FINDING, 1),
        ("sessionhijackingeventstore", DETECTION_FINDING, 1),
        ("credentialstuffingeventstore", DETECTION_FINDING, 1),
        ("permissionset*", API_ACTIVITY, 3),
        ("bulkapi*", API_ACTIVITY, 2),
        ("api*", API_ACTIVITY, 2),
        ("report*", API_ACTIVITY, 2),
        ("uri", API_ACTIVITY, 2),
    ],
    fields: &[
        ("ORGANIZATION_ID", "metadata.tenant_uid"),
        ("USERNAME", "actor.user.name"),
        ("USER_NAME", "actor.user.name"),
        ("USER_ID_DERIVED", "actor.user.uid"),
        ("USER_ID", "actor.user.uid_alt"),
        ("USER_TYPE", "actor.user.type"),
        ("SESSION_KEY", "actor.session.uid"),
        ("SOURCE_IP", "src_endpoint.ip"),
        ("CLIENT_IP", "src_endpoint.ip"),
        ("REQUEST_ID", "api.request.uid"),
        ("REQUEST_ID", "http_request.uid"),
        ("URI", "http_request.url.path"),
        ("BROWSER_TYPE", "http_request.user_agent"),
        ("USER_AGENT", "http_request.user_agent"),
        ("API_VERSION", "api.version"),
        ("CONNECTED_APP_NAME", "actor.app_name"),
        ("CONNECTED_APP_ID", "actor.app_uid"),
        ("ENTITY_NAME", "resources.name"),
        ("LOGIN_STATUS", "status_code"),
        ("STATUS", "status_code"),
        ("SUMMARY", "finding_info.desc"),
        ("SCORE", "risk_score"),
    ],
    outcome: |source| {
        let text = source.text("LOGIN_STATUS").or_else(|| source.text("STATUS"))?;
        match &*text {
            "LOGIN_NO_ERROR" | "Success" => Some(true),
            "Failed" | "Failure" => Some(false),
            other => other.starts_with("LOGIN_").then_some(false),
        }
    },
    more: |mapper, class| {
        if class == DETECTION_FINDING {
            mapper
                .copy_first(&["EVENT_IDENTIFIER", "REQUEST_ID", "EVENT_TYPE"], "finding_info.uid");
            mapper.copy("EVENT_TYPE", "finding_info.title");
            mapper.copy("SUMMARY", "finding_info.desc");
            unpack(mapper, "SECURITY_EVENT_DATA");
            mapper.copy_first(&["USERNAME", "USER_NAME"], "actor.user.name");
            mapper.copy("SOURCE_IP", "evidences.src_endpoint.ip");
            mapper.copy_first(&["USERNAME", "USER_NAME"], "evidences.user.name");
            mapper.set("is_alert", true);
        }
    },
};

/// Snowflake's `LOGIN_HISTORY`.
pub(super) static SNOWFLAKE_LOGIN: AuditLog = AuditLog {
    name: "snowflake_login_history",
    vendor: "Snowflake",
    product: "Snowflake",
    keys: &[&["EVENT_TYPE", "REPORTED_CLIENT_TYPE", "IS_SUCCESS", "USER_NAME"]],
    recognises: |source| source.text("IS_SUCCESS").is_some(),
    time: &["EVENT_TIMESTAMP"],
    operation: &["EVENT_TYPE"],
    rules: &[("*", AUTHENTICATION, 1)],
    fields: &[
        ("EVENT_ID", "metadata.uid"),
        ("USER_NAME", "user.name"),
        ("CLIENT_IP", "src_endpoint.ip"),
        ("ERROR_CODE", "status_code"),
        ("ERROR_MESSAGE", "status_detail"),
        ("CLIENT_PRIVATE_LINK_ID", "src_endpoint.uid"),
    ],
    outcome: |source| source.text("IS_SUCCESS").map(|text| text == "YES"),
    more: |mapper, _| {
        if mapper.source().text("SECOND_AUTHENTICATION_FACTOR").is_some() {
            mapper.set("is_mfa", true);
        }
    },
};

/// Snowflake's `QUERY_HISTORY`.
pub(super) static SNOWFLAKE_QUERY: AuditLog = AuditLog {
    name: "snowflake_query_history",
    vendor: "Snowflake",
    product: "Snowflake",
    keys: &[&["QUERY_TEXT", "QUERY_TYPE", "EXECUTION_STATUS"]],
    recognises: |source| source.text("QUERY_TYPE").is_some(),
    time: &["START_TIME", "END_TIME"],
    operation: &["QUERY_TYPE"],
    rules: &[
        ("create_user", ACCOUNT_CHANGE, 1),
        ("alter_user", ACCOUNT_CHANGE, 99),
        ("drop_user", ACCOUNT_CHANGE, 6),
        ("select", DATASTORE, 4),
        ("get_files", DATASTORE, 1),
        ("unload", DATASTORE, 1),
        ("list_files", DATASTORE, 8),
        ("show", DATASTORE, 8),
        ("insert", DATASTORE, 5),
        ("copy", DATASTORE, 5),
        ("put_files", DATASTORE, 5),
        ("update", DATASTORE, 2),
        ("merge", DATASTORE, 2),
        ("create*", DATASTORE, 6),
        ("drop*", DATASTORE, 7),
        ("delete", DATASTORE, 7),
        ("*", DATASTORE, 99),
    ],
    fields: &[
        ("QUERY_ID", "metadata.uid"),
        ("SESSION_ID", "actor.session.uid"),
        ("USER_NAME", "actor.user.name"),
        ("QUERY_TEXT", "query_info.query_string"),
        ("QUERY_TEXT", "message"),
        ("DATABASE_NAME", "database.name"),
        ("WAREHOUSE_NAME", "database.name"),
        ("EXECUTION_STATUS", "status_code"),
        ("ERROR_MESSAGE", "status_detail"),
        ("TOTAL_ELAPSED_TIME", "duration"),
    ],
    outcome: |source| source.text("EXECUTION_STATUS").map(|text| text == "SUCCESS"),
    more: |mapper, class| match class {
        DATASTORE => {
            mapper.copy("QUERY_ID", "metadata.uid");
            mapper.copy_first(&["QUERY_ID", "QUERY_TYPE"], "query_info.uid");
            mapper.copy_first(&["DATABASE_NAME", "WAREHOUSE_NAME"], "database.name");
            mapper.set("database.name", "Unknown");
            mapper.set("database.type_id", 0_i64);
            mapper.set("type_id", 1_i64);
        }
        _ => account_of_statement(mapper),
    },
};

/// `ALTER USER name SET …`: the third word is the user.
fn account_of_statement(mapper: &mut Mapper<'_>) {
    let text = mapper.source().text("QUERY_TEXT").map(Cow::into_owned).unwrap_or_default();
    let name = text.split_whitespace().nth(2).map(|name| name.trim_matches(['"', ';']));
    if let Some(name) = name {
        mapper.set("user.name", name);
    }
}

pub(super) static TAILSCALE: AuditLog = AuditLog {
    name: "tailscale_audit",
    vendor: "Tailscale",
    product: "Tailscale",
    keys: &[&["event", "time"], &["eventGroupID", "action", "target"]],
    recognises: |source| source.has("event.eventGroupID") || source.has("eventGroupID"),
    time: &["time", "eventTime"],
    operation: &["event.action", "action"],
    rules: &[
        ("login", AUTHENTICATION, 1),
        ("logout", AUTHENTICATION, 2),
        ("*", ENTITY_MANAGEMENT, BY_VERB),
    ],
    fields: &[
        ("event.eventGroupID", "metadata.correlation_uid"),
        ("event.origin", "metadata.log_name"),
        ("event.actor.loginName", "actor.user.email_addr"),
        ("event.actor.displayName", "actor.user.name"),
        ("event.actor.id", "actor.user.uid"),
        ("event.actor.type", "actor.user.type_id"),
        ("event.target.name", "entity.name"),
        ("event.target.id", "entity.uid"),
        ("event.target.type", "entity.type_id"),
        ("event.new", "entity_result.data"),
        ("event.old", "entity.data"),
        ("eventGroupID", "metadata.correlation_uid"),
        ("origin", "metadata.log_name"),
        ("actor.loginName", "actor.user.email_addr"),
        ("actor.displayName", "actor.user.name"),
        ("actor.id", "actor.user.uid"),
        ("target.name", "entity.name"),
        ("target.id", "entity.uid"),
        ("target.type", "entity.type_id"),
    ],
    outcome: no_outcome,
    more: |mapper, class| {
        // The new state is one of the same entity.
        if class == ENTITY_MANAGEMENT && mapper.source().has("event.new") {
            mapper.copy("event.target.id", "entity.uid");
            mapper.copy("event.target.id", "entity_result.uid");
            mapper.set("entity_result.type_id", 99_i64);
            mapper.copy("event.target.type", "entity.type_id");
            mapper.copy("event.target.type", "entity_result.type");
        }
    },
};

pub(super) static WIZ: AuditLog = AuditLog {
    name: "wiz_audit",
    vendor: "Wiz",
    product: "Wiz",
    keys: &[
        &["action", "requestId", "actionParameters", "status"],
        &["action", "requestId", "sourceIP", "status"],
    ],
    recognises: |source| source.text("action").is_some() && source.has("id"),
    time: &["timestamp"],
    operation: &["action"],
    rules: &[
        ("login*", AUTHENTICATION, 1),
        ("logout*", AUTHENTICATION, 2),
        ("createuser", ACCOUNT_CHANGE, 1),
        ("updateuser*", ACCOUNT_CHANGE, 99),
        ("deleteuser", ACCOUNT_CHANGE, 6),
        ("resetuserpassword", ACCOUNT_CHANGE, 4),
    ],
    fields: &[
        ("id", "metadata.uid"),
        ("requestId", "api.request.uid"),
        ("requestid", "api.request.uid"),
        ("requestId", "metadata.correlation_uid"),
        ("requestid", "metadata.correlation_uid"),
        ("actionParameters.input.email", "user.email_addr"),
        ("actionParameters.input.name", "user.name"),
        ("actionParameters", "api.request.data"),
        ("actionparameters", "api.request.data"),
        ("user.name", "actor.user.name"),
        ("user.id", "actor.user.uid"),
        ("serviceAccount.name", "actor.user.name"),
        ("serviceAccount.id", "actor.user.uid"),
        ("serviceaccount.name", "actor.user.name"),
        ("serviceaccount.id", "actor.user.uid"),
        ("sourceIP", "src_endpoint.ip"),
        ("sourceip", "src_endpoint.ip"),
        ("userAgent", "http_request.user_agent"),
        ("useragent", "http_request.user_agent"),
        ("status", "status_code"),
    ],
    outcome: |source| source.text("status").map(|text| text == "SUCCESS"),
    more: |mapper, class| {
        if class == API_ACTIVITY {
            mapper.copy_first(&["actionParameters", "actionparameters"], "api.request.data");
        }
        let of_service = ["serviceAccount.id", "serviceaccount.id"];
        if of_service.iter().any(|path| mapper.source().has(path)) {
            mapper.set("actor.user.type_id", 4_i64);
        }
    },
};
