//! Data files: order, partitions, statistics.

use arrow::array::StringArray;
use headwater_event::ErrorKind;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;
use serde_json::{Value, json};

use super::*;

async fn bytes_of(table: &Table, file: &DataFile) -> bytes::Bytes {
    let object = table.object_path(file);
    table.object_store().get(&object).await.unwrap().bytes().await.unwrap()
}

#[tokio::test]
async fn rows_are_sorted_by_time_into_hours() {
    let (_lake, table) = lake_with_events().await;
    let batches = vec![
        events(&[MARCH + HOUR + 2, MARCH + 5, MARCH - 1]),
        events(&[MARCH + HOUR + 1, MARCH + 4, MARCH + 5]),
    ];
    let files = write(&table, batches).await;
    let folders = files.iter().map(|file| file.path.rsplit_once('/').unwrap().0.to_owned());
    assert_eq!(
        folders.collect::<Vec<_>>(),
        [
            "year=2026/month=02/day=28/hour=23",
            "year=2026/month=03/day=01/hour=00",
            "year=2026/month=03/day=01/hour=01",
        ]
    );
    let mut times = Vec::new();
    for file in &files {
        times.push(times_of(&read(&table, file).await));
        let last = times.last().unwrap();
        let range = file.time_range().map(|(min, max)| (min.as_micros(), max.as_micros()));
        assert_eq!(range, Some((last[0], last[last.len() - 1])));
        assert_eq!(file.rows(), u64::try_from(last.len()).ok());
        assert_eq!(file.size, u64::try_from(bytes_of(&table, file).await.len()).unwrap());
    }
    assert_eq!(
        times,
        [
            vec![MARCH - 1],
            vec![MARCH + 4, MARCH + 5, MARCH + 5],
            vec![MARCH + HOUR + 1, MARCH + HOUR + 2],
        ]
    );
    let partition =
        files[0].partition.clone().into_iter().map(|(name, value)| (name, value.unwrap()));
    let expected = [("day", "28"), ("hour", "23"), ("month", "02"), ("year", "2026")];
    assert_eq!(
        partition.collect::<Vec<_>>(),
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[tokio::test]
async fn rows_of_the_same_time_stay_in_order() {
    let (_lake, table) = lake_with_events().await;
    let batch = |from: i32| {
        let ids: Vec<String> = (from..from + 50).map(|id| format!("{id:03}")).collect();
        let ids: StringArray = ids.into_iter().map(Some).collect();
        events_with(&[MARCH; 50], &[("eventid", Arc::new(ids))])
    };
    let files = write(&table, vec![batch(0), batch(50)]).await;
    let read = read(&table, &files[0]).await;
    let ids = read.iter().flat_map(|batch| {
        let ids = batch.column_by_name("eventid").unwrap().as_string::<i32>();
        ids.iter().map(|id| id.unwrap().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(ids.collect::<Vec<_>>(), (0..100).map(|id| format!("{id:03}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn no_event_is_too_old_or_too_far_ahead() {
    let (lake, table) = lake_with_events().await;
    let times = [
        i64::MIN,
        -62_167_219_200_000_001,
        -62_135_596_800_000_000,
        -1,
        0,
        253_402_300_799_999_999,
        253_402_300_800_000_000,
        i64::MAX,
    ];
    append(&table, &times).await;
    assert_eq!(all_times(&handle(&lake)).await, times);
    let snapshot = handle(&lake).snapshot().await.unwrap();
    for file in snapshot.files() {
        let hour = file.hour().unwrap();
        let times = times_of(&read(&table, file).await);
        assert!(
            times
                .iter()
                .all(|&time| hour == crate::HourPartition::of(Timestamp::from_micros(time)))
        );
        if let Some((min, max)) = file.time_range() {
            assert!(times.iter().all(|time| (min.as_micros()..=max.as_micros()).contains(time)));
        }
    }
}

#[tokio::test]
async fn statistics_bound_the_values() {
    let (_lake, table) = lake_with_events().await;
    let long = "z".repeat(100);
    let given = [
        ("severity", texts(&[Some("low"), None, Some("high")])),
        ("summary", texts(&[Some(&long), Some(&long[..40]), None])),
        ("category", texts(&[None, None, None])),
        ("class_uid", integers(&[Some(-5), None, Some(3_002)])),
        ("details", texts(&[Some("{}"), None, None])),
    ];
    let times = [MARCH + 1_500, MARCH + 2_500, MARCH + 3_000];
    let files = write(&table, vec![events_with(&times, &given)]).await;
    let stats: Value = serde_json::from_str(files[0].statistics_json.as_deref().unwrap()).unwrap();
    assert_eq!(stats["numRecords"], json!(3));
    let check = |column: &str, min: Value, max: Value, nulls: Value| {
        let actual =
            (&stats["minValues"][column], &stats["maxValues"][column], &stats["nullCount"][column]);
        assert_eq!(actual, (&min, &max, &nulls), "{column}");
    };
    check(
        "utctimestamp",
        json!("2026-03-01T00:00:00.001Z"),
        json!("2026-03-01T00:00:00.003Z"),
        json!(0),
    );
    check("severity", json!("high"), json!("low"), json!(1));
    let (min, max) = ("z".repeat(32), format!("{}{{", "z".repeat(31)));
    check("summary", json!(min), json!(max), json!(1));
    check("category", Value::Null, Value::Null, json!(3));
    check("class_uid", json!(-5), json!(3_002), json!(1));
    check("details", Value::Null, Value::Null, Value::Null);
    check("tags", Value::Null, Value::Null, Value::Null);
}

#[tokio::test]
async fn files_carry_bloom_filters_order_and_writer() {
    let (_lake, table) = lake_with_events().await;
    let times: Vec<i64> = (0..1_000).map(|second| MARCH + second).collect();
    let files = write(&table, vec![events(&times)]).await;
    let bytes = bytes_of(&table, &files[0]).await;
    let reader = SerializedFileReader::new(bytes).unwrap();
    let group = reader.metadata().row_group(0).clone();
    let order = group.sorting_columns().unwrap().iter();
    let order = order.map(|sorted| group.column(sorted.column_idx as usize).column_path().string());
    assert_eq!(order.collect::<Vec<_>>(), ["source", "utctimestamp"]);
    assert!(group.column(0).bloom_filter_offset().is_some());
    assert!(group.column(2).bloom_filter_offset().is_none());
    assert!(group.column(8).statistics().is_none(), "details has no statistics");
    assert!(group.column(1).column_index_offset().is_some());
    let pairs = reader.metadata().file_metadata().key_value_metadata().unwrap();
    assert!(pairs.iter().any(|pair| pair.key == "headwater.version" && pair.value.is_some()));
}

#[tokio::test]
async fn large_partitions_become_several_files_without_overlap() {
    let (_lake, table) = lake_with_events().await;
    let options = WriterOptions { threads: 2, file_rows_max: 400, ..WriterOptions::default() };
    let writer = TableWriter::new(table.clone(), options).unwrap();
    let times: Vec<i64> = (0..1_000).rev().map(|step| MARCH + step).collect();
    let files = writer.write(vec![events(&times)]).await.unwrap();
    let mut all = Vec::new();
    for file in &files {
        all.extend(times_of(&read(&table, file).await));
    }
    assert_eq!(files.len(), 3);
    assert_eq!(all, (0..1_000).map(|step| MARCH + step).collect::<Vec<_>>());
}

#[tokio::test]
async fn refuses_batches_of_another_table() {
    let (_lake, table) = lake_with_events().await;
    let writer = TableWriter::new(table, WriterOptions::default()).unwrap();
    assert!(writer.write(Vec::new()).await.unwrap().is_empty());
    let batch = events(&[MARCH]).project(&[0, 1]).unwrap();
    assert_eq!(writer.write(vec![batch]).await.unwrap_err().kind(), ErrorKind::Invalid);
    let unknown = memory_lake().table("else").unwrap();
    assert_eq!(unknown.ensure_created().await.unwrap_err().kind(), ErrorKind::Invalid);
    assert!(TableWriter::new(unknown, WriterOptions::default()).is_err());
}
