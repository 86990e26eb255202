//! Audit logs of products about identities and secrets, each a table: Auth0, Duo, OneLogin,
//! 1Password, Teleport. Contracts: the vendors' log event references named at each table.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Source};

use super::audit_log::{
    ACCOUNT_CHANGE, API_ACTIVITY, AUTHENTICATION, AuditLog, BY_VERB, ENTITY_MANAGEMENT,
    GROUP_MANAGEMENT, USER_ACCESS, address, no_outcome, nothing_more, os, unpack,
};
use super::sensor::PROCESS_ACTIVITY;

/// Auth0 tenant logs, as a log stream writes them: the codes of `type`.
pub(super) static AUTH0: AuditLog = AuditLog {
    name: "auth0",
    vendor: "Okta",
    product: "Auth0",
    keys: &[&["log_id", "data"], &["log_id", "type", "date"]],
    recognises: |source| {
        source.has("data.log_id") || source.has("client_id") || source.has("user_agent")
    },
    time: &["data.date", "date"],
    operation: &["data.type", "type"],
    rules: &[
        ("sapi", API_ACTIVITY, 0),
        ("fapi", API_ACTIVITY, 0),
        ("mgmt_api_read", API_ACTIVITY, 2),
        ("s", AUTHENTICATION, 1),
        ("ssa", AUTHENTICATION, 1),
        ("f", AUTHENTICATION, 1),
        ("fp", AUTHENTICATION, 1),
        ("fu", AUTHENTICATION, 1),
        ("fsa", AUTHENTICATION, 1),
        ("seacft", AUTHENTICATION, 1),
        ("feacft", AUTHENTICATION, 1),
        ("sertft", AUTHENTICATION, 1),
        ("fertft", AUTHENTICATION, 1),
        ("ferrt", AUTHENTICATION, 1),
        ("gd_send_pn", AUTHENTICATION, 6),
        ("gd_auth_*", AUTHENTICATION, 1),
        ("limit_*", AUTHENTICATION, 1),
        ("slo", AUTHENTICATION, 2),
        ("flo", AUTHENTICATION, 2),
        ("ss", ACCOUNT_CHANGE, 1),
        ("fs", ACCOUNT_CHANGE, 1),
        ("scp", ACCOUNT_CHANGE, 3),
        ("fcp", ACCOUNT_CHANGE, 3),
        ("scpr", ACCOUNT_CHANGE, 4),
        ("sdu", ACCOUNT_CHANGE, 6),
        ("fdu", ACCOUNT_CHANGE, 6),
    ],
    fields: &[
        ("log_id", "metadata.uid"),
        ("data.log_id", "metadata.uid"),
        ("data.description", "message"),
        ("description", "message"),
        ("data.details.request.auth.user.user_id", "actor.user.uid"),
        ("data.details.request.auth.user.name", "actor.user.name"),
        ("data.details.request.auth.user.email", "actor.user.email_addr"),
        ("data.details.request.auth.credentials.jti", "actor.session.credential_uid"),
        ("data.details.request.method", "http_request.http_method"),
        ("data.details.request.path", "http_request.url.path"),
        ("data.details.request.userAgent", "http_request.user_agent"),
        ("data.details.request.body", "api.request.data"),
        ("data.details.response.statusCode", "http_response.code"),
        ("data.details.response.body", "api.response.data"),
        ("data.user_agent", "http_request.user_agent"),
        ("user_agent", "http_request.user_agent"),
        ("data.user_name", "actor.user.name"),
        ("data.user_id", "actor.user.uid"),
        ("user_name", "actor.user.name"),
        ("user_id", "actor.user.uid"),
        ("data.client_id", "actor.app_uid"),
        ("data.client_name", "actor.app_name"),
        ("client_id", "actor.app_uid"),
        ("client_name", "actor.app_name"),
        ("data.ip", "src_endpoint.ip"),
        ("ip", "src_endpoint.ip"),
        ("data.hostname", "dst_endpoint.hostname"),
        ("data.tenant_name", "metadata.tenant_uid"),
    ],
    outcome: |source| {
        let kind = source.text("data.type").or_else(|| source.text("type"))?;
        let code = source.integer("data.details.response.statusCode");
        // Codes that begin with f are failures.
        Some(
            !kind.starts_with('f')
                && !kind.starts_with("limit_")
                && code.is_none_or(|code| code < 400),
        )
    },
    more: |mapper, class| {
        // What was asked for says more than the code.
        if class == API_ACTIVITY {
            mapper.copy("data.description", "message");
            mapper.copy_first(&["data.description", "data.type", "type"], "api.operation");
            call(mapper);
            // Nothing but the record names the request.
            mapper.copy("log_id", "metadata.uid");
            mapper.copy_first(&["data.log_id", "log_id"], "api.request.uid");
        }
    },
};

