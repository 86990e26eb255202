//! The published hunts on a public attack data set: the same rows from Headwater, and from DuckDB
//! and the Python package deltalake reading the same table.

use std::process::Command;
use std::sync::OnceLock;

use headwater_testkit::{Headwater, python, repository, test_data};

use crate::headwater;

const DATA_SET_A: &str = "real/windows/mordor_empire_invoke_wmi_A.json.gz";

/// A lake with data set A, made once; `None` where the data is absent.
pub(crate) fn lake() -> Option<&'static Headwater> {
    static LAKE: OnceLock<Option<Headwater>> = OnceLock::new();
    LAKE.get_or_init(|| {
        let data = test_data(DATA_SET_A)?;
        let lake = headwater();
        let summary = lake.ingest(&[data.to_string_lossy()]);
        assert_eq!(
            (summary["events"].as_u64(), summary["rejects"].as_u64()),
            (Some(5_189), Some(0)),
            "{summary}"
        );
        Some(lake)
    })
    .as_ref()
}

/// Columns as text that the hunts use, as a common table expression.
const EVENTS: &str = "WITH e AS (SELECT utctimestamp,
    json_extract_scalar(details, '$.action') AS action,
    json_extract_scalar(details, '$.log_name') AS log_name,
    json_extract_scalar(details, '$.source_name') AS source_name,
    lower(json_extract_scalar(details, '$.host_name')) AS host_name,
    json_extract_scalar(details, '$.event_id') AS event_id,
    json_extract_scalar(details, '$.logon_type') AS logon_type,
    json_extract_scalar(details, '$.src_ip_addr') AS src_ip_addr,
    json_extract_scalar(details, '$.user_logon_id') AS user_logon_id,
    json_extract_scalar(details, '$.user_name') AS user_name,
    json_extract_scalar(details, '$.process_guid') AS process_guid,
    json_extract_scalar(details, '$.process_parent_guid') AS process_parent_guid,
    json_extract_scalar(details, '$.process_name') AS process_name,
    json_extract_scalar(details, '$.process_parent_name') AS process_parent_name,
    json_extract_scalar(details, '$.process_parent_path') AS process_parent_path,
    json_extract_scalar(details, '$.file_description') AS file_description,
    json_extract_scalar(details, '$.module_loaded') AS module_loaded,
    json_extract_scalar(details, '$.pipe_name') AS pipe_name
  FROM events) ";

