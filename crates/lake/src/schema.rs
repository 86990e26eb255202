//! Columns as the contract defines them, in the three forms the lake needs: Arrow schema, Delta
//! schema and Parquet writer settings.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use headwater_event::schema::{ColumnDefinition, ColumnType, OBSERVABLE_COLUMNS, columns_of};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use serde_json::{Value, json};

use crate::error::{LakeError, Result};
use crate::hidden::HiddenColumn;
use crate::order::sorting_columns;

/// Chance that a bloom filter keeps a row group that does not hold the value.
const BLOOM_FALSE_POSITIVES: f64 = 0.01;

/// Bytes of a minimum or maximum that are kept in the Parquet footer.
const STATISTIC_BYTES_MAX: usize = 64;

/// Rows of a page: what a query skips inside a row group.
const PAGE_ROWS_MAX: usize = 8_192;

/// Uncompressed bytes after which a row group is closed even if it has few rows (long events).
const ROW_GROUP_BYTES_MAX: usize = 256 << 20;

/// The column of the index by which it is in order.
pub(crate) const INDEX_KEY: &str = "key";

/// Name of the footer entry that says which version of Headwater wrote a file.
const WRITER_KEY: &str = "headwater.version";

/// The stored columns of a table of Headwater's own.
///
/// # Errors
/// `Invalid` when Headwater defines no table of this name.
pub fn stored_columns(table: &str) -> Result<&'static [ColumnDefinition]> {
    columns_of(table).ok_or_else(|| LakeError::NoColumns { table: table.to_owned() })
}

/// Arrow schema of the columns stored in the data files, in their order: what a writer's batches
/// have.
#[must_use]
pub fn stored_schema(columns: &[ColumnDefinition]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(arrow_field).collect::<Fields>()))
}

/// Arrow type of a column.
#[must_use]
pub fn arrow_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::Text => DataType::Utf8,
        ColumnType::TextList => DataType::List(list_element(DataType::Utf8)),
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        ColumnType::Date => DataType::Date32,
        ColumnType::Integer => DataType::Int32,
        ColumnType::Long => DataType::Int64,
        ColumnType::Bytes => DataType::Binary,
        ColumnType::Observables => {
            DataType::List(list_element(DataType::Struct(observable_fields())))
        }
        ColumnType::Issues => DataType::List(list_element(DataType::Struct(issue_fields()))),
    }
}

/// Fields of one element of a column of type `Observables`.
#[must_use]
pub fn observable_fields() -> Fields {
    Fields::from(vec![
        Field::new("type_id", DataType::Int32, true),
        Field::new("name", DataType::Utf8, true),
        Field::new("value", DataType::Utf8, true),
    ])
}

/// Fields of one element of a column of type `Issues`.
#[must_use]
pub fn issue_fields() -> Fields {
    let field = |name: &str| Field::new(name, DataType::Utf8, true);
    Fields::from(ISSUE_FIELDS.map(field).to_vec())
}

/// Names of the fields of an issue.
pub const ISSUE_FIELDS: [&str; 4] = ["severity", "code", "path", "value"];

/// The field that a list's elements have, named as Parquet and Delta name it.
#[must_use]
pub fn list_element(element: DataType) -> Arc<Field> {
    Arc::new(Field::new("element", element, true))
}

fn arrow_field(column: &ColumnDefinition) -> Field {
    Field::new(column.name, arrow_type(column.column_type), column.nullable)
}

/// Names of the columns whose minimum, maximum and null count go into the log.
pub(crate) fn statistics_columns(columns: &[ColumnDefinition]) -> Vec<&'static str> {
    columns.iter().filter(|column| column.statistics).map(|column| column.name).collect()
}

/// Schema of a table as the Delta log holds it: the stored columns, then the partition columns.
pub(crate) fn delta_schema(columns: &[ColumnDefinition], partitions: &[&str]) -> Value {
    let stored = columns
        .iter()
        .map(|column| delta_field(column.name, &delta_type(column.column_type), column.nullable));
    let partitions = partitions.iter().map(|name| delta_field(name, &json!("string"), true));
    json!({ "type": "struct", "fields": stored.chain(partitions).collect::<Vec<_>>() })
}

