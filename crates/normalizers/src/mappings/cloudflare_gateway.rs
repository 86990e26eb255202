//! Cloudflare's other logs: Gateway (DNS, Network and HTTP Activity), name servers (DNS Activity),
//! Access (Authentication) and the audit log (API Activity). Contract: the Logpush data sets
//! `gateway_dns`, `gateway_network`, `gateway_http`, `dns_logs`, `access_requests`, `audit_logs`.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::http::{http_request, http_response, url};
use super::network::plain_verdict;
use super::required::complete;
use super::well_known::{product, status};

const SHARED_FIELDS: &[(&str, &str)] = &[
    ("AccountID", "cloud.account.uid"),
    ("OwnerID", "cloud.account.uid"),
    ("Email", "actor.user.name"),
    ("UserID", "actor.user.uid"),
    ("DeviceID", "src_endpoint.uid"),
    ("DeviceName", "src_endpoint.name"),
    ("SrcIP", "src_endpoint.ip"),
    ("SourceIP", "src_endpoint.ip"),
    ("SrcPort", "src_endpoint.port"),
    ("SourcePort", "src_endpoint.port"),
    ("DstIP", "dst_endpoint.ip"),
    ("DestinationIP", "dst_endpoint.ip"),
    ("DstPort", "dst_endpoint.port"),
    ("DestinationPort", "dst_endpoint.port"),
    ("PolicyID", "firewall_rule.uid"),
    ("PolicyName", "firewall_rule.name"),
    ("Policy", "firewall_rule.name"),
    ("RayID", "metadata.uid"),
];

const DNS_FIELDS: &[(&str, &str)] = &[
    ("QueryName", "query.hostname"),
    ("QueryTypeName", "query.type"),
    ("QueryType", "query.type"),
    ("RCode", "rcode_id"),
    ("ResponseCode", "rcode_id"),
    ("ColoCode", "dst_endpoint.zone"),
];

const NETWORK_FIELDS: &[(&str, &str)] = &[
    ("SNI", "dst_endpoint.hostname"),
    ("SessionID", "connection_info.uid"),
    ("Transport", "connection_info.protocol_name"),
];

const HTTP_FIELDS: &[(&str, &str)] = &[
    ("HTTPHost", "http_request.url.hostname"),
    ("HTTPVersion", "http_request.version"),
    ("Referer", "http_request.referrer"),
    ("UserAgent", "http_request.user_agent"),
    ("RequestID", "http_request.uid"),
];

const ACCESS_FIELDS: &[(&str, &str)] = &[
    ("UserUID", "user.uid"),
    ("IPAddress", "src_endpoint.ip"),
    ("Country", "src_endpoint.location.country"),
    ("AppDomain", "service.name"),
    ("AppUUID", "service.uid"),
    ("Connection", "auth_protocol"),
];

const AUDIT_FIELDS: &[(&str, &str)] = &[
    ("ID", "metadata.uid"),
    ("ActionType", "api.operation"),
    ("Interface", "api.service.name"),
    ("ActorEmail", "actor.user.name"),
    ("ActorID", "actor.user.uid"),
    ("ActorType", "actor.user.type"),
    ("ActorIP", "src_endpoint.ip"),
    ("ResourceID", "resources[0].uid"),
    ("ResourceType", "resources[0].type"),
    ("NewValue", "resources[0].data"),
];

#[derive(Debug)]
pub(super) struct CloudflareGateway;

impl Mapping for CloudflareGateway {
    fn name(&self) -> &'static str {
        "cloudflare_gateway"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["QueryName", "ResolverDecision"],
            &["QueryName", "QueryType", "ResponseCode", "Timestamp"],
            &["SourceIP", "DestinationIP", "SessionID", "Transport"],
            &["HTTPHost", "RequestID", "SourceIP"],
            &["AppDomain", "AppUUID", "RayID"],
            &["ActionType", "ActorEmail", "When"],
        ]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        // Other products have these names in other spellings.
        let has = |names: &[&str]| names.iter().all(|name| source.has(name));
        let is_number = |name: &str| source.integer(name).is_some();
        if source.has("QueryName") {
            // The name servers' log has common names, but writes numbers only.
            return has(&["ResolverDecision"])
                || ["QueryType", "ResponseCode", "Timestamp"].iter().all(|name| is_number(name));
        }
        has(&["SourceIP", "DestinationIP", "SessionID"])
            || has(&["HTTPHost", "RequestID"])
            || has(&["AppDomain", "AppUUID"])
            || has(&["ActionType", "ActorEmail", "When"])
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let source = mapper.source();
        let (feature, class) = if source.has("QueryName") {
            dns(mapper)
        } else if source.has("SessionID") {
            network(mapper)
        } else if source.has("HTTPHost") {
            http(mapper)
        } else if source.has("AppDomain") {
            access(mapper)
        } else {
            audit(mapper)
        };
        product(mapper, "Cloudflare", "Cloudflare");
        mapper.set("metadata.product.feature.name", feature);
        mapper.set("cloud.provider", "Cloudflare");
        mapper.set("severity_id", 1_i64);
        mapper.table(SHARED_FIELDS);
        complete(mapper, class);
        mapper.time(&["Datetime", "Timestamp", "CreatedAt", "When"]);
    }
}

