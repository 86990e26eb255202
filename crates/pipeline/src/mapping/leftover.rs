//! What no step used goes below `unmapped`, under its own name.

use std::collections::HashSet;

use headwater_event::json::{Kind, NodeId, Scalar, Tree};

use super::source::{Field, PLACEHOLDERS, Source, Used};

/// Copies the leaves of a source that were not used, with the objects they stand in; members of
/// `flat` objects go to the top. Returns whether there were any.
pub(super) fn keep(source: &Source<'_>, used: &Used, flat: &[Field], out: &mut Tree) -> bool {
    let mut keeper = Keeper { source: *source, used, flat, target: None };
    let root = source.json.root();
    if let Some(extra) = source.extra {
        keeper.object(extra, Field { node: extra.root(), is_extra: true }, None, out);
    }
    keeper.object(source.json, Field { node: root, is_extra: false }, None, out);
    keeper.target.is_some()
}

struct Keeper<'a> {
    source: Source<'a>,
    used: &'a Used,
    flat: &'a [Field],
    /// `unmapped`, once something is in it.
    target: Option<NodeId>,
}

impl Keeper<'_> {
    /// Keeps what is left of an object's members in the object `into` makes.
    fn object(&mut self, tree: &Tree, field: Field, into: Option<NodeId>, out: &mut Tree) {
        let mut seen = HashSet::new();
        for node in tree.children(field.node) {
            let child = Field { node, ..field };
            if !self.is_left(tree, child) {
                continue;
            }
            let parent = into.unwrap_or_else(|| self.top(out));
            if self.flat.contains(&child) && tree.kind(node) == Kind::Object {
                self.object(tree, child, into, out);
                continue;
            }
            let key = free_key(out, parent, &tree.key(node), &mut seen);
            match tree.kind(node) {
                Kind::Object => {
                    let object = out.append(parent, &key, Scalar::Object);
                    self.object(tree, child, Some(object), out);
                }
                _ => {
                    out.graft(parent, &key, tree, node);
                }
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

/// The key, or `key_2` and so on where the object has it already.
fn free_key(out: &Tree, object: NodeId, key: &str, seen: &mut HashSet<String>) -> String {
    let is_taken = |key: &str| out.get(object, key).is_some();
    if !seen.contains(key) && !is_taken(key) {
        seen.insert(key.to_owned());
        return key.to_owned();
    }
    let mut number = 2;
    loop {
        let name = format!("{key}_{number}");
        if !is_taken(&name) {
            return name;
        }
        number += 1;
    }
}
