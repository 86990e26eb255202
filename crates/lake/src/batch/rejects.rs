//! Rows of the table `rejects`.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, Int64Array, RecordBatch, TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use headwater_event::{Origin, Reject, schema};

use super::columns::TextColumn;
use crate::schema::stored_schema;

/// Collects rejects as Arrow columns in the order of [`schema::REJECT_COLUMNS`].
#[derive(Debug)]
pub struct RejectBatchBuilder {
    schema: SchemaRef,
    rejectid: TextColumn,
    times: Vec<i64>,
    reason: TextColumn,
    stage: TextColumn,
    plugin: TextColumn,
    source: TextColumn,
    origin: TextColumn,
    host: TextColumn,
    sourcetype: TextColumn,
    index: TextColumn,
    part: Vec<i64>,
    raw: BinaryBuilder,
    bytes: usize,
}

impl Default for RejectBatchBuilder {
    fn default() -> Self {
        Self {
            schema: stored_schema(&schema::REJECT_COLUMNS),
            rejectid: TextColumn::default(),
            times: Vec::new(),
            reason: TextColumn::default(),
            stage: TextColumn::default(),
            plugin: TextColumn::default(),
            source: TextColumn::default(),
            origin: TextColumn::default(),
            host: TextColumn::default(),
            sourcetype: TextColumn::default(),
            index: TextColumn::default(),
            part: Vec::new(),
            raw: BinaryBuilder::new(),
            bytes: 0,
        }
    }
}

impl RejectBatchBuilder {
    /// Rows collected.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.times.len()
    }

    /// Bytes of originals collected, with a little for the other columns.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a row. `rejectid` is shared by the parts of one record, numbered from 0.
    pub fn append(&mut self, reject: &Reject, origin: &Origin, rejectid: &str, part: i64) {
        self.rejectid.push(rejectid);
        self.times.push(reject.received_at.as_micros());
        self.reason.push(&reject.reason);
        self.stage.push(reject.stage.name());
        self.plugin.push_option(reject.plugin.as_deref());
        self.source.push_option(origin.source.as_deref());
        self.origin.push(&origin.name);
        self.host.push_option(origin.host.as_deref());
        self.sourcetype.push_option(origin.sourcetype.as_deref());
        self.index.push_option(origin.index.as_deref());
        self.part.push(part);
        self.raw.append_value(&reject.bytes);
        self.bytes += reject.bytes.len() + reject.reason.len() + 160;
    }

    /// The rows as one batch; the builder is empty afterwards.
    ///
    /// # Errors
    /// The batch outgrew Arrow's limits (2 GiB in one column).
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let rows = self.rows();
        self.bytes = 0;
        let columns: Result<Vec<ArrayRef>, ArrowError> = Arc::clone(&self.schema)
            .fields()
            .iter()
            .map(|field| match field.name().as_str() {
                "rejectid" => self.rejectid.finish(),
                "utctimestamp" => {
                    let times = TimestampMicrosecondArray::from(std::mem::take(&mut self.times));
                    Ok(Arc::new(times.with_timezone("UTC")) as ArrayRef)
                }
                "reason" => self.reason.finish(),
                "stage" => self.stage.finish(),
                "plugin" => self.plugin.finish(),
                "source" => self.source.finish(),
                "origin" => self.origin.finish(),
                "host" => self.host.finish(),
                "sourcetype" => self.sourcetype.finish(),
                "index" => self.index.finish(),
                "part" => {
                    Ok(Arc::new(Int64Array::from(std::mem::take(&mut self.part))) as ArrayRef)
                }
                "raw" => Ok(Arc::new(self.raw.finish()) as ArrayRef),
                _ => Ok(new_null_array(field.data_type(), rows)),
            })
            .collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns?)
    }
}
