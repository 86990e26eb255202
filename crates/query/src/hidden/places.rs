//! The scalars at several places of the documents of one file, read in one pass over each document.
//!
//! A file's plan has one expression for each place. The first that is evaluated on a batch reads
//! also for those that earlier batches were asked for together with it; these find their answer
//! ready.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use headwater_event::document::collect::{Collector, Found, Places};
use headwater_event::document::pointer::Pointer;

/// Which places are asked for together with which, as far as a scan has shown.
#[derive(Debug, Default)]
pub(super) struct Habits(Mutex<BTreeMap<Pointer, BTreeSet<Pointer>>>);

impl Habits {
    fn with(&self, first: &Pointer) -> BTreeSet<Pointer> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(first).cloned().unwrap_or_default()
    }

    fn learn(&self, first: &Pointer, other: &Pointer) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(first.clone()).or_default().insert(other.clone());
    }
}

/// Reads the documents in one column of one file.
#[derive(Debug)]
pub(super) struct Reader {
    habits: Arc<Habits>,
    last: Mutex<Last>,
}

/// What was read last.
#[derive(Debug, Default)]
struct Last {
    /// Kept, so that another array cannot have its address.
    documents: Option<ArrayRef>,
    /// The first place that was asked for in these documents.
    first: Option<Pointer>,
    found: BTreeMap<Pointer, ArrayRef>,
    /// Looks for the places that are its keys.
    collector: Option<(Vec<Pointer>, Collector)>,
}

impl Reader {
    pub(super) fn new(habits: Arc<Habits>) -> Self {
        Self { habits, last: Mutex::default() }
    }

    /// The scalars at a place, one per document.
    fn scalars(&self, documents: &ArrayRef, place: &Pointer) -> Result<ArrayRef> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = last.documents.as_ref().is_some_and(|last| Arc::ptr_eq(last, documents));
        if !is_same {
            last.documents = Some(Arc::clone(documents));
            last.first = Some(place.clone());
            last.found.clear();
            let mut places = self.habits.with(place);
            places.insert(place.clone());
            last.read(documents, places)?;
        } else if !last.found.contains_key(place) {
            if let Some(first) = &last.first {
                self.habits.learn(first, place);
            }
            last.read(documents, BTreeSet::from([place.clone()]))?;
        }
        match last.found.get(place) {
            Some(found) => Ok(Arc::clone(found)),
            None => internal_err!("the place {place} was not read"),
        }
    }
}

impl Last {
    /// Adds the scalars at these places.
    fn read(&mut self, documents: &ArrayRef, places: BTreeSet<Pointer>) -> Result<()> {
        let places: Vec<Pointer> = places.into_iter().collect();
        let known = self.collector.take().filter(|(known, _)| *known == places);
        let make = || (places.clone(), Collector::new(Places::new(&places)));
        let (places, collector) = self.collector.insert(known.unwrap_or_else(make));
        let documents = cast(documents, &DataType::Utf8View)?;
        let documents = documents.as_string_view();
        let mut columns: Vec<_> =
            places.iter().map(|_| StringViewBuilder::with_capacity(documents.len())).collect();
        let mut found = vec![Found::Nothing; places.len()];
        let mut scratch = String::new();
        for document in documents {
            match document {
                Some(document) => collector.collect(document, &mut found),
                None => found.fill(Found::Nothing),
            }
            for (column, found) in columns.iter_mut().zip(&found) {
                match found.scalar() {
                    Some(scalar) => column.append_value(scalar.text(&mut scratch)),
                    None => column.append_null(),
                }
            }
        }
        let columns = columns.into_iter().map(|mut column| Arc::new(column.finish()) as ArrayRef);
        self.found.extend(places.iter().cloned().zip(columns));
        Ok(())
    }
}

/// The scalar at a place, as `json_extract_scalar` gives it.
#[derive(Debug)]
pub(super) struct ScalarAt {
    document: Arc<dyn PhysicalExpr>,
    place: Pointer,
    reader: Arc<Reader>,
}

impl ScalarAt {
    pub(super) fn new(
        document: Arc<dyn PhysicalExpr>,
        place: Pointer,
        reader: Arc<Reader>,
    ) -> Self {
        Self { document, place, reader }
    }
}

impl fmt::Display for ScalarAt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "json_extract_scalar({}, {})", self.document, self.place.to_path())
    }
}

impl PartialEq for ScalarAt {
    fn eq(&self, other: &Self) -> bool {
        self.document.eq(&other.document) && self.place == other.place
    }
}

impl Eq for ScalarAt {}

impl Hash for ScalarAt {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.document.hash(state);
        self.place.hash(state);
    }
}

impl PhysicalExpr for ScalarAt {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn nullable(&self, _: &Schema) -> Result<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let documents = self.document.evaluate(batch)?.into_array(batch.num_rows())?;
        self.reader.scalars(&documents, &self.place).map(ColumnarValue::Array)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.document]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let [document] = children.as_slice() else {
            return internal_err!("a place has one document");
        };
        let (place, reader) = (self.place.clone(), Arc::clone(&self.reader));
        Ok(Arc::new(Self::new(Arc::clone(document), place, reader)))
    }

    fn fmt_sql(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
