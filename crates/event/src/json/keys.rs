//! Keys in one case and each once per object: lower-casing, and telling equal keys apart.
//!
//! Both run on every event, so the usual object (no two equal keys) costs one probe per key in a
//! table that lives as long as the tree. Only an object with an apparent clash is looked at with
//! care.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher, RandomState};

use super::{Kind, Node, NodeId, Tree};

impl Tree {
    /// Lower-cases every key of every object; returns whether any key changed. ASCII keys change in
    /// place, others by Unicode's rules.
    ///
    /// Where keys of one object become equal, or were so in the source, all members stay: the one
    /// whose key was in lower case already (else the first) keeps the name, the others become
    /// `name_2`, `name_3` …, passing over names that the object has.
    pub fn lowercase_keys(&mut self) -> bool {
        let mut changed = false;
        for index in 0..self.nodes.len() {
            // nodes.len() fits u32: every push checks it.
            let id = NodeId(index as u32);
            if self.kind(id) == Kind::Object {
                changed |= self.lowercase_members(id);
            }
        }
        changed
    }

    /// Gives members with equal keys different ones: the first keeps the name, the others become
    /// `name_2`, `name_3` …, passing over names that the object has. Returns whether any key
    /// changed.
    pub fn separate_keys(&mut self, object: NodeId) -> bool {
        let mut seen = std::mem::replace(&mut self.seen_keys, KeySet::TAKEN);
        seen.begin();
        let clash = self.children(object).any(|id| !seen.insert(self.node(id).hash));
        self.seen_keys = seen;
        clash && self.kind(object) == Kind::Object && self.rename_clashing(object, |_| false)
    }

    /// Frees a name: the member `key`, if there is one, becomes `key_2`, `key_3` …
    pub fn set_aside(&mut self, object: NodeId, key: &str) {
        let Some(id) = self.get(object, key) else { return };
        let keys: HashSet<_> = self.children(object).map(|child| self.key(child)).collect();
        let free =
            numbered(key, 2).map(|(_, name)| name).find(|name| !keys.contains(name.as_str()));
        if let Some(free) = free {
            self.rename(id, &free);
        }
    }

    fn lowercase_members(&mut self, object: NodeId) -> bool {
        let mut seen = std::mem::replace(&mut self.seen_keys, KeySet::TAKEN);
        seen.begin();
        let (mut changed, mut clash) = (false, false);
        let mut next = self.node(object).first_child().some();
        while let Some(id) = next {
            let flags = self.node(id).flags;
            if flags & (Node::KEY_ODD | Node::KEY_LOWERED) != 0 {
                changed |= self.lowercase_key(id);
            }
            let node = self.node(id);
            next = node.next.some();
            clash |= !seen.insert(node.hash);
        }
        self.seen_keys = seen;
        if clash {
            changed |= self.rename_clashing(object, |node| node.flags & Node::KEY_LOWERED != 0);
        }
        changed
    }

    /// Lower-cases an odd key and marks whether that changed it.
    fn lowercase_key(&mut self, id: NodeId) -> bool {
        let node = *self.node(id);
        let odd = node.flags & Node::KEY_ODD != 0;
        let key = self.key(id);
        let lowered = if !odd {
            false
        } else if node.flags & Node::KEY_ESCAPED != 0 || !key.is_ascii() {
            let lower = key.to_lowercase();
            let differs = lower != key;
            if differs {
                self.rename(id, &lower);
            }
            differs
        } else {
            let start = node.key.start as usize;
            if let Some(text) = self.text.get_mut(start..start + node.key.length as usize) {
                text.make_ascii_lowercase();
            }
            self.node_mut(id).flags &= !Node::KEY_ODD;
            true
        };
        let node = self.node_mut(id);
        node.flags &= !Node::KEY_LOWERED;
        if lowered {
            node.flags |= Node::KEY_LOWERED;
        }
        lowered
    }

