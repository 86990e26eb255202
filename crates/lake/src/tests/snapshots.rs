//! Snapshots: what a query sees.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::Int32Type;
use headwater_event::ErrorKind;

use super::*;

#[tokio::test]
async fn shows_stored_and_partition_columns_in_order() {
    let (_lake, table) = lake_with_events().await;
    let snapshot = table.snapshot().await.unwrap();
    let names: Vec<_> =
        snapshot.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let stored = EVENT_COLUMNS.iter().map(|column| column.name);
    assert_eq!(names, stored.chain(["year", "month", "day", "hour"]).collect::<Vec<_>>());
    assert_eq!(snapshot.stored_schema(), stored_schema(&EVENT_COLUMNS));
    assert_eq!((snapshot.version(), snapshot.files().len(), snapshot.rows()), (0, 0, Some(0)));
}

#[tokio::test]
async fn refresh_sees_what_a_replay_sees() {
    let (lake, table) = lake_with_events().await;
    append(&table, &[MARCH, MARCH + HOUR]).await;
    let before = table.snapshot().await.unwrap();
    append(&handle(&lake), &[MARCH + 1]).await;
    let gone = vec![Arc::clone(&before.files()[0])];
    table.replace(&before, gone, Vec::new(), Vec::new(), true).await.unwrap();
    let refreshed = table.snapshot().await.unwrap();
    let replayed = handle(&lake).snapshot().await.unwrap();
    let describe = |snapshot: &crate::Snapshot| {
        let files = snapshot.files().iter();
        let files = files.map(|file| {
            (file.path.clone(), file.size, file.partition.clone(), file.statistics().clone())
        });
        (snapshot.version(), snapshot.rows(), snapshot.bytes(), files.collect::<Vec<_>>())
    };
    assert_eq!(describe(&refreshed), describe(&replayed));
    assert_eq!(refreshed.version(), 3);
    assert_eq!(before.files().len(), 2);
    assert!(Arc::ptr_eq(&refreshed, &table.snapshot().await.unwrap()));
}

#[tokio::test]
async fn older_versions_stay_readable() {
    let (lake, table) = lake_with_events().await;
    append(&table, &[MARCH]).await;
    append(&table, &[MARCH + 1]).await;
    for (version, files) in [(0, 0), (1, 1), (2, 2)] {
        let snapshot = table.snapshot_at(version).await.unwrap();
        assert_eq!((snapshot.version(), snapshot.files().len()), (version, files));
    }
    let missing = table.snapshot_at(3).await.err().unwrap();
    assert_eq!(missing.kind(), ErrorKind::NotFound, "{missing}");
    let distant = Timestamp::from_micros(i64::MAX);
    assert_eq!(handle(&lake).snapshot_at_time(distant).await.unwrap().version(), 2);
    let early = table.snapshot_at_time(Timestamp::from_micros(0)).await.err().unwrap();
    assert_eq!(early.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn column_statistics_are_arrays_of_the_columns_type() {
    let (lake, table) = lake_with_events().await;
    for (time, class, severity) in [(MARCH, Some(7), "low"), (MARCH + HOUR, None, "high")] {
        let given = [("class_uid", integers(&[class])), ("severity", texts(&[Some(severity)]))];
        let files = write(&table, vec![events_with(&[time + 1], &given)]).await;
        table.commit(Commit::append(files, Vec::new())).await.unwrap();
    }
    let snapshot = handle(&lake).snapshot().await.unwrap();
    let integers = |array: &ArrayRef| array.as_primitive::<Int32Type>().iter().collect::<Vec<_>>();
    let texts = |array: &ArrayRef| {
        array.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>()
    };
    let class = snapshot.column_statistics("class_uid").unwrap();
    assert_eq!(integers(&class.min), [Some(7), None]);
    assert_eq!(integers(&class.max), [Some(7), None]);
    assert_eq!(class.nulls.iter().collect::<Vec<_>>(), [Some(0), Some(1)]);
    assert_eq!(class.rows.iter().collect::<Vec<_>>(), [Some(1), Some(1)]);
    let severity = snapshot.column_statistics("severity").unwrap();
    assert_eq!(texts(&severity.min), [Some("low".to_owned()), Some("high".to_owned())]);
    let time = snapshot.column_statistics("utctimestamp").unwrap();
    let stored = snapshot.schema().field_with_name("utctimestamp").unwrap();
    assert_eq!(time.min.data_type(), stored.data_type());
    let max = time.max.as_primitive::<TimestampMicrosecondType>().value(0);
    assert!((MARCH + 1..MARCH + 2_000).contains(&max));
    let hour = snapshot.column_statistics("hour").unwrap();
    assert_eq!(texts(&hour.max), [Some("00".to_owned()), Some("01".to_owned())]);
    assert!(snapshot.column_statistics("tags").is_none());
    assert!(snapshot.column_statistics("nothing").is_none());
    assert!(snapshot.column_statistics("details").unwrap().min.null_count() == 2);
}
