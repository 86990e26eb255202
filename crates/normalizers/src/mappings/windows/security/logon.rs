//! Logons, logoffs, Kerberos tickets and NTLM checks; privileges and groups of new logons.

use super::super::record::Record;
use super::{CALLER, SUBJECT, of, privileges, sids, subject};
use crate::mappings::well_known::status;

const EVENTS: &[(i64, i64, i64, &str)] = &[
    (4624, 3002, 1, ""),
    (4625, 3002, 1, ""),
    (4634, 3002, 2, ""),
    (4647, 3002, 2, ""),
    (4648, 3002, 1, ""),
    (4649, 3002, 99, "Replay"),
    (4675, 3002, 99, "Filter SIDs"),
    (4768, 3002, 3, ""),
    (4769, 3002, 4, ""),
    (4770, 3002, 5, ""),
    (4771, 3002, 3, ""),
    (4772, 3002, 3, ""),
    (4773, 3002, 4, ""),
    (4774, 3002, 99, "Map Account"),
    (4775, 3002, 99, "Map Account"),
    (4776, 3002, 1, ""),
    (4777, 3002, 1, ""),
    (4778, 3002, 1, ""),
    (4779, 3002, 2, ""),
    (4800, 3002, 99, "Lock Workstation"),
    (4801, 3002, 99, "Unlock Workstation"),
    (4802, 3002, 99, "Start Screen Saver"),
    (4803, 3002, 99, "Stop Screen Saver"),
    (6272, 3002, 1, ""),
    (6273, 3002, 1, ""),
    (6274, 3002, 1, ""),
    (6276, 3002, 1, ""),
    (6278, 3002, 1, ""),
    (6279, 3001, 9, ""),
    (6280, 3001, 12, ""),
    (4627, 3003, 2, ""),
    (4672, 3003, 1, ""),
    (4673, 3003, 99, "Use Privileges"),
    (4674, 3003, 99, "Use Privileges"),
    (4703, 3003, 1, ""),
    (4964, 3003, 2, ""),
];

/// Events that say that it did not work.
const FAILURES: [i64; 9] = [4625, 4649, 4771, 4772, 4773, 4775, 4777, 6273, 6274];

const LOGON: &[(&str, &str)] = &[
    ("TargetUserName", "user.name"),
    ("TargetDomainName", "user.domain"),
    ("TargetUserSid", "user.uid"),
    ("TargetSid", "user.uid"),
    ("TargetLogonId", "session.uid"),
    ("LogonType", "logon_type_id"),
    ("AuthenticationPackageName", "auth_protocol_id"),
    ("IpAddress", "src_endpoint.ip"),
    ("IpPort", "src_endpoint.port"),
    ("WorkstationName", "src_endpoint.name"),
    ("Workstation", "src_endpoint.name"),
    ("ServiceName", "service.name"),
    ("ServiceSid", "service.uid"),
    ("FailureReason", "status_detail"),
];

/// Remote Desktop: a session that somebody comes back to or leaves.
const REMOTE_SESSION: &[(&str, &str)] = &[
    ("AccountName", "user.name"),
    ("AccountDomain", "user.domain"),
    ("LogonID", "session.uid"),
    ("SessionName", "session.terminal"),
    ("ClientName", "src_endpoint.name"),
    ("ClientAddress", "src_endpoint.ip"),
];

/// Network Policy Server (RADIUS).
const NETWORK_POLICY: &[(&str, &str)] = &[
    ("FullyQualifiedSubjectUserName", "user"),
    ("SubjectUserName", "user.name"),
    ("SubjectDomainName", "user.domain"),
    ("SubjectUserSid", "user.uid"),
    ("CallingStationID", "src_endpoint.name"),
    ("ClientIPAddress", "dst_endpoint.ip"),
    ("ClientName", "dst_endpoint.name"),
    ("NASIdentifier", "dst_endpoint.uid"),
    ("AuthenticationType", "auth_protocol_id"),
    ("ReasonCode", "status_code"),
    ("Reason", "status_detail"),
];

pub(super) fn map(record: &mut Record<'_, '_>) -> bool {
    let Some((class, activity, name)) = of(EVENTS, record.id) else { return false };
    record.class(class, activity, name);
    match (record.id, class) {
        (_, 3003) => rights(record),
        (6272..=6280, _) => {
            record.table(NETWORK_POLICY);
            record.computer_as("dst_endpoint");
        }
        _ => logon(record),
    }
    true
}

