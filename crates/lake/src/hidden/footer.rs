//! The two footers of a data file with hidden columns.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{
    FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataWriter,
    RowGroupMetaData,
};
use parquet::schema::types::{SchemaDescriptor, Type};

/// Name of the footer entry that says where to cut the file for its hidden columns.
pub(crate) const HIDDEN_END_KEY: &str = "headwater.hidden_end";

/// What comes behind the footer that the library wrote.
pub(crate) struct Footers {
    /// To be appended to the file.
    pub(crate) bytes: Vec<u8>,
    /// Bytes of the file up to the end of the footer that lists hidden columns; `None` when no
    /// footer lists one that is worth something.
    pub(crate) hidden_end: Option<u64>,
    /// Where the filters of words are.
    pub(crate) words: Option<Range<u64>>,
}

/// The footers of a file of `file_bytes` bytes so far, whose columns beyond the first
/// `public_columns` are hidden; `broken` are the names of those that are worth nothing. Filters of
/// words come in front of the last footer.
///
/// # Errors
/// Those of the library.
pub(crate) fn finish(
    metadata: &ParquetMetaData,
    file_bytes: u64,
    public_columns: usize,
    broken: &[String],
    words: Option<Vec<u8>>,
) -> Result<Footers> {
    let roots = metadata.file_metadata().schema_descr().root_schema().get_fields();
    if roots.len() <= public_columns {
        return Ok(Footers { bytes: Vec::new(), hidden_end: None, words: None });
    }
    let mut bytes = Vec::new();
    let mut hidden_end = file_bytes;
    if !broken.is_empty() {
        let is_sound = |root: usize, name: &str| {
            root < public_columns || !broken.iter().any(|broken| broken == name)
        };
        write(&mut bytes, &reduced(metadata, is_sound, None)?)?;
        hidden_end += bytes.len() as u64;
    }
    let words = words.map(|words| {
        let start = file_bytes + bytes.len() as u64;
        bytes.extend(words);
        start..file_bytes + bytes.len() as u64
    });
    let has_hidden = roots.len() - broken.len() > public_columns;
    let pair = KeyValue::new(HIDDEN_END_KEY.to_owned(), hidden_end.to_string());
    let public = reduced(metadata, |root, _| root < public_columns, has_hidden.then_some(pair))?;
    write(&mut bytes, &public)?;
    Ok(Footers { bytes, hidden_end: has_hidden.then_some(hidden_end), words })
}

fn write(bytes: &mut Vec<u8>, metadata: &ParquetMetaData) -> Result<()> {
    ParquetMetaDataWriter::new(bytes, metadata).finish()
}

/// The description of a file with some of its columns. What it says about where they are stays
/// true.
fn reduced(
    metadata: &ParquetMetaData,
    keep: impl Fn(usize, &str) -> bool,
    pair: Option<KeyValue>,
) -> Result<ParquetMetaData> {
    let file = metadata.file_metadata();
    let all = file.schema_descr();
    let roots = all.root_schema().get_fields().iter().enumerate();
    let kept: Vec<_> = roots.filter(|(root, field)| keep(*root, field.name())).collect();
    let fields = kept.iter().map(|(_, field)| Arc::clone(field)).collect();
    let root = Type::group_type_builder(all.root_schema().name()).with_fields(fields).build()?;
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(root)));
    let kept: HashSet<usize> = kept.into_iter().map(|(root, _)| root).collect();
    let leaves: Vec<bool> =
        (0..all.num_columns()).map(|leaf| kept.contains(&all.get_column_root_idx(leaf))).collect();
    let row_groups = metadata.row_groups().iter().map(|group| {
        let columns = group.columns().iter().zip(&leaves).filter(|(_, keep)| **keep);
        let columns: Vec<_> = columns.map(|(column, _)| column.clone()).collect();
        let bytes = columns.iter().map(|column| column.uncompressed_size()).sum();
        let mut builder = RowGroupMetaData::builder(Arc::clone(&schema))
            .set_num_rows(group.num_rows())
            .set_total_byte_size(bytes)
            .set_sorting_columns(group.sorting_columns().cloned())
            .set_column_metadata(columns);
        if let Some(ordinal) = group.ordinal() {
            builder = builder.set_ordinal(ordinal);
        }
        if let Some(offset) = group.file_offset() {
            builder = builder.set_file_offset(offset);
        }
        builder.build()
    });
    let row_groups = row_groups.collect::<Result<Vec<_>, ParquetError>>()?;
    let mut pairs = file.key_value_metadata().cloned().unwrap_or_default();
    // It describes all columns to one library; the Parquet schema says what there is to be said.
    pairs.retain(|known| known.key != parquet::arrow::ARROW_SCHEMA_META_KEY);
    pairs.extend(pair);
    let file = FileMetaData::new(
        file.version(),
        file.num_rows(),
        file.created_by().map(str::to_owned),
        Some(pairs),
        schema,
        None,
    );
    Ok(ParquetMetaDataBuilder::new(file).set_row_groups(row_groups).build())
}
