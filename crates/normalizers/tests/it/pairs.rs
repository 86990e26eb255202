//! Raw records beside the OCSF events that others publish for them: class, activity and time agree,
//! but for what is listed here with a reason. `docs/ocsf-coverage.md` shows the same lists;
//! `BLESS=1` writes them there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use headwater_pipeline::Worker;
use headwater_testkit::repository;
use serde_json::{Value, json};

use crate::{archive, gunzip, map, millis, worker};

/// Examples of the OCSF project: raw file and published event stand in one folder.
const EXAMPLES: &str = "real/ocsf_pairs/ocsf_examples_pairs.tar.gz";
/// Samples of Amazon Security Lake, which publishes Parquet: [`LAKE`] has what stands there.
const LAKE_SAMPLES: &str = "real/ocsf_pairs/aws_security_lake_samples.tar.gz";

/// What a published event says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Published {
    class_uid: i64,
    activity_id: Option<i64>,
    time: Value,
}

/// A published event of the Security Lake: raw file, class, activity, time.
type LakeRow = (&'static str, i64, i64, i64);

const LAKE: &[LakeRow] = &[
    ("CLOUD_TRAIL/account_change/input/AddroletoInstanceProfile.test.gz", 3001, 8, 1675717067000),
    ("CLOUD_TRAIL/account_change/input/AttachRolePolicy.test.gz", 3001, 7, 1679070710000),
    ("CLOUD_TRAIL/account_change/input/CreateRole.test.gz", 3001, 1, 1675384114000),
    ("CLOUD_TRAIL/account_change/input/CreateUser.test.gz", 3001, 1, 1679072879000),
    ("input/CreateLoadBalancer.test.gz", 3005, 1, 1459524708000),
    ("input/DeleteLoadBalancer.test.gz", 3005, 4, 1459524708000),
    ("input/DescribeDirectConnectGateways.test.gz", 3005, 2, 1600726972000),
    ("input/GetVpcLinks.test.gz", 3005, 2, 1600726972000),
    ("input/ListCloudFrontOriginAccessIdentities.test.gz", 3005, 2, 1600726972000),
    ("input/UnknownAPI.test.gz", 3005, 99, 1468523745000),
    ("input/UpdateTrail.test.gz", 3005, 3, 1468523745000),
    ("CLOUD_TRAIL/authentication/input/AssumeRole.test.gz", 3002, 1, 1405696059000),
    ("CLOUD_TRAIL/authentication/input/CheckMfa.test.gz", 3002, 99, 1668097474000),
    ("CLOUD_TRAIL/authentication/input/ConsoleLogin.test.gz", 3002, 1, 1668097474000),
    ("ROUTE53/inputs/route53-inputs0.json.gz", 4003, 2, 1665694956000),
    ("ROUTE53/inputs/route53-inputs1.json.gz", 4003, 5, 1665694956000),
    ("SH_FINDINGS/inputs/securityhub-inputs0.json.gz", 2001, 2, 1659636559100),
    ("SH_FINDINGS/inputs/securityhub-inputs1.json.gz", 2001, 1, 1635449619417),
];

/// Flow records of the Security Lake, whose raw side is Parquet too, as JSON.
const LAKE_FLOWS: [(&str, i64, i64); 2] = [("REJECT", 4001, 5), ("ACCEPT", 4001, 6)];

/// Classes that earlier releases had under another number: the number now, or the classes that
/// took the place of the old one.
const RENUMBERED: &[(i64, &[i64], &str)] = &[
    (3005, &[6003], "API Activity of 1.0.0-rc.2; 3005 is User Access Management since 1.0.0"),
    (2001, &[2002, 2003, 2004], "Security Finding, which 1.1.0 split by what was found"),
];

/// Where Headwater differs, and why.
struct Difference {
    /// End of the raw file's path.
    record: &'static str,
    /// Class and activity as published.
    theirs: (i64, i64),
    ours: (i64, i64),
    reason: &'static str,
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        record: "AWS/v1.1.0/Route53/samples/route53.raw",
        theirs: (4003, 6),
        ours: (4003, 2),
        reason: "the record has a response code: Response, as 1.0.0-rc.2 publishes it",
    },
    Difference {
        record: "ROUTE53/inputs/route53-inputs1.json.gz",
        theirs: (4003, 5),
        ours: (4003, 2),
        reason: "Refuse is no activity of DNS any more; `rcode_id` says that it was refused",
    },
    Difference {
        record: "SH_FINDINGS/inputs/securityhub-inputs0.json.gz",
        theirs: (2001, 2),
        ours: (2002, 3),
        reason: "the record is archived: Close, which Security Finding did not have",
    },
    Difference {
        record: "Github Audit Logs/API Activity/samples/api_activity.raw",
        theirs: (6003, 99),
        ours: (6003, 3),
        reason: "`git.push` changes a repository: Update",
    },
    Difference {
        record: "ftp_log/samples/ftp_log.raw",
        theirs: (4008, 0),
        ours: (4008, 99),
        reason: "the command is known (`PORT`) and has no number of its own: Other, not Unknown",
    },
    Difference {
        record: "ssh_log/samples/ssh_log.raw",
        theirs: (4007, 99),
        ours: (4007, 1),
        reason: "the session was opened; that the logon worked is the status",
    },
];

