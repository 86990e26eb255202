//! What has no place in the older release: texts under dotted keys.

use std::collections::HashMap;
use std::fmt::Write as _;

use headwater_event::json::{Kind, NodeId, Scalar, Tree};

/// The attribute that holds it.
pub(super) const UNMAPPED: &str = "unmapped";

/// Values set aside, and where the walk that does so is.
#[derive(Debug, Default)]
pub(super) struct Aside {
    /// Key and text, in order; keys are different.
    values: Vec<(String, String)>,
    /// Keys that are taken, with how often each was asked for.
    taken: HashMap<String, usize>,
    moved: Vec<String>,
    /// The path of the value that is looked at.
    path: String,
}

impl Aside {
    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.taken.clear();
        self.moved.clear();
        self.path.clear();
    }

    pub(super) fn moved(&self) -> &[String] {
        &self.moved
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Goes down to a member; [`Aside::leave`] goes back.
    pub(super) fn enter(&mut self, key: &str) -> usize {
        let above = self.path.len();
        if above > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        above
    }

    /// Goes down to an element.
    pub(super) fn enter_element(&mut self, place: usize) -> usize {
        let above = self.path.len();
        // Writing to a String cannot fail.
        let _ = write!(self.path, "[{place}]");
        above
    }

    pub(super) fn leave(&mut self, above: usize) {
        self.path.truncate(above);
    }

    /// Sets the value at the current path aside.
    pub(super) fn take(&mut self, source: &Tree, node: NodeId) {
        if source.kind(node) != Kind::Null {
            self.moved.push(self.path.clone());
            self.flatten(source, node);
        }
    }

    /// What was below `unmapped` already: its keys do not begin with that word.
    pub(super) fn keep(&mut self, source: &Tree, unmapped: NodeId) {
        let path = std::mem::take(&mut self.path);
        if source.kind(unmapped) != Kind::Object {
            self.path.push_str(UNMAPPED);
        }
        self.flatten(source, unmapped);
        self.path = path;
    }

    /// Whether the value at a path, or what it is a part of, is set aside.
    pub(super) fn covers(&self, path: &str) -> bool {
        let ends = path.char_indices().filter(|(_, letter)| matches!(letter, '.' | '['));
        let ends = ends.map(|(place, _)| place).chain([path.len()]);
        ends.into_iter().any(|end| path.get(..end).is_some_and(|key| self.taken.contains_key(key)))
    }

    fn flatten(&mut self, source: &Tree, node: NodeId) {
        let is_object = source.kind(node) == Kind::Object;
        if is_object && source.children(node).next().is_some() {
            for child in source.children(node) {
                let above = self.enter(&source.key(child));
                self.flatten(source, child);
                self.leave(above);
            }
        } else if source.kind(node) != Kind::Null {
            let text = source.scalar_text(node);
            let text = text.map_or_else(|| source.to_json(node), std::borrow::Cow::into_owned);
            self.put(text);
        }
    }

    fn put(&mut self, text: String) {
        let mut key = self.path.clone();
        // `a.b` may be one key or two: a number tells the second one apart.
        while let Some(asked) = self.taken.get_mut(&key) {
            *asked += 1;
            key = format!("{}_{asked}", self.path);
        }
        self.taken.insert(key.clone(), 1);
        self.values.push((key, text));
    }

    /// Writes everything to the event.
    pub(super) fn write(&self, target: &mut Tree, event: NodeId) {
        if self.values.is_empty() {
            return;
        }
        let unmapped = target.set(event, UNMAPPED, Scalar::Object);
        for (key, text) in &self.values {
            target.append(unmapped, key, text.as_str());
        }
    }
}
