//! Rewriting rows in place: each row once, whatever others do meanwhile.

use headwater_event::ErrorKind;

use super::{append as log, *};
use crate::operations::{
    FileRewrite, FileRows, OptimizeOptions, RetentionOptions, Rewrite, RewriteOptions, Settled,
    optimize, retention,
};

/// All rows of a file with another class.
async fn with_class(table: &Table, file: &Arc<DataFile>, class: i32) -> FileRewrite {
    let mut rows = FileRows::open(table, file).await.unwrap().unwrap();
    let mut new = FileRewrite::begin(table, file).await.unwrap();
    while let Some(batch) = rows.next().await.unwrap() {
        let column = integers(&vec![Some(class); batch.num_rows()]);
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns()).map(|(field, old)| {
            if field.name() == "class_uid" { Arc::clone(&column) } else { Arc::clone(old) }
        });
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap();
        new.write(&batch).await.unwrap();
    }
    new
}

/// Times and classes of all rows, sorted.
async fn rows(lake: &Lake) -> Vec<(i64, Option<i32>)> {
    let table = handle(lake);
    let mut all = Vec::new();
    for file in table.snapshot().await.unwrap().files() {
        for batch in read(&table, file).await {
            let classes = batch.column_by_name("class_uid").unwrap();
            let classes = classes.as_primitive::<arrow::datatypes::Int32Type>().iter();
            all.extend(times_of(std::slice::from_ref(&batch)).into_iter().zip(classes));
        }
    }
    all.sort_unstable();
    all
}

async fn lake_with_two_hours() -> (Lake, Table, Vec<Arc<DataFile>>) {
    let (lake, table) = lake_with_events().await;
    append(&table, &[MARCH, MARCH + 1, MARCH + 1]).await;
    append(&table, &[MARCH + HOUR, MARCH + HOUR + 5]).await;
    let files = table.snapshot().await.unwrap().files().to_vec();
    (lake, table, files)
}

#[tokio::test]
async fn files_are_swapped_in_groups_and_appends_go_on() {
    let (lake, table, files) = lake_with_two_hours().await;
    let mut rewrite = Rewrite::begin(&table, RewriteOptions::default()).await.unwrap();
    for file in &files {
        let settled = rewrite.add(with_class(&table, file, 7).await).await.unwrap();
        assert!(settled.replaced.is_empty(), "{settled:?}");
    }
    assert!(rows(&lake).await.iter().all(|(_, class)| class.is_none()));
    append(&handle(&lake), &[MARCH + 9]).await;
    let settled = rewrite.commit().await.unwrap();
    assert_eq!(settled.replaced.len(), 2);
    assert_eq!((settled.conflicts.len(), settled.added.len()), (0, 2));
    rewrite.end().await;
    let expected = [
        (MARCH, Some(7)),
        (MARCH + 1, Some(7)),
        (MARCH + 1, Some(7)),
        (MARCH + 9, None),
        (MARCH + HOUR, Some(7)),
        (MARCH + HOUR + 5, Some(7)),
    ];
    assert_eq!(rows(&lake).await, expected);
    let history = crate::operations::history(&table, 2).await.unwrap();
    let update = history.iter().find(|entry| entry.operation == "UPDATE").unwrap();
    assert_eq!((update.rows_added, update.rows_removed, update.data_change), (5, 5, true));
    // The lease is free again.
    optimize(&table, &OptimizeOptions::default()).await.unwrap();
    assert_eq!(rows(&lake).await, expected);
}

#[tokio::test]
async fn a_group_is_committed_when_it_is_full() {
    let (_, table, files) = lake_with_two_hours().await;
    let options = RewriteOptions { commit_files_max: 1, ..RewriteOptions::default() };
    let mut rewrite = Rewrite::begin(&table, options).await.unwrap();
    for file in &files {
        let settled = rewrite.add(with_class(&table, file, 7).await).await.unwrap();
        assert_eq!(settled.replaced, std::slice::from_ref(&file.path));
    }
    rewrite.end().await;
}