/// Where the published time is not the record's, with the time that the record says.
struct WrongTime {
    /// End of the raw file's path.
    record: &'static str,
    truth: &'static str,
    reason: &'static str,
}

const SECONDS: &str = "seconds instead of milliseconds";
const ANOTHER: &str = "that of another record";
const SHIFTED: &str = "seconds, and not those of `ts`";

const WRONG_TIMES: &[WrongTime] = &[
    WrongTime {
        record: "CloudTrail/v1.0.0/Api Activity/samples/generic_api_activity.raw",
        truth: "2020-09-21T22:22:52Z",
        reason: ANOTHER,
    },
    WrongTime {
        record: "CloudTrail/v1.0.0/Authentication/samples/authentication.raw",
        truth: "2022-11-10T16:24:34Z",
        reason: ANOTHER,
    },
    WrongTime {
        record: "CloudTrail/v1.1.0/Api Activity/samples/generic_api_activity.raw",
        truth: "2020-09-21T22:22:52Z",
        reason: ANOTHER,
    },
    WrongTime {
        record: "CloudTrail/v1.1.0/Authentication/authentication.raw",
        truth: "2022-11-10T16:24:34Z",
        reason: ANOTHER,
    },
    WrongTime {
        record: "eks/v1.2.0/samples/eks.json",
        truth: "2021-09-07T20:37:30.642854Z",
        reason: "microseconds instead of milliseconds",
    },
    WrongTime {
        record: "route53/v1.0.0/samples/route53.raw",
        truth: "2022-10-13T21:02:36Z",
        reason: "a text instead of milliseconds",
    },
    WrongTime {
        record: "dataprepper/AWS/v1.1.0/VPC Flow/samples/vpcflowlog.raw",
        truth: "2022-04-12T00:02:12Z",
        reason: SECONDS,
    },
    WrongTime { record: "SiLK_FCCX.raw.csv", truth: "2015-06-17T00:00:00.083Z", reason: "no time" },
    WrongTime {
        record: "Okta/v1.3.0/System Logs/API Activity/samples/generic_api_activity.raw",
        truth: "2024-08-13T15:58:20.353Z",
        reason: SECONDS,
    },
    WrongTime {
        record: "Okta/v1.3.0/System Logs/Account Change/samples/account_change.raw",
        truth: "2023-09-30T10:42:16.000Z",
        reason: "seconds, and those of another year",
    },
    WrongTime {
        record: "Okta/v1.3.0/System Logs/Authentication/samples/authentication.raw",
        truth: "2024-08-13T15:58:20.353Z",
        reason: SECONDS,
    },
    WrongTime {
        record: "Okta/v1.3.0/System Logs/Entity Management/samples/entity_management.raw",
        truth: "2024-08-13T15:58:20.353Z",
        reason: SECONDS,
    },
    WrongTime {
        record: "Zeek/v1.3.0/conn_log/samples/conn_log.raw",
        truth: "2024-10-16T04:07:01.489619Z",
        reason: SHIFTED,
    },
    WrongTime {
        record: "Zeek/v1.3.0/dns_log/samples/dns_log.raw",
        truth: "2024-10-18T14:30:29.145864Z",
        reason: SHIFTED,
    },
    WrongTime {
        record: "Zeek/v1.3.0/ftp_log/samples/ftp_log.raw",
        truth: "2024-10-16T02:50:22.108428Z",
        reason: SHIFTED,
    },
    WrongTime {
        record: "Zeek/v1.3.0/http_log/samples/http_log.raw",
        truth: "2024-10-16T02:43:57.734946Z",
        reason: SHIFTED,
    },
    WrongTime {
        record: "Zeek/v1.3.0/ssh_log/samples/ssh_log.raw",
        truth: "2024-10-16T04:54:04.474340Z",
        reason: SHIFTED,
    },
    WrongTime {
        record: "Zeek/v1.4.0/conn_log/samples/conn_log.raw",
        truth: "2024-10-16T04:07:01.489619Z",
        reason: SHIFTED,
    },
];