fn delta_field(name: &str, delta_type: &Value, nullable: bool) -> Value {
    json!({ "name": name, "type": delta_type, "nullable": nullable, "metadata": {} })
}

fn delta_type(column_type: ColumnType) -> Value {
    let array =
        |element: Value| json!({ "type": "array", "elementType": element, "containsNull": true });
    match column_type {
        ColumnType::Text => json!("string"),
        ColumnType::TextList => array(json!("string")),
        ColumnType::Timestamp => json!("timestamp"),
        ColumnType::Date => json!("date"),
        ColumnType::Integer => json!("integer"),
        ColumnType::Long => json!("long"),
        ColumnType::Bytes => json!("binary"),
        ColumnType::Observables => array(json!({
            "type": "struct",
            "fields": [
                delta_field("type_id", &json!("integer"), true),
                delta_field("name", &json!("string"), true),
                delta_field("value", &json!("string"), true),
            ],
        })),
        ColumnType::Issues => array(json!({
            "type": "struct",
            "fields": ISSUE_FIELDS.map(|name| delta_field(name, &json!("string"), true)),
        })),
    }
}

/// A table's Delta schema with the columns that it lacks and that may be absent, which older
/// versions of Headwater did not have; `None` when it lacks none.
pub(crate) fn widened_schema(columns: &[ColumnDefinition], actual: &Value) -> Option<Value> {
    let mut schema = actual.clone();
    let fields = schema.get_mut("fields")?.as_array_mut()?;
    let is_there = |name: &str, fields: &[Value]| {
        fields.iter().any(|field| field.get("name").and_then(Value::as_str) == Some(name))
    };
    let missing = columns.iter().filter(|column| column.nullable);
    let missing: Vec<&ColumnDefinition> =
        missing.filter(|column| !is_there(column.name, fields)).collect();
    if missing.is_empty() {
        return None;
    }
    let new = missing
        .iter()
        .map(|column| delta_field(column.name, &delta_type(column.column_type), column.nullable));
    fields.extend(new);
    Some(schema)
}

/// The first way in which a table's Delta schema does not fit the files that Headwater writes into
/// it; `None` when it fits. Further columns are fine as long as they may be absent.
pub(crate) fn schema_difference(
    columns: &[ColumnDefinition],
    partitions: &[&str],
    actual: &Value,
) -> Option<String> {
    let expected = delta_schema(columns, partitions);
    let empty = Vec::new();
    let fields = |schema: &'_ Value| schema.get("fields").and_then(Value::as_array).cloned();
    let expected = fields(&expected).unwrap_or_default();
    let actual = fields(actual).unwrap_or(empty);
    let name = |field: &Value| field.get("name").and_then(Value::as_str).unwrap_or("").to_owned();
    for field in &expected {
        let Some(found) = actual.iter().find(|other| name(other) == name(field)) else {
            return Some(format!("column `{}` is missing", name(field)));
        };
        if plain_type(found.get("type")) != plain_type(field.get("type")) {
            let found_type = found.get("type").cloned().unwrap_or_default();
            return Some(format!("column `{}` has type {found_type}", name(field)));
        }
        if found.get("nullable") == Some(&json!(false))
            && field.get("nullable") == Some(&json!(true))
        {
            return Some(format!("column `{}` must not be null", name(field)));
        }
    }
    let unknown = actual.iter().find(|field| {
        field.get("nullable") == Some(&json!(false))
            && !expected.iter().any(|other| name(other) == name(field))
    });
    unknown.map(|field| format!("column `{}` is required", name(field)))
}

