//! Writing back what a program changed, and nothing else: members that are as they were keep their
//! place, their spelling and their doubles. A member that the program changes or deletes loses its
//! doubles: who overwrites `.password` means every one of them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::SecondsFormat;
use headwater_event::json::{Kind, NodeId, Scalar, Tree};
use vrl::path::OwnedSegment;
use vrl::value::{ObjectMap, Value};

use super::convert::{DEPTH_MAX, Refusal};
use super::numbers::Numbers;

/// Removed objects and arrays that are remembered as the possible origin of new ones.
const REMOVED_MAX: usize = 32;

/// Makes the tree equal to `root` at these paths of members.
pub(super) fn write_back(
    tree: &mut Tree,
    root: &ObjectMap,
    paths: &[Vec<OwnedSegment>],
    numbers: &Numbers,
) -> Result<(), Refusal> {
    let mut writer = Writer { tree, numbers, removed: Vec::new() };
    // Deletions first: what was deleted here may be what is new there.
    let (kept, deleted): (Vec<_>, Vec<_>) = paths.iter().partition(|path| exists(root, path));
    deleted.into_iter().chain(kept).try_for_each(|path| writer.update(root, path))
}

fn exists(root: &ObjectMap, path: &[OwnedSegment]) -> bool {
    let mut map = Some(root);
    path.iter().all(|step| {
        let OwnedSegment::Field(key) = step else { return false };
        let value = map.and_then(|map| map.get(key.as_str()));
        map = value.and_then(Value::as_object);
        value.is_some()
    })
}

struct Writer<'a> {
    tree: &'a mut Tree,
    numbers: &'a Numbers,
    /// Objects and arrays taken out of the tree. One that turns up elsewhere is put there as it is,
    /// with its order, spelling and doubles.
    removed: Vec<NodeId>,
}

