//! Writing results: a table for people; JSON, JSON lines, CSV, Arrow and Parquet for programs.

use std::fmt;
use std::io::Write;
use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, StringBuilder};
use arrow::csv::WriterBuilder as CsvBuilder;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use arrow::json::WriterBuilder as JsonBuilder;
use arrow::json::writer::{JsonArray, LineDelimited};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow::util::pretty::pretty_format_batches_with_options;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::QueryError;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputFormat {
    /// Aligned columns.
    Table,
    /// One JSON array of objects.
    Json,
    /// One JSON object per line.
    JsonLines,
    /// Comma-separated values with a header; lists and structs as JSON.
    Csv,
    /// Arrow IPC stream.
    Arrow,
    /// One Parquet file.
    Parquet,
}

impl OutputFormat {
    /// All formats, in the order in which help texts list them.
    pub const ALL: [Self; 6] =
        [Self::Table, Self::Json, Self::JsonLines, Self::Csv, Self::Arrow, Self::Parquet];

    /// The name used on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
        }
    }

    /// Whether the format is bytes that a terminal should not show.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::Arrow | Self::Parquet)
    }
}

impl fmt::Display for OutputFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for OutputFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|format| format.name()).collect();
            format!("`{name}` is not a format: use {}", names.join(", "))
        })
    }
}

/// Rows that a table gathers before it prints a block with its own column widths.
const TABLE_ROWS_MAX: usize = 10_000;

/// Writes batches of one result in one format.
pub struct ResultWriter<W: Write + Send>(Inner<W>);

enum Inner<W: Write + Send> {
    Table {
        out: W,
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
        rows: usize,
        cell_chars: Option<usize>,
    },
    Json(arrow::json::Writer<W, JsonArray>),
    JsonLines(arrow::json::Writer<W, LineDelimited>),
    Csv {
        writer: Box<arrow::csv::Writer<W>>,
        schema: SchemaRef,
    },
    Arrow(Box<StreamWriter<W>>),
    Parquet(Box<ArrowWriter<W>>),
}

impl<W: Write + Send> fmt::Debug for ResultWriter<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ResultWriter")
    }
}

impl<W: Write + Send> ResultWriter<W> {
    /// A writer of rows with this schema. `cell_chars` shortens the cells of a table for the
    /// screen; all other formats are always complete.
    ///
    /// # Errors
    /// `out` cannot be written to.
    pub fn new(
        out: W,
        format: OutputFormat,
        schema: &SchemaRef,
        cell_chars: Option<usize>,
    ) -> Result<Self, QueryError> {
        let json = || JsonBuilder::new().with_explicit_nulls(true);
        Ok(Self(match format {
            OutputFormat::Table => {
                let schema = Arc::clone(schema);
                Inner::Table { out, schema, batches: Vec::new(), rows: 0, cell_chars }
            }
            OutputFormat::Json => Inner::Json(json().build(out)),
            OutputFormat::JsonLines => Inner::JsonLines(json().build(out)),
            OutputFormat::Csv => {
                let flat = flat_schema(schema);
                let mut writer = CsvBuilder::new().with_header(true).build(out);
                writer.write(&RecordBatch::new_empty(Arc::clone(&flat))).map_err(failed)?;
                Inner::Csv { writer: Box::new(writer), schema: flat }
            }
            OutputFormat::Arrow => {
                Inner::Arrow(Box::new(StreamWriter::try_new(out, schema).map_err(failed)?))
            }
            OutputFormat::Parquet => {
                let level = ZstdLevel::try_new(1).map_err(|error| failed(error.into()))?;
                let properties =
                    WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
                let writer = ArrowWriter::try_new(out, Arc::clone(schema), Some(properties));
                Inner::Parquet(Box::new(writer.map_err(|error| failed(error.into()))?))
            }
        }))
    }

