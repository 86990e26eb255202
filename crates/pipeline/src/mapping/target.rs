//! Where a value goes: a path of the class, and the objects on the way.
//!
//! Mappings name the same few hundred paths over and over, so each is looked up in the schema once
//! and remembered.

use headwater_event::json::{Kind, NodeId, Scalar, Tree};
use headwater_ocsf::{Attribute, Catalogue, Item, Remembered};

use super::to::To;

/// The attribute at the end of a path, and the object that it is a member of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) attribute: &'static Attribute,
    object: usize,
}

/// An object on the way: of the one above it a member, or an element of that member.
#[derive(Debug, Clone, Copy)]
struct Place {
    above: usize,
    attribute: &'static Attribute,
    index: usize,
}

/// The paths that were asked for, and where their objects are in the current event.
#[derive(Debug, Default)]
pub(super) struct Targets {
    /// By the number of the class.
    paths: Remembered<Option<Target>>,
    /// From 1: object 0 is the event.
    places: Vec<Place>,
    /// The object in the current event, by place, once it was met.
    met: Vec<Option<NodeId>>,
}

impl Targets {
    /// Forgets where objects were.
    pub(super) fn begin(&mut self) {
        self.met.fill(None);
    }

    /// Follows a path such as `answers[2].rdata` through the schema. Without an index an array
    /// means its first element. `None` when the class has no such attribute.
    pub(super) fn resolve(
        &mut self,
        catalogue: &'static Catalogue,
        class: &'static Item,
        to: To<'_>,
    ) -> Option<Target> {
        let text = [to.object, to.member];
        let number = class.uid.unwrap_or_default().cast_unsigned();
        if let Some(known) = self.paths.get(number, text) {
            return known;
        }
        if self.paths.is_full() {
            // Objects that were met are found again by walking.
            *self = Self::default();
        }
        let target = self.follow(catalogue, class, &to.to_string());
        self.paths.keep(number, text, target);
        target
    }

    fn follow(
        &mut self,
        catalogue: &'static Catalogue,
        class: &'static Item,
        path: &str,
    ) -> Option<Target> {
        let mut item = class;
        let mut object = 0;
        let mut rest = path;
        loop {
            let (step, tail) = match rest.split_once('.') {
                Some((step, tail)) => (step, Some(tail)),
                None => (rest, None),
            };
            let (name, index) = match step.split_once('[') {
                Some((name, index)) => (name, index.strip_suffix(']')?.parse().ok()?),
                None => (step, 0),
            };
            let position = item.position(catalogue.vocabulary().token(name)?)?;
            let attribute = catalogue.attribute(item, position)?;
            let Some(tail) = tail else { return Some(Target { attribute, object }) };
            object = self.object(Place { above: object, attribute, index });
            item = catalogue.object_of(attribute)?;
            rest = tail;
        }
    }

    fn object(&mut self, place: Place) -> usize {
        let is_same = |known: &Place| {
            (known.above, known.index) == (place.above, place.index)
                && known.attribute.token == place.attribute.token
        };
        let known = self.places.iter().position(is_same);
        known.map_or_else(
            || {
                self.places.push(place);
                self.met.resize(self.places.len(), None);
                self.places.len()
            },
            |known| known + 1,
        )
    }

    /// The object that a target is a member of; objects on the way are made.
    pub(super) fn open(&mut self, out: &mut Tree, target: Target) -> NodeId {
        self.open_object(out, target.object)
    }

    fn open_object(&mut self, out: &mut Tree, object: usize) -> NodeId {
        let Some(below) = object.checked_sub(1) else { return out.root() };
        if let Some(Some(known)) = self.met.get(below) {
            return *known;
        }
        let Some(Place { above, attribute, index }) = self.places.get(below).copied() else {
            return out.root();
        };
        let parent = self.open_object(out, above);
        let known = out.child(parent, attribute.token);
        let found = if attribute.is_array {
            let list =
                known.unwrap_or_else(|| out.append_word(parent, attribute.token, Scalar::Array));
            let mut last = list;
            for place in 0..=index {
                let element = out.element(list, place);
                last = element.unwrap_or_else(|| out.push(list, Scalar::Object));
            }
            last
        } else {
            match known {
                Some(id) if out.kind(id) == Kind::Object => id,
                Some(id) => {
                    out.replace(id, Scalar::Object);
                    id
                }
                None => out.append_word(parent, attribute.token, Scalar::Object),
            }
        };
        self.meet(below, found);
        found
    }

    /// The value that a target has now.
    pub(super) fn find(&mut self, out: &Tree, target: Target) -> Option<NodeId> {
        let object = self.find_object(out, target.object)?;
        out.child(object, target.attribute.token)
    }

    fn find_object(&mut self, out: &Tree, object: usize) -> Option<NodeId> {
        let Some(below) = object.checked_sub(1) else { return Some(out.root()) };
        if let Some(Some(known)) = self.met.get(below) {
            return Some(*known);
        }
        let Place { above, attribute, index } = self.places.get(below).copied()?;
        let parent = self.find_object(out, above)?;
        let mut found = out.child(parent, attribute.token)?;
        if attribute.is_array {
            found = out.element(found, index)?;
        }
        if out.kind(found) == Kind::Object {
            self.meet(below, found);
        }
        Some(found)
    }

    fn meet(&mut self, below: usize, id: NodeId) {
        if let Some(met) = self.met.get_mut(below) {
            *met = Some(id);
        }
    }
}
