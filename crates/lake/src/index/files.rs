//! The rows of the index that a data file of `events` gives.

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, Int32Array, ListArray, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;
use futures::TryStreamExt as _;
use headwater_event::schema::{OBSERVABLES, TIME_COLUMN};
use headwater_indicators::Keys;
use object_store::{Error as StoreError, ObjectStoreExt as _};
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};

use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::schema::{list_element, observable_fields};
use crate::table::Table;

use super::ranges::write_key;
use super::row::IndexRow;
use super::rows::IndexRows;

/// Rows of a data file that are read at a time.
const BATCH_ROWS: usize = 8_192;

/// The columns that are read.
const COLUMNS: [&str; 3] = [TIME_COLUMN, SOURCE, OBSERVABLES];
const SOURCE: &str = "source";

const HOUR_MICROS: i64 = 3_600_000_000;
const DAY_HOURS: i64 = 24;

/// The rows of the index of a data file; `None` when the file is gone from storage.
///
/// # Errors
/// Whatever reading answers.
pub(super) async fn rows_of_file(table: &Table, file: &DataFile) -> Result<Option<IndexRows>> {
    match read(table, file).await {
        Ok(rows) => Ok(Some(rows)),
        Err(error) => match table.object_store().head(&table.object_path(file)).await {
            Err(StoreError::NotFound { .. }) => Ok(None),
            _ => Err(error),
        },
    }
}

async fn read(table: &Table, file: &DataFile) -> Result<IndexRows> {
    let failed = || LakeError::parquet("read", &file.path);
    let reader = table.object_reader(file);
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(failed())?;
    let schema = builder.parquet_schema();
    let roots = schema.root_schema().get_fields().iter().enumerate();
    let roots = roots.filter(|(_, field)| COLUMNS.contains(&field.name())).map(|(place, _)| place);
    let mask = ProjectionMask::roots(schema, roots);
    let mut batches =
        builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(failed())?;
    let mut rows = IndexRows::default();
    while let Some(batch) = batches.try_next().await.map_err(failed())? {
        add_batch(&batch, &mut rows).map_err(LakeError::arrow("read observables"))?;
    }
    Ok(rows)
}

/// The columns of a batch of events.
struct Events {
    times: TimestampMicrosecondArray,
    sources: Option<StringArray>,
    lists: ListArray,
    type_ids: Int32Array,
    values: StringArray,
}

impl Events {
    /// `None` when the events have no observables.
    fn new(batch: &RecordBatch) -> Result<Option<Self>, ArrowError> {
        let column = |name: &str, data_type: &DataType| -> Result<Option<ArrayRef>, ArrowError> {
            batch.column_by_name(name).map(|column| cast(column, data_type)).transpose()
        };
        let element = list_element(DataType::Struct(observable_fields()));
        let Some(lists) = column(OBSERVABLES, &DataType::List(element))? else { return Ok(None) };
        let times = column(TIME_COLUMN, &DataType::Timestamp(TimeUnit::Microsecond, None))?
            .ok_or_else(|| ArrowError::SchemaError("there is no time column".to_owned()))?;
        let sources = column(SOURCE, &DataType::Utf8)?;
        let lists = lists.as_list::<i32>().clone();
        let elements = lists.values().as_struct();
        let field = |name: &str| {
            let missing = || ArrowError::SchemaError(format!("observables have no `{name}`"));
            elements.column_by_name(name).ok_or_else(missing)
        };
        let type_ids = field("type_id")?.as_primitive::<Int32Type>().clone();
        let values = field("value")?.as_string::<i32>().clone();
        Ok(Some(Self {
            times: times.as_primitive::<TimestampMicrosecondType>().clone(),
            sources: sources.map(|sources| sources.as_string::<i32>().clone()),
            lists,
            type_ids,
            values,
        }))
    }
}

/// Adds events in the form of the table, also such that are not in a file yet.
///
/// # Errors
/// A column has another type.
pub(super) fn add_batch(batch: &RecordBatch, rows: &mut IndexRows) -> Result<(), ArrowError> {
    let Some(events) = Events::new(batch)? else { return Ok(()) };
    let (mut keys, mut full) = (Keys::default(), String::new());
    for row in 0..batch.num_rows() {
        if events.lists.is_null(row) {
            continue;
        }
        rows.begin_event();
        let time = events.times.value(row);
        let hours = time.div_euclid(HOUR_MICROS);
        let sources = events.sources.as_ref().filter(|sources| sources.is_valid(row));
        let source = sources.map(|sources| sources.value(row));
        let offsets = events.lists.value_offsets();
        let place =
            |at: usize| offsets.get(at).map_or(0, |place| usize::try_from(*place).unwrap_or(0));
        for element in place(row)..place(row + 1) {
            if events.type_ids.is_null(element) || events.values.is_null(element) {
                continue;
            }
            let (type_id, value) = (events.type_ids.value(element), events.values.value(element));
            keys.each(type_id.into(), value, |kind, part, key| {
                write_key(kind, key, &mut full);
                rows.add_of_event(&IndexRow {
                    key: &full,
                    part: part.name(),
                    type_id,
                    value,
                    source,
                    date: i32::try_from(hours.div_euclid(DAY_HOURS)).unwrap_or(i32::MAX),
                    hours: 1 << hours.rem_euclid(DAY_HOURS),
                    first_time: time,
                    last_time: time,
                    events: 1,
                });
            });
        }
    }
    Ok(())
}
