//! The index of observables follows the events: each counted once, whatever else happens.

use arrow::array::{Int32Builder, ListBuilder, StringBuilder, StructBuilder};
use headwater_event::schema::OBSERVABLES;
use headwater_indicators::Indicator;
use proptest::prelude::*;

use super::*;
use crate::index::{
    IndexOptions, IndexReport, IndexedHours, KeyRanges, compact, search, update, verify,
};
use crate::operations::{
    OptimizeOptions, RetentionOptions, VacuumOptions, optimize, retention, vacuum,
};
use crate::schema::{list_element, observable_fields};

const DAY: i64 = 24 * HOUR;

/// OCSF's types of the observables of the tests.
const HOST: i32 = 1;
const ADDRESS: i32 = 2;
const URL: i32 = 6;

/// Observables of an event: type and value.
type Observed<'a> = &'a [(i32, &'a str)];

/// An event: time, source, observables.
type Row<'a> = (i64, &'a str, Observed<'a>);

/// A column of observables.
fn observables(rows: &[Observed<'_>]) -> ArrayRef {
    let fields = observable_fields();
    let element = list_element(DataType::Struct(fields.clone()));
    let builder = StructBuilder::new(
        fields,
        vec![
            Box::new(Int32Builder::new()),
            Box::new(StringBuilder::new()),
            Box::new(StringBuilder::new()),
        ],
    );
    let mut lists = ListBuilder::new(builder).with_field(element);
    for row in rows {
        for (type_id, value) in *row {
            let values = lists.values();
            values.field_builder::<Int32Builder>(0).unwrap().append_value(*type_id);
            values.field_builder::<StringBuilder>(1).unwrap().append_value("a.path");
            values.field_builder::<StringBuilder>(2).unwrap().append_value(value);
            values.append(true);
        }
        lists.append(!row.is_empty());
    }
    Arc::new(lists.finish())
}

/// Commits events.
async fn add(lake: &Lake, rows: &[Row<'_>]) -> u64 {
    let table = handle(lake);
    let times: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let sources = rows.iter().map(|row| Some(row.1)).collect::<StringArray>();
    let lists: Vec<Observed<'_>> = rows.iter().map(|row| row.2).collect();
    let given: [(&str, ArrayRef); 2] =
        [("source", Arc::new(sources)), (OBSERVABLES, observables(&lists))];
    let files = write(&table, vec![events_with(&times, &given)]).await;
    table.commit(Commit::append(files, Vec::new())).await.unwrap()
}

async fn bring_up_to_date(lake: &Lake) -> IndexReport {
    update(lake, &IndexOptions::default()).await.unwrap()
}

/// What a search finds, one line per row: value, part, source, day, hours, events.
async fn found(lake: &Lake, indicators: &[&str]) -> Vec<String> {
    let (lines, _) = searched(lake, indicators).await;
    lines
}

async fn searched(lake: &Lake, indicators: &[&str]) -> (Vec<String>, usize) {
    let parsed: Vec<_> = indicators.iter().map(|text| Indicator::parse(text).unwrap()).collect();
    let ranges: KeyRanges = parsed.iter().collect();
    let index = lake.table(OBSERVABLES).unwrap();
    let found = search(&handle(lake), &index, ranges).await.unwrap();
    let march = i32::try_from(MARCH / DAY).unwrap();
    let mut lines: Vec<String> = found
        .rows
        .rows()
        .map(|row| {
            let (day, source) = (row.date - march, row.source.unwrap_or("-"));
            format!("{} {} {source} {day} {:b} {}", row.value, row.part, row.hours, row.events)
        })
        .collect();
    lines.sort();
    (lines, found.files_read)
}

async fn assert_agrees(lake: &Lake) {
    let verdict = verify(lake).await.unwrap();
    assert!(verdict.exists && verdict.differences == 0, "{verdict:?}");
}

/// A lake with two days of events.
async fn lake_with_two_days() -> Lake {
    let (lake, _) = lake_with_events().await;
    add(
        &lake,
        &[
            (MARCH, "vpn", &[(ADDRESS, "203.0.113.7"), (ADDRESS, "203.0.113.7"), (HOST, "ws1")]),
            (MARCH + 5, "vpn", &[(ADDRESS, "203.0.113.7")]),
            (MARCH + 2 * HOUR, "web", &[(URL, "http://www.example.com/a")]),
            (MARCH + DAY, "vpn", &[(ADDRESS, "203.0.113.70")]),
            (MARCH + DAY, "vpn", &[]),
        ],
    )
    .await;
    lake
}

#[tokio::test]
async fn each_event_is_counted_once_by_day_and_source() {
    let lake = lake_with_two_days().await;
    // Without an index the events themselves are read.
    let expected = ["203.0.113.7 whole vpn 0 1 2"];
    assert_eq!(searched(&lake, &["203.0.113.7"]).await, (expected.map(str::to_owned).to_vec(), 3));
    let report = bring_up_to_date(&lake).await;
    assert_eq!((report.files, report.days_anew, report.anew), (3, 0, false));
    assert_eq!(searched(&lake, &["203.0.113.7"]).await, (expected.map(str::to_owned).to_vec(), 0));
    assert_eq!(
        found(&lake, &["203.0.113.0/24"]).await,
        ["203.0.113.7 whole vpn 0 1 2", "203.0.113.70 whole vpn 1 1 1"]
    );
    assert_eq!(found(&lake, &["example.com"]).await, ["http://www.example.com/a host web 0 100 1"]);
    assert_eq!(found(&lake, &["198.51.100.1"]).await, [""; 0]);
    assert_agrees(&lake).await;
}

#[tokio::test]
async fn a_second_update_adds_what_is_new_and_nothing_twice() {
    let lake = lake_with_two_days().await;
    bring_up_to_date(&lake).await;
    let nothing = bring_up_to_date(&lake).await;
    assert_eq!((nothing.files, nothing.rows), (0, 0));
    add(&lake, &[(MARCH + 3 * HOUR, "vpn", &[(ADDRESS, "203.0.113.7")])]).await;
    // What the index does not have yet is found all the same.
    let expected = ["203.0.113.7 whole vpn 0 1001 3"];
    assert_eq!(searched(&lake, &["203.0.113.7"]).await, (expected.map(str::to_owned).to_vec(), 1));
    assert_eq!(bring_up_to_date(&lake).await.files, 1);
    assert_eq!(found(&lake, &["203.0.113.7"]).await, expected);
    assert_agrees(&lake).await;
}

#[tokio::test]
async fn two_that_update_at_once_count_once() {
    let lake = lake_with_two_days().await;
    let again = lake.clone();
    let (one, two) = tokio::join!(bring_up_to_date(&lake), bring_up_to_date(&again));
    assert_eq!(one.events_version, two.events_version);
    assert_eq!(found(&lake, &["203.0.113.7"]).await, ["203.0.113.7 whole vpn 0 1 2"]);
    assert_agrees(&lake).await;
}

#[tokio::test]
async fn compaction_of_events_changes_nothing() {
    let lake = lake_with_two_days().await;
    bring_up_to_date(&lake).await;
    add(&lake, &[(MARCH + 9, "vpn", &[(ADDRESS, "203.0.113.7")])]).await;
    // The file that the index lacks becomes a part of another one, and is deleted.
    optimize(&handle(&lake), &OptimizeOptions::default()).await.unwrap();
    let expected = ["203.0.113.7 whole vpn 0 1 3"];
    assert_eq!(found(&lake, &["203.0.113.7"]).await, expected);
    let now = VacuumOptions { retention: std::time::Duration::ZERO, force: true, dry_run: false };
    assert!(!vacuum(&handle(&lake), &now).await.unwrap().files.is_empty());
    assert_eq!(found(&lake, &["203.0.113.7"]).await, expected);
    let report = bring_up_to_date(&lake).await;
    assert_eq!((report.days_anew, report.anew), (1, false));
    assert_eq!(found(&lake, &["203.0.113.7"]).await, expected);
    assert_agrees(&lake).await;
}

#[tokio::test]
async fn days_that_lose_rows_are_made_anew() {
    let lake = lake_with_two_days().await;
    bring_up_to_date(&lake).await;
    let older_than = Timestamp::from_micros(MARCH + HOUR);
    retention(&handle(&lake), &RetentionOptions { older_than, dry_run: false }).await.unwrap();
    // At once, and after the update.
    for days_anew in [1, 0] {
        assert_eq!(found(&lake, &["203.0.113.7"]).await, [""; 0]);
        assert_eq!(
            found(&lake, &["203.0.113.70", "example.com"]).await,
            ["203.0.113.70 whole vpn 1 1 1", "http://www.example.com/a host web 0 100 1"]
        );
        let report = bring_up_to_date(&lake).await;
        assert_eq!((report.days_anew, report.anew), (days_anew, false));
    }
    assert_agrees(&lake).await;
}

#[tokio::test]
async fn hours_without_the_value_need_not_be_read() {
    let lake = lake_with_two_days().await;
    bring_up_to_date(&lake).await;
    add(&lake, &[(MARCH + 7 * HOUR, "vpn", &[(ADDRESS, "198.51.100.9")])]).await;
    let (events, index) = (handle(&lake), lake.table(OBSERVABLES).unwrap());
    let snapshot = events.snapshot().await.unwrap();
    let indicator = Indicator::parse("www.example.com").unwrap();
    let ranges = || std::iter::once(&indicator).collect::<KeyRanges>();
    let hours = IndexedHours::find(&events, &snapshot, &index, ranges()).await.unwrap().unwrap();
    let kept = snapshot.files().iter().filter(|file| hours.may_have(file));
    let kept: Vec<_> = kept.map(|file| file.hour().unwrap().start().as_micros()).collect();
    // The hour that has it, and the file that the index does not have yet.
    assert_eq!(kept, [MARCH + 2 * HOUR, MARCH + 7 * HOUR]);
    // An index that is newer than the snapshot tells nothing about it.
    bring_up_to_date(&lake).await;
    let older = events.snapshot_at(snapshot.version() - 1).await.unwrap();
    assert!(IndexedHours::find(&events, &older, &index, ranges()).await.unwrap().is_none());
}

#[tokio::test]
async fn many_small_runs_become_few() {
    let (lake, _) = lake_with_events().await;
    for number in 0..20 {
        let address = format!("10.0.0.{number}");
        let seen: Observed<'_> = &[(ADDRESS, &address), (ADDRESS, "10.0.1.1")];
        add(&lake, &[(MARCH + number, "vpn", seen)]).await;
        bring_up_to_date(&lake).await;
    }
    let index = lake.table(OBSERVABLES).unwrap();
    let files = index.snapshot().await.unwrap().files().len();
    assert!((1..8).contains(&files), "{files}");
    assert_eq!(found(&lake, &["10.0.1.1"]).await, ["10.0.1.1 whole vpn 0 1 20"]);
    assert_eq!(found(&lake, &["10.0.0.0/28"]).await.len(), 16);
    assert_eq!(compact(&index, true).await.unwrap(), 1);
    assert_eq!(index.snapshot().await.unwrap().files().len(), 1);
    assert_eq!(found(&lake, &["10.0.1.1"]).await, ["10.0.1.1 whole vpn 0 1 20"]);
    assert_agrees(&lake).await;
}

#[tokio::test]
async fn a_rebuild_repairs_an_index_that_was_damaged() {
    let lake = lake_with_two_days().await;
    bring_up_to_date(&lake).await;
    let index = lake.table(OBSERVABLES).unwrap();
    let snapshot = index.snapshot().await.unwrap();
    let files = snapshot.files().to_vec();
    index.replace(&snapshot, files, Vec::new(), Vec::new(), true).await.unwrap();
    let verdict = verify(&lake).await.unwrap();
    assert_eq!((verdict.rows, verdict.differences), (5, 5), "{verdict:?}");
    let options = IndexOptions { rebuild: true, ..IndexOptions::default() };
    assert!(update(&lake, &options).await.unwrap().anew);
    assert_agrees(&lake).await;
}

/// What is done to a lake.
#[derive(Debug, Clone)]
enum Step {
    Add(Vec<(i64, u8)>),
    Update,
    Optimize,
    Retention(i64),
    Merge,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rows = prop::collection::vec((0..50_i64, 0..12_u8), 1..8);
    let step = prop_oneof![
        4 => rows.prop_map(Step::Add),
        3 => Just(Step::Update),
        1 => Just(Step::Optimize),
        1 => (0..50_i64).prop_map(Step::Retention),
        1 => Just(Step::Merge),
    ];
    prop::collection::vec(step, 1..14)
}

async fn take(lake: &Lake, step: &Step) {
    match step {
        Step::Add(rows) => {
            let values: Vec<String> =
                rows.iter().map(|(_, host)| format!("h{host}.example.com")).collect();
            let lists: Vec<[(i32, &str); 1]> =
                values.iter().map(|value| [(HOST, value.as_str())]).collect();
            let rows: Vec<Row<'_>> = rows
                .iter()
                .zip(&lists)
                .map(|((hour, _), list)| (MARCH + hour * HOUR, "dns", list.as_slice()))
                .collect();
            add(lake, &rows).await;
        }
        Step::Update => {
            bring_up_to_date(lake).await;
        }
        Step::Optimize => {
            optimize(&handle(lake), &OptimizeOptions::default()).await.unwrap();
        }
        Step::Retention(hour) => {
            let older_than = Timestamp::from_micros(MARCH + hour * HOUR);
            let options = RetentionOptions { older_than, dry_run: false };
            retention(&handle(lake), &options).await.unwrap();
        }
        Step::Merge => {
            let index = lake.table(OBSERVABLES).unwrap();
            index.ensure_created().await.unwrap();
            compact(&index, true).await.unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever happened, a search with an index of any age answers as one without.
    #[test]
    fn an_index_never_changes_an_answer(steps in steps()) {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).build().unwrap();
        runtime.block_on(async {
            let (lake, _) = lake_with_events().await;
            for step in &steps {
                take(&lake, step).await;
                let with_index = found(&lake, &["example.com"]).await;
                let events = handle(&lake);
                let nowhere = lake.table("nothing").unwrap();
                let indicator = Indicator::parse("example.com").unwrap();
                let ranges = std::iter::once(&indicator).collect::<KeyRanges>();
                let scanned = search(&events, &nowhere, ranges).await.unwrap();
                let sum = |rows: &crate::index::IndexRows| -> i64 {
                    rows.rows().map(|row| row.events).sum()
                };
                assert_eq!(with_index.len(), scanned.rows.len(), "{steps:?}");
                let rows = events.snapshot().await.unwrap().rows().unwrap();
                // The whole name alone: the bare name lies outside of the domain.
                assert_eq!(u64::try_from(sum(&scanned.rows)).unwrap(), rows);
            }
            bring_up_to_date(&lake).await;
            assert_agrees(&lake).await;
        });
    }
}
