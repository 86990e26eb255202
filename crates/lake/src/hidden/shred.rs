//! Takes the values of hidden columns out of the documents, batch after batch.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray as _, Int64Builder, RecordBatch, StringArray, StringViewArray,
    StringViewBuilder,
};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use headwater_event::document::collect::{Collector, Found, Places};

use super::{DOCUMENTS, HiddenColumn, HiddenType, canonical_integer, with_hidden};

/// Adds hidden columns to the batches of one file.
pub(crate) struct Shredder {
    columns: Vec<HiddenColumn>,
    schema: SchemaRef,
    documents: Vec<Document>,
    /// By column: whether a value did not fit its type, so that the column is worth nothing.
    broken: Vec<bool>,
}

/// The hidden columns of one column of documents.
struct Document {
    name: &'static str,
    collector: Collector,
    /// Their numbers, in the order of the places.
    columns: Vec<usize>,
}

enum Builder {
    Text(StringViewBuilder),
    Integer(Int64Builder),
}

impl Shredder {
    /// A shredder for batches of `schema`.
    pub(crate) fn new(schema: &SchemaRef, columns: Vec<HiddenColumn>) -> Self {
        let document = |name: &&'static str| {
            let own =
                columns.iter().enumerate().filter(|(_, column)| column.path.document == *name);
            let (columns, pointers): (Vec<_>, Vec<_>) =
                own.map(|(number, column)| (number, &column.path.pointer)).unzip();
            Document { name, collector: Collector::new(Places::new(pointers)), columns }
        };
        let documents: Vec<_> = DOCUMENTS.iter().map(document).collect();
        Self {
            schema: with_hidden(schema, &columns),
            documents: documents
                .into_iter()
                .filter(|document| !document.columns.is_empty())
                .collect(),
            broken: vec![false; columns.len()],
            columns,
        }
    }

    /// The schema of the batches with hidden columns.
    pub(crate) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Names of the columns that turned out to be worth nothing.
    pub(crate) fn broken(&self) -> Vec<String> {
        let broken = self.columns.iter().zip(&self.broken).filter(|(_, broken)| **broken);
        broken.map(|(column, _)| column.path.to_string()).collect()
    }

    /// A batch with its hidden columns.
    pub(crate) fn shred(&mut self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        if self.columns.is_empty() {
            return Ok(batch.clone());
        }
        let mut hidden: Vec<Option<ArrayRef>> = vec![None; self.columns.len()];
        for document in &mut self.documents {
            let Some(texts) = batch.column_by_name(document.name) else { continue };
            let builders = document.columns.iter().map(|number| {
                let integer = self.columns.get(*number).map(|column| column.hidden_type);
                Builder::new(integer == Some(HiddenType::Integer), batch.num_rows())
            });
            let mut builders: Vec<_> = builders.collect();
            let mut broken = vec![false; builders.len()];
            match texts.data_type() {
                DataType::Utf8View => {
                    fill(
                        texts.as_string_view(),
                        &mut document.collector,
                        &mut builders,
                        &mut broken,
                    );
                }
                _ => {
                    fill(
                        texts.as_string::<i32>(),
                        &mut document.collector,
                        &mut builders,
                        &mut broken,
                    );
                }
            }
            for ((number, builder), broken) in document.columns.iter().zip(builders).zip(broken) {
                if let Some(column) = hidden.get_mut(*number) {
                    *column = Some(builder.finish());
                }
                if let Some(known) = self.broken.get_mut(*number) {
                    *known |= broken;
                }
            }
        }
        let own = batch.columns().iter().cloned();
        RecordBatch::try_new(
            Arc::clone(&self.schema),
            own.chain(hidden.into_iter().flatten()).collect(),
        )
    }
}

/// Texts by row.
trait Texts {
    fn rows(&self) -> usize;
    fn text(&self, row: usize) -> Option<&str>;
}

impl Texts for StringViewArray {
    fn rows(&self) -> usize {
        self.len()
    }

    fn text(&self, row: usize) -> Option<&str> {
        (!self.is_null(row)).then(|| self.value(row))
    }
}

impl Texts for StringArray {
    fn rows(&self) -> usize {
        self.len()
    }

    fn text(&self, row: usize) -> Option<&str> {
        (!self.is_null(row)).then(|| self.value(row))
    }
}

fn fill(
    texts: &impl Texts,
    collector: &mut Collector,
    builders: &mut [Builder],
    broken: &mut [bool],
) {
    let mut found = vec![Found::Nothing; builders.len()];
    let mut scratch = String::new();
    for row in 0..texts.rows() {
        match texts.text(row) {
            Some(text) => collector.collect(text, &mut found),
            None => found.fill(Found::Nothing),
        }
        for ((builder, found), broken) in builders.iter_mut().zip(&found).zip(broken.iter_mut()) {
            let value = found.scalar().map(|scalar| scalar.text(&mut scratch));
            *broken |= !builder.append(value);
        }
    }
}

impl Builder {
    fn new(is_integer: bool, rows: usize) -> Self {
        if is_integer {
            Self::Integer(Int64Builder::with_capacity(rows))
        } else {
            Self::Text(StringViewBuilder::with_capacity(rows))
        }
    }

    /// Appends a value; `false` when it does not fit.
    fn append(&mut self, value: Option<&str>) -> bool {
        match self {
            Self::Text(builder) => builder.append_option(value),
            Self::Integer(builder) => {
                let integer = value.and_then(canonical_integer);
                builder.append_option(integer);
                return integer.is_some() == value.is_some();
            }
        }
        true
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut builder) => Arc::new(builder.finish()),
            Self::Integer(mut builder) => Arc::new(builder.finish()),
        }
    }
}
