//! Where a value goes: a path of the class, and the objects on the way.

use headwater_event::json::{Kind, NodeId, Scalar, Tree};
use headwater_ocsf::{Attribute, Catalogue, Item};

/// A step of a target path: attribute, and the element of an array.
#[derive(Debug, Clone, Copy)]
pub(super) struct TargetStep<'c> {
    pub(super) attribute: &'c Attribute,
    pub(super) index: usize,
}

/// Follows a path such as `answers[2].rdata` through the schema. Without an index an array means
/// its first element. `None` when the class has no such attribute.
pub(super) fn resolve<'c>(
    catalogue: &'c Catalogue,
    class: &'c Item,
    path: &str,
    steps: &mut Vec<TargetStep<'c>>,
) -> Option<TargetStep<'c>> {
    steps.clear();
    let mut item = class;
    let mut rest = path;
    loop {
        let (step, tail) = match rest.split_once('.') {
            Some((step, tail)) => (step, Some(tail)),
            None => (rest, None),
        };
        let (name, index) = match step.split_once('[') {
            Some((name, index)) => (name, index.strip_suffix(']')?.parse().ok()?),
            None => (step, 0),
        };
        let position = item.position(catalogue.vocabulary().token(name)?)?;
        let attribute = catalogue.attribute(item, position)?;
        let step = TargetStep { attribute, index };
        let Some(tail) = tail else { return Some(step) };
        steps.push(step);
        item = catalogue.object_of(attribute)?;
        rest = tail;
    }
}

/// The object that the last step is a member of; objects on the way are made.
pub(super) fn open(out: &mut Tree, steps: &[TargetStep<'_>]) -> NodeId {
    steps.iter().fold(out.root(), |object, step| {
        let name = &step.attribute.name;
        if !step.attribute.is_array {
            return match out.get(object, name) {
                Some(id) if out.kind(id) == Kind::Object => id,
                Some(id) => {
                    out.replace(id, Scalar::Object);
                    id
                }
                None => out.append_word(object, step.attribute.token, Scalar::Object),
            };
        }
        let list = match out.get(object, name) {
            Some(id) => id,
            None => out.append_word(object, step.attribute.token, Scalar::Array),
        };
        let mut last = None;
        for place in 0..=step.index {
            let element = out.element(list, place);
            last = Some(element.unwrap_or_else(|| out.push(list, Scalar::Object)));
        }
        last.unwrap_or(list)
    })
}

/// The value that a path leads to now.
pub(super) fn find(out: &Tree, steps: &[TargetStep<'_>], last: TargetStep<'_>) -> Option<NodeId> {
    let mut object = out.root();
    for step in steps {
        object = out.get(object, &step.attribute.name)?;
        if step.attribute.is_array {
            object = out.element(object, step.index)?;
        }
    }
    out.get(object, &last.attribute.name)
}
