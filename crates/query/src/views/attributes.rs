//! Which attributes of a class its events have: the paths of scalars and lists in OCSF objects,
//! with the types that the schema gives them.

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_event::json::{Kind, NodeId, ParseLimits, Tree};
use headwater_ocsf::{Attribute, Base, Catalogue, Item};

/// Longest path that becomes a column, in steps: objects may hold objects of their own kind.
const STEPS_MAX: usize = 8;

/// Limits of one OCSF object; those that exceed them are not looked at.
const LIMITS: ParseLimits = ParseLimits { depth_max: 64, bytes_max: 1 << 20 };

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A time, in the object as milliseconds since 1970.
    Milliseconds,
    /// A time, in the object as text (RFC 3339).
    Instant,
    Integer,
    Float,
    Boolean,
    Text,
    /// A list, or an object of no fixed form, as JSON text.
    Json,
}

impl Shape {
    /// That of an attribute; `None` for objects, whose own attributes are columns.
    fn of(catalogue: &Catalogue, attribute: &Attribute) -> Option<Self> {
        if attribute.is_array {
            return Some(Self::Json);
        }
        let kind = catalogue.type_of(attribute);
        match (kind.name.as_str(), kind.base) {
            ("timestamp_t", _) => Some(Self::Milliseconds),
            ("datetime_t", _) => Some(Self::Instant),
            (_, Base::Integer) => Some(Self::Integer),
            (_, Base::Float) => Some(Self::Float),
            (_, Base::Boolean) => Some(Self::Boolean),
            (_, Base::Text) => Some(Self::Text),
            (_, Base::Json) => Some(Self::Json),
            (_, Base::Object) => {
                let is_free = catalogue.object_of(attribute).is_none_or(Item::is_empty);
                is_free.then_some(Self::Json)
            }
        }
    }

    /// Whether a value is of this shape.
    fn fits(self, kind: Kind) -> bool {
        match (self, kind) {
            (_, Kind::Null) => false,
            (Self::Json, _) => true,
            (_, Kind::Array | Kind::Object) => false,
            _ => true,
        }
    }
}

/// Attributes by path.
pub(super) type Paths = BTreeMap<String, Shape>;

/// Collects the attributes of events of one class.
pub(super) struct Walk<'a> {
    class: &'a Item,
    tree: Tree,
    found: Found<'a>,
}

/// What was found, and where the walk is.
struct Found<'a> {
    catalogue: &'a Catalogue,
    path: String,
    paths: Paths,
}

impl<'a> Walk<'a> {
    pub(super) fn new(catalogue: &'a Catalogue, class: &'a Item) -> Self {
        let tree = Tree::new(Arc::clone(catalogue.vocabulary()));
        let found = Found { catalogue, path: String::new(), paths: Paths::new() };
        Self { class, tree, found }
    }

    /// Adds the attributes of one event; text that is no JSON has none.
    pub(super) fn add(&mut self, object: &str) {
        if self.tree.parse(object.as_bytes(), LIMITS).is_ok() {
            self.found.add(&self.tree, self.tree.root(), self.class, STEPS_MAX);
        }
    }

    /// What was found.
    pub(super) fn finish(self) -> Paths {
        self.found.paths
    }
}

impl<'a> Found<'a> {
    /// Notes the attribute at the current path, if its value is of the right kind.
    fn note(&mut self, shape: Shape, kind: Kind) {
        if shape.fits(kind) && !self.paths.contains_key(&self.path) {
            self.paths.insert(self.path.clone(), shape);
        }
    }

    fn add(&mut self, tree: &Tree, object: NodeId, item: &'a Item, steps_left: usize) {
        let Some(steps_left) = steps_left.checked_sub(1) else { return };
        for child in tree.children(object) {
            let position = tree.token(child).and_then(|token| item.position(token));
            let attribute = position.and_then(|place| self.catalogue.attribute(item, place));
            // Keys are looked up in any case, paths are not.
            let Some(attribute) = attribute.filter(|one| one.name == tree.key(child)) else {
                continue;
            };
            let length = self.path.len();
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&attribute.name);
            match Shape::of(self.catalogue, attribute) {
                Some(shape) => self.note(shape, tree.kind(child)),
                None if tree.kind(child) == Kind::Object => {
                    if let Some(inner) = self.catalogue.object_of(attribute) {
                        self.add(tree, child, inner, steps_left);
                    }
                }
                None => {}
            }
            self.path.truncate(length);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use headwater_ocsf::Version;

    use super::*;

    #[test]
    fn scalars_and_lists_of_the_class_are_found_with_their_types() {
        let catalogue = Version::NATIVE.catalogue();
        let mut walk = Walk::new(catalogue, catalogue.class(3002).unwrap());
        walk.add(
            r#"{"time":1,"time_dt":"2020-01-01T00:00:00Z","is_mfa":true,"user":{"name":"kim",
            "nothing":1,"groups":[{"name":"a"}],"uid":null},"src_endpoint":{"port":7,"ip":{}},
            "unmapped":{"a":{"b":1}},"User":{"type":"x"},"message":["no text"]}"#,
        );
        walk.add("no JSON");
        walk.add(r#"{"session":{"expiration_time":5}}"#);
        let found: Vec<(String, Shape)> = walk.finish().into_iter().collect();
        let expected = [
            ("is_mfa", Shape::Boolean),
            ("session.expiration_time", Shape::Milliseconds),
            ("src_endpoint.port", Shape::Integer),
            ("time", Shape::Milliseconds),
            ("time_dt", Shape::Instant),
            ("unmapped", Shape::Json),
            ("user.groups", Shape::Json),
            ("user.name", Shape::Text),
        ];
        assert_eq!(found, expected.map(|(path, shape)| (path.to_owned(), shape)));
    }

    #[test]
    fn objects_within_objects_of_their_kind_end() {
        let catalogue = Version::NATIVE.catalogue();
        let mut walk = Walk::new(catalogue, catalogue.class(1007).unwrap());
        let deep = r#"{"parent_process":"#.repeat(20);
        walk.add(&format!(r#"{{"process":{deep}{{"pid":1}}{}}}"#, "}".repeat(20)));
        walk.add(r#"{"process":{"parent_process":{"pid":1}}}"#);
        let found: Vec<String> = walk.finish().into_keys().collect();
        assert_eq!(found, ["process.parent_process.pid"]);
    }
}
