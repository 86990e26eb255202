//! The way through an event with the catalogues of both releases.

use headwater_event::json::{Kind, NodeId, Scalar, Tree};
use headwater_event::time::parse_iso_fast;

use super::aside::{Aside, UNMAPPED};
use super::copy;
use crate::catalogue::{Attribute, Base, Catalogue, Enumeration};
use crate::item::Item;

/// The number for "none of the others".
const OTHER: i64 = 99;

/// Most objects within each other: each is a level of columns. Chains of parent processes have no
/// other end.
pub(super) const DEPTH_MAX: usize = 12;

/// Attributes that are made again, whatever they say.
const MADE_AGAIN: [&str; 6] = [
    "class_uid",
    "category_uid",
    "type_uid",
    "observables",
    "metadata.version",
    "metadata.profiles",
];

/// One event on its way.
pub(super) struct Walk<'w, 'c> {
    pub(super) from: &'c Catalogue,
    pub(super) to: &'c Catalogue,
    pub(super) class: &'c Item,
    pub(super) source: &'w Tree,
    pub(super) target: &'w mut Tree,
    pub(super) aside: &'w mut Aside,
    /// Objects around the one that is looked at.
    depth: usize,
}

/// A value that is to become an attribute of an object.
#[derive(Clone, Copy)]
struct Step<'c> {
    /// Where it stands.
    node: NodeId,
    /// The object that holds it.
    holder: NodeId,
    /// The object that is to hold it.
    object: NodeId,
    /// What it was.
    before: Option<&'c Attribute>,
    /// What it is to be.
    attribute: &'c Attribute,
    /// The class or object that has `attribute`.
    item: &'c Item,
}

impl<'w, 'c> Walk<'w, 'c> {
    pub(super) fn new(
        from: &'c Catalogue,
        to: &'c Catalogue,
        class: &'c Item,
        source: &'w Tree,
        target: &'w mut Tree,
        aside: &'w mut Aside,
    ) -> Self {
        Self { from, to, class, source, target, aside, depth: 0 }
    }

    /// Everything but the observables.
    pub(super) fn event(&mut self, event: NodeId) {
        let before = self.class.uid.and_then(|uid| self.from.class(uid));
        let (root, class) = (self.target.root(), self.class);
        self.members(event, root, before, class);
    }

    pub(super) fn members(
        &mut self,
        holder: NodeId,
        object: NodeId,
        before: Option<&'c Item>,
        item: &'c Item,
    ) {
        for node in self.source.children(holder) {
            if self.source.kind(node) == Kind::Null {
                continue;
            }
            let key = self.source.key(node);
            let above = self.aside.enter(&key);
            if self.aside.path() == UNMAPPED {
                self.aside.keep(self.source, node);
            } else if !self.is_made_again(node, before) {
                let before = before.and_then(|item| named(self.from, item, &key));
                let attribute = named(self.to, item, &key).filter(|one| self.is_of_class(one));
                let attribute =
                    attribute.filter(|one| self.target.child(object, one.token).is_none());
                match attribute {
                    Some(attribute) => {
                        self.value(Step { node, holder, object, before, attribute, item });
                    }
                    None => self.aside.take(self.source, node),
                }
            }
            self.aside.leave(above);
        }
    }

    /// Whether the value at the current path follows from others. Names do as long as they are
    /// those of the schema.
    fn is_made_again(&self, node: NodeId, class: Option<&Item>) -> bool {
        let path = self.aside.path();
        if MADE_AGAIN.contains(&path) {
            return true;
        }
        let (Some(class), Some(text)) = (class, self.source.as_str(node)) else { return false };
        match path {
            "class_name" => text == class.caption,
            "type_name" => {
                text.strip_prefix(&class.caption).is_some_and(|rest| rest.starts_with(": "))
            }
            "category_name" => {
                let mut all = self.from.categories().iter();
                all.any(|one| Some(one.uid) == class.category_uid && one.caption == text)
            }
            _ => false,
        }
    }

