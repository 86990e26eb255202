//! Reading a catalogue from its compact form.

use std::collections::HashMap;
use std::sync::Arc;

use headwater_event::json::{Token, Vocabulary};
use regex::Regex;
use serde::Deserialize;

use crate::catalogue::{Attribute, Base, Catalogue, Category, Enumeration, Requirement, Type};
use crate::item::{Constraint, Item, Positions};
use crate::observables::COLLECTED;
use crate::words::Words;

/// Why a text is not a catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Not JSON of this form.
    #[error("the catalogue cannot be read")]
    Json(#[from] serde_json::Error),
    /// Something refers to what is not there.
    #[error("the catalogue of OCSF refers to {what}, which it does not have")]
    Missing {
        /// What it refers to.
        what: String,
    },
    /// A pattern that cannot be used.
    #[error("the pattern of type `{name}` cannot be used")]
    Pattern {
        /// The type.
        name: String,
        /// Why.
        source: regex::Error,
    },
}

#[derive(Deserialize)]
struct RawCatalogue {
    version: String,
    categories: Vec<(i64, String, String)>,
    profiles: Vec<(String, String)>,
    types: Vec<RawType>,
    observables: Vec<(i64, String)>,
    enums: Vec<Vec<(String, String)>>,
    attributes: Vec<RawAttribute>,
    classes: Vec<RawItem>,
    objects: Vec<RawItem>,
}

#[derive(Deserialize)]
struct RawType {
    name: String,
    base: String,
    max_len: Option<usize>,
    range: Option<(i64, i64)>,
    regex: Option<String>,
    observable: Option<i64>,
}

#[derive(Deserialize)]
struct RawAttribute {
    name: String,
    #[serde(rename = "type")]
    type_name: String,
    object: Option<String>,
    #[serde(default)]
    is_array: bool,
    #[serde(default)]
    requirement: String,
    #[serde(default)]
    profiles: Vec<String>,
    #[serde(default)]
    group: String,
    #[serde(rename = "enum")]
    enumeration: Option<usize>,
    #[serde(default)]
    enum_deprecated: Vec<String>,
    sibling: Option<String>,
    observable: Option<i64>,
    deprecated: Option<String>,
}

#[derive(Deserialize)]
struct RawItem {
    uid: Option<i64>,
    name: String,
    caption: String,
    category_uid: Option<i64>,
    extends: Option<String>,
    extension: Option<String>,
    #[serde(default)]
    profiles: Vec<String>,
    #[serde(default)]
    constraints: RawConstraints,
    observable: Option<i64>,
    deprecated: Option<String>,
    attributes: Vec<usize>,
}

#[derive(Deserialize, Default)]
struct RawConstraints {
    at_least_one: Option<Vec<String>>,
    just_one: Option<Vec<String>>,
}

pub(crate) fn read(text: &str) -> Result<Catalogue, CatalogueError> {
    let mut raw: RawCatalogue = serde_json::from_str(text)?;
    raw.observables.sort_unstable();
    let vocabulary = Vocabulary::new(raw.attributes.iter().map(|one| one.name.as_str()));
    let types = raw.types.into_iter().map(type_of).chain([Ok(object_type())]);
    let types = types.collect::<Result<Vec<_>, _>>()?;
    let places = Places {
        vocabulary: &vocabulary,
        types: types.iter().zip(0..).map(|(one, place)| (one.name.as_str(), place)).collect(),
        objects: raw
            .objects
            .iter()
            .zip(0..)
            .map(|(one, place)| (one.name.as_str(), place))
            .collect(),
        profiles: raw.profiles.iter().zip(0..).map(|(one, bit)| (one.0.as_str(), bit)).collect(),
        enums: raw.enums.len(),
        observable_types: types.iter().map(|one| one.observable).collect(),
    };
    let attributes = raw.attributes.into_iter().map(|one| places.attribute(one));
    let attributes: Vec<Attribute> = attributes.collect::<Result<_, _>>()?;
    let items = |raw: Vec<RawItem>| -> Result<Vec<Item>, CatalogueError> {
        raw.into_iter().map(|one| item(one, &attributes)).collect()
    };
    // The places borrow the names of the objects.
    drop(places);
    let (classes, objects) = (items(raw.classes)?, items(raw.objects)?);
    let uids = classes.iter().zip(0..);
    let class_by_uid = uids.filter_map(|(class, place)| Some((class.uid?, place))).collect();
    let categories = raw.categories.into_iter();
    let without = |word| CatalogueError::Missing { what: format!("the attribute `{word}`") };
    let words = Words::of(&vocabulary).map_err(without)?;
    Ok(Catalogue {
        version: raw.version,
        categories: categories
            .map(|(uid, name, caption)| Category { uid, name, caption })
            .collect(),
        profiles: raw.profiles,
        types,
        observables: raw.observables,
        enums: raw.enums.into_iter().map(Enumeration::new).collect(),
        attributes,
        classes,
        objects,
        class_by_uid,
        vocabulary: Arc::new(vocabulary),
        words,
    })
}

/// Where things stand that attributes name.
struct Places<'a> {
    vocabulary: &'a Vocabulary,
    types: HashMap<&'a str, usize>,
    objects: HashMap<&'a str, usize>,
    profiles: HashMap<&'a str, u32>,
    enums: usize,
    observable_types: Vec<Option<i64>>,
}

