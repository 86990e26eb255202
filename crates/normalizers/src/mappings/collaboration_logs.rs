//! Audit logs of applications for working together, each a table: Asana, Box, Dropbox, Notion,
//! Slack, Zendesk, Zoom. Contracts: the vendors' audit event references.

use std::borrow::Cow;

use headwater_pipeline::mapping::Source;

use super::audit_log::{
    ACCOUNT_CHANGE, API_ACTIVITY, AUTHENTICATION, AuditLog, BY_VERB, DETECTION_FINDING,
    FILE_HOSTING, GROUP_MANAGEMENT, USER_ACCESS, no_outcome, nothing_more, unpack,
};
use super::well_known::last_segment;

pub(super) static ASANA: AuditLog = AuditLog {
    name: "asana",
    vendor: "Asana",
    product: "Asana",
    keys: &[&["gid", "event_type", "event_category", "actor"]],
    recognises: |source| source.has("actor.actor_type"),
    time: &["created_at"],
    operation: &["event_type"],
    rules: &[
        ("user_login_*", AUTHENTICATION, 1),
        ("user_logged_out", AUTHENTICATION, 2),
        ("user_password_changed", ACCOUNT_CHANGE, 3),
        ("user_password_reset", ACCOUNT_CHANGE, 4),
        ("user_two_factor_auth_enabled", ACCOUNT_CHANGE, 10),
        ("user_two_factor_auth_disabled", ACCOUNT_CHANGE, 11),
        ("user_*", ACCOUNT_CHANGE, BY_VERB),
        ("service_account_created", ACCOUNT_CHANGE, 1),
        ("team_member_added", GROUP_MANAGEMENT, 3),
        ("team_member_removed", GROUP_MANAGEMENT, 4),
        ("team_created", GROUP_MANAGEMENT, 6),
        ("team_deleted", GROUP_MANAGEMENT, 5),
    ],
    fields: &[
        ("gid", "metadata.uid"),
        ("event_category", "metadata.log_name"),
        ("actor.name", "actor.user.name"),
        ("actor.gid", "actor.user.uid"),
        ("actor.email", "actor.user.email_addr"),
        ("actor.actor_type", "actor.user.type_id"),
        ("context.client_ip_address", "src_endpoint.ip"),
        ("context.user_agent", "http_request.user_agent"),
        ("context.oauth_app_name", "actor.app_name"),
        ("resource.name", "user.name"),
        ("resource.gid", "user.uid"),
        ("resource.email", "user.email_addr"),
        ("resource.name", "resources.name"),
        ("resource.gid", "resources.uid"),
        ("resource.resource_type", "resources.type"),
        ("details.group.name", "group.name"),
    ],
    outcome: |source| {
        let kind = source.text("event_type")?;
        kind.starts_with("user_login_").then(|| kind.ends_with("succeeded"))
    },
    more: nothing_more,
};

