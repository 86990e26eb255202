//! Values worth searching for, wherever they stand in an event: addresses, users, hashes and so on.
//! Contract: the schema's observable types; `name` is the path of the value.

use std::fmt::Write as _;
use std::ops::Range;

use headwater_event::json::{Kind, NodeId, Scalar, Tree};

use crate::catalogue::{Attribute, Catalogue};
use crate::item::Item;

/// Observable types that are collected: those by which somebody is looked for. Ports, process ids,
/// accounts, countries, and the like are in every event and are left to their columns.
pub const COLLECTED: [i64; 20] = [
    1,  // host name
    2,  // IP address
    3,  // MAC address
    4,  // user name
    5,  // e-mail address
    6,  // URL
    7,  // file name
    8,  // hash
    9,  // process name
    12, // subnet
    13, // command line
    16, // user agent
    18, // CVE
    19, // credential
    31, // user's id
    39, // process's id
    43, // registry value's name
    45, // file path
    46, // registry key's path
    47, // device's id
];

/// Collects the observables of one event after the other; keeps its memory.
#[derive(Debug, Default)]
pub struct Collector {
    found: Vec<Found>,
    /// Names and values of what was found.
    text: String,
    /// Where the walk is.
    path: String,
}

/// One value worth searching for.
#[derive(Debug)]
struct Found {
    type_id: i64,
    /// The path of the value, in `text`.
    name: Range<usize>,
    value: Range<usize>,
}

impl Collector {
    /// Adds the observables of an event, whose tree was made with [`Catalogue::vocabulary`], to its
    /// member `observables`, each once.
    pub fn collect(&mut self, catalogue: &Catalogue, tree: &mut Tree, event: NodeId) {
        let words = &catalogue.words;
        let uid = tree.child(event, words.class_uid).and_then(|id| tree.as_i64(id));
        let Some(class) = uid.and_then(|uid| catalogue.class(uid)) else { return };
        self.found.clear();
        self.text.clear();
        self.path.clear();
        self.members(catalogue, tree, event, class);
        let found = self.found.iter();
        let found = found.map(|one| (one.type_id, self.text(&one.name), self.text(&one.value)));
        add_observables(catalogue, tree, event, found);
    }

    fn text(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn members(&mut self, catalogue: &Catalogue, tree: &Tree, node: NodeId, item: &Item) {
        if item.is_empty() {
            return;
        }
        for child in tree.children(node) {
            let position = tree.word(child).and_then(|word| item.position(word));
            let Some(attribute) = position.and_then(|place| catalogue.attribute(item, place))
            else {
                continue;
            };
            let object = catalogue.object_of(attribute);
            // What is observed was collected already.
            if !attribute.is_collected && object.is_none_or(Item::is_empty)
                || attribute.token == catalogue.words.observables
            {
                continue;
            }
            let above = self.path.len();
            if above > 0 {
                self.path.push('.');
            }
            self.path.push_str(&attribute.name);
            if tree.kind(child) == Kind::Array {
                let end = self.path.len();
                for (place, element) in tree.children(child).enumerate() {
                    // Writing to a String cannot fail.
                    let _ = write!(self.path, "[{place}]");
                    self.value(catalogue, tree, element, attribute, object);
                    self.path.truncate(end);
                }
            } else {
                self.value(catalogue, tree, child, attribute, object);
            }
            self.path.truncate(above);
        }
    }

    fn value(
        &mut self,
        catalogue: &Catalogue,
        tree: &Tree,
        node: NodeId,
        attribute: &Attribute,
        object: Option<&Item>,
    ) {
        if let Some(object) = object {
            self.members(catalogue, tree, node, object);
        } else if let Some(type_id) = attribute.observable
            && let Some(value) = tree.scalar_text(node).filter(|text| !text.is_empty())
        {
            let start = self.text.len();
            self.text.push_str(&self.path);
            let middle = self.text.len();
            self.text.push_str(&value);
            let (name, value) = (start..middle, middle..self.text.len());
            self.found.push(Found { type_id, name, value });
        }
    }
}

/// Adds observables (type, path of the value, value) to an event, whose tree was made with
/// [`Catalogue::vocabulary`], each once.
pub fn add_observables<'a>(
    catalogue: &Catalogue,
    tree: &mut Tree,
    event: NodeId,
    found: impl IntoIterator<Item = (i64, &'a str, &'a str)>,
) {
    let mut found = found.into_iter().peekable();
    if found.peek().is_none() {
        return;
    }
    let words = &catalogue.words;
    let list = match tree.child(event, words.observables) {
        Some(id) if tree.kind(id) == Kind::Array => id,
        Some(id) => {
            tree.replace(id, Scalar::Array);
            id
        }
        None => tree.append_word(event, words.observables, Scalar::Array),
    };
    let mut known: Vec<_> =
        tree.children(list).filter_map(|id| read(catalogue, tree, id)).collect();
    for (type_id, name, value) in found {
        let is = |id, text| tree.as_str(id).is_some_and(|known| known == text);
        let is_known = |(known, known_name, known_value): &(i64, NodeId, NodeId)| {
            *known == type_id && is(*known_name, name) && is(*known_value, value)
        };
        if known.iter().any(is_known) {
            continue;
        }
        let object = tree.push(list, Scalar::Object);
        tree.append_word(object, words.type_id, type_id);
        if let Some(caption) = catalogue.observable_type(type_id) {
            tree.append_word(object, words.kind, caption);
        }
        let name = tree.append_word(object, words.name, name);
        known.push((type_id, name, tree.append_word(object, words.value, value)));
    }
}

/// Type, name and value of an observable that an event has already.
fn read(catalogue: &Catalogue, tree: &Tree, object: NodeId) -> Option<(i64, NodeId, NodeId)> {
    let words = &catalogue.words;
    let type_id = tree.as_i64(tree.child(object, words.type_id)?)?;
    Some((type_id, tree.child(object, words.name)?, tree.child(object, words.value)?))
}
