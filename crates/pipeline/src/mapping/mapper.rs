//! What a mapping writes through.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Deref;

use headwater_event::json::{NodeId, Scalar, Tree};
use headwater_event::{Origin, Timestamp, time};
use headwater_ocsf::{Attribute, Catalogue, Item};

use super::convert::{Converted, OTHER, convert};
use super::source::{Field, Source, Used};
use super::target::{Target, Targets};
use super::to::To;
use super::{Index, Scratch, leftover};
use crate::Metadata;

/// One field's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Path of the field in the record.
    pub from: String,
    /// Path of the attribute.
    pub to: String,
}

/// Reads a record and writes its OCSF object.
///
/// Paths of fields are those of [`Source::find`]; paths of attributes are the schema's, with
/// `[n]` for elements of arrays (`answers[2].rdata`; without an index the first). What cannot be
/// written (no such attribute in this class, a value that does not fit, a target that is set
/// already) is left, and so ends up below `unmapped`.
#[derive(Debug)]
pub struct Mapper<'a> {
    json: &'a Tree,
    extra: &'a mut Tree,
    out: &'a mut Tree,
    used: &'a mut Used,
    origin: &'a Origin,
    received_at: Timestamp,
    catalogue: &'static Catalogue,
    class: Option<&'static Item>,
    time: Option<Timestamp>,
    flat: Vec<Field>,
    steps: Option<Vec<Step>>,
    index: &'a Index,
    targets: &'a RefCell<Targets>,
}

impl<'a> Mapper<'a> {
    pub(super) fn new(
        json: &'a Tree,
        out: &'a mut Tree,
        scratch: &'a mut Scratch,
        catalogue: &'static Catalogue,
        metadata: &Metadata<'a>,
    ) -> Self {
        let Scratch { extra, used, index, targets } = scratch;
        targets.get_mut().begin();
        extra.clear();
        out.clear();
        used.clear();
        Self {
            json,
            extra,
            out,
            used,
            origin: metadata.origin,
            received_at: metadata.received_at,
            catalogue,
            class: None,
            time: None,
            flat: Vec::new(),
            steps: None,
            index,
            targets,
        }
    }

    pub(super) fn traces(&mut self, traces: bool) {
        self.steps = traces.then(Vec::new);
    }

    pub(super) const fn is_classified(&self) -> bool {
        self.class.is_some()
    }

    /// Puts what is left below `unmapped`.
    pub(super) fn finish(self) -> (Option<Timestamp>, Vec<Step>) {
        let Self { json, extra, out, used, time, flat, steps, origin, received_at, index, .. } =
            self;
        let source = Source { json, extra: Some(extra), index, origin, received_at };
        leftover::keep(&source, used, &flat, out);
        (time, steps.unwrap_or_default())
    }

