//! A footer without some columns reads the others as the whole one does.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Int32Type};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::{
    PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader, SortingColumn,
};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::cut::cut;
use super::named::Names;

const ROWS: i32 = 1_000;

fn rows() -> RecordBatch {
    let numbers = Int64Array::from_iter_values(0..i64::from(ROWS));
    let lists = (0..ROWS).map(|row| Some(vec![Some(row), None]));
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(lists);
    let texts = |prefix: &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| format!("{prefix}{row}"))))
    };
    RecordBatch::try_from_iter([
        ("lists", Arc::new(lists) as ArrayRef),
        ("number", Arc::new(numbers)),
        ("details", texts("document ")),
        ("details$.a", texts("value ")),
    ])
    .unwrap()
}

/// A file of four row groups, each of several pages.
fn file() -> Bytes {
    let sorted = SortingColumn { column_idx: 2, descending: false, nulls_first: false };
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(250))
        .set_data_page_row_count_limit(100)
        .set_write_batch_size(50)
        .set_sorting_columns(Some(vec![sorted]))
        .set_column_dictionary_enabled(ColumnPath::from("details$.a"), false)
        .build();
    let rows = rows();
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties)).unwrap();
    writer.write(&rows).unwrap();
    Bytes::from(writer.into_inner().unwrap())
}

fn footer(file: &Bytes) -> ParquetMetaData {
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Required);
    reader.parse_and_finish(file).unwrap()
}

fn cut_to(file: &Bytes, names: &[&str]) -> ParquetMetaData {
    let values = names.iter().map(|name| (*name).to_owned()).collect();
    cut(&footer(file), &Names { values, ..Names::default() }).unwrap()
}

fn read(file: &Bytes, footer: ParquetMetaData) -> RecordBatch {
    let options = ArrowReaderOptions::new();
    let footer = ArrowReaderMetadata::try_new(Arc::new(footer), options).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), footer);
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

#[test]
fn the_named_columns_are_read_as_before() {
    let file = file();
    let cut = cut_to(&file, &["details$.a", "number", "of another file"]);
    assert_eq!(cut.num_row_groups(), 4);
    let read = read(&file, cut);
    let (schema, expected) = (read.schema(), rows());
    let names: Vec<_> = schema.fields().iter().map(|field| field.name()).collect();
    assert_eq!(names, ["number", "details$.a"]);
    assert_eq!(read.column(0), expected.column(1));
    // Text comes as views.
    assert_eq!(*read.column(1).data_type(), DataType::Utf8View);
    let values: Vec<_> = read.column(1).as_string_view().iter().collect();
    assert_eq!(values, expected.column(3).as_string::<i32>().iter().collect::<Vec<_>>());
}

#[test]
fn a_column_comes_as_the_dictionary_that_it_is() {
    let file = file();
    let both: BTreeSet<_> = ["details", "details$.a"].map(str::to_owned).into();
    let types = |values: &[&str]| {
        let values = values.iter().map(|name| (*name).to_owned()).collect();
        let names = Names { values, dictionaries: both.clone() };
        let read = read(&file, cut(&footer(&file), &names).unwrap());
        assert_eq!(read.num_columns(), 2);
        for (column, expected) in read.columns().iter().zip(&rows().columns()[2..]) {
            let (column, expected) =
                (cast(column, &DataType::Utf8), cast(expected, &DataType::Utf8));
            assert_eq!(column.unwrap().as_ref(), expected.unwrap().as_ref());
        }
        [0, 1].map(|column| read.column(column).data_type().clone())
    };
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    assert_eq!(types(&[]), [dictionary, DataType::Utf8View]);
    // Who reads its values as well gets them alone.
    assert_eq!(types(&["details"]), [DataType::Utf8View, DataType::Utf8View]);
}

#[test]
fn a_nested_column_is_kept_whole() {
    let file = file();
    let read = read(&file, cut_to(&file, &["lists"]));
    assert_eq!(read.num_columns(), 1);
    assert_eq!(read.column(0), rows().column(0));
}

#[test]
fn page_indexes_are_those_of_the_named_columns() {
    let file = file();
    let (whole, cut) = (footer(&file), cut_to(&file, &["details$.a", "number"]));
    let bounds = whole.column_index().unwrap().iter().zip(cut.column_index().unwrap());
    for (whole, cut) in bounds {
        assert_eq!(*cut, [whole[1].clone(), whole[3].clone()]);
    }
    let pages = whole.offset_index().unwrap().iter().zip(cut.offset_index().unwrap());
    for (whole, cut) in pages {
        assert!(cut[0].page_locations().len() > 1);
        assert_eq!(*cut, [whole[1].clone(), whole[3].clone()]);
    }
}

#[test]
fn rows_can_be_counted_where_no_column_is_named() {
    let file = file();
    for names in [&[][..], &["of another file"]] {
        let cut = cut_to(&file, names);
        let rows: i64 = cut.row_groups().iter().map(|group| group.num_rows()).sum();
        assert_eq!(rows, i64::from(ROWS));
        assert_eq!(read(&file, cut).num_columns(), 1);
    }
}
