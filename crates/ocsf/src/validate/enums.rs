//! Values that must be one of a set, and the captions beside them.

use std::borrow::Cow;

use headwater_event::json::{Kind, NodeId, Tree};

use super::{Place, Validator, Walk};
use crate::catalogue::{Attribute, Enumeration};
use crate::issue::Code;

/// The number for "none of the others".
const OTHER: i64 = 99;

impl<'c> Validator<'c> {
    /// The attribute at a position, which has an enumeration.
    pub(super) fn enumerated(&mut self, walk: Walk<'_>, place: Place<'c>, position: usize) {
        let Some(node) = self.member(place, position) else { return };
        let catalogue = self.catalogue;
        let Some(attribute) = catalogue.attribute(place.item, position) else { return };
        let Some(values) = catalogue.enum_of(attribute) else { return };
        let sibling = attribute.sibling.as_deref().and_then(|name| {
            let known = place.item.siblings.get(position).copied().flatten();
            let member = known.and_then(|position| self.member(place, usize::from(position)));
            let tree = walk.tree;
            let by_name = || tree.get(place.node, name).filter(|id| tree.kind(*id) != Kind::Null);
            member.or_else(by_name)
        });
        if attribute.is_array {
            if walk.tree.kind(node) == Kind::Array {
                self.elements(walk, node, attribute, values, sibling);
            }
            return;
        }
        let Some(caption) = caption(walk.tree, node, values) else {
            return self.tell_of(Code::EnumUnknown, walk, node);
        };
        if is_deprecated(walk.tree, node, attribute) {
            self.tell_of(Code::EnumDeprecated, walk, node);
        }
        let Some(sibling) = sibling else { return };
        let is_caption = walk.tree.as_str(sibling).is_some_and(|text| text == caption);
        if walk.tree.as_i64(node) == Some(OTHER) {
            if is_caption {
                self.tell_of(Code::SiblingOther, walk, node);
            }
        } else if !is_caption && attribute.name != "type_uid" {
            self.tell_of(Code::SiblingIncorrect, walk, node);
        }
    }

    fn elements(
        &mut self,
        walk: Walk<'_>,
        list: NodeId,
        attribute: &Attribute,
        values: &Enumeration,
        sibling: Option<NodeId>,
    ) {
        let tree = walk.tree;
        let sibling = sibling.filter(|id| tree.kind(*id) == Kind::Array);
        let mut texts = sibling.map(|list| tree.children(list));
        for element in tree.children(list) {
            let text = texts.as_mut().map(Iterator::next);
            let Some(caption) = caption(tree, element, values) else {
                self.tell_of(Code::EnumElementUnknown, walk, element);
                continue;
            };
            if is_deprecated(tree, element, attribute) {
                self.tell_of(Code::EnumElementDeprecated, walk, element);
            }
            if tree.as_i64(element) == Some(OTHER) {
                continue;
            }
            match text {
                Some(None) => self.tell_of(Code::SiblingElementMissing, walk, element),
                Some(Some(text)) if tree.as_str(text).is_none_or(|text| text != caption) => {
                    self.tell_of(Code::SiblingElementIncorrect, walk, element);
                }
                _ => {}
            }
        }
    }
}

/// The caption of a value that is in the set.
fn caption<'v>(tree: &Tree, node: NodeId, values: &'v Enumeration) -> Option<&'v str> {
    match tree.kind(node) {
        Kind::Number => values.caption(tree.as_i64(node)?),
        Kind::String | Kind::Bool => values.caption_of(&tree.scalar_text(node)?),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

fn is_deprecated(tree: &Tree, node: NodeId, attribute: &Attribute) -> bool {
    let text = || tree.scalar_text(node).unwrap_or(Cow::Borrowed(""));
    !attribute.enum_deprecated.is_empty()
        && attribute.enum_deprecated.iter().any(|key| *key == text())
}
