//! GitHub's audit log and webhooks. Members of organisations and teams are Group Management, users
//! Account Change, repositories and their rules Entity Management, sign-ins Authentication; the
//! rest, with `git.*` and all webhooks, API Activity. Contract: the audit log API, with
//! `@timestamp` or its renamed form, and the payloads of webhooks.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::audit_log::{
    ACCOUNT_CHANGE, API_ACTIVITY, AUTHENTICATION, BY_VERB, ENTITY_MANAGEMENT, GROUP_MANAGEMENT,
    Rule, classify, complete, open,
};
use super::well_known::{product, status};

const RULES: &[Rule] = &[
    ("*.sso_response", AUTHENTICATION, 1),
    ("user.login", AUTHENTICATION, 1),
    ("user.failed_login", AUTHENTICATION, 1),
    ("user.logout", AUTHENTICATION, 2),
    ("org.add_member", GROUP_MANAGEMENT, 3),
    ("org.remove_member", GROUP_MANAGEMENT, 4),
    ("org.remove_outside_collaborator", GROUP_MANAGEMENT, 4),
    ("org.*_member", GROUP_MANAGEMENT, 99),
    ("org.invite_user", GROUP_MANAGEMENT, 99),
    ("invite_member", GROUP_MANAGEMENT, 99),
    ("organization_moderators.add_user", GROUP_MANAGEMENT, 3),
    ("organization_moderators.remove_user", GROUP_MANAGEMENT, 4),
    ("team.add_member", GROUP_MANAGEMENT, 3),
    ("team.remove_member", GROUP_MANAGEMENT, 4),
    ("team.create", GROUP_MANAGEMENT, 6),
    ("team.destroy", GROUP_MANAGEMENT, 5),
    ("team.*", GROUP_MANAGEMENT, 99),
    ("business.add_admin", ACCOUNT_CHANGE, 7),
    ("business.remove_admin", ACCOUNT_CHANGE, 8),
    ("user.*password*", ACCOUNT_CHANGE, 3),
    ("user.*", ACCOUNT_CHANGE, BY_VERB),
    ("org.create", ENTITY_MANAGEMENT, 1),
    ("org.delete", ENTITY_MANAGEMENT, 4),
    ("repo.access", ENTITY_MANAGEMENT, 3),
    ("repo.add_*", ENTITY_MANAGEMENT, 3),
    ("repo.remove_*", ENTITY_MANAGEMENT, 3),
    ("repo.*", ENTITY_MANAGEMENT, BY_VERB),
    ("repository_ruleset.*", ENTITY_MANAGEMENT, BY_VERB),
    ("protected_branch.*", ENTITY_MANAGEMENT, BY_VERB),
];

const FIELDS: &[(&str, &str)] = &[
    ("_document_id", "metadata.uid"),
    ("request_id", "metadata.correlation_uid"),
    ("actor", "actor.user.name"),
    ("actor_id", "actor.user.uid"),
    ("actor_session", "actor.session.uid"),
    ("org", "actor.user.org.name"),
    ("org_id", "actor.user.org.uid"),
    ("external_identity_nameid", "actor.user.email_addr"),
    ("actor_ip", "src_endpoint.ip"),
    ("actor_location.country_code", "src_endpoint.location.country"),
    ("actor_location.city", "src_endpoint.location.city"),
    ("actor_location.region_name", "src_endpoint.location.region"),
    ("actor_location.postal_code", "src_endpoint.location.postal_code"),
    ("user", "user.name"),
    ("user_id", "user.uid"),
    ("user_agent", "http_request.user_agent"),
    ("method", "http_request.http_method"),
    ("url", "http_request.url.url_string"),
    ("referrer", "http_request.referrer"),
    ("issuer", "session.issuer"),
    ("team", "group.name"),
    ("data.team", "group.name"),
    ("blocked_user", "user.name"),
];

const RESOURCES: &[(&str, &str)] = &[
    ("repo", "resources.name"),
    ("repository", "resources.name"),
    ("repo_id", "resources.uid"),
    ("repository_id", "resources.uid"),
];

#[derive(Debug)]
pub(super) struct GithubAudit;