#[test]
fn class_and_activity_are_those_that_others_publish() {
    let Some(pairs) = pairs() else { return };
    assert_eq!(pairs.len(), 62);
    let mut worker = worker();
    let mut different = Vec::new();
    for (path, record, published) in &pairs {
        let event = one(&mut worker, record);
        let number = |key: &str| event[key].as_i64().unwrap();
        let (class_uid, activity_id) = (number("class_uid"), number("activity_id"));
        let renumbered = RENUMBERED.iter().find(|(old, _, _)| *old == published.class_uid);
        let is_class = published.class_uid == class_uid
            || renumbered.is_some_and(|(_, now, _)| now.contains(&class_uid));
        // One published event names no activity.
        let is_activity = published.activity_id.is_none_or(|theirs| theirs == activity_id);
        if is_class && is_activity {
            continue;
        }
        let theirs = (published.class_uid, published.activity_id.unwrap_or(-1));
        let ours = (class_uid, activity_id);
        let known = DIFFERENCES
            .iter()
            .position(|one| path.ends_with(one.record) && one.theirs == theirs && one.ours == ours);
        different.push(known.unwrap_or_else(|| panic!("{path}: {theirs:?}, ours {ours:?}")));
    }
    different.sort_unstable();
    assert_eq!(different, (0..DIFFERENCES.len()).collect::<Vec<_>>(), "each is found once");
    let agreement = 100 - 100 * different.len() / pairs.len();
    assert!(agreement >= 90, "{agreement} %");
}

#[test]
fn time_is_the_published_one_or_that_of_the_record() {
    let Some(pairs) = pairs() else { return };
    let mut worker = worker();
    let mut wrong = 0;
    for (path, record, published) in &pairs {
        let time = one(&mut worker, record)["time"].clone();
        let Some(known) = WRONG_TIMES.iter().find(|one| path.ends_with(one.record)) else {
            assert_eq!(time, published.time, "{path}");
            continue;
        };
        assert_eq!(time, millis(known.truth), "{path}");
        assert_ne!(time, published.time, "{path} is not wrong");
        wrong += 1;
    }
    assert_eq!(wrong, WRONG_TIMES.len(), "each is found once");
}

/// What the documentation says about the pairs.
fn documentation() -> String {
    let mut text = String::new();
    let mut line = |parts: std::fmt::Arguments<'_>| writeln!(text, "{parts}").unwrap();
    line(format_args!("| record | published | Headwater | reason |"));
    line(format_args!("|---|---|---|---|"));
    for Difference { record, theirs, ours, reason } in DIFFERENCES {
        let (theirs, ours) =
            (format!("{}/{}", theirs.0, theirs.1), format!("{}/{}", ours.0, ours.1));
        line(format_args!("| {record} | {theirs} | {ours} | {reason} |"));
    }
    line(format_args!("\n| class | now | |"));
    line(format_args!("|---|---|---|"));
    for (old, now, reason) in RENUMBERED {
        let now: Vec<String> = now.iter().map(i64::to_string).collect();
        line(format_args!("| {old} | {} | {reason} |", now.join(", ")));
    }
    line(format_args!("\n| record | time | published |"));
    line(format_args!("|---|---|---|"));
    for WrongTime { record, truth, reason } in WRONG_TIMES {
        line(format_args!("| {record} | {truth} | {reason} |"));
    }
    text
}

