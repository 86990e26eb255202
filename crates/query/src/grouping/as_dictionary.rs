//! A text as a dictionary and the number in it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, DictionaryArray, Int32Array, RecordBatch, new_null_array,
};
use arrow::buffer::ScalarBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Schema};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;

/// The type of a text with its number.
pub(super) fn dictionary_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8View))
}

/// A text of a file as a dictionary: the file's own where the column comes with it, otherwise one
/// of each batch's rows.
#[derive(Debug)]
pub(crate) struct AsDictionary {
    text: Arc<dyn PhysicalExpr>,
    last: Mutex<Option<Dictionary>>,
}

/// The texts of a dictionary as they are stored, and as views.
#[derive(Debug)]
struct Dictionary {
    stored: ArrayRef,
    views: ArrayRef,
}

impl AsDictionary {
    pub(crate) fn new(text: Arc<dyn PhysicalExpr>) -> Self {
        Self { text, last: Mutex::default() }
    }

    /// What it gives a dictionary to.
    pub(crate) const fn text(&self) -> &Arc<dyn PhysicalExpr> {
        &self.text
    }

    /// The texts of a dictionary as views: the same array as long as they are the same, so that
    /// who counts by number sees that they are.
    fn views(&self, stored: &ArrayRef) -> Result<ArrayRef> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_ref().filter(|known| is_same(&known.stored, stored)) {
            return Ok(Arc::clone(&known.views));
        }
        let views = cast(stored, &DataType::Utf8View)?;
        *last = Some(Dictionary { stored: Arc::clone(stored), views: Arc::clone(&views) });
        Ok(views)
    }
}

/// Whether two dictionaries are one in memory. The first is held, so that no other can be there.
fn is_same(left: &ArrayRef, right: &ArrayRef) -> bool {
    left.len() == right.len() && left.to_data().ptr_eq(&right.to_data())
}

/// A dictionary of one text for each row.
fn each(texts: ArrayRef) -> Result<ArrayRef> {
    let Ok(rows) = i32::try_from(texts.len()) else {
        return internal_err!("a batch of {} rows", texts.len());
    };
    let keys = Int32Array::new(ScalarBuffer::from_iter(0..rows), texts.logical_nulls());
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, texts)?))
}

impl fmt::Display for AsDictionary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "dictionary({})", self.text)
    }
}

impl PartialEq for AsDictionary {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq(&other.text)
    }
}

impl Eq for AsDictionary {}

impl std::hash::Hash for AsDictionary {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PhysicalExpr for AsDictionary {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(dictionary_type())
    }

    fn nullable(&self, schema: &Schema) -> Result<bool> {
        self.text.nullable(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let rows = batch.num_rows();
        let texts = match self.text.evaluate(batch)? {
            ColumnarValue::Scalar(value) if value.is_null() => {
                return Ok(ColumnarValue::Array(new_null_array(&dictionary_type(), rows)));
            }
            ColumnarValue::Scalar(value) => {
                let text = cast(&value.to_array()?, &DataType::Utf8View)?;
                let keys = Int32Array::new(vec![0; rows].into(), None);
                let one = DictionaryArray::<Int32Type>::try_new(keys, text)?;
                return Ok(ColumnarValue::Array(Arc::new(one)));
            }
            ColumnarValue::Array(texts) => texts,
        };
        let Some(stored) = texts.as_dictionary_opt::<Int32Type>() else {
            let texts = cast(&texts, &DataType::Utf8View)?;
            return Ok(ColumnarValue::Array(each(texts)?));
        };
        let views = self.views(stored.values())?;
        let viewed = DictionaryArray::<Int32Type>::try_new(stored.keys().clone(), views)?;
        Ok(ColumnarValue::Array(Arc::new(viewed)))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.text]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let [text] = children.as_slice() else {
            return internal_err!("a dictionary is of one text");
        };
        Ok(Arc::new(Self::new(Arc::clone(text))))
    }

    fn fmt_sql(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt_sql(formatter)
    }
}
