//! What a program works on: the selected part of the event, what it changed, and the facts of
//! arrival.

use std::cell::{Cell, OnceCell};

use headwater_event::{Origin, Timestamp};
use vrl::compiler::{SecretTarget, Target};
use vrl::path::{OwnedSegment, OwnedTargetPath, OwnedValuePath, PathPrefix};
use vrl::value::{KeyString, ObjectMap, Value};

use crate::Metadata;

/// Member of `%` with the time of arrival.
pub(super) const RECEIVED_AT: &str = "received_at";

/// Members of `%`.
pub(super) const FACTS: [&str; 6] =
    ["source", "host", "sourcetype", "index", RECEIVED_AT, "origin"];

/// The part of an event that is converted for a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// The value and everything below it.
    All,
    /// Of an object only these members; a value of another type as a whole.
    Members(Vec<(KeyString, Selection)>),
}

impl Selection {
    /// What a program reads by path. A path that is only assigned needs no conversion, unless it
    /// names an element: then the array around it is needed.
    pub(super) fn of(queries: &[OwnedTargetPath], assignments: &[OwnedTargetPath]) -> Self {
        let mut selection = Self::Members(Vec::new());
        let event = |path: &&OwnedTargetPath| path.prefix == PathPrefix::Event;
        for path in queries.iter().filter(event) {
            selection.add(&path.path.segments);
        }
        let by_element =
            |path: &&OwnedTargetPath| fields_of(&path.path).len() < path.path.segments.len();
        for path in assignments.iter().filter(event).filter(by_element) {
            selection.add(&path.path.segments);
        }
        selection
    }

    fn add(&mut self, path: &[OwnedSegment]) {
        let Self::Members(members) = self else { return };
        let Some((OwnedSegment::Field(name), rest)) = path.split_first() else {
            *self = Self::All;
            return;
        };
        match members.iter_mut().find(|(member, _)| member == name) {
            Some((_, selection)) => selection.add(rest),
            None => {
                let mut selection = Self::Members(Vec::new());
                selection.add(rest);
                members.push((name.clone(), selection));
            }
        }
    }

    /// Whether the value at a path was converted as a whole.
    fn covers(&self, path: &[OwnedSegment]) -> bool {
        match (self, path.split_first()) {
            (Self::All, _) => true,
            (Self::Members(members), Some((OwnedSegment::Field(name), rest))) => {
                members.iter().any(|(member, selection)| member == name && selection.covers(rest))
            }
            (Self::Members(_), _) => false,
        }
    }
}

/// The leading members of a path, up to the first element of an array.
fn fields_of(path: &OwnedValuePath) -> &[OwnedSegment] {
    let is_field = |segment: &OwnedSegment| matches!(segment, OwnedSegment::Field(_));
    let end = path.segments.iter().position(|segment| !is_field(segment));
    end.and_then(|end| path.segments.get(..end)).unwrap_or(&path.segments)
}

/// What a program did to the event.
#[derive(Debug)]
pub(super) enum Changes {
    /// Nothing.
    None,
    /// It is not wanted.
    Dropped,
    /// It put something of this type in the event's place.
    NotAnObject(&'static str),
    /// It touched these paths (members only); `root` has what they are now.
    Members { root: ObjectMap, paths: Vec<Vec<OwnedSegment>> },
}

/// One event while a program runs.
#[derive(Debug)]
pub(super) struct EventTarget<'a> {
    root: Value,
    selection: &'a Selection,
    touched: Vec<Vec<OwnedSegment>>,
    /// The program deleted the event itself.
    deleted: bool,
    /// The program asked for something that was not converted.
    missed: Cell<bool>,
    /// The runtime asks once for the root before it starts; that is not the program's wish.
    started: Cell<bool>,
    origin: &'a Origin,
    received_at: Timestamp,
    facts: OnceCell<Value>,
}

impl<'a> EventTarget<'a> {
    pub(super) fn new(root: Value, selection: &'a Selection, metadata: &Metadata<'a>) -> Self {
        Self {
            root,
            selection,
            touched: Vec::new(),
            deleted: false,
            missed: Cell::new(false),
            started: Cell::new(false),
            origin: metadata.origin,
            received_at: metadata.received_at,
            facts: OnceCell::new(),
        }
    }

