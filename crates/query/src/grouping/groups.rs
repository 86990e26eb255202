//! The group of each row, by number.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, DictionaryArray, Int32Array, UInt32Array, new_null_array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use datafusion::common::{Result, internal_datafusion_err, internal_err};
use datafusion::logical_expr::EmitTo;
use datafusion::physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion::physical_plan::aggregates::order::GroupOrdering;

use super::as_dictionary::dictionary_type;

/// A text of the dictionary that no row had yet.
const UNKNOWN: u32 = u32::MAX;

/// The texts of one column that rows had, each with a number: the order in which they came.
struct Texts {
    known: Box<dyn GroupValues>,
    /// The dictionary of the last rows.
    dictionary: Option<ArrayRef>,
    /// The number of each of its texts.
    numbers: Vec<u32>,
    /// The number of null, after a row had it.
    null: Option<u32>,
    /// Room for the engine's answers.
    found: Vec<usize>,
}

impl Texts {
    fn new() -> Result<Self> {
        let schema = Schema::new(vec![Field::new("text", DataType::Utf8View, true)]);
        let known = new_group_values(Arc::new(schema), &GroupOrdering::None)?;
        Ok(Self { known, dictionary: None, numbers: Vec::new(), null: None, found: Vec::new() })
    }

    /// Appends the number of each row's text.
    fn number(&mut self, rows: &DictionaryArray<Int32Type>, out: &mut Vec<u32>) -> Result<()> {
        let values = rows.values();
        if !self.dictionary.as_ref().is_some_and(|known| Arc::ptr_eq(known, values)) {
            self.dictionary = Some(Arc::clone(values));
            self.numbers.clear();
            self.numbers.resize(values.len(), UNKNOWN);
        }
        let from = out.len();
        self.gather(rows, out);
        if out[from..].contains(&UNKNOWN) {
            self.learn(rows)?;
            out.truncate(from);
            self.gather(rows, out);
            // What counts takes numbers on trust.
            if out[from..].contains(&UNKNOWN) {
                return internal_err!("a row whose text is not in its dictionary");
            }
        }
        Ok(())
    }

    /// Appends the numbers as far as they are known.
    fn gather(&self, rows: &DictionaryArray<Int32Type>, out: &mut Vec<u32>) {
        let number = |key: &i32| {
            let key = usize::try_from(*key).ok();
            key.and_then(|key| self.numbers.get(key)).copied().unwrap_or(UNKNOWN)
        };
        let keys = rows.keys();
        let Some(nulls) = keys.nulls() else {
            out.extend(keys.values().iter().map(number));
            return;
        };
        let null = self.null.unwrap_or(UNKNOWN);
        let rows = keys.values().iter().zip(nulls.iter());
        out.extend(rows.map(|(key, is_some)| if is_some { number(key) } else { null }));
    }

    /// Gives numbers to the texts of these rows that have none.
    fn learn(&mut self, rows: &DictionaryArray<Int32Type>) -> Result<()> {
        if rows.null_count() > 0 && self.null.is_none() {
            let null = new_null_array(&DataType::Utf8View, 1);
            self.null = self.intern(null)?.first().copied();
        }
        let mut missing = Vec::new();
        let mut is_listed = vec![false; self.numbers.len()];
        for key in rows.keys().iter().flatten() {
            let at = usize::try_from(key).unwrap_or(usize::MAX);
            let number = self.numbers.get(at);
            let (Some(&UNKNOWN), Some(is_listed)) = (number, is_listed.get_mut(at)) else {
                continue;
            };
            if !std::mem::replace(is_listed, true) {
                missing.push(key);
            }
        }
        let texts = take(rows.values(), &Int32Array::from(missing.clone()), None)?;
        for (key, number) in missing.into_iter().zip(self.intern(texts)?) {
            if let Some(known) = usize::try_from(key).ok().and_then(|key| self.numbers.get_mut(key))
            {
                *known = number;
            }
        }
        Ok(())
    }

    fn intern(&mut self, texts: ArrayRef) -> Result<Vec<u32>> {
        self.known.intern(&[texts], &mut self.found)?;
        let number = |found: &usize| {
            u32::try_from(*found).ok().filter(|number| *number != UNKNOWN).ok_or_else(too_many)
        };
        self.found.iter().map(number).collect()
    }

