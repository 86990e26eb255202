//! Paths of attributes: `actor.user.name`, `answers[0].rdata`, `resources[].uid`.

use std::fmt::Write as _;

use headwater_event::json::{Kind, NodeId, Tree};

use crate::catalogue::{Attribute, Catalogue};
use crate::item::Item;

/// The path of a value from the event's root.
pub(crate) fn path_of(tree: &Tree, event: NodeId, value: NodeId) -> String {
    let up = std::iter::successors(Some(value), |id| tree.parent(*id));
    let mut line: Vec<NodeId> = up.take_while(|id| *id != event).collect();
    line.reverse();
    let mut out = String::new();
    for id in line {
        let parent = tree.parent(id);
        match parent.filter(|parent| tree.kind(*parent) == Kind::Array) {
            Some(array) => {
                let index = tree.children(array).take_while(|child| *child != id).count();
                // Writing to a String cannot fail.
                let _ = write!(out, "[{index}]");
            }
            None => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(&tree.key(id));
            }
        }
    }
    out
}

/// The path of a member that may not be there.
pub(crate) fn path_below(tree: &Tree, event: NodeId, object: NodeId, name: &str) -> String {
    let mut path = path_of(tree, event, object);
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
    path
}

/// The steps of a path: dots inside brackets do not count.
pub(crate) fn steps(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let current = rest?;
        let is_separator = |place: &usize| {
            let after = current.get(place + 1..).unwrap_or_default();
            after.find(['[', ']']).is_none_or(|found| !after[found..].starts_with(']'))
        };
        let dots = current.char_indices().filter(|(_, character)| *character == '.');
        let place = dots.map(|(place, _)| place).find(is_separator);
        match place {
            Some(place) => {
                rest = current.get(place + 1..);
                current.get(..place)
            }
            None => {
                rest = None;
                Some(current)
            }
        }
    })
}

/// The name of a step, and whether an index follows it. `None` when it is no step.
fn name_of(step: &str) -> Option<(&str, bool)> {
    match step.find('[') {
        None => (!step.is_empty()).then_some((step, false)),
        Some(0) => None,
        Some(place) => step.ends_with(']').then(|| (step.get(..place).unwrap_or_default(), true)),
    }
}

/// One step of a path through the schema.
#[derive(Debug)]
pub struct PathStep<'a> {
    /// The class or object.
    pub item: &'a Item,
    /// Its attribute.
    pub attribute: &'a Attribute,
}

/// Follows a path through the schema from a class or object, with all profiles. `None` when it
/// leads nowhere.
#[must_use]
pub fn follow<'a>(
    catalogue: &'a Catalogue,
    start: &'a Item,
    path: &str,
) -> Option<Vec<PathStep<'a>>> {
    follow_with(catalogue, start, path, u64::MAX)
}

pub(crate) fn follow_with<'a>(
    catalogue: &'a Catalogue,
    start: &'a Item,
    path: &str,
    profiles: u64,
) -> Option<Vec<PathStep<'a>>> {
    let mut found = Vec::new();
    let mut item = Some(start);
    let mut steps = steps(path).peekable();
    while let Some(step) = steps.next() {
        let (name, has_index) = name_of(step)?;
        let current = item?;
        let position = current.position(catalogue.vocabulary().token(name)?)?;
        let attribute = catalogue.attribute(current, position)?;
        let is_active = attribute.profiles == 0 || attribute.profiles & profiles != 0;
        if !is_active || attribute.name != name {
            return None;
        }
        if has_index && steps.peek().is_some() && !attribute.is_array {
            return None;
        }
        item = catalogue.object_of(attribute);
        found.push(PathStep { item: current, attribute });
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::{follow, steps};
    use crate::Version;

    #[test]
    fn dots_inside_brackets_do_not_separate() {
        let list: Vec<&str> = steps("a.b[x.y].c[0].d").collect();
        assert_eq!(list, ["a", "b[x.y]", "c[0]", "d"]);
    }

    #[test]
    fn a_path_leads_through_objects_and_arrays() {
        let catalogue = Version::NATIVE.catalogue();
        let class = catalogue.class(3002).unwrap();
        let path = follow(catalogue, class, "actor.process.parent_process.file.hashes[0].value");
        assert_eq!(path.unwrap().len(), 6);
        assert!(follow(catalogue, class, "actor.nothing").is_none());
        assert!(follow(catalogue, class, "actor.user.name.first").is_none());
        assert!(follow(catalogue, class, "actor[0].user").is_none());
    }
}
