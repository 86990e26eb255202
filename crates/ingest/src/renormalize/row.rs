//! A row of `events` to look at.

use std::sync::Arc;

use arrow::array::{Array, AsArray as _, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use headwater_event::{Origin, Timestamp, schema};

/// Rows of `events`, as the lake's reader gives them.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    batch: &'a RecordBatch,
    raw: &'a StringArray,
    details: &'a StringArray,
    ocsf: &'a StringArray,
    class_uid: &'a Int32Array,
    times: &'a [i64],
    received: &'a [i64],
}

impl<'a> Rows<'a> {
    pub(super) fn new(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        let missing = |name: &str| ArrowError::SchemaError(format!("no column `{name}`"));
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| missing(name));
        let text = |name| column(name)?.as_string_opt::<i32>().ok_or_else(|| missing(name));
        let times = |name| -> Result<&'a [i64], ArrowError> {
            let values = column(name)?.as_primitive_opt::<TimestampMicrosecondType>();
            Ok(values.ok_or_else(|| missing(name))?.values())
        };
        let class_uid = column("class_uid")?.as_primitive_opt::<Int32Type>();
        Ok(Self {
            batch,
            raw: text("raw")?,
            details: text("details")?,
            ocsf: text("ocsf")?,
            class_uid: class_uid.ok_or_else(|| missing("class_uid"))?,
            times: times(schema::TIME_COLUMN)?,
            received: times("ingested_at")?,
        })
    }

    pub(super) const fn row(&'a self, index: usize) -> Row<'a> {
        Row { rows: self, index }
    }
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    rows: &'a Rows<'a>,
    index: usize,
}

impl<'a> Row<'a> {
    /// The text of a column; nothing for other types and for null.
    pub(super) fn text(&self, column: &str) -> Option<&'a str> {
        let column = self.rows.batch.column_by_name(column)?.as_string_opt::<i32>()?;
        self.value(column)
    }

    fn value(&self, column: &'a StringArray) -> Option<&'a str> {
        (self.index < column.len() && column.is_valid(self.index)).then(|| column.value(self.index))
    }

    pub(super) fn raw(&self) -> Option<&'a str> {
        self.value(self.rows.raw)
    }

    pub(super) fn details(&self) -> Option<&'a str> {
        self.value(self.rows.details)
    }

    pub(super) fn ocsf(&self) -> Option<&'a str> {
        self.value(self.rows.ocsf)
    }

    /// Class of the OCSF object that the row has.
    pub(super) fn class_uid(&self) -> Option<i32> {
        let column = self.rows.class_uid;
        (self.index < column.len() && column.is_valid(self.index)).then(|| column.value(self.index))
    }

    pub(super) fn time(&self) -> Timestamp {
        Timestamp::from_micros(self.rows.times.get(self.index).copied().unwrap_or_default())
    }

    pub(super) fn received_at(&self) -> Timestamp {
        Timestamp::from_micros(self.rows.received.get(self.index).copied().unwrap_or_default())
    }

    pub(super) fn tags(&self) -> Vec<String> {
        let tags =
            self.rows.batch.column_by_name("tags").and_then(|tags| tags.as_list_opt::<i32>());
        let Some(tags) = tags.filter(|tags| tags.is_valid(self.index)) else { return Vec::new() };
        let tags = tags.value(self.index);
        let texts = tags.as_string_opt::<i32>();
        texts.into_iter().flatten().flatten().map(str::to_owned).collect()
    }

    /// Where the record came from, as far as the row tells. A record that `names_source` hides what
    /// the operator called it, unless the OCSF object of an unrecognised one has kept that.
    pub(super) fn origin(&self, names_source: bool) -> Origin {
        let named = |text: &&str| *text != super::record::UNKNOWN && *text != "Unknown";
        let source = match names_source {
            false => self.text("source"),
            true => self.text("metadata_product_name").filter(|_| self.class_uid() == Some(0)),
        };
        let label = |column| self.text(column).map(Arc::from);
        Origin {
            source: source.filter(named).map(Arc::from),
            host: label("host"),
            sourcetype: label("sourcetype"),
            index: label("index"),
            name: Arc::default(),
        }
    }
}
