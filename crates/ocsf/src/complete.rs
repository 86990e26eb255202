//! What follows from what is there: numbers of class, category and type, captions beside numbers,
//! numbers beside captions, the declared profiles, the release.

use headwater_event::json::{Kind, NodeId, Scalar, Token, Tree};

use crate::catalogue::{Attribute, Catalogue};
use crate::item::Item;

/// The number for "none of the others": the sibling has the source's own wording.
const OTHER: i64 = 99;

/// Completes an event whose tree was made with [`Catalogue::vocabulary`]. It needs a `class_uid`;
/// without one, or with an unknown one, nothing is done.
///
/// What is set already stays, right or wrong: validation tells. A second call changes nothing.
pub fn complete(catalogue: &Catalogue, tree: &mut Tree, event: NodeId) {
    let Some(class) = class_of(catalogue, tree, event) else { return };
    let words = &catalogue.words;
    let mut work = Work { catalogue, tree, profiles: 0, members: Vec::new() };
    work.item(event, class);
    let needed = work.profiles;
    classify(catalogue, tree, event, class);
    let metadata = container(tree, event, words.metadata, Kind::Object, Scalar::Object);
    add(tree, metadata, words.version, catalogue.version());
    declare(catalogue, tree, metadata, class, needed);
}

fn class_of<'c>(catalogue: &'c Catalogue, tree: &Tree, event: NodeId) -> Option<&'c Item> {
    catalogue.class(tree.as_i64(tree.child(event, catalogue.words.class_uid)?)?)
}

/// A member that is not null.
fn member(tree: &Tree, object: NodeId, word: Token) -> Option<NodeId> {
    tree.child(object, word).filter(|id| tree.kind(*id) != Kind::Null)
}

/// The object or array that is a member; made when there is none.
fn container(
    tree: &mut Tree,
    parent: NodeId,
    word: Token,
    kind: Kind,
    empty: Scalar<'_>,
) -> NodeId {
    match tree.child(parent, word) {
        Some(id) if tree.kind(id) == kind => id,
        Some(id) => {
            tree.replace(id, empty);
            id
        }
        None => tree.append_word(parent, word, empty),
    }
}

/// Sets a member that is not there.
fn add<'v>(tree: &mut Tree, object: NodeId, word: Token, value: impl Into<Scalar<'v>>) {
    match tree.child(object, word) {
        None => {
            tree.append_word(object, word, value);
        }
        Some(id) if tree.kind(id) == Kind::Null => tree.replace(id, value),
        Some(_) => {}
    }
}

/// Category, type and their names.
fn classify(catalogue: &Catalogue, tree: &mut Tree, event: NodeId, class: &Item) {
    let words = &catalogue.words;
    let uid = class.uid.unwrap_or_default();
    let category = class.category_uid.unwrap_or_default();
    add(tree, event, words.activity_id, 0_i64);
    let activity = tree.child(event, words.activity_id).and_then(|id| tree.as_i64(id));
    let activity = activity.unwrap_or_default();
    add(tree, event, words.category_uid, category);
    add(tree, event, words.type_uid, uid * 100 + activity);
    add(tree, event, words.class_name, class.caption.as_str());
    let mut of_category = catalogue.categories().iter().filter(|one| one.uid == category);
    let category = of_category.next().map_or("Uncategorized", |one| one.caption.as_str());
    add(tree, event, words.category_name, category);
    let position = class.position(words.activity_id);
    let attribute = position.and_then(|position| catalogue.attribute(class, position));
    let caption = attribute.and_then(|one| catalogue.enum_of(one)?.caption(activity));
    if let Some(caption) = caption {
        // Of 99 the source's own wording is the name, if it has one.
        if activity != OTHER {
            add(tree, event, words.activity_name, caption);
        }
        if member(tree, event, words.type_name).is_none() {
            let name = format!("{}: {caption}", class.caption);
            add(tree, event, words.type_name, name.as_str());
        }
    }
    if member(tree, event, words.severity_id).is_none()
        && member(tree, event, words.severity).is_none()
    {
        add(tree, event, words.severity_id, 0_i64);
        add(tree, event, words.severity, "Unknown");
    }
}