impl Mapping for GithubAudit {
    fn name(&self) -> &'static str {
        "github_audit"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["action", "_document_id"],
            &["action", "actor", "org"],
            &["action", "actor", "repo"],
            &["action", "actor", "business"],
            &["action", "actor", "actor_location"],
            &["action", "actor", "actor_ip", "@timestamp"],
        ]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        let is_name = |text: &str| {
            text.bytes().all(|byte| byte == b'_' || byte == b'.' || byte.is_ascii_lowercase())
        };
        source.text("action").is_some_and(|text| is_name(&text))
            && (source.text("actor").is_some() || source.has("_document_id"))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let action = mapper.source().text("action").unwrap_or_default().into_owned();
        let chosen = match classify(RULES, &action) {
            (API_ACTIVITY, _) => (API_ACTIVITY, activity(&mapper.source(), &action)),
            chosen => chosen,
        };
        let class = open(mapper, chosen, &action);
        product(mapper, "GitHub", "GitHub Audit Log");
        mapper.time(&["@timestamp", "at_sign_timestamp", "created_at"]);
        mapper.copy("action", "metadata.event_code");
        match class {
            API_ACTIVITY => {
                mapper.copy("action", "api.operation");
                mapper.table(RESOURCES);
            }
            ENTITY_MANAGEMENT => entity(mapper),
            GROUP_MANAGEMENT => group(mapper),
            AUTHENTICATION => {
                // What the identity provider answered is not said.
                if action.ends_with("sso_response") {
                    mapper.set("auth_protocol_id", 5_i64);
                } else {
                    status(mapper, action != "user.failed_login");
                }
            }
            _ => {}
        }
        mapper.table(FIELDS);
        complete(mapper, class, "GitHub");
    }
}

/// GitHub says what kind of operation it was, and for `git` the name does.
fn activity(source: &Source<'_>, action: &str) -> i64 {
    match source.text("operation_type").as_deref() {
        Some("create") => 1,
        Some("access") => 2,
        Some("modify") => 3,
        Some("remove") => 4,
        _ if action == "git.push" => 3,
        _ => BY_VERB,
    }
}

/// The repository or organisation.
fn entity(mapper: &mut Mapper<'_>) {
    let of_repository =
        mapper.copy("repo", "entity.name") || mapper.copy("repository", "entity.name");
    if of_repository {
        mapper.copy_first(&["repo_id", "repository_id"], "entity.uid");
        mapper.set("entity.type_id", 99_i64);
        mapper.set("entity.type", "Repository");
        return;
    }
    mapper.copy("org", "entity.name");
    mapper.copy("org_id", "entity.uid");
    mapper.set("entity.type_id", 4_i64);
}

/// The team, or the organisation that somebody becomes a member of.
fn group(mapper: &mut Mapper<'_>) {
    if mapper.copy_first(&["team", "data.team"], "group.name") {
        return;
    }
    mapper.copy("org", "group.name");
    mapper.copy("org_id", "group.uid");
}

/// What a webhook can be about, in the order of particularity: the event is named after it.
const SUBJECTS: [&str; 10] = [
    "review",
    "comment",
    "workflow_job",
    "workflow_run",
    "pull_request",
    "issue",
    "release",
    "deployment",
    "check_run",
    "member",
];

const WEBHOOK: &[(&str, &str)] = &[
    ("sender.login", "actor.user.name"),
    ("sender.id", "actor.user.uid"),
    ("pusher.name", "actor.user.name"),
    ("pusher.email", "actor.user.email_addr"),
    ("comment.user.login", "actor.user.name"),
    ("comment.user.id", "actor.user.uid"),
    ("review.user.login", "actor.user.name"),
    ("pull_request.user.login", "actor.user.name"),
    ("issue.user.login", "actor.user.name"),
    ("repository.full_name", "resources.name"),
    ("repository.id", "resources.uid"),
    ("repository.owner.login", "resources.owner.name"),
    ("repository.owner.id", "resources.owner.uid"),
    ("organization.login", "actor.user.org.name"),
    ("organization.id", "actor.user.org.uid"),
];

#[derive(Debug)]
pub(super) struct GithubWebhook;

impl Mapping for GithubWebhook {
    fn name(&self) -> &'static str {
        "github_webhook"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["repository", "action"],
            &["repository", "commits"],
            &["repository", "pages"],
            &["repository", "sender"],
        ]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("repository.full_name").is_some_and(|name| name.contains('/'))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let source = mapper.source();
        let action = source.text("action").unwrap_or_default().into_owned();
        let subject = SUBJECTS.iter().copied().find(|name| source.has(name));
        let subject = match subject {
            Some(subject) => subject,
            None if source.has("commits") => "push",
            None if source.has("pages") => "gollum",
            None => "repository",
        };
        let operation =
            if action.is_empty() { subject.to_owned() } else { format!("{subject}.{action}") };
        // A push changes the branch; nothing in its name says so.
        let activity = if subject == "push" { 3 } else { BY_VERB };
        let class = open(mapper, (API_ACTIVITY, activity), &operation);
        product(mapper, "GitHub", "GitHub Webhook");
        let time = format!("{subject}.created_at");
        mapper.time(&[
            "workflow_job.completed_at",
            "workflow_run.updated_at",
            "head_commit.timestamp",
            &time,
        ]);
        mapper.set("api.operation", &*operation);
        mapper.table(WEBHOOK);
        mapper.set("metadata.event_code", subject);
        mapper.done("action");
        complete(mapper, class, "GitHub");
    }
}
