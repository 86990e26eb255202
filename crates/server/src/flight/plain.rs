//! Rows as every driver understands them: text and binary without views, no dictionaries, in parts
//! that fit into one gRPC message.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, GenericByteArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{BinaryType, ByteArrayType, DataType, Field, Schema, SchemaRef, Utf8Type};
use arrow::error::ArrowError;

/// The columns as they are sent. All are nullable: whether a column can be null depends on where
/// its rows come from, and must not differ between the announcement of an answer and the answer.
pub(super) fn plain_schema(schema: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| Field::new(field.name(), plain_type(field.data_type()), true);
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

/// Rows with the columns of their [`plain_schema`].
///
/// # Errors
/// A value does not fit into the plain type.
pub(super) fn plain_rows(
    rows: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let columns = rows.columns().iter().zip(schema.fields());
    let columns: Result<Vec<ArrayRef>, ArrowError> = columns
        .map(|(column, field)| match column.data_type() == field.data_type() {
            true => Ok(Arc::clone(column)),
            false => cast(column, field.data_type()),
        })
        .collect();
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns?, &options)
}

fn plain_type(kind: &DataType) -> DataType {
    let plain = |field: &Arc<Field>| {
        let kind = plain_type(field.data_type());
        Arc::new(field.as_ref().clone().with_data_type(kind))
    };
    match kind {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::Dictionary(_, values) => plain_type(values),
        DataType::RunEndEncoded(_, values) => plain_type(values.data_type()),
        DataType::List(item) | DataType::ListView(item) => DataType::List(plain(item)),
        DataType::LargeList(item) | DataType::LargeListView(item) => {
            DataType::LargeList(plain(item))
        }
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(plain(item), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain).collect()),
        DataType::Map(entries, sorted) => DataType::Map(plain(entries), *sorted),
        other => other.clone(),
    }
}

/// The same rows in parts of at most so many bytes; a row that is larger is a part of its own.
pub(super) fn split(rows: &RecordBatch, bytes_max: usize) -> Vec<RecordBatch> {
    let (mut parts, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (row, size) in row_bytes(rows).into_iter().enumerate() {
        if row > start && bytes + size > bytes_max {
            parts.push(rows.slice(start, row - start));
            (start, bytes) = (row, 0);
        }
        bytes += size;
    }
    if rows.num_rows() > start {
        parts.push(rows.slice(start, rows.num_rows() - start));
    }
    parts
}

/// The size of each row: exact for text and binary, which differ most, the mean of all rows for
/// other columns.
fn row_bytes(rows: &RecordBatch) -> Vec<usize> {
    let mut sizes = vec![0; rows.num_rows()];
    for column in rows.columns() {
        match column.data_type() {
            DataType::Utf8View => add_views(&mut sizes, column.as_string_view().views()),
            DataType::BinaryView => add_views(&mut sizes, column.as_binary_view().views()),
            DataType::Utf8 => add_lengths(&mut sizes, column.as_bytes::<Utf8Type>()),
            DataType::Binary => add_lengths(&mut sizes, column.as_bytes::<BinaryType>()),
            _ => {
                let all = column.to_data().get_slice_memory_size();
                let all = all.unwrap_or_else(|_| column.get_array_memory_size());
                let mean = all.div_ceil(rows.num_rows().max(1));
                sizes.iter_mut().for_each(|size| *size += mean);
            }
        }
    }
    sizes
}

/// The length of a value is the low half word of its view; four bytes more are its offset.
fn add_views(sizes: &mut [usize], views: &[u128]) {
    for (size, view) in sizes.iter_mut().zip(views) {
        *size += usize::try_from(view & u128::from(u32::MAX)).unwrap_or_default() + 4;
    }
}

fn add_lengths<T: ByteArrayType<Offset = i32>>(sizes: &mut [usize], array: &GenericByteArray<T>) {
    for (size, length) in sizes.iter_mut().zip(array.offsets().lengths()) {
        *size += length + 4;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use arrow::array::{DictionaryArray, Int64Array, ListArray, StringViewArray};
    use arrow::datatypes::{Int32Type, Int64Type};

    use super::*;

    fn batch(lengths: &[usize]) -> RecordBatch {
        let texts: Vec<String> = lengths.iter().map(|length| "x".repeat(*length)).collect();
        let texts: ArrayRef = Arc::new(StringViewArray::from_iter_values(texts));
        let rows = i64::try_from(lengths.len()).unwrap();
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
        RecordBatch::try_from_iter([("text", texts), ("number", numbers)]).unwrap()
    }

    fn check(lengths: &[usize], expected: &[usize]) {
        let rows = batch(lengths);
        let parts = split(&rows, 1_000);
        let counts: Vec<usize> = parts.iter().map(RecordBatch::num_rows).collect();
        assert_eq!(counts, expected, "{lengths:?}");
        let numbers = parts
            .iter()
            .flat_map(|part| part.column(1).as_primitive::<Int64Type>().values().to_vec());
        assert!(numbers.eq(0..i64::try_from(lengths.len()).unwrap()), "{lengths:?}");
    }

    #[test]
    fn parts_hold_whole_rows_and_stay_small() {
        check(&[], &[]);
        check(&[10], &[1]);
        check(&[5_000], &[1]);
        check(&[400, 400, 400, 10], &[2, 2]);
        check(&[10, 5_000, 10, 10], &[1, 1, 2]);
        check(&[0; 300], &[83, 83, 83, 51]);
    }

    #[test]
    fn views_and_dictionaries_become_plain_also_inside() {
        let texts = batch(&[3, 20]);
        let words: DictionaryArray<Int32Type> = ["a", "b"].into_iter().collect();
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1)]), None]);
        let views = DataType::List(Arc::new(Field::new_list_field(DataType::Utf8View, true)));
        let lists = cast(&lists, &views).unwrap();
        let rows = RecordBatch::try_from_iter([
            ("text", Arc::clone(texts.column(0))),
            ("word", Arc::new(words) as ArrayRef),
            ("list", lists),
        ])
        .unwrap();
        let schema = plain_schema(&rows.schema());
        let list = DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)));
        let types: Vec<_> = schema.fields().iter().map(|field| field.data_type()).collect();
        assert_eq!(types, [&DataType::Utf8, &DataType::Utf8, &list]);
        let plain = plain_rows(&rows, &schema).unwrap();
        assert_eq!(plain.column(1).as_string::<i32>().value(1), "b");
        assert_eq!(plain.column(0).as_string::<i32>().value(1).len(), 20);
    }
}