fn logon(record: &mut Record<'_, '_>) {
    match record.id {
        4778 | 4779 => {
            record.table(REMOTE_SESSION);
            record.mapper.set("is_remote", true);
        }
        4648 => {
            // Here the logon id is the subject's; the other account has none yet.
            record.put("LogonGuid", "actor.session.uid_alt");
            record.put("TargetLogonGuid", "session.uid_alt");
        }
        _ => {
            record.put("LogonGuid", "session.uid_alt");
        }
    }
    record.table(LOGON);
    if record.is("LogonType", "0") {
        record.mapper.set("logon_type_id", 1_i64);
        record.done("LogonType");
    }
    if matches!(record.number("LogonType"), 3 | 8 | 10 | 12) {
        record.mapper.set("is_remote", true);
    }
    match record.id {
        4768..=4773 => {
            record.mapper.set("auth_protocol_id", 2_i64);
        }
        4776 | 4777 => {
            record.mapper.set("auth_protocol_id", 1_i64);
        }
        _ => {}
    }
    record.table(SUBJECT);
    record.table(CALLER);
    let is_elsewhere = |name: &String| !name.eq_ignore_ascii_case("localhost");
    if record.text("TargetServerName").is_some_and(|name| is_elsewhere(&name)) {
        record.put("TargetServerName", "dst_endpoint.hostname");
    }
    record.computer_as("dst_endpoint");
    nobody(record);
    result(record);
}

/// A failed logon may name nobody: its account is then the null SID.
fn nobody(record: &mut Record<'_, '_>) {
    if ["name", "uid"].iter().all(|part| record.mapper.written(&format!("user.{part}")).is_none()) {
        record.mapper.set("user.uid", "S-1-0-0");
    }
}

/// Codes of Kerberos, NTLM and failed logons: 0 is success.
fn result(record: &mut Record<'_, '_>) {
    let has_code = record.number("SubStatus") != 0 && record.put("SubStatus", "status_code");
    if !has_code {
        record.put("Status", "status_code");
    }
    let code = record.mapper.written("status_code").map(|code| code.to_string());
    let is_failure = FAILURES.contains(&record.id)
        || code
            .is_some_and(|code| super::super::values::number(&code).is_some_and(|code| code != 0));
    if is_failure {
        status(record.mapper, false);
    } else if record.id == 4624 || record.text("Status").is_some() {
        status(record.mapper, true);
    }
}

/// Privileges and groups that a logon has or uses.
fn rights(record: &mut Record<'_, '_>) {
    let is_told = match record.id {
        4627 | 4964 => groups(record),
        4703 => {
            target(record);
            privileges(record, "EnabledPrivilegeList") || {
                record.mapper.other_activity("Disable Privileges");
                privileges(record, "DisabledPrivilegeList")
            }
        }
        _ => {
            record.table(&[
                ("SubjectUserSid", "user.uid"),
                ("SubjectUserName", "user.name"),
                ("SubjectDomainName", "user.domain"),
                ("SubjectLogonId", "session.uid"),
            ]);
            privileges(record, "PrivilegeList")
        }
    };
    subject(record);
    if !is_told {
        record.put_list(&["Unknown".to_owned()], "privileges");
    }
}

fn target(record: &mut Record<'_, '_>) {
    record.table(&[
        ("TargetUserSid", "user.uid"),
        ("TargetUserName", "user.name"),
        ("TargetDomainName", "user.domain"),
        ("TargetLogonId", "session.uid"),
    ]);
}

fn groups(record: &mut Record<'_, '_>) -> bool {
    target(record);
    let name = if record.id == 4964 { "SidList" } else { "GroupMembership" };
    let list = record.text(name).map(|text| sids(&text)).unwrap_or_default();
    for (place, sid) in list.iter().enumerate() {
        // The class wants one group; all of them are the user's.
        record.mapper.set("group.uid", sid.as_str());
        record.mapper.set(&format!("user.groups[{place}].uid"), sid.as_str());
    }
    if !list.is_empty() {
        record.done(name);
    }
    !list.is_empty()
}
