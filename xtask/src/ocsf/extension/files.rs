//! What the files of an extension say: `extension.json`, `categories.json`, `dictionary.json`,
//! `profiles/`, `events/` and `objects/`, with includes in place and profiles under the names that
//! events give them (`acme/site` for the profile `site` of the extension `acme`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::super::attribute::{self, lay};
use super::super::json::{
    Object, keep, members, members_or_none, objects, read, text, text_or_none, texts, unscoped,
    whole,
};
use super::super::shared;

/// An extension as its files have it.
pub(super) struct Extension {
    pub(super) name: String,
    pub(super) uid: i64,
    pub(super) caption: String,
    pub(super) version: Option<String>,
    /// As in the resolved form, but with numbers within the extension.
    pub(super) categories: Object,
    /// Types of its dictionary.
    pub(super) types: Object,
    /// Attributes of its dictionary.
    pub(super) dictionary: Object,
    /// Profiles by the name that events give them.
    pub(super) profiles: BTreeMap<String, Profile>,
    pub(super) classes: Vec<Definition>,
    pub(super) objects: Vec<Definition>,
}

/// A profile: attributes that go where it is included.
pub(super) struct Profile {
    pub(super) file: PathBuf,
    pub(super) caption: String,
    pub(super) attributes: Object,
}

/// A class or an object: a new one, or a patch of a known one.
pub(super) struct Definition {
    pub(super) file: PathBuf,
    pub(super) name: String,
    pub(super) extends: Option<String>,
    /// The resolved form of what it says.
    pub(super) item: Object,
}

/// Reads the extension in a folder; `schema` has what it may include and refer to.
pub(super) fn extension(folder: &Path, schema: &Object) -> Result<Extension> {
    let file = folder.join("extension.json");
    let about = read(&file)?;
    let header = || -> Result<(String, i64)> {
        let (name, uid) = (text(&about, "name")?, whole(&about, "uid")?);
        if !(1..=999).contains(&uid) {
            bail!("`uid` is {uid}, not 1 to 999");
        }
        if name.is_empty() || name.contains('/') {
            bail!("`name` is `{name}`");
        }
        Ok((name.to_owned(), uid))
    };
    let (name, uid) = header().with_context(|| file.display().to_string())?;
    let (types, dictionary) = dictionary(folder, schema)?;
    let mut known_types = members(schema, "types")?.clone();
    known_types.extend(types.clone());
    let profiles = profiles(folder, &name, &known_types)?;
    let reader = Reader { folder, name: &name, types: &known_types, profiles: &profiles, schema };
    let (classes, objects) = (reader.definitions("events")?, reader.definitions("objects")?);
    Ok(Extension {
        uid,
        caption: text_or_none(&about, "caption")?.unwrap_or(&name).to_owned(),
        version: text_or_none(&about, "version")?.map(str::to_owned),
        categories: categories(folder)?,
        types,
        dictionary,
        profiles,
        classes,
        objects,
        name,
    })
}

/// Reads a file that may be absent.
fn read_or_none(file: &Path) -> Result<Object> {
    if file.is_file() { read(file) } else { Ok(Object::new()) }
}

fn categories(folder: &Path) -> Result<Object> {
    let file = folder.join("categories.json");
    let raw = read_or_none(&file)?;
    let none = Object::new();
    let mut out = Object::new();
    for one in objects(members_or_none(&raw, "attributes")?.unwrap_or(&none)) {
        let (name, category) = one.with_context(|| file.display().to_string())?;
        let of = || format!("{}: category `{name}`", file.display());
        let uid = whole(category, "uid").with_context(of)?;
        if !(1..=99).contains(&uid) {
            bail!("{}: `uid` is {uid}, not 1 to 99", of());
        }
        let caption = text(category, "caption").with_context(of)?;
        out.insert(unscoped(name).to_owned(), json!({"uid": uid, "caption": caption}));
    }
    Ok(out)
}

