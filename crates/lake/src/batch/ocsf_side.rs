//! The OCSF side of events without their shell: for rows that have one already.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use headwater_event::Event;
use headwater_event::schema::{EVENT_COLUMNS, OCSF_COLUMNS};

use super::ocsf::OcsfColumns;
use crate::schema::stored_schema;

/// Columns of `events` that come from the OCSF object but are none of its attributes.
const WHOLE: [&str; 3] = ["ocsf", "observables", "ocsf_issues"];

/// Whether a column of `events` comes from an event's OCSF object; all others are the shell.
#[must_use]
pub fn is_ocsf_column(name: &str) -> bool {
    WHOLE.contains(&name) || OCSF_COLUMNS.iter().any(|path| path.replace('.', "_") == name)
}

/// Collects the OCSF sides of events, as columns of the types and in the order of the table.
#[derive(Debug)]
pub struct OcsfBatchBuilder {
    schema: SchemaRef,
    columns: OcsfColumns,
    none: Event,
}

impl Default for OcsfBatchBuilder {
    fn default() -> Self {
        let stored = stored_schema(&EVENT_COLUMNS);
        let fields = stored.fields().iter().filter(|field| is_ocsf_column(field.name())).cloned();
        Self {
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            columns: OcsfColumns::new(0),
            none: Event::new(Arc::default()),
        }
    }
}

impl OcsfBatchBuilder {
    /// Adds the OCSF side of an event.
    pub fn append(&mut self, event: &Event) {
        self.columns.append(event);
    }

    /// Adds a row of nulls.
    pub fn append_none(&mut self) {
        self.columns.append(&self.none);
    }

    /// The rows as one batch; the builder is empty afterwards.
    ///
    /// # Errors
    /// The batch outgrew Arrow's limits (2 GiB of text in one column).
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let schema = Arc::clone(&self.schema);
        let columns = schema.fields().iter().map(|field| {
            let missing = || ArrowError::SchemaError(format!("no values of `{}`", field.name()));
            let column = self.columns.finish(field.name()).ok_or_else(missing)??;
            if column.data_type() == field.data_type() {
                return Ok(column);
            }
            cast(&column, field.data_type())
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
        RecordBatch::try_new(Arc::clone(&schema), columns)
    }
}
