//! What a program works on: the selected parts of the event and of `%`, and what it changed there.

use std::cell::Cell;

use vrl::compiler::{SecretTarget, Target};
use vrl::path::{OwnedSegment, OwnedTargetPath, OwnedValuePath, PathPrefix};
use vrl::value::{ObjectMap, Value};

use super::facts::{OCSF, RECEIVED_AT};
use super::selection::{Selection, Selections, fields_of};

/// What a program did to the event or to the OCSF object.
#[derive(Debug)]
pub(super) enum Changes {
    /// Nothing.
    None,
    /// It put null in its place, or deleted it.
    Gone,
    /// It put something of this type in its place.
    NotAnObject(&'static str),
    /// It touched these paths (members only); `root` has what they are now.
    Members { root: ObjectMap, paths: Vec<Vec<OwnedSegment>> },
}

impl Changes {
    fn of(root: Value, paths: Vec<Vec<OwnedSegment>>) -> Self {
        match root {
            _ if paths.is_empty() => Self::None,
            Value::Null => Self::Gone,
            Value::Object(root) => Self::Members { root, paths },
            Value::Array(_) => Self::NotAnObject("an array"),
            Value::Boolean(_) => Self::NotAnObject("a boolean"),
            Value::Integer(_) | Value::Float(_) => Self::NotAnObject("a number"),
            Value::Bytes(_) | Value::String(_) | Value::Regex(_) | Value::Timestamp(_) => {
                Self::NotAnObject("a string")
            }
        }
    }
}

/// What a program did.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) event: Changes,
    pub(super) ocsf: Changes,
}

/// `.` or `%` while a program runs.
#[derive(Debug)]
struct Document<'a> {
    root: Value,
    selection: &'a Selection,
    touched: Vec<Vec<OwnedSegment>>,
    /// The program deleted the document itself.
    deleted: bool,
    /// The program asked for something that was not converted.
    missed: Cell<bool>,
}

impl<'a> Document<'a> {
    const fn new(root: Value, selection: &'a Selection) -> Self {
        Self { root, selection, touched: Vec::new(), deleted: false, missed: Cell::new(false) }
    }

    fn need(&self, path: &[OwnedSegment]) {
        if !self.selection.covers(path) {
            self.missed.set(true);
        }
    }

    fn touch(&mut self, path: &[OwnedSegment]) {
        if !self.touched.iter().any(|known| known == path) {
            self.touched.push(path.to_vec());
        }
    }

    fn insert(&mut self, path: &OwnedValuePath, value: Value) {
        self.deleted = false;
        let fields = fields_of(path);
        if path.is_root() {
            self.root = value;
        } else {
            if fields.len() < path.segments.len() {
                self.need(fields);
            }
            self.root.insert(path, value);
        }
        self.touch(fields);
    }

    fn find(&self, path: &OwnedValuePath) -> Option<&Value> {
        self.need(&path.segments);
        self.root.get(path)
    }

    fn find_mut(&mut self, path: &OwnedValuePath) -> Option<&mut Value> {
        self.need(&path.segments);
        self.touch(fields_of(path));
        self.root.get_mut(path)
    }

    fn remove(&mut self, path: &OwnedValuePath, compact: bool) -> Option<Value> {
        // Which containers become empty can only be told from the whole document.
        let needed = if compact { &[][..] } else { &path.segments[..] };
        self.need(needed);
        if self.missed.get() {
            return None;
        }
        if path.is_root() {
            self.deleted = true;
        }
        let removed = self.root.remove(path, compact);
        if removed.is_some() {
            self.touch(fields_of(path));
        }
        removed
    }

