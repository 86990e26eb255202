//! Office 365 Management Activity: sign-ins are Authentication, changes of users, roles and groups
//! Account Change, User Access and Group Management, files File Hosting Activity, alerts Detection
//! Finding, matches of rules against data loss Data Security Finding; the rest, with everything of
//! Exchange, API Activity. Contract: the common schema of the Management Activity API, also with
//! lower-case keys, and the `OfficeActivity` table of Log Analytics.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Field, Mapper, Mapping};

use super::audit_log::{
    ACCOUNT_CHANGE, API_ACTIVITY, AUTHENTICATION, BY_VERB, DETECTION_FINDING, ENTITY_MANAGEMENT,
    FILE_HOSTING, GROUP_MANAGEMENT, Rule, USER_ACCESS, address, classify, complete, lower, open,
    paired, severity, table_of,
};
use super::entra;
use super::well_known::{last_segment, product, status};

const DATA_SECURITY_FINDING: i64 = 2006;

/// Patterns of operations; those of the directory are Entra's.
const RULES: &[Rule] = &[
    ("userloggedin", AUTHENTICATION, 1),
    ("userloginfailed", AUTHENTICATION, 1),
    ("userloggedoff", AUTHENTICATION, 2),
    ("teamssessionstarted", AUTHENTICATION, 1),
    ("mailboxlogin", AUTHENTICATION, 1),
    ("memberadded", GROUP_MANAGEMENT, 3),
    ("memberremoved", GROUP_MANAGEMENT, 4),
    ("teamcreated", GROUP_MANAGEMENT, 6),
    ("teamdeleted", GROUP_MANAGEMENT, 5),
    ("memberrolechanged", GROUP_MANAGEMENT, 99),
    ("addedtogroup", GROUP_MANAGEMENT, 3),
    ("removedfromgroup", GROUP_MANAGEMENT, 4),
    ("alerttriggered", DETECTION_FINDING, 1),
    ("alertentitygenerated", DETECTION_FINDING, 1),
    ("alertupdated", DETECTION_FINDING, 2),
    ("airinvestigationdata", DETECTION_FINDING, 2),
    ("mcas_alert_*", DETECTION_FINDING, 1),
    ("timaildata", DETECTION_FINDING, 1),
    ("tiurlclickdata", DETECTION_FINDING, 1),
    ("dlprulematch", DATA_SECURITY_FINDING, 1),
    ("dlpruleundo", DATA_SECURITY_FINDING, 2),
    ("fileuploaded*", FILE_HOSTING, 1),
    ("filedownloaded", FILE_HOSTING, 2),
    ("filesyncdownloaded*", FILE_HOSTING, 2),
    ("filesyncuploaded*", FILE_HOSTING, 1),
    ("filemodified*", FILE_HOSTING, 3),
    ("foldermodified", FILE_HOSTING, 3),
    ("file*deleted*", FILE_HOSTING, 4),
    ("folder*deleted*", FILE_HOSTING, 4),
    ("file*recycled", FILE_HOSTING, 4),
    ("folderrecycled", FILE_HOSTING, 4),
    ("*renamed", FILE_HOSTING, 5),
    ("filecopied", FILE_HOSTING, 6),
    ("foldercopied", FILE_HOSTING, 6),
    ("filemoved", FILE_HOSTING, 7),
    ("foldermoved", FILE_HOSTING, 7),
    ("filerestored", FILE_HOSTING, 8),
    ("folderrestored", FILE_HOSTING, 8),
    ("filepreviewed", FILE_HOSTING, 9),
    ("filecheckedout", FILE_HOSTING, 10),
    ("filecheckedin", FILE_HOSTING, 11),
    ("fileaccessed*", FILE_HOSTING, 14),
    ("*removedfromsecurelink", FILE_HOSTING, 13),
    ("*linkremoved", FILE_HOSTING, 13),
    ("sharingrevoked", FILE_HOSTING, 13),
    ("sharing*", FILE_HOSTING, 12),
    ("*addedtosecurelink", FILE_HOSTING, 12),
    ("*linkcreated", FILE_HOSTING, 12),
];

