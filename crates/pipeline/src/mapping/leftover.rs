//! What no step used goes below `unmapped`, under its own name.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use headwater_event::json::{Kind, NodeId, Scalar, Tree};

use super::source::{Field, PLACEHOLDERS, Source, Used};

/// Objects with more members than these are not searched for each new key.
const SEARCHED_MAX: usize = 64;

/// Copies the leaves of a source that were not used, with the objects they stand in; members of
/// `flat` objects go to the top. Returns whether there were any.
pub(super) fn keep(source: &Source<'_>, used: &Used, flat: &[Field], out: &mut Tree) -> bool {
    let extra = source.extra.filter(|extra| extra.children(extra.root()).next().is_some());
    let may_clash = extra.is_some() || !flat.is_empty() || source.index.repeats_keys();
    let mut keeper =
        Keeper { source: *source, used, flat, may_clash, large: Large::default(), target: None };
    let root = source.json.root();
    if let Some(extra) = extra {
        keeper.object(extra, Field { node: extra.root(), is_extra: true }, None, out);
    }
    keeper.object(source.json, Field { node: root, is_extra: false }, None, out);
    keeper.target.is_some()
}

struct Keeper<'a> {
    source: Source<'a>,
    used: &'a Used,
    flat: &'a [Field],
    /// Whether a key may come twice into one object.
    may_clash: bool,
    large: Large,
    /// `unmapped`, once something is in it.
    target: Option<NodeId>,
}

impl Keeper<'_> {
    /// Keeps what is left of an object's members in the object `into` makes.
    fn object(&mut self, tree: &Tree, field: Field, into: Option<NodeId>, out: &mut Tree) {
        let is_large = self.may_clash && tree.children(field.node).nth(SEARCHED_MAX).is_some();
        for node in tree.children(field.node) {
            let child = Field { node, ..field };
            if !self.is_left(tree, child) {
                continue;
            }
            let parent = into.unwrap_or_else(|| self.top(out));
            let is_object = tree.kind(node) == Kind::Object;
            if is_object && self.flat.contains(&child) {
                self.object(tree, child, into, out);
                continue;
            }
            let key = match self.may_clash {
                false => None,
                true if is_large || self.large.has(parent) => {
                    self.large.free_key(out, parent, &tree.key(node))
                }
                true => free_key(out, parent, &tree.key(node)),
            };
            if is_object {
                let object = match key {
                    Some(key) => out.append(parent, &key, Scalar::Object),
                    None => out.graft_alone(parent, tree, node),
                };
                self.object(tree, child, Some(object), out);
            } else {
                out.graft_as_is(parent, key.as_deref(), tree, node);
            }
        }
    }

    fn top(&mut self, out: &mut Tree) -> NodeId {
        *self.target.get_or_insert_with(|| {
            let root = out.root();
            match out.get(root, "unmapped") {
                Some(id) if out.kind(id) == Kind::Object => id,
                _ => out.append(root, "unmapped", Scalar::Object),
            }
        })
    }

    /// Whether a value or something below it was not used and says something.
    fn is_left(&self, tree: &Tree, field: Field) -> bool {
        if self.used.contains(field) {
            return false;
        }
        match tree.kind(field.node) {
            Kind::Null => false,
            Kind::String => {
                let text = self.source.tree(field).as_str(field.node);
                text.is_some_and(|text| !PLACEHOLDERS.contains(&&*text))
            }
            Kind::Number | Kind::Bool => true,
            Kind::Array | Kind::Object => {
                tree.children(field.node).any(|node| self.is_left(tree, Field { node, ..field }))
            }
        }
    }
}

/// `key_2` and so on where an object has the key already.
fn free_key(out: &Tree, object: NodeId, key: &str) -> Option<String> {
    out.get(object, key)?;
    let mut names = (2..).map(|number: u64| format!("{key}_{number}"));
    names.find(|name| out.get(object, name).is_none())
}

/// Keys of objects with many members, which are not searched for each new one.
#[derive(Default)]
struct Large {
    objects: HashSet<NodeId>,
    /// With the number that the next one of that name gets.
    keys: HashMap<(NodeId, String), u64>,
}

impl Large {
    fn has(&self, object: NodeId) -> bool {
        self.objects.contains(&object)
    }

    /// [`free_key`], which counts as taken from now on.
    fn free_key(&mut self, out: &Tree, object: NodeId, key: &str) -> Option<String> {
        if self.objects.insert(object) {
            let known =
                out.children(object).map(|child| ((object, out.key(child).into_owned()), 2));
            self.keys.extend(known);
        }
        let mut number = match self.keys.entry((object, key.to_owned())) {
            Entry::Vacant(free) => {
                free.insert(2);
                return None;
            }
            Entry::Occupied(taken) => *taken.get(),
        };
        loop {
            let name = format!("{key}_{number}");
            number += 1;
            if let Entry::Vacant(free) = self.keys.entry((object, name.clone())) {
                free.insert(2);
                self.keys.insert((object, key.to_owned()), number);
                return Some(name);
            }
        }
    }
}
