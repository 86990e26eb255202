//! The ceiling of ingest: the same parser and the same Parquet columns, and nothing else. No
//! plugins, no checks, no order, no commit, no durability; `details` and `raw` are the line as it
//! came. One thread. What Headwater's ingest reaches of this is what its pipeline costs.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use arrow::array::{
    ArrayRef, ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::{DataType, SchemaRef};
use headwater_event::Timestamp;
use headwater_event::json::{ParseLimits, Tree};
use headwater_event::schema::{ColumnDefinition, ColumnType, EVENT_COLUMNS};
use headwater_event::time;
use headwater_lake::HourPartition;
use headwater_lake::schema::stored_schema;
use headwater_pipeline::IdSource;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

/// Rows that become one batch.
const BATCH_ROWS: usize = 8_192;

/// Rows of a row group: the lake's default.
const ROW_GROUP_ROWS: usize = 8_192;

/// Share of wrong answers of bloom filters: the lake's.
const BLOOM_FALSE_POSITIVES: f64 = 0.01;

/// What was written.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Number of rows.
    pub rows: u64,
    /// Size of all files.
    pub bytes: u64,
}

/// Parses all lines of the files and writes them as Parquet files, one per hour, to `folder`.
///
/// # Errors
/// A file cannot be read or written, or a line is not an event of the generator.
pub fn write(files: &[PathBuf], folder: &Path) -> Result<Written> {
    let mut ceiling = Ceiling::new(folder)?;
    for file in files {
        let failed = || format!("failed to read {}", file.display());
        let text = fs::read(file).with_context(failed)?;
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            ceiling.append(line).with_context(failed)?;
        }
    }
    ceiling.finish()
}

struct Ceiling<'a> {
    folder: &'a Path,
    schema: SchemaRef,
    properties: WriterProperties,
    tree: Tree,
    ids: IdSource,
    hours: HashMap<HourPartition, Hour>,
}

impl<'a> Ceiling<'a> {
    fn new(folder: &'a Path) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("failed to create {}", folder.display()))?;
        Ok(Self {
            folder,
            schema: stored_schema(&EVENT_COLUMNS),
            properties: properties()?,
            tree: Tree::new(Arc::default()),
            ids: IdSource::default(),
            hours: HashMap::new(),
        })
    }

