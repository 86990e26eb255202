//! An event of one release as an event of an older one, for readers that know only that.
//!
//! Contract: nothing of the event is lost. What the older release has no place for, or what does
//! not fit its type there, is below `unmapped`, whose members are texts under dotted keys. Numbers
//! of enumerations that it does not know, or that mean something else there, become 99, with the
//! caption in the sibling. Profiles, `type_uid`, the names of class and category,
//! `metadata.version` and observables are made again.
//!
//! Types are as columns of tables hold them: `integer_t` has 32 bits, `datetime_t` is an instant in
//! UTC of at most microseconds.

mod aside;
mod observed;
mod walk;

use headwater_event::json::{Kind, NodeId, Scalar, Tree};

use crate::catalogue::Catalogue;
use crate::complete::complete;
use crate::issue::Issue;
use crate::item::Item;
use crate::observables::Collector;
use crate::validate::Validator;

use aside::Aside;
use walk::Walk;

/// Why an event cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// The event has no class, or the older release lacks it.
    #[error("OCSF {version} has no class {class}")]
    Class {
        /// The number of the class, or what stands in its place.
        class: String,
        /// The older release.
        version: String,
    },
}

/// Converts events between two releases; keeps its memory from event to event.
#[derive(Debug)]
pub struct Converter<'c> {
    from: &'c Catalogue,
    to: &'c Catalogue,
    collector: Collector,
    validator: Validator<'c>,
    aside: Aside,
}

/// What became of one event.
#[derive(Debug, Clone, Copy)]
pub struct Conversion<'a> {
    /// Paths of attributes that are below `unmapped` now. What stood there before is not among
    /// them.
    pub moved: &'a [String],
    /// What the older release finds wrong with the result.
    pub issues: &'a [Issue],
}

impl<'c> Converter<'c> {
    /// A converter between two releases.
    #[must_use]
    pub fn new(from: &'c Catalogue, to: &'c Catalogue) -> Self {
        let (collector, validator) = (Collector::default(), Validator::new(to));
        Self { from, to, collector, validator, aside: Aside::default() }
    }

    /// Writes the event at `event` to `target`, which was made with the vocabulary of the older
    /// release and is cleared first.
    ///
    /// # Errors
    /// The older release does not have the event's class.
    pub fn convert(
        &mut self,
        source: &Tree,
        event: NodeId,
        target: &mut Tree,
    ) -> Result<Conversion<'_>, ConvertError> {
        let class = self.class(source, event)?;
        let (from, to) = (self.from, self.to);
        target.clear();
        self.aside.clear();
        let root = target.root();
        let words = &to.words;
        target.append_word(root, words.class_uid, class.uid.unwrap_or_default());
        let mut walk = Walk::new(from, to, class, source, target, &mut self.aside);
        walk.event(event);
        complete(to, target, root);
        self.collector.collect(to, target, root);
        let mut walk = Walk::new(from, to, class, source, target, &mut self.aside);
        walk.observables(event);
        self.aside.write(target, root);
        let issues = self.validator.validate(target, root);
        Ok(Conversion { moved: self.aside.moved(), issues })
    }

    /// The class of an event in the older release.
    fn class(&self, source: &Tree, event: NodeId) -> Result<&'c Item, ConvertError> {
        let uid = source.get(event, "class_uid").filter(|id| source.kind(*id) != Kind::Null);
        let class = uid.and_then(|uid| self.to.class(source.as_i64(uid)?));
        class.ok_or_else(|| ConvertError::Class {
            class: uid.map_or_else(|| "at all".to_owned(), |uid| source.to_json(uid)),
            version: self.to.version().to_owned(),
        })
    }
}

/// Copies a scalar to a new member.
fn copy(source: &Tree, node: NodeId, put: impl FnOnce(Scalar<'_>) -> NodeId) {
    let text = source.scalar_text(node).unwrap_or_default();
    put(match source.kind(node) {
        Kind::String => Scalar::String(&text),
        Kind::Number => Scalar::Number(&text),
        Kind::Bool => Scalar::Bool(source.as_bool(node).unwrap_or_default()),
        Kind::Null | Kind::Array | Kind::Object => Scalar::Null,
    });
}

#[cfg(test)]
mod tests;
