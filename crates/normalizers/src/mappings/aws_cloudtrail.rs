//! AWS CloudTrail: API Activity, and for calls that are about identities Authentication, Account
//! Change and Group Management. Contract: CloudTrail's record format, version 1.x.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::well_known::{product, status};

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
const ACCOUNT_CHANGES: [(&str, i64); 22] = [
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
    ("AddRoleToInstanceProfile", 99),
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

#[derive(Debug)]
pub(super) struct AwsCloudtrail;

impl Mapping for AwsCloudtrail {
    fn name(&self) -> &'static str {
        "aws_cloudtrail"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["eventSource", "eventName", "eventVersion"], &["eventSource", "eventName", "awsRegion"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("eventSource").is_some_and(|text| text.contains('.'))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let operation = mapper.source().text("eventName").unwrap_or_default().into_owned();
        let (class, activity) = classify(&operation);
        mapper.class(class, activity);
        if activity == 99 {
            mapper.other_activity(&operation);
        }
        product(mapper, "AWS", "CloudTrail");
        mapper.set("cloud.provider", "AWS");
        mapper.time(&["eventTime"]);
        mapper.table(ACTOR);
        match class {
            3001 => account_change(mapper),
            3002 => logon(mapper, &operation),
            3006 => group_change(mapper),
            _ => {}
        }
        mapper.table(FIELDS);
        // A service that acts for itself has no identity but its name.
        if ["name", "uid", "account.uid"]
            .iter()
            .all(|part| mapper.written(&format!("actor.user.{part}")).is_none())
        {
            mapper.copy_first(
                &["userIdentity.invokedBy", "sourceIPAddress", "eventSource"],
                "actor.user.name",
            );
        }
        resources(mapper);
        let failed = mapper.source().has("errorCode")
            || mapper.source().is("responseElements.ConsoleLogin", "Failure")
            || mapper.source().is("responseElements.CheckMfa", "Failure");
        status(mapper, !failed);
        mapper.set("severity_id", 1_i64);
    }
}

/// Class and activity of a call.
fn classify(operation: &str) -> (i64, i64) {
    let of = |list: &[(&str, i64)]| {
        list.iter().find(|(name, _)| *name == operation).map(|(_, activity)| *activity)
    };
    if LOGONS.contains(&operation) {
        return (3002, if operation == "ExitRole" { 2 } else { 1 });
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

fn logon(mapper: &mut Mapper<'_>, operation: &str) {
    let role = ["requestParameters.roleArn", "userIdentity.arn", "userIdentity.principalId"];
    mapper.copy_first(&role, "user.uid");
    let name = [
        "requestParameters.roleSessionName",
        "userIdentity.userName",
        "userIdentity.sessionContext.sessionIssuer.userName",
    ];
    mapper.copy_first(&name, "user.name");
    mapper.copy("additionalEventData.MFAUsed", "is_mfa");
    mapper.copy("responseElements.assumedRoleUser.arn", "session.uid_alt");
    mapper.copy("responseElements.assumedRoleUser.assumedRoleId", "session.uid");
    mapper.copy("responseElements.credentials.accessKeyId", "session.credential_uid");
    mapper.copy("responseElements.credentials.expiration", "session.expiration_time");
    mapper.copy("additionalEventData.LoginTo", "dst_endpoint.svc_name");
    if operation == "ConsoleLogin" {
        mapper.set("service.name", "signin.amazonaws.com");
    }
    mapper.copy("eventSource", "service.name");
}

fn account_change(mapper: &mut Mapper<'_>) {
    let name = [
        "responseElements.user.userName",
        "responseElements.role.roleName",
        "requestParameters.userName",
        "requestParameters.roleName",
        "userIdentity.userName",
        "userIdentity.sessionContext.sessionIssuer.userName",
    ];
    mapper.copy_first(&name, "user.name");
    let uid = ["responseElements.user.userId", "responseElements.role.roleId"];
    if !mapper.copy_first(&uid, "user.uid") && mapper.written("user.name").is_none() {
        mapper.copy("userIdentity.arn", "user.uid");
    }
    mapper.copy("requestParameters.policyArn", "policy.uid");
    mapper.copy("requestParameters.policyName", "policy.name");
}

fn group_change(mapper: &mut Mapper<'_>) {
    mapper.copy("requestParameters.groupName", "group.name");
    mapper.copy("responseElements.group.groupId", "group.uid");
    mapper.copy("requestParameters.userName", "user.name");
}

fn resources(mapper: &mut Mapper<'_>) {
    let count =
        mapper.source().find("resources").map_or(0, |list| mapper.source().elements(list).len());
    for place in 0..count {
        let from = |name: &str| format!("resources.{place}.{name}");
        let to = |name: &str| format!("resources[{place}].{name}");
        mapper.copy(&from("ARN"), &to("uid"));
        mapper.copy(&from("type"), &to("type"));
        mapper.copy(&from("accountId"), &to("owner.account.uid"));
    }
}
