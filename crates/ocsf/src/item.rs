//! A class or an object: attributes and rules about them.

use headwater_event::json::Token;

/// A rule about several attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Exactly one has to be there; else at least one.
    pub is_exact: bool,
    /// Paths of the attributes.
    pub names: Vec<String>,
    /// Positions of those that are attributes of the item itself.
    pub(crate) positions: Vec<Option<u16>>,
}

impl Constraint {
    /// `at_least_one` or `just_one`.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        if self.is_exact { "just_one" } else { "at_least_one" }
    }
}

/// A class of events or an object.
#[derive(Debug)]
pub struct Item {
    /// Number of a class; `None` for objects.
    pub uid: Option<i64>,
    /// Such as `authentication`.
    pub name: String,
    /// Such as `Authentication`.
    pub caption: String,
    /// Category of a class.
    pub category_uid: Option<i64>,
    /// What it was derived from.
    pub extends: Option<String>,
    /// The extension that brought it.
    pub extension: Option<String>,
    /// Profiles of a class.
    pub profiles: Vec<String>,
    /// Rules about several attributes.
    pub constraints: Vec<Constraint>,
    /// Since which release it should not be used.
    pub deprecated: Option<String>,
    /// The observable type of such an object.
    pub observable: Option<i64>,
    /// Places in the catalogue's attributes, by name.
    pub(crate) attributes: Vec<usize>,
    /// Positions of attributes that are required.
    pub(crate) required: Vec<u16>,
    /// Positions of attributes that have a note when missing.
    pub(crate) recommended: Vec<u16>,
    /// Positions of attributes with an enumeration.
    pub(crate) enumerated: Vec<u16>,
    /// For each attribute with a sibling the sibling's position.
    pub(crate) siblings: Vec<Option<u16>>,
    pub(crate) positions: Positions,
}

impl Item {
    /// Where the attribute with a key stands.
    #[must_use]
    #[inline]
    pub fn position(&self, token: Token) -> Option<usize> {
        self.positions.get(token)
    }

    /// How many attributes it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.attributes.len()
    }

    /// Whether it has none: then it may hold anything.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }
}

/// Positions by token: open addressing over a power of two, at most half full.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    slots: Vec<(u16, u16)>,
}

const EMPTY: (u16, u16) = (u16::MAX, u16::MAX);

impl Positions {
    pub(crate) fn new(tokens: &[Token]) -> Self {
        let size = (tokens.len() * 2).next_power_of_two();
        let mut slots = vec![EMPTY; size];
        for (position, token) in tokens.iter().enumerate() {
            let mut slot = token.index() & (size - 1);
            // At most half of the slots are taken.
            while slots.get(slot).is_some_and(|entry| *entry != EMPTY) {
                slot = (slot + 1) & (size - 1);
            }
            if let Some(entry) = slots.get_mut(slot) {
                // Both are far below u16::MAX: `Vocabulary::WORDS_MAX`.
                *entry = (token.index() as u16, position as u16);
            }
        }
        Self { slots }
    }

    #[inline]
    fn get(&self, token: Token) -> Option<usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = token.index() & mask;
        loop {
            let entry = *self.slots.get(slot)?;
            if usize::from(entry.0) == token.index() {
                return Some(usize::from(entry.1));
            }
            if entry == EMPTY {
                return None;
            }
            slot = (slot + 1) & mask;
        }
    }
}
