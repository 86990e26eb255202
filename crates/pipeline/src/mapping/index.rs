//! The record's values by dotted path: built once per record, asked a hundred times.
//!
//! A path is hashed step by step, so a key with dots of its own is found like nested keys. Records
//! for which one hash could mean two values are walked instead.

use headwater_event::json::{Kind, NodeId, Tree, hash_key};
use memchr::memchr;

/// Largest record that is indexed, in values; larger ones are walked.
const VALUES_MAX: usize = 8_192;

/// Most slots that are looked at to place a value: keys made to collide must not cost more.
const PROBES_MAX: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Index {
    /// Hash of the path of each value.
    paths: Vec<u64>,
    /// Open addressing over a power of two: place of a value, counted from 1; 0 is free.
    slots: Vec<(u32, Option<NodeId>)>,
    is_usable: bool,
    repeats_keys: bool,
}

impl Index {
    /// Indexes a record.
    pub(super) fn build(&mut self, tree: &Tree) {
        let count = tree.capacity_used();
        self.is_usable = count <= VALUES_MAX;
        self.repeats_keys = false;
        if !self.is_usable {
            return;
        }
        self.paths.clear();
        self.paths.resize(count, 0);
        self.slots.clear();
        self.slots.resize((count * 2).next_power_of_two(), (0, None));
        self.is_usable = tree.descendants(tree.root()).all(|id| self.add_children(tree, id));
    }

