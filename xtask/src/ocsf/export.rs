//! The export of a schema server (`GET /export/schema`), and what the OCSF schema compiler writes →
//! the resolved form. Names of classes and objects lose the extension before them, as in events;
//! those of profiles keep it. An export lists no categories, profiles, extensions and types of
//! observables: they are derived from what names them, so what nothing names is not known.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::json::{
    Object, keep, members, members_mut, members_or_none, objects, text, text_or_none, texts,
    unscoped, whole, whole_or_none,
};
use super::{attribute, shared};

/// Classes of an extension have uids from here on, for each number of an extension.
const EXTENSION_UIDS: i64 = 100_000;

/// Whether a schema has this form: unlike the resolved one it keeps observables in an enumeration.
pub(super) fn is_export(schema: &Object) -> bool {
    schema.contains_key("classes") && !schema.contains_key("observables")
}

/// The resolved form.
pub(super) fn resolved(export: &Object) -> Result<Object> {
    let raw_types = match members_or_none(export, "types")? {
        Some(types) => types,
        None => {
            inner(export, &["dictionary", "types", "attributes"])?.context("no object `types`")?
        }
    };
    let types = types(raw_types)?;
    let raw_dictionary = match members_or_none(export, "dictionary_attributes")? {
        Some(attributes) => attributes.clone(),
        None => inner(export, &["dictionary", "attributes"])?.cloned().unwrap_or_default(),
    };
    let mut out = Object::new();
    out.insert("version".to_owned(), text(export, "version")?.into());
    out.insert("dictionary".to_owned(), attributes(&raw_dictionary, &types)?.into());
    let mut raw_classes = members(export, "classes")?.clone();
    // Older servers list it only beside the classes.
    if let Some(base) = members_or_none(export, "base_event")? {
        raw_classes.entry("base_event").or_insert_with(|| base.clone().into());
    }
    let (mut classes, mut categories) = (Object::new(), Object::new());
    for one in objects(&raw_classes) {
        let (key, raw) = one?;
        let of = || format!("class `{key}`");
        let mut class = item(key, raw, &types).with_context(of)?;
        complete_class(&mut class, raw, export, &mut categories).with_context(of)?;
        add(&mut classes, class)?;
    }
    let mut all_objects = Object::new();
    for one in objects(members(export, "objects")?) {
        let (key, raw) = one?;
        let object = item(key, raw, &types).with_context(|| format!("object `{key}`"))?;
        add(&mut all_objects, object)?;
    }
    out.insert("categories".to_owned(), categories.into());
    out.insert("extensions".to_owned(), extensions(export, &raw_classes)?.into());
    out.insert("observables".to_owned(), observables(&all_objects)?.into());
    out.insert("types".to_owned(), types.into());
    out.insert("classes".to_owned(), classes.into());
    out.insert("objects".to_owned(), all_objects.into());
    let listed = members_or_none(export, "profiles")?.cloned().unwrap_or_default();
    let profiles = profiles(&listed, &out)?;
    out.insert("profiles".to_owned(), profiles.into());
    Ok(out)
}

/// The object at a path, when all of it is there.
fn inner<'a>(from: &'a Object, path: &[&str]) -> Result<Option<&'a Object>> {
    let mut found = Some(from);
    for key in path {
        found = match found {
            Some(object) => members_or_none(object, key)?,
            None => None,
        };
    }
    Ok(found)
}

fn types(raw: &Object) -> Result<Object> {
    let mut out = Object::new();
    for one in objects(raw) {
        let (name, raw) = one?;
        // Attributes that hold objects name the object.
        if name == "object_t" {
            continue;
        }
        let base = text_or_none(raw, "type").with_context(|| format!("type `{name}`"))?;
        let mut kind = Object::new();
        kind.insert("base".to_owned(), base.unwrap_or(name).into());
        keep(raw, &["max_len", "range", "regex", "observable"], &mut kind);
        out.insert(name.clone(), kind.into());
    }
    Ok(out)
}

fn attributes(raw: &Object, types: &Object) -> Result<Object> {
    let mut out = Object::new();
    for one in objects(raw) {
        let (name, raw) = one?;
        let of = || format!("attribute `{name}`");
        let mut attribute = attribute::resolved(raw, types).with_context(of)?;
        attribute.retain(|_, value| !value.is_null());
        out.insert(unscoped(name).to_owned(), attribute.into());
    }
    Ok(out)
}

/// What classes and objects have in common.
fn item(key: &str, raw: &Object, types: &Object) -> Result<Object> {
    let mut out = Object::new();
    let name = text_or_none(raw, "name")?.unwrap_or(key);
    out.insert("name".to_owned(), unscoped(name).into());
    out.insert("caption".to_owned(), text(raw, "caption")?.into());
    if let Some(parent) = text_or_none(raw, "extends")? {
        out.insert("extends".to_owned(), unscoped(parent).into());
    }
    let scope = key.split_once('/').map(|(extension, _)| extension);
    if let Some(extension) = text_or_none(raw, "extension")?.or(scope) {
        out.insert("extension".to_owned(), extension.into());
    }
    keep(raw, &["profiles", "constraints", "observable"], &mut out);
    let is_empty = |one: &Value| one.as_object().is_some_and(Object::is_empty);
    if out.get("constraints").is_some_and(is_empty) {
        out.remove("constraints");
    }
    if let Some(since) = attribute::deprecated(raw)? {
        out.insert("deprecated".to_owned(), since.into());
    }
    let mut attributes = attributes(members(raw, "attributes")?, types)?;
    for (name, attribute) in &mut attributes {
        let attribute = attribute.as_object_mut().context("an attribute is an object")?;
        text(attribute, "type").with_context(|| format!("attribute `{name}`"))?;
        attribute.entry("requirement").or_insert_with(|| json!("optional"));
    }
    out.insert("attributes".to_owned(), attributes.into());
    Ok(out)
}