pub(super) static BOX: AuditLog = AuditLog {
    name: "box",
    vendor: "Box",
    product: "Box",
    keys: &[
        &["event_type", "type", "created_by"],
        &["event_type", "type", "event_id"],
        &["event_type", "type", "ip_address"],
    ],
    recognises: |source| source.is("type", "event"),
    time: &["created_at", "recorded_at"],
    operation: &["event_type"],
    rules: &[
        ("login", AUTHENTICATION, 1),
        ("failed_login", AUTHENTICATION, 1),
        ("admin_login", AUTHENTICATION, 1),
        ("new_user", ACCOUNT_CHANGE, 1),
        ("edit_user", ACCOUNT_CHANGE, 99),
        ("delete_user", ACCOUNT_CHANGE, 6),
        ("group_add_user", GROUP_MANAGEMENT, 3),
        ("group_remove_user", GROUP_MANAGEMENT, 4),
        ("group_creation", GROUP_MANAGEMENT, 6),
        ("group_deletion", GROUP_MANAGEMENT, 5),
        ("shield_alert", DETECTION_FINDING, 1),
        ("shield_*", DETECTION_FINDING, 1),
        ("item_shared*", API_ACTIVITY, 3),
        ("change_*", API_ACTIVITY, 3),
    ],
    fields: &[
        ("event_id", "metadata.uid"),
        ("session_id", "actor.session.uid"),
        ("created_by.name", "actor.user.name"),
        ("created_by.login", "actor.user.email_addr"),
        ("created_by.id", "actor.user.uid"),
        ("ip_address", "src_endpoint.ip"),
        ("source.name", "user.name"),
        ("source.login", "user.email_addr"),
        ("source.login", "user.name"),
        ("source.id", "user.uid"),
        ("source.name", "resources.name"),
        ("source.item_name", "resources.name"),
        ("source.id", "resources.uid"),
        ("source.item_id", "resources.uid"),
        ("source.type", "resources.type"),
        ("source.item_type", "resources.type"),
        ("additional_details.shield_alert.rule_name", "finding_info.title"),
        ("additional_details.shield_alert.rule_category", "finding_info.types"),
        ("additional_details.shield_alert.rule_id", "finding_info.analytic.uid"),
        ("additional_details.shield_alert.risk_score", "risk_score"),
        ("additional_details.shield_alert.alert_summary.description", "finding_info.desc"),
        ("additional_details.shield_alert.user.email", "evidences.user.email_addr"),
    ],
    outcome: |source| match &*source.text("event_type")? {
        "FAILED_LOGIN" => Some(false),
        "LOGIN" | "ADMIN_LOGIN" => Some(true),
        _ => None,
    },
    more: |mapper, class| {
        unpack(mapper, "additional_details");
        if class == DETECTION_FINDING {
            let alert = "additional_details.shield_alert";
            let uid = format!("{alert}.alert_id");
            mapper.copy_first(&[&uid, "event_id", "event_type"], "finding_info.uid");
            let category = format!("{alert}.rule_category");
            mapper.copy(&category, "finding_info.types");
            mapper.copy_first(&[&format!("{alert}.rule_name"), &category], "finding_info.title");
            mapper.copy(&format!("{alert}.user.email"), "evidences.user.email_addr");
            mapper.copy(&format!("{alert}.user.email"), "evidences.user.name");
            mapper.set("is_alert", true);
        }
    },
};

pub(super) static DROPBOX: AuditLog = AuditLog {
    name: "dropbox",
    vendor: "Dropbox",
    product: "Dropbox Business",
    keys: &[&["event_type", "involve_non_team_member", "origin"]],
    recognises: |source| source.has("event_type._tag") || source.has("event_type..tag"),
    time: &["timestamp"],
    operation: &["event_type._tag", "event_type..tag"],
    rules: &[
        ("login_*", AUTHENTICATION, 1),
        ("logout", AUTHENTICATION, 2),
        ("sso_error", AUTHENTICATION, 1),
        ("sign_in_as_session_start", AUTHENTICATION, 7),
        ("sign_in_as_session_end", AUTHENTICATION, 2),
        ("tfa_add_*", ACCOUNT_CHANGE, 10),
        ("tfa_remove_*", ACCOUNT_CHANGE, 11),
        ("tfa_*", ACCOUNT_CHANGE, 99),
        ("password_reset*", ACCOUNT_CHANGE, 4),
        ("password_change", ACCOUNT_CHANGE, 3),
        ("member_add_name", ACCOUNT_CHANGE, 99),
        ("member_change_status", ACCOUNT_CHANGE, 99),
        ("member_*", ACCOUNT_CHANGE, 99),
        ("group_add_member", GROUP_MANAGEMENT, 3),
        ("group_remove_member", GROUP_MANAGEMENT, 4),
        ("group_create", GROUP_MANAGEMENT, 6),
        ("group_delete", GROUP_MANAGEMENT, 5),
        ("file_add", FILE_HOSTING, 1),
        ("file_download", FILE_HOSTING, 2),
        ("file_edit", FILE_HOSTING, 3),
        ("file_delete", FILE_HOSTING, 4),
        ("file_permanently_delete", FILE_HOSTING, 4),
        ("file_rename", FILE_HOSTING, 5),
        ("file_copy", FILE_HOSTING, 6),
        ("file_move", FILE_HOSTING, 7),
        ("file_restore", FILE_HOSTING, 8),
        ("file_preview", FILE_HOSTING, 9),
    ],
    fields: &[
        ("actor.user.display_name", "actor.user.name"),
        ("actor.user.email", "actor.user.email_addr"),
        ("actor.user.account_id", "actor.user.uid"),
        ("actor.admin.display_name", "actor.user.name"),
        ("actor.admin.email", "actor.user.email_addr"),
        ("actor.admin.account_id", "actor.user.uid"),
        ("actor.app.display_name", "actor.app_name"),
        ("actor.app.app_id", "actor.app_uid"),
        ("context.display_name", "user.name"),
        ("context.email", "user.email_addr"),
        ("context.account_id", "user.uid"),
        ("event_type.description", "message"),
        ("event_category._tag", "metadata.log_name"),
        ("origin.geo_location.ip_address", "src_endpoint.ip"),
        ("origin.geo_location.city", "src_endpoint.location.city"),
        ("origin.geo_location.region", "src_endpoint.location.region"),
        ("origin.geo_location.country", "src_endpoint.location.country"),
        ("origin.access_method.end_user.session_id", "actor.session.uid"),
        ("origin.access_method.request_id", "api.request.uid"),
        ("assets.0.path.contextual", "file.path"),
        ("assets.0.display_name", "file.name"),
        ("assets.0.file_id", "file.uid"),
        ("assets.0.display_name", "resources.name"),
        ("assets.0.path.contextual", "resources.name"),
        ("details.app_info.app_id", "resources.uid"),
        ("details.app_info.display_name", "resources.name"),
        ("details.error_details.user_friendly_message", "status_detail"),
    ],
    outcome: |source| match &*source.text("event_type._tag")? {
        "login_fail" | "sso_error" => Some(false),
        "login_success" => Some(true),
        _ => None,
    },
    more: |mapper, class| {
        if class == FILE_HOSTING {
            mapper.copy("assets.0.path.contextual", "file.path");
            mapper.copy("assets.0.display_name", "file.name");
            let path = mapper.source().text("assets.0.path.contextual").map(Cow::into_owned);
            let name = path.as_deref().map(last_segment).filter(|name| !name.is_empty());
            mapper.set("file.name", name.unwrap_or("Unknown"));
            mapper.set("file.type_id", 1_i64);
        }
    },
};

