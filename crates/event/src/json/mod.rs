//! The JSON tree that the hot path mutates: one flat arena per worker, reused for every event.
//!
//! The record's bytes are copied once into the tree's text; strings and numbers are spans of it, in
//! their *source spelling* (escapes, `1.0`, `1e400`, twenty digits stay as sent). Nodes are linked
//! by index, so adding, moving and removing members allocates nothing in the steady state. Keys
//! that plugins registered for are indexed while parsing ([`Vocabulary`]) and on every later
//! change, so that asking "is there a key `srcip` at any depth" never scans the tree.
//! Measurements against other JSON trees: `docs/adr/0003-json-tree.md`.

mod edit;
mod keys;
mod parse;
mod read;
mod text;
mod vocabulary;
mod write;

pub use edit::Scalar;
pub use parse::{ParseError, ParseFault, ParseLimits};
pub use read::{Children, Descendants};
pub use text::{escape_into, unescape};
pub use vocabulary::{Token, Vocabulary, hash_key};

use std::sync::Arc;

use keys::KeySet;

/// Handle of a value inside one [`Tree`]; valid until the tree is parsed into again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    const NONE: Self = Self(u32::MAX);

    /// Place among the values of its tree, to index tables by.
    #[must_use]
    pub const fn index(self) -> usize {
        // u32 to usize widens on every platform the workspace supports.
        self.0 as usize
    }

    const fn some(self) -> Option<Self> {
        if self.0 == u32::MAX { None } else { Some(self) }
    }
}

/// The JSON type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number in its source spelling.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object; members keep their order, equal keys may occur more than once.
    Object,
}

/// A range of the tree's text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Span {
    start: u32,
    length: u32,
}

/// One value, with the key it has in its object. 32 bytes.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Key inside an object, escaped; empty elsewhere.
    key: Span,
    /// Scalars: the text. Containers: `start` is the first child, `length` the last one.
    value: Span,
    parent: NodeId,
    next: NodeId,
    /// Case-folded hash of the key.
    hash: u32,
    /// The key's word in the vocabulary, when plugins know it.
    token: Token,
    kind: Kind,
    flags: u8,
}

impl Node {
    const KEY_ESCAPED: u8 = 1;
    const VALUE_ESCAPED: u8 = 2;
    const TRUE: u8 = 4;
    /// Lower-casing may change the key: it has an ASCII capital or is not ASCII.
    const KEY_ODD: u8 = 8;
    /// The last [`Tree::lowercase_keys`] changed the key.
    const KEY_LOWERED: u8 = 16;
    /// Flags that belong to the key; the others belong to the value.
    const OF_KEY: u8 = Self::KEY_ESCAPED | Self::KEY_ODD | Self::KEY_LOWERED;

    const fn key_flags(escaped: bool, odd: bool) -> u8 {
        (if escaped { Self::KEY_ESCAPED } else { 0 }) | (if odd { Self::KEY_ODD } else { 0 })
    }

    const fn first_child(&self) -> NodeId {
        NodeId(self.value.start)
    }

    const fn last_child(&self) -> NodeId {
        NodeId(self.value.length)
    }
}

/// The span of a container without children.
const NO_CHILDREN: Span = Span { start: u32::MAX, length: u32::MAX };

/// A mutable JSON document. See the module documentation.
#[derive(Debug, Clone)]
pub struct Tree {
    text: String,
    nodes: Vec<Node>,
    vocabulary: Arc<Vocabulary>,
    occurrences: Vec<(Token, NodeId)>,
    seen_keys: KeySet,
}

impl Tree {
    /// An empty object whose keys are indexed by `vocabulary`.
    #[must_use]
    pub fn new(vocabulary: Arc<Vocabulary>) -> Self {
        let mut tree = Self {
            text: String::new(),
            nodes: Vec::new(),
            vocabulary,
            occurrences: Vec::new(),
            seen_keys: KeySet::new(),
        };
        tree.clear();
        tree
    }

    /// Back to an empty object; memory is kept for the next event.
    pub fn clear(&mut self) {
        self.text.clear();
        self.nodes.clear();
        self.occurrences.clear();
        self.nodes.push(Node {
            key: Span::default(),
            value: NO_CHILDREN,
            parent: NodeId::NONE,
            next: NodeId::NONE,
            hash: 0,
            token: Token::NONE,
            kind: Kind::Object,
            flags: 0,
        });
    }

    /// Gives memory beyond `bytes_max` back, so that one huge event does not stay for ever.
    pub fn shrink(&mut self, bytes_max: usize) {
        if self.text.capacity() > bytes_max {
            self.clear();
            self.text.shrink_to(bytes_max);
            self.nodes.shrink_to(bytes_max / 64);
            self.seen_keys.shrink(bytes_max);
        }
    }

    /// The words whose occurrences are indexed.
    #[must_use]
    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    /// The document's outermost value.
    #[must_use]
    #[inline]
    pub const fn root(&self) -> NodeId {
        NodeId(0)
    }

    #[expect(clippy::indexing_slicing, reason = "NodeIds are only made by this module, in range")]
    #[inline]
    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    #[expect(clippy::indexing_slicing, reason = "NodeIds are only made by this module, in range")]
    #[inline]
    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.index()]
    }

    /// The text of a span; spans are only made by this module and end on character boundaries.
    #[inline]
    fn slice(&self, span: Span) -> &str {
        let start = span.start as usize;
        self.text.get(start..start + span.length as usize).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
