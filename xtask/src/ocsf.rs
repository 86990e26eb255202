//! `cargo xtask ocsf FILE…`: turns a resolved OCSF schema into the compact catalogue that the crate
//! `ocsf` ships (`crates/ocsf/data/<version>.json`). Facts only: ids, names, types, requirements,
//! enums, constraints, profiles, siblings, observable types; no descriptions.
//!
//! Equal attributes and equal enums are written once and referred to by number. One entry stands on
//! one line, so that two versions can be compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

/// Reads each schema and writes its catalogue below `root`; returns the files written.
pub(crate) fn generate(root: &Path, schemas: &[PathBuf]) -> Result<Vec<PathBuf>> {
    if schemas.is_empty() {
        bail!("name the schema files: `cargo xtask ocsf ocsf-1.8.0.json …`");
    }
    let mut written = Vec::new();
    for path in schemas {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let schema: Value = serde_json::from_str(&text)
            .with_context(|| format!("{} is not JSON", path.display()))?;
        let (version, catalogue) =
            catalogue(&schema).with_context(|| format!("reading {}", path.display()))?;
        let target = root.join("crates/ocsf/data").join(format!("{version}.json"));
        std::fs::write(&target, catalogue)
            .with_context(|| format!("writing {}", target.display()))?;
        written.push(target);
    }
    Ok(written)
}

/// Version and text of the catalogue of a schema.
fn catalogue(schema: &Value) -> Result<(String, String)> {
    let version = text(schema, "version")?;
    let mut shared = Shared::default();
    let mut classes = Vec::new();
    for class in members(schema, "classes")?.values() {
        classes.push(shared.item(class)?);
    }
    classes.sort_by_key(|class| class["uid"].as_i64());
    let mut objects = Vec::new();
    for object in members(schema, "objects")?.values() {
        objects.push(shared.item(object)?);
    }
    let mut out = format!("{{\n\"version\": {},\n", Value::from(version.as_str()));
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
    Ok((version, out))
}

/// Entries that are written once.
#[derive(Default)]
struct Once {
    numbers: BTreeMap<String, usize>,
    list: Vec<Value>,
}

impl Once {
    fn number(&mut self, value: Value) -> usize {
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
    /// A class or an object.
    fn item(&mut self, item: &Value) -> Result<Value> {
        let name = text(item, "name")?;
        let mut out = Map::new();
        for key in ["uid", "name", "caption", "category_uid", "extends", "extension"] {
            keep(item, key, &mut out);
        }
        since(item, &mut out);
        keep(item, "observable", &mut out);
        // An object's own profiles say nothing that its attributes do not.
        if item.get("uid").is_some() {
            keep(item, "profiles", &mut out);
        }
        keep(item, "constraints", &mut out);
        let mut numbers = Vec::new();
        for (attribute, definition) in members(item, "attributes")? {
            let number = self
                .attribute(attribute, definition)
                .with_context(|| format!("attribute `{attribute}` of `{name}`"))?;
            numbers.push(number);
        }
        out.insert("attributes".to_owned(), json!(numbers));
        Ok(Value::Object(out))
    }

    fn attribute(&mut self, name: &str, definition: &Value) -> Result<usize> {
        let mut out = Map::new();
        out.insert("name".to_owned(), name.into());
        // Without a type `type_uid` has no enum: it is computed.
        out.insert("type".to_owned(), text(definition, "type")?.into());
        for key in ["object", "is_array", "requirement", "profiles", "group", "sibling"] {
            keep(definition, key, &mut out);
        }
        keep(definition, "observable", &mut out);
        since(definition, &mut out);
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

fn keep(from: &Value, key: &str, to: &mut Map<String, Value>) {
    if let Some(value) = from.get(key).filter(|value| !value.is_null()) {
        to.insert(key.to_owned(), value.clone());
    }
}

/// Since when something is deprecated; schemas write the version or an object with `since`.
fn since(from: &Value, to: &mut Map<String, Value>) {
    let Some(deprecated) = from.get("deprecated") else { return };
    let since = deprecated.get("since").unwrap_or(deprecated);
    to.insert("deprecated".to_owned(), since.clone());
}

fn pairs(schema: &Value, section: &str, number: &str) -> Result<Vec<Value>> {
    let entries = members(schema, section)?.iter();
    let mut list: Vec<Value> =
        entries.map(|(name, entry)| json!([entry[number], name, entry["caption"]])).collect();
    list.sort_by_key(|entry| entry[0].as_i64());
    Ok(list)
}

fn profiles(schema: &Value) -> Result<Vec<Value>> {
    let entries = members(schema, "profiles")?.iter();
    Ok(entries.map(|(name, entry)| json!([name, entry["caption"]])).collect())
}

fn types(schema: &Value) -> Result<Vec<Value>> {
    let mut list = Vec::new();
    for (name, entry) in members(schema, "types")? {
        let mut out = Map::new();
        out.insert("name".to_owned(), name.as_str().into());
        for key in ["base", "max_len", "range", "regex", "observable"] {
            keep(entry, key, &mut out);
        }
        list.push(Value::Object(out));
    }
    Ok(list)
}

fn observables(schema: &Value) -> Result<Vec<Value>> {
    let mut list = Vec::new();
    for (number, entry) in members(schema, "observables")? {
        let number: i64 = number.parse().with_context(|| format!("observable `{number}`"))?;
        list.push(json!([number, entry["caption"]]));
    }
    list.sort_by_key(|entry| entry[0].as_i64());
    Ok(list)
}

fn members<'a>(value: &'a Value, key: &str) -> Result<&'a Map<String, Value>> {
    value.get(key).and_then(Value::as_object).with_context(|| format!("no object `{key}`"))
}

fn text(value: &Value, key: &str) -> Result<String> {
    let found = value.get(key).and_then(Value::as_str);
    Ok(found.with_context(|| format!("no text `{key}`"))?.to_owned())
}
