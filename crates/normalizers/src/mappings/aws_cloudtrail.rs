//! AWS CloudTrail: API Activity, and for calls that are about identities Authentication, Account
//! Change and Group Management. Contract: CloudTrail's record format, version 1.x; as it is, in an
//! event of EventBridge (`detail`), and in an event in shell form (`details`, keys in lower case).

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::required::complete;
use super::well_known::{length, product, status};

/// Calls that let somebody in or change who they act as.
const LOGONS: [&str; 10] = [
    "ConsoleLogin",
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "GetSessionToken",
    "GetFederationToken",
    "SwitchRole",
    "CheckMfa",
    "RenewRole",
    "ExitRole",
];

/// Calls that change an account, with the activity; 99 has the name of the call.
const ACCOUNT_CHANGES: [(&str, i64); 23] = [
    ("CreateUser", 1),
    ("CreateRole", 1),
    ("DeleteUser", 6),
    ("DeleteRole", 6),
    ("AttachUserPolicy", 7),
    ("AttachRolePolicy", 7),
    ("AttachGroupPolicy", 7),
    ("PutUserPolicy", 7),
    ("PutRolePolicy", 7),
    ("PutGroupPolicy", 7),
    ("DetachUserPolicy", 8),
    ("DetachRolePolicy", 8),
    ("DetachGroupPolicy", 8),
    ("DeleteUserPolicy", 8),
    ("DeleteRolePolicy", 8),
    ("ChangePassword", 3),
    ("UpdateLoginProfile", 4),
    ("CreateLoginProfile", 99),
    ("EnableMFADevice", 10),
    ("DeactivateMFADevice", 11),
    ("CreateAccessKey", 99),
    ("AddRoleToInstanceProfile", 7),
    ("RemoveRoleFromInstanceProfile", 8),
];

const GROUP_CHANGES: [(&str, i64); 4] =
    [("AddUserToGroup", 3), ("RemoveUserFromGroup", 4), ("DeleteGroup", 5), ("CreateGroup", 6)];

/// Beginnings of names of calls, with the activity of API Activity.
const VERBS: [(&str, i64); 33] = [
    ("Create", 1),
    ("Run", 1),
    ("Put", 1),
    ("Add", 1),
    ("Allocate", 1),
    ("Import", 1),
    ("Register", 1),
    ("Describe", 2),
    ("Get", 2),
    ("List", 2),
    ("Head", 2),
    ("Lookup", 2),
    ("BatchGet", 2),
    ("Search", 2),
    ("Select", 2),
    ("Query", 2),
    ("Scan", 2),
    ("Update", 3),
    ("Modify", 3),
    ("Set", 3),
    ("Attach", 3),
    ("Detach", 3),
    ("Start", 3),
    ("Stop", 3),
    ("Enable", 3),
    ("Disable", 3),
    ("Change", 3),
    ("Associate", 3),
    ("Authorize", 3),
    ("Delete", 4),
    ("Remove", 4),
    ("Terminate", 4),
    ("Deregister", 4),
];

/// Fields of every class; those that a class does not have stay unmapped.
const FIELDS: &[(&str, &str)] = &[
    ("eventID", "metadata.uid"),
    ("eventType", "metadata.event_code"),
    ("eventVersion", "metadata.product.version"),
    ("eventCategory", "metadata.product.feature.name"),
    ("eventName", "api.operation"),
    ("eventSource", "api.service.name"),
    ("apiVersion", "api.version"),
    ("requestID", "api.request.uid"),
    ("requestParameters", "api.request.data"),
    ("responseElements", "api.response.data"),
    ("errorCode", "api.response.error"),
    ("errorMessage", "api.response.message"),
    ("sourceIPAddress", "src_endpoint.ip"),
    ("sourceIPAddress", "src_endpoint.svc_name"),
    ("vpcEndpointId", "src_endpoint.uid"),
    ("awsRegion", "cloud.region"),
    ("recipientAccountId", "cloud.account.uid"),
    ("userAgent", "http_request.user_agent"),
    ("sharedEventID", "metadata.correlation_uid"),
    ("tlsDetails.tlsVersion", "tls.version"),
    ("tlsDetails.cipherSuite", "tls.cipher"),
    ("tlsDetails.clientProvidedHostHeader", "tls.sni"),
];

/// Who called. Written first: the classes about identities use some of it a second time.
const ACTOR: &[(&str, &str)] = &[
    ("userIdentity.type", "actor.user.type"),
    ("userIdentity.userName", "actor.user.name"),
    ("userIdentity.arn", "actor.user.uid"),
    ("userIdentity.principalId", "actor.user.uid_alt"),
    ("userIdentity.accountId", "actor.user.account.uid"),
    ("userIdentity.accessKeyId", "actor.user.credential_uid"),
    ("userIdentity.sessionContext.attributes.creationDate", "actor.session.created_time"),
    ("userIdentity.sessionContext.attributes.mfaAuthenticated", "actor.session.is_mfa"),
    ("userIdentity.sessionContext.sessionIssuer.arn", "actor.session.issuer"),
    ("userIdentity.sessionContext.sessionIssuer.userName", "actor.user.name"),
    ("userIdentity.invokedBy", "actor.invoked_by"),
    ("userIdentity.identityProvider", "actor.idp.name"),
];

