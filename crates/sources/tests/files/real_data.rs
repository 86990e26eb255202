//! Real files, where they are at hand.

use std::collections::BTreeSet;

use headwater_sources::files::{Input, Listed, ObjectStores, ReadOptions, list};
use headwater_testkit::test_data;

use crate::{Run, run_bytes, run_with};

/// A data file as an input; `None`, with a printed reason, where there is no data.
fn data(file: &str) -> Option<Input> {
    let path = test_data(&format!("real/{file}"))?;
    Some(crate::listing::only_input(path.to_str().unwrap()))
}

/// Content of a compressed data file.
fn content(file: &str) -> Option<Vec<u8>> {
    let file = std::fs::File::open(test_data(&format!("real/{file}"))?).unwrap();
    let mut content = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut content).unwrap();
    Some(content)
}

fn read(input: &Input) -> Run {
    run_with(input, &ReadOptions::default(), 0).unwrap()
}

fn json(run: &Run) -> Vec<serde_json::Value> {
    run.json().iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

#[test]
fn a_windows_event_log_gives_one_json_object_per_record() {
    let Some(input) = data("windows/ocsf_examples_sysmon.evtx.gz") else { return };
    let events = json(&read(&input));
    assert!(events.len() > 10, "{}", events.len());
    for event in &events {
        assert_eq!(event["Event"]["System"]["Channel"], "Microsoft-Windows-Sysmon/Operational");
        assert!(event["Event"]["System"]["EventRecordID"].is_number());
        assert!(event["Event"]["EventData"].is_object());
    }
    let Some(xml) = content("windows/ocsf_examples_sysmon.xml.gz") else { return };
    let xml = String::from_utf8_lossy(&xml);
    assert_eq!(xml.matches("<Event ").count(), events.len(), "as many as Windows exported");
}

#[test]
fn a_damaged_windows_event_log_loses_only_the_damaged_records() {
    let Some(plain) = content("windows/ocsf_examples_sysmon.evtx.gz") else { return };
    let all = run_bytes("x.evtx", plain.clone()).json();

    let mut record = plain.clone();
    let second = 4096
        + 512
        + usize::try_from(u32::from_le_bytes(plain[4612..4616].try_into().unwrap())).unwrap();
    record[second + 28..second + 200].fill(0xff);
    let frames = run_bytes("x.evtx", record).frames();
    assert_eq!(frames.len(), all.len());
    assert_eq!(frames.iter().filter(|frame| frame.starts_with("!record ")).count(), 1);

    let mut chunk = plain.clone();
    chunk[4096..4104].fill(0);
    let frames = run_bytes("x.evtx", chunk).frames();
    assert!(frames[0].starts_with("!chunk 0 is damaged: "), "{}", &frames[0][..80]);
    assert!(frames[1..].iter().all(|frame| all.contains(frame)));

    let cut = &plain[..4096 + 30_000];
    let frames = run_bytes("x.evtx", cut).frames();
    let (last, whole) = frames.split_last().unwrap();
    assert!(last.starts_with("!windows event log is cut short: "));
    assert!(!whole.is_empty() && whole.iter().all(|frame| all.contains(frame)));
}

#[test]
fn every_file_of_the_collection_can_be_read() {
    let Some(root) = test_data("real") else { return };
    let stores = ObjectStores::none();
    let mut faults = BTreeSet::new();
    let mut frames = 0;
    // The large captures of Windows are left out: they are all alike, and the test is not
    // optimised.
    let roots = ["aws", "defenda", "linux", "ocsf_pairs", "saas", "zeek"];
    let roots = roots.map(|folder| root.join(folder).display().to_string());
    for listed in list(&roots, &stores) {
        let Listed::Input(input) = listed.unwrap() else { continue };
        let run = read(&input);
        frames += run.summary.frames;
        for record in run.chunks.iter().flat_map(|chunk| chunk.records()) {
            if let Some(fault) = record.fault {
                faults.insert(format!("{}: {}", input.name(), fault.reason));
            }
        }
    }
    assert!(frames > 10_000, "{frames}");
    let is_expected =
        |fault: &String| fault.ends_with("content is a parquet file, which is not supported");
    assert!(faults.iter().all(is_expected), "{faults:#?}");
}

#[test]
fn zeek_tables_have_the_records_of_their_json_twins() {
    for name in ["dpd", "ftp", "ssh", "kerberos"] {
        let Some(table) = data(&format!("zeek/zed_{name}_tsv.log.gz")) else { return };
        let Some(json) = data(&format!("zeek/zed_{name}_json.jsonl.gz")) else { return };
        assert_eq!(read(&table).json().len(), read(&json).json().len(), "{name}");
    }
}