    /// Renames all but one of the members that share a key. The first keeps it, unless `yields`
    /// says that it should leave it to one that does not. Hashes may clash without equal keys: then
    /// nothing changes.
    fn rename_clashing(&mut self, object: NodeId, yields: fn(&Node) -> bool) -> bool {
        let members: Vec<(NodeId, String)> =
            self.children(object).map(|id| (id, self.key(id).into_owned())).collect();
        let mut keepers: HashMap<&str, NodeId> = HashMap::new();
        for (id, key) in &members {
            let keeper = keepers.entry(key).or_insert(*id);
            if yields(self.node(*keeper)) && !yields(self.node(*id)) {
                *keeper = *id;
            }
        }
        let mut names: HashSet<String> = keepers.keys().map(|key| (*key).to_owned()).collect();
        let mut last_numbers: HashMap<&str, usize> = HashMap::new();
        let mut changed = false;
        for (id, key) in &members {
            if keepers.get(key.as_str()) == Some(id) {
                continue;
            }
            let last = last_numbers.entry(key).or_insert(1);
            let free = numbered(key, *last + 1).find(|(_, name)| !names.contains(name));
            if let Some((number, name)) = free {
                *last = number;
                self.rename(*id, &name);
                names.insert(name);
                changed = true;
            }
        }
        changed
    }
}

/// `key_2`, `key_3` … with their numbers, from `start`.
fn numbered(key: &str, start: usize) -> impl Iterator<Item = (usize, String)> {
    (start..).map(move |number| (number, format!("{key}_{number}")))
}

/// The key hashes of one object. Slots are marked with the number of their object, so that starting
/// with the next one clears nothing.
#[derive(Debug, Clone)]
pub(super) struct KeySet {
    /// Number of the object, then hash. Open addressing, a power of two, at most half full.
    slots: Vec<u64>,
    mark: u32,
    filled: usize,
    /// Spreads hashes in a way that the author of an event cannot foresee.
    seed: u32,
}

impl KeySet {
    const SLOTS_MIN: usize = 64;

    /// What stands in the tree's place for it while its set is in use.
    const TAKEN: Self = Self { slots: Vec::new(), mark: 0, filled: 0, seed: 1 };

    pub(super) fn new() -> Self {
        // Low half of a random number, made odd: multiplying by it keeps all hashes apart.
        let seed = RandomState::new().build_hasher().finish() as u32 | 1;
        Self { seed, ..Self::TAKEN }
    }

    fn begin(&mut self) {
        self.filled = 0;
        self.mark = self.mark.wrapping_add(1);
        if self.mark == 0 {
            self.slots.fill(0);
            self.mark = 1;
        }
    }

    /// Whether the hash is new to the object.
    fn insert(&mut self, hash: u32) -> bool {
        if self.filled * 2 >= self.slots.len() {
            self.grow();
        }
        let added = self.place(u64::from(self.mark) << 32 | u64::from(hash));
        self.filled += usize::from(added);
        added
    }

    fn place(&mut self, wanted: u64) -> bool {
        let mask = self.slots.len() - 1;
        let spread = (wanted as u32).wrapping_mul(self.seed);
        // The upper bits are the well-mixed ones.
        let mut slot = spread.rotate_left(16) as usize & mask;
        while let Some(entry) = self.slots.get_mut(slot) {
            if *entry == wanted {
                return false;
            }
            if *entry >> 32 != wanted >> 32 {
                *entry = wanted;
                return true;
            }
            slot = (slot + 1) & mask;
        }
        false
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(Self::SLOTS_MIN);
        let old = std::mem::replace(&mut self.slots, vec![0; size]);
        let mark = u64::from(self.mark);
        for entry in old.into_iter().filter(|entry| entry >> 32 == mark) {
            self.place(entry);
        }
    }

