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

/// Sessions of Remote Desktop on this computer.
fn remote_desktop(record: &mut Record<'_, '_>) -> bool {
    let activity = match record.id {
        131 | 261 => 3,
        21 | 22 | 1149 => 4,
        23 | 24 | 39 | 40 => 7,
        25 => 8,
        _ => return false,
    };
    record.class(4005, activity, "");
    let client = record.text("ClientIP");
    if let Some((address, port)) = client.as_deref().and_then(|client| client.rsplit_once(':')) {
        let fields = [("client address", address), ("client port", port)];
        let fields: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.trim_matches(['[', ']']).to_owned()))
            .collect();
        record.add(&fields);
        record.put_own("client address", "src_endpoint.ip");
        record.put_own("client port", "src_endpoint.port");
        record.done("ClientIP");
    }
    record.table(&[
        ("Address", "src_endpoint.ip"),
        ("Param3", "src_endpoint.ip"),
        ("User", "actor.user"),
        ("Param1", "actor.user"),
        ("Param2", "actor.user.domain"),
        ("SessionID", "actor.session.uid_alt"),
    ]);
    record.computer_as("dst_endpoint");
    true
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
                ("processPath", "actor.process.file"),
                ("processId", "actor.process.pid"),
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
