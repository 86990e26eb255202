//! Validation of one event against the schema: linear in the event, and without an allocation while
//! nothing is wrong.
//!
//! Rules and names of the codes are those of the schema server; what it leaves open is decided as
//! in `docs/adr/0010-ocsf-validation.md`.

mod enums;
mod value;
mod version;

use headwater_event::json::{Kind, NodeId, Token, Tree};

use crate::catalogue::Catalogue;
use crate::issue::{Code, Issue};
use crate::item::Item;
use crate::path::{follow_with, path_below, path_of};
use crate::remembered::Remembered;

/// Longest part of a value that an issue repeats, in characters.
const VALUE_CHARACTERS_MAX: usize = 120;

/// Checks events against one catalogue; keeps its memory from event to event.
#[derive(Debug)]
pub struct Validator<'c> {
    catalogue: &'c Catalogue,
    with_notes: bool,
    /// Members by position, of the objects that are being walked, outermost first.
    members: Vec<Option<NodeId>>,
    issues: Vec<Issue>,
    /// Whether paths lead to attributes, by the number of the class and the profiles.
    paths: Remembered<bool>,
}

/// The event that is being walked.
#[derive(Clone, Copy)]
struct Walk<'t> {
    tree: &'t Tree,
    event: NodeId,
    profiles: u64,
    /// The tree's tokens are the catalogue's.
    shares_words: bool,
}

impl Walk<'_> {
    /// The member of an object with exactly this key.
    #[inline]
    fn get(self, catalogue: &Catalogue, object: NodeId, word: Token) -> Option<NodeId> {
        if self.shares_words {
            return self.tree.child(object, word);
        }
        self.tree.get(object, catalogue.vocabulary().word(word)?)
    }
}

/// One object of it: what it should be and where its members are noted.
#[derive(Clone, Copy)]
struct Place<'c> {
    item: &'c Item,
    node: NodeId,
    base: usize,
}

impl<'c> Validator<'c> {
    /// A validator for a release.
    #[must_use]
    pub fn new(catalogue: &'c Catalogue) -> Self {
        Self {
            catalogue,
            with_notes: false,
            members: Vec::new(),
            issues: Vec::new(),
            paths: Remembered::default(),
        }
    }

    /// Also tells of recommended attributes that are missing.
    #[must_use]
    pub const fn with_notes(mut self) -> Self {
        self.with_notes = true;
        self
    }

    /// Everything that is wrong with the event at `event`. Fastest on trees made with
    /// [`Catalogue::vocabulary`].
    pub fn validate(&mut self, tree: &Tree, event: NodeId) -> &[Issue] {
        self.issues.clear();
        self.members.clear();
        let words = self.catalogue.vocabulary();
        let shares_words = std::ptr::eq(&raw const **words, &raw const **tree.vocabulary());
        let walk = Walk { tree, event, profiles: 0, shares_words };
        self.event(walk);
        &self.issues
    }

    fn event(&mut self, mut walk: Walk<'_>) {
        let Walk { tree, event, .. } = walk;
        if tree.kind(event) != Kind::Object {
            return self.tell(Code::EventWrongType, String::new(), "");
        }
        let catalogue = self.catalogue;
        let words = &catalogue.words;
        let present =
            |word| walk.get(catalogue, event, word).filter(|id| tree.kind(*id) != Kind::Null);
        let Some(uid) = present(words.class_uid) else {
            return self.tell(Code::RequiredMissing, "class_uid".to_owned(), "");
        };
        let Some(number) = tree.as_i64(uid) else {
            return self.tell_of(Code::WrongType, walk, uid);
        };
        let Some(class) = catalogue.class(number) else {
            return self.tell_of(Code::ClassUnknown, walk, uid);
        };
        if class.deprecated.is_some() {
            self.tell(Code::ClassDeprecated, String::new(), &class.name);
        }
        let metadata = present(words.metadata).filter(|id| tree.kind(*id) == Kind::Object);
        let declared = metadata.and_then(|id| walk.get(catalogue, id, words.profiles));
        walk.profiles = self.profiles(walk, declared);
        self.item(walk, event, class);
        if let Some(version) = metadata.and_then(|id| walk.get(catalogue, id, words.version)) {
            self.version(walk, version);
        }
        let integer = |word| walk.get(catalogue, event, word).and_then(|id| tree.as_i64(id));
        if let (Some(activity), Some(kind)) = (integer(words.activity_id), integer(words.type_uid))
        {
            let expected = number.wrapping_mul(100).wrapping_add(activity);
            if kind != expected {
                let detail = format!("{kind} != {expected}");
                self.tell(Code::TypeIncorrect, "type_uid".to_owned(), &detail);
            }
        }
        self.observables(walk, class);
    }

    /// Bits of the profiles that the event declares.
    fn profiles(&mut self, walk: Walk<'_>, declared: Option<NodeId>) -> u64 {
        let Some(list) = declared.filter(|id| walk.tree.kind(*id) == Kind::Array) else { return 0 };
        let mut bits = 0;
        for element in walk.tree.children(list) {
            let Some(name) = walk.tree.as_str(element) else { continue };
            match self.catalogue.profile_bit(&name) {
                Some(bit) => bits |= bit,
                None => self.tell_of(Code::ProfileUnknown, walk, element),
            }
        }
        bits
    }

