//! Patches of classes and objects that the schema has, passed on to all that was derived from them.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::super::attribute::{lay, lay_all, pass_on};
use super::super::json::{Object, members, members_mut, objects, texts};
use super::files::Definition;

/// Parents of what is derived from something that the schema does not list.
const ROOTS: [&str; 2] = ["base_event", "object"];

/// Applies a patch.
pub(super) fn apply(schema: &mut Object, section: &str, definition: &Definition) -> Result<()> {
    let dictionary = members(schema, "dictionary")?.clone();
    let items = members_mut(schema, section)?;
    let name = &definition.name;
    let old = members(items, name)?.clone();
    let mut new = old.clone();
    overlay(&mut new, &definition.item, &dictionary)?;
    replace(items, name, &old, new)
}

/// Lays what a definition says on an item.
pub(super) fn overlay(item: &mut Object, said: &Object, dictionary: &Object) -> Result<()> {
    add_profiles(item, &texts(said, "profiles")?)?;
    for key in ["caption", "uid", "category", "observable", "deprecated"] {
        if let Some(value) = said.get(key) {
            item.insert(key.to_owned(), value.clone());
        }
    }
    match said.get("constraints") {
        // An empty one takes away what was there.
        Some(Value::Object(rules)) if rules.is_empty() => {
            item.remove("constraints");
        }
        Some(rules) => {
            item.insert("constraints".to_owned(), rules.clone());
        }
        None => {}
    }
    let attributes = members_mut(item, "attributes")?;
    lay_all(attributes, members(said, "attributes")?, dictionary)?;
    for attribute in attributes.values_mut().filter_map(Value::as_object_mut) {
        attribute.retain(|_, value| !value.is_null());
    }
    Ok(())
}

/// Puts an item in its place and passes what changed on to its children.
fn replace(items: &mut Object, name: &str, old: &Object, new: Object) -> Result<()> {
    let is_child = |child: &Value| match child.get("extends").and_then(Value::as_str) {
        Some(parent) => parent == name || (ROOTS.contains(&name) && !items.contains_key(parent)),
        None => false,
    };
    let children: Vec<String> =
        items.iter().filter(|(_, item)| is_child(item)).map(|(name, _)| name.clone()).collect();
    for child in children {
        let before = members(items, &child)?.clone();
        let mut after = before.clone();
        inherit(old, &new, &mut after).with_context(|| format!("`{child}`"))?;
        if after != before {
            replace(items, &child, &before, after)?;
        }
    }
    items.insert(name.to_owned(), new.into());
    Ok(())
}

/// Changes a child as its parent was changed.
fn inherit(old: &Object, new: &Object, child: &mut Object) -> Result<()> {
    for key in ["constraints", "observable"] {
        if child.get(key) == old.get(key) {
            match new.get(key) {
                Some(value) => child.insert(key.to_owned(), value.clone()),
                None => child.remove(key),
            };
        }
    }
    let known = texts(old, "profiles")?;
    let more: Vec<String> =
        texts(new, "profiles")?.into_iter().filter(|profile| !known.contains(profile)).collect();
    add_profiles(child, &more)?;
    let old = members(old, "attributes")?;
    let attributes = members_mut(child, "attributes")?;
    for one in objects(members(new, "attributes")?) {
        let (name, new) = one?;
        let old = old.get(name).and_then(Value::as_object);
        if old == Some(new) {
            continue;
        }
        match (attributes.get_mut(name), old) {
            (Some(Value::Object(own)), Some(old)) => pass_on(old, new, own),
            (Some(Value::Object(own)), None) => {
                let mut joined = new.clone();
                lay(&mut joined, own);
                *own = joined;
            }
            _ => {
                attributes.insert(name.clone(), new.clone().into());
            }
        }
    }
    Ok(())
}

/// Adds profiles to those of an item, in order.
pub(super) fn add_profiles(item: &mut Object, more: &[String]) -> Result<()> {
    let mut profiles = texts(item, "profiles")?;
    profiles.extend(more.iter().cloned());
    profiles.sort();
    profiles.dedup();
    if !profiles.is_empty() {
        item.insert("profiles".to_owned(), json!(profiles));
    }
    Ok(())
}
