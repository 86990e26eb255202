//! Values worth searching for, wherever they stand in an event: addresses, users, hashes and so on.
//! Contract: the schema's observable types; `name` is the path of the value.

use headwater_event::json::{Kind, NodeId, Scalar, Tree};

use crate::catalogue::Catalogue;
use crate::item::Item;
use crate::path::path_of;

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

/// One value worth searching for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Observable {
    /// What it is: a number of the schema.
    pub type_id: i64,
    /// The path of the value in the event.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Adds the observables of an event to its member `observables`, each once.
pub fn collect(catalogue: &Catalogue, tree: &mut Tree, event: NodeId) {
    let uid = tree.get(event, "class_uid").and_then(|id| tree.as_i64(id));
    let Some(class) = uid.and_then(|uid| catalogue.class(uid)) else { return };
    let mut found = Vec::new();
    walk(catalogue, tree, event, event, class, &mut found);
    if found.is_empty() {
        return;
    }
    let list = match tree.get(event, "observables") {
        Some(id) if tree.kind(id) == Kind::Array => id,
        _ => tree.set(event, "observables", Scalar::Array),
    };
    let known: Vec<Observable> = tree.children(list).filter_map(|id| read(tree, id)).collect();
    for (place, one) in found.iter().enumerate() {
        let before = found.get(..place).unwrap_or_default();
        if known.contains(one) || before.contains(one) {
            continue;
        }
        let object = tree.push(list, Scalar::Object);
        tree.append(object, "type_id", one.type_id);
        let mut types = catalogue.observable_types().iter();
        if let Some((_, caption)) = types.find(|(number, _)| *number == one.type_id) {
            tree.append(object, "type", caption.as_str());
        }
        tree.append(object, "name", one.name.as_str());
        tree.append(object, "value", one.value.as_str());
    }
}

/// An observable that an event has already.
fn read(tree: &Tree, object: NodeId) -> Option<Observable> {
    Some(Observable {
        type_id: tree.as_i64(tree.get(object, "type_id")?)?,
        name: tree.owned_text(tree.get(object, "name")?)?,
        value: tree.owned_text(tree.get(object, "value")?)?,
    })
}

fn walk(
    catalogue: &Catalogue,
    tree: &Tree,
    event: NodeId,
    node: NodeId,
    item: &Item,
    found: &mut Vec<Observable>,
) {
    for child in tree.children(node) {
        let position = tree.token(child).and_then(|token| item.position(token));
        let Some(attribute) = position.and_then(|place| catalogue.attribute(item, place)) else {
            continue;
        };
        // What is observed there was collected already.
        if attribute.name == "observables" {
            continue;
        }
        let elements = match tree.kind(child) {
            Kind::Array => tree.children(child).collect(),
            _ => vec![child],
        };
        for value in elements {
            if let Some(object) = catalogue.object_of(attribute) {
                walk(catalogue, tree, event, value, object, found);
            } else if let Some(type_id) = attribute.observable.filter(|one| COLLECTED.contains(one))
                && let Some(text) = tree.scalar_text(value).filter(|text| !text.is_empty())
            {
                let name = path_of(tree, event, value);
                found.push(Observable { type_id, name, value: text.into_owned() });
            }
        }
    }
}
