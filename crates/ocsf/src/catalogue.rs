//! The schema of one release, ready to be asked.

use std::collections::HashMap;
use std::sync::Arc;

use headwater_event::json::{Token, Vocabulary};
use regex::Regex;

use crate::item::Item;
use crate::load;
use crate::words::Words;

/// Whether an attribute has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Requirement {
    /// Without it the event is wrong.
    Required,
    /// It should be there.
    Recommended,
    /// It may be there.
    Optional,
}

impl Requirement {
    /// As the schema writes it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Recommended => "recommended",
            Self::Optional => "optional",
        }
    }
}

/// A category of classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Its number; the first digit of its classes.
    pub uid: i64,
    /// Such as `iam`.
    pub name: String,
    /// Such as `Identity & Access Management`.
    pub caption: String,
}

/// What the value of a type is in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Base {
    /// `true` or `false`.
    Boolean,
    /// A signed 64-bit integer.
    Integer,
    /// A number.
    Float,
    /// Text.
    Text,
    /// Anything.
    Json,
    /// An object of the attribute's kind.
    Object,
}

/// A type of attributes, such as `ip_t`.
#[derive(Debug)]
pub struct Type {
    /// Such as `ip_t`.
    pub name: String,
    /// What it is in JSON.
    pub base: Base,
    /// Longest text, in characters.
    pub max_len: Option<usize>,
    /// Smallest and largest number.
    pub range: Option<(i64, i64)>,
    /// What the text looks like.
    pub regex: Option<Regex>,
    /// The observable type of such values.
    pub observable: Option<i64>,
}

/// The values that an attribute may have, with their captions.
#[derive(Debug, Default)]
pub struct Enumeration {
    /// Key and caption, by number where keys are numbers.
    pub values: Vec<(String, String)>,
    /// The numbers among the keys, sorted, with the place in `values`.
    pub(crate) numbers: Vec<(i64, usize)>,
}

impl Enumeration {
    pub(crate) fn new(values: Vec<(String, String)>) -> Self {
        let with_number =
            |(place, (key, _)): (usize, &(String, String))| Some((key.parse().ok()?, place));
        let mut numbers: Vec<(i64, usize)> =
            values.iter().enumerate().filter_map(with_number).collect();
        numbers.sort_unstable();
        Self { values, numbers }
    }

    /// The caption of a number.
    #[must_use]
    pub fn caption(&self, number: i64) -> Option<&str> {
        let place = self.numbers.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        let (_, place) = self.numbers.get(place)?;
        self.values.get(*place).map(|(_, caption)| caption.as_str())
    }

    /// The caption of a key that is text.
    #[must_use]
    pub fn caption_of(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == key).map(|(_, caption)| caption.as_str())
    }

    /// The number with this caption, in any case.
    #[must_use]
    pub fn number(&self, caption: &str) -> Option<i64> {
        let matches = |&&(_, place): &&(i64, usize)| {
            self.values.get(place).is_some_and(|(_, known)| known.eq_ignore_ascii_case(caption))
        };
        self.numbers.iter().find(matches).map(|(number, _)| *number)
    }
}

/// An attribute as one or more classes and objects have it.
#[derive(Debug)]
pub struct Attribute {
    /// Its key.
    pub name: String,
    /// Its key among the catalogue's words.
    pub token: Token,
    /// Place of its type in [`Catalogue::types`].
    pub(crate) type_number: usize,
    /// Place of its object in [`Catalogue::objects`], for `object_t`.
    pub(crate) object: Option<usize>,
    /// Whether the value is an array.
    pub is_array: bool,
    /// Whether it has to be there.
    pub requirement: Requirement,
    /// Bits of the profiles it exists with; 0: always.
    pub(crate) profiles: u64,
    /// `primary`, `context`, `classification` or `occurrence`; empty in objects.
    pub group: String,
    /// Place in [`Catalogue::enums`].
    pub(crate) enumeration: Option<usize>,
    /// Keys of the enumeration that should not be used any more.
    pub(crate) enum_deprecated: Vec<String>,
    /// The attribute with the caption of this one's number.
    pub sibling: Option<String>,
    /// The observable type of its values: its own or that of its type.
    pub observable: Option<i64>,
    /// Whether its values are collected: [`crate::COLLECTED`].
    pub(crate) is_collected: bool,
    /// Since which release it should not be used.
    pub deprecated: Option<String>,
}