/// Of EventBridge's own fields, those that the record does not have.
const EVENT_BRIDGE_FIELDS: &[(&str, &str)] = &[
    ("id", "metadata.original_event_uid"),
    ("time", "metadata.logged_time"),
    ("region", "cloud.region"),
    ("account", "cloud.account.uid"),
];

/// Where the record stands in the event, and how its keys are spelled.
#[derive(Debug, Clone, Copy)]
struct Place {
    prefix: &'static str,
    is_lower_case: bool,
}

const PLACES: [Place; 4] = [
    Place { prefix: "", is_lower_case: false },
    Place { prefix: "", is_lower_case: true },
    Place { prefix: "detail.", is_lower_case: false },
    Place { prefix: "details.", is_lower_case: true },
];

impl Place {
    fn of(source: &Source<'_>) -> Option<Self> {
        PLACES.into_iter().find(|place| source.has(&place.path("eventName")))
    }

    /// The path of one of the record's fields.
    fn path<'n>(self, name: &'n str) -> Cow<'n, str> {
        match (self.prefix, self.is_lower_case) {
            ("", false) => Cow::Borrowed(name),
            (prefix, false) => Cow::Owned(format!("{prefix}{name}")),
            (prefix, true) => Cow::Owned(format!("{prefix}{}", name.to_ascii_lowercase())),
        }
    }

    fn text(self, mapper: &Mapper<'_>, name: &str) -> Option<String> {
        mapper.source().text(&self.path(name)).map(Cow::into_owned)
    }

    fn has(self, mapper: &Mapper<'_>, name: &str) -> bool {
        mapper.source().has(&self.path(name))
    }

    fn copy(self, mapper: &mut Mapper<'_>, name: &str, to: &str) -> bool {
        mapper.copy(&self.path(name), to)
    }

    fn copy_first(self, mapper: &mut Mapper<'_>, names: &[&str], to: &str) -> bool {
        names.iter().any(|name| self.copy(mapper, name, to))
    }
}

#[derive(Debug)]
pub(super) struct AwsCloudtrail;

impl Mapping for AwsCloudtrail {
    fn name(&self) -> &'static str {
        "aws_cloudtrail"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["eventSource", "eventName"],
            &["eventName", "awsRegion", "eventID"],
            &["eventName", "awsRegion", "eventVersion"],
            &["detail", "detail-type"],
            &["details", "source"],
        ]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        let Some(place) = Place::of(source) else { return false };
        let has = |name: &str| source.has(&place.path(name));
        let is_service = source.text(&place.path("eventSource")).is_none_or(|t| t.contains('.'));
        is_service
            && ["eventVersion", "awsRegion", "eventID", "userIdentity"].iter().any(|name| has(name))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let Some(place) = Place::of(&mapper.source()) else { return };
        let operation = place.text(mapper, "eventName").unwrap_or_default();
        let (class, activity) = classify(&operation);
        mapper.class(class, activity);
        if activity == 99 {
            mapper.other_activity(&operation);
        }
        product(mapper, "AWS", "CloudTrail");
        mapper.set("cloud.provider", "AWS");
        mapper.time(&[&place.path("eventTime")]);
        for (from, to) in ACTOR {
            mapper.table(&[(&place.path(from), to)]);
        }
        match class {
            3001 => account_change(mapper, place),
            3002 => logon(mapper, place, &operation),
            3006 => group_change(mapper, place),
            _ => {}
        }
        fields(mapper, place);
        resources(mapper, place);
        required(mapper, place, class);
        let is_failure = |name| place.text(mapper, name).is_some_and(|text| text == "Failure");
        let failed = place.has(mapper, "errorCode")
            || is_failure("responseElements.ConsoleLogin")
            || is_failure("responseElements.CheckMfa");
        status(mapper, !failed);
        mapper.set("severity_id", 1_i64);
        if place.prefix == "detail." {
            mapper.table(EVENT_BRIDGE_FIELDS);
        }
        if !place.prefix.is_empty() {
            mapper.flatten(place.prefix.trim_end_matches('.'));
        }
    }
}

