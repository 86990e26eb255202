//! A catalogue that was made before → the resolved form again, so that an extension can be put on a
//! release that the repository ships. It has no dictionary: that is what most attributes of a name
//! have in common.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::json::{Object, keep, members_mut, text, whole, whole_or_none};
use super::{export, shared};

/// Whether a schema has this form.
pub(super) fn is_compact(schema: &Object) -> bool {
    schema.contains_key("enums")
}

/// The resolved form.
pub(super) fn resolved(compact: &Object) -> Result<Object> {
    let mut out = Object::new();
    out.insert("version".to_owned(), text(compact, "version")?.into());
    for section in ["categories", "extensions"] {
        out.insert(section.to_owned(), numbered(compact, section)?.into());
    }
    let mut observables = Object::new();
    for entry in list(compact, "observables")? {
        let (Some(number), Some(caption)) = (entry.get(0), entry.get(1)) else {
            bail!("`observables` has an entry without number or caption");
        };
        observables.insert(number.to_string(), json!({"caption": caption}));
    }
    out.insert("observables".to_owned(), observables.into());
    let mut types = Object::new();
    for entry in list(compact, "types")? {
        let mut entry =
            entry.as_object().context("`types` has an entry that is no object")?.clone();
        let name = text(&entry, "name")?.to_owned();
        entry.remove("name");
        types.insert(name, entry.into());
    }
    out.insert("types".to_owned(), types.into());
    let attributes = attributes(compact)?;
    out.insert("dictionary".to_owned(), dictionary(&attributes)?.into());
    for section in ["classes", "objects"] {
        let mut items = Object::new();
        for entry in list(compact, section)? {
            let item = item(entry, &attributes, &out).with_context(|| format!("`{section}`"))?;
            items.insert(text(&item, "name")?.to_owned(), item.into());
        }
        out.insert(section.to_owned(), items.into());
    }
    let mut captions = Object::new();
    for entry in list(compact, "profiles")? {
        let name = entry.get(0).and_then(Value::as_str).context("`profiles` has no name")?;
        captions.insert(name.to_owned(), json!({"caption": entry.get(1)}));
    }
    let profiles = export::profiles(&captions, &out)?;
    out.insert("profiles".to_owned(), profiles.into());
    Ok(out)
}

fn list<'a>(compact: &'a Object, section: &str) -> Result<&'a [Value]> {
    let list = compact.get(section).and_then(Value::as_array);
    Ok(list.with_context(|| format!("no list `{section}`"))?)
}

/// Entries of number, name and caption, by name.
fn numbered(compact: &Object, section: &str) -> Result<Object> {
    let mut out = Object::new();
    for entry in list(compact, section)? {
        let name = entry.get(1).and_then(Value::as_str);
        let name = name.with_context(|| format!("`{section}` has an entry without a name"))?;
        out.insert(name.to_owned(), json!({"uid": entry.get(0), "caption": entry.get(2)}));
    }
    Ok(out)
}

/// Names and definitions of attributes, in the order in which items refer to them.
fn attributes(compact: &Object) -> Result<Vec<(String, Object)>> {
    let enums = list(compact, "enums")?;
    let mut out = Vec::new();
    for entry in list(compact, "attributes")? {
        let mut one = entry.as_object().context("`attributes` has no object")?.clone();
        let name = text(&one, "name")?.to_owned();
        one.remove("name");
        let of = || format!("attribute `{name}`");
        if let Some(number) = whole_or_none(&one, "enum").with_context(of)? {
            let values = usize::try_from(number).ok().and_then(|number| enums.get(number));
            let values = values.and_then(Value::as_array).with_context(of)?;
            let pairs = values
                .iter()
                .map(|pair| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.clone())));
            let values: Object = pairs.collect::<Option<_>>().with_context(of)?;
            one.insert("enum".to_owned(), values.into());
        }
        if let Some(Value::Array(keys)) = one.get("enum_deprecated") {
            // Since when is not known any more, and not needed.
            let keys = keys.iter().filter_map(|key| Some((key.as_str()?.to_owned(), json!(""))));
            let keys: Object = keys.collect();
            one.insert("enum_deprecated".to_owned(), keys.into());
        }
        out.push((name, one));
    }
    Ok(out)
}

fn dictionary(attributes: &[(String, Object)]) -> Result<Object> {
    let mut out = Object::new();
    for (name, _) in attributes {
        if out.contains_key(name) {
            continue;
        }
        let all = attributes.iter().filter(|(other, _)| other == name).map(|(_, one)| one);
        let common = shared::common(&all.collect::<Vec<_>>());
        let entry = members_mut(&mut out, name)?;
        keep(&common, &["type", "object", "is_array", "sibling", "observable", "enum"], entry);
    }
    Ok(out)
}

fn item(entry: &Value, attributes: &[(String, Object)], schema: &Object) -> Result<Object> {
    let mut out = entry.as_object().context("an entry is no object")?.clone();
    let numbers = entry.get("attributes").and_then(Value::as_array).context("no `attributes`")?;
    let mut own = Object::new();
    for number in numbers {
        let number = number.as_u64().and_then(|number| usize::try_from(number).ok());
        let known = number.and_then(|number| attributes.get(number));
        let (name, one) = known.context("an attribute is not there")?;
        own.insert(name.clone(), one.clone().into());
    }
    out.insert("attributes".to_owned(), own.into());
    if out.contains_key("uid") {
        let uid = whole(&out, "category_uid")?;
        let categories = schema.get("categories").and_then(Value::as_object);
        let is_same = |one: &Value| one.get("uid").and_then(Value::as_i64) == Some(uid);
        let found = categories.and_then(|all| all.iter().find(|(_, one)| is_same(one)));
        out.insert("category".to_owned(), found.map_or("other", |(name, _)| name.as_str()).into());
    }
    Ok(out)
}