    /// The members of an object: known ones by their rules, others are told.
    fn item(&mut self, walk: Walk<'_>, node: NodeId, item: &'c Item) {
        if item.is_empty() {
            return;
        }
        let base = self.members.len();
        self.members.resize(base + item.len(), None);
        let place = Place { item, node, base };
        for child in walk.tree.children(node) {
            let Some(position) = self.position(walk, child, item) else {
                self.tell_of(Code::AttributeUnknown, walk, child);
                continue;
            };
            let is_null = walk.tree.kind(child) == Kind::Null;
            if let Some(member) = self.members.get_mut(base + position) {
                *member = (!is_null).then_some(child);
            }
            if !is_null && let Some(attribute) = self.catalogue.attribute(item, position) {
                self.attribute(walk, child, attribute);
            }
        }
        self.missing(walk, place);
        for position in &item.enumerated {
            self.enumerated(walk, place, usize::from(*position));
        }
        self.constraints(walk, place);
        self.members.truncate(base);
    }

    /// Where a member stands among the attributes that exist with the event's profiles.
    #[inline]
    fn position(&self, walk: Walk<'_>, child: NodeId, item: &Item) -> Option<usize> {
        let tree = walk.tree;
        let position = if walk.shares_words {
            item.position(tree.word(child)?)?
        } else {
            let key = tree.key(child);
            let position = item.position(self.catalogue.vocabulary().token(&key)?)?;
            // Tokens do not tell spellings apart.
            self.catalogue.attribute(item, position).filter(|one| one.name == key)?;
            position
        };
        let attribute = self.catalogue.attribute(item, position)?;
        let is_active = attribute.profiles == 0 || attribute.profiles & walk.profiles != 0;
        is_active.then_some(position)
    }

    fn missing(&mut self, walk: Walk<'_>, place: Place<'c>) {
        self.missing_of(walk, place, &place.item.required, Code::RequiredMissing);
        if self.with_notes {
            self.missing_of(walk, place, &place.item.recommended, Code::RecommendedMissing);
        }
    }

    fn missing_of(&mut self, walk: Walk<'_>, place: Place<'c>, positions: &[u16], code: Code) {
        for position in positions {
            let position = usize::from(*position);
            if self.member(place, position).is_some() {
                continue;
            }
            let Some(attribute) = self.catalogue.attribute(place.item, position) else { continue };
            if attribute.profiles == 0 || attribute.profiles & walk.profiles != 0 {
                let path = path_below(walk.tree, walk.event, place.node, &attribute.name);
                self.tell(code, path, "");
            }
        }
    }

    fn member(&self, place: Place<'_>, position: usize) -> Option<NodeId> {
        self.members.get(place.base + position).copied().flatten()
    }

    fn constraints(&mut self, walk: Walk<'_>, place: Place<'c>) {
        let tree = walk.tree;
        for constraint in &place.item.constraints {
            let is_present = |(path, position): &(&String, &Option<u16>)| {
                let member = position.and_then(|position| self.member(place, position.into()));
                // Members of a profile that is not declared count too.
                member.is_some() || {
                    let mut steps = path.split('.');
                    let found = steps.try_fold(place.node, |id, step| tree.get(id, step));
                    found.is_some_and(|id| tree.kind(id) != Kind::Null)
                }
            };
            let mut members = constraint.names.iter().zip(&constraint.positions);
            if !constraint.is_exact && members.clone().any(|one| is_present(&one)) {
                continue;
            }
            let count = members.by_ref().filter(is_present).count();
            if count != 1 {
                let rule = constraint.text();
                let detail = format!("{rule} {} ({count} present)", constraint.names.join(","));
                let path = path_of(tree, walk.event, place.node);
                self.tell(Code::ConstraintFailed, path, &detail);
            }
        }
    }

    /// Whether the names of observables lead to attributes of the class.
    fn observables(&mut self, walk: Walk<'_>, class: &Item) {
        let tree = walk.tree;
        let catalogue = self.catalogue;
        let Some(list) = walk.get(catalogue, walk.event, catalogue.words.observables) else {
            return;
        };
        if tree.kind(list) != Kind::Array {
            return;
        }
        let uid = class.uid.unwrap_or_default().cast_unsigned();
        // Far fewer than 2^24 classes and 40 profiles: no two of these are the same number.
        let number = uid | walk.profiles << 24;
        for element in tree.children(list) {
            let Some(name) = walk.get(catalogue, element, catalogue.words.name) else { continue };
            let Some(text) = tree.as_str(name) else { continue };
            let leads = self.paths.get(number, ["", &text]).unwrap_or_else(|| {
                let found = follow_with(catalogue, class, &text, walk.profiles);
                self.paths.keep(number, ["", &text], found.is_some());
                found.is_some()
            });
            if !leads {
                self.tell_of(Code::ObservableName, walk, name);
            }
        }
    }

    fn tell(&mut self, code: Code, path: String, value: &str) {
        let value = value.chars().take(VALUE_CHARACTERS_MAX).collect();
        self.issues.push(Issue { code, path, value });
    }

    /// An issue about a value that is there.
    fn tell_of(&mut self, code: Code, walk: Walk<'_>, node: NodeId) {
        let path = path_of(walk.tree, walk.event, node);
        let value = match walk.tree.kind(node) {
            Kind::Object => "an object".into(),
            Kind::Array => "an array".into(),
            _ => walk.tree.scalar_text(node).unwrap_or_default(),
        };
        self.tell(code, path, &value);
    }
}