pub(super) static NOTION: AuditLog = AuditLog {
    name: "notion",
    vendor: "Notion",
    product: "Notion",
    keys: &[&["event"]],
    recognises: |source| source.has("event.workspace_id") && source.has("event.type"),
    time: &["event.timestamp"],
    operation: &["event.type"],
    rules: &[
        ("user.login", AUTHENTICATION, 1),
        ("user.logout", AUTHENTICATION, 2),
        ("user.settings.login_method.*", ACCOUNT_CHANGE, 99),
        ("user.*", ACCOUNT_CHANGE, BY_VERB),
        ("group.member_added", GROUP_MANAGEMENT, 3),
        ("group.member_removed", GROUP_MANAGEMENT, 4),
        ("group.created", GROUP_MANAGEMENT, 6),
        ("group.deleted", GROUP_MANAGEMENT, 5),
    ],
    fields: &[
        ("event.id", "metadata.uid"),
        ("event.workspace_id", "metadata.tenant_uid"),
        ("event.actor.id", "actor.user.uid"),
        ("event.actor.person.email", "actor.user.email_addr"),
        ("event.actor.type", "actor.user.type"),
        ("event.ip_address", "src_endpoint.ip"),
        ("event.platform", "src_endpoint.type"),
        ("event.details.target.page_id", "resources.uid"),
        ("event.details.target.type", "resources.type"),
        ("event.details.entity.id", "user.uid"),
        ("event.details.entity.person.email", "user.email_addr"),
        ("event.details.group.name", "group.name"),
        ("event.details.group.id", "group.uid"),
    ],
    outcome: no_outcome,
    more: nothing_more,
};

