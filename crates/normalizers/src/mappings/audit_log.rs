//! What audit logs of applications have in common: a table-driven mapping, and the
//! attributes that a class requires.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use headwater_event::ip::parse_address;
use headwater_event::json::{Kind, ParseLimits, Tree};
use headwater_pipeline::mapping::{Field, Mapper, Mapping, Source};

use super::operation::activity_of;
use super::well_known::{product, status};

pub(super) const ACCOUNT_CHANGE: i64 = 3001;
pub(super) const AUTHENTICATION: i64 = 3002;
pub(super) const AUTHORIZE_SESSION: i64 = 3003;
pub(super) const ENTITY_MANAGEMENT: i64 = 3004;
pub(super) const USER_ACCESS: i64 = 3005;
pub(super) const GROUP_MANAGEMENT: i64 = 3006;
pub(super) const DETECTION_FINDING: i64 = 2004;
pub(super) const EMAIL_ACTIVITY: i64 = 4009;
pub(super) const WEB_RESOURCES: i64 = 6001;
pub(super) const API_ACTIVITY: i64 = 6003;
pub(super) const DATASTORE: i64 = 6005;
pub(super) const FILE_HOSTING: i64 = 6006;

/// The activity follows from the words of the operation's name.
pub(super) const BY_VERB: i64 = -1;

/// Stands where the record says nothing and the class requires something.
const UNKNOWN: &str = "Unknown";

/// A pattern of the operation's name in lower case (`*` is any text), class and activity.
pub(super) type Rule = (&'static str, i64, i64);

/// The audit log of one product.
pub(super) struct AuditLog {
    pub(super) name: &'static str,
    pub(super) vendor: &'static str,
    pub(super) product: &'static str,
    pub(super) keys: &'static [&'static [&'static str]],
    pub(super) recognises: fn(&Source<'_>) -> bool,
    pub(super) time: &'static [&'static str],
    /// Fields with the name of what was done: the first that is there.
    pub(super) operation: &'static [&'static str],
    /// The first that matches; else API Activity by the words of the operation.
    pub(super) rules: &'static [Rule],
    pub(super) fields: &'static [(&'static str, &'static str)],
    /// Whether it worked, where the record says so.
    pub(super) outcome: fn(&Source<'_>) -> Option<bool>,
    /// What a table cannot say; before the fields.
    pub(super) more: fn(&mut Mapper<'_>, i64),
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("AuditLog").field(&self.name).finish()
    }
}

/// For logs that do not say whether it worked.
pub(super) fn no_outcome(_: &Source<'_>) -> Option<bool> {
    None
}

/// For logs that the table says everything about.
pub(super) fn nothing_more(_: &mut Mapper<'_>, _: i64) {}

impl Mapping for &'static AuditLog {
    fn name(&self) -> &'static str {
        self.name
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        self.keys
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        (self.recognises)(source)
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let field = self.operation.iter().find(|from| mapper.source().text(from).is_some());
        let operation = field.and_then(|from| mapper.source().text(from).map(Cow::into_owned));
        let operation = operation.unwrap_or_default();
        let class = open(mapper, classify(self.rules, &operation), &operation);
        product(mapper, self.vendor, self.product);
        mapper.time(self.time);
        (self.more)(mapper, class);
        if let Some(from) = field {
            mapper.copy(from, "metadata.event_code");
            if class == API_ACTIVITY {
                mapper.copy(from, "api.operation");
            }
        }
        for (from, to) in self.fields {
            field_of_class(mapper, class, from, to);
        }
        if let Some(is_success) = (self.outcome)(&mapper.source()) {
            status(mapper, is_success);
        }
        complete(mapper, class, self.product);
    }
}

/// A field whose attribute needs others beside it in some classes.
fn field_of_class(mapper: &mut Mapper<'_>, class: i64, from: &str, to: &str) {
    let is_about_api = to.starts_with("api.") || to.starts_with("resources");
    if is_about_api && class != API_ACTIVITY {
        return;
    }
    match to {
        "resources.type" if !mapper.has_any("resources", &["name", "uid"]) => {}
        "http_request.http_method" => method(mapper, from),
        _ => mapper.table(&[(from, to)]),
    }
}

/// The method of a request, in capitals as the schema has it.
pub(super) fn method(mapper: &mut Mapper<'_>, from: &str) {
    if let Some(text) = mapper.take(from) {
        mapper.set("http_request.http_method", &*text.to_ascii_uppercase());
    }
}

/// Class and activity of an operation.
pub(super) fn classify(rules: &[Rule], operation: &str) -> (i64, i64) {
    let lower = operation.to_ascii_lowercase();
    let rule = rules.iter().find(|(pattern, ..)| is_like(pattern, &lower));
    rule.map_or((API_ACTIVITY, BY_VERB), |(_, class, activity)| (*class, *activity))
}

/// Sets class and activity; returns the class.
pub(super) fn open(mapper: &mut Mapper<'_>, chosen: (i64, i64), operation: &str) -> i64 {
    let (class, activity) = chosen;
    let activity = if activity == BY_VERB { activity_of(class, operation) } else { activity };
    // Other needs a name.
    let activity = if activity == 99 && operation.is_empty() { 0 } else { activity };
    mapper.class(class, activity);
    if activity == 99 {
        mapper.other_activity(operation);
    }
    class
}

/// Whether a text has the form of a pattern, in which `*` stands for any text.
pub(super) fn is_like(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| is_like(tail, rest)))
}