/// Adds the profiles that attributes of the event need and that it does not declare.
fn declare(catalogue: &Catalogue, tree: &mut Tree, metadata: NodeId, class: &Item, needed: u64) {
    let words = &catalogue.words;
    let mut declared = 0;
    let list = member(tree, metadata, words.profiles).filter(|id| tree.kind(*id) == Kind::Array);
    for element in list.into_iter().flat_map(|list| tree.children(list)) {
        declared |= tree.as_str(element).and_then(|name| catalogue.profile_bit(&name)).unwrap_or(0);
    }
    let missing = needed & !declared;
    if missing == 0 {
        return;
    }
    let list = container(tree, metadata, words.profiles, Kind::Array, Scalar::Array);
    for (bit, (name, _)) in catalogue.profiles().iter().enumerate() {
        if missing >> bit & 1 == 1 && class.profiles.contains(name) {
            tree.push(list, name.as_str());
        }
    }
}

struct Work<'a> {
    catalogue: &'a Catalogue,
    tree: &'a mut Tree,
    /// Bits of the profiles that are needed.
    profiles: u64,
    members: Vec<(NodeId, usize)>,
}

impl<'a> Work<'a> {
    fn item(&mut self, node: NodeId, item: &'a Item) {
        let base = self.members.len();
        let (tree, members) = (&*self.tree, &mut self.members);
        members.extend(tree.children(node).filter_map(|child| {
            let position = item.position(tree.word(child)?)?;
            (tree.kind(child) != Kind::Null).then_some((child, position))
        }));
        let end = members.len();
        for place in base..end {
            let Some((child, position)) = self.members.get(place).copied() else { break };
            let Some(attribute) = self.catalogue.attribute(item, position) else { continue };
            self.need(attribute);
            if let Some(object) = self.catalogue.object_of(attribute) {
                self.objects(child, object);
            }
        }
        for position in &item.enumerated {
            self.sibling(node, item, usize::from(*position), base..end);
        }
        self.members.truncate(base);
    }

    fn objects(&mut self, node: NodeId, item: &'a Item) {
        match self.tree.kind(node) {
            Kind::Object => self.item(node, item),
            Kind::Array => {
                let mut next = self.tree.children(node).next();
                while let Some(element) = next {
                    if self.tree.kind(element) == Kind::Object {
                        self.item(element, item);
                    }
                    next = self.tree.next(element);
                }
            }
            _ => {}
        }
    }

    fn need(&mut self, attribute: &Attribute) {
        let profiles = attribute.profiles;
        if profiles != 0 && profiles & self.profiles == 0 {
            // The first one of those that bring it.
            self.profiles |= profiles & profiles.wrapping_neg();
        }
    }

    /// Number beside caption or caption beside number.
    fn sibling(
        &mut self,
        node: NodeId,
        item: &'a Item,
        position: usize,
        members: std::ops::Range<usize>,
    ) {
        let Some(attribute) = self.catalogue.attribute(item, position) else { return };
        let Some(Some(sibling)) = item.siblings.get(position) else { return };
        let Some(values) = self.catalogue.enum_of(attribute) else { return };
        let Some(caption) = self.catalogue.attribute(item, usize::from(*sibling)) else { return };
        if attribute.is_array || attribute.name == "activity_id" || attribute.name == "type_uid" {
            return;
        }
        let members = self.members.get(members).unwrap_or_default();
        let find = |wanted: usize| {
            members.iter().rev().find(|(_, position)| *position == wanted).map(|(id, _)| *id)
        };
        match (find(position), find(usize::from(*sibling))) {
            (Some(number), None) => {
                let Some(number) = self.tree.as_i64(number).filter(|one| *one != OTHER) else {
                    return;
                };
                if let Some(text) = values.caption(number) {
                    self.tree.append_word(node, caption.token, text);
                }
            }
            (None, Some(text)) => {
                let Some(text) = self.tree.as_str(text) else { return };
                let number = values.number(&text).unwrap_or(OTHER);
                if values.caption(number).is_some() {
                    self.tree.append_word(node, attribute.token, number);
                }
            }
            _ => {}
        }
    }
}