/// Types and attributes of the extension's dictionary.
fn dictionary(folder: &Path, schema: &Object) -> Result<(Object, Object)> {
    let file = folder.join("dictionary.json");
    let raw = read_or_none(&file)?;
    let none = Object::new();
    let mut types = Object::new();
    if let Some(section) = members_or_none(&raw, "types")? {
        for one in objects(members_or_none(section, "attributes")?.unwrap_or(&none)) {
            let (name, raw) = one.with_context(|| file.display().to_string())?;
            let of = || format!("{}: type `{name}`", file.display());
            let mut kind = Object::new();
            kind.insert("base".to_owned(), text(raw, "type").with_context(of)?.into());
            keep(raw, &["max_len", "range", "regex", "observable", "caption"], &mut kind);
            types.insert(name.clone(), kind.into());
        }
    }
    let mut known = members(schema, "types")?.clone();
    known.extend(types.clone());
    let mut attributes = Object::new();
    for one in objects(members_or_none(&raw, "attributes")?.unwrap_or(&none)) {
        let (name, raw) = one.with_context(|| file.display().to_string())?;
        let of = || format!("{}: attribute `{name}`", file.display());
        let mut attribute = attribute::resolved(raw, &known).with_context(of)?;
        attribute.retain(|_, value| !value.is_null());
        keep(raw, &["caption"], &mut attribute);
        attributes.insert(unscoped(name).to_owned(), attribute.into());
    }
    Ok((types, attributes))
}

fn profiles(folder: &Path, extension: &str, types: &Object) -> Result<BTreeMap<String, Profile>> {
    let mut out = BTreeMap::new();
    for file in json_files(&folder.join("profiles"))? {
        let raw = read(&file)?;
        let of = || file.display().to_string();
        let name = format!("{extension}/{}", unscoped(text(&raw, "name").with_context(of)?));
        let caption = text_or_none(&raw, "caption").with_context(of)?.unwrap_or(&name).to_owned();
        let attributes = included(&raw, &file, types)?;
        if out.contains_key(&name) {
            bail!("{}: there is another profile `{name}`", file.display());
        }
        out.insert(name, Profile { file, caption, attributes });
    }
    Ok(out)
}

/// The attributes of a file that is included, with what it says of all of them.
fn included(raw: &Object, file: &Path, types: &Object) -> Result<Object> {
    let annotations = members_or_none(raw, "annotations")?;
    let mut out = Object::new();
    for one in objects(members(raw, "attributes").with_context(|| file.display().to_string())?) {
        let (name, raw) = one.with_context(|| file.display().to_string())?;
        let of = || format!("{}: attribute `{name}`", file.display());
        let mut attribute = attribute::resolved(raw, types).with_context(of)?;
        for (key, value) in annotations.into_iter().flatten() {
            if matches!(key.as_str(), "group" | "requirement") {
                attribute.entry(key).or_insert_with(|| value.clone());
            }
        }
        out.insert(unscoped(name).to_owned(), attribute.into());
    }
    Ok(out)
}