/// A Delta type without what does not matter for its values: metadata of nested fields.
fn plain_type(delta_type: Option<&Value>) -> Value {
    match delta_type {
        Some(Value::Object(object)) => Value::Object(
            object
                .iter()
                .filter(|(key, _)| *key != "metadata")
                .map(|(key, value)| (key.clone(), plain_type(Some(value))))
                .collect(),
        ),
        Some(Value::Array(items)) => {
            Value::Array(items.iter().map(|item| plain_type(Some(item))).collect())
        }
        Some(other) => other.clone(),
        None => Value::Null,
    }
}

/// Settings of the writer of a file of `rows` rows (or more) with these columns.
pub(crate) fn writer_options(
    columns: &[ColumnDefinition],
    hidden: &[HiddenColumn],
    row_group_rows: usize,
    zstd_level: i32,
    rows: usize,
) -> Result<ArrowWriterOptions> {
    let properties = writer_properties(columns, hidden, row_group_rows, zstd_level, rows)?;
    // The Arrow types are said only where the footer is not the one that others read.
    let options = ArrowWriterOptions::new().with_properties(properties);
    Ok(options.with_skip_arrow_metadata(hidden.is_empty()))
}

/// Rows of a row group of the index.
const INDEX_GROUP_ROWS: usize = 65_536;

/// Rows of a page of the index: what a lookup reads at least.
const INDEX_PAGE_ROWS: usize = 4_096;

/// Compression level of zstd for the index.
const INDEX_ZSTD_LEVEL: i32 = 3;

/// Settings of the writer of a file of the index of observables: keys are in order, so each is
/// written as its difference to the one before.
pub(crate) fn index_writer_options() -> Result<ArrowWriterOptions> {
    let columns = &OBSERVABLE_COLUMNS;
    let properties =
        writer_properties(columns, &[], INDEX_GROUP_ROWS, INDEX_ZSTD_LEVEL, INDEX_GROUP_ROWS)?;
    let key = || ColumnPath::new(vec![INDEX_KEY.to_owned()]);
    let properties = properties
        .into_builder()
        .set_data_page_row_count_limit(INDEX_PAGE_ROWS)
        .set_write_batch_size(INDEX_PAGE_ROWS / 4)
        .set_column_encoding(key(), Encoding::DELTA_BYTE_ARRAY)
        .set_sorting_columns(Some(vec![SortingColumn {
            column_idx: 0,
            descending: false,
            nulls_first: false,
        }]))
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties);
    Ok(options.with_skip_arrow_metadata(true))
}

fn writer_properties(
    columns: &[ColumnDefinition],
    hidden: &[HiddenColumn],
    row_group_rows: usize,
    zstd_level: i32,
    rows: usize,
) -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(zstd_level).map_err(LakeError::parquet("configure", "zstd"))?;
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(row_group_rows))
        .set_data_page_row_count_limit(PAGE_ROWS_MAX)
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES_MAX))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_statistics_truncate_length(Some(STATISTIC_BYTES_MAX))
        .set_column_index_truncate_length(Some(STATISTIC_BYTES_MAX))
        .set_sorting_columns(Some(sorting_columns(columns)))
        .set_key_value_metadata(Some(vec![KeyValue::new(
            WRITER_KEY.to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
        )]));
    for column in columns {
        for path in leaf_paths(column) {
            builder = leaf_properties(builder, column, path, rows.min(row_group_rows));
        }
    }
    Ok(hidden.iter().fold(builder, hidden_properties).build())
}

/// Hidden columns are there to be filtered by.
fn hidden_properties(
    builder: WriterPropertiesBuilder,
    column: &HiddenColumn,
) -> WriterPropertiesBuilder {
    let path = ColumnPath::new(vec![column.path.to_string()]);
    let builder = builder.set_column_statistics_enabled(path.clone(), EnabledStatistics::Page);
    let Some(distinct) = column.bloom_distinct else { return builder };
    bloom_filter(builder, path, distinct)
}

fn bloom_filter(
    builder: WriterPropertiesBuilder,
    path: ColumnPath,
    distinct: u64,
) -> WriterPropertiesBuilder {
    builder
        .set_column_bloom_filter_enabled(path.clone(), true)
        .set_column_bloom_filter_fpp(path.clone(), BLOOM_FALSE_POSITIVES)
        .set_column_bloom_filter_max_ndv(path, distinct)
}

