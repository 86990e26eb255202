//! Looking at the schema.

use std::process::ExitCode;

use headwater_event::ErrorKind;
use headwater_ocsf::{Attribute, Catalogue, Item, follow};
use serde_json::{Value, json};

use super::Release;
use crate::failure::Failure;
use crate::screen;

/// Arguments of `ocsf classes`.
#[derive(Debug, clap::Args)]
pub(super) struct Classes {
    #[command(flatten)]
    release: Release,
    /// Print one JSON object per class
    #[arg(long)]
    json: bool,
}

/// Arguments of `ocsf class` and `ocsf object`.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// Name, number or caption
    name: String,
    #[command(flatten)]
    release: Release,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `ocsf path`.
#[derive(Debug, clap::Args)]
pub(super) struct Path {
    /// Such as `actor.user.name`
    path: String,
    #[command(flatten)]
    release: Release,
    /// Print one JSON object per class
    #[arg(long)]
    json: bool,
}

pub(super) fn classes(arguments: &Classes) -> Result<ExitCode, Failure> {
    let catalogue = arguments.release.catalogue()?;
    let category = |item: &Item| {
        let mut found = catalogue.categories().iter();
        let found = found.find(|one| Some(one.uid) == item.category_uid);
        found.map_or("", |one| one.caption.as_str())
    };
    if arguments.json {
        for class in catalogue.classes() {
            screen::json(&json!({
                "uid": class.uid, "name": class.name, "caption": class.caption,
                "category": category(class), "extension": class.extension,
                "profiles": class.profiles, "deprecated_since": class.deprecated,
            }))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = catalogue
        .classes()
        .iter()
        .map(|class| {
            vec![
                class.uid.unwrap_or_default().to_string(),
                class.name.clone(),
                class.caption.clone(),
                category(class).to_owned(),
                class.deprecated.as_ref().map_or(String::new(), |since| format!("since {since}")),
            ]
        })
        .collect();
    screen::table(&["uid", "name", "caption", "category", "deprecated"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn class(arguments: &Show) -> Result<ExitCode, Failure> {
    let catalogue = arguments.release.catalogue()?;
    let name = &arguments.name;
    let names = catalogue.classes().iter().map(|class| class.name.as_str());
    match catalogue.class_named(name) {
        Some(class) => show(catalogue, class, arguments.json),
        None => Err(unknown("class", name, catalogue, names)),
    }
}

pub(super) fn object(arguments: &Show) -> Result<ExitCode, Failure> {
    let catalogue = arguments.release.catalogue()?;
    let name = &arguments.name;
    let names = catalogue.objects().iter().map(|object| object.name.as_str());
    match catalogue.object(name) {
        Some(object) => show(catalogue, object, arguments.json),
        None => Err(unknown("object", name, catalogue, names)),
    }
}

fn unknown<'a>(
    kind: &str,
    name: &str,
    catalogue: &Catalogue,
    names: impl Iterator<Item = &'a str>,
) -> Failure {
    let near: Vec<&str> = names.filter(|known| known.contains(&name.to_lowercase())).collect();
    let advice = if near.is_empty() {
        "headwater ocsf classes lists the classes".to_owned()
    } else {
        format!("there are {}", near.join(", "))
    };
    let version = catalogue.version();
    Failure::new(ErrorKind::NotFound, format!("OCSF {version} has no {kind} `{name}`: {advice}"))
}

/// The type as people write it: `file[]`, `integer_t`.
fn type_text(catalogue: &Catalogue, attribute: &Attribute) -> String {
    let name = catalogue
        .object_of(attribute)
        .map_or_else(|| catalogue.type_of(attribute).name.as_str(), |object| object.name.as_str());
    format!("{name}{}", if attribute.is_array { "[]" } else { "" })
}

fn values(catalogue: &Catalogue, attribute: &Attribute) -> Vec<(String, String)> {
    catalogue.enum_of(attribute).map_or_else(Vec::new, |found| found.values.clone())
}

fn attribute_json(catalogue: &Catalogue, attribute: &Attribute) -> Value {
    let profiles: Vec<&str> = catalogue.profiles_of(attribute).collect();
    let values: serde_json::Map<String, Value> = values(catalogue, attribute)
        .into_iter()
        .map(|(key, caption)| (key, Value::from(caption)))
        .collect();
    json!({
        "name": attribute.name,
        "type": type_text(catalogue, attribute),
        "requirement": attribute.requirement.text(),
        "profiles": profiles,
        "values": values,
        "sibling": attribute.sibling,
        "observable": attribute.observable,
        "deprecated_since": attribute.deprecated,
    })
}

fn show(catalogue: &Catalogue, item: &Item, as_json: bool) -> Result<ExitCode, Failure> {
    if as_json {
        let attributes = catalogue.attributes(item).map(|one| attribute_json(catalogue, one));
        let constraints = item.constraints.iter().map(|one| json!({ one.text(): one.names }));
        screen::json(&json!({
            "uid": item.uid, "name": item.name, "caption": item.caption, "extends": item.extends,
            "profiles": item.profiles, "constraints": constraints.collect::<Vec<_>>(),
            "attributes": attributes.collect::<Vec<_>>(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let uid = item.uid.map_or(String::new(), |uid| format!(" {uid}"));
    screen::data(format_args!("{} ({}{uid})", item.caption, item.name))?;
    for constraint in &item.constraints {
        let names = constraint.names.join(", ");
        screen::data(format_args!("{}: {names}", constraint.text().replace('_', " ")))?;
    }
    let rows: Vec<Vec<String>> = catalogue
        .attributes(item)
        .map(|attribute| {
            let profiles: Vec<&str> = catalogue.profiles_of(attribute).collect();
            let values = values(catalogue, attribute).into_iter();
            let values: Vec<String> =
                values.map(|(key, caption)| format!("{key} {caption}")).collect();
            vec![
                attribute.name.clone(),
                type_text(catalogue, attribute),
                attribute.requirement.text().to_owned(),
                profiles.join(" "),
                values.join(", "),
            ]
        })
        .collect();
    screen::table(&["attribute", "type", "requirement", "profiles", "values"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn path(arguments: &Path) -> Result<ExitCode, Failure> {
    let catalogue = arguments.release.catalogue()?;
    let found: Vec<(&Item, &Attribute)> = catalogue
        .classes()
        .iter()
        .filter_map(|class| {
            let steps = follow(catalogue, class, &arguments.path)?;
            Some((class, steps.last()?.attribute))
        })
        .collect();
    if found.is_empty() {
        let version = catalogue.version();
        let message = format!("no class of OCSF {version} has `{}`", arguments.path);
        return Err(Failure::new(ErrorKind::NotFound, message));
    }
    let mut rows = Vec::new();
    for (class, attribute) in found {
        if arguments.json {
            screen::json(&json!({
                "class_uid": class.uid,
                "class": class.name,
                "attribute": attribute_json(catalogue, attribute),
            }))?;
            continue;
        }
        rows.push(vec![
            class.uid.unwrap_or_default().to_string(),
            class.name.clone(),
            type_text(catalogue, attribute),
            attribute.requirement.text().to_owned(),
        ]);
    }
    if !arguments.json {
        screen::table(&["uid", "class", "type", "requirement"], &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}