/// Number and category of a class.
fn complete_class(
    class: &mut Object,
    raw: &Object,
    export: &Object,
    categories: &mut Object,
) -> Result<()> {
    let is_base = text(class, "name")? == "base_event";
    let uid = match whole_or_none(raw, "uid")? {
        None if is_base => 0,
        None => bail!("no number `uid`"),
        Some(uid) => uid,
    };
    class.insert("uid".to_owned(), uid.into());
    let attributes = members_mut(class, "attributes")?;
    // It is computed.
    if let Some(Value::Object(type_uid)) = attributes.get_mut("type_uid") {
        type_uid.remove("enum");
    }
    let values = match attributes.get("category_uid") {
        Some(Value::Object(attribute)) => members_or_none(attribute, "enum")?.cloned(),
        _ => None,
    };
    let only = values.as_ref().filter(|values| values.len() == 1).and_then(|one| one.iter().next());
    let from_enum = only.and_then(|(uid, _)| uid.parse().ok());
    let category_uid = match whole_or_none(raw, "category_uid")?.or(from_enum) {
        None if is_base => 0,
        found => {
            found.context("neither `category_uid` nor one value of the attribute `category_uid`")?
        }
    };
    class.insert("category_uid".to_owned(), category_uid.into());
    if category_uid == 0 {
        class.insert("category".to_owned(), "other".into());
        return Ok(());
    }
    let listed = category_of(export, category_uid)?;
    let name = text_or_none(raw, "category")?.or(listed.map(|(name, _)| name));
    let name = unscoped(name.context("no text `category`")?).to_owned();
    let caption = text_or_none(raw, "category_name")?
        .or(only.and_then(|(_, caption)| caption.as_str()))
        .or(listed.and_then(|(_, entry)| entry.get("caption")?.as_str()))
        .unwrap_or(&name);
    categories.insert(name.clone(), json!({"uid": category_uid, "caption": caption}));
    class.insert("category".to_owned(), name.into());
    Ok(())
}

/// The category with a number, where a schema lists categories.
fn category_of(export: &Object, uid: i64) -> Result<Option<(&str, &Object)>> {
    let Some(section) = members_or_none(export, "categories")? else { return Ok(None) };
    let section = members_or_none(section, "attributes")?.unwrap_or(section);
    let mut known =
        section.iter().filter_map(|(name, one)| Some((name.as_str(), one.as_object()?)));
    Ok(known.find(|(_, one)| one.get("uid").and_then(Value::as_i64) == Some(uid)))
}

fn add(items: &mut Object, item: Object) -> Result<()> {
    let name = text(&item, "name")?.to_owned();
    if items.contains_key(&name) {
        bail!("`{name}` is there twice: extensions brought the same name");
    }
    items.insert(name, item.into());
    Ok(())
}

/// The extensions that classes name.
fn extensions(export: &Object, classes: &Object) -> Result<Object> {
    if let Some(known) = members_or_none(export, "extensions")? {
        return Ok(known.clone());
    }
    let mut out = Object::new();
    for one in objects(classes) {
        let (_, class) = one?;
        let Some(name) = text_or_none(class, "extension")? else { continue };
        let uid = match whole_or_none(class, "extension_id")? {
            Some(uid) => uid,
            None => whole(class, "uid")? / EXTENSION_UIDS,
        };
        out.insert(name.to_owned(), json!({"uid": uid, "caption": title(name)}));
    }
    Ok(out)
}

/// The types of observables: the values of `observable.type_id` but Unknown and Other.
fn observables(all: &Object) -> Result<Object> {
    let path = ["observable", "attributes", "type_id", "enum"];
    let values = inner(all, &path)?.context("object `observable`: no `enum` at `type_id`")?;
    let known = values.iter().filter(|(key, _)| !matches!(key.as_str(), "0" | "99"));
    Ok(known.map(|(key, caption)| (key.clone(), json!({"caption": caption}))).collect())
}

/// The profiles that are listed, and those that classes, objects and attributes name.
pub(super) fn profiles(captions: &Object, schema: &Object) -> Result<Object> {
    let mut names: BTreeSet<String> = captions.keys().cloned().collect();
    for section in ["classes", "objects"] {
        for item in objects(members(schema, section)?) {
            let (_, item) = item?;
            names.extend(texts(item, "profiles")?);
            for attribute in objects(members(item, "attributes")?) {
                names.extend(texts(attribute?.1, "profiles")?);
            }
        }
    }
    let mut out = Object::new();
    for name in names {
        let listed = members_or_none(captions, &name)?;
        let listed = listed.and_then(|one| one.get("caption")?.as_str().map(str::to_owned));
        let caption = listed.unwrap_or_else(|| title(unscoped(&name)));
        let attributes = shared::names_of_profile(schema, &name)?;
        out.insert(name, json!({"caption": caption, "attributes": attributes}));
    }
    Ok(out)
}

/// A caption of a name: `Security Control` of `security_control`.
fn title(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_uppercase().to_string());
        format!("{}{}", first.unwrap_or_default(), letters.as_str())
    });
    words.collect::<Vec<_>>().join(" ")
}