    /// The record, to look at without using anything.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        Source {
            json: self.json,
            extra: Some(self.extra),
            index: self.index,
            origin: self.origin,
            received_at: self.received_at,
        }
    }

    /// The fields that the mapping found inside texts: an object to append to. A field of the same
    /// path as one of the record comes before it.
    pub fn extra(&mut self) -> &mut Tree {
        self.extra
    }

    /// Sets class and activity; everything else is written after it.
    pub fn class(&mut self, class_uid: i64, activity_id: i64) {
        self.class = self.catalogue.class(class_uid);
        let root = self.out.root();
        self.out.set(root, "class_uid", class_uid);
        self.out.set(root, "activity_id", activity_id);
        // The words of an activity that was set before are not this one's.
        if let Some(words) = self.out.get(root, "activity_name") {
            self.out.remove(words);
        }
    }

    /// Takes the record as it is: it is OCSF already.
    pub fn adopt(&mut self) {
        let (json, root) = (self.json, self.out.root());
        for child in json.children(json.root()) {
            self.out.graft(root, &json.key(child), json, child);
            self.used.mark(Field { node: child, is_extra: false });
        }
        let uid = self.out.get(root, "class_uid").and_then(|id| self.out.as_i64(id));
        self.class = uid.and_then(|uid| self.catalogue.class(uid));
        let time = self.out.get(root, "time").and_then(|id| self.out.as_i64(id));
        // A time that no calendar writes, such as one in another unit, is left to validation.
        let time = time.and_then(|millis| millis.checked_mul(1_000)).map(Timestamp::from_micros);
        self.time = time.filter(|time| (Timestamp::MIN..=Timestamp::MAX).contains(time));
    }

    /// The activity in the source's own words, for one the class has no number for.
    pub fn other_activity(&mut self, name: &str) {
        let root = self.out.root();
        self.out.set(root, "activity_id", OTHER);
        self.out.set(root, "activity_name", name);
    }

    /// Writes a value of the mapping's own.
    pub fn set<'t, 'v>(&mut self, to: impl Into<To<'t>>, value: impl Into<Scalar<'v>>) -> bool {
        self.write_value(to.into(), value.into())
    }

    fn write_value(&mut self, to: To<'_>, value: Scalar<'_>) -> bool {
        let Some(target) = self.resolve(to) else { return false };
        let mut targets = self.targets.borrow_mut();
        if targets.find(self.out, target).is_some() {
            return false;
        }
        let object = targets.open(self.out, target);
        let Attribute { token, is_array, .. } = *target.attribute;
        if is_array {
            let list = self.out.append_word(object, token, Scalar::Array);
            self.out.push(list, value);
        } else {
            self.out.append_word(object, token, value);
        }
        true
    }

    /// Writes a field's value as the attribute's type. A second field with the value that the
    /// attribute has already counts as written.
    pub fn copy<'t>(&mut self, from: &str, to: impl Into<To<'t>>) -> bool {
        let Some(field) = self.source().find(from) else { return false };
        self.copy_found(from, field, to.into())
    }

    fn copy_found(&mut self, from: &str, field: Field, to: To<'_>) -> bool {
        let written = self.write_field(field, to);
        if written {
            self.trace(from, to);
        }
        written
    }

    /// [`Mapper::copy`] of the first of several fields that is there and fits.
    pub fn copy_first<'t>(&mut self, from: &[&str], to: impl Into<To<'t>>) -> bool {
        let to = to.into();
        from.iter().any(|from| self.copy(from, to))
    }

    /// [`Mapper::copy`] of many fields, each once: a field that was used already is passed over, so
    /// a field may stand several times, with targets in the order of preference.
    pub fn table(&mut self, pairs: &[(&str, &str)]) {
        for (from, to) in pairs {
            let field = self.source().find(from);
            if let Some(field) = field.filter(|field| !self.used.contains(*field)) {
                self.copy_found(from, field, to.into());
            }
        }
    }

    /// [`Mapper::copy`] of a field at hand.
    pub fn copy_field<'t>(&mut self, field: Field, to: impl Into<To<'t>>) -> bool {
        self.write_field(field, to.into())
    }

    fn write_field(&mut self, field: Field, to: To<'_>) -> bool {
        let Some(target) = self.resolve(to) else { return false };
        let Self { json, index, origin, received_at, .. } = *self;
        let source = Source { json, extra: Some(self.extra), index, origin, received_at };
        let Some(value) = convert(self.catalogue, target.attribute, &source, field) else {
            return false;
        };
        let mut targets = self.targets.borrow_mut();
        if let Some(existing) = targets.find(self.out, target) {
            let is_same = match &value {
                Converted::Text(text) => self.out.as_str(existing).is_some_and(|one| one == *text),
                Converted::Integer(number) => self.out.as_i64(existing) == Some(*number),
                _ => false,
            };
            if is_same {
                self.used.mark(field);
            }
            return is_same;
        }
        let object = targets.open(self.out, target);
        write(self.out, object, target.attribute, &value, &source);
        self.used.mark(field);
        true
    }

    /// The text of a field, which counts as used: the mapping writes it in another form.
    pub fn take(&mut self, from: &str) -> Option<String> {
        let source = self.source();
        let field = source.find(from)?;
        let text = source.text_of(field)?.into_owned();
        self.used.mark(field);
        self.trace(from, "".into());
        Some(text)
    }

    /// Marks a field as used: what it says is in the object in another form.
    pub fn done(&mut self, from: &str) {
        if let Some(field) = self.source().find(from) {
            self.used.mark(field);
            self.trace(from, "".into());
        }
    }

    /// Marks a field at hand as used.
    pub fn done_field(&mut self, field: Field) {
        self.used.mark(field);
    }

    /// What is left of an object's members goes to the top of `unmapped`.
    pub fn flatten(&mut self, container: &str) {
        if let Some(field) = self.source().find(container) {
            self.flat.push(field);
        }
    }

    /// The event's time from the first of several fields that is one; `metadata.original_time`
    /// keeps its text.
    pub fn time(&mut self, from: &[&str]) -> bool {
        from.iter().any(|from| {
            let source = self.source();
            let text = source.text(from).map(Cow::into_owned);
            let Some(text) = text else { return false };
            let Some(time) = time::parse(&text, source.received_at()) else { return false };
            if self.time.is_some() {
                return false;
            }
            self.set_time(time);
            self.copy(from, "metadata.original_time")
        })
    }

    /// The event's time from a time zone's rules or other fields than one.
    pub fn set_time(&mut self, time: Timestamp) {
        self.time = Some(time);
        let root = self.out.root();
        self.out.set(root, "time", time.as_micros().div_euclid(1_000));
    }

    /// The text that an attribute has now.
    #[must_use]
    pub fn written<'t>(&self, to: impl Into<To<'t>>) -> Option<Cow<'_, str>> {
        self.out.scalar_text(self.out_node(to.into())?)
    }

    /// Whether one of several members of an object has a value.
    #[must_use]
    pub fn has_any(&self, object: &str, members: &[&str]) -> bool {
        // Most objects that are asked for are not there.
        self.out_node(object.into()).is_some()
            && members.iter().any(|member| self.written((object, *member)).is_some())
    }

    fn out_node(&self, to: To<'_>) -> Option<NodeId> {
        let target = self.resolve(to)?;
        self.targets.borrow_mut().find(self.out, target)
    }

    fn resolve(&self, to: To<'_>) -> Option<Target> {
        self.targets.borrow_mut().resolve(self.catalogue, self.class?, to)
    }

    fn trace(&mut self, from: &str, to: To<'_>) {
        if let Some(steps) = &mut self.steps {
            steps.push(Step { from: from.to_owned(), to: to.to_string() });
        }
    }
}