    /// Writes one batch.
    ///
    /// # Errors
    /// The rows cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        match &mut self.0 {
            Inner::Table { out, schema, batches, rows, cell_chars } => {
                *rows += batch.num_rows();
                batches.push(batch.clone());
                if *rows >= TABLE_ROWS_MAX {
                    print_table(out, schema, batches, *cell_chars)?;
                    batches.clear();
                    *rows = 0;
                }
                Ok(())
            }
            Inner::Json(writer) => writer.write(batch).map_err(failed),
            Inner::JsonLines(writer) => writer.write(batch).map_err(failed),
            Inner::Csv { writer, schema } => {
                let flat = flatten(batch, schema).map_err(failed)?;
                writer.write(&flat).map_err(failed)
            }
            Inner::Arrow(writer) => writer.write(batch).map_err(failed),
            Inner::Parquet(writer) => writer.write(batch).map_err(|error| failed(error.into())),
        }
    }

    /// Writes what is left and the end of the format.
    ///
    /// # Errors
    /// The rest cannot be written.
    pub fn finish(self) -> Result<(), QueryError> {
        match self.0 {
            Inner::Table { mut out, schema, batches, cell_chars, .. } => {
                print_table(&mut out, &schema, &batches, cell_chars)?;
                out.flush().map_err(|source| QueryError::Output { source })
            }
            Inner::Json(mut writer) => {
                writer.finish().map_err(failed)?;
                end_line(writer.into_inner())
            }
            Inner::JsonLines(mut writer) => {
                writer.finish().map_err(failed)?;
                flush(writer.into_inner())
            }
            Inner::Csv { writer, .. } => flush(writer.into_inner()),
            Inner::Arrow(mut writer) => writer.finish().map_err(failed),
            Inner::Parquet(writer) => {
                writer.close().map(|_| ()).map_err(|error| failed(error.into()))
            }
        }
    }
}

fn flush(mut out: impl Write) -> Result<(), QueryError> {
    out.flush().map_err(|source| QueryError::Output { source })
}

fn end_line(mut out: impl Write) -> Result<(), QueryError> {
    out.write_all(b"\n").map_err(|source| QueryError::Output { source })?;
    flush(out)
}

fn failed(error: ArrowError) -> QueryError {
    let source = match error {
        ArrowError::IoError(_, source) => source,
        other => std::io::Error::other(other),
    };
    QueryError::Output { source }
}

/// Prints gathered rows as an aligned table.
fn print_table(
    out: &mut impl Write,
    schema: &SchemaRef,
    batches: &[RecordBatch],
    cell_chars: Option<usize>,
) -> Result<(), QueryError> {
    let options = FormatOptions::default().with_null("NULL");
    let empty = [RecordBatch::new_empty(Arc::clone(schema))];
    let batches = if batches.is_empty() { &empty[..] } else { batches };
    let shown = match cell_chars {
        Some(limit) => {
            batches.iter().map(|batch| shorten(batch, limit, &options)).collect::<Result<_, _>>()
        }
        None => Ok(batches.to_vec()),
    };
    let shown: Vec<RecordBatch> = shown.map_err(failed)?;
    let table = pretty_format_batches_with_options(&shown, &options).map_err(failed)?;
    writeln!(out, "{table}").map_err(|source| QueryError::Output { source })
}

/// A copy of the batch whose cells are text of at most `limit` characters.
fn shorten(
    batch: &RecordBatch,
    limit: usize,
    options: &FormatOptions<'_>,
) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let formatter = ArrayFormatter::try_new(column, options)?;
        let cells = (0..column.len()).map(|row| cut(&formatter.value(row).to_string(), limit));
        columns.push(Arc::new(StringArray::from_iter_values(cells)));
        fields.push(Field::new(field.name(), DataType::Utf8, true));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => text.chars().take(limit.saturating_sub(1)).chain(['…']).collect(),
    }
}

fn is_flat(data_type: &DataType) -> bool {
    !data_type.is_nested()
}