    /// What is there now, and the paths that were touched. A path speaks for all paths below it.
    /// The order stays: new members stand in it.
    fn finish(self) -> (Value, Vec<Vec<OwnedSegment>>) {
        let Self { root, mut touched, deleted, .. } = self;
        let is_below = |path: &Vec<OwnedSegment>| {
            touched.iter().any(|other| other.len() < path.len() && path.starts_with(other))
        };
        let mut below = touched.iter().map(is_below).collect::<Vec<_>>().into_iter();
        touched.retain(|_| !below.next().unwrap_or_default());
        let is_gone = deleted && root.as_object().is_some_and(ObjectMap::is_empty);
        (if is_gone { Value::Null } else { root }, touched)
    }
}

/// One event while a program runs.
#[derive(Debug)]
pub(super) struct EventTarget<'a> {
    event: Document<'a>,
    metadata: Document<'a>,
    /// `now()` asks for the time of arrival without mentioning it.
    received_at: Value,
    /// The runtime asks once for the root before it starts; that is not the program's wish.
    started: Cell<bool>,
}

impl<'a> EventTarget<'a> {
    pub(super) const fn new(
        event: Value,
        metadata: Value,
        received_at: Value,
        selections: &'a Selections,
    ) -> Self {
        Self {
            received_at,
            event: Document::new(event, &selections.event),
            metadata: Document::new(metadata, &selections.metadata),
            started: Cell::new(false),
        }
    }

    /// What the program did; `None` when it reached beyond the selections, so that nothing that it
    /// did counts.
    pub(super) fn finish(self) -> Option<Outcome> {
        if self.event.missed.get() || self.metadata.missed.get() {
            return None;
        }
        let (event, paths) = self.event.finish();
        let event = Changes::of(event, paths);
        // Of `%` only the OCSF object can be touched.
        let (mut metadata, paths) = self.metadata.finish();
        let paths = paths.into_iter().map(|path| path.into_iter().skip(1).collect()).collect();
        let ocsf = metadata.as_object_mut().and_then(|members| members.remove(OCSF));
        Some(Outcome { event, ocsf: Changes::of(ocsf.unwrap_or(Value::Null), paths) })
    }

    /// The document of a path that is to be changed.
    fn changed(&mut self, path: &OwnedTargetPath) -> Result<&mut Document<'a>, String> {
        match (path.prefix, path.path.segments.first()) {
            (PathPrefix::Event, _) => Ok(&mut self.event),
            (PathPrefix::Metadata, Some(OwnedSegment::Field(name))) if name.as_str() == OCSF => {
                Ok(&mut self.metadata)
            }
            (PathPrefix::Metadata, _) => Err(READ_ONLY.to_owned()),
        }
    }
}

/// The compiler refuses it before.
const READ_ONLY: &str = "the facts of arrival cannot be changed";

impl Target for EventTarget<'_> {
    fn target_insert(&mut self, path: &OwnedTargetPath, value: Value) -> Result<(), String> {
        self.changed(path)?.insert(&path.path, value);
        Ok(())
    }

    fn target_get(&self, path: &OwnedTargetPath) -> Result<Option<&Value>, String> {
        if path.prefix == PathPrefix::Metadata {
            return Ok(match path.path.segments.as_slice() {
                [OwnedSegment::Field(name)] if name.as_str() == RECEIVED_AT => {
                    Some(&self.received_at)
                }
                _ => self.metadata.find(&path.path),
            });
        }
        if !self.started.replace(true) && path.path.is_root() {
            return Ok(Some(&self.event.root));
        }
        Ok(self.event.find(&path.path))
    }

    fn target_get_mut(&mut self, path: &OwnedTargetPath) -> Result<Option<&mut Value>, String> {
        Ok(self.changed(path)?.find_mut(&path.path))
    }

    fn target_remove(
        &mut self,
        path: &OwnedTargetPath,
        compact: bool,
    ) -> Result<Option<Value>, String> {
        Ok(self.changed(path)?.remove(&path.path, compact))
    }
}

impl SecretTarget for EventTarget<'_> {
    /// Plugins have no secrets.
    fn get_secret(&self, _: &str) -> Option<&str> {
        None
    }

    fn insert_secret(&mut self, _: &str, _: &str) {}

    fn remove_secret(&mut self, _: &str) {}
}
