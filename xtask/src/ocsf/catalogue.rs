//! A resolved schema → the compact catalogue. Equal attributes and equal enums are written once and
//! referred to by number. One entry stands on one line, so that two versions can be compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::attribute::deprecated;
use super::json::{Object, in_order, keep, members, objects, text};

/// The text of the catalogue of a schema.
pub(super) fn of(schema: &Object) -> Result<String> {
    let schema = &in_order(schema.clone());
    let mut shared = Shared::default();
    let mut classes = shared.items(schema, "classes")?;
    classes.sort_by_key(|class| class["uid"].as_i64());
    let objects = shared.items(schema, "objects")?;
    let mut out = format!("{{\n\"version\": {},\n", Value::from(text(schema, "version")?));
    let sections = [
        ("categories", pairs(schema, "categories", "uid")?),
        ("extensions", pairs(schema, "extensions", "uid")?),
        ("profiles", profiles(schema)?),
        ("types", types(schema)?),
        ("observables", observables(schema)?),
        ("enums", shared.enums.list),
        ("attributes", shared.attributes.list),
        ("classes", classes),
        ("objects", objects),
    ];
    let last = sections.len() - 1;
    for (number, (name, entries)) in sections.iter().enumerate() {
        writeln!(out, "\"{name}\": [")?;
        for (place, entry) in entries.iter().enumerate() {
            let comma = if place + 1 == entries.len() { "" } else { "," };
            writeln!(out, "{entry}{comma}")?;
        }
        out.push_str(if number == last { "]\n}\n" } else { "],\n" });
    }
    Ok(out)
}

/// Entries that are written once.
#[derive(Default)]
struct Once {
    numbers: BTreeMap<String, usize>,
    list: Vec<Value>,
}

impl Once {
    fn number(&mut self, mut value: Value) -> usize {
        value.sort_all_objects();
        let next = self.list.len();
        let number = *self.numbers.entry(value.to_string()).or_insert(next);
        if number == next {
            self.list.push(value);
        }
        number
    }
}

#[derive(Default)]
struct Shared {
    enums: Once,
    attributes: Once,
}

impl Shared {
    fn items(&mut self, schema: &Object, section: &str) -> Result<Vec<Value>> {
        objects(members(schema, section)?).map(|item| self.item(item?.1)).collect()
    }

    /// A class or an object.
    fn item(&mut self, item: &Object) -> Result<Value> {
        let name = text(item, "name")?;
        let mut out = Object::new();
        let keys = ["uid", "name", "caption", "category_uid", "extends", "extension"];
        keep(item, &keys, &mut out);
        since(item, &mut out)?;
        keep(item, &["observable"], &mut out);
        // An object's own profiles say nothing that its attributes do not.
        if item.contains_key("uid") {
            keep(item, &["profiles"], &mut out);
        }
        keep(item, &["constraints"], &mut out);
        let mut numbers = Vec::new();
        for one in objects(members(item, "attributes")?) {
            let (attribute, definition) = one?;
            let number = self
                .attribute(attribute, definition)
                .with_context(|| format!("attribute `{attribute}` of `{name}`"))?;
            numbers.push(number);
        }
        out.insert("attributes".to_owned(), json!(numbers));
        Ok(Value::Object(in_order(out)))
    }

    fn attribute(&mut self, name: &str, definition: &Object) -> Result<usize> {
        let mut out = Object::new();
        out.insert("name".to_owned(), name.into());
        // Without a type `type_uid` has no enum: it is computed.
        out.insert("type".to_owned(), text(definition, "type")?.into());
        let keys = ["object", "is_array", "requirement", "profiles", "group", "sibling"];
        keep(definition, &keys, &mut out);
        keep(definition, &["observable"], &mut out);
        since(definition, &mut out)?;
        if let Some(Value::Object(values)) = definition.get("enum") {
            let mut pairs: Vec<(&String, &Value)> = values.iter().collect();
            pairs.sort_by_key(|(key, _)| (key.parse::<i64>().unwrap_or(i64::MAX), (*key).clone()));
            let pairs = pairs.into_iter().map(|(key, caption)| json!([key, caption])).collect();
            out.insert("enum".to_owned(), self.enums.number(Value::Array(pairs)).into());
        }
        if let Some(Value::Object(values)) = definition.get("enum_deprecated") {
            let keys: Vec<&String> = values.keys().collect();
            out.insert("enum_deprecated".to_owned(), json!(keys));
        }
        Ok(self.attributes.number(Value::Object(out)))
    }
}

/// Since when something should not be used.
fn since(from: &Object, to: &mut Object) -> Result<()> {
    if let Some(since) = deprecated(from)? {
        to.insert("deprecated".to_owned(), since.into());
    }
    Ok(())
}

fn pairs(schema: &Object, section: &str, number: &str) -> Result<Vec<Value>> {
    let entries = members(schema, section)?.iter();
    let mut list: Vec<Value> =
        entries.map(|(name, entry)| json!([entry[number], name, entry["caption"]])).collect();
    list.sort_by_key(|entry| entry[0].as_i64());
    Ok(list)
}

fn profiles(schema: &Object) -> Result<Vec<Value>> {
    let entries = members(schema, "profiles")?.iter();
    Ok(entries.map(|(name, entry)| json!([name, entry["caption"]])).collect())
}

fn types(schema: &Object) -> Result<Vec<Value>> {
    let mut list = Vec::new();
    for one in objects(members(schema, "types")?) {
        let (name, entry) = one?;
        let mut out = Object::new();
        out.insert("name".to_owned(), name.as_str().into());
        keep(entry, &["base", "max_len", "range", "regex", "observable"], &mut out);
        list.push(Value::Object(in_order(out)));
    }
    Ok(list)
}

fn observables(schema: &Object) -> Result<Vec<Value>> {
    let mut list = Vec::new();
    for (number, entry) in members(schema, "observables")? {
        let number: i64 = number.parse().with_context(|| format!("observable `{number}`"))?;
        list.push(json!([number, entry["caption"]]));
    }
    list.sort_by_key(|entry| entry[0].as_i64());
    Ok(list)
}
