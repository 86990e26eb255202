//! A footer with the columns that a statement names, and no others. What is made of a footer for
//! each statement (a schema, its comparison with the table's) costs by the number of its columns,
//! and files have many hidden ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, encode_arrow_schema, parquet_to_arrow_schema};
use parquet::basic::{Encoding, PageType};
use parquet::errors::Result;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataBuilder,
    RowGroupMetaData,
};
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type};

use super::named::Names;
use crate::table::view_field;

/// The footer without the columns that have none of these names; at least one column is kept. Text
/// comes as views, or as a dictionary where that is asked for and the file has nothing else.
///
/// # Errors
/// The footer is not one that a reader would take.
pub(super) fn cut(footer: &ParquetMetaData, names: &Names) -> Result<ParquetMetaData> {
    let file = footer.file_metadata();
    let whole = file.schema_descr();
    let roots = whole.root_schema().get_fields();
    let is_named = |root: &usize| roots.get(*root).is_some_and(|one| names.contains(one.name()));
    let mut kept: BTreeSet<usize> = (0..roots.len()).filter(is_named).collect();
    if kept.is_empty() {
        kept.insert(0);
    }
    let is_kept = |leaf: &usize| kept.contains(&whole.get_column_root_idx(*leaf));
    let leaves: Vec<usize> = (0..whole.num_columns()).filter(is_kept).collect();
    let fields = kept.iter().filter_map(|root| roots.get(*root).cloned()).collect();
    let root = Type::group_type_builder(whole.name()).with_fields(fields).build()?;
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(root)));
    let groups = footer.row_groups().iter();
    let groups: Vec<_> =
        groups.map(|group| cut_group(group, &schema, &leaves)).collect::<Result<_>>()?;
    let orders = file.column_orders().map(|all| of_leaves(all, &leaves));
    let types = vec![arrow_types(&schema, &groups, names)?];
    let created_by = file.created_by().map(str::to_owned);
    let file =
        FileMetaData::new(file.version(), file.num_rows(), created_by, Some(types), schema, orders);
    let bounds = footer.column_index();
    let pages = footer.offset_index();
    let builder = ParquetMetaDataBuilder::new(file).set_row_groups(groups);
    Ok(builder
        .set_column_index(bounds.map(|all| all.iter().map(|one| of_leaves(one, &leaves)).collect()))
        .set_offset_index(pages.map(|all| all.iter().map(|one| of_leaves(one, &leaves)).collect()))
        .build())
}

fn cut_group(
    group: &RowGroupMetaData,
    schema: &SchemaDescPtr,
    leaves: &[usize],
) -> Result<RowGroupMetaData> {
    let mut builder = RowGroupMetaData::builder(Arc::clone(schema))
        .set_num_rows(group.num_rows())
        .set_total_byte_size(group.total_byte_size())
        .set_column_metadata(of_leaves(group.columns(), leaves));
    if let Some(ordinal) = group.ordinal() {
        builder = builder.set_ordinal(ordinal);
    }
    if let Some(offset) = group.file_offset() {
        builder = builder.set_file_offset(offset);
    }
    builder.build()
}

fn of_leaves<T: Clone>(all: &[T], leaves: &[usize]) -> Vec<T> {
    leaves.iter().filter_map(|leaf| all.get(*leaf).cloned()).collect()
}

/// The Arrow types of the columns, as a reader looks for them.
fn arrow_types(
    schema: &SchemaDescriptor,
    groups: &[RowGroupMetaData],
    names: &Names,
) -> Result<KeyValue> {
    let stored = parquet_to_arrow_schema(schema, None)?;
    let fields = stored.fields().iter().enumerate().map(|(root, field)| {
        let is_dictionary = *field.data_type() == DataType::Utf8
            && names.is_dictionary(field.name())
            && is_dictionary(schema, groups, root);
        match is_dictionary {
            true => Arc::new(field.as_ref().clone().with_data_type(stored_dictionary())),
            false => view_field(field),
        }
    });
    let types = encode_arrow_schema(&Schema::new(fields.collect::<Vec<_>>()));
    Ok(KeyValue { key: ARROW_SCHEMA_META_KEY.to_owned(), value: Some(types) })
}

/// What a reader makes of a column of text that is all in dictionaries without looking at the
/// texts.
fn stored_dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// Whether all values of a flat column are in dictionaries.
fn is_dictionary(schema: &SchemaDescriptor, groups: &[RowGroupMetaData], root: usize) -> bool {
    let leaf = (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == root);
    let Some(leaf) = leaf else { return false };
    groups.iter().all(|group| group.columns().get(leaf).is_some_and(is_in_dictionary))
}

fn is_in_dictionary(chunk: &ColumnChunkMetaData) -> bool {
    let has_values_in_pages = match chunk.page_encoding_stats_mask() {
        Some(encodings) => !encodings.is_only(Encoding::RLE_DICTIONARY),
        None => chunk.page_encoding_stats().is_none_or(|pages| {
            let is_data = |kind| matches!(kind, PageType::DATA_PAGE | PageType::DATA_PAGE_V2);
            let mut pages = pages.iter().filter(|page| is_data(page.page_type));
            pages.any(|page| page.encoding != Encoding::RLE_DICTIONARY)
        }),
    };
    chunk.dictionary_page_offset().is_some() && !has_values_in_pages
}
