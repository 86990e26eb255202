//! Event and OCSF object as values of the program, and the refusal of what cannot be converted.

use std::fmt;

use headwater_event::json::{Kind, NodeId, Tree};
use vrl::value::{ObjectMap, Value};

use super::numbers::Numbers;
use super::selection::Selection;

/// Nesting of a value that is handed to a program or comes back from it. VRL walks values
/// recursively, so that deeper ones could exhaust the stack of a thread.
pub(super) const DEPTH_MAX: usize = 500;

/// Why an event cannot go into a program or come back: the place in it and what is wrong there.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Members and elements, innermost first.
    path: Vec<String>,
    fault: String,
}

impl Refusal {
    pub(super) const fn new(fault: String) -> Self {
        Self { path: Vec::new(), fault }
    }

    pub(super) fn too_deep() -> Self {
        Self::new(format!("is nested deeper than {DEPTH_MAX} levels"))
    }

    pub(super) fn below_member(self, key: &str) -> Self {
        self.below(format!(".{key}"))
    }

    pub(super) fn below_element(self, index: usize) -> Self {
        self.below(format!("[{index}]"))
    }

    /// The place is in the OCSF object.
    pub(super) fn below_ocsf(self) -> Self {
        self.below("%ocsf".to_owned())
    }

    fn below(mut self, step: String) -> Self {
        self.path.push(step);
        self
    }
}

/// Steps of a path that a message shows.
const STEPS_SHOWN_MAX: usize = 10;

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return write!(formatter, "event {}", self.fault);
        }
        formatter.write_str("`")?;
        for step in self.path.iter().rev().take(STEPS_SHOWN_MAX) {
            formatter.write_str(step)?;
        }
        let end = if self.path.len() > STEPS_SHOWN_MAX { "…" } else { "" };
        write!(formatter, "{end}` {}", self.fault)
    }
}

/// The selected part of a document. Of equal keys the first one counts, as everywhere.
pub(super) fn read(
    tree: &Tree,
    selection: &Selection,
    numbers: &mut Numbers,
) -> Result<Value, Refusal> {
    read_selected(tree, tree.root(), selection, 0, numbers)
}

fn read_selected(
    tree: &Tree,
    id: NodeId,
    selection: &Selection,
    depth: usize,
    numbers: &mut Numbers,
) -> Result<Value, Refusal> {
    match selection {
        Selection::Members(members) if tree.kind(id) == Kind::Object => {
            let mut map = ObjectMap::new();
            for (key, selection) in members {
                if let Some(child) = tree.get(id, key) {
                    let value = read_selected(tree, child, selection, depth + 1, numbers)
                        .map_err(|refusal| refusal.below_member(key))?;
                    map.insert(key.clone(), value);
                }
            }
            Ok(Value::Object(map))
        }
        _ => read_all(tree, id, depth, numbers),
    }
}

fn read_all(
    tree: &Tree,
    id: NodeId,
    depth: usize,
    numbers: &mut Numbers,
) -> Result<Value, Refusal> {
    let kind = tree.kind(id);
    if depth > DEPTH_MAX && matches!(kind, Kind::Array | Kind::Object) {
        return Err(Refusal::too_deep());
    }
    Ok(match kind {
        Kind::Null => Value::Null,
        Kind::Bool => Value::Boolean(tree.as_bool(id).unwrap_or_default()),
        Kind::Number => numbers.read(tree.as_number(id).unwrap_or_default())?,
        Kind::String => Value::from(tree.as_str(id).unwrap_or_default()),
        Kind::Array => {
            let read = |(index, child)| {
                read_all(tree, child, depth + 1, numbers)
                    .map_err(|refusal| refusal.below_element(index))
            };
            Value::Array(tree.children(id).enumerate().map(read).collect::<Result<_, _>>()?)
        }
        Kind::Object => {
            let mut map = ObjectMap::new();
            for child in tree.children(id) {
                let key = tree.key(child);
                let value = read_all(tree, child, depth + 1, numbers)
                    .map_err(|refusal| refusal.below_member(&key))?;
                map.entry(key.into()).or_insert(value);
            }
            Value::Object(map)
        }
    })
}
