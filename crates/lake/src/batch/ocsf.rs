//! The columns of `events` that come from an event's OCSF object. An event without one has null in
//! all of them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int32Builder, Int64Builder, ListBuilder, StringBuilder, StructBuilder,
};
use arrow::error::ArrowError;
use headwater_event::Event;
use headwater_event::json::{Kind, NodeId, Token, Tree, Vocabulary};
use headwater_event::schema::{ColumnType, EVENT_COLUMNS, OCSF_COLUMNS};

use super::columns::{TextColumn, ViewColumn};
use crate::schema::{ISSUE_FIELDS, issue_fields, list_element, observable_fields};

/// Bytes of an OCSF object for each byte of the record, usually.
const GROWTH: usize = 2;

/// Collects the columns.
#[derive(Debug)]
pub(super) struct OcsfColumns {
    /// One for each of [`OCSF_COLUMNS`].
    attributes: Vec<Attribute>,
    /// What the keys of `Attribute::words` are of.
    words: Option<Arc<Vocabulary>>,
    whole: ViewColumn,
    observables: ListBuilder<StructBuilder>,
    issues: ListBuilder<StructBuilder>,
}

/// A column with the values of one attribute.
#[derive(Debug)]
struct Attribute {
    name: String,
    path: &'static str,
    /// The path in words of the tree; `None` where it does not have them all.
    words: Option<Vec<Token>>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Text(TextColumn),
    Integer(Int32Builder),
    Long(Int64Builder),
}

impl OcsfColumns {
    /// Empty columns for records of so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        let attribute = |path: &'static str| {
            let name = path.replace('.', "_");
            let column_type =
                EVENT_COLUMNS.iter().find(|column| column.name == name).map(|one| one.column_type);
            let values = match column_type {
                Some(ColumnType::Integer) => Values::Integer(Int32Builder::new()),
                Some(ColumnType::Long) => Values::Long(Int64Builder::new()),
                _ => Values::Text(TextColumn::default()),
            };
            Attribute { name, path, words: None, values }
        };
        let list = |fields: arrow::datatypes::Fields| {
            let element = list_element(arrow::datatypes::DataType::Struct(fields.clone()));
            ListBuilder::new(StructBuilder::from_fields(fields, 0)).with_field(element)
        };
        Self {
            attributes: OCSF_COLUMNS.into_iter().map(attribute).collect(),
            words: None,
            whole: ViewColumn::new(bytes::Bytes::new(), bytes * GROWTH),
            observables: list(observable_fields()),
            issues: list(issue_fields()),
        }
    }

    /// Prepares for trees whose keys are these words: then attributes are found without a look at
    /// texts.
    fn learn(&mut self, words: &Arc<Vocabulary>) {
        for attribute in &mut self.attributes {
            let steps = attribute.path.split('.').map(|step| words.token(step));
            attribute.words = steps.collect();
        }
        self.words = Some(Arc::clone(words));
    }

    /// Adds a row.
    pub(super) fn append(&mut self, event: &Event) {
        let tree = &event.ocsf;
        let is_mapped = event.is_mapped();
        if self.words.as_ref().is_none_or(|words| !Arc::ptr_eq(words, tree.vocabulary())) {
            self.learn(tree.vocabulary());
        }
        for Attribute { path, words, values, .. } in &mut self.attributes {
            let value = match words {
                _ if !is_mapped => None,
                Some(words) => {
                    words.iter().try_fold(tree.root(), |object, word| tree.child(object, *word))
                }
                None => tree.lookup(path),
            };
            values.push(tree, value);
        }
        if is_mapped {
            self.whole.push_with(|out| tree.write(tree.root(), out));
        } else {
            self.whole.push_option(None);
        }
        let observables = tree.get(tree.root(), "observables").filter(|_| is_mapped);
        append_observables(&mut self.observables, tree, observables);
        append_issues(&mut self.issues, &event.issues, is_mapped);
    }

    /// The column of a name, if it is one of these; it is empty afterwards.
    pub(super) fn finish(&mut self, name: &str) -> Option<Result<ArrayRef, ArrowError>> {
        match name {
            "ocsf" => return Some(self.whole.finish()),
            "observables" => return Some(Ok(Arc::new(self.observables.finish()))),
            "ocsf_issues" => return Some(Ok(Arc::new(self.issues.finish()))),
            _ => {}
        }
        let attribute = self.attributes.iter_mut().find(|known| known.name == name)?;
        Some(match &mut attribute.values {
            Values::Text(texts) => texts.finish(),
            Values::Integer(numbers) => Ok(Arc::new(numbers.finish())),
            Values::Long(numbers) => Ok(Arc::new(numbers.finish())),
        })
    }
}

impl Values {
    fn push(&mut self, tree: &Tree, value: Option<NodeId>) {
        match self {
            Self::Text(texts) => {
                let text = value.and_then(|id| tree.scalar_text(id));
                texts.push_option(text.as_deref());
            }
            Self::Integer(numbers) => {
                let number = value.and_then(|id| tree.as_i64(id));
                numbers.append_option(number.and_then(|number| i32::try_from(number).ok()));
            }
            Self::Long(numbers) => numbers.append_option(value.and_then(|id| tree.as_i64(id))),
        }
    }
}

fn append_observables(
    list: &mut ListBuilder<StructBuilder>,
    tree: &Tree,
    observables: Option<NodeId>,
) {
    let Some(observables) = observables.filter(|id| tree.kind(*id) == Kind::Array) else {
        return list.append(false);
    };
    for one in tree.children(observables) {
        let element = list.values();
        let type_id = tree.get(one, "type_id").and_then(|id| tree.as_i64(id));
        if let Some(numbers) = element.field_builder::<Int32Builder>(0) {
            numbers.append_option(type_id.and_then(|number| i32::try_from(number).ok()));
        }
        for (place, name) in [(1, "name"), (2, "value")] {
            append_text(element, place, tree, tree.get(one, name));
        }
        element.append(true);
    }
    list.append(true);
}

fn append_issues(list: &mut ListBuilder<StructBuilder>, issues: &Tree, is_mapped: bool) {
    for issue in issues.children(issues.root()) {
        let element = list.values();
        for (place, name) in ISSUE_FIELDS.into_iter().enumerate() {
            append_text(element, place, issues, issues.get(issue, name));
        }
        element.append(true);
    }
    list.append(is_mapped);
}

fn append_text(element: &mut StructBuilder, place: usize, tree: &Tree, value: Option<NodeId>) {
    let text = value.and_then(|id| tree.scalar_text(id));
    if let Some(texts) = element.field_builder::<StringBuilder>(place) {
        texts.append_option(text);
    }
}