/// What a call of the management API did is in its method.
fn call(mapper: &mut Mapper<'_>) {
    let activity = match mapper.source().text("data.details.request.method").as_deref() {
        Some("post" | "POST") => 1,
        Some("get" | "GET") => 2,
        Some("put" | "PUT" | "patch" | "PATCH") => 3,
        Some("delete" | "DELETE") => 4,
        _ => return,
    };
    let is_call = ["sapi", "fapi"].iter().any(|kind| mapper.source().is("data.type", kind));
    if is_call {
        mapper.class(API_ACTIVITY, activity);
    }
}

/// Duo's administrator log.
pub(super) static DUO_ADMINISTRATOR: AuditLog = AuditLog {
    name: "duo_administrator",
    vendor: "Cisco",
    product: "Duo Security",
    keys: &[&["action", "isotimestamp", "username"]],
    recognises: |source| source.text("action").is_some(),
    time: &["isotimestamp", "timestamp"],
    operation: &["action"],
    rules: &[
        ("admin_login*", AUTHENTICATION, 1),
        ("admin_lockout", ACCOUNT_CHANGE, 9),
        ("admin_reset_password", ACCOUNT_CHANGE, 4),
        ("admin_single_sign_on*", ENTITY_MANAGEMENT, BY_VERB),
        ("admin_*", ACCOUNT_CHANGE, BY_VERB),
        ("user_bulk*", API_ACTIVITY, BY_VERB),
        ("user_*", ACCOUNT_CHANGE, BY_VERB),
        ("bypass_*", ACCOUNT_CHANGE, 99),
        ("group_*", GROUP_MANAGEMENT, BY_VERB),
        ("policy_*", ENTITY_MANAGEMENT, BY_VERB),
        ("integration_*", ENTITY_MANAGEMENT, BY_VERB),
        ("update_*", ENTITY_MANAGEMENT, 3),
    ],
    fields: &[
        ("username", "actor.user.name"),
        ("host", "device.hostname"),
        ("description.ip_address", "src_endpoint.ip"),
        ("description.factor", "auth_factors.factor_type_id"),
        ("description.message", "status_detail"),
        ("description.error", "status_detail"),
        ("description.email", "user.email_addr"),
        ("object", "user.name"),
        ("object", "group.name"),
        ("object", "entity.name"),
        ("object", "resources.name"),
    ],
    outcome: |source| source.is("action", "admin_login_error").then_some(false),
    more: |mapper, class| {
        unpack(mapper, "description");
        if class == ENTITY_MANAGEMENT {
            mapper.copy("object", "entity.name");
            mapper.set("entity.type_id", 99_i64);
            mapper.copy_first(&["description.name", "action"], "entity.name");
        }
        if mapper.source().text("host").is_some() {
            mapper.set("device.type_id", 0_i64);
        }
    },
};