/// What a class requires and the record has not said.
pub(super) fn complete(mapper: &mut Mapper<'_>, class: i64, service: &str) {
    mapper.set("severity_id", 1_i64);
    for user in ["actor.user", "user", "evidences.user"] {
        name_user(mapper, user);
    }
    if mapper.has_any("src_endpoint", ENDPOINT_DETAILS) && !mapper.has_any("src_endpoint", ENDPOINT)
    {
        mapper.set("src_endpoint.name", UNKNOWN);
    }
    if mapper.has_any("finding_info.analytic", &["uid", "name"]) {
        mapper.set("finding_info.analytic.type_id", 1_i64);
    }
    match class {
        ACCOUNT_CHANGE | AUTHENTICATION | AUTHORIZE_SESSION | USER_ACCESS => user(mapper),
        ENTITY_MANAGEMENT if !mapper.has_any("entity", ENTITY) => {
            mapper.set("entity.name", UNKNOWN);
            mapper.set("entity.type_id", 0_i64);
        }
        GROUP_MANAGEMENT if !mapper.has_any("group", &["name", "uid"]) => {
            mapper.set("group.name", UNKNOWN);
        }
        API_ACTIVITY => {
            mapper.set("api.operation", UNKNOWN);
        }
        _ => {}
    }
    if class == AUTHENTICATION
        && !mapper.has_any("service", &["name", "uid"])
        && !mapper.has_any("dst_endpoint", ENDPOINT)
    {
        mapper.set("service.name", service);
    }
    if class == USER_ACCESS {
        mapper.set("privileges", UNKNOWN);
    }
    if [API_ACTIVITY, DATASTORE, FILE_HOSTING].contains(&class) {
        if !mapper.has_any("actor", ACTOR) {
            mapper.set("actor.user.name", UNKNOWN);
            mapper.set("actor.user.type_id", 0_i64);
        }
        if !mapper.has_any("src_endpoint", ENDPOINT) {
            mapper.set("src_endpoint.name", UNKNOWN);
            mapper.set("src_endpoint.type_id", 0_i64);
        }
    }
}

const USER: &[&str] = &["name", "uid", "account.uid", "account.name"];
const ENTITY: &[&str] = &[
    "name",
    "uid",
    "policy.name",
    "policy.uid",
    "user.name",
    "user.uid",
    "group.uid",
    "device.uid",
];
const ENDPOINT: &[&str] = &["ip", "uid", "name", "hostname", "svc_name", "domain", "instance_uid"];
const ENDPOINT_DETAILS: &[&str] = &[
    "location.city",
    "location.region",
    "location.country",
    "os.name",
    "type",
    "type_id",
    "isp",
    "autonomous_system.number",
    "autonomous_system.name",
];
const USER_DETAILS: &[&str] =
    &["uid_alt", "full_name", "type", "type_id", "domain", "org.name", "org.uid"];
const ACTOR: &[&str] = &[
    "user.name",
    "user.uid",
    "user.account.uid",
    "app_name",
    "app_uid",
    "invoked_by",
    "session.uid",
    "process.name",
    "process.pid",
    "process.uid",
];

/// Where nobody else is named, the one who acted did it to themselves.
fn user(mapper: &mut Mapper<'_>) {
    if mapper.has_any("user", USER) {
        return;
    }
    for member in ["name", "uid", "email_addr"] {
        let value = mapper.written(&format!("actor.user.{member}")).map(Cow::into_owned);
        if let Some(value) = value {
            mapper.set(&format!("user.{member}"), &*value);
        }
    }
    if !mapper.has_any("user", USER) {
        mapper.set("user.name", UNKNOWN);
        mapper.set("user.type_id", 0_i64);
    }
}

/// Products that know users by their addresses have no other name for them; a user of whom only
/// details are known needs one.
fn name_user(mapper: &mut Mapper<'_>, user: &str) {
    let email = mapper.written((user, "email_addr")).map(Cow::into_owned);
    if let Some(email) = email {
        mapper.set((user, "name"), &*email);
    }
    if mapper.has_any(user, USER_DETAILS) && !mapper.has_any(user, USER) {
        let name = ["full_name", "uid_alt"]
            .iter()
            .find_map(|member| mapper.written((user, member)).map(Cow::into_owned));
        mapper.set((user, "name"), name.as_deref().unwrap_or(UNKNOWN));
    }
}