fn write(
    out: &mut Tree,
    object: NodeId,
    attribute: &Attribute,
    value: &Converted<'_>,
    source: &Source<'_>,
) {
    let token = attribute.token;
    match value {
        Converted::Whole(field) => {
            out.graft_as_is(object, Some(&attribute.name), source.tree(*field), field.node);
        }
        Converted::List(list) => {
            let array = out.append_word(object, token, Scalar::Array);
            for value in list {
                match value {
                    Converted::Whole(field) => {
                        out.graft_as_is(array, None, source.tree(*field), field.node);
                    }
                    value => {
                        out.push(array, scalar(value));
                    }
                }
            }
        }
        value => {
            out.append_word(object, token, scalar(value));
            if let (Converted::Other(text), Some(sibling)) = (value, &attribute.sibling)
                && out.get(object, sibling).is_none()
            {
                out.append(object, sibling, text.deref());
            }
        }
    }
}

fn scalar<'v>(value: &'v Converted<'_>) -> Scalar<'v> {
    match value {
        Converted::Text(text) => Scalar::String(text),
        Converted::Integer(number) => Scalar::Integer(*number),
        Converted::Number(text) => Scalar::Number(text),
        Converted::Boolean(value) => Scalar::Bool(*value),
        Converted::Other(_) => Scalar::Integer(OTHER),
        Converted::Whole(_) | Converted::List(_) => Scalar::Null,
    }
}