    /// Gives memory beyond `bytes_max` back.
    pub(super) fn shrink(&mut self, bytes_max: usize) {
        if self.slots.len() * size_of::<u64>() > bytes_max {
            self.slots = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::collections::HashSet;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::{ParseLimits, Tree};
    use super::KeySet;

    fn tree(json: &str) -> Tree {
        let mut tree = Tree::new(Arc::default());
        tree.parse(json.as_bytes(), ParseLimits::default()).expect(json);
        tree
    }

    fn check_lower(source: &str, expected: &str) {
        let mut tree = tree(source);
        assert_eq!(tree.lowercase_keys(), source != expected, "{source}");
        assert_eq!(tree.to_json(tree.root()), expected, "{source}");
        assert!(!tree.lowercase_keys(), "second time: {source}");
        assert_eq!(tree.to_json(tree.root()), expected, "second time: {source}");
    }

    #[test]
    fn lowercases_ascii_escaped_and_other_keys() {
        check_lower(
            r#"{"Ab":{"CD":[{"E":"KEEP"}]},"\u0041x":1,"ÄÖ":2,"ΩΣ":3,"low":4}"#,
            r#"{"ab":{"cd":[{"e":"KEEP"}]},"ax":1,"äö":2,"ως":3,"low":4}"#,
        );
        let mut tree = tree(r#"{"\u0041x":1,"ÄÖ":2}"#);
        tree.lowercase_keys();
        assert!(tree.lookup("ax").is_some() && tree.lookup("äö").is_some());
    }

    #[test]
    fn colliding_keys_keep_all_members() {
        for (source, expected) in [
            (r#"{"A":1,"a":2}"#, r#"{"a_2":1,"a":2}"#),
            (r#"{"a":1,"A":2}"#, r#"{"a":1,"a_2":2}"#),
            (r#"{"AB":1,"Ab":2,"aB":3}"#, r#"{"ab":1,"ab_2":2,"ab_3":3}"#),
            (r#"{"A":1,"a":2,"A_2":3,"a_3":4}"#, r#"{"a_4":1,"a":2,"a_2":3,"a_3":4}"#),
            (r#"{"a":1,"a":2,"a":3}"#, r#"{"a":1,"a_2":2,"a_3":3}"#),
            (r#"{"x":{"K":1,"k":{"Q":1,"q":2}}}"#, r#"{"x":{"k_2":1,"k":{"q_2":1,"q":2}}}"#),
            (r#"{"\u0041":1,"a":2}"#, r#"{"a_2":1,"a":2}"#),
            (r#"{"Ω":1,"ω":2}"#, r#"{"ω_2":1,"ω":2}"#),
            (r#"{"":1,"":2}"#, r#"{"":1,"_2":2}"#),
            (r#"[{"A":1},{"a":2}]"#, r#"[{"a":1},{"a":2}]"#),
        ] {
            check_lower(source, expected);
        }
    }

    #[test]
    fn separates_equal_keys_first_come_first_served() {
        for (source, expected) in [
            (r#"{"a":1,"b":2}"#, r#"{"a":1,"b":2}"#),
            (r#"{"a":1,"A":2}"#, r#"{"a":1,"A":2}"#),
            (r#"{"a":1,"a":2,"a_2":3,"a":4}"#, r#"{"a":1,"a_3":2,"a_2":3,"a_4":4}"#),
            ("[1,2]", "[1,2]"),
            ("7", "7"),
        ] {
            let mut tree = tree(source);
            assert_eq!(tree.separate_keys(tree.root()), source != expected, "{source}");
            assert_eq!(tree.to_json(tree.root()), expected, "{source}");
        }
    }

    #[test]
    fn sets_aside_under_the_first_free_name() {
        let mut tree = tree(r#"{"a":1,"a_2":2}"#);
        tree.set_aside(tree.root(), "a");
        tree.set_aside(tree.root(), "b");
        assert_eq!(tree.to_json(tree.root()), r#"{"a_3":1,"a_2":2}"#);
    }

    #[test]
    fn a_hundred_thousand_clashing_keys_are_told_apart() {
        let members: Vec<String> =
            (0..50_000).map(|number| format!("\"k\":{number},\"K\":0")).collect();
        let mut tree = tree(&format!("{{{}}}", members.join(",")));
        assert!(tree.lowercase_keys());
        let keys: HashSet<_> = tree.children(tree.root()).map(|id| tree.key(id)).collect();
        assert_eq!(keys.len(), 100_000);
    }

    #[test]
    fn the_set_of_seen_keys_forgets_between_objects_and_when_its_numbers_run_out() {
        let mut seen = KeySet { mark: u32::MAX - 1, ..KeySet::new() };
        for _ in 0..4 {
            seen.begin();
            assert!((0..1_000).all(|hash| seen.insert(hash)));
            assert!((0..1_000).all(|hash| !seen.insert(hash)));
        }
        seen.shrink(0);
        seen.begin();
        assert!(seen.insert(7) && !seen.insert(7));
    }

    proptest! {
        #[test]
        fn every_member_stays_and_every_key_is_unique(
            keys in prop::collection::vec("[aAbB]{1,2}(_[23])?", 0..30),
        ) {
            let members: Vec<String> =
                keys.iter().enumerate().map(|(value, key)| format!("\"{key}\":{value}")).collect();
            let mut tree = tree(&format!("{{{}}}", members.join(",")));
            tree.lowercase_keys();
            let children: Vec<_> = tree.children(tree.root()).collect();
            let unique: HashSet<_> = children.iter().map(|id| tree.key(*id)).collect();
            prop_assert_eq!(unique.len(), keys.len());
            for (value, id) in children.iter().enumerate() {
                prop_assert_eq!(tree.as_i64(*id), i64::try_from(value).ok());
                let key = keys[value].to_lowercase();
                prop_assert!(tree.key(*id).starts_with(&key));
            }
        }
    }
}
