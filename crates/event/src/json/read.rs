//! Reading a tree: members, elements, paths, scalars, and the index of known keys.

use std::borrow::Cow;

use super::vocabulary::hash_key;
use super::{Kind, Node, NodeId, Token, Tree, unescape};

/// The children of an object or array, in order.
#[derive(Debug, Clone)]
pub struct Children<'a> {
    tree: &'a Tree,
    next: NodeId,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        let current = self.next.some()?;
        self.next = self.tree.node(current).next;
        Some(current)
    }
}

/// A value and everything below it, each container before its children.
#[derive(Debug, Clone)]
pub struct Descendants<'a> {
    tree: &'a Tree,
    top: NodeId,
    next: NodeId,
}

impl Iterator for Descendants<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        let current = self.next.some()?;
        let node = self.tree.node(current);
        let mut following = match node.kind {
            Kind::Object | Kind::Array => node.first_child(),
            _ => NodeId::NONE,
        };
        let mut climb = current;
        while following == NodeId::NONE && climb != self.top {
            let node = self.tree.node(climb);
            following = node.next;
            climb = node.parent;
        }
        self.next = following;
        Some(current)
    }
}

impl Tree {
    /// The JSON type of a value.
    #[must_use]
    #[inline]
    pub fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    /// The object or array that holds a value; `None` for the root and for removed values.
    #[must_use]
    #[inline]
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).parent.some()
    }

    /// Members of an object or elements of an array; nothing for scalars.
    #[must_use]
    #[inline]
    pub fn children(&self, id: NodeId) -> Children<'_> {
        let node = self.node(id);
        let next = match node.kind {
            Kind::Object | Kind::Array => node.first_child(),
            _ => NodeId::NONE,
        };
        Children { tree: self, next }
    }

    /// The member or element after a value in its container: for walks that change the tree.
    #[must_use]
    pub fn next(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).next.some()
    }

    /// A value and everything below it.
    #[must_use]
    pub fn descendants(&self, id: NodeId) -> Descendants<'_> {
        Descendants { tree: self, top: id, next: id }
    }

    /// The key of a member, unescaped; empty for elements and the root.
    #[must_use]
    #[inline]
    pub fn key(&self, id: NodeId) -> Cow<'_, str> {
        let node = self.node(id);
        let key = self.slice(node.key);
        if node.flags & Node::KEY_ESCAPED == 0 { Cow::Borrowed(key) } else { unescape(key) }
    }

    /// The word of the vocabulary that is the key of a member, in any ASCII case.
    #[must_use]
    #[inline]
    pub fn token(&self, id: NodeId) -> Option<Token> {
        Some(self.node(id).token).filter(|token| *token != Token::NONE)
    }

    /// The member of an object with exactly this key (the first one when the source had several).
    #[must_use]
    pub fn get(&self, object: NodeId, key: &str) -> Option<NodeId> {
        if self.node(object).kind != Kind::Object {
            return None;
        }
        let hash = hash_key(key.as_bytes());
        self.children(object).find(|&child| self.node(child).hash == hash && self.key(child) == key)
    }

    /// The member of an object with a key known to the vocabulary, in any ASCII case: [`Tree::get`]
    /// without the walk over the members.
    #[must_use]
    #[inline]
    pub fn member(&self, object: NodeId, token: Token) -> Option<NodeId> {
        let is_wanted =
            |&(known, id): &(Token, NodeId)| known == token && self.parent(id) == Some(object);
        self.known_members().find(is_wanted).map(|(_, id)| id)
    }

    /// The member of an object whose key is exactly a word of the vocabulary: [`Tree::get`] without
    /// a look at texts.
    #[must_use]
    #[inline]
    pub fn child(&self, object: NodeId, word: Token) -> Option<NodeId> {
        // Words are in lower case, so a key without a capital is spelled as its word.
        let is_wanted = |id: &NodeId| {
            let node = self.node(*id);
            node.token == word && node.flags & Node::KEY_ODD == 0
        };
        match self.node(object).kind {
            Kind::Object => self.children(object).find(is_wanted),
            _ => None,
        }
    }

    /// The word of the vocabulary that is exactly the key of a member.
    #[must_use]
    #[inline]
    pub fn word(&self, id: NodeId) -> Option<Token> {
        let node = self.node(id);
        (node.token != Token::NONE && node.flags & Node::KEY_ODD == 0).then_some(node.token)
    }

    /// The hash of a member's key, equal for spellings that differ in ASCII case only:
    /// [`super::hash_key`].
    #[must_use]
    #[inline]
    pub fn key_hash(&self, id: NodeId) -> u32 {
        self.node(id).hash
    }

    /// How many values there are at most, removed ones among them: above every
    /// [`NodeId::index`].
    #[must_use]
    pub const fn capacity_used(&self) -> usize {
        self.nodes.len()
    }

    /// The element of an array at `index`, counted from 0.
    #[must_use]
    pub fn element(&self, array: NodeId, index: usize) -> Option<NodeId> {
        (self.node(array).kind == Kind::Array).then(|| self.children(array).nth(index)).flatten()
    }

    /// Follows a dotted path from the root, for example `details.events.0.name`; numbers index
    /// arrays.
    #[must_use]
    pub fn lookup(&self, path: &str) -> Option<NodeId> {
        self.lookup_from(self.root(), path)
    }

    /// Follows a dotted path from `start`.
    #[must_use]
    pub fn lookup_from(&self, start: NodeId, path: &str) -> Option<NodeId> {
        path.split('.').try_fold(start, |current, step| match self.node(current).kind {
            Kind::Object => self.get(current, step),
            Kind::Array => self.element(current, step.parse().ok()?),
            _ => None,
        })
    }

    /// The characters of a string; `None` for other types.
    #[must_use]
    #[inline]
    pub fn as_str(&self, id: NodeId) -> Option<Cow<'_, str>> {
        let node = self.node(id);
        if node.kind != Kind::String {
            return None;
        }
        let text = self.slice(node.value);
        Some(if node.flags & Node::VALUE_ESCAPED == 0 {
            Cow::Borrowed(text)
        } else {
            unescape(text)
        })
    }

    /// A number's source text; `None` for other types.
    #[must_use]
    #[inline]
    pub fn as_number(&self, id: NodeId) -> Option<&str> {
        let node = self.node(id);
        (node.kind == Kind::Number).then(|| self.slice(node.value))
    }

    /// A boolean; `None` for other types.
    #[must_use]
    pub fn as_bool(&self, id: NodeId) -> Option<bool> {
        let node = self.node(id);
        (node.kind == Kind::Bool).then_some(node.flags & Node::TRUE != 0)
    }

    /// A number that is a 64-bit signed integer.
    #[must_use]
    pub fn as_i64(&self, id: NodeId) -> Option<i64> {
        self.as_number(id)?.parse().ok()
    }

    /// The text of any scalar: a string's characters, a number as written, `true` or `false`.
    /// `None` for null, arrays and objects.
    #[must_use]
    pub fn scalar_text(&self, id: NodeId) -> Option<Cow<'_, str>> {
        let node = self.node(id);
        match node.kind {
            Kind::String => self.as_str(id),
            Kind::Number => Some(Cow::Borrowed(self.slice(node.value))),
            Kind::Bool if node.flags & Node::TRUE != 0 => Some(Cow::Borrowed("true")),
            Kind::Bool => Some(Cow::Borrowed("false")),
            Kind::Null | Kind::Array | Kind::Object => None,
        }
    }

    /// Whether a key known to the vocabulary occurs anywhere in the document.
    #[must_use]
    pub fn has(&self, token: Token) -> bool {
        self.find(token).next().is_some()
    }

    /// Members with this key at any depth, in document order (values added later come last).
    pub fn find(&self, token: Token) -> impl Iterator<Item = NodeId> + '_ {
        self.occurrences
            .iter()
            .filter(move |(word, _)| *word == token)
            .map(|(_, id)| *id)
            .filter(move |id| self.node(*id).token == token && self.is_attached(*id))
    }

    /// Every member whose key the vocabulary knows, in the order of [`Tree::find`]: one walk for
    /// those who ask for many words. May hold values that were removed since; see
    /// [`Tree::is_attached`].
    #[inline]
    pub fn known_members(&self) -> impl Iterator<Item = (Token, NodeId)> + '_ {
        self.occurrences.iter().copied().filter(|(token, id)| self.node(*id).token == *token)
    }

    /// Whether the value still hangs below the root.
    #[must_use]
    pub fn is_attached(&self, id: NodeId) -> bool {
        let mut current = id;
        while current != self.root() {
            match self.node(current).parent.some() {
                Some(parent) => current = parent,
                None => return false,
            }
        }
        true
    }

    /// Number of levels of objects and arrays above a value.
    #[must_use]
    pub fn depth(&self, id: NodeId) -> usize {
        std::iter::successors(self.parent(id), |current| self.parent(*current)).count()
    }
}