fn flat_schema(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        if is_flat(field.data_type()) {
            Arc::clone(field)
        } else {
            Arc::new(Field::new(field.name(), DataType::Utf8, true))
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Lists and structs as JSON text, which CSV can hold.
fn flatten(batch: &RecordBatch, flat: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns: Result<Vec<ArrayRef>, ArrowError> =
        batch
            .columns()
            .iter()
            .map(|column| {
                if is_flat(column.data_type()) { Ok(Arc::clone(column)) } else { json_text(column) }
            })
            .collect();
    RecordBatch::try_new(Arc::clone(flat), columns?)
}

/// One JSON text per value of a nested column.
fn json_text(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    const PREFIX: &str = "{\"v\":";
    let schema = Arc::new(Schema::new(vec![Field::new("v", column.data_type().clone(), true)]));
    let batch = RecordBatch::try_new(schema, vec![Arc::clone(column)])?;
    let mut lines = Vec::new();
    let mut writer =
        JsonBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(&mut lines);
    writer.write(&batch)?;
    writer.finish()?;
    drop(writer);
    let text = String::from_utf8(lines).map_err(|error| ArrowError::CsvError(error.to_string()))?;
    let mut out = StringBuilder::new();
    for (row, line) in text.lines().enumerate() {
        let value = line.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix('}'));
        out.append_option(value.filter(|_| column.is_valid(row)));
    }
    Ok(Arc::new(out.finish()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use arrow::array::{Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder};

    use super::{OutputFormat, ResultWriter};

    fn batch() -> RecordBatch {
        let mut tags = ListBuilder::new(StringBuilder::new());
        tags.append_value([Some("a"), Some("b,\"c\"")]);
        tags.append_null();
        RecordBatch::try_from_iter([
            ("n", Arc::new(Int64Array::from(vec![Some(1), None])) as _),
            ("text", Arc::new(StringArray::from(vec!["long text here", "é"])) as _),
            ("tags", Arc::new(tags.finish()) as _),
        ])
        .unwrap()
    }

    fn check(format: OutputFormat, cell_chars: Option<usize>, expected: &str) {
        let mut out = Vec::new();
        let batch = batch();
        let mut writer = ResultWriter::new(&mut out, format, &batch.schema(), cell_chars).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn text_formats_are_complete_and_keep_nulls() {
        check(
            OutputFormat::JsonLines,
            None,
            "{\"n\":1,\"text\":\"long text here\",\"tags\":[\"a\",\"b,\\\"c\\\"\"]}\n\
             {\"n\":null,\"text\":\"é\",\"tags\":null}\n",
        );
        check(
            OutputFormat::Json,
            None,
            "[{\"n\":1,\"text\":\"long text here\",\"tags\":[\"a\",\"b,\\\"c\\\"\"]},\
             {\"n\":null,\"text\":\"é\",\"tags\":null}]\n",
        );
        check(
            OutputFormat::Csv,
            None,
            "n,text,tags\n1,long text here,\"[\"\"a\"\",\"\"b,\\\"\"c\\\"\"\"\"]\"\n,é,\n",
        );
        check(
            OutputFormat::Table,
            Some(6),
            "+------+--------+--------+\n\
             | n    | text   | tags   |\n\
             +------+--------+--------+\n\
             | 1    | long … | [a, b… |\n\
             | NULL | é      | NULL   |\n\
             +------+--------+--------+\n",
        );
    }

    #[test]
    fn an_empty_result_still_has_its_columns() {
        for (format, expected) in [
            (OutputFormat::Csv, "n,text,tags\n"),
            (OutputFormat::Json, "[]\n"),
            (OutputFormat::JsonLines, ""),
        ] {
            let mut out = Vec::new();
            ResultWriter::new(&mut out, format, &batch().schema(), None).unwrap().finish().unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{format}");
        }
    }
}
