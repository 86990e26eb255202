//! A user's extension on top of a resolved schema: new classes and objects, patches of known ones,
//! dictionary, types, profiles, categories and types of observables, as the OCSF schema compiler
//! applies them. The schema is flat already, so a patch is passed on to what was derived from it.

mod derive;
mod files;
mod finish;
mod observables;
mod patch;

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use self::files::{Definition, Extension};
use super::attribute::{lay, pass_on, strictness};
use super::check;
use super::json::{Object, members, members_mut, objects, whole};

/// Applies the extension in a folder; returns its name. What had to be guessed goes to `notes`.
pub(super) fn apply(schema: &mut Object, folder: &Path, notes: &mut Vec<String>) -> Result<String> {
    let extension = files::extension(folder, schema)?;
    let of = || format!("{}: extension `{}`", folder.display(), extension.name);
    apply_parts(schema, &extension, folder, notes).with_context(of)?;
    Ok(extension.name)
}

fn apply_parts(
    schema: &mut Object,
    extension: &Extension,
    folder: &Path,
    notes: &mut Vec<String>,
) -> Result<()> {
    register(schema, extension)?;
    let found = observables::of(schema, extension)?;
    add_categories(schema, extension)?;
    add_all(schema, "types", &extension.types)?;
    let profiles = extension.profiles.iter().map(|(name, profile)| {
        let attributes: Vec<&String> = profile.attributes.keys().collect();
        let entry = json!({"caption": profile.caption, "attributes": attributes});
        (name.clone(), entry)
    });
    add_all(schema, "profiles", &profiles.collect())?;
    let of = || folder.join("dictionary.json").display().to_string();
    add_dictionary(schema, &extension.dictionary).with_context(of)?;
    for (section, definitions) in [("objects", &extension.objects), ("classes", &extension.classes)]
    {
        let mut new = Vec::new();
        for definition in definitions {
            let is_new = is_new(definition, members(schema, section)?)
                .with_context(|| definition.file.display().to_string())?;
            if is_new {
                new.push(definition);
            } else {
                patch::apply(schema, section, definition)
                    .with_context(|| definition.file.display().to_string())?;
            }
        }
        for (definition, mut item) in derive::all(schema, section, &new, notes)? {
            let of = || definition.file.display().to_string();
            if section == "classes" {
                finish::class(&mut item, schema, extension).with_context(of)?;
            }
            item.insert("extension".to_owned(), extension.name.as_str().into());
            members_mut(schema, section)?.insert(definition.name.clone(), item.into());
        }
    }
    for name in extension.dictionary.keys() {
        let attribute = members(members(schema, "dictionary")?, name)?;
        check::attribute(attribute, schema)
            .with_context(|| format!("attribute `{name}`"))
            .with_context(of)?;
    }
    observables::add(schema, found)?;
    finish::twins(schema)?;
    finish::profiles_of_classes(schema)
}

/// Whether a definition makes something; else it patches what is known under its name.
fn is_new(definition: &Definition, section: &Object) -> Result<bool> {
    let name = &definition.name;
    let is_known = section.contains_key(name);
    match &definition.extends {
        Some(parent) if parent == name && !is_known => {
            bail!("it patches `{name}`, which the schema does not list")
        }
        Some(parent) if parent != name && is_known => {
            bail!("the schema has another `{name}`: to patch it, `extends` has to be `{name}`")
        }
        _ => Ok(!is_known),
    }
}

fn register(schema: &mut Object, extension: &Extension) -> Result<()> {
    let known = members_mut(schema, "extensions")?;
    for one in objects(known) {
        let (name, other) = one?;
        if *name == extension.name || whole(other, "uid")? == extension.uid {
            bail!("the schema has the extension `{name}` with the number {}", whole(other, "uid")?);
        }
    }
    let Extension { name, uid, caption, version, .. } = extension;
    known.insert(name.clone(), json!({"uid": uid, "caption": caption, "version": version}));
    Ok(())
}

/// Adds categories under their numbers among all extensions.
fn add_categories(schema: &mut Object, extension: &Extension) -> Result<()> {
    let mut scaled = Object::new();
    for one in objects(&extension.categories) {
        let (name, category) = one?;
        let uid = extension.uid * 100 + whole(category, "uid")?;
        scaled.insert(name.clone(), json!({"uid": uid, "caption": category.get("caption")}));
    }
    add_all(schema, "categories", &scaled)
}

/// Adds entries to a section, none of which it may have.
fn add_all(schema: &mut Object, section: &str, entries: &Object) -> Result<()> {
    let known = members_mut(schema, section)?;
    for (name, entry) in entries {
        if known.contains_key(name) {
            bail!("`{name}` is among the {section} of the schema");
        }
        known.insert(name.clone(), entry.clone());
    }
    Ok(())
}

/// Adds attributes to the dictionary. What is said of a known one reaches everything that has it;
/// it may not become another kind of value, nor be asked for less.
fn add_dictionary(schema: &mut Object, attributes: &Object) -> Result<()> {
    for one in objects(attributes) {
        let (name, attribute) = one?;
        let mut attribute = attribute.clone();
        attribute.remove("caption");
        let dictionary = members_mut(schema, "dictionary")?;
        let Some(old) = dictionary.get(name).and_then(Value::as_object).cloned() else {
            if !attribute.contains_key("type") {
                bail!("attribute `{name}`: no text `type`");
            }
            dictionary.insert(name.clone(), attribute.into());
            continue;
        };
        for key in ["type", "object", "is_array"] {
            let said = attribute.get(key);
            if said.is_some() && said != old.get(key) {
                bail!("attribute `{name}`: `{key}` differs from the schema's");
            }
        }
        let requirement = attribute.get("requirement").map(strictness);
        if requirement.is_some_and(|new| new < old.get("requirement").map_or(0, strictness)) {
            bail!("attribute `{name}`: `requirement` is less than the schema's");
        }
        let mut new = old.clone();
        lay(&mut new, &attribute);
        dictionary.insert(name.clone(), new.clone().into());
        for section in ["classes", "objects"] {
            for item in members_mut(schema, section)?.values_mut() {
                let known = item.get_mut("attributes").and_then(|all| all.get_mut(name));
                if let Some(Value::Object(known)) = known {
                    pass_on(&old, &new, known);
                }
            }
        }
    }
    Ok(())
}