    /// The value at a dotted path below another one. `None` when the record is not indexed.
    #[inline]
    pub(super) fn find(&self, tree: &Tree, start: NodeId, path: &str) -> Option<Option<NodeId>> {
        if !self.is_usable {
            return None;
        }
        let hash = follow(*self.paths.get(start.index())?, path);
        let mask = self.slots.len() - 1;
        let mut slot = slot_of(hash, mask);
        loop {
            let (tag, id) = *self.slots.get(slot)?;
            let Some(id) = id else { return Some(None) };
            if tag == tag_of(hash) && is_path(tree, start, id, path) {
                return Some(Some(id));
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Whether an object may have a key more than once.
    pub(super) const fn repeats_keys(&self) -> bool {
        !self.is_usable || self.repeats_keys
    }

    fn add_children(&mut self, tree: &Tree, container: NodeId) -> bool {
        let Some(start) = self.paths.get(container.index()).copied() else { return false };
        match tree.kind(container) {
            Kind::Object => tree.children(container).all(|id| {
                let key = tree.key(id);
                let hash = match memchr(b'.', key.as_bytes()) {
                    None => step(start, tree.key_hash(id)),
                    Some(_) => follow(start, &key),
                };
                self.add(tree, id, hash)
            }),
            Kind::Array => tree.children(container).enumerate().all(|(place, id)| {
                let mut digits = itoa::Buffer::new();
                self.add(tree, id, step(start, hash_key(digits.format(place).as_bytes())))
            }),
            _ => true,
        }
    }

    /// Whether the value could be placed, and no other one stands at the same path elsewhere.
    fn add(&mut self, tree: &Tree, id: NodeId, hash: u64) -> bool {
        if let Some(path) = self.paths.get_mut(id.index()) {
            *path = hash;
        }
        let mask = self.slots.len() - 1;
        let first = slot_of(hash, mask);
        for probe in 0..PROBES_MAX {
            match self.slots.get_mut((first + probe) & mask) {
                Some(slot @ (_, None)) => {
                    *slot = (tag_of(hash), Some(id));
                    return true;
                }
                Some((tag, Some(other))) if *tag == tag_of(hash) => {
                    // An equal key of the same object: the first one is found. What is below others
                    // is not.
                    let is_scalar = !matches!(tree.kind(id), Kind::Object | Kind::Array);
                    if tree.parent(*other) != tree.parent(id) || !is_scalar {
                        return false;
                    }
                    self.repeats_keys = true;
                }
                _ => {}
            }
        }
        false
    }
}

/// Half of the hash, to be compared before texts are.
const fn tag_of(hash: u64) -> u32 {
    hash as u32
}

const fn slot_of(hash: u64, mask: usize) -> usize {
    (hash >> 32) as usize & mask
}

fn follow(start: u64, path: &str) -> u64 {
    let mut hash = start;
    let mut rest = path.as_bytes();
    while let Some(dot) = memchr(b'.', rest) {
        let (key, tail) = rest.split_at(dot);
        hash = step(hash, hash_key(key));
        rest = tail.get(1..).unwrap_or_default();
    }
    step(hash, hash_key(rest))
}

const fn step(start: u64, key: u32) -> u64 {
    let mixed = (start.rotate_left(23) ^ key as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ mixed >> 29
}

/// Whether a value stands at this path below another one.
fn is_path(tree: &Tree, start: NodeId, id: NodeId, path: &str) -> bool {
    let mut rest = path;
    let mut current = id;
    loop {
        let Some(parent) = tree.parent(current) else { return false };
        let head = match tree.kind(parent) {
            Kind::Object => rest.strip_suffix(&*tree.key(current)),
            _ => {
                let place = tree.children(parent).take_while(|child| *child != current).count();
                rest.strip_suffix(itoa::Buffer::new().format(place))
            }
        };
        let Some(head) = head else { return false };
        if parent == start {
            return head.is_empty();
        }
        let Some(head) = head.strip_suffix('.') else { return false };
        (rest, current) = (head, parent);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use headwater_event::json::{ParseLimits, Tree};
    use proptest::prelude::*;

    use super::super::source::find_from;
    use super::Index;

    const KEYS: [&str; 10] = ["a", "b", "A", "a.b", "b.a", "0", "1", "a.0", "é", ""];

    fn document() -> impl Strategy<Value = String> {
        let leaf = Just("1".to_owned());
        leaf.prop_recursive(4, 40, 4, |inner| {
            let member = (prop::sample::select(&KEYS[..]), inner.clone());
            let object = prop::collection::vec(member, 0..4).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            });
            let array = prop::collection::vec(inner, 0..4)
                .prop_map(|elements| format!("[{}]", elements.join(",")));
            prop_oneof![3 => object, 1 => array]
        })
        .prop_map(|value| format!("{{\"a\":{value},\"b\":{value}}}"))
    }

    proptest! {
        /// Paths lead where walking leads, from everywhere.
        #[test]
        fn finds_what_walking_finds(
            json in document(),
            paths in prop::collection::vec(
                prop::collection::vec(prop::sample::select(&KEYS[..]), 1..5), 1..40),
        ) {
            let mut tree = Tree::new(Arc::default());
            tree.parse(json.as_bytes(), ParseLimits::default()).unwrap();
            let mut index = Index::default();
            index.build(&tree);
            for path in paths {
                let path = path.join(".");
                for start in tree.descendants(tree.root()) {
                    if let Some(found) = index.find(&tree, start, &path) {
                        prop_assert_eq!(found, find_from(&tree, start, &path), "{} in {}", path, json);
                    }
                }
            }
        }
    }

    #[test]
    fn records_that_mean_one_thing_are_indexed_and_others_are_not() {
        let is_indexed = |json: &str| {
            let mut tree = Tree::new(Arc::default());
            tree.parse(json.as_bytes(), ParseLimits::default()).unwrap();
            let mut index = Index::default();
            index.build(&tree);
            index.find(&tree, tree.root(), "a").is_some()
        };
        assert!(is_indexed(r#"{"a":{"b":[1,{"c":2}]},"a.c":3,"b":1,"b":2,"B":3}"#));
        assert!(!is_indexed(r#"{"a":{"b":1},"a.b":2}"#));
        let large: Vec<String> = (0..10_000).map(|place| format!("\"k{place}\":1")).collect();
        assert!(!is_indexed(&format!("{{{}}}", large.join(","))));
    }
}