fn fields(mapper: &mut Mapper<'_>, place: Place) {
    place.copy(mapper, "eventID", "metadata.uid");
    // What was asked goes only where there is an id for it.
    if !place.copy(mapper, "requestID", "api.request.uid") && place.has(mapper, "requestParameters")
    {
        place.copy(mapper, "eventID", "api.request.uid");
    }
    let has_request = mapper.written("api.request.uid").is_some();
    for (from, to) in FIELDS {
        if has_request || *to != "api.request.data" {
            mapper.table(&[(&place.path(from), to)]);
        }
    }
}

/// What the class requires and some records do not say.
fn required(mapper: &mut Mapper<'_>, place: Place, class: i64) {
    // A service that acts for itself has no identity but its name.
    if !mapper.has_any("actor.user", &["name", "uid", "account.uid"]) {
        let names = ["userIdentity.invokedBy", "sourceIPAddress", "eventSource"];
        place.copy_first(mapper, &names, "actor.user.name");
    }
    if class == 3002
        && !mapper.has_any("service", &["name"])
        && !mapper.has_any("dst_endpoint", &["svc_name"])
    {
        mapper.set("service.name", "Unknown");
    }
    complete(mapper, class);
}

/// Class and activity of a call.
pub(super) fn classify(operation: &str) -> (i64, i64) {
    let of = |list: &[(&str, i64)]| {
        list.iter().find(|(name, _)| *name == operation).map(|(_, activity)| *activity)
    };
    if LOGONS.contains(&operation) {
        let activity = match operation {
            "ExitRole" => 2,
            // A step of a logon that has its own record.
            "CheckMfa" => 99,
            _ => 1,
        };
        return (3002, activity);
    }
    if let Some(activity) = of(&ACCOUNT_CHANGES) {
        return (3001, activity);
    }
    if let Some(activity) = of(&GROUP_CHANGES) {
        return (3006, activity);
    }
    let verb = VERBS.iter().find(|(verb, _)| operation.starts_with(verb));
    (6003, verb.map_or(99, |(_, activity)| *activity))
}

fn logon(mapper: &mut Mapper<'_>, place: Place, operation: &str) {
    let role = ["requestParameters.roleArn", "userIdentity.arn", "userIdentity.principalId"];
    place.copy_first(mapper, &role, "user.uid");
    let name = [
        "requestParameters.roleSessionName",
        "userIdentity.userName",
        "userIdentity.sessionContext.sessionIssuer.userName",
    ];
    place.copy_first(mapper, &name, "user.name");
    for (from, to) in [
        ("additionalEventData.MFAUsed", "is_mfa"),
        ("responseElements.assumedRoleUser.arn", "session.uid_alt"),
        ("responseElements.assumedRoleUser.assumedRoleId", "session.uid"),
        ("responseElements.credentials.accessKeyId", "session.credential_uid"),
        ("responseElements.credentials.expiration", "session.expiration_time"),
        ("additionalEventData.LoginTo", "dst_endpoint.svc_name"),
    ] {
        place.copy(mapper, from, to);
    }
    if operation == "ConsoleLogin" {
        mapper.set("service.name", "signin.amazonaws.com");
    }
    place.copy(mapper, "eventSource", "service.name");
}

fn account_change(mapper: &mut Mapper<'_>, place: Place) {
    let name = [
        "responseElements.user.userName",
        "responseElements.role.roleName",
        "requestParameters.userName",
        "requestParameters.roleName",
        "userIdentity.userName",
        "userIdentity.sessionContext.sessionIssuer.userName",
    ];
    place.copy_first(mapper, &name, "user.name");
    let uid = ["responseElements.user.userId", "responseElements.role.roleId"];
    if !place.copy_first(mapper, &uid, "user.uid") && mapper.written("user.name").is_none() {
        place.copy(mapper, "userIdentity.arn", "user.uid");
    }
    place.copy(mapper, "requestParameters.policyArn", "policy.uid");
    place.copy(mapper, "requestParameters.policyName", "policy.name");
}

fn group_change(mapper: &mut Mapper<'_>, place: Place) {
    place.copy(mapper, "requestParameters.groupName", "group.name");
    place.copy(mapper, "responseElements.group.groupId", "group.uid");
    place.copy(mapper, "requestParameters.userName", "user.name");
}

fn resources(mapper: &mut Mapper<'_>, place: Place) {
    let list = place.path("resources");
    let mut to = 0;
    for element in 0..length(mapper, &list) {
        let from = |name: &str| format!("{list}.{element}.{name}");
        let to_member = |name: &str| format!("resources[{to}].{name}");
        // Without a name it is no resource of the schema, and stays as it is.
        let names = ["ARN", "arn", "ARNPrefix"].map(&from);
        if names.iter().any(|name| mapper.copy(name, &to_member("uid"))) {
            mapper.copy(&from("type"), &to_member("type"));
            mapper.copy(
                &from(if place.is_lower_case { "accountid" } else { "accountId" }),
                &to_member("owner.account.uid"),
            );
            to += 1;
        }
    }
}