impl Places<'_> {
    fn attribute(&self, raw: RawAttribute) -> Result<Attribute, CatalogueError> {
        let missing = |what: String| CatalogueError::Missing { what };
        let named = |kind: &str, name: &str| missing(format!("the {kind} `{name}`"));
        let type_number =
            *self.types.get(raw.type_name.as_str()).ok_or_else(|| named("type", &raw.type_name))?;
        let object = match &raw.object {
            None => None,
            Some(name) => {
                Some(*self.objects.get(name.as_str()).ok_or_else(|| named("object", name))?)
            }
        };
        let mut profiles = 0;
        for name in &raw.profiles {
            let bit = self.profiles.get(name.as_str()).ok_or_else(|| named("profile", name))?;
            profiles |= 1_u64.checked_shl(*bit).unwrap_or_default();
        }
        if let Some(number) = raw.enumeration.filter(|number| *number >= self.enums) {
            return Err(missing(format!("the enumeration {number}")));
        }
        let token = self.vocabulary.token(&raw.name);
        let of_type = self.observable_types.get(type_number).copied().flatten();
        let observable = raw.observable.or(of_type);
        Ok(Attribute {
            token: token.ok_or_else(|| named("attribute", &raw.name))?,
            type_number,
            object,
            is_array: raw.is_array,
            requirement: match raw.requirement.as_str() {
                "required" => Requirement::Required,
                "recommended" => Requirement::Recommended,
                _ => Requirement::Optional,
            },
            profiles,
            group: raw.group,
            enumeration: raw.enumeration,
            enum_deprecated: raw.enum_deprecated,
            sibling: raw.sibling,
            observable,
            is_collected: observable.is_some_and(|number| COLLECTED.contains(&number)),
            deprecated: raw.deprecated,
            name: raw.name,
        })
    }
}

/// The type of attributes that hold objects; schemas do not list it.
fn object_type() -> Type {
    let name = "object_t".to_owned();
    Type { name, base: Base::Object, max_len: None, range: None, regex: None, observable: None }
}

fn type_of(raw: RawType) -> Result<Type, CatalogueError> {
    let base = match raw.base.as_str() {
        "boolean_t" => Base::Boolean,
        "integer_t" | "long_t" => Base::Integer,
        "float_t" => Base::Float,
        "string_t" => Base::Text,
        "json_t" => Base::Json,
        other => return Err(CatalogueError::Missing { what: format!("the base type `{other}`") }),
    };
    let regex = match raw.regex {
        None => None,
        Some(pattern) => {
            let name = raw.name.clone();
            let failed = |source| CatalogueError::Pattern { name, source };
            Some(Regex::new(&lenient_end(&pattern)).map_err(failed)?)
        }
    };
    let RawType { name, max_len, range, observable, .. } = raw;
    Ok(Type { name, base, max_len, range, regex, observable })
}

/// The schema's patterns are written for engines in which `$` also matches before a last newline.
fn lenient_end(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let (mut is_escaped, mut is_class) = (false, false);
    for character in pattern.chars() {
        match character {
            '$' if !is_escaped && !is_class => out.push_str("\\n?\\z"),
            // Inside a class this engine would begin another one.
            '[' if !is_escaped && is_class => out.push_str("\\["),
            // It would be a set operation.
            '&' if is_class => out.push_str("\\&"),
            '~' if is_class => out.push_str("\\~"),
            _ => out.push(character),
        }
        if !is_escaped {
            is_class = match character {
                '[' => true,
                ']' => false,
                _ => is_class,
            };
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    out
}

fn item(raw: RawItem, all: &[Attribute]) -> Result<Item, CatalogueError> {
    let known = raw.attributes.iter().map(|number| {
        let missing = || CatalogueError::Missing { what: format!("the attribute {number}") };
        all.get(*number).ok_or_else(missing)
    });
    let known: Vec<&Attribute> = known.collect::<Result<_, _>>()?;
    let tokens: Vec<Token> = known.iter().map(|one| one.token).collect();
    // Far fewer than 65,536 attributes: `Vocabulary::WORDS_MAX`.
    let positions = |wanted: fn(&Attribute) -> bool| -> Vec<u16> {
        known.iter().zip(0..).filter(|(one, _)| wanted(one)).map(|(_, place)| place).collect()
    };
    let required = positions(|one| one.requirement == Requirement::Required);
    let recommended = positions(|one| one.requirement == Requirement::Recommended);
    let enumerated = positions(|one| one.enumeration.is_some());
    let position_of = |name: &String| known.iter().zip(0..).find(|(one, _)| one.name == *name);
    let siblings = known.iter().map(|one| Some(position_of(one.sibling.as_ref()?)?.1)).collect();
    let rules = [(false, raw.constraints.at_least_one), (true, raw.constraints.just_one)];
    let constraints = rules
        .into_iter()
        .filter_map(|(is_exact, names)| {
            let names = names?;
            let positions = names.iter().map(|name| Some(position_of(name)?.1)).collect();
            Some(Constraint { is_exact, names, positions })
        })
        .collect();
    Ok(Item {
        uid: raw.uid,
        name: raw.name,
        caption: raw.caption,
        category_uid: raw.category_uid,
        extends: raw.extends,
        extension: raw.extension,
        profiles: raw.profiles,
        constraints,
        deprecated: raw.deprecated,
        observable: raw.observable,
        attributes: raw.attributes,
        required,
        recommended,
        enumerated,
        siblings,
        positions: Positions::new(&tokens),
    })
}