    /// Whether the class can have an attribute: its profiles bring it.
    fn is_of_class(&self, attribute: &Attribute) -> bool {
        let mut profiles = self.to.profiles_of(attribute).peekable();
        profiles.peek().is_none()
            || profiles.any(|name| self.class.profiles.iter().any(|known| known == name))
    }

    fn value(&mut self, step: Step<'c>) {
        let is_array = self.source.kind(step.node) == Kind::Array;
        match self.to.object_of(step.attribute) {
            _ if is_array != step.attribute.is_array => self.aside.take(self.source, step.node),
            Some(item) if !item.is_empty() => {
                if self.depth >= DEPTH_MAX {
                    return self.aside.take(self.source, step.node);
                }
                self.depth += 1;
                if is_array {
                    self.objects(step, item)
                } else {
                    self.object(step, item)
                }
                self.depth -= 1;
            }
            _ if is_array => self.scalars(step),
            _ => self.scalar(step),
        }
    }

    fn object(&mut self, step: Step<'c>, item: &'c Item) {
        if self.source.kind(step.node) != Kind::Object {
            return self.aside.take(self.source, step.node);
        }
        let object = self.target.append_word(step.object, step.attribute.token, Scalar::Object);
        let before = step.before.and_then(|attribute| self.from.object_of(attribute));
        self.members(step.node, object, before, item);
        // All of it may have been set aside.
        if self.target.children(object).next().is_none() {
            self.target.remove(object);
        }
    }

    fn objects(&mut self, step: Step<'c>, item: &'c Item) {
        let list = self.target.append_word(step.object, step.attribute.token, Scalar::Array);
        let before = step.before.and_then(|attribute| self.from.object_of(attribute));
        for (place, element) in self.source.children(step.node).enumerate() {
            let above = self.aside.enter_element(place);
            if self.source.kind(element) == Kind::Object {
                let object = self.target.push(list, Scalar::Object);
                self.members(element, object, before, item);
            } else {
                self.aside.take(self.source, element);
            }
            self.aside.leave(above);
        }
    }

    /// A list stays whole: all of it fits, or none.
    fn scalars(&mut self, step: Step<'c>) {
        let values = self.to.enum_of(step.attribute);
        let fits = |element| {
            let is_known = values.is_none_or(|values| self.is_same(step, values, element));
            is_known && self.fits(step.attribute, element)
        };
        if !self.source.children(step.node).all(fits) {
            return self.aside.take(self.source, step.node);
        }
        let list = self.target.append_word(step.object, step.attribute.token, Scalar::Array);
        for element in self.source.children(step.node) {
            if self.to.type_of(step.attribute).base == Base::Json || self.is_any(step.attribute) {
                self.target.graft_as_is(list, None, self.source, element);
            } else {
                copy(self.source, element, |value| self.target.push(list, value));
            }
        }
    }

    fn scalar(&mut self, step: Step<'c>) {
        let Step { node, object, attribute, .. } = step;
        if !self.fits(attribute, node) {
            return self.aside.take(self.source, node);
        }
        if self.to.type_of(attribute).base == Base::Json || self.is_any(attribute) {
            self.target.graft_as_is(object, Some(&attribute.name), self.source, node);
        } else if let Some(values) = self.to.enum_of(attribute) {
            self.enumerated(step, values);
        } else if self.to.type_of(attribute).name == "datetime_t" {
            self.instant(step);
        } else {
            copy(self.source, node, |value| {
                self.target.append_word(object, attribute.token, value)
            });
        }
    }

    /// An object that may hold anything.
    fn is_any(&self, attribute: &Attribute) -> bool {
        self.to.object_of(attribute).is_some_and(Item::is_empty)
    }

