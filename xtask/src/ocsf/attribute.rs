//! An attribute as schemas write it → as the resolved form has it; and how one is laid on another.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::json::{Object, keep, members_or_none, objects, text, text_or_none, texts, unscoped};

/// The attribute in the resolved form. What it does not say stays unsaid: an extension writes only
/// what differs from the dictionary. A null at `profiles` says: there with every profile.
pub(super) fn resolved(raw: &Object, types: &Object) -> Result<Object> {
    let mut out = Object::new();
    let object = text_or_none(raw, "object_type")?.or(text_or_none(raw, "object")?);
    match (text_or_none(raw, "type")?, object) {
        (Some("object_t"), None) => bail!("`type` is `object_t` without `object_type`"),
        (_, Some(name)) => is_object(name, &mut out),
        (Some(name), None) => {
            match [name, unscoped(name)].iter().find(|one| types.contains_key(**one)) {
                Some(known) => {
                    out.insert("type".to_owned(), json!(known));
                }
                None => is_object(name, &mut out),
            }
        }
        (None, None) => {}
    }
    if raw.get("is_array").and_then(Value::as_bool) == Some(true) {
        out.insert("is_array".to_owned(), json!(true));
    }
    keep(raw, &["requirement", "group", "sibling", "observable"], &mut out);
    match (raw.get("profile"), raw.get("profiles")) {
        (Some(Value::String(name)), _) => {
            out.insert("profiles".to_owned(), json!([name]));
        }
        (_, Some(Value::Array(_))) => {
            let names = texts(raw, "profiles")?;
            out.insert(
                "profiles".to_owned(),
                if names.is_empty() { Value::Null } else { json!(names) },
            );
        }
        (Some(Value::Null), _) | (_, Some(Value::Null)) => {
            out.insert("profiles".to_owned(), Value::Null);
        }
        (None, None) => {}
        _ => bail!("`profile` is not a text"),
    }
    enumeration(raw, &mut out)?;
    if let Some(since) = deprecated(raw)? {
        out.insert("deprecated".to_owned(), since.into());
    }
    Ok(out)
}

fn is_object(name: &str, out: &mut Object) {
    out.insert("type".to_owned(), json!("object_t"));
    out.insert("object".to_owned(), json!(unscoped(name)));
}

/// Captions by key, and since when some of them should not be used.
fn enumeration(raw: &Object, out: &mut Object) -> Result<()> {
    let Some(values) = members_or_none(raw, "enum")? else { return Ok(()) };
    let (mut captions, mut old) = (Object::new(), Object::new());
    for (key, value) in values {
        let caption = match value {
            Value::String(caption) => caption.as_str(),
            Value::Object(value) => {
                let of = || format!("value `{key}` of `enum`");
                if let Some(since) = deprecated(value).with_context(of)? {
                    old.insert(key.clone(), since.into());
                }
                text(value, "caption").with_context(of)?
            }
            _ => bail!("value `{key}` of `enum` has no caption"),
        };
        captions.insert(key.clone(), caption.into());
    }
    out.insert("enum".to_owned(), captions.into());
    if !old.is_empty() {
        out.insert("enum_deprecated".to_owned(), old.into());
    }
    Ok(())
}

/// Since which release something should not be used.
pub(super) fn deprecated(raw: &Object) -> Result<Option<String>> {
    let values = ["@deprecated", "deprecated"].into_iter().filter_map(|key| raw.get(key));
    match values.into_iter().find(|value| !value.is_null()) {
        None => Ok(None),
        Some(Value::String(since)) => Ok(Some(since.clone())),
        Some(Value::Object(value)) => {
            Ok(Some(text(value, "since").context("`@deprecated`")?.to_owned()))
        }
        Some(_) => bail!("`@deprecated` does not say since when"),
    }
}

/// Lays what `over` says on `under`: values of enumerations and profiles are joined, everything
/// else is replaced. Of two profiles that ask for an attribute the stricter requirement holds.
pub(super) fn lay(under: &mut Object, over: &Object) {
    let profiles = |one: &Object| one.get("profiles").is_some_and(Value::is_array);
    let is_joined = profiles(under) && profiles(over);
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Object(known)), Value::Object(more)) => known.extend(more.clone()),
            (Some(Value::Array(known)), Value::Array(more)) if key == "profiles" => {
                known.extend(
                    more.iter().filter(|one| !known.contains(one)).cloned().collect::<Vec<_>>(),
                );
                known.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            }
            (Some(known), _) if key == "requirement" && is_joined => {
                if strictness(value) > strictness(known) {
                    *known = value.clone();
                }
            }
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

/// How much a requirement asks for.
pub(super) fn strictness(requirement: &Value) -> u8 {
    match requirement.as_str() {
        Some("required") => 2,
        Some("recommended") => 1,
        _ => 0,
    }
}

/// Passes a change of a parent on: what `child` has as `old` had it becomes as `new` has it.
pub(super) fn pass_on(old: &Object, new: &Object, child: &mut Object) {
    for key in old.keys().chain(new.keys()) {
        if old.get(key) == new.get(key) {
            continue;
        }
        match (old.get(key), new.get(key), child.get_mut(key)) {
            (old, Some(Value::Object(new)), Some(Value::Object(child))) => {
                let none = Object::new();
                pass_on(old.and_then(Value::as_object).unwrap_or(&none), new, child);
            }
            (old, new, known) if old == known.as_deref() => match new {
                Some(value) => {
                    child.insert(key.clone(), value.clone());
                }
                None => {
                    child.remove(key);
                }
            },
            _ => {}
        }
    }
}

/// The attribute with all that the dictionary says of it, ready to be written.
pub(super) fn completed(name: &str, attribute: &Object, dictionary: &Object) -> Result<Object> {
    let known = dictionary.get(name).and_then(Value::as_object);
    let mut out = known.with_context(|| format!("no dictionary has `{name}`"))?.clone();
    lay(&mut out, attribute);
    if out.get("type").is_some_and(|kind| kind != "object_t") {
        out.remove("object");
    }
    out.entry("requirement").or_insert_with(|| json!("optional"));
    Ok(out)
}

/// Attributes of an item laid on those of another; new ones are completed from the dictionary.
pub(super) fn lay_all(under: &mut Object, over: &Object, dictionary: &Object) -> Result<()> {
    for one in objects(over) {
        let (name, attribute) = one?;
        match under.get_mut(name) {
            Some(Value::Object(known)) => lay(known, attribute),
            _ => {
                under.insert(name.clone(), completed(name, attribute, dictionary)?.into());
            }
        }
    }
    Ok(())
}