#[tokio::test]
async fn a_file_that_another_writer_removed_is_left_out_and_told() {
    let (lake, table, files) = lake_with_two_hours().await;
    let mut rewrite = Rewrite::begin(&table, RewriteOptions::default()).await.unwrap();
    for file in &files {
        let Settled { conflicts, .. } =
            rewrite.add(with_class(&table, file, 7).await).await.unwrap();
        assert!(conflicts.is_empty());
    }
    let older_than = Timestamp::from_micros(MARCH + HOUR);
    let removed = RetentionOptions { older_than, dry_run: false };
    assert_eq!(retention(&handle(&lake), &removed).await.unwrap().rows, 3);
    let settled = rewrite.commit().await.unwrap();
    assert_eq!(settled.conflicts, [files[0].path.clone()]);
    assert_eq!(settled.replaced, [files[1].path.clone()]);
    rewrite.end().await;
    assert_eq!(rows(&lake).await, [(MARCH + HOUR, Some(7)), (MARCH + HOUR + 5, Some(7))]);
}

#[tokio::test]
async fn compaction_and_rewriting_exclude_each_other() {
    let clock = ManualClock::new();
    let options = LakeOptions { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..options() };
    let lake = Lake::open("memory:///lake", options).unwrap();
    let table = handle(&lake);
    table.ensure_created().await.unwrap();
    for second in 0..2 {
        append(&table, &[MARCH + second]).await;
    }
    let files = table.snapshot().await.unwrap().files().to_vec();
    let mut rewrite = Rewrite::begin(&table, RewriteOptions::default()).await.unwrap();
    let refused = optimize(&handle(&lake), &OptimizeOptions::default()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    // Long work keeps the lease.
    for _ in 0..6 {
        clock.advance(HOUR / 20);
        rewrite.keep_lease().await.unwrap();
    }
    let refused = optimize(&handle(&lake), &OptimizeOptions::default()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    // Who is paused for long is overtaken, and cannot commit any more.
    rewrite.add(with_class(&table, &files[0], 7).await).await.unwrap();
    clock.advance(HOUR);
    optimize(&handle(&lake), &OptimizeOptions::default()).await.unwrap();
    rewrite.add(with_class(&table, &files[1], 7).await).await.unwrap();
    let settled = rewrite.commit().await.unwrap();
    assert_eq!((settled.replaced.len(), settled.conflicts.len()), (0, 2));
    assert_eq!(rewrite.keep_lease().await.unwrap_err().kind(), ErrorKind::Unavailable);
    rewrite.end().await;
    assert_eq!(rows(&lake).await, [(MARCH, None), (MARCH + 1, None)]);
}

#[tokio::test]
async fn rows_cannot_get_lost_in_a_rewrite() {
    let (lake, table, files) = lake_with_two_hours().await;
    let mut rewrite = Rewrite::begin(&table, RewriteOptions::default()).await.unwrap();
    let mut short = FileRewrite::begin(&table, &files[0]).await.unwrap();
    short.write(&events(&[MARCH])).await.unwrap();
    assert_eq!(rewrite.add(short).await.unwrap_err().kind(), ErrorKind::Corrupt);
    assert!(rewrite.commit().await.unwrap().replaced.is_empty());
    rewrite.end().await;
    assert_eq!(rows(&lake).await.len(), 5);
}

#[tokio::test]
async fn columns_of_others_are_not_lost_in_a_rewrite() {
    let (lake, table) = lake_with_events().await;
    let mut wider =
        crate::schema::delta_schema(&EVENT_COLUMNS, &headwater_event::schema::PARTITION_COLUMNS);
    wider["fields"].as_array_mut().unwrap().push(serde_json::json!(
        { "name": "note", "type": "string", "nullable": true, "metadata": {} }
    ));
    log::put_entry(&lake, 1, &log::metadata(&wider)).await;
    let refused = Rewrite::begin(&table, RewriteOptions::default()).await.err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(refused.to_string().contains("`note`"), "{refused}");
}