impl Writer<'_> {
    fn keep_removed(&mut self, id: NodeId) {
        let container = matches!(self.tree.kind(id), Kind::Object | Kind::Array);
        if container && self.removed.len() < REMOVED_MAX {
            self.removed.push(id);
        }
    }

    /// Brings the member at a path up to date; objects on the way are made when they are missing.
    fn update(&mut self, root: &ObjectMap, path: &[OwnedSegment]) -> Result<(), Refusal> {
        let (mut node, mut map) = (self.tree.root(), root);
        for (depth, step) in path.iter().enumerate() {
            let OwnedSegment::Field(key) = step else { return Ok(()) };
            match map.get(key.as_str()) {
                Some(Value::Object(inner)) if depth + 1 < path.len() => {
                    node = self.object(node, key);
                    map = inner;
                }
                Some(value) => {
                    let shown = |refusal| {
                        let below = path.iter().take(depth).rev();
                        below.fold(refusal, |refusal: Refusal, step| match step {
                            OwnedSegment::Field(key) => refusal.below_member(key),
                            OwnedSegment::Index(_) => refusal,
                        })
                    };
                    return self.update_member(node, key, value, depth + 1).map_err(shown);
                }
                None => {
                    self.delete_member(node, key);
                    return Ok(());
                }
            }
        }
        self.merge_object(node, map, path.len()).map(drop)
    }

    /// Takes out a member and its doubles.
    fn delete_member(&mut self, object: NodeId, key: &str) {
        while let Some(id) = self.tree.get(object, key) {
            self.tree.remove(id);
            self.keep_removed(id);
        }
    }

    /// The object at a member; another value in its place gives way.
    fn object(&mut self, parent: NodeId, key: &str) -> NodeId {
        match self.tree.get(parent, key) {
            Some(id) => {
                if self.tree.kind(id) != Kind::Object {
                    self.tree.replace(id, Scalar::Object);
                }
                id
            }
            None => self.tree.append(parent, key, Scalar::Object),
        }
    }

    fn update_member(
        &mut self,
        object: NodeId,
        key: &str,
        value: &Value,
        depth: usize,
    ) -> Result<(), Refusal> {
        let below = |refusal: Refusal| refusal.below_member(key);
        let Some(first) = self.tree.get(object, key) else {
            return self.append(object, Some(key), value, depth).map_err(below);
        };
        if self.merge(first, value, depth).map_err(below)? {
            let double = |id: &NodeId| *id != first && self.tree.key(*id) == key;
            let doubles: Vec<NodeId> = self.tree.children(object).filter(double).collect();
            doubles.into_iter().for_each(|id| self.tree.remove(id));
        }
        Ok(())
    }

    /// Makes an existing value equal to `value`; returns whether it was not.
    fn merge(&mut self, id: NodeId, value: &Value, depth: usize) -> Result<bool, Refusal> {
        if depth > DEPTH_MAX {
            return Err(Refusal::too_deep());
        }
        match (value, self.tree.kind(id)) {
            (Value::Object(map), Kind::Object) => self.merge_object(id, map, depth),
            (Value::Array(list), Kind::Array) => self.merge_array(id, list, depth),
            _ if self.is_same(id, value) => Ok(false),
            _ => {
                let plain = plain(value, self.numbers)?;
                self.tree.replace(id, plain.scalar());
                self.fill(id, value, depth)?;
                Ok(true)
            }
        }
    }

    fn merge_object(
        &mut self,
        object: NodeId,
        map: &ObjectMap,
        depth: usize,
    ) -> Result<bool, Refusal> {
        let children: Vec<NodeId> = self.tree.children(object).collect();
        // The place of each key's first member among `children`.
        let mut first: HashMap<&str, usize> = HashMap::with_capacity(map.len());
        let mut sources = Vec::with_capacity(children.len());
        for (index, child) in children.iter().enumerate() {
            let source = map.get_key_value(&*self.tree.key(*child));
            sources.push(
                source
                    .map(|(key, value)| (*first.entry(key.as_str()).or_insert(index), key, value)),
            );
        }
        let is_gone = |source: &Option<_>| source.is_none();
        let mut gone = sources.iter().any(is_gone);
        let mut changed = vec![false; children.len()];
        for (child, _) in children.iter().zip(&sources).filter(|(_, source)| is_gone(source)) {
            self.keep_removed(*child);
        }
        let mut kept = Vec::with_capacity(children.len());
        for (index, (child, source)) in children.iter().zip(&sources).enumerate() {
            let Some((place, key, value)) = source else { continue };
            if *place == index {
                let merged = self.merge(*child, value, depth + 1);
                let merged = merged.map_err(|refusal| refusal.below_member(key))?;
                if let Some(flag) = changed.get_mut(index) {
                    *flag = merged;
                }
                kept.push(*child);
            } else if changed.get(*place) == Some(&true) {
                gone = true;
            } else {
                kept.push(*child);
            }
        }
        if gone {
            self.relink(object, Scalar::Object, &kept);
        }
        let mut any = gone || changed.contains(&true);
        for (key, value) in map.iter().filter(|(key, _)| !first.contains_key(key.as_str())) {
            let appended = self.append(object, Some(key), value, depth + 1);
            appended.map_err(|refusal| refusal.below_member(key))?;
            any = true;
        }
        Ok(any)
    }

    fn merge_array(
        &mut self,
        array: NodeId,
        list: &[Value],
        depth: usize,
    ) -> Result<bool, Refusal> {
        let children: Vec<NodeId> = self.tree.children(array).collect();
        if list.len() < children.len()
            && let Some(kept) = self.remaining(&children, list)
        {
            self.relink(array, Scalar::Array, &kept);
            return Ok(true);
        }
        let mut changed = children.len() != list.len();
        for (index, (child, value)) in children.iter().zip(list).enumerate() {
            let merged = self.merge(*child, value, depth + 1);
            changed |= merged.map_err(|refusal| refusal.below_element(index))?;
        }
        if let Some((kept, [_, ..])) = children.split_at_checked(list.len()) {
            self.relink(array, Scalar::Array, kept);
        }
        for (index, value) in list.iter().enumerate().skip(children.len()) {
            let appended = self.append(array, None, value, depth + 1);
            appended.map_err(|refusal| refusal.below_element(index))?;
        }
        Ok(changed)
    }

    /// The elements that are left when a program only took some out; `None` when it did more.
    fn remaining(&self, children: &[NodeId], list: &[Value]) -> Option<Vec<NodeId>> {
        let mut children = children.iter().copied();
        list.iter().map(|value| children.find(|child| self.is_same(*child, value))).collect()
    }

    /// Empties a container and puts these children back: one walk, however many go.
    fn relink(&mut self, container: NodeId, empty: Scalar<'_>, kept: &[NodeId]) {
        self.tree.replace(container, empty);
        kept.iter().for_each(|child| self.tree.move_to(*child, container));
    }

    /// Adds a member (or an element, without a key) at the end.
    fn append(
        &mut self,
        container: NodeId,
        key: Option<&str>,
        value: &Value,
        depth: usize,
    ) -> Result<(), Refusal> {
        if depth > DEPTH_MAX {
            return Err(Refusal::too_deep());
        }
        if matches!(value, Value::Object(_) | Value::Array(_)) {
            let same = self.removed.iter().position(|id| self.is_same(*id, value));
            if let Some(index) = same {
                let id = self.removed.swap_remove(index);
                self.tree.rename(id, key.unwrap_or_default());
                self.tree.move_to(id, container);
                self.look_up_keys(id);
                return Ok(());
            }
        }
        let plain = plain(value, self.numbers)?;
        let id = match key {
            Some(key) => self.tree.append(container, key, plain.scalar()),
            None => self.tree.push(container, plain.scalar()),
        };
        self.fill(id, value, depth)
    }

    /// Makes known the words among the keys below a value that moved: a mapping does not look up
    /// those of what it puts below `unmapped`.
    fn look_up_keys(&mut self, moved: NodeId) {
        let words = Arc::clone(self.tree.vocabulary());
        let is_missed = |id: &NodeId| {
            self.tree.token(*id).is_none() && words.token(&self.tree.key(*id)).is_some()
        };
        let missed: Vec<NodeId> = self.tree.descendants(moved).filter(is_missed).collect();
        for id in missed {
            let key = self.tree.key(id).into_owned();
            self.tree.rename(id, &key);
        }
    }

    /// Fills a fresh container.
    fn fill(&mut self, id: NodeId, value: &Value, depth: usize) -> Result<(), Refusal> {
        match value {
            Value::Object(map) => map.iter().try_for_each(|(key, value)| {
                self.append(id, Some(key), value, depth + 1)
                    .map_err(|refusal| refusal.below_member(key))
            }),
            Value::Array(list) => list.iter().enumerate().try_for_each(|(index, value)| {
                self.append(id, None, value, depth + 1)
                    .map_err(|refusal| refusal.below_element(index))
            }),
            _ => Ok(()),
        }
    }

    /// Whether a value of the tree is what the program has.
    fn is_same(&self, id: NodeId, value: &Value) -> bool {
        match (value, self.tree.kind(id)) {
            (Value::Null, Kind::Null) => true,
            (Value::Boolean(value), Kind::Bool) => self.tree.as_bool(id) == Some(*value),
            (Value::Integer(_) | Value::Float(_), Kind::Number) => {
                self.tree.as_number(id).is_some_and(|text| self.numbers.is(value, text))
            }
            (Value::Array(list), Kind::Array) => {
                let mut children = self.tree.children(id);
                list.iter().all(|value| children.next().is_some_and(|id| self.is_same(id, value)))
                    && children.next().is_none()
            }
            (Value::Object(map), Kind::Object) => self.is_same_object(id, map),
            (_, Kind::String) => {
                text_of(value).is_some_and(|text| self.tree.as_str(id) == Some(text))
            }
            _ => false,
        }
    }

    fn is_same_object(&self, id: NodeId, map: &ObjectMap) -> bool {
        let mut seen = HashSet::with_capacity(map.len());
        self.tree.children(id).all(|child| {
            let found = map.get_key_value(&*self.tree.key(child));
            found.is_some_and(|(key, value)| !seen.insert(key) || self.is_same(child, value))
        }) && seen.len() == map.len()
    }
}

