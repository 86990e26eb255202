//! Writing back the OCSF object. What follows from a number that the program changed (its caption,
//! of a class also its category, type and their names) is taken out unless the program set it too,
//! so that completion writes it anew; and the number beside a caption that the program changed.

use headwater_event::json::{NodeId, Tree};
use headwater_ocsf::{Attribute, Catalogue, Item, Version};
use vrl::path::OwnedSegment;
use vrl::value::ObjectMap;

use super::change;
use super::convert::Refusal;
use super::numbers::Numbers;

/// The number for "none of the others", with a caption in the source's own words.
const OTHER: &str = "99";

/// Numbers of the event, and what follows from them.
const FOLLOWS: [(&str, &[&str]); 4] = [
    (
        "class_uid",
        &["class_name", "category_uid", "category_name", "type_uid", "type_name", "activity_name"],
    ),
    ("activity_id", &["activity_name", "type_uid", "type_name"]),
    ("category_uid", &["category_name"]),
    ("type_uid", &["type_name"]),
];

/// Makes the OCSF object equal to `root` at these paths of members.
pub(super) fn write_back(
    tree: &mut Tree,
    root: &ObjectMap,
    paths: &[Vec<OwnedSegment>],
    numbers: &Numbers,
) -> Result<(), Refusal> {
    let before: Vec<Option<String>> = paths.iter().map(|path| text_at(tree, path)).collect();
    change::write_back(tree, root, paths, numbers).map_err(Refusal::below_ocsf)?;
    for (path, before) in paths.iter().zip(before) {
        let after = text_at(tree, path);
        if after.is_some() && after != before {
            forget_what_follows(tree, path, paths);
        }
    }
    Ok(())
}

fn text_at(tree: &Tree, path: &[OwnedSegment]) -> Option<String> {
    tree.owned_text(node_at(tree, path)?)
}

fn node_at(tree: &Tree, path: &[OwnedSegment]) -> Option<NodeId> {
    path.iter().try_fold(tree.root(), |id, step| match step {
        OwnedSegment::Field(name) => tree.get(id, name),
        OwnedSegment::Index(_) => None,
    })
}

/// Takes out what follows from a member that changed, but for what the program touched.
fn forget_what_follows(tree: &mut Tree, path: &[OwnedSegment], touched: &[Vec<OwnedSegment>]) {
    let Some((OwnedSegment::Field(name), above)) = path.split_last() else { return };
    let Some(object) = node_at(tree, above) else { return };
    let known = FOLLOWS.iter().filter(|_| above.is_empty()).find(|(one, _)| *one == name.as_str());
    let following = match known {
        Some((_, following)) => following.to_vec(),
        None => beside(tree, above, name).into_iter().collect(),
    };
    for member in following {
        // The source's own words for an activity are right in every class.
        let is_own = (name.as_str(), member) == ("class_uid", "activity_name")
            && is_other(tree, &[OwnedSegment::field("activity_id")]);
        if is_own || touched.contains(&below(above, member)) {
            continue;
        }
        while let Some(id) = tree.get(object, member) {
            tree.remove(id);
        }
    }
}

/// The caption of a number, or the number of a caption, that has to give way.
fn beside(tree: &Tree, above: &[OwnedSegment], name: &str) -> Option<&'static str> {
    let catalogue = Version::NATIVE.catalogue();
    let item = item_at(catalogue, tree, above)?;
    let mut attributes = catalogue.attributes(item);
    if let Some(sibling) = attribute_of(catalogue, item, name)?.sibling.as_deref() {
        return Some(sibling);
    }
    let number = attributes.find(|one| one.sibling.as_deref() == Some(name))?.name.as_str();
    // Class, category and type have no number by their names.
    let is_of_event = FOLLOWS.iter().any(|(one, _)| *one == number);
    (!is_of_event && !is_other(tree, &below(above, number))).then_some(number)
}

fn below(above: &[OwnedSegment], member: &str) -> Vec<OwnedSegment> {
    above.iter().cloned().chain([OwnedSegment::field(member)]).collect()
}

fn is_other(tree: &Tree, path: &[OwnedSegment]) -> bool {
    text_at(tree, path).is_some_and(|text| text == OTHER)
}

/// The schema of the object at a path.
fn item_at(
    catalogue: &'static Catalogue,
    tree: &Tree,
    path: &[OwnedSegment],
) -> Option<&'static Item> {
    let uid = tree.as_i64(tree.get(tree.root(), "class_uid")?)?;
    path.iter().try_fold(catalogue.class(uid)?, |item, step| match step {
        OwnedSegment::Field(name) => catalogue.object_of(attribute_of(catalogue, item, name)?),
        OwnedSegment::Index(_) => None,
    })
}

fn attribute_of(
    catalogue: &'static Catalogue,
    item: &Item,
    name: &str,
) -> Option<&'static Attribute> {
    catalogue.attribute(item, item.position(catalogue.vocabulary().token(name)?)?)
}
