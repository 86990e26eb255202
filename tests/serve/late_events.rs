//! A week of events in no order, with compaction beside it: each in its own hour, few files, right
//! answers at any time.

use std::collections::BTreeMap;

use crate::headwater;

const HOURS: u64 = 7 * 24;

/// 2024-03-01T00:00:00Z
const START: u64 = 1_709_251_200;

#[test]
fn a_week_in_random_order_ends_in_the_right_hours() {
    let lake = headwater();
    lake.file(
        "headwater.yaml",
        "lake: {durability: none}\nserve: {commit_age: 1h, commit_bytes: 256KiB}",
    );
    let server = lake.serve(&["hec", "api"], &[]);
    let mut expected: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut seed = 0x5EED_u64;
    let mut sent = 0_i64;
    let rounds = 8;
    for round in 0..rounds {
        let mut body = String::new();
        for _ in 0..500 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let hour = (seed >> 33) % HOURS;
            let time = START + hour * 3_600 + (seed >> 20) % 3_600;
            body.push_str(&format!("{{\"time\":{time},\"event\":{{\"number\":{sent}}}}}"));
            let day = format!("{:02}", 1 + hour / 24);
            *expected.entry((day, format!("{:02}", hour % 24))).or_default() += 1;
            sent += 1;
        }
        assert_eq!(server.hec("/services/collector", body).status, 200);
        server.wait_for("SELECT count(*) FROM events", sent);
        if round == rounds / 2 {
            let _ = lake.run(&["optimize"]).expect_code(0);
            assert_eq!(server.number("SELECT count(*) FROM events"), sent);
        }
    }
    server.stop();
    let rows =
        lake.query("SELECT year, month, day, hour, count(*) AS n FROM events GROUP BY 1, 2, 3, 4");
    let found: BTreeMap<(String, String), i64> = rows
        .iter()
        .map(|row| {
            assert_eq!((&row["year"], &row["month"]), (&"2024".into(), &"03".into()));
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            ((text("day"), text("hour")), row["n"].as_i64().unwrap())
        })
        .collect();
    assert_eq!(found, expected);
    let numbers = "SELECT count(DISTINCT json_extract_scalar(details, '$.number')) FROM events";
    assert_eq!(lake.number(numbers), sent);
    let _ = lake.run(&["optimize"]).expect_code(0);
    let tables = lake.run(&["tables", "--json"]).expect_code(0).stdout;
    let is_events = |line: &&str| line.contains("\"name\":\"events\"");
    let events = tables.lines().find(is_events).expect("the table events");
    let events: serde_json::Value = serde_json::from_str(events).unwrap();
    assert_eq!(events["files"].as_u64(), Some(expected.len() as u64), "{tables}");
    assert_eq!(lake.number(numbers), sent);
}