const FIELDS: &[(&str, &str)] = &[
    ("OrganizationId", "metadata.tenant_uid"),
    ("Version", "metadata.log_version"),
    ("UserId", "actor.user.name"),
    ("UserKey", "actor.user.uid"),
    ("AppAccessContext.AADSessionId", "actor.session.uid"),
    ("SessionId", "actor.session.uid"),
    ("ApplicationId", "service.uid"),
    ("ApplicationDisplayName", "service.name"),
    ("ClientAppId", "actor.app_uid"),
    ("AppId", "actor.app_uid"),
    ("UserAgent", "http_request.user_agent"),
    ("ResultStatus", "status_code"),
    ("LogonError", "status_detail"),
    ("CorrelationId", "metadata.correlation_uid"),
    ("InterSystemsId", "metadata.correlation_uid"),
    ("SiteUrl", "file.url.url_string"),
    ("ObjectId", "file.path"),
    ("SourceFileName", "file.name"),
    ("SourceFileExtension", "file.ext"),
    ("AlertId", "finding_info.uid"),
    ("Name", "finding_info.title"),
    ("AlertDisplayName", "finding_info.title"),
    ("AlertDescription", "finding_info.desc"),
    ("Category", "finding_info.types"),
    ("AlertCategory", "finding_info.types"),
    ("AlertUri", "finding_info.src_url"),
    ("PolicyId", "finding_info.analytic.uid"),
];

#[derive(Debug)]
pub(super) struct Microsoft365;

impl Mapping for Microsoft365 {
    fn name(&self) -> &'static str {
        "microsoft_365_audit"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["CreationTime", "Operation", "Workload"],
            &["CreationTime", "Operation", "RecordType"],
            &["OfficeWorkload", "Operation", "RecordType"],
        ]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let lowered = !mapper.source().has("Operation");
        let key = |path: &'static str| lower(path, lowered);
        let operation = mapper.source().text(&key("Operation")).map(Cow::into_owned);
        let operation = operation.unwrap_or_default();
        let chosen = match classify(RULES, &operation) {
            (FILE_HOSTING, _) if !mapper.source().has(&key("ObjectId")) => (API_ACTIVITY, BY_VERB),
            (API_ACTIVITY, _) => {
                classify(entra::DIRECTORY, operation.trim_end_matches('.').trim_end())
            }
            chosen => chosen,
        };
        let class = open(mapper, chosen, &operation);
        product(mapper, "Microsoft", "Microsoft 365");
        mapper.time(&[&key("CreationTime"), "TimeGenerated"]);
        mapper.copy_first(&[&key("Id"), "OfficeId"], "metadata.uid");
        mapper.copy(&key("Operation"), "metadata.event_code");
        mapper.copy_first(&[&key("Workload"), "OfficeWorkload"], "metadata.log_name");
        for from in ["ClientIP", "ActorIpAddress", "ClientIPAddress", "Client_IPAddress"] {
            if class != DATA_SECURITY_FINDING && address(mapper, &key(from), "src_endpoint") {
                break;
            }
        }
        subject(mapper, class, lowered);
        table_of(mapper, lowered, FIELDS);
        user_type(mapper, &key("UserType"));
        extended(mapper, &key("ExtendedProperties"));
        outcome(mapper, class, &operation, lowered);
        complete(mapper, class, "Microsoft 365");
    }
}

/// Whom or what it is about.
fn subject(mapper: &mut Mapper<'_>, class: i64, lowered: bool) {
    let object = lower("ObjectId", lowered);
    match class {
        API_ACTIVITY => {
            mapper.copy(&lower("Operation", lowered), "api.operation");
            mapper.copy_first(&[&lower("Workload", lowered), "OfficeWorkload"], "api.service.name");
            let id: [&str; 2] = [&lower("Id", lowered), "OfficeId"];
            // Nothing but the record names the request.
            if mapper.source().has(&lower("Parameters", lowered))
                && mapper.copy_first(&id, "api.request.uid")
            {
                mapper.copy(&lower("Parameters", lowered), "api.request.data");
            }
            mapper.copy(&object, "resources.name");
        }
        ACCOUNT_CHANGE => {
            mapper.copy(&object, "user.name");
        }
        GROUP_MANAGEMENT => {
            let name = ["Group.DisplayName", "Group.ObjectID"];
            modified(mapper, &name, &["group.name", "group.uid"]);
            mapper.copy("TeamName", "group.name");
            mapper.copy("TeamGuid", "group.uid");
            mapper.copy("Members.0.UPN", "user.name");
            mapper.copy("Members.0.DisplayName", "user.full_name");
            mapper.copy(&object, "user.name");
        }
        USER_ACCESS => {
            modified(mapper, &["Role.DisplayName"], &["privileges"]);
            mapper.copy(&object, "user.name");
        }
        ENTITY_MANAGEMENT => {
            mapper.copy(&object, "entity.name");
            mapper.set("entity.type_id", 99_i64);
        }
        FILE_HOSTING => file(mapper, &object, lowered),
        DETECTION_FINDING | DATA_SECURITY_FINDING => finding(mapper, &object, lowered),
        _ => {}
    }
}