    /// Whether a value is of an attribute's type.
    fn fits(&self, attribute: &Attribute, node: NodeId) -> bool {
        let (source, wanted) = (self.source, self.to.type_of(attribute));
        match (wanted.base, source.kind(node)) {
            (Base::Json, _) | (Base::Boolean, Kind::Bool) | (Base::Float, Kind::Number) => true,
            (Base::Object, kind) => kind == Kind::Object,
            (Base::Integer, Kind::Number) => source.as_i64(node).is_some_and(|number| {
                let is_wide = wanted.name != "integer_t" || i32::try_from(number).is_ok();
                is_wide && wanted.range.is_none_or(|(least, most)| (least..=most).contains(&number))
            }),
            (Base::Text, Kind::String) => {
                let text = source.as_str(node).unwrap_or_default();
                wanted.max_len.is_none_or(|most| text.len() <= most || text.chars().count() <= most)
            }
            _ => false,
        }
    }

    /// Whether a value of an enumeration means the same in both releases.
    fn is_same(&self, step: Step<'c>, values: &Enumeration, node: NodeId) -> bool {
        let before = step.before.and_then(|attribute| self.from.enum_of(attribute));
        let before = before.and_then(|values| caption(values, self.source, node));
        let now = caption(values, self.source, node);
        now.is_some_and(|now| before.is_none_or(|before| before.eq_ignore_ascii_case(now)))
    }

    fn enumerated(&mut self, step: Step<'c>, values: &'c Enumeration) {
        let Step { node, object, attribute, .. } = step;
        if self.is_same(step, values, node) {
            return copy(self.source, node, |value| {
                self.target.append_word(object, attribute.token, value)
            });
        }
        let Some(number) = self.source.as_i64(node) else {
            return self.aside.take(self.source, node);
        };
        let before = step.before.and_then(|attribute| self.from.enum_of(attribute));
        let caption = before.and_then(|values| values.caption(number));
        if let Some(known) = caption.and_then(|caption| values.number(caption)) {
            self.target.append_word(object, attribute.token, known);
        } else if values.caption(OTHER).is_some() {
            self.target.append_word(object, attribute.token, OTHER);
            self.other(step, caption);
        } else {
            self.aside.take(self.source, node);
        }
    }

    /// Says beside 99 what it was; the source's own wording, if it has one, says so already.
    fn other(&mut self, step: Step<'c>, caption: Option<&str>) {
        let sibling = step.attribute.sibling.as_deref();
        let sibling = sibling.and_then(|name| named(self.to, step.item, name));
        let Some(sibling) = sibling.filter(|one| !one.is_array) else {
            return self.aside.take(self.source, step.node);
        };
        let own = self.source.get(step.holder, &sibling.name);
        match (own.filter(|id| self.source.kind(*id) == Kind::String), caption) {
            (Some(_), _) => {}
            (None, Some(caption)) if self.target.child(step.object, sibling.token).is_none() => {
                self.target.append_word(step.object, sibling.token, caption);
            }
            (None, _) => self.aside.take(self.source, step.node),
        }
    }

    /// An instant in UTC; what the column does not hold of its text is set aside too.
    fn instant(&mut self, step: Step<'c>) {
        let text = self.source.as_str(step.node).unwrap_or_default();
        let Some(instant) = parse_iso_fast(&text) else {
            return self.aside.take(self.source, step.node);
        };
        let iso = instant.to_iso();
        self.target.append_word(step.object, step.attribute.token, iso.as_str());
        let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
        if !text.ends_with('Z') || fraction.len() > "123456Z".len() {
            self.aside.take(self.source, step.node);
        }
    }
}

/// The attribute of a class or object with exactly this name.
fn named<'c>(catalogue: &'c Catalogue, item: &'c Item, name: &str) -> Option<&'c Attribute> {
    let position = item.position(catalogue.vocabulary().token(name)?)?;
    catalogue.attribute(item, position).filter(|attribute| attribute.name == name)
}

/// The caption of a value, whether its key is a number or a text.
fn caption<'v>(values: &'v Enumeration, tree: &Tree, node: NodeId) -> Option<&'v str> {
    match tree.kind(node) {
        Kind::Number => values.caption(tree.as_i64(node)?),
        Kind::String | Kind::Bool => values.caption_of(&tree.scalar_text(node)?),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}
