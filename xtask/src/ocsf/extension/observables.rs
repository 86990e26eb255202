//! Types of observables that an extension brings: by type, attribute, object, or attribute of one
//! class or object. Their numbers are not scaled, so none may be taken.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::super::json::{
    Object, members, members_mut, members_or_none, objects, text_or_none, whole_or_none,
};
use super::files::{Definition, Extension};

/// Numbers and captions of what the extension adds to the schema.
pub(super) fn of(schema: &Object, extension: &Extension) -> Result<Vec<(i64, String)>> {
    let mut found = Vec::new();
    let dictionary = members(schema, "dictionary")?;
    let none = Object::new();
    for (entries, known) in [(&extension.types, &none), (&extension.dictionary, dictionary)] {
        for one in objects(entries) {
            let (name, entry) = one?;
            let number = whole_or_none(entry, "observable").with_context(|| format!("`{name}`"))?;
            let before = members_or_none(known, name)?.and_then(|one| one.get("observable"));
            if let Some(number) = number.filter(|number| before != Some(&json!(number))) {
                found.push((number, text_or_none(entry, "caption")?.unwrap_or(name).to_owned()));
            }
        }
    }
    let sections =
        [("objects", "Object", &extension.objects), ("classes", "Class", &extension.classes)];
    for (section, kind, definitions) in sections {
        for definition in definitions {
            let of = || definition.file.display().to_string();
            of_item(definition, kind, members(schema, section)?, &mut found).with_context(of)?;
        }
    }
    Ok(found)
}

fn of_item(
    definition: &Definition,
    kind: &str,
    items: &Object,
    found: &mut Vec<(i64, String)>,
) -> Result<()> {
    let item = &definition.item;
    let none = Object::new();
    let known = members_or_none(items, &definition.name)?.unwrap_or(&none);
    let parent = definition.extends.as_deref().unwrap_or(&definition.name);
    let parent = members_or_none(items, parent)?.unwrap_or(&none);
    let caption = text_or_none(item, "caption")?.or(text_or_none(parent, "caption")?);
    let caption = caption.unwrap_or(&definition.name);
    let mut add = |said: &Object, known: Option<&Object>, caption: String| -> Result<()> {
        let number = whole_or_none(said, "observable")?;
        let before = known.and_then(|known| known.get("observable"));
        found.extend(number.filter(|one| before != Some(&json!(one))).map(|one| (one, caption)));
        Ok(())
    };
    add(item, Some(known), caption.to_owned())?;
    let known = members_or_none(known, "attributes")?.unwrap_or(&none);
    for one in objects(members(item, "attributes")?) {
        let (name, said) = one?;
        let known = members_or_none(known, name)?;
        add(said, known, format!("{caption} {kind}: {name}"))
            .with_context(|| format!("attribute `{name}`"))?;
    }
    for (path, number) in members_or_none(item, "observables")?.unwrap_or(&none) {
        let number = number.as_i64().with_context(|| format!("`observables`: `{path}`"))?;
        found.push((number, format!("{caption} {kind}: {path}")));
    }
    Ok(())
}

/// Adds them to the schema's list, and to the values of `observable.type_id`.
pub(super) fn add(schema: &mut Object, found: Vec<(i64, String)>) -> Result<()> {
    for (number, caption) in found {
        let key = number.to_string();
        let known = members_mut(schema, "observables")?;
        if let Some(other) = known.get(&key).and_then(|one| one.get("caption")) {
            bail!("`observable` {number} of `{caption}` is the number of {other} too");
        }
        known.insert(key.clone(), json!({"caption": caption}));
        let objects = members_mut(schema, "objects")?;
        let values = objects
            .get_mut("observable")
            .and_then(|object| object.get_mut("attributes")?.get_mut("type_id")?.get_mut("enum"));
        if let Some(Value::Object(values)) = values {
            values.insert(key, caption.into());
        }
    }
    Ok(())
}