/// Rows as lists of text.
fn rows(lake: &Headwater, sql: &str) -> Vec<Vec<String>> {
    lake.query(&format!("{EVENTS}{sql}"))
        .iter()
        .map(|row| {
            let text = |value: &serde_json::Value| match value {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            row.as_object().unwrap().values().map(text).collect()
        })
        .collect()
}

fn check(name: &str, sql: &str, expected: &[&[&str]]) {
    let Some(lake) = lake() else { return };
    assert_eq!(rows(lake, sql), expected, "{name}");
}

#[test]
fn every_event_is_loaded_once_under_its_own_time() {
    check(
        "sources",
        "SELECT log_name, count(*) AS events FROM e GROUP BY 1 ORDER BY 2 DESC, 1",
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
        "SELECT split_part(host_name, '.', 1) AS host, count(*) AS events FROM e GROUP BY 1 ORDER BY 2 DESC",
        &[&["it001", "2868"], &["hfdc01", "1816"], &["hr001", "505"]],
    );
}

#[test]
fn process_create_filter() {
    check(
        "process create",
        "SELECT process_parent_name, count(*) AS events FROM e WHERE action = 'processcreate'
         GROUP BY 1 ORDER BY 2 DESC, 1",
        &[&["services.exe", "2"], &["powershell.exe", "1"], &["wmiprvse.exe", "1"]],
    );
}

const LOGON_JOIN: &str = "SELECT l.host_name, l.src_ip_addr, lower(l.user_name) AS user_name,
      p.user_logon_id, p.process_parent_name, p.process_name
    FROM e l JOIN e p ON l.user_logon_id = p.user_logon_id
    WHERE l.event_id = '4624' AND l.logon_type = '3' AND l.src_ip_addr IS NOT NULL
      AND l.log_name = 'Security'
      AND l.utctimestamp BETWEEN '2019-03-19 00:00:00.000' AND '2019-03-20 00:00:00.000'
      AND p.event_id = '1' AND p.source_name = 'Microsoft-Windows-Sysmon'
      AND p.utctimestamp BETWEEN '2019-03-19 00:00:00.000' AND '2019-03-20 00:00:00.000'
    ORDER BY p.utctimestamp";

#[test]
fn network_logons_with_the_processes_of_their_session() {
    check(
        "addresses",
        "SELECT count(*) AS logons, count(src_ip_addr) AS with_address FROM e
         WHERE event_id = '4624' AND logon_type = '3' AND log_name = 'Security'",
        &[&["19", "18"]],
    );
    let first = &["hfdc01.shire.com", "172.18.39.105", "mmidge", "62343944"];
    let row = |rest: [&'static str; 2]| [&first[..], &rest[..]].concat();
    let expected =
        [row(["wmiprvse.exe", "powershell.exe"]), row(["powershell.exe", "conhost.exe"])];
    let expected: Vec<&[&str]> = expected.iter().map(Vec::as_slice).collect();
    check("join", LOGON_JOIN, &expected);
}

#[test]
fn processes_joined_with_their_connections_and_files() {
    let sql = |action: &str| {
        format!(
            "SELECT p.process_parent_name, count(*) AS events FROM e p JOIN e o
             ON p.process_guid = o.process_guid
             WHERE p.action = 'processcreate' AND o.action = '{action}' GROUP BY 1 ORDER BY 2 DESC"
        )
    };
    check(
        "connections",
        "SELECT count(*) AS events FROM e WHERE action = 'networkconnect'",
        &[&["375"]],
    );
    check("network", &sql("networkconnect"), &[&["wmiprvse.exe", "33"]]);
    check("files", &sql("filecreate"), &[&["wmiprvse.exe", "7"]]);
}

#[test]
fn process_chains() {
    let edge = "FROM e a JOIN e b ON b.process_parent_guid = a.process_guid";
    let create = "a.action = 'processcreate' AND b.action = 'processcreate'";
    check(
        "one step",
        &format!("SELECT a.process_name, b.process_name AS child {edge} WHERE {create}"),
        &[&["powershell.exe", "conhost.exe"]],
    );
    check(
        "two steps",
        &format!(
            "SELECT a.process_name {edge} JOIN e c ON c.process_parent_guid = b.process_guid
             WHERE {create} AND c.action = 'processcreate'"
        ),
        &[],
    );
}

#[test]
fn powershell_hunts() {
    check(
        "not from explorer",
        "SELECT process_parent_name FROM e WHERE action = 'processcreate'
         AND process_name = 'powershell.exe' AND process_parent_name <> 'explorer.exe'",
        &[&["wmiprvse.exe"]],
    );
    check(
        "unmanaged",
        "SELECT count(*) AS events FROM e WHERE action = 'moduleload'
         AND (lower(file_description) LIKE '%system.management.automation%'
           OR lower(module_loaded) LIKE '%system.management.automation%')",
        &[&["1"]],
    );
    check(
        "host pipe",
        "SELECT count(*) AS events FROM e WHERE event_id = '17' AND log_name LIKE '%Sysmon%'
         AND lower(pipe_name) LIKE '\\pshost%'",
        &[&["1"]],
    );
}

#[test]
fn duckdb_and_deltalake_give_the_same_rows_from_the_same_table() {
    let Some(lake) = lake() else { return };
    let script = repository().join("tests/counterparts/hunts.py");
    let output = Command::new(python()).arg(script).arg(lake.lake()).output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let create = "SELECT process_parent_name, count(*) AS events FROM e
        WHERE action = 'processcreate' GROUP BY 1 ORDER BY 2 DESC, 1";
    let checksum = "SELECT count(*) AS rows, sum(octet_length(details)) AS bytes,
        min(utctimestamp) AS first, max(utctimestamp) AS last FROM events";
    let ours = lake.query(checksum);
    for engine in ["duckdb", "deltalake"] {
        assert_eq!(found[engine]["rows"].as_i64(), ours[0]["rows"].as_i64(), "{engine}");
        assert_eq!(found[engine]["bytes"].as_i64(), ours[0]["bytes"].as_i64(), "{engine}");
        let text =
            |value: &serde_json::Value| serde_json::from_value::<Vec<Vec<String>>>(value.clone());
        assert_eq!(text(&found[engine]["join"]).unwrap(), rows(lake, LOGON_JOIN), "{engine}");
        assert_eq!(text(&found[engine]["create"]).unwrap(), rows(lake, create), "{engine}");
    }
}
