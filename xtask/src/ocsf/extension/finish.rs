//! What follows from the rest: numbers of classes, twins of times, profiles of classes.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::super::json::{
    Object, members, members_mut, members_or_none, objects, text, text_or_none, texts, unscoped,
    whole,
};
use super::files::Extension;
use super::patch::add_profiles;

/// Gives a new class its number among all classes, and what events repeat of it.
pub(super) fn class(class: &mut Object, schema: &Object, extension: &Extension) -> Result<()> {
    let uid = whole(class, "uid")?;
    if !(1..=999).contains(&uid) {
        bail!("`uid` is {uid}, not 1 to 999");
    }
    let name = unscoped(text(class, "category")?).to_owned();
    let category = members_or_none(members(schema, "categories")?, &name)?;
    let own = members_or_none(&extension.categories, &name)?;
    let (category_uid, caption) = match category {
        Some(category) => (whole(category, "uid")?, text(category, "caption")?),
        None if name == "other" => (0, "Uncategorized"),
        None => bail!("`category`: there is no `{name}`"),
    };
    // A category of the extension itself has the extension's number in its own.
    let within = own.map_or(Ok(category_uid), |own| whole(own, "uid"))?;
    let uid = (extension.uid * 100 + within) * 1_000 + uid;
    for one in objects(members(schema, "classes")?) {
        let (other, known) = one?;
        if whole(known, "uid")? == uid {
            bail!("`uid`: {uid} is the number of `{other}` too");
        }
    }
    let class_caption = text(class, "caption")?.to_owned();
    class.insert("uid".to_owned(), uid.into());
    class.insert("category".to_owned(), name.into());
    class.insert("category_uid".to_owned(), category_uid.into());
    let attributes = members_mut(class, "attributes")?;
    let values =
        [("class_uid", uid, class_caption.as_str()), ("category_uid", category_uid, caption)];
    for (key, uid, caption) in values {
        let attribute = attributes.get_mut(key).and_then(Value::as_object_mut);
        let attribute =
            attribute.with_context(|| format!("no attribute `{key}`: it extends no class"))?;
        attribute.insert("enum".to_owned(), json!({uid.to_string(): caption}));
    }
    // It is computed.
    if let Some(Value::Object(type_uid)) = attributes.get_mut("type_uid") {
        type_uid.remove("enum");
    }
    let activity = attributes.get("activity_id").and_then(|one| one.get("enum"));
    activity.map(|_| ()).context("attribute `activity_id`: no `enum`")
}

/// Gives each time its twin of text, as the profile `datetime` asks for.
pub(super) fn twins(schema: &mut Object) -> Result<()> {
    let has_profile = members(schema, "profiles")?.contains_key("datetime");
    if !has_profile || !members(schema, "types")?.contains_key("datetime_t") {
        return Ok(());
    }
    for section in ["classes", "objects"] {
        for item in members_mut(schema, section)?.values_mut().filter_map(Value::as_object_mut) {
            let attributes = members_mut(item, "attributes")?;
            let mut more = Object::new();
            for one in objects(attributes) {
                let (name, attribute) = one?;
                let twin = format!("{name}_dt");
                if attribute.get("type") != Some(&json!("timestamp_t"))
                    || attributes.contains_key(&twin)
                {
                    continue;
                }
                let mut attribute = attribute.clone();
                attribute.insert("type".to_owned(), json!("datetime_t"));
                attribute.insert("requirement".to_owned(), json!("optional"));
                attribute.insert("profiles".to_owned(), json!(["datetime"]));
                more.insert(twin, attribute.into());
            }
            if !more.is_empty() {
                attributes.extend(more);
                add_profiles(item, &["datetime".to_owned()])?;
            }
        }
    }
    Ok(())
}

/// Gives each class the profiles of the objects that it holds, at any depth.
pub(super) fn profiles_of_classes(schema: &mut Object) -> Result<()> {
    let all = members(schema, "objects")?.clone();
    for (name, class) in members_mut(schema, "classes")? {
        let of = || format!("class `{name}`");
        let class = class.as_object_mut().with_context(of)?;
        let mut waiting = objects_of(class).with_context(of)?;
        let mut seen = BTreeSet::new();
        let mut profiles = Vec::new();
        while let Some(name) = waiting.pop() {
            if let Some(object) =
                members_or_none(&all, &name)?.filter(|_| seen.insert(name.clone()))
            {
                profiles.extend(texts(object, "profiles")?);
                waiting.extend(objects_of(object)?);
            }
        }
        add_profiles(class, &profiles)?;
    }
    Ok(())
}

/// Names of the objects that an item's attributes hold.
fn objects_of(item: &Object) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for one in objects(members(item, "attributes")?) {
        names.extend(text_or_none(one?.1, "object")?.map(str::to_owned));
    }
    Ok(names)
}
