//! The event: a JSON tree that, once normalised, has the *event shell* at its top level.
//! Shell: `eventid`, `utctimestamp`, `severity`, `summary`, `category`, `source` (text), `tags`,
//! `plugins` (lists of text) and `details` (object: everything else).

use std::borrow::Cow;
use std::sync::Arc;

use crate::json::{Kind, NodeId, Scalar, Tree, Vocabulary};

/// Names of the event shell, in the order of the table's columns.
pub const SHELL: [&str; 9] = [
    "eventid",
    "utctimestamp",
    "severity",
    "summary",
    "category",
    "source",
    "tags",
    "plugins",
    "details",
];

/// One event on its way through the pipeline. Reused by its worker for the next one.
#[derive(Debug, Clone)]
pub struct Event {
    /// The document.
    pub json: Tree,
    /// What it means in OCSF; an empty object when nobody said so.
    pub ocsf: Tree,
    /// What is wrong with `ocsf`: an array of objects with `severity`, `code`, `path` and `value`.
    pub issues: Tree,
}

impl Event {
    /// An empty event whose keys are indexed by `vocabulary`.
    #[must_use]
    pub fn new(vocabulary: Arc<Vocabulary>) -> Self {
        Self::with_ocsf(vocabulary, Arc::default())
    }

    /// An empty event whose OCSF object is indexed by words of its own.
    #[must_use]
    pub fn with_ocsf(vocabulary: Arc<Vocabulary>, words: Arc<Vocabulary>) -> Self {
        let issues = Tree::new(Arc::default());
        Self { json: Tree::new(vocabulary), ocsf: Tree::new(words), issues }
    }

    /// Whether the event has an OCSF object.
    #[must_use]
    pub fn is_mapped(&self) -> bool {
        self.ocsf.children(self.ocsf.root()).next().is_some()
    }

    /// Forgets the OCSF object of the event before.
    pub fn clear_ocsf(&mut self) {
        self.ocsf.clear();
        self.issues.clear();
        let root = self.issues.root();
        self.issues.replace(root, Scalar::Array);
    }

    /// Gives memory beyond `bytes_max` back, so that one huge event does not stay for ever.
    pub fn shrink(&mut self, bytes_max: usize) {
        self.json.shrink(bytes_max);
        self.ocsf.shrink(bytes_max);
        self.issues.shrink(bytes_max);
    }

    /// The object `details`; made when it is missing or not an object.
    pub fn details(&mut self) -> NodeId {
        let root = self.json.root();
        match self.json.get(root, "details") {
            Some(id) if self.json.kind(id) == Kind::Object => id,
            Some(id) => {
                self.json.replace(id, Scalar::Object);
                id
            }
            None => self.json.append(root, "details", Scalar::Object),
        }
    }

    /// The text of a scalar at the top level, such as `source`.
    #[must_use]
    pub fn shell(&self, name: &str) -> Option<Cow<'_, str>> {
        self.json.scalar_text(self.json.get(self.json.root(), name)?)
    }

    /// Sets a scalar at the top level.
    pub fn set_shell<'a>(&mut self, name: &str, value: impl Into<Scalar<'a>>) {
        let root = self.json.root();
        self.json.set(root, name, value);
    }

    /// Whether `tags` has this value, whatever its ASCII case.
    #[must_use]
    pub fn has_tag(&self, tag: &str) -> bool {
        self.json.get(self.json.root(), "tags").is_some_and(|tags| {
            let matches =
                |id| self.json.as_str(id).is_some_and(|text| text.eq_ignore_ascii_case(tag));
            self.json.kind(tags) == Kind::Array && self.json.children(tags).any(matches)
        })
    }

    /// Adds a tag unless the event has it.
    pub fn add_tag(&mut self, tag: &str) {
        if !self.has_tag(tag) {
            let tags = self.list("tags");
            self.json.push(tags, tag);
        }
    }

    /// The array of this name at the top level; a missing one is made, another type becomes its
    /// only element.
    pub fn list(&mut self, name: &str) -> NodeId {
        let root = self.json.root();
        match self.json.get(root, name) {
            Some(id) if self.json.kind(id) == Kind::Array => id,
            Some(id) => {
                let list = self.json.append(root, name, Scalar::Array);
                if self.json.kind(id) == Kind::Null {
                    self.json.remove(id);
                } else {
                    self.json.move_to(id, list);
                }
                list
            }
            None => self.json.append(root, name, Scalar::Array),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::Event;
    use crate::json::ParseLimits;

    #[test]
    fn lists_and_details_are_repaired() {
        let mut event = Event::new(Arc::default());
        event
            .json
            .parse(br#"{"tags":"one","plugins":null,"details":[1]}"#, ParseLimits::default())
            .unwrap();
        event.add_tag("two");
        event.add_tag("ONE");
        event.list("plugins");
        event.details();
        assert_eq!(
            event.json.to_json(event.json.root()),
            r#"{"details":{},"tags":["one","two"],"plugins":[]}"#
        );
    }
}
