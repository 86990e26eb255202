//! Every other channel: name resolution, Remote Desktop, transfers, and events of any provider.

use super::record::Record;
use super::sysmon::answers;

/// Writes an event of a channel that has no file of its own.
pub(super) fn map(record: &mut Record<'_, '_>) -> &'static str {
    let is_known = match record.provider.as_str() {
        "Microsoft-Windows-DNS-Client" => query(record),
        "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS"
        | "Microsoft-Windows-TerminalServices-LocalSessionManager"
        | "Microsoft-Windows-TerminalServices-RemoteConnectionManager" => remote_desktop(record),
        "Microsoft-Windows-Bits-Client" => transfer(record),
        "Microsoft-Windows-Windows Firewall With Advanced Security" => {
            record.class(5019, 1, "");
            record.put("ModifyingUser", "actor.user");
            true
        }
        "Microsoft-Windows-WMI-Activity" => {
            management(record);
            true
        }
        _ => false,
    };
    if !is_known {
        record.class(0, 99, "Log");
        record.account("actor.user");
    }
    "Windows"
}

/// WMI has no class: providers started, queries that failed, and subscriptions.
fn management(record: &mut Record<'_, '_>) {
    let name = match record.id {
        5857 => "Start Provider",
        5858 => "Fail Operation",
        5859 => "Register Filter",
        5860 => "Register Temporary Consumer",
        5861 => "Register Permanent Consumer",
        _ => "WMI Activity",
    };
    record.class(0, 99, name);
    record.table(&[
        ("User", "actor.user"),
        ("ClientProcessId", "actor.process.pid"),
        ("ResultCode", "status_code"),
        ("Code", "status_code"),
    ]);
    record.account("actor.user");
}

/// Queries of the resolver; 3008, 3011, 3018 and 3020 have its answers.
fn query(record: &mut Record<'_, '_>) -> bool {
    if record.text("QueryName").is_none() {
        return false;
    }
    let is_response = matches!(record.id, 3008 | 3011 | 3018 | 3020);
    record.class(4003, if is_response { 2 } else { 1 }, "");
    record.table(&[
        ("QueryName", "query.hostname"),
        ("QueryType", "query.type"),
        ("QueryStatus", "status_code"),
        ("ResponseStatus", "status_code"),
        ("Status", "status_code"),
        ("DnsServerIpAddress", "dst_endpoint.ip"),
    ]);
    let code = record.mapper.written("status_code").map(|code| code.to_string());
    let rcode = match code.as_deref() {
        Some("0") => Some(0_i64),
        Some("9003") => Some(3),
        _ => None,
    };
    if let Some(rcode) = rcode {
        record.mapper.set("rcode_id", rcode);
    }
    answers(record, "QueryResults");
    record.computer_as("src_endpoint");
    record.account("actor.user");
    true
}

/// Sessions of Remote Desktop on this computer: who came is a logon, the rest is the connection's.
fn remote_desktop(record: &mut Record<'_, '_>) -> bool {
    let activity = match record.id {
        131 | 261 => 3,
        21 | 22 | 1149 => 4,
        23 | 24 | 39 | 40 => 7,
        25 => 8,
        _ => return false,
    };
    remote_desktop_message(record);
    let has_user = ["User", "Param1"].iter().any(|name| record.text(name).is_some());
    match record.id {
        21 | 1149 if has_user => record.class(3002, 1, ""),
        23 if has_user => record.class(3002, 2, ""),
        _ => record.class(4005, activity, ""),
    }
    let client = record.text("ClientIP");
    if let Some((address, port)) = client.as_deref().and_then(|client| client.rsplit_once(':')) {
        let address = address.trim_matches(['[', ']']).to_owned();
        record.add(&[
            ("client address".to_owned(), address),
            ("client port".to_owned(), port.to_owned()),
        ]);
        record.put_own("client address", "src_endpoint.ip");
        record.put_own("client port", "src_endpoint.port");
        record.done("ClientIP");
    }
    record.table(&[
        ("Address", "src_endpoint.ip"),
        ("Param3", "src_endpoint.ip"),
        ("User", "user"),
        ("Param1", "user"),
        ("Param2", "user.domain"),
        ("SessionID", "session.uid_alt"),
        ("SessionID", "actor.session.uid_alt"),
    ]);
    if record.mapper.written("user.name").is_some() {
        record.mapper.set("logon_type_id", 10_i64);
        record.mapper.set("is_remote", true);
    }
    record.computer_as("dst_endpoint");
    true
}

/// Where a shipper drops the data, the text has them.
fn remote_desktop_message(record: &mut Record<'_, '_>) {
    if ["User", "Param1"].iter().any(|name| record.text(name).is_some()) {
        return;
    }
    let message = record.message().unwrap_or_default();
    let mut fields = Vec::new();
    for (mark, name) in [
        ("User:", "User"),
        ("Domain:", "Param2"),
        ("Session ID:", "SessionID"),
        ("Source Network Address:", "Address"),
    ] {
        let value = message.lines().find_map(|line| line.trim().strip_prefix(mark));
        let value = value.map(str::trim).filter(|value| !value.is_empty());
        fields.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }
    record.add(&fields);
}

/// Transfers in the background.
fn transfer(record: &mut Record<'_, '_>) -> bool {
    match record.id {
        3 | 4 => {
            let (activity, name) = if record.id == 3 { (1, "") } else { (99, "Complete") };
            record.class(1006, activity, name);
            record.table(&[
                ("jobTitle", "job.name"),
                ("jobOwner", "job.user"),
                ("User", "actor.user"),
                ("processId", "actor.process.pid"),
                ("processPath", "actor.process.file"),
            ]);
            true
        }
        59..=61 => {
            let activity = match record.id {
                59 => 1,
                60 => 2,
                _ => 4,
            };
            record.class(4001, activity, "");
            record.table(&[
                ("url", "url.url_string"),
                ("bytesTransferred", "traffic.bytes"),
                ("hr", "status_code"),
                ("transferId", "connection_info.uid"),
            ]);
            record.mapper.set("connection_info.direction_id", 2_i64);
            record.computer_as("src_endpoint");
            record.account("actor.user");
            true
        }
        _ => false,
    }
}