#[test]
fn the_documentation_has_the_same_lists() {
    const MARKS: [&str; 2] = ["<!-- pairs -->\n", "<!-- /pairs -->"];
    let path = repository().join("docs/ocsf-coverage.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(MARKS[0]).expect("the first mark");
    let (_, after) = rest.split_once(MARKS[1]).expect("the second mark");
    let expected = format!("{before}{}{}{}{after}", MARKS[0], documentation(), MARKS[1]);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
}

/// The one event that a record becomes.
fn one(worker: &mut Worker, record: &str) -> Value {
    let mut events = map(worker, record);
    assert_eq!(events.len(), 1, "{record}");
    events.remove(0)
}

/// Every raw record with its path and what is published for it.
fn pairs() -> Option<Vec<(String, String, Published)>> {
    let mut pairs = examples(archive(EXAMPLES)?);
    let lake = archive(LAKE_SAMPLES)?;
    for (name, class_uid, activity_id, time) in LAKE {
        let (path, bytes) = lake.iter().find(|(path, _)| path.ends_with(name)).expect(name);
        let record = json_records(&gunzip(bytes)).remove(0);
        pairs.push((path.clone(), record, published(*class_uid, *activity_id, *time)));
    }
    for (action, class_uid, activity_id) in LAKE_FLOWS {
        let published = published(class_uid, activity_id, 1649721732000);
        pairs.push((format!("VPC_FLOW {action}"), flow(action), published));
    }
    Some(pairs)
}

fn published(class_uid: i64, activity_id: i64, time: i64) -> Published {
    Published { class_uid, activity_id: Some(activity_id), time: json!(time) }
}

fn flow(action: &str) -> String {
    let flow = json!({
        "account_id": "123456789012", "action": action, "az_id": "use1-az1", "bytes": 40,
        "dstaddr": "172.31.2.52", "dstport": 39938, "end": 1649721788,
        "flow_direction": "ingress", "instance_id": "i-000000000000000000",
        "interface_id": "eni-000000000000000000", "log_status": "OK", "packets": 1,
        "pkt_dst_aws_service": "-", "pkt_dstaddr": "172.31.2.52", "pkt_src_aws_service": "-",
        "pkt_srcaddr": "1.2.3.4", "protocol": 6, "region": "us-east-1", "srcaddr": "1.2.3.4",
        "srcport": 56858, "start": 1649721732, "sublocation_type": "-", "sublocation_id": "-",
        "subnet_id": "subnet-000000000000000000", "tcp_flags": 2, "traffic_path": "-",
        "type": "IPv4", "version": 5, "vpc_id": "vpc-00000000",
    });
    flow.to_string()
}

fn examples(files: Vec<(String, Vec<u8>)>) -> Vec<(String, String, Published)> {
    let mut folders: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (path, bytes) in files {
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        folders.entry(folder).or_default().push((path, text));
    }
    let mut pairs = Vec::new();
    for files in folders.into_values() {
        let (published, raw): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|(_, text)| text.contains("\"class_uid\""));
        let (Some((_, published)), Some((path, text))) = (published.first(), raw.first()) else {
            continue;
        };
        pairs.push((path.clone(), record(text), read(published)));
    }
    pairs
}

/// Class, activity and time of a published event. One of them has a syntax error, so its text is
/// searched.
fn read(text: &str) -> Published {
    let event: Value = serde_json::from_str(text).unwrap_or_else(|_| {
        let number = |key: &str| {
            let after = text.split(&format!("\"{key}\": ")).nth(1).unwrap_or_default();
            let end = after.find([',', '\n']).unwrap_or(after.len());
            after.get(..end).and_then(|digits| digits.parse::<i64>().ok())
        };
        json!({ "class_uid": number("class_uid"), "activity_id": number("activity_id"),
            "time": number("time") })
    });
    Published {
        class_uid: event["class_uid"].as_i64().unwrap(),
        activity_id: event["activity_id"].as_i64(),
        time: event["time"].clone(),
    }
}

/// The one record of a raw file, as it is framed.
fn record(text: &str) -> String {
    let text = text.trim();
    if text.starts_with(['{', '[']) {
        return json_records(text.as_bytes()).remove(0);
    }
    match text.split_once('\n') {
        Some((header, row)) => {
            let members = header.trim().split(',').zip(row.trim().split(','));
            Value::from_iter(members.map(|(name, value)| (name.trim(), value))).to_string()
        }
        None => syslog(text).to_string(),
    }
}

/// `Oct 10 2018 12:34:56 localhost CiscoASA[999]: text`
fn syslog(line: &str) -> Value {
    let (timestamp, rest) = line.split_at("Oct 10 2018 12:34:56".len());
    let (head, message) = rest.split_once(": ").unwrap();
    let (hostname, program) = head.trim().split_once(' ').unwrap();
    let program = program.split('[').next();
    json!({ "timestamp": timestamp, "hostname": hostname, "program": program, "message": message })
}

fn json_records(bytes: &[u8]) -> Vec<String> {
    let whole: Value = serde_json::from_slice(bytes).unwrap();
    let list = match &whole {
        Value::Array(list) => list.clone(),
        Value::Object(members) => match members.get("Records") {
            Some(Value::Array(list)) => list.clone(),
            _ => vec![whole.clone()],
        },
        other => panic!("{other}"),
    };
    list.iter().map(Value::to_string).collect()
}
