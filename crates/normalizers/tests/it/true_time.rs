//! Records whose times lie: the event has its true time all the same.

use headwater_testkit::test_data;
use serde_json::Value;

use crate::{gunzip, map, millis, worker};

/// Records of a Windows capture with the `time` of their events; `None` where the data is absent.
fn events(name: &str) -> Option<Vec<(Value, i64)>> {
    let path = test_data(&format!("real/windows/{name}.jsonl.gz"))?;
    let text = String::from_utf8(gunzip(&std::fs::read(path).unwrap())).unwrap();
    let mut worker = worker();
    let records = text.lines().filter(|line| !line.trim().is_empty());
    let events = records.map(|line| {
        let event = map(&mut worker, line).remove(0);
        (serde_json::from_str(line).unwrap(), event["time"].as_i64().unwrap())
    });
    Some(events.collect())
}

/// Sysmon's own time, which is always UTC.
fn utc_time(record: &Value) -> Option<i64> {
    let text = record["UtcTime"].as_str()?.trim_end_matches('Z').replace(' ', "T");
    Some(millis(&format!("{text}Z")))
}

/// NXLog: `EventTime` is local time without a zone (here four and five hours behind), what it
/// received is stamped in UTC.
#[test]
fn nxlog_events_are_not_in_local_time() {
    let captures = [
        ("otrf_covenant_persistwmi_2019-12-05044734", 5),
        ("otrf_covenant_copy_smb_CreateRequest_2020-09-22145302", 4),
    ];
    for (capture, behind) in captures {
        let Some(events) = events(capture) else { return };
        let mut of_sysmon = 0;
        for (record, time) in &events {
            let stamped = millis(record["@timestamp"].as_str().unwrap());
            let expected = utc_time(record).unwrap_or(stamped);
            assert_eq!(*time, expected, "{record}");
            of_sysmon += usize::from(record["UtcTime"].is_string());
            // The local time with its zone tells the same, but for the way to the collector.
            let local = record["EventTime"].as_str().unwrap().replace(' ', "T");
            let shifted = millis(&format!("{local}Z")) + behind * 3_600_000;
            assert!((time - shifted).abs() < 60_000, "{record}");
        }
        assert!(of_sysmon > 100 && events.len() > of_sysmon + 50, "{capture}: {of_sysmon}");
    }
}

/// Exporters whose `TimeCreated` is local time on a clock of twelve hours, though it ends in `Z`:
/// what Sysmon says itself counts. Other events say nothing better.
#[test]
fn events_of_lying_exporters_have_the_time_that_sysmon_says() {
    let captures = [
        "otrf_cmd_bitsadmin_download_psh_script_2020-10-2302365189",
        "otrf_psh_lsass_memory_dump_comsvcs_2020-10-18T19500924",
        "otrf_schtask_create_2020-12-1907003032",
    ];
    for capture in captures {
        let Some(events) = events(capture) else { return };
        let mut corrected = 0;
        for (record, time) in &events {
            let created = record["TimeCreated"].as_str().unwrap().replace(' ', "T");
            let created = millis(&format!("{}Z", created.trim_end_matches('Z')));
            let expected = utc_time(record).unwrap_or(created);
            assert_eq!(*time, expected, "{record}");
            corrected += usize::from((expected - created).abs() > 3_600_000);
        }
        assert!(corrected > 90, "{capture}: {corrected} of {}", events.len());
    }
}

/// Lines and records that nobody recognises: the time, the addresses and the users are there.
#[test]
fn base_events_can_be_searched_for() {
    let records = [
        r#"{"message":"2024-05-01 10:00:00,250 WARN login of bob from 192.0.2.7:5060 refused"}"#,
        r#"{"eventTime":"2024-05-01T10:00:00.250Z","peer":"192.0.2.7:5060","who":{"user":"bob"}}"#,
    ];
    let mut worker = worker();
    for record in records {
        let event = map(&mut worker, record).remove(0);
        assert_eq!(event["class_uid"], 0, "{event}");
        assert_eq!(event["time"], millis("2024-05-01T10:00:00.250Z"), "{event}");
        let observables = event["observables"].as_array().unwrap();
        assert!(observables.iter().any(|one| one["value"] == "192.0.2.7"), "{event}");
    }
}
