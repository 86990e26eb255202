//! What classes require: said as `Unknown` where the record has nothing.

use std::borrow::Cow;

use headwater_pipeline::mapping::Mapper;

/// Objects of which the schema wants one of some members when there are others: the object, those
/// members (the first is written), the others.
const NAMED: [(&str, &[&str], &[&str]); 7] = [
    ("src_endpoint", ENDPOINT_NAMES, ENDPOINT_MEMBERS),
    ("dst_endpoint", ENDPOINT_NAMES, ENDPOINT_MEMBERS),
    (
        "actor.user",
        &["name", "uid", "account.uid"],
        &["email_addr", "type", "credential_uid", "display_name", "full_name", "groups[0].name"],
    ),
    (
        "firewall_rule",
        &["name", "uid"],
        &["type", "condition", "desc", "category", "match_location", "sensitivity", "rate_limit"],
    ),
    ("resources[0]", &["name", "uid"], &["type", "namespace", "version", "region"]),
    ("query", &["hostname"], &["type", "class"]),
    ("load_balancer", &["name", "uid"], &["code", "error_message", "classification", "ip"]),
];

const ENDPOINT_NAMES: &[&str] = &[
    "name",
    "ip",
    "uid",
    "hostname",
    "svc_name",
    "instance_uid",
    "interface_uid",
    "interface_name",
    "domain",
];

const ENDPOINT_MEMBERS: &[&str] = &[
    "port",
    "zone",
    "vpc_uid",
    "subnet_uid",
    "location.country",
    "location.city",
    "autonomous_system.number",
    "autonomous_system.name",
];

const UNKNOWN: &str = "Unknown";

/// Says `Unknown` where the schema wants a name and the record, cut down to some of its fields,
/// has none.
pub(super) fn complete(mapper: &mut Mapper<'_>, class: i64) {
    for (object, names, members) in NAMED {
        if mapper.has_any(object, members) && !mapper.has_any(object, names) {
            name(mapper, object, names);
        }
    }
    let url = "http_request.url";
    if !mapper.has_any(url, &["url_string", "path"]) {
        let known = ["hostname", "query_string", "scheme"];
        let known = known.iter().find_map(|part| mapper.written((url, part)));
        if let Some(known) = known.map(Cow::into_owned) {
            mapper.set((url, "url_string"), known.as_str());
        }
    }
    let user: &[&str] = &["name", "uid", "account.uid"];
    match class {
        6003 => {
            let has_user = mapper.has_any("actor.user", user);
            if !has_user && !mapper.has_any("actor", &["app_uid", "app_name", "invoked_by"]) {
                name(mapper, "actor.user", user);
            }
            mapper.set("api.operation", UNKNOWN);
            if !mapper.has_any("src_endpoint", ENDPOINT_NAMES) {
                name(mapper, "src_endpoint", ENDPOINT_NAMES);
            }
        }
        2002..=2004 if !mapper.has_any("finding_info", &["uid"]) => {
            name(mapper, "finding_info", &["uid"]);
        }
        3001 | 3002 if !mapper.has_any("user", user) => name(mapper, "user", user),
        3006 if !mapper.has_any("group", &["name", "uid"]) => name(mapper, "group", &["name"]),
        4001 | 4003
            if !["src_endpoint", "dst_endpoint"]
                .iter()
                .any(|side| mapper.has_any(side, ENDPOINT_NAMES)) =>
        {
            name(mapper, "src_endpoint", ENDPOINT_NAMES);
        }
        _ => {}
    }
}

fn name(mapper: &mut Mapper<'_>, object: &str, names: &[&str]) {
    if let Some(name) = names.first() {
        mapper.set((object, name), UNKNOWN);
    }
}