/// The schema of one release.
#[derive(Debug)]
pub struct Catalogue {
    pub(crate) version: String,
    pub(crate) categories: Vec<Category>,
    pub(crate) profiles: Vec<(String, String)>,
    pub(crate) types: Vec<Type>,
    pub(crate) observables: Vec<(i64, String)>,
    pub(crate) enums: Vec<Enumeration>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) classes: Vec<Item>,
    pub(crate) objects: Vec<Item>,
    pub(crate) class_by_uid: HashMap<i64, usize>,
    pub(crate) vocabulary: Arc<Vocabulary>,
    pub(crate) words: Words,
}

impl Catalogue {
    /// Reads a catalogue as `cargo xtask ocsf` writes it.
    ///
    /// # Errors
    /// It is not JSON of that form, or it refers to what it does not have.
    pub fn read(text: &str) -> Result<Self, load::CatalogueError> {
        load::read(text)
    }

    /// The release, such as `1.8.0`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Names of attributes, for trees that are validated: [`headwater_event::json::Tree::new`].
    #[must_use]
    pub const fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    /// All categories, by number.
    #[must_use]
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// All classes, by number.
    #[must_use]
    pub fn classes(&self) -> &[Item] {
        &self.classes
    }

    /// All objects, by name.
    #[must_use]
    pub fn objects(&self) -> &[Item] {
        &self.objects
    }

    /// Names and captions of profiles.
    #[must_use]
    pub fn profiles(&self) -> &[(String, String)] {
        &self.profiles
    }

    /// Numbers and captions of the types of observables, by number.
    #[must_use]
    pub fn observable_types(&self) -> &[(i64, String)] {
        &self.observables
    }

    /// The caption of a type of observables.
    #[must_use]
    pub fn observable_type(&self, number: i64) -> Option<&str> {
        let place = self.observables.binary_search_by_key(&number, |(known, _)| *known).ok()?;
        self.observables.get(place).map(|(_, caption)| caption.as_str())
    }

    /// The class with this number.
    #[must_use]
    pub fn class(&self, uid: i64) -> Option<&Item> {
        self.classes.get(*self.class_by_uid.get(&uid)?)
    }

    /// The class with this name, number or caption.
    #[must_use]
    pub fn class_named(&self, name: &str) -> Option<&Item> {
        if let Ok(uid) = name.parse() {
            return self.class(uid);
        }
        let matches =
            |class: &&Item| class.name == name || class.caption.eq_ignore_ascii_case(name);
        self.classes.iter().find(matches)
    }

    /// The object with this name.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&Item> {
        self.objects.iter().find(|object| object.name == name)
    }

    /// The attribute of a class or object at a position.
    #[must_use]
    pub fn attribute(&self, item: &Item, position: usize) -> Option<&Attribute> {
        self.attributes.get(*item.attributes.get(position)?)
    }

    /// The attributes of a class or object, by name.
    pub fn attributes<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = &'a Attribute> {
        item.attributes.iter().filter_map(|number| self.attributes.get(*number))
    }

    /// The type of an attribute.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "checked when the catalogue was read")]
    pub fn type_of(&self, attribute: &Attribute) -> &Type {
        &self.types[attribute.type_number]
    }

    /// The object that an attribute of type `object_t` holds.
    #[must_use]
    pub fn object_of(&self, attribute: &Attribute) -> Option<&Item> {
        self.objects.get(attribute.object?)
    }

    /// The enumeration of an attribute.
    #[must_use]
    pub fn enum_of(&self, attribute: &Attribute) -> Option<&Enumeration> {
        self.enums.get(attribute.enumeration?)
    }

    /// Names of the profiles that an attribute exists with; none: always.
    pub fn profiles_of(&self, attribute: &Attribute) -> impl Iterator<Item = &str> {
        let bits = attribute.profiles;
        let names = self.profiles.iter().enumerate();
        names.filter(move |(bit, _)| bits >> bit & 1 == 1).map(|(_, (name, _))| name.as_str())
    }

    /// The bit of a profile.
    pub(crate) fn profile_bit(&self, name: &str) -> Option<u64> {
        let place = self.profiles.iter().position(|(known, _)| known == name)?;
        Some(1 << place)
    }
}
