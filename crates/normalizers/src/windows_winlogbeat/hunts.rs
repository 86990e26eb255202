//! The published hunts on a public attack data set: what they find in the fields that the
//! normalizers give. They are skipped, with a printed reason, where the data set is absent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, OnceLock};

use headwater_event::time::parse_iso_fast;
use headwater_event::{Envelope, Event, Origin, Reject};
use headwater_pipeline::{Output, Pipeline, PipelineOptions};
use headwater_testkit::test_data;

use crate::tests::RECEIVED_AT;

const DATA_SET_A: &str = "real/windows/mordor_empire_invoke_wmi_A.json.gz";

/// Members of `details` that the hunts ask for.
const FIELDS: [&str; 15] = [
    "action",
    "event_id",
    "file_description",
    "host_name",
    "log_name",
    "logon_type",
    "module_loaded",
    "pipe_name",
    "process_guid",
    "process_name",
    "process_parent_guid",
    "process_parent_name",
    "source_name",
    "src_ip_addr",
    "user_logon_id",
];

const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";

/// One event: the fields that it has, as text.
#[derive(Debug)]
struct Row {
    time: String,
    user_name: String,
    fields: BTreeMap<&'static str, String>,
}

impl Row {
    /// The text of a field; empty where the event does not have it.
    fn get(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }
}

#[derive(Default)]
struct Rows(Vec<Row>);

impl Output for Rows {
    fn event(&mut self, event: &Event, _: Envelope<'_>) -> Result<(), String> {
        let json = &event.json;
        let details = json.lookup("details").unwrap();
        let text =
            |field| json.scalar_text(json.get(details, field)?).map(|text| text.into_owned());
        let fields = FIELDS.into_iter().filter_map(|field| Some((field, text(field)?))).collect();
        let time = event.shell("utctimestamp").unwrap().into_owned();
        self.0.push(Row { time, user_name: text("user_name").unwrap_or_default(), fields });
        Ok(())
    }

    fn reject(&mut self, reject: Reject, _: &Origin) {
        panic!("{}: {}", reject.reason, reject.bytes.escape_ascii());
    }

    fn dropped(&mut self) {
        panic!("an event was dropped");
    }
}

/// The normalised events of data set A, made once; `None` where the data set is absent.
fn rows() -> Option<&'static [Row]> {
    static ROWS: OnceLock<Option<Vec<Row>>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let file = std::fs::File::open(test_data(DATA_SET_A)?).unwrap();
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
        let pipeline = Pipeline::new(crate::all(), PipelineOptions::default()).unwrap();
        let mut worker = Arc::new(pipeline).worker();
        let (origin, mut rows) = (Origin::default(), Rows::default());
        let received_at = parse_iso_fast(RECEIVED_AT).unwrap();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let json = line.as_bytes();
            let envelope =
                Envelope { original: json, json, origin: &origin, time: None, received_at };
            worker.process(envelope, &mut rows);
        }
        Some(rows.0)
    })
    .as_deref()
}

fn with_action<'a>(rows: &'a [Row], action: &'a str) -> impl Iterator<Item = &'a Row> + Clone {
    rows.iter().filter(move |row| row.get("action") == action)
}

/// How often each text occurs, the most frequent first.
fn counts<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<(&'a str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    texts.for_each(|text| *counts.entry(text).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(text, count)| (std::cmp::Reverse(*count), *text));
    counts
}

/// Pairs of a row of `left` and one of `right` whose fields hold the same text.
fn join<'a>(
    left: impl Iterator<Item = &'a Row>,
    left_field: &str,
    right: impl Iterator<Item = &'a Row> + Clone,
    right_field: &str,
) -> Vec<(&'a Row, &'a Row)> {
    let pairs = |row: &'a Row| {
        let key = row.get(left_field);
        let matches = right.clone().filter(move |other| other.get(right_field) == key);
        matches.filter(move |_| !key.is_empty()).map(move |other| (row, other)).collect::<Vec<_>>()
    };
    left.flat_map(pairs).collect()
}

#[test]
fn every_event_is_there_once_under_its_own_time() {
    let Some(rows) = rows() else { return };
    assert_eq!(rows.len(), 5_189);
    assert_eq!(
        counts(rows.iter().map(|row| row.get("log_name"))),
        [
            (SYSMON, 1_665),
            ("Security", 1_222),
            ("Windows PowerShell", 1_046),
            ("Microsoft-Windows-PowerShell/Operational", 875),
            ("Microsoft-Windows-DNS-Client/Operational", 377),
            ("Microsoft-Windows-Bits-Client/Operational", 4),
        ]
    );
    assert_eq!(
        counts(rows.iter().map(|row| row.get("host_name"))),
        [("it001.shire.com", 2_868), ("hfdc01.shire.com", 1_816), ("hr001.shire.com", 505)]
    );
    let times = || rows.iter().map(|row| row.time.as_str());
    assert_eq!(times().min(), Some("2019-03-19T19:16:35.056000+00:00"));
    assert_eq!(times().max(), Some("2019-03-19T19:35:53.743000+00:00"));
}