/// An address, also one with a port (`192.0.2.1:443`, `[2001:db8::1]:443`).
pub(super) fn address(mapper: &mut Mapper<'_>, from: &str, endpoint: &str) -> bool {
    let target = format!("{endpoint}.ip");
    let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { return false };
    // Of several colons without brackets none begins a port.
    let has_port = text.starts_with('[') || text.matches(':').count() == 1;
    let Some((ip, port)) = text.rsplit_once(':').filter(|_| has_port) else {
        return mapper.copy(from, &target);
    };
    let ip = ip.trim_start_matches('[').trim_end_matches(']');
    let (Some(_), Ok(port)) = (parse_address(ip), port.parse::<u16>()) else {
        return mapper.copy(from, &target);
    };
    if mapper.set(&target, ip) {
        mapper.set((endpoint, "port"), i64::from(port));
        mapper.done(from);
        return true;
    }
    false
}

/// The severity that a word says. Words that are not captions stay where they are.
pub(super) fn severity(mapper: &mut Mapper<'_>, from: &str) {
    let Some(word) = mapper.source().text(from).map(|text| text.to_ascii_lowercase()) else {
        return;
    };
    let number = match &*word {
        "informational" | "info" | "debug" | "none" | "information" | "notice" => 1_i64,
        "low" => 2,
        "medium" | "moderate" | "warn" | "warning" => 3,
        "high" | "error" => 4,
        "critical" | "severe" => 5,
        "fatal" => 6,
        _ => return,
    };
    if mapper.set("severity_id", number)
        && ["informational", "low", "medium", "high", "critical", "fatal"].contains(&&*word)
    {
        mapper.done(from);
    }
}

/// Reads a text that holds a JSON object or array: its members are found below the field's last
/// name, and so kept there.
pub(super) fn unpack(mapper: &mut Mapper<'_>, from: &str) -> bool {
    let Some(field) = mapper.source().find(from) else { return false };
    let Some(text) = mapper.source().text_of(field).map(Cow::into_owned) else { return false };
    let mut tree = Tree::new(Arc::default());
    if tree.parse(text.as_bytes(), ParseLimits::default()).is_err()
        || !matches!(tree.kind(tree.root()), Kind::Object | Kind::Array)
    {
        return false;
    }
    let name = from.rsplit('.').next().unwrap_or(from);
    let extra = mapper.extra();
    extra.graft(extra.root(), name, &tree, tree.root());
    mapper.done_field(field);
    true
}

/// The value beside a name in a list of pairs (`[{"Name": …, "Value": …}]`).
pub(super) fn paired(
    source: &Source<'_>,
    list: &str,
    (name_key, value_key): (&str, &str),
    name: &str,
) -> Option<Field> {
    let pairs = source.elements(source.find(list)?);
    let has_name = |pair: &&Field| {
        let key = source.find_in(**pair, name_key).and_then(|key| source.text_of(key));
        key.is_some_and(|key| key.eq_ignore_ascii_case(name))
    };
    source.find_in(*pairs.iter().find(has_name)?, value_key)
}

/// [`Mapper::table`] of fields that may be there in lower case.
pub(super) fn table_of(mapper: &mut Mapper<'_>, lowered: bool, pairs: &[(&str, &str)]) {
    if !lowered {
        mapper.table(pairs);
        return;
    }
    for (from, to) in pairs {
        mapper.table(&[(&lower(from, lowered), to)]);
    }
}

/// A path whose first part may be there in lower case.
pub(super) fn lower(path: &str, lowered: bool) -> Cow<'_, str> {
    if !lowered {
        return Cow::Borrowed(path);
    }
    let (head, tail) = path.split_at(path.find('.').unwrap_or(path.len()));
    Cow::Owned(head.to_ascii_lowercase() + tail)
}

/// The number of an operating system's family in OCSF.
pub(super) fn os_type(name: &str) -> i64 {
    let name = name.to_ascii_lowercase();
    let families = [
        ("windows", 100),
        ("android", 201),
        ("linux", 200),
        ("ubuntu", 200),
        ("mac", 300),
        ("os x", 300),
        ("osx", 300),
        ("ios", 301),
        ("iphone", 301),
        ("ipados", 302),
    ];
    families.iter().find(|(family, _)| name.contains(family)).map_or(0, |(_, number)| *number)
}

/// An operating system by its name: `to` is the object that has one (`src_endpoint`).
pub(super) fn os(mapper: &mut Mapper<'_>, from: &str, to: &str) {
    let Some(name) = mapper.source().text(from).map(Cow::into_owned) else { return };
    if mapper.copy(from, (to, "os.name")) {
        mapper.set((to, "os.type_id"), os_type(&name));
    }
}