/// Duo's authentication log.
pub(super) static DUO_AUTHENTICATION: AuditLog = AuditLog {
    name: "duo_authentication",
    vendor: "Cisco",
    product: "Duo Security",
    keys: &[&["access_device", "auth_device", "factor", "result"]],
    recognises: |source| source.has("event_type") || source.has("txid"),
    time: &["isotimestamp", "timestamp"],
    operation: &["event_type"],
    rules: &[("enrollment", ACCOUNT_CHANGE, 10), ("*", AUTHENTICATION, 1)],
    fields: &[
        ("txid", "metadata.uid"),
        ("user.name", "user.name"),
        ("user.key", "user.uid"),
        ("email", "user.email_addr"),
        ("user.groups", "user.groups.name"),
        ("application.name", "service.name"),
        ("application.key", "service.uid"),
        ("access_device.ip", "src_endpoint.ip"),
        ("access_device.hostname", "src_endpoint.hostname"),
        ("access_device.location.city", "src_endpoint.location.city"),
        ("access_device.location.state", "src_endpoint.location.region"),
        ("access_device.location.country", "src_endpoint.location.country"),
        ("access_device.os_version", "src_endpoint.os.version"),
        ("result", "status_code"),
        ("reason", "status_detail"),
    ],
    outcome: |source| source.text("result").map(|result| result == "success"),
    more: |mapper, _| {
        os(mapper, "access_device.os", "src_endpoint");
        let factor = mapper.source().text("factor").map(Cow::into_owned).unwrap_or_default();
        let number = match &*factor {
            "duo_push" | "verified_duo_push" => 5_i64,
            "phone_call" => 3,
            "sms_passcode" | "sms_refresh" => 1,
            "hardware_token" | "yubikey_code" => 6,
            "duo_mobile_passcode" | "bypass_code" | "passcode" => 7,
            "webauthn_credential" | "WebAuthn Credential" => 10,
            "u2f_token" => 9,
            _ => return,
        };
        mapper.set("auth_factors.factor_type_id", number);
        mapper.copy("auth_device.name", "auth_factors.phone_number");
        mapper.set("is_mfa", true);
    },
};

/// OneLogin events: the numbers of `event_type_id`.
pub(super) static ONELOGIN: AuditLog = AuditLog {
    name: "onelogin",
    vendor: "One Identity",
    product: "OneLogin",
    keys: &[
        &["event_type_id", "user_id"],
        &["event_type_id", "actor_user_id"],
        &["event_type_id", "user_name"],
    ],
    recognises: |source| source.integer("event_type_id").is_some(),
    time: &["created_at", "event_timestamp"],
    operation: &["event_type_id"],
    rules: &[
        ("5", AUTHENTICATION, 1),
        ("6", AUTHENTICATION, 1),
        ("8", AUTHENTICATION, 1),
        ("9", AUTHENTICATION, 1),
        ("29", AUTHENTICATION, 1),
        ("90", AUTHENTICATION, 1),
        ("3", AUTHENTICATION, 7),
        ("10", AUTHENTICATION, 2),
        ("11", ACCOUNT_CHANGE, 3),
        ("12", ACCOUNT_CHANGE, 99),
        ("13", ACCOUNT_CHANGE, 1),
        ("14", ACCOUNT_CHANGE, 99),
        ("15", ACCOUNT_CHANGE, 5),
        ("16", ACCOUNT_CHANGE, 2),
        ("17", ACCOUNT_CHANGE, 6),
        ("19", ACCOUNT_CHANGE, 9),
        ("20", ACCOUNT_CHANGE, 12),
        ("21", ACCOUNT_CHANGE, 10),
        ("22", ACCOUNT_CHANGE, 11),
        ("24", ACCOUNT_CHANGE, 11),
        ("240", ACCOUNT_CHANGE, 99),
        ("551", ACCOUNT_CHANGE, 9),
        ("72", USER_ACCESS, 1),
        ("73", USER_ACCESS, 2),
    ],
    fields: &[
        ("id", "metadata.uid"),
        ("uuid", "metadata.uid"),
        ("account_id", "metadata.tenant_uid"),
        ("actor_user_name", "actor.user.name"),
        ("actor_user_id", "actor.user.uid"),
        ("user_name", "user.name"),
        ("user_id", "user.uid"),
        ("user_name", "actor.user.name"),
        ("user_id", "actor.user.uid"),
        ("ipaddr", "src_endpoint.ip"),
        ("app_name", "service.name"),
        ("app_id", "service.uid"),
        ("app_name", "resources.name"),
        ("app_id", "resources.uid"),
        ("role_name", "privileges"),
        ("error_description", "status_detail"),
        ("custom_message", "message"),
        ("notes", "message"),
    ],
    outcome: |source| match source.integer("event_type_id")? {
        6 | 9 | 90 => Some(false),
        5 | 8 => Some(true),
        _ => None,
    },
    more: nothing_more,
};

