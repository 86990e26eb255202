//! What the Delta log knows about each file, in the form in which DataFusion prunes: one array
//! entry per file. Partition values are exact bounds; the hour that a file is in bounds the event
//! time where the log has no statistics.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, TimestampMicrosecondArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use headwater_event::schema::TIME_COLUMN;
use headwater_lake::{DataFile, Snapshot};

/// The files of a snapshot as containers of a pruning predicate over `schema`.
pub(crate) struct FileStatisticsView<'a> {
    snapshot: &'a Snapshot,
    schema: &'a SchemaRef,
}

#[derive(Clone, Copy)]
enum Bound {
    Min,
    Max,
}

impl<'a> FileStatisticsView<'a> {
    pub(crate) const fn new(snapshot: &'a Snapshot, schema: &'a SchemaRef) -> Self {
        Self { snapshot, schema }
    }

    fn bounds(&self, column: &Column, bound: Bound) -> Option<ArrayRef> {
        let field = self.schema.field_with_name(&column.name).ok()?;
        let statistics = self.snapshot.column_statistics(&column.name)?;
        let values = match bound {
            Bound::Min => statistics.min,
            Bound::Max => statistics.max,
        };
        let values = if column.name == TIME_COLUMN && values.null_count() > 0 {
            self.hours(bound)
        } else {
            values
        };
        cast(&values, field.data_type()).ok()
    }

    /// Bounds of the event time by statistics, else by the hour the file is in.
    fn hours(&self, bound: Bound) -> ArrayRef {
        let time = |file: &Arc<DataFile>| {
            let hour = || file.hour().map(|hour| (hour.start(), hour.end()));
            let (first, last) = file.time_range().or_else(hour)?;
            Some(match bound {
                Bound::Min => first.as_micros(),
                Bound::Max => last.as_micros(),
            })
        };
        let times: TimestampMicrosecondArray = self.snapshot.files().iter().map(time).collect();
        Arc::new(times.with_timezone("UTC"))
    }
}

impl PruningStatistics for FileStatisticsView<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, Bound::Min)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, Bound::Max)
    }

    fn num_containers(&self) -> usize {
        self.snapshot.files().len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        Some(Arc::new(self.snapshot.column_statistics(&column.name)?.nulls))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        let rows: UInt64Array = self.snapshot.files().iter().map(|file| file.rows()).collect();
        Some(Arc::new(rows))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
