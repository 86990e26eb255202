//! Rows of files are in order of source, then of time, whatever made the files.

use super::compaction::{append_foreign, compaction};
use super::*;
use crate::hidden::{HiddenOptions, HiddenPath, coverage};
use crate::operations::{OptimizeOptions, optimize};

/// Sources and times of a file's rows, as they stand in it; sources that are missing are empty.
async fn rows_by_file(table: &Table) -> Vec<Vec<(String, i64)>> {
    let mut all = Vec::new();
    for file in table.snapshot().await.unwrap().files() {
        let batches = read(table, file).await;
        let sources = batches.iter().flat_map(|batch| {
            let Some(column) = batch.column_by_name("source") else {
                return vec![String::new(); batch.num_rows()];
            };
            let sources = column.as_string::<i32>().iter();
            sources.map(|source| source.unwrap_or_default().to_owned()).collect()
        });
        all.push(sources.zip(times_of(&batches)).collect());
    }
    all
}

async fn append_of(table: &Table, rows: &[(&str, i64)], details: Option<ArrayRef>) {
    let times: Vec<i64> = rows.iter().map(|(_, time)| *time).collect();
    let sources: Vec<_> = rows.iter().map(|(source, _)| Some(*source)).collect();
    let mut given = vec![("source", texts(&sources))];
    given.extend(details.map(|details| ("details", details)));
    let files = write(table, vec![events_with(&times, &given)]).await;
    table.commit(Commit::append(files, Vec::new())).await.unwrap();
}

#[tokio::test]
async fn files_stay_in_order_through_ingest_and_compaction() {
    let (lake, table) = lake_with_events().await;
    let mut expected = Vec::new();
    let mut state = 7_u64;
    for file in 0..12 {
        let rows: Vec<(&str, i64)> = (0..40)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let source = ["dns", "cloudtrail", "vpcflow", "a"][(state >> 40) as usize % 4];
                (source, MARCH + i64::try_from((state >> 33) % 50).unwrap())
            })
            // Files of few sources, so that some begin behind the end of others.
            .filter(|(source, _)| file % 3 > 0 || *source > "c")
            .collect();
        append_of(&table, &rows, None).await;
        expected.extend(rows.into_iter().map(|(source, time)| (source.to_owned(), time)));
    }
    let foreign = [MARCH + 30, MARCH + 2];
    append_foreign(&table, &foreign).await;
    expected.extend(foreign.map(|time| (String::new(), time)));
    expected.sort();
    let written = rows_by_file(&table).await;
    assert_eq!(written.iter().filter(|rows| !rows.is_sorted()).count(), 1, "the foreign one");
    optimize(&table, &compaction()).await.unwrap();
    assert_eq!(rows_by_file(&handle(&lake)).await, [expected.clone()]);
    let late = [("dns", MARCH + 3), ("zeek", MARCH)];
    append_of(&table, &late, None).await;
    expected.extend(late.map(|(source, time)| (source.to_owned(), time)));
    expected.sort();
    optimize(&table, &compaction()).await.unwrap();
    assert_eq!(rows_by_file(&handle(&lake)).await, [expected]);
}

/// The first 8,192 rows of the merged file are of one source.
#[tokio::test]
async fn hidden_columns_are_chosen_for_all_sources() {
    let (lake, table) = lake_with_events().await;
    for file in 0..3_i64 {
        let rows: Vec<(&str, i64)> = (0..5_000)
            .map(|row| {
                let source = if row == 17 { "rare" } else { ["a", "b", "c"][row % 3] };
                (source, MARCH + i64::try_from(row).unwrap() * 7 + file)
            })
            .collect();
        // Texts that are too long for a column, and make columns of the others cheap.
        let text = "long ".repeat(80);
        let details = rows.iter().map(|(source, time)| {
            let (one, same) = (time % 9, time % 5);
            Some(format!(r#"{{"of_{source}":"v{one}","same":{same},"text":"{text}"}}"#))
        });
        let details: ArrayRef = Arc::new(details.collect::<StringArray>());
        append_of(&table, &rows, Some(details)).await;
    }
    let mut hidden = HiddenOptions::at_compaction();
    hidden.wanted.asked.insert(HiddenPath::parse("details/of_rare").unwrap(), 1);
    optimize(&table, &OptimizeOptions { hidden, ..compaction() }).await.unwrap();
    let coverage = coverage(&handle(&lake), |_, _| {}).await.unwrap();
    let names: Vec<_> = coverage.paths.keys().map(String::as_str).collect();
    let expected =
        ["of_a", "of_b", "of_c", "of_rare", "same"].map(|name| format!("details/{name}"));
    assert_eq!(names, expected);
    assert_eq!((coverage.files, coverage.files_shredded), (1, 1));
}