/// 1Password Events API: usage of items and attempts to sign in.
pub(super) static ONE_PASSWORD: AuditLog = AuditLog {
    name: "one_password",
    vendor: "1Password",
    product: "1Password",
    keys: &[
        &["uuid", "vault_uuid", "item_uuid", "timestamp"],
        &["uuid", "session_uuid", "target_user", "timestamp"],
        &["uuid", "actor_uuid", "object_type", "timestamp"],
    ],
    recognises: |source| {
        source.has("client") || source.has("target_user") || source.has("object_type")
    },
    time: &["timestamp"],
    operation: &["action", "category", "type"],
    rules: &[
        ("", API_ACTIVITY, 2),
        ("fill", API_ACTIVITY, 2),
        ("reveal", API_ACTIVITY, 2),
        ("*copy", API_ACTIVITY, 2),
        ("success", AUTHENTICATION, 1),
        ("credentials_*", AUTHENTICATION, 1),
        ("mfa_*", AUTHENTICATION, 1),
        ("modern_version_failed", AUTHENTICATION, 1),
        ("firewall_*", AUTHENTICATION, 1),
    ],
    fields: &[
        ("uuid", "metadata.uid"),
        ("session_uuid", "session.uid"),
        ("session.uuid", "actor.session.uid"),
        ("target_user.uuid", "user.uid"),
        ("target_user.name", "user.name"),
        ("target_user.email", "user.email_addr"),
        ("user.uuid", "actor.user.uid"),
        ("user.name", "actor.user.name"),
        ("user.email", "actor.user.email_addr"),
        ("actor_uuid", "actor.user.uid"),
        ("actor_details.name", "actor.user.name"),
        ("actor_details.email", "actor.user.email_addr"),
        ("item_uuid", "resources[0].uid"),
        ("object_uuid", "resources[0].uid"),
        ("object_type", "resources[0].type"),
        ("vault_uuid", "resources[1].uid"),
        ("client.app_name", "actor.app_name"),
        ("client.ip_address", "src_endpoint.ip"),
        ("client.os_version", "src_endpoint.os.version"),
        ("session.ip", "src_endpoint.ip"),
        ("location.city", "src_endpoint.location.city"),
        ("location.country", "src_endpoint.location.country"),
    ],
    outcome: |source| source.text("category").map(|category| category == "success"),
    more: |mapper, class| {
        os(mapper, "client.os_name", "src_endpoint");
        if class == API_ACTIVITY {
            if mapper.source().has("item_uuid") {
                mapper.copy("action", "api.operation");
                mapper.set("api.operation", "item.usage");
                mapper.copy("item_uuid", "resources[0].uid");
                mapper.set("resources[0].type", "item");
            }
            mapper.copy("vault_uuid", "resources[1].uid");
            if mapper.source().has("vault_uuid") {
                mapper.set("resources[1].type", "vault");
            }
        }
    },
};