    /// All texts, in the order of their numbers; afterwards none is known.
    fn emit(&mut self) -> Result<ArrayRef> {
        let texts = self.known.emit(EmitTo::All)?.pop();
        self.known.clear_shrink(0);
        self.dictionary = None;
        self.numbers = Vec::new();
        self.null = None;
        texts.ok_or_else(|| internal_datafusion_err!("texts without a column"))
    }

    fn size(&self) -> usize {
        self.known.size() + self.numbers.capacity() * size_of::<u32>()
    }
}

fn too_many() -> datafusion::common::DataFusionError {
    internal_datafusion_err!("more than {UNKNOWN} texts in one column of groups")
}

/// One column of the groups.
enum Key {
    Text(Texts),
    Other,
}

/// All groups that rows had so far, each with a number.
pub(super) struct Groups {
    keys: Vec<Key>,
    /// Groups by the numbers of their texts and their other values, where a text alone is none.
    rows: Option<Box<dyn GroupValues>>,
    numbers: Vec<u32>,
}

impl Groups {
    /// `schema` is that of the values in the rows: texts are dictionaries.
    pub(super) fn new(schema: &Schema) -> Result<Self> {
        let is_text = |field: &Arc<Field>| *field.data_type() == dictionary_type();
        let key = |field| Ok(if is_text(field) { Key::Text(Texts::new()?) } else { Key::Other });
        let keys = schema.fields().iter().map(key).collect::<Result<Vec<_>>>()?;
        let rows = match keys.as_slice() {
            [Key::Text(_)] => None,
            _ => Some(new_group_values(numbered(schema), &GroupOrdering::None)?),
        };
        Ok(Self { keys, rows, numbers: Vec::new() })
    }

    /// Puts the group of each row into `groups`.
    pub(super) fn intern(&mut self, columns: &[ArrayRef], groups: &mut Vec<usize>) -> Result<()> {
        let mut numbered = Vec::with_capacity(columns.len());
        for (key, column) in self.keys.iter_mut().zip(columns) {
            self.numbers.clear();
            match (key, column.as_dictionary_opt::<Int32Type>()) {
                (Key::Text(texts), Some(rows)) => texts.number(rows, &mut self.numbers)?,
                _ => {
                    numbered.push(Arc::clone(column));
                    continue;
                }
            }
            if self.rows.is_none() {
                groups.clear();
                groups.extend(self.numbers.iter().map(|number| *number as usize));
                return Ok(());
            }
            let column: ArrayRef = Arc::new(UInt32Array::from(std::mem::take(&mut self.numbers)));
            numbered.push(column);
        }
        match &mut self.rows {
            Some(rows) => rows.intern(&numbered, groups),
            None => Ok(()),
        }
    }

    pub(super) fn len(&self) -> usize {
        match (&self.rows, self.keys.first()) {
            (Some(rows), _) => rows.len(),
            (None, Some(Key::Text(texts))) => texts.known.len(),
            _ => 0,
        }
    }

    /// The columns of all groups, in the order of their numbers; afterwards there are none.
    pub(super) fn emit(&mut self) -> Result<Vec<ArrayRef>> {
        let Some(rows) = &mut self.rows else {
            let texts = self.keys.iter_mut().filter_map(|key| match key {
                Key::Text(texts) => Some(texts.emit()),
                Key::Other => None,
            });
            return texts.collect();
        };
        let numbered = rows.emit(EmitTo::All)?;
        rows.clear_shrink(0);
        let columns = self.keys.iter_mut().zip(numbered);
        let columns = columns.map(|(key, numbers)| match key {
            Key::Text(texts) => Ok(take(&texts.emit()?, &numbers, None)?),
            Key::Other => Ok(numbers),
        });
        columns.collect()
    }

    /// Memory that is held, in bytes.
    pub(super) fn size(&self) -> usize {
        let texts = self.keys.iter().map(|key| match key {
            Key::Text(texts) => texts.size(),
            Key::Other => 0,
        });
        texts.sum::<usize>() + self.rows.as_ref().map_or(0, |rows| rows.size())
    }
}

/// The schema of the rows with numbers for texts.
fn numbered(schema: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| match *field.data_type() == dictionary_type() {
        true => Arc::new(Field::new(field.name(), DataType::UInt32, false)),
        false => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}