/// `allowedOnNoRuleMatch`, `blockedByCategory`: what was decided, and why.
fn judge(mapper: &mut Mapper<'_>, from: &str) {
    let decision = mapper.source().text(from).unwrap_or_default().to_ascii_lowercase();
    if decision.starts_with("allow") {
        plain_verdict(mapper, true);
    } else if decision.starts_with("block") {
        plain_verdict(mapper, false);
    }
    mapper.copy(from, "status_detail");
}

fn dns(mapper: &mut Mapper<'_>) -> (&'static str, i64) {
    mapper.class(4003, 2);
    judge(mapper, "ResolverDecision");
    let is_gateway = mapper.source().has("ResolverDecision");
    if let Some(code) = mapper.source().integer("RCode").or(mapper.source().integer("ResponseCode"))
    {
        status(mapper, code == 0);
    }
    let source = mapper.source();
    let addresses: Vec<_> =
        source.find("ResolvedIPs").map(|list| source.elements(list)).unwrap_or_default();
    for (place, address) in addresses.into_iter().enumerate() {
        mapper.copy_field(address, &format!("answers[{place}].rdata"));
    }
    if mapper.copy("Protocol", "connection_info.protocol_name") {
        mapper.set("connection_info.direction_id", 0_i64);
    }
    mapper.set("dst_endpoint.svc_name", "Cloudflare");
    mapper.table(DNS_FIELDS);
    (if is_gateway { "Gateway DNS" } else { "DNS" }, 4003)
}

fn network(mapper: &mut Mapper<'_>) -> (&'static str, i64) {
    let action = mapper.source().text("Action").unwrap_or_default().to_ascii_lowercase();
    mapper.class(4001, if action.starts_with("block") { 5 } else { 1 });
    judge(mapper, "Action");
    mapper.set("connection_info.direction_id", 2_i64);
    mapper.table(NETWORK_FIELDS);
    ("Gateway network", 4001)
}

fn http(mapper: &mut Mapper<'_>) -> (&'static str, i64) {
    http_request(mapper, "HTTPMethod");
    judge(mapper, "Action");
    url(mapper, "URL", "http_request.url");
    http_response(mapper, "HTTPStatusCode", &[]);
    mapper.table(HTTP_FIELDS);
    ("Gateway HTTP", 4002)
}

fn access(mapper: &mut Mapper<'_>) -> (&'static str, i64) {
    let is_logout = mapper.source().is("Action", "logout");
    mapper.class(3002, if is_logout { 2 } else { 1 });
    if let Some(is_allowed) = mapper.source().text("Allowed").map(|text| text == "true") {
        status(mapper, is_allowed);
        plain_verdict(mapper, is_allowed);
    }
    mapper.copy("Email", "user.email_addr");
    mapper.copy("Email", "user.name");
    mapper.copy("Action", "metadata.event_code");
    mapper.table(ACCESS_FIELDS);
    ("Access", 3002)
}

fn audit(mapper: &mut Mapper<'_>) -> (&'static str, i64) {
    let action = mapper.source().text("ActionType").unwrap_or_default().into_owned();
    let verb = action.rsplit('_').next().unwrap_or_default();
    let (class, activity) = match verb {
        "login" => (3002, 1),
        "logout" => (3002, 2),
        "create" | "add" => (6003, 1),
        "view" | "read" => (6003, 2),
        "update" | "edit" | "change" | "set" => (6003, 3),
        "delete" | "remove" | "purge" => (6003, 4),
        _ => (6003, 99),
    };
    mapper.class(class, activity);
    if activity == 99 {
        mapper.other_activity(&action);
    }
    if class == 3002 {
        mapper.copy("ActorEmail", "user.name");
        mapper.set("service.name", "Cloudflare");
    }
    if let Some(is_success) = mapper.source().text("ActionResult").map(|text| text == "true") {
        status(mapper, is_success);
    }
    mapper.copy("ActorEmail", "actor.user.email_addr");
    mapper.copy("ActorEmail", "actor.user.name");
    mapper.table(AUDIT_FIELDS);
    ("Audit", class)
}
