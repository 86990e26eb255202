//! What a mapping reads: the record's fields, and fields that it found inside its texts.

use std::borrow::Cow;

use headwater_event::json::{Kind, NodeId, Tree};
use headwater_event::{Origin, Timestamp};

use super::index::Index;
use crate::Metadata;

/// Texts that say "nothing": such fields are dropped, not kept as unmapped.
pub(crate) const PLACEHOLDERS: [&str; 2] = ["", "-"];

/// A value of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    pub(super) node: NodeId,
    pub(super) is_extra: bool,
}

/// Marks of the fields that were used, by place in their tree.
#[derive(Debug, Default)]
pub(super) struct Used {
    words: [Vec<u64>; 2],
}

impl Used {
    pub(super) fn clear(&mut self) {
        self.words.iter_mut().for_each(Vec::clear);
    }

    pub(super) fn mark(&mut self, field: Field) {
        let [source, extra] = &mut self.words;
        let words = if field.is_extra { extra } else { source };
        let index = field.node.index();
        if words.len() <= index / 64 {
            words.resize(index / 64 + 1, 0);
        }
        if let Some(word) = words.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    pub(super) fn contains(&self, field: Field) -> bool {
        let [source, extra] = &self.words;
        let words = if field.is_extra { extra } else { source };
        let index = field.node.index();
        words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }
}

/// A record to look at.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub(super) json: &'a Tree,
    pub(super) extra: Option<&'a Tree>,
    pub(super) index: &'a Index,
    pub(super) origin: &'a Origin,
    pub(super) received_at: Timestamp,
}

impl<'a> Source<'a> {
    pub(super) const fn new(json: &'a Tree, index: &'a Index, metadata: &Metadata<'a>) -> Self {
        let Metadata { origin, received_at, .. } = *metadata;
        Self { json, extra: None, index, origin, received_at }
    }

    /// Where the record came from.
    #[must_use]
    pub const fn origin(&self) -> &'a Origin {
        self.origin
    }

    /// When it arrived; supplies what a time leaves out.
    #[must_use]
    pub const fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// The tree that holds a field.
    #[must_use]
    pub fn tree(&self, field: Field) -> &'a Tree {
        if field.is_extra { self.extra.unwrap_or(self.json) } else { self.json }
    }

    /// The record itself: what [`Source::members`] starts from.
    #[must_use]
    pub const fn root(&self) -> Field {
        Field { node: self.json.root(), is_extra: false }
    }

    /// The value at a dotted path; a key with dots of its own is found too, and numbers index
    /// arrays. Fields that were found inside texts come first. Null is nothing.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Field> {
        let in_text = self.extra.and_then(|extra| {
            extra.children(extra.root()).next()?;
            self.within(Field { node: extra.root(), is_extra: true }, path)
        });
        in_text.or_else(|| self.within(self.root(), path))
    }

    /// The value at a dotted path below another one.
    #[must_use]
    pub fn find_in(&self, field: Field, path: &str) -> Option<Field> {
        self.within(field, path)
    }

    fn within(&self, field: Field, path: &str) -> Option<Field> {
        let tree = self.tree(field);
        let indexed = if field.is_extra { None } else { self.index.find(tree, field.node, path) };
        let node = indexed.unwrap_or_else(|| find_from(tree, field.node, path))?;
        (tree.kind(node) != Kind::Null).then_some(Field { node, ..field })
    }

    /// Whether there is something at a path.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.find(path).is_some()
    }

    /// The text of the scalar at a path; nothing for placeholders.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<Cow<'a, str>> {
        self.text_of(self.find(path)?)
    }

    /// The text of a scalar; nothing for placeholders.
    #[must_use]
    pub fn text_of(&self, field: Field) -> Option<Cow<'a, str>> {
        let text = self.tree(field).scalar_text(field.node)?;
        (!PLACEHOLDERS.contains(&&*text)).then_some(text)
    }

    /// Whether the text at a path is this one.
    #[must_use]
    pub fn is(&self, path: &str, text: &str) -> bool {
        self.text(path).is_some_and(|found| found == text)
    }

    /// The integer at a path, also one written as text.
    #[must_use]
    pub fn integer(&self, path: &str) -> Option<i64> {
        super::convert::integer(&self.text(path)?)
    }

    /// The JSON type of a value.
    #[must_use]
    pub fn kind(&self, field: Field) -> Kind {
        self.tree(field).kind(field.node)
    }

    /// Elements of an array; a scalar or an object counts as the only one.
    #[must_use]
    pub fn elements(&self, field: Field) -> Vec<Field> {
        let tree = self.tree(field);
        match tree.kind(field.node) {
            Kind::Array => tree.children(field.node).map(|node| Field { node, ..field }).collect(),
            _ => vec![field],
        }
    }

    /// Members of an object with their keys.
    pub fn members(&self, field: Field) -> impl Iterator<Item = (Cow<'a, str>, Field)> + use<'a> {
        let tree = self.tree(field);
        let is_object = tree.kind(field.node) == Kind::Object;
        let children = is_object.then(|| tree.children(field.node)).into_iter().flatten();
        children.map(move |node| (tree.key(node), Field { node, ..field }))
    }
}

pub(super) fn find_from(tree: &Tree, start: NodeId, path: &str) -> Option<NodeId> {
    let step = |key: &str| match tree.kind(start) {
        Kind::Object => tree.get(start, key),
        Kind::Array => tree.element(start, key.parse().ok()?),
        _ => None,
    };
    if let Some(found) = step(path) {
        return Some(found);
    }
    let dots = path.char_indices().filter(|(_, character)| *character == '.');
    dots.map(|(place, _)| path.split_at(place))
        .find_map(|(head, tail)| find_from(tree, step(head)?, tail.get(1..)?))
}
