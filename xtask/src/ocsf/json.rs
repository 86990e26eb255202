//! JSON files and their members; errors name the file and the key.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// Reads a file that holds one object.
pub(super) fn read(path: &Path) -> Result<Object> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    match serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))? {
        Value::Object(object) => Ok(in_order(object)),
        _ => bail!("{} is not a JSON object", path.display()),
    }
}

/// The object with the members of all objects in it in the order of their keys, which is how they
/// are numbered and written: a feature of the library that another crate may switch on keeps them
/// as they came.
pub(super) fn in_order(object: Object) -> Object {
    let mut value = Value::Object(object);
    value.sort_all_objects();
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// The object at a key.
pub(super) fn members<'a>(object: &'a Object, key: &str) -> Result<&'a Object> {
    members_or_none(object, key)?.with_context(|| format!("no object `{key}`"))
}

/// The object at a key that may be absent or null.
pub(super) fn members_or_none<'a>(object: &'a Object, key: &str) -> Result<Option<&'a Object>> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => bail!("`{key}` is not an object"),
    }
}

/// The object at a key, to change it; it is made when it is not there.
pub(super) fn members_mut<'a>(object: &'a mut Object, key: &str) -> Result<&'a mut Object> {
    let value = object.entry(key).or_insert_with(|| Value::Object(Object::new()));
    value.as_object_mut().with_context(|| format!("`{key}` is not an object"))
}

/// The members of an object that are objects themselves.
pub(super) fn objects(all: &Object) -> impl Iterator<Item = Result<(&String, &Object)>> {
    all.iter().map(|(name, value)| {
        let object = value.as_object().with_context(|| format!("`{name}` is not an object"))?;
        Ok((name, object))
    })
}

/// The text at a key.
pub(super) fn text<'a>(object: &'a Object, key: &str) -> Result<&'a str> {
    text_or_none(object, key)?.with_context(|| format!("no text `{key}`"))
}

/// The text at a key that may be absent or null.
pub(super) fn text_or_none<'a>(object: &'a Object, key: &str) -> Result<Option<&'a str>> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => bail!("`{key}` is not a text"),
    }
}

/// The whole number at a key.
pub(super) fn whole(object: &Object, key: &str) -> Result<i64> {
    whole_or_none(object, key)?.with_context(|| format!("no number `{key}`"))
}

/// The whole number at a key that may be absent or null.
pub(super) fn whole_or_none(object: &Object, key: &str) -> Result<Option<i64>> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            value.as_i64().map(Some).with_context(|| format!("`{key}` is not a whole number"))
        }
    }
}

/// The texts of the list at a key; none when it is absent or null.
pub(super) fn texts(object: &Object, key: &str) -> Result<Vec<String>> {
    let list = match object.get(key) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => bail!("`{key}` is not a list"),
    };
    let texts = list.iter().map(|one| one.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().with_context(|| format!("`{key}` is not a list of texts"))
}

/// The name without the extension before it: `reg_key` of `win/reg_key`.
pub(super) fn unscoped(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, own)| own)
}

/// Copies members that are there and not null.
pub(super) fn keep(from: &Object, keys: &[&str], to: &mut Object) {
    for key in keys {
        if let Some(value) = from.get(*key).filter(|value| !value.is_null()) {
            to.insert((*key).to_owned(), value.clone());
        }
    }
}