/// All `.json` files below a folder that may be absent, in order.
fn json_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    let of = || format!("reading {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(of)? {
        let path = entry.with_context(of)?.path();
        if path.is_dir() {
            files.extend(json_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What reading a class or an object needs.
struct Reader<'a> {
    folder: &'a Path,
    name: &'a str,
    types: &'a Object,
    profiles: &'a BTreeMap<String, Profile>,
    schema: &'a Object,
}

impl Reader<'_> {
    fn definitions(&self, kind: &str) -> Result<Vec<Definition>> {
        let mut out: Vec<Definition> = Vec::new();
        for file in json_files(&self.folder.join(kind))? {
            let raw = read(&file)?;
            let definition =
                self.definition(&file, &raw).with_context(|| file.display().to_string())?;
            if out.iter().any(|known| known.name == definition.name) {
                bail!("{}: `{}` is there twice", file.display(), definition.name);
            }
            out.push(definition);
        }
        Ok(out)
    }

    fn definition(&self, file: &Path, raw: &Object) -> Result<Definition> {
        let extends = text_or_none(raw, "extends")?.map(|name| unscoped(name).to_owned());
        let name = text_or_none(raw, "name")?.map(|name| unscoped(name).to_owned());
        let name = name.or_else(|| extends.clone()).context("neither `name` nor `extends`")?;
        let mut item = Object::new();
        let keys = ["caption", "uid", "category", "constraints", "observable", "observables"];
        keep(raw, &keys, &mut item);
        if let Some(since) = attribute::deprecated(raw)? {
            item.insert("deprecated".to_owned(), since.into());
        }
        let profiles = texts(raw, "profiles")?;
        let profiles: Result<Vec<String>> =
            profiles.iter().map(|profile| self.profile(profile).context("`profiles`")).collect();
        item.insert("profiles".to_owned(), json!(profiles?));
        item.insert("attributes".to_owned(), self.attributes(raw)?.into());
        Ok(Definition { file: file.to_owned(), name, extends, item })
    }

    /// The attributes that an item has of its own and by including profiles.
    fn attributes(&self, raw: &Object) -> Result<Object> {
        let none = Object::new();
        let raw = members_or_none(raw, "attributes")?.unwrap_or(&none);
        let mut out = Object::new();
        for (name, attribute) in raw.iter().filter(|(name, _)| *name != "$include") {
            let of = || format!("attribute `{name}`");
            let attribute = attribute.as_object().with_context(of)?;
            out.insert(
                unscoped(name).to_owned(),
                self.attribute(attribute).with_context(of)?.into(),
            );
        }
        let paths = match raw.get("$include") {
            None => Vec::new(),
            Some(Value::String(path)) => vec![path.clone()],
            Some(_) => texts(raw, "$include")?,
        };
        for path in paths {
            let mut under =
                self.include(&path).with_context(|| format!("`$include` of `{path}`"))?;
            for (name, attribute) in out {
                match (under.get_mut(&name), attribute) {
                    (Some(Value::Object(known)), Value::Object(own)) => lay(known, &own),
                    (_, own) => {
                        under.insert(name, own);
                    }
                }
            }
            out = under;
        }
        Ok(out)
    }

    /// One attribute, laid on the file that it includes.
    fn attribute(&self, raw: &Object) -> Result<Object> {
        let mut own = attribute::resolved(raw, self.types)?;
        if own.get("profiles").is_some_and(Value::is_array) {
            let profiles = texts(&own, "profiles")?;
            let profiles: Result<Vec<String>> =
                profiles.iter().map(|profile| self.profile(profile)).collect();
            own.insert("profiles".to_owned(), json!(profiles?));
        }
        let Some(path) = text_or_none(raw, "$include")? else { return Ok(own) };
        let mut under = attribute::resolved(&read(&self.folder.join(path))?, self.types)?;
        lay(&mut under, &own);
        Ok(under)
    }

    /// What `$include` beside attributes brings: a profile, or attributes of any file.
    fn include(&self, path: &str) -> Result<Object> {
        let file = self.folder.join(path);
        let name = path.strip_prefix("profiles/").and_then(|name| name.strip_suffix(".json"));
        let (profile, mut attributes) = if let Some((name, own)) =
            self.profiles.iter().find(|(_, profile)| profile.file == file)
        {
            (Some(name.clone()), own.attributes.clone())
        } else if file.is_file() {
            (None, included(&read(&file)?, &file, self.types)?)
        } else if let Some(name) = name.filter(|name| has_profile(self.schema, name)) {
            (Some(name.to_owned()), shared::of_profile(self.schema, name)?)
        } else {
            bail!("the extension has no such file, and the schema no such profile");
        };
        if let Some(profile) = profile {
            for attribute in attributes.values_mut().filter_map(Value::as_object_mut) {
                attribute.insert("profiles".to_owned(), json!([profile]));
            }
        }
        Ok(attributes)
    }

    /// The name that events give a profile.
    fn profile(&self, name: &str) -> Result<String> {
        let own = format!("{}/{name}", self.name);
        if self.profiles.contains_key(&own) {
            return Ok(own);
        }
        if self.profiles.contains_key(name) || has_profile(self.schema, name) {
            return Ok(name.to_owned());
        }
        bail!("neither the extension nor the schema has the profile `{name}`")
    }
}

fn has_profile(schema: &Object, name: &str) -> bool {
    members(schema, "profiles").is_ok_and(|profiles| profiles.contains_key(name))
}