    /// What the program did; `None` when it reached beyond the selection, so that nothing that it
    /// did counts.
    pub(super) fn finish(mut self) -> Option<Changes> {
        if self.missed.get() {
            return None;
        }
        if self.touched.is_empty() {
            return Some(Changes::None);
        }
        // A path speaks for all paths below it. The order stays: new members stand in it.
        let touched = &self.touched;
        let is_below = |path: &Vec<OwnedSegment>| {
            touched.iter().any(|other| other.len() < path.len() && path.starts_with(other))
        };
        let mut below = touched.iter().map(is_below).collect::<Vec<_>>().into_iter();
        self.touched.retain(|_| !below.next().unwrap_or_default());
        let paths = self.touched;
        Some(match self.root {
            Value::Null => Changes::Dropped,
            Value::Object(root) if self.deleted && root.is_empty() => Changes::Dropped,
            Value::Object(root) => Changes::Members { root, paths },
            Value::Array(_) => Changes::NotAnObject("an array"),
            Value::Boolean(_) => Changes::NotAnObject("a boolean"),
            Value::Integer(_) | Value::Float(_) => Changes::NotAnObject("a number"),
            Value::Bytes(_) | Value::String(_) | Value::Regex(_) | Value::Timestamp(_) => {
                Changes::NotAnObject("a string")
            }
        })
    }

    fn miss(&self) {
        self.missed.set(true);
    }

    fn touch(&mut self, path: &[OwnedSegment]) {
        if !self.touched.iter().any(|known| known == path) {
            self.touched.push(path.to_vec());
        }
    }

    fn facts(&self) -> &Value {
        self.facts.get_or_init(|| {
            let Origin { source, host, sourcetype, index, name } = self.origin;
            let arrival = chrono::DateTime::from_timestamp_micros(self.received_at.as_micros());
            let texts = [source, host, sourcetype, index].map(|text| Value::from(text.as_deref()));
            let others = [arrival.map_or(Value::Null, Value::from), Value::from(&**name)];
            let values = texts.into_iter().chain(others);
            FACTS.into_iter().map(KeyString::from).zip(values).collect()
        })
    }
}

impl Target for EventTarget<'_> {
    fn target_insert(&mut self, path: &OwnedTargetPath, value: Value) -> Result<(), String> {
        if path.prefix == PathPrefix::Metadata {
            return Err(READ_ONLY.to_owned());
        }
        self.deleted = false;
        let fields = fields_of(&path.path);
        if path.path.is_root() {
            self.root = value;
        } else {
            if fields.len() < path.path.segments.len() && !self.selection.covers(fields) {
                self.miss();
            }
            self.root.insert(&path.path, value);
        }
        self.touch(fields);
        Ok(())
    }

    fn target_get(&self, path: &OwnedTargetPath) -> Result<Option<&Value>, String> {
        if path.prefix == PathPrefix::Metadata {
            return Ok(self.facts().get(&path.path));
        }
        if !self.started.replace(true) && path.path.is_root() {
            return Ok(Some(&self.root));
        }
        if !self.selection.covers(&path.path.segments) {
            self.miss();
        }
        Ok(self.root.get(&path.path))
    }

    fn target_get_mut(&mut self, path: &OwnedTargetPath) -> Result<Option<&mut Value>, String> {
        if path.prefix == PathPrefix::Metadata {
            return Err(READ_ONLY.to_owned());
        }
        if !self.selection.covers(&path.path.segments) {
            self.miss();
        }
        self.touch(fields_of(&path.path));
        Ok(self.root.get_mut(&path.path))
    }

    fn target_remove(
        &mut self,
        path: &OwnedTargetPath,
        compact: bool,
    ) -> Result<Option<Value>, String> {
        if path.prefix == PathPrefix::Metadata {
            return Err(READ_ONLY.to_owned());
        }
        // Which containers become empty can only be told from the whole event.
        let needed = if compact { &[][..] } else { &path.path.segments[..] };
        if !self.selection.covers(needed) {
            self.miss();
            return Ok(None);
        }
        if path.path.is_root() {
            self.deleted = true;
        }
        let removed = self.root.remove(&path.path, compact);
        if removed.is_some() {
            self.touch(fields_of(&path.path));
        }
        Ok(removed)
    }
}

const READ_ONLY: &str = "the facts of arrival cannot be changed";

impl SecretTarget for EventTarget<'_> {
    /// Plugins have no secrets.
    fn get_secret(&self, _: &str) -> Option<&str> {
        None
    }

    fn insert_secret(&mut self, _: &str, _: &str) {}

    fn remove_secret(&mut self, _: &str) {}
}