fn leaf_properties(
    mut builder: WriterPropertiesBuilder,
    column: &ColumnDefinition,
    path: ColumnPath,
    row_group_rows: usize,
) -> WriterPropertiesBuilder {
    if column.statistics {
        builder = builder.set_column_statistics_enabled(path.clone(), EnabledStatistics::Page);
    }
    if column.bloom {
        let distinct = u64::try_from(row_group_rows).unwrap_or(u64::MAX).max(1);
        builder = bloom_filter(builder, path.clone(), distinct);
    }
    if column.column_type == ColumnType::Timestamp {
        // Sorted or nearly constant: differences take a fraction of a dictionary of unique values.
        return builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    builder.set_column_dictionary_enabled(path, column.dictionary)
}

/// The Parquet columns of a column of the table, in their order.
pub(crate) fn leaf_paths(column: &ColumnDefinition) -> Vec<ColumnPath> {
    let path =
        |parts: &[&str]| ColumnPath::new(parts.iter().map(|&part| part.to_owned()).collect());
    match column.column_type {
        ColumnType::TextList => vec![path(&[column.name, "list", "element"])],
        ColumnType::Observables => observable_fields()
            .iter()
            .map(|field| path(&[column.name, "list", "element", field.name()]))
            .collect(),
        ColumnType::Issues => {
            ISSUE_FIELDS.iter().map(|name| path(&[column.name, "list", "element", name])).collect()
        }
        ColumnType::Text
        | ColumnType::Timestamp
        | ColumnType::Date
        | ColumnType::Integer
        | ColumnType::Long
        | ColumnType::Bytes => vec![path(&[column.name])],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use headwater_event::schema::{EVENT_COLUMNS, PARTITION_COLUMNS, REJECT_COLUMNS};
    use parquet::arrow::ArrowSchemaConverter;

    use super::*;

    #[test]
    fn leaf_paths_are_those_of_the_parquet_file() {
        for columns in [&EVENT_COLUMNS[..], &REJECT_COLUMNS[..]] {
            let parquet = ArrowSchemaConverter::new().convert(&stored_schema(columns)).unwrap();
            let actual: Vec<_> = parquet.columns().iter().map(|leaf| leaf.path().clone()).collect();
            let expected: Vec<_> = columns.iter().flat_map(leaf_paths).collect();
            assert_eq!(actual, expected);
        }
    }

    #[test]
    fn a_schema_fits_itself_and_further_optional_columns() {
        let mut schema = delta_schema(&EVENT_COLUMNS, &PARTITION_COLUMNS);
        assert_eq!(schema_difference(&EVENT_COLUMNS, &PARTITION_COLUMNS, &schema), None);
        let fields = schema["fields"].as_array_mut().unwrap();
        fields.push(delta_field("note", &json!("string"), true));
        assert_eq!(schema_difference(&EVENT_COLUMNS, &PARTITION_COLUMNS, &schema), None);
    }

    #[test]
    fn names_the_column_that_does_not_fit() {
        let check = |change: &dyn Fn(&mut Vec<Value>), expected: &str| {
            let mut schema = delta_schema(&REJECT_COLUMNS, &PARTITION_COLUMNS);
            change(schema["fields"].as_array_mut().unwrap());
            let difference =
                schema_difference(&REJECT_COLUMNS, &PARTITION_COLUMNS, &schema).unwrap();
            assert_eq!(difference, expected);
        };
        check(&|fields| drop(fields.remove(0)), "column `rejectid` is missing");
        check(
            &|fields| fields[1]["type"] = json!("date"),
            "column `utctimestamp` has type \"date\"",
        );
        check(&|fields| fields[4]["nullable"] = json!(false), "column `plugin` must not be null");
        check(
            &|fields| fields.push(delta_field("extra", &json!("long"), false)),
            "column `extra` is required",
        );
    }
}