/// Teleport's audit events: the names of `event`.
pub(super) static TELEPORT: AuditLog = AuditLog {
    name: "teleport",
    vendor: "Gravitational",
    product: "Teleport",
    keys: &[&["code", "event", "time", "uid"]],
    recognises: is_teleport,
    time: &["time"],
    operation: &["event"],
    rules: &[
        ("user.login", AUTHENTICATION, 1),
        ("auth", AUTHENTICATION, 1),
        ("bot.join", AUTHENTICATION, 1),
        ("cert.create", AUTHENTICATION, 3),
        ("session.start", AUTHENTICATION, 1),
        ("session.end", AUTHENTICATION, 2),
        ("session.command", PROCESS_ACTIVITY, 1),
        ("exec", API_ACTIVITY, 99),
        ("user.create", ACCOUNT_CHANGE, 1),
        ("user.update", ACCOUNT_CHANGE, 99),
        ("user.delete", ACCOUNT_CHANGE, 6),
        ("user.password_change", ACCOUNT_CHANGE, 3),
        ("reset_password_token.create", ACCOUNT_CHANGE, 4),
        ("mfa.add", ACCOUNT_CHANGE, 10),
        ("mfa.delete", ACCOUNT_CHANGE, 11),
        ("lock.created", ACCOUNT_CHANGE, 9),
        ("lock.deleted", ACCOUNT_CHANGE, 12),
        ("role.*", ENTITY_MANAGEMENT, BY_VERB),
        ("saml.*", ENTITY_MANAGEMENT, BY_VERB),
        ("oidc.*", ENTITY_MANAGEMENT, BY_VERB),
        ("github.*", ENTITY_MANAGEMENT, BY_VERB),
        ("trusted_cluster.*", ENTITY_MANAGEMENT, BY_VERB),
    ],
    fields: &[
        ("uid", "metadata.uid"),
        ("cluster_name", "metadata.tenant_uid"),
        ("target.user", "user.name"),
        ("user", "actor.user.name"),
        ("login", "process.user.name"),
        ("sid", "actor.session.uid"),
        ("pid", "process.pid"),
        ("path", "process.file.path"),
        ("program", "process.name"),
        ("program", "process.file.name"),
        ("ppid", "actor.process.pid"),
        ("return_code", "exit_code"),
        ("server_id", "device.uid"),
        ("server_hostname", "device.hostname"),
        ("server_hostname", "dst_endpoint.hostname"),
        ("user_agent", "http_request.user_agent"),
        ("error", "status_detail"),
        ("name", "entity.name"),
        ("name", "resources.name"),
    ],
    outcome: |source| source.text("success").map(|text| text == "true"),
    more: |mapper, class| {
        address(mapper, "addr.remote", "src_endpoint");
        if class == PROCESS_ACTIVITY {
            command(mapper);
        }
        if class == AUTHENTICATION {
            mapper.copy("user", "user.name");
            mapper.copy("user", "actor.user.name");
            if mapper.source().is("method", "saml") {
                mapper.set("auth_protocol_id", 5_i64);
            }
        }
        if class == ENTITY_MANAGEMENT {
            mapper.set("entity.type_id", 99_i64);
        }
        let on_server = ["server_id", "server_hostname"].iter().any(|key| mapper.source().has(key));
        if on_server {
            mapper.set("device.type_id", 1_i64);
        }
    },
};

/// Its codes are a T, some letters or digits and the level.
fn is_teleport(source: &Source<'_>) -> bool {
    let code = source.text("code");
    source.text("event").is_some()
        && code.is_some_and(|code| code.starts_with('T') && code.ends_with(['I', 'W', 'E']))
}

/// The command line of a command in a session.
fn command(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let program = source.text("path").unwrap_or_default().into_owned();
    let arguments = source.find("argv").map(|list| source.elements(list)).unwrap_or_default();
    let arguments = arguments.into_iter().filter_map(|one| source.text_of(one));
    let line = std::iter::once(Cow::Owned(program)).chain(arguments).collect::<Vec<_>>().join(" ");
    mapper.set("process.cmd_line", &*line);
    mapper.copy_first(&["program", "path"], "process.file.name");
    mapper.copy("program", "process.name");
    mapper.set("process.file.type_id", 8_i64);
    // Only a process has a file here, and a device is required.
    if !mapper.source().has("server_id") {
        mapper.set("device.type_id", 0_i64);
        mapper.set("device.name", "Unknown");
    }
}

/// Duo's telephony log has no outcome.
pub(super) static DUO_TELEPHONY: AuditLog = AuditLog {
    name: "duo_telephony",
    vendor: "Cisco",
    product: "Duo Security",
    keys: &[&["telephony_id", "context", "phone"]],
    recognises: |source| source.has("telephony_id"),
    time: &["ts", "isotimestamp"],
    operation: &["context"],
    rules: &[("authentication", AUTHENTICATION, 6), ("enrollment", ACCOUNT_CHANGE, 99)],
    fields: &[
        ("telephony_id", "metadata.uid"),
        ("txid", "metadata.correlation_uid"),
        ("phone", "user.phone_number"),
    ],
    outcome: no_outcome,
    more: nothing_more,
};