pub(super) static SLACK: AuditLog = AuditLog {
    name: "slack_audit",
    vendor: "Slack",
    product: "Slack",
    keys: &[&["action", "actor", "context"]],
    recognises: |source| {
        source.has("context.location") || source.has("actor.user.team") || source.has("context.ua")
    },
    time: &["date_create"],
    operation: &["action"],
    rules: &[
        ("user_login*", AUTHENTICATION, 1),
        ("user_logout*", AUTHENTICATION, 2),
        ("*session_reset_by_admin", AUTHENTICATION, 2),
        ("anomaly", DETECTION_FINDING, 1),
        ("user_created", ACCOUNT_CHANGE, 1),
        ("user_deactivated", ACCOUNT_CHANGE, 5),
        ("user_reactivated", ACCOUNT_CHANGE, 2),
        ("user_*", ACCOUNT_CHANGE, BY_VERB),
        ("role_change_to_*", USER_ACCESS, 1),
        ("owner_transferred", USER_ACCESS, 1),
        ("usergroup_member_added", GROUP_MANAGEMENT, 3),
        ("usergroup_member_removed", GROUP_MANAGEMENT, 4),
    ],
    fields: &[
        ("id", "metadata.uid"),
        ("actor.user.name", "actor.user.name"),
        ("actor.user.email", "actor.user.email_addr"),
        ("actor.user.id", "actor.user.uid"),
        ("actor.user.team", "actor.user.org.uid"),
        ("context.location.name", "actor.user.org.name"),
        ("context.session_id", "actor.session.uid"),
        ("context.ip_address", "src_endpoint.ip"),
        ("context.ua", "http_request.user_agent"),
        ("context.app.name", "actor.app_name"),
        ("entity.user.name", "user.name"),
        ("entity.user.email", "user.email_addr"),
        ("entity.user.id", "user.uid"),
        ("entity.usergroup.name", "group.name"),
        ("entity.usergroup.id", "group.uid"),
        ("entity.app.name", "resources.name"),
        ("entity.app.id", "resources.uid"),
        ("entity.channel.name", "resources.name"),
        ("entity.channel.id", "resources.uid"),
        ("entity.file.name", "resources.name"),
        ("entity.file.id", "resources.uid"),
        ("entity.workspace.name", "resources.name"),
        ("entity.workspace.id", "resources.uid"),
        ("entity.user.name", "resources.name"),
        ("entity.user.id", "resources.uid"),
        ("entity.type", "resources.type"),
    ],
    outcome: |source| source.is("action", "user_login_failed").then_some(false),
    more: |mapper, class| {
        if class == USER_ACCESS {
            let role = mapper.source().text("action").map(Cow::into_owned).unwrap_or_default();
            mapper.set("privileges", role.strip_prefix("role_change_to_").unwrap_or(&role));
        }
        if class == DETECTION_FINDING {
            mapper.copy("id", "metadata.uid");
            mapper.copy_first(&["id", "action"], "finding_info.uid");
            mapper.copy("details.reason", "finding_info.types");
            mapper.copy("action", "finding_info.title");
            mapper.copy("entity.user.name", "evidences.user.name");
            mapper.copy("entity.user.id", "evidences.user.uid");
            mapper.copy("context.ip_address", "evidences.src_endpoint.ip");
        }
    },
};

pub(super) static ZENDESK: AuditLog = AuditLog {
    name: "zendesk_audit",
    vendor: "Zendesk",
    product: "Zendesk",
    keys: &[&["actor_id", "source_type", "change_description", "action"]],
    recognises: is_zendesk,
    time: &["created_at"],
    operation: &["action"],
    rules: &[("login", AUTHENTICATION, 1), ("export*", API_ACTIVITY, 2)],
    fields: &[
        ("id", "metadata.uid"),
        ("url", "http_request.url.url_string"),
        ("actor_name", "actor.user.name"),
        ("actor_id", "actor.user.uid"),
        ("ip_address", "src_endpoint.ip"),
        ("source_label", "user.name"),
        ("source_id", "user.uid"),
        ("source_label", "resources.name"),
        ("source_id", "resources.uid"),
        ("source_type", "resources.type"),
        ("change_description", "message"),
    ],
    outcome: no_outcome,
    more: |mapper, class| {
        if class == API_ACTIVITY {
            // The verb alone does not say of what.
            let kind = mapper.source().text("source_type").map(Cow::into_owned);
            let verb = mapper.source().text("action").map(Cow::into_owned);
            if let (Some(kind), Some(verb)) = (kind, verb) {
                mapper.set("api.operation", &*format!("{kind}.{verb}"));
            }
        }
    },
};

fn is_zendesk(source: &Source<'_>) -> bool {
    source.has("source_label") && source.text("action").is_some()
}

pub(super) static ZOOM_OPERATION: AuditLog = AuditLog {
    name: "zoom_operation",
    vendor: "Zoom",
    product: "Zoom",
    keys: &[&["action", "category_type", "operation_detail", "operator"]],
    recognises: |source| source.text("operation_detail").is_some(),
    time: &["time"],
    operation: &["action"],
    rules: &[],
    fields: &[
        ("operator", "actor.user.name"),
        ("category_type", "resources.type"),
        ("operation_detail", "message"),
    ],
    outcome: no_outcome,
    more: |mapper, _| {
        let kind = mapper.source().text("category_type").map(Cow::into_owned);
        if let Some(kind) = kind {
            mapper.copy("category_type", "resources.type");
            mapper.set("resources.name", &*kind);
        }
    },
};
