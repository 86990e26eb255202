//! One row of the index, and rows in Arrow's form.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, Date32Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Int32Type, Int64Type, SchemaRef, TimeUnit, TimestampMicrosecondType,
};
use arrow::error::ArrowError;

use crate::error::{LakeError, Result};

/// Events of one day and one source that have a value. The columns are those of
/// [`headwater_event::schema::OBSERVABLE_COLUMNS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexRow<'a> {
    /// What is searched.
    pub key: &'a str,
    /// What of the value `key` is of.
    pub part: &'a str,
    /// OCSF's type of the observable.
    pub type_id: i32,
    /// The value as events have it.
    pub value: &'a str,
    /// Source of the events.
    pub source: Option<&'a str>,
    /// Days since the epoch.
    pub date: i32,
    /// A bit for each hour of the day.
    pub hours: i32,
    /// Earliest time, microseconds since the epoch.
    pub first_time: i64,
    /// Latest time, microseconds since the epoch.
    pub last_time: i64,
    /// Number of events.
    pub events: i64,
}

/// What makes a row a row of its own; rows are in this order.
pub(super) type Identity<'a> = (&'a str, &'a str, i32, &'a str, Option<&'a str>, i32);

impl<'a> IndexRow<'a> {
    pub(super) const fn identity(&self) -> Identity<'a> {
        (self.key, self.part, self.type_id, self.value, self.source, self.date)
    }

    pub(super) const fn counts(&self) -> Counts {
        let Self { hours, first_time, last_time, events, .. } = *self;
        Counts { hours, first_time, last_time, events }
    }
}

/// What rows of the same identity add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) hours: i32,
    pub(super) first_time: i64,
    pub(super) last_time: i64,
    pub(super) events: i64,
}

impl Counts {
    pub(super) fn add(&mut self, other: Self) {
        self.hours |= other.hours;
        self.first_time = self.first_time.min(other.first_time);
        self.last_time = self.last_time.max(other.last_time);
        self.events = self.events.saturating_add(other.events);
    }
}

/// Rows of the index as they are in a batch that was read from a file.
#[derive(Debug, Clone)]
pub(super) struct IndexBatch {
    key: StringArray,
    part: StringArray,
    type_id: Int32Array,
    value: StringArray,
    source: StringArray,
    date: Date32Array,
    hours: Int32Array,
    first_time: TimestampMicrosecondArray,
    last_time: TimestampMicrosecondArray,
    events: Int64Array,
}

impl IndexBatch {
    /// # Errors
    /// `Corrupt` when a column is missing or has another type.
    pub(super) fn new(batch: &RecordBatch) -> Result<Self> {
        let failed = || LakeError::arrow("read the index");
        let column = |name: &str, data_type: &DataType| {
            let missing = || ArrowError::SchemaError(format!("there is no column `{name}`"));
            cast(batch.column_by_name(name).ok_or_else(missing)?, data_type)
        };
        let text = |name: &str| -> Result<StringArray, ArrowError> {
            Ok(column(name, &DataType::Utf8)?.as_string::<i32>().clone())
        };
        let time = |name: &str| -> Result<TimestampMicrosecondArray, ArrowError> {
            let times = column(name, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
            Ok(times.as_primitive::<TimestampMicrosecondType>().clone())
        };
        let read = || {
            Ok::<_, ArrowError>(Self {
                key: text("key")?,
                part: text("part")?,
                type_id: column("type_id", &DataType::Int32)?.as_primitive::<Int32Type>().clone(),
                value: text("value")?,
                source: text("source")?,
                date: column("date", &DataType::Date32)?.as_primitive::<Date32Type>().clone(),
                hours: column("hours", &DataType::Int32)?.as_primitive::<Int32Type>().clone(),
                first_time: time("first_time")?,
                last_time: time("last_time")?,
                events: column("events", &DataType::Int64)?.as_primitive::<Int64Type>().clone(),
            })
        };
        read().map_err(failed())
    }

    pub(super) fn len(&self) -> usize {
        self.key.len()
    }

    /// The row of a number below `len`.
    pub(super) fn row(&self, number: usize) -> IndexRow<'_> {
        IndexRow {
            key: self.key.value(number),
            part: self.part.value(number),
            type_id: self.type_id.value(number),
            value: self.value.value(number),
            source: self.source.is_valid(number).then(|| self.source.value(number)),
            date: self.date.value(number),
            hours: self.hours.value(number),
            first_time: self.first_time.value(number),
            last_time: self.last_time.value(number),
            events: self.events.value(number),
        }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = IndexRow<'_>> {
        (0..self.len()).map(|number| self.row(number))
    }
}

/// Makes a batch of rows, of the schema of the table.
///
/// # Errors
/// `Internal` when the columns do not fit the schema.
pub(super) fn to_batch(schema: &SchemaRef, rows: &[IndexRow<'_>]) -> Result<RecordBatch> {
    fn text<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
        Arc::new(values.map(Some).collect::<StringArray>())
    }
    let time = |values: Vec<i64>| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
    };
    let integers = |value: fn(&IndexRow<'_>) -> i32| -> ArrayRef {
        Arc::new(Int32Array::from_iter_values(rows.iter().map(value)))
    };
    let columns = vec![
        text(rows.iter().map(|row| row.key)),
        text(rows.iter().map(|row| row.part)),
        integers(|row| row.type_id),
        text(rows.iter().map(|row| row.value)),
        Arc::new(rows.iter().map(|row| row.source).collect::<StringArray>()),
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| row.date))),
        integers(|row| row.hours),
        time(rows.iter().map(|row| row.first_time).collect()),
        time(rows.iter().map(|row| row.last_time).collect()),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.events))),
    ];
    RecordBatch::try_new(Arc::clone(schema), columns)
        .map_err(LakeError::arrow("make rows of the index"))
}
