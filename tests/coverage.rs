//! How much of the public record collection is classified: the table of `docs/ocsf-coverage.md`.
//! `BLESS=1` writes the table anew; read the difference before you commit it.

use headwater_testkit::{Headwater, repository, test_data};
use serde_json::Value;

use crate::headwater;

/// Folders of the collection; other files there tell about it.
const FOLDERS: [&str; 9] =
    ["aws", "defenda", "linux", "ocsf_pairs", "saas", "sigma", "vendors", "windows", "zeek"];

/// What the table stands between.
const MARKS: [&str; 2] = ["<!-- coverage -->\n", "<!-- /coverage -->"];

/// A lake with the whole collection; `None` where the data is absent.
fn lake() -> Option<(Headwater, Value)> {
    let root = test_data("real")?;
    let folders = FOLDERS.map(|folder| root.join(folder).display().to_string());
    let lake = headwater();
    let summary = lake.ingest(&folders);
    Some((lake, summary))
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_else(|| panic!("no `{key}` in {row}"))
}

#[test]
fn the_coverage_of_the_collection_is_what_the_documentation_says() {
    let Some((lake, summary)) = lake() else { return };
    let (events, rejects) = ("SELECT count(*) FROM events", "SELECT count(*) FROM rejects");
    assert_eq!(Some(lake.number(events)), summary["events"].as_i64(), "{summary}");
    assert_eq!(Some(lake.number(rejects)), summary["rejects"].as_i64(), "{summary}");
    // Nothing is rejected but formats that are not read, and one file with a comment in its JSON.
    let reasons = lake.query("SELECT reason, count(*) AS rejects FROM rejects GROUP BY 1");
    let is_known = |row: &Value| {
        let reason = row["reason"].as_str().unwrap();
        reason.contains("which is not supported") || reason.starts_with("unexpected `/`")
    };
    assert!(reasons.iter().all(is_known), "{reasons:?}");

    let report = lake.run(&["ocsf", "report", "--format", "json"]).expect_code(0).json();
    let rows = report.as_array().unwrap();
    let total: f64 = rows.iter().map(|row| number(row, "events")).sum();
    assert_eq!(Some(total), summary["events"].as_f64());
    let sum = |keep: &dyn Fn(&Value) -> bool, value: &dyn Fn(&Value) -> f64| -> f64 {
        rows.iter().filter(|row| keep(row)).map(value).sum()
    };
    let is_known = |row: &Value| row["product"] != "Unknown";
    let is_mapped = |row: &Value| number(row, "class_uid") > 0.0;
    let events = |row: &Value| number(row, "events");
    let clean = |row: &Value| events(row) * number(row, "clean_percent") / 100.0;
    let known = sum(&is_known, &events);
    let mapped = sum(&is_mapped, &events);
    let classified = sum(&|row| is_known(row) && is_mapped(row), &events);
    assert!(classified >= 0.95 * known, "{classified} of {known} are classified");
    assert!(sum(&is_mapped, &clean) >= 0.99 * mapped, "too many errors in {mapped}");

    check_page(&lake, &summary);
}

/// The page has the number of events, of rejects, and the table.
fn check_page(lake: &Headwater, summary: &Value) {
    let table = lake.run(&["ocsf", "report"]).expect_code(0).stdout;
    let counts = format!("{} events, {} rejects", summary["events"], summary["rejects"]);
    let path = repository().join("docs/ocsf-coverage.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(MARKS[0]).expect("the first mark");
    let (_, after) = rest.split_once(MARKS[1]).expect("the second mark");
    let block = format!("{counts}\n\n```text\n{table}```\n");
    let expected = format!("{before}{}{block}{}{after}", MARKS[0], MARKS[1]);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
        return;
    }
    assert_eq!(page, expected, "run with BLESS=1 and read the difference");
}
