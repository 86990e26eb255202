//! Rows that were accepted and are not in a table yet. In a server the table `events` is what is
//! committed and these, each row once.

mod rule;

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;
use headwater_event::Timestamp;
use headwater_event::schema::{PARTITION_COLUMNS, TIME_COLUMN};
use headwater_lake::Snapshot;

pub(crate) use rule::{FreshRule, selected, selected_from};

/// Rows of `events` with the position of their source that holds once they are committed.
#[derive(Debug, Clone)]
pub struct FreshBatch {
    /// Name of the position.
    pub partition: Arc<str>,
    /// The position, as the table will have it.
    pub position: i64,
    /// The rows, without partition columns.
    pub rows: RecordBatch,
}

/// Where rows are that are not in a table yet.
pub trait FreshRows: fmt::Debug + Send + Sync {
    /// Rows that may not be in the table. A snapshot that is read afterwards has those of them
    /// whose position is not above its own.
    fn batches(&self) -> Vec<FreshBatch>;
}

/// The batches that a snapshot does not have. They must have been asked for before it was read.
pub(crate) fn beyond(snapshot: &Snapshot, batches: Vec<FreshBatch>) -> Vec<RecordBatch> {
    let is_beyond = |batch: &FreshBatch| {
        batch.position > snapshot.live_position(&batch.partition).unwrap_or_default()
    };
    batches.into_iter().filter(is_beyond).map(|batch| batch.rows).collect()
}

/// A batch with the columns of a table that a query wants, by their indexes in `schema`.
pub(crate) fn project(
    rows: &RecordBatch,
    schema: &SchemaRef,
    columns: &[usize],
) -> Result<RecordBatch, ArrowError> {
    let projected = Arc::new(schema.project(columns)?);
    let arrays: Result<Vec<ArrayRef>, ArrowError> = projected
        .fields()
        .iter()
        .map(|field| match rows.column_by_name(field.name()) {
            Some(array) if array.data_type() == field.data_type() => Ok(Arc::clone(array)),
            Some(array) => cast(array, field.data_type()),
            None => partition_column(rows, field.name()),
        })
        .collect();
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(projected, arrays?, &options)
}

/// A partition column, from the time of each row; other columns that rows lack are null.
fn partition_column(rows: &RecordBatch, name: &str) -> Result<ArrayRef, ArrowError> {
    let place = PARTITION_COLUMNS.iter().position(|column| *column == name);
    let times = rows
        .column_by_name(TIME_COLUMN)
        .and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
    let (Some(place), Some(times)) = (place, times) else {
        return Err(ArrowError::SchemaError(format!("rows have no column {name}")));
    };
    let text = |micros: i64| {
        let partition = Timestamp::from_micros(micros).partition();
        partition.values().get(place).map(|value| (*value).to_owned())
    };
    let values: StringArray = times.iter().map(|time| text(time?)).collect();
    Ok(Arc::new(values))
}