#[test]
fn created_processes_by_their_parents() {
    let Some(rows) = rows() else { return };
    assert_eq!(
        counts(with_action(rows, "processcreate").map(|row| row.get("process_parent_name"))),
        [("services.exe", 2), ("powershell.exe", 1), ("wmiprvse.exe", 1)]
    );
}

#[test]
fn network_logons_with_the_processes_of_their_session() {
    let Some(rows) = rows() else { return };
    let is_logon = |row: &&Row| {
        row.get("log_name") == "Security"
            && row.get("event_id") == "4624"
            && row.get("logon_type") == "3"
    };
    let logons = || rows.iter().filter(is_logon);
    let with_address = || logons().filter(|row| !row.get("src_ip_addr").is_empty());
    assert_eq!((logons().count(), with_address().count()), (19, 18));
    let is_process = |row: &&Row| row.get("event_id") == "1" && row.get("log_name") == SYSMON;
    let processes = rows.iter().filter(is_process);
    let mut found = join(with_address(), "user_logon_id", processes, "user_logon_id");
    found.sort_by_key(|(_, process)| &process.time);
    let shown: Vec<[&str; 6]> = found
        .iter()
        .map(|(logon, process)| {
            [
                logon.get("host_name"),
                logon.get("src_ip_addr"),
                &logon.user_name,
                process.get("user_logon_id"),
                process.get("process_parent_name"),
                process.get("process_name"),
            ]
        })
        .collect();
    let logon = ["hfdc01.shire.com", "172.18.39.105", "mmidge", "62343944"];
    let [host, address, user, id] = logon;
    assert_eq!(
        shown,
        [
            [host, address, user, id, "wmiprvse.exe", "powershell.exe"],
            [host, address, user, id, "powershell.exe", "conhost.exe"],
        ]
    );
}

#[test]
fn processes_with_their_connections_and_files() {
    let Some(rows) = rows() else { return };
    let processes = || with_action(rows, "processcreate");
    for (action, all, parents) in [
        ("networkconnect", Some(375), [("wmiprvse.exe", 33)]),
        ("filecreate", None, [("wmiprvse.exe", 7)]),
    ] {
        let others = with_action(rows, action).collect::<Vec<_>>();
        let pairs = join(processes(), "process_guid", others.iter().copied(), "process_guid");
        let found = counts(pairs.iter().map(|(process, _)| process.get("process_parent_name")));
        assert_eq!(found, parents, "{action}");
        assert!(all.is_none_or(|all| all == others.len()), "{action}: {}", others.len());
    }
}

#[test]
fn process_chains() {
    let Some(rows) = rows() else { return };
    let processes = || with_action(rows, "processcreate");
    let edges = join(processes(), "process_guid", processes(), "process_parent_guid");
    let names = |(from, to): &(&'static Row, &'static Row)| {
        (from.get("process_name"), to.get("process_name"))
    };
    assert_eq!(edges.iter().map(names).collect::<Vec<_>>(), [("powershell.exe", "conhost.exe")]);
    let children = edges.iter().map(|(_, child)| *child);
    assert!(join(children, "process_guid", processes(), "process_parent_guid").is_empty());
}

#[test]
fn powershell_without_its_console() {
    let Some(rows) = rows() else { return };
    let parents: Vec<&str> = with_action(rows, "processcreate")
        .filter(|row| row.get("process_name") == "powershell.exe")
        .map(|row| row.get("process_parent_name"))
        .filter(|parent| *parent != "explorer.exe")
        .collect();
    assert_eq!(parents, ["wmiprvse.exe"]);
    let is_engine = |row: &&Row| {
        ["file_description", "module_loaded"]
            .into_iter()
            .any(|field| row.get(field).to_lowercase().contains("system.management.automation"))
    };
    assert_eq!(with_action(rows, "moduleload").filter(is_engine).count(), 1);
    let is_pipe = |row: &&Row| {
        row.get("event_id") == "17" && row.get("pipe_name").to_lowercase().starts_with(r"\pshost")
    };
    assert_eq!(rows.iter().filter(is_pipe).count(), 1);
    let is_listener = |row: &&Row| {
        row.get("event_id") == "53504" && row.get("source_name").contains("PowerShell")
    };
    assert_eq!(rows.iter().filter(is_listener).count(), 1);
}
