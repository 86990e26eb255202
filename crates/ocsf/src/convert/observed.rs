//! Observables of the original that are not made again: those that the older release has no type
//! for, and those that somebody else put there.

use std::collections::HashSet;

use headwater_event::json::{Kind, NodeId, Scalar, Tree};

use super::walk::Walk;
use crate::catalogue::Catalogue;
use crate::path::follow_with;

impl Walk<'_, '_> {
    /// Adds them to those that were made; sets aside what can be none.
    pub(super) fn observables(&mut self, event: NodeId) {
        let Some(list) = self.source.get(event, "observables") else { return };
        if self.source.kind(list) != Kind::Array {
            let above = self.aside.enter("observables");
            self.aside.take(self.source, list);
            return self.aside.leave(above);
        }
        let made = made(self.to, self.target);
        let profiles = declared(self.to, self.target);
        for (place, element) in self.source.children(list).enumerate() {
            let text = |key| self.source.owned_text(self.source.get(element, key)?);
            let name = text("name").unwrap_or_default();
            if made.contains(&(name.clone(), text("value").unwrap_or_default())) {
                continue;
            }
            let leads = follow_with(self.to, self.class, &name, profiles).is_some();
            if !leads && self.aside.covers(&name) {
                continue;
            }
            let above = self.aside.enter("observables");
            self.aside.enter_element(place);
            if leads {
                self.observable(element);
            } else {
                self.aside.take(self.source, element);
            }
            self.aside.leave(above);
        }
    }

    fn observable(&mut self, element: NodeId) {
        let (from, to) = (self.from, self.to);
        let Some(item) = to.object("observable") else { return };
        let root = self.target.root();
        let list = self.target.child(root, to.words.observables);
        let list = list
            .unwrap_or_else(|| self.target.append_word(root, to.words.observables, Scalar::Array));
        let object = self.target.push(list, Scalar::Object);
        self.members(element, object, from.object("observable"), item);
    }
}

/// Name and value of the observables that an event has.
fn made(catalogue: &Catalogue, tree: &Tree) -> HashSet<(String, String)> {
    let words = &catalogue.words;
    let list = tree.child(tree.root(), words.observables);
    let text = |one, word| tree.child(one, word).and_then(|id| tree.owned_text(id));
    let read = |one| Some((text(one, words.name)?, text(one, words.value)?));
    list.into_iter().flat_map(|list| tree.children(list)).filter_map(read).collect()
}

/// Bits of the profiles that an event declares.
fn declared(catalogue: &Catalogue, tree: &Tree) -> u64 {
    let words = &catalogue.words;
    let metadata = tree.child(tree.root(), words.metadata);
    let list = metadata.and_then(|metadata| tree.child(metadata, words.profiles));
    let names = list.into_iter().flat_map(|list| tree.children(list));
    let bits = names.filter_map(|name| catalogue.profile_bit(&tree.as_str(name)?));
    bits.fold(0, |all, bit| all | bit)
}
