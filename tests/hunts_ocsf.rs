//! The hunts of `hunts.rs` through OCSF: the same rows from the views of classes, whatever the
//! source calls its fields.

use headwater_testkit::Headwater;

use crate::hunts::lake;

/// Rows as lists of text.
fn rows(lake: &Headwater, sql: &str) -> Vec<Vec<String>> {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let row = |row: &serde_json::Value| row.as_object().unwrap().values().map(text).collect();
    lake.query(sql).iter().map(row).collect()
}

fn check(name: &str, sql: &str, expected: &[&[&str]]) {
    let Some(lake) = lake() else { return };
    assert_eq!(rows(lake, sql), expected, "{name}");
}

/// Processes that began, as Sysmon saw them.
const LAUNCHES: &str = "(SELECT * FROM ocsf.process_activity
    WHERE activity_id = 1 AND metadata_product_name = 'Sysmon')";

#[test]
fn every_event_has_its_log_and_its_host() {
    check(
        "sources",
        "SELECT json_extract_scalar(ocsf, '$.metadata.log_name') AS log, count(*) AS events
         FROM events GROUP BY 1 ORDER BY 2 DESC, 1",
        &[
            &["Microsoft-Windows-Sysmon/Operational", "1665"],
            &["Security", "1222"],
            &["Windows PowerShell", "1046"],
            &["Microsoft-Windows-PowerShell/Operational", "875"],
            &["Microsoft-Windows-DNS-Client/Operational", "377"],
            &["Microsoft-Windows-Bits-Client/Operational", "4"],
        ],
    );
    check(
        "hosts",
        "SELECT split_part(lower(device_hostname), '.', 1) AS host, count(*) AS events
         FROM events GROUP BY 1 ORDER BY 2 DESC",
        &[&["it001", "2868"], &["hfdc01", "1816"], &["hr001", "505"]],
    );
}

#[test]
fn launches_by_parent() {
    check(
        "launches",
        &format!(
            "SELECT lower(actor_process_name) AS parent, count(*) AS events FROM {LAUNCHES}
             GROUP BY 1 ORDER BY 2 DESC, 1"
        ),
        &[&["services.exe", "2"], &["powershell.exe", "1"], &["wmiprvse.exe", "1"]],
    );
}

/// 4624 ⋈ Sysmon 1 on the logon id, as `hunts.rs` writes it, but for how the id is spelt.
#[test]
fn network_logons_with_the_processes_of_their_session() {
    check(
        "addresses",
        "SELECT count(*) AS logons, count(src_endpoint_ip) AS with_address FROM ocsf.authentication
         WHERE activity_id = 1 AND status_id = 1 AND logon_type_id = 3",
        &[&["19", "18"]],
    );
    let join = format!(
        "SELECT lower(l.device_hostname) AS host, l.src_endpoint_ip, lower(l.user_name) AS user_name,
           p.actor_session_uid, lower(p.actor_process_name) AS parent, lower(p.process_name) AS name
         FROM ocsf.authentication l JOIN {LAUNCHES} p ON p.actor_session_uid = l.session_uid
         WHERE l.activity_id = 1 AND l.status_id = 1 AND l.logon_type_id = 3
           AND l.src_endpoint_ip IS NOT NULL
           AND l.time BETWEEN '2019-03-19 00:00:00.000' AND '2019-03-20 00:00:00.000'
           AND p.time BETWEEN '2019-03-19 00:00:00.000' AND '2019-03-20 00:00:00.000'
         ORDER BY p.time"
    );
    let first = ["hfdc01.shire.com", "172.18.39.105", "mmidge", "0x3b74b08"];
    let row = |rest: [&'static str; 2]| [&first[..], &rest[..]].concat();
    let expected =
        [row(["wmiprvse.exe", "powershell.exe"]), row(["powershell.exe", "conhost.exe"])];
    let expected: Vec<&[&str]> = expected.iter().map(Vec::as_slice).collect();
    check("join", &join, &expected);
    let on_host =
        join.replace("l.session_uid", "l.session_uid AND p.device_hostname = l.device_hostname");
    check("join on the host too", &on_host, &expected);
    // The id is the number that the Windows names have in decimal.
    assert_eq!(i64::from_str_radix("3b74b08", 16), Ok(62_343_944));
}

#[test]
fn launches_joined_with_their_connections_and_files() {
    let sql = |view: &str, code: &str| {
        format!(
            "SELECT lower(p.actor_process_name) AS parent, count(*) AS events
             FROM {LAUNCHES} p JOIN ocsf.{view} o ON p.process_uid = o.actor_process_uid
             WHERE o.metadata_event_code = '{code}' AND o.metadata_product_name = 'Sysmon'
             GROUP BY 1 ORDER BY 2 DESC"
        )
    };
    check(
        "connections",
        "SELECT count(*) AS events FROM ocsf.network_activity
         WHERE metadata_product_name = 'Sysmon' AND metadata_event_code = '3'",
        &[&["375"]],
    );
    check("network", &sql("network_activity", "3"), &[&["wmiprvse.exe", "33"]]);
    check("files", &sql("file_activity", "11"), &[&["wmiprvse.exe", "7"]]);
}

#[test]
fn process_chains() {
    let edge =
        format!("FROM {LAUNCHES} a JOIN {LAUNCHES} b ON b.actor_process_uid = a.process_uid");
    check(
        "one step",
        &format!("SELECT lower(a.process_name) AS name, lower(b.process_name) AS child {edge}"),
        &[&["powershell.exe", "conhost.exe"]],
    );
    check(
        "two steps",
        &format!(
            "SELECT a.process_name {edge}
             JOIN {LAUNCHES} c ON c.actor_process_uid = b.process_uid"
        ),
        &[],
    );
}

#[test]
fn powershell_hunts() {
    check(
        "not from explorer",
        &format!(
            "SELECT lower(actor_process_name) AS parent FROM {LAUNCHES}
             WHERE lower(process_name) = 'powershell.exe'
               AND lower(actor_process_name) <> 'explorer.exe'"
        ),
        &[&["wmiprvse.exe"]],
    );
    check(
        "unmanaged",
        "SELECT count(*) AS events FROM ocsf.module_activity
         WHERE lower(module_file_desc) LIKE '%system.management.automation%'
            OR lower(module_file_path) LIKE '%system.management.automation%'",
        &[&["1"]],
    );
    check(
        "host pipe",
        "SELECT count(*) AS events FROM ocsf.windows_resource_activity
         WHERE activity_id = 1 AND win_resource_type = 'Named Pipe'
           AND lower(win_resource_name) LIKE '\\pshost%'",
        &[&["1"]],
    );
}

#[test]
fn an_address_is_found_wherever_it_stands() {
    let Some(lake) = lake() else { return };
    let seen = lake.query(
        "SELECT count(*) AS events, min(time) AS first, max(time) AS last
         FROM (SELECT DISTINCT eventid, time FROM ocsf.observables WHERE value = '172.18.39.105')",
    );
    let written = lake.query(
        "SELECT count(*) AS events, min(utctimestamp) AS first, max(utctimestamp) AS last
         FROM events WHERE ocsf LIKE '%\"value\":\"172.18.39.105\"%'",
    );
    assert_eq!(seen, written);
}
