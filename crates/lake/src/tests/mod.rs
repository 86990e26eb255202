//! Tests of the lake as a whole: through its public words, on an object store in memory or a
//! folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod append;
mod compaction;
mod failing_store;
mod index;
mod order;
mod rewrite;
mod snapshots;
mod upkeep;
mod writing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::{
    ArrayRef, AsArray as _, Int32Array, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use headwater_event::Timestamp;
use headwater_event::schema::{EVENT_COLUMNS, EVENTS};
use object_store::ObjectStoreExt as _;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::schema::stored_schema;
use crate::{
    Clock, Commit, DataFile, Durability, Lake, LakeOptions, PositionAdvance, Table, TableWriter,
    WriterOptions,
};

/// An hour in microseconds.
const HOUR: i64 = 3_600_000_000;

/// 2026-03-01T00:00:00Z.
const MARCH: i64 = 1_772_323_200_000_000;

/// A clock that stands still until it is moved.
#[derive(Debug)]
struct ManualClock(AtomicI64);

impl ManualClock {
    fn new() -> Arc<Self> {
        // Later than the real time at which a store stamps its objects.
        Arc::new(Self(AtomicI64::new(4_000_000_000_000_000)))
    }

    fn advance(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

fn options() -> LakeOptions {
    LakeOptions { durability: Durability::None, ..LakeOptions::default() }
}

fn memory_lake() -> Lake {
    Lake::open("memory:///lake", options()).unwrap()
}

/// A new handle on the table of events, as another process would have it.
fn handle(lake: &Lake) -> Table {
    lake.table(EVENTS).unwrap()
}

/// A lake in memory with an empty table of events.
async fn lake_with_events() -> (Lake, Table) {
    let lake = memory_lake();
    let table = handle(&lake);
    table.ensure_created().await.unwrap();
    (lake, table)
}

/// Events at the given times; the event's id is its time.
fn events(times: &[i64]) -> RecordBatch {
    events_with(times, &[])
}

/// Events at the given times with some columns given.
fn events_with(times: &[i64], given: &[(&str, ArrayRef)]) -> RecordBatch {
    let schema = stored_schema(&EVENT_COLUMNS);
    let time = || {
        let array = TimestampMicrosecondArray::from(times.to_vec());
        Arc::new(array.with_timezone("UTC")) as ArrayRef
    };
    let columns = schema.fields().iter().map(|field| {
        if let Some((_, array)) = given.iter().find(|(name, _)| name == field.name()) {
            return Arc::clone(array);
        }
        match field.data_type() {
            DataType::Timestamp(..) => time(),
            DataType::Utf8 if !field.is_nullable() => {
                let ids = times.iter().map(|time| Some(format!("event {time}")));
                Arc::new(ids.collect::<StringArray>())
            }
            other => new_null_array(other, times.len()),
        }
    });
    RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap()
}

fn integers(values: &[Option<i32>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<Int32Array>())
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<StringArray>())
}

async fn write(table: &Table, batches: Vec<RecordBatch>) -> Vec<DataFile> {
    let options = WriterOptions { threads: 2, ..WriterOptions::default() };
    TableWriter::new(table.clone(), options).unwrap().write(batches).await.unwrap()
}

/// Writes events at the given times and commits them.
async fn append(table: &Table, times: &[i64]) -> u64 {
    let files = write(table, vec![events(times)]).await;
    table.commit(Commit::append(files, Vec::new())).await.unwrap()
}

fn advance(partition: &str, expected: Option<i64>, offset: i64) -> PositionAdvance {
    PositionAdvance { partition: partition.into(), expected, offset }
}

/// Reads a data file.
async fn read(table: &Table, file: &DataFile) -> Vec<RecordBatch> {
    let object = table.object_path(file);
    let bytes = table.object_store().get(&object).await.unwrap().bytes().await.unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

fn times_of(batches: &[RecordBatch]) -> Vec<i64> {
    let times = |batch: &RecordBatch| {
        let column = batch.column_by_name("utctimestamp").unwrap();
        column.as_primitive::<TimestampMicrosecondType>().values().to_vec()
    };
    batches.iter().flat_map(times).collect()
}

/// The times of all events in the table by file, each in the order of the file.
async fn times_by_file(table: &Table) -> BTreeMap<String, Vec<i64>> {
    let mut all = BTreeMap::new();
    for file in table.snapshot().await.unwrap().files() {
        all.insert(file.path.clone(), times_of(&read(table, file).await));
    }
    all
}

/// The times of all events in the table, sorted.
async fn all_times(table: &Table) -> Vec<i64> {
    let mut times: Vec<i64> = times_by_file(table).await.into_values().flatten().collect();
    times.sort_unstable();
    times
}
