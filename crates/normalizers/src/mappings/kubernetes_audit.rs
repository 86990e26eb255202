//! Kubernetes audit events, also those of Amazon EKS: API Activity. Contract: `audit.k8s.io/v1`
//! and its earlier versions.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::network::plain_verdict;
use super::required::complete;
use super::well_known::{length, product, status};

const FIELDS: &[(&str, &str)] = &[
    ("apiVersion", "metadata.product.version"),
    ("level", "metadata.log_level"),
    ("stage", "message"),
    ("requestReceivedTimestamp", "start_time"),
    ("verb", "api.operation"),
    ("responseObject", "api.response.data"),
    ("responseStatus.code", "api.response.code"),
    ("responseStatus.reason", "api.response.error"),
    ("responseStatus.message", "api.response.message"),
    ("objectRef.apiVersion", "api.version"),
    ("objectRef.apiGroup", "api.group.name"),
    ("user.username", "actor.user.name"),
    ("user.uid", "actor.user.uid"),
    ("user.extra.accessKeyId.0", "actor.user.credential_uid"),
    ("user.extra.sessionName.0", "actor.session.uid"),
    ("user.extra.canonicalArn.0", "actor.session.issuer"),
    ("user.extra.arn.0", "actor.user.uid_alt"),
    ("impersonatedUser.username", "actor.invoked_by"),
    ("userAgent", "http_request.user_agent"),
    ("objectRef.name", "resources[0].name"),
    ("objectRef.uid", "resources[0].uid"),
    ("objectRef.namespace", "resources[0].namespace"),
    ("objectRef.resourceVersion", "resources[0].version"),
    ("annotations.authorization.k8s.io/decision", "authorizations[0].decision"),
];

const VERBS: [(&str, i64); 8] = [
    ("create", 1),
    ("get", 2),
    ("list", 2),
    ("watch", 2),
    ("update", 3),
    ("patch", 3),
    ("delete", 4),
    ("deletecollection", 4),
];

#[derive(Debug)]
pub(super) struct KubernetesAudit;

impl Mapping for KubernetesAudit {
    fn name(&self) -> &'static str {
        "kubernetes_audit"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["auditID", "apiVersion"], &["auditID", "verb", "requestURI"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.has("auditID")
            && source.text("apiVersion").is_none_or(|text| text.starts_with("audit.k8s.io/"))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let verb = mapper.source().text("verb").unwrap_or_default().into_owned();
        let activity = VERBS.iter().find(|(name, _)| *name == verb);
        mapper.class(6003, activity.map_or(0, |(_, activity)| *activity));
        if !verb.is_empty() && activity.is_none() {
            mapper.other_activity(&verb);
        }
        let source = mapper.source();
        let is_amazon = source.has("user.extra.arn")
            || source.is("p_log_type", "Amazon.EKS.Audit")
            || source.text("user.username").is_some_and(|name| name.starts_with("eks:"));
        if is_amazon {
            product(mapper, "AWS", "Amazon EKS");
            mapper.set("metadata.product.feature.name", "Elastic Kubernetes Service");
            mapper.set("cloud.provider", "AWS");
        } else {
            product(mapper, "Kubernetes", "Kubernetes");
            mapper.set("metadata.product.feature.name", "Audit");
        }
        mapper.set("severity_id", 1_i64);
        for place in 0..length(mapper, "user.groups") {
            let from = format!("user.groups.{place}");
            mapper.copy(&from, &format!("actor.user.groups[{place}].name"));
        }
        address(mapper);
        resource(mapper);
        if let Some(code) = mapper.source().integer("responseStatus.code") {
            status(mapper, code < 400);
        }
        let decision = mapper.source().text("annotations.authorization.k8s.io/decision");
        if let Some(is_allowed) = decision.map(|decision| decision == "allow") {
            plain_verdict(mapper, is_allowed);
        }
        if mapper.copy("auditID", "api.request.uid") {
            mapper.copy("requestObject", "api.request.data");
        }
        mapper.table(FIELDS);
        complete(mapper, 6003);
        mapper.time(&["stageTimestamp", "requestReceivedTimestamp", "timestamp"]);
    }
}

/// The first address is the caller's, the others are proxies on the way.
fn address(mapper: &mut Mapper<'_>) {
    mapper.copy("sourceIPs.0", "src_endpoint.ip");
    for place in 1..length(mapper, "sourceIPs") {
        mapper.copy(&format!("sourceIPs.{place}"), "src_endpoint.intermediate_ips");
    }
    let Some(uri) = mapper.take("requestURI") else { return };
    let (path, query) = uri.split_once('?').unwrap_or((&uri, ""));
    mapper.set("http_request.url.path", path);
    if !query.is_empty() {
        mapper.set("http_request.url.query_string", query);
    }
}

/// What was asked for; a list has no name, so its kind stands for it.
fn resource(mapper: &mut Mapper<'_>) {
    let Some(kind) = mapper.take("objectRef.resource") else { return };
    let kind = match mapper.take("objectRef.subresource") {
        Some(part) => format!("{kind}/{part}"),
        None => kind,
    };
    mapper.set("resources[0].type", kind.as_str());
    if mapper.source().text("objectRef.name").is_none() {
        mapper.set("resources[0].name", kind.as_str());
    }
}