    fn append(&mut self, line: &[u8]) -> Result<()> {
        self.tree.parse(line, ParseLimits::default())?;
        let time = event_time(&self.tree).context("an event has no time")?;
        let hour = HourPartition::of(time);
        if !self.hours.contains_key(&hour) {
            let file = File::create(self.folder.join(format!("{}.parquet", self.hours.len())))?;
            let schema = Arc::clone(&self.schema);
            let writer = ArrowWriter::try_new(file, schema, Some(self.properties.clone()))?;
            self.hours.insert(hour, Hour { rows: Rows::new(&self.schema), writer, written: 0 });
        }
        let tree = &self.tree;
        let source = tree.get(tree.root(), "source").and_then(|id| tree.as_str(id));
        let eventid = self.ids.next_id(time).hyphenated();
        let hour = self.hours.get_mut(&hour).context("an hour was not opened")?;
        // The parser accepted the line, so it is UTF-8.
        let line = std::str::from_utf8(line)?;
        let mut buffer = [0; 36];
        let eventid: &str = eventid.encode_lower(&mut buffer);
        hour.rows.append(eventid, time, source.as_deref(), line);
        if hour.rows.times.len() == BATCH_ROWS {
            hour.flush(&self.schema)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Written> {
        let mut written = Written { rows: 0, bytes: 0 };
        for mut hour in self.hours.into_values() {
            hour.flush(&self.schema)?;
            written.rows += hour.written;
            hour.writer.finish()?;
            written.bytes += hour.writer.inner().metadata()?.len();
        }
        Ok(written)
    }
}

/// The time under the name it has in the generator's three kinds of events.
fn event_time(tree: &Tree) -> Option<Timestamp> {
    let value =
        ["eventTime", "@timestamp", "start"].iter().find_map(|key| tree.get(tree.root(), key))?;
    match tree.as_number(value) {
        Some(number) => time::from_number(number),
        None => time::parse_iso_fast(&tree.as_str(value)?),
    }
}

/// The file of one hour and the rows that are not in it yet.
struct Hour {
    rows: Rows,
    writer: ArrowWriter<File>,
    written: u64,
}

impl Hour {
    fn flush(&mut self, schema: &SchemaRef) -> Result<()> {
        self.written += self.rows.times.len() as u64;
        let batch = self.rows.finish(schema)?;
        self.writer.write(&batch)?;
        Ok(())
    }
}

/// Values of the columns that are not null.
struct Rows {
    eventid: StringBuilder,
    times: Vec<i64>,
    severity: StringBuilder,
    summary: StringBuilder,
    category: StringBuilder,
    source: StringBuilder,
    tags: ListBuilder<StringBuilder>,
    plugins: ListBuilder<StringBuilder>,
    details: StringBuilder,
    raw: StringBuilder,
}

impl Rows {
    fn new(schema: &SchemaRef) -> Self {
        let list = || {
            let builder = ListBuilder::new(StringBuilder::new());
            match schema.field_with_name("tags").map(|field| field.data_type().clone()) {
                Ok(DataType::List(element)) => builder.with_field(element),
                _ => builder,
            }
        };
        Self {
            eventid: StringBuilder::new(),
            times: Vec::new(),
            severity: StringBuilder::new(),
            summary: StringBuilder::new(),
            category: StringBuilder::new(),
            source: StringBuilder::new(),
            tags: list(),
            plugins: list(),
            details: StringBuilder::new(),
            raw: StringBuilder::new(),
        }
    }

    fn append(&mut self, eventid: &str, time: Timestamp, source: Option<&str>, line: &str) {
        self.eventid.append_value(eventid);
        self.times.push(time.as_micros());
        self.severity.append_value("INFO");
        self.summary.append_value("UNKNOWN");
        self.category.append_value("UNKNOWN");
        self.source.append_value(source.unwrap_or("UNKNOWN"));
        self.tags.append(true);
        for plugin in ["normalization_lowercase_keys", "normalization_event_shell"] {
            self.plugins.values().append_value(plugin);
        }
        self.plugins.append(true);
        self.details.append_value(line);
        self.raw.append_value(line);
    }

    fn finish(&mut self, schema: &SchemaRef) -> Result<RecordBatch> {
        let times = TimestampMicrosecondArray::from(std::mem::take(&mut self.times));
        let times: ArrayRef = Arc::new(times.with_timezone("UTC"));
        let columns = schema.fields().iter().map(|field| -> ArrayRef {
            match field.name().as_str() {
                "eventid" => Arc::new(self.eventid.finish()),
                // When the event was received is written as often as when it happened.
                "utctimestamp" | "ingested_at" => Arc::clone(&times),
                "severity" => Arc::new(self.severity.finish()),
                "summary" => Arc::new(self.summary.finish()),
                "category" => Arc::new(self.category.finish()),
                "source" => Arc::new(self.source.finish()),
                "tags" => Arc::new(self.tags.finish()),
                "plugins" => Arc::new(self.plugins.finish()),
                "details" => Arc::new(self.details.finish()),
                "raw" => Arc::new(self.raw.finish()),
                _ => new_null_array(field.data_type(), times.len()),
            }
        });
        let columns = columns.collect();
        Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
    }
}

/// The lake's settings for Parquet: zstd level 1, statistics, bloom filters and dictionaries where
/// the table's definition has them, times as differences.
fn properties() -> Result<WriterProperties> {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::None);
    for column in &EVENT_COLUMNS {
        for path in leaves(column) {
            if column.statistics {
                builder =
                    builder.set_column_statistics_enabled(path.clone(), EnabledStatistics::Page);
            }
            if column.bloom {
                builder = builder
                    .set_column_bloom_filter_enabled(path.clone(), true)
                    .set_column_bloom_filter_fpp(path.clone(), BLOOM_FALSE_POSITIVES)
                    .set_column_bloom_filter_max_ndv(path.clone(), ROW_GROUP_ROWS as u64);
            }
            if column.column_type == ColumnType::Timestamp {
                builder = builder
                    .set_column_dictionary_enabled(path.clone(), false)
                    .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
            } else {
                builder = builder.set_column_dictionary_enabled(path, column.dictionary);
            }
        }
    }
    Ok(builder.build())
}

/// Paths of the Parquet columns of a column.
fn leaves(column: &ColumnDefinition) -> Vec<ColumnPath> {
    let path = |rest: &[&str]| {
        let parts = std::iter::once(column.name).chain(rest.iter().copied());
        ColumnPath::new(parts.map(str::to_owned).collect())
    };
    match column.column_type {
        ColumnType::TextList => vec![path(&["list", "element"])],
        ColumnType::Observables => {
            let fields = ["type_id", "name", "value"];
            fields.iter().map(|field| path(&["list", "element", field])).collect()
        }
        _ => vec![path(&[])],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use arrow::array::AsArray as _;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::generate;

    #[test]
    fn every_line_becomes_a_row_of_its_hour_with_its_text_twice() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("in.jsonl");
        let text = generate::events(1, 300);
        fs::write(&input, &text).unwrap();
        let output = folder.path().join("out");
        let written = write(&[input], &output).unwrap();
        assert_eq!(written.rows, 300);
        let mut details = Vec::new();
        let mut bytes = 0;
        for file in fs::read_dir(&output).unwrap() {
            let file = File::open(file.unwrap().path()).unwrap();
            bytes += file.metadata().unwrap().len();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
            let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
            for batch in batches {
                let column = |name| batch.column_by_name(name).unwrap();
                assert_eq!(column("details"), column("raw"));
                let lines = column("details").as_string::<i32>().iter();
                details.extend(lines.map(|line| line.unwrap().to_owned()));
            }
        }
        assert_eq!(written.bytes, bytes);
        details.sort_unstable();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        assert_eq!(details, lines);
    }
}
