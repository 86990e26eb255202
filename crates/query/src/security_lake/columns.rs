//! Which columns the files have: the attributes that occur, with the types of Security Lake's own
//! tables. Numbers of enumerations have 32 bits, times are milliseconds in 64 bits, instants in
//! text are timestamps, `unmapped` is a map of texts, what may be any JSON is its text.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use headwater_event::json::{Kind, NodeId, Tree};
use headwater_ocsf::{Attribute, Base, Catalogue, Item};

use crate::views::UNMAPPED;

/// The attribute that rows are ordered by.
const TIME: &str = "time";

/// The attributes of a class that occur.
pub(super) struct Columns {
    catalogue: &'static Catalogue,
    class: &'static Item,
    found: Group,
}

/// The attributes of a class or object that occur, by position; each with those inside it.
#[derive(Default)]
struct Group(BTreeMap<usize, Group>);

impl Columns {
    pub(super) fn new(catalogue: &'static Catalogue, class: &'static Item) -> Self {
        Self { catalogue, class, found: Group::default() }
    }

    /// Notes the attributes of an event, and turns what may be any JSON into its text.
    pub(super) fn add(&mut self, tree: &mut Tree) {
        let root = tree.root();
        add(self.catalogue, self.class, &mut self.found, tree, root);
    }

    /// The columns, by name.
    pub(super) fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(fields(self.catalogue, self.class, &self.found)))
    }
}

fn add(
    catalogue: &'static Catalogue,
    item: &'static Item,
    group: &mut Group,
    tree: &mut Tree,
    node: NodeId,
) {
    let children: Vec<NodeId> = tree.children(node).collect();
    for child in children {
        let position = tree.word(child).and_then(|word| item.position(word));
        let Some(position) = position.filter(|_| tree.kind(child) != Kind::Null) else { continue };
        let Some(attribute) = catalogue.attribute(item, position) else { continue };
        let below = group.0.entry(position).or_default();
        let object = catalogue.object_of(attribute).filter(|object| !object.is_empty());
        let is_text = object.is_none() && is_any(catalogue, attribute) && !is_map(attribute);
        let values: Vec<NodeId> = match tree.kind(child) {
            Kind::Array if attribute.is_array => tree.children(child).collect(),
            _ => vec![child],
        };
        for value in values {
            match object {
                Some(object) => add(catalogue, object, below, tree, value),
                None if is_text => {
                    let text = tree.owned_text(value).unwrap_or_else(|| tree.to_json(value));
                    tree.replace(value, text.as_str());
                }
                None => {}
            }
        }
    }
}

/// Whether an attribute may be any JSON.
fn is_any(catalogue: &Catalogue, attribute: &Attribute) -> bool {
    matches!(catalogue.type_of(attribute).base, Base::Json | Base::Object)
}

/// Only events have this attribute.
fn is_map(attribute: &Attribute) -> bool {
    attribute.name == UNMAPPED
}

fn fields(catalogue: &'static Catalogue, item: &'static Item, group: &Group) -> Fields {
    let with_type = |(position, below): (&usize, &Group)| {
        let attribute = catalogue.attribute(item, *position)?;
        let value = match catalogue.object_of(attribute).filter(|object| !object.is_empty()) {
            Some(object) => {
                let fields = fields(catalogue, object, below);
                // Objects without members have no column.
                (!fields.is_empty()).then_some(DataType::Struct(fields))?
            }
            None if is_map(attribute) => text_map(),
            None => scalar(catalogue, attribute),
        };
        let is_list = attribute.is_array;
        let value = if is_list { list(value) } else { value };
        Some(Field::new(&attribute.name, value, true))
    };
    group.0.iter().filter_map(with_type).collect()
}

fn list(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("element", element, true)))
}

fn text_map() -> DataType {
    let key = Field::new("key", DataType::Utf8, false);
    let value = Field::new("value", DataType::Utf8, true);
    let entries = DataType::Struct(Fields::from(vec![key, value]));
    DataType::Map(Arc::new(Field::new("key_value", entries, false)), false)
}

fn scalar(catalogue: &Catalogue, attribute: &Attribute) -> DataType {
    let of = catalogue.type_of(attribute);
    match (of.base, of.name.as_str()) {
        (Base::Boolean, _) => DataType::Boolean,
        (Base::Integer, "long_t" | "timestamp_t") => DataType::Int64,
        (Base::Integer, _) => DataType::Int32,
        (Base::Float, _) => DataType::Float64,
        (Base::Text, "datetime_t") => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        }
        (Base::Text | Base::Json | Base::Object, _) => DataType::Utf8,
    }
}

/// Place of the time among the leaves of a schema: what a file is sorted by.
pub(super) fn time_leaf(schema: &Schema) -> Option<i32> {
    let place = schema.fields().iter().position(|field| field.name() == TIME)?;
    let before = schema.fields().iter().take(place).map(|field| leaves(field.data_type()));
    i32::try_from(before.sum::<usize>()).ok()
}

fn leaves(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| leaves(field.data_type())).sum(),
        DataType::List(element) => leaves(element.data_type()),
        DataType::Map(entries, _) => leaves(entries.data_type()),
        _ => 1,
    }
}