/// A value as the tree stores it; containers without what is in them.
enum Plain<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    Object,
    Array,
}

impl Plain<'_> {
    fn scalar(&self) -> Scalar<'_> {
        match self {
            Self::Null => Scalar::Null,
            Self::Bool(value) => Scalar::Bool(*value),
            Self::Integer(integer) => Scalar::Integer(*integer),
            Self::Number(text) => Scalar::Number(text),
            Self::Text(text) => Scalar::String(text),
            Self::Object => Scalar::Object,
            Self::Array => Scalar::Array,
        }
    }
}

fn plain<'a>(value: &'a Value, numbers: &'a Numbers) -> Result<Plain<'a>, Refusal> {
    Ok(match value {
        Value::Null => Plain::Null,
        Value::Boolean(value) => Plain::Bool(*value),
        Value::Integer(integer) => Plain::Integer(*integer),
        Value::Float(float) => {
            Plain::Number(numbers.write(float.into_inner()).ok_or_else(|| {
                Refusal::new("is an infinite number, which JSON cannot hold".to_owned())
            })?)
        }
        Value::Object(_) => Plain::Object,
        Value::Array(_) => Plain::Array,
        Value::Bytes(_) | Value::String(_) | Value::Regex(_) | Value::Timestamp(_) => {
            Plain::Text(text_of(value).ok_or_else(|| {
                let fault = "is not UTF-8 text: use encode_base64 or encode_base16";
                Refusal::new(fault.to_owned())
            })?)
        }
    })
}

/// The characters of a text; times as RFC 3339 in UTC. `None` for bytes that are not UTF-8.
fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Regex(regex) => Some(Cow::Borrowed(regex.as_str())),
        Value::Timestamp(time) => {
            Some(Cow::Owned(time.to_rfc3339_opts(SecondsFormat::AutoSi, true)))
        }
        other => other.to_str().map(Cow::Borrowed),
    }
}