fn file(mapper: &mut Mapper<'_>, object: &str, lowered: bool) {
    let path = mapper.source().text(object).map(Cow::into_owned).unwrap_or_default();
    let is_folder = mapper.source().is(&lower("ItemType", lowered), "Folder");
    mapper.copy(&lower("SourceFileName", lowered), "file.name");
    mapper.set("file.name", last_segment(&path));
    mapper.set("file.type_id", if is_folder { 2_i64 } else { 1 });
}

/// Not every alert has an id or a name of its own.
fn finding(mapper: &mut Mapper<'_>, object: &str, lowered: bool) {
    let operation = lower("Operation", lowered);
    let uid: [&str; 3] = [&lower("AlertId", lowered), object, &lower("Id", lowered)];
    mapper.copy_first(&uid, "finding_info.uid");
    let title = ["Name", "AlertDisplayName"].map(|name| lower(name, lowered));
    let title: Vec<&str> = title.iter().map(|name| &**name).collect();
    if !mapper.copy_first(&title, "finding_info.title") {
        mapper.copy(&operation, "finding_info.title");
    }
    mapper.set("is_alert", true);
    severity(mapper, &lower("Severity", lowered));
    severity(mapper, &lower("AlertSeverity", lowered));
    mapper.copy(&lower("UserId", lowered), "actor.user.name");
    mapper.copy(&lower("UserId", lowered), "evidences.user.name");
}

/// New values of directory operations, by the name of the property.
fn modified(mapper: &mut Mapper<'_>, names: &[&str], to: &[&str]) {
    for (name, to) in names.iter().zip(to) {
        let field = paired(&mapper.source(), "ModifiedProperties", ("Name", "NewValue"), name);
        if let Some(field) = field {
            copy_unquoted(mapper, field, to);
        }
    }
}

/// New values of properties are JSON texts of texts.
fn copy_unquoted(mapper: &mut Mapper<'_>, field: Field, to: &str) {
    let text = mapper.source().text_of(field).map(Cow::into_owned).unwrap_or_default();
    let plain = text.trim().trim_matches('"');
    if !plain.is_empty() {
        mapper.set(to, plain);
    }
}

/// The number stays: some numbers mean the same here.
fn user_type(mapper: &mut Mapper<'_>, from: &str) {
    let kind = match mapper.source().text(from).as_deref() {
        Some("0" | "Regular") => 1_i64,
        Some("2" | "3" | "Admin" | "DcAdmin") => 2,
        Some("4" | "System") => 3,
        Some("5" | "6" | "Application" | "ServicePrincipal") => 4,
        _ => return,
    };
    mapper.set("actor.user.type_id", kind);
}

fn extended(mapper: &mut Mapper<'_>, list: &str) {
    let pairs = [("UserAgent", "http_request.user_agent"), ("ResultStatusDetail", "status_detail")];
    for (name, to) in pairs {
        let field = paired(&mapper.source(), list, ("Name", "Value"), name);
        if let Some(field) = field {
            mapper.copy_field(field, to);
        }
    }
}

/// A failed sign-in has `ResultStatus` "Success" too: that it was written down.
fn outcome(mapper: &mut Mapper<'_>, class: i64, operation: &str, lowered: bool) {
    if [DETECTION_FINDING, DATA_SECURITY_FINDING].contains(&class) {
        return;
    }
    let result = mapper.source().text(&lower("ResultStatus", lowered)).map(Cow::into_owned);
    match result.as_deref() {
        _ if operation == "UserLoginFailed" => status(mapper, false),
        Some("Success" | "Succeeded" | "True" | "PartiallySucceeded") => status(mapper, true),
        Some("Failed" | "Failure" | "False") => status(mapper, false),
        _ if class == AUTHENTICATION => status(mapper, true),
        _ => {}
    }
}
