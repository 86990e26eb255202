//! What a resolved schema does not list, found by what others have of it: classes and objects that
//! are only there to be derived from (`system`, `_entity`), and the attributes of profiles. What
//! most of those that have it say is taken; so a few that differ do not matter.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::json::{Object, members, objects, text_or_none, texts};

/// Of how many items at least one can tell what they have in common.
const ITEMS_MIN: usize = 3;

/// What the items have in common that were derived from `parent`; `None` when there are none.
pub(super) fn of_children(section: &Object, parent: &str) -> Result<Option<Object>> {
    let mut children = Vec::new();
    for one in objects(section) {
        let (_, item) = one?;
        if text_or_none(item, "extends")? == Some(parent) {
            children.push(item);
        }
    }
    if children.is_empty() {
        return Ok(None);
    }
    if children.len() < ITEMS_MIN {
        bail!(
            "the schema does not list `{parent}`, and too little is derived from it to tell what \
             it has: extend another one"
        );
    }
    let mut out = Object::new();
    for key in ["category", "category_uid", "constraints"] {
        most_common(&children, key, &mut out);
    }
    let mut profiles = texts(children.first().copied().unwrap_or(&out), "profiles")?;
    for child in &children {
        let own = texts(child, "profiles")?;
        profiles.retain(|profile| own.contains(profile));
    }
    out.insert("profiles".to_owned(), json!(profiles));
    let lists: Result<Vec<&Object>> =
        children.iter().map(|child| members(child, "attributes")).collect();
    let lists = lists?;
    let mut attributes = Object::new();
    for name in lists.iter().flat_map(|list| list.keys()) {
        let all = lists.iter().map(|list| list.get(name).and_then(Value::as_object));
        if let Some(all) = all.collect::<Option<Vec<_>>>() {
            attributes.entry(name).or_insert_with(|| common(&all).into());
        }
    }
    out.insert("attributes".to_owned(), attributes.into());
    Ok(Some(out))
}

/// Names of the attributes of a profile, where it is not told which they are. An attribute may also
/// be bound to a profile by one class or object alone; so those count that at least half of the
/// classes with the profile have, or of the objects when no class has it.
pub(super) fn names_of_profile(schema: &Object, profile: &str) -> Result<Vec<String>> {
    for section in ["classes", "objects"] {
        let mut items = 0;
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for one in objects(members(schema, section)?) {
            let mut is_bound = false;
            for attribute in objects(members(one?.1, "attributes")?) {
                let (name, attribute) = attribute?;
                let profiles = texts(attribute, "profiles")?;
                // Twins of times come by their type, not by a list.
                if profiles.iter().any(|one| one == profile) && profiles != ["datetime"] {
                    *times.entry(name).or_default() += 1;
                    is_bound = true;
                }
            }
            items += usize::from(is_bound);
        }
        if items > 0 {
            let common = times.iter().filter(|(_, count)| **count * 2 >= items);
            return Ok(common.map(|(name, _)| (*name).to_owned()).collect());
        }
    }
    Ok(Vec::new())
}

/// The attributes of a profile.
pub(super) fn of_profile(schema: &Object, profile: &str) -> Result<Object> {
    let known = members(members(schema, "profiles")?, profile)?;
    let mut out = Object::new();
    for name in texts(known, "attributes")? {
        let mut found = Vec::new();
        for section in ["classes", "objects"] {
            for one in objects(members(schema, section)?) {
                let attributes = members(one?.1, "attributes")?;
                let attribute = attributes.get(&name).and_then(Value::as_object);
                found
                    .extend(attribute.filter(|one| one.get("profiles") == Some(&json!([profile]))));
            }
        }
        if found.is_empty() {
            bail!("nothing in the schema has `{name}` with the profile `{profile}`");
        }
        out.insert(name, common(&found).into());
    }
    Ok(out)
}

/// The attribute as most have it, with the values that all of them know.
pub(super) fn common(all: &[&Object]) -> Object {
    let mut out = Object::new();
    for key in all.iter().flat_map(|one| one.keys()) {
        if !out.contains_key(key) {
            most_common(all, key, &mut out);
        }
    }
    let lists = all.iter().filter_map(|one| one.get("enum")?.as_object());
    let lists: Vec<&Object> = lists.collect();
    if let Some(Value::Object(values)) = out.get_mut("enum") {
        values.retain(|key, _| lists.iter().all(|list| list.contains_key(key)));
    }
    out
}

/// Takes the value that most have at a key; when as many have another one, the first by its text:
/// `optional` goes before `recommended` before `required`.
fn most_common(all: &[&Object], key: &str, out: &mut Object) {
    let mut times: BTreeMap<String, (usize, &Value)> = BTreeMap::new();
    for one in all {
        let value = one.get(key).unwrap_or(&Value::Null);
        times.entry(value.to_string()).or_insert((0, value)).0 += 1;
    }
    let most = times.values().map(|(count, _)| *count).max();
    let found = times.values().find(|(count, _)| Some(*count) == most);
    if let Some((_, value)) = found.filter(|(_, value)| !value.is_null()) {
        out.insert(key.to_owned(), (*value).clone());
    }
}
