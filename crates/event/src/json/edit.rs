//! Changing a tree. Every change keeps the index of known keys up to date.

use std::borrow::Cow;
use std::sync::Arc;

use super::vocabulary::hash_and_case;
use super::{Kind, NO_CHILDREN, Node, NodeId, Span, Token, Tree, escape_into};

/// A value to store.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A number in JSON spelling; the caller warrants that it is one.
    Number(&'a str),
    /// Characters.
    String(&'a str),
    /// An empty object.
    Object,
    /// An empty array.
    Array,
}

impl<'a> From<&'a str> for Scalar<'a> {
    fn from(text: &'a str) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Scalar<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Scalar<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl Tree {
    /// Sets a member of an object: the existing one gets the new value, else one is appended.
    pub fn set<'a>(&mut self, object: NodeId, key: &str, value: impl Into<Scalar<'a>>) -> NodeId {
        match self.get(object, key) {
            Some(existing) => {
                self.replace(existing, value);
                existing
            }
            None => self.append(object, key, value),
        }
    }

    /// Adds a member at the end of an object, even when the key exists already.
    pub fn append<'a>(
        &mut self,
        object: NodeId,
        key: &str,
        value: impl Into<Scalar<'a>>,
    ) -> NodeId {
        let id = self.detached(value.into());
        self.label(id, key);
        self.link(object, id);
        id
    }

    /// [`Tree::append`] with a word of the vocabulary as the key, which is neither hashed nor
    /// looked up. A token of another vocabulary gives an empty key.
    pub fn append_word<'a>(
        &mut self,
        object: NodeId,
        token: Token,
        value: impl Into<Scalar<'a>>,
    ) -> NodeId {
        let id = self.detached(value.into());
        let start = self.text.len();
        let plain = match self.vocabulary.known_word(token) {
            Some(word) if word.is_plain => {
                self.text.push_str(&word.text);
                Some(word.hash)
            }
            _ => None,
        };
        if let Some(hash) = plain {
            let key = self.span_since(start);
            let node = self.node_mut(id);
            (node.key, node.hash, node.token) = (key, hash, token);
            self.occurrences.push((token, id));
        } else {
            let vocabulary = Arc::clone(&self.vocabulary);
            self.label(id, vocabulary.word(token).unwrap_or_default());
        }
        self.link(object, id);
        id
    }

    /// Adds an element at the end of an array.
    pub fn push<'a>(&mut self, array: NodeId, value: impl Into<Scalar<'a>>) -> NodeId {
        let id = self.detached(value.into());
        self.link(array, id);
        id
    }

    /// Gives a value a new content; key and place stay. What was below it is gone.
    pub fn replace<'a>(&mut self, id: NodeId, value: impl Into<Scalar<'a>>) {
        let (kind, span, flags) = self.store(value.into());
        self.orphan_children(id);
        let node = self.node_mut(id);
        node.kind = kind;
        node.value = span;
        node.flags = node.flags & Node::OF_KEY | flags;
    }

    /// Turns a value into an array with that value as its only element; key and place stay. The
    /// element has a handle of its own, which is returned; the old one is the array's.
    pub fn wrap(&mut self, id: NodeId) -> NodeId {
        let content = *self.node(id);
        let element = self.detached(Scalar::Null);
        let node = self.node_mut(element);
        (node.kind, node.value) = (content.kind, content.value);
        node.flags = content.flags & !Node::OF_KEY;
        let mut child = self.children(element).next();
        while let Some(current) = child {
            let node = self.node_mut(current);
            node.parent = element;
            child = node.next.some();
        }
        let array = self.node_mut(id);
        (array.kind, array.value) = (Kind::Array, NO_CHILDREN);
        array.flags &= Node::OF_KEY;
        self.link(id, element);
        element
    }

    /// Takes a value out of its container. The root stays.
    pub fn remove(&mut self, id: NodeId) {
        let Some(parent) = self.parent(id) else { return };
        let following = self.node(id).next;
        let previous = self.children(parent).take_while(|child| *child != id).last();
        match previous {
            Some(previous) => self.node_mut(previous).next = following,
            None => self.node_mut(parent).value.start = following.0,
        }
        if self.node(parent).last_child() == id {
            self.node_mut(parent).value.length = previous.unwrap_or(NodeId::NONE).0;
        }
        let node = self.node_mut(id);
        node.parent = NodeId::NONE;
        node.next = NodeId::NONE;
    }

    /// Moves a value, with everything below it, to the end of another container. A target inside
    /// the value itself changes nothing.
    pub fn move_to(&mut self, id: NodeId, container: NodeId) {
        let inside = std::iter::successors(Some(container), |current| self.parent(*current))
            .any(|current| current == id);
        if !inside && id != self.root() {
            self.remove(id);
            self.link(container, id);
        }
    }

    /// Moves the members or elements of `from` that `chosen` picks to the end of `to`, in order and
    /// in one pass. The one that holds `to`, if any, stays. `chosen` may look at a value and its
    /// key; its neighbours are on the move.
    pub fn move_children(
        &mut self,
        from: NodeId,
        to: NodeId,
        mut chosen: impl FnMut(&Self, NodeId) -> bool,
    ) {
        let line = std::iter::successors(Some(to), |current| self.parent(*current));
        let holder = line.take_while(|current| *current != from).last().unwrap_or(from);
        let mut next = self.children(from).next();
        if from == to || next.is_none() {
            return;
        }
        self.node_mut(from).value = NO_CHILDREN;
        while let Some(id) = next {
            next = self.node(id).next.some();
            let target = if id != holder && chosen(self, id) { to } else { from };
            self.link(target, id);
        }
    }

    /// Gives a member another key.
    pub fn rename(&mut self, id: NodeId, key: &str) {
        let token = self.spell(id, key);
        if token != Token::NONE && !self.occurrences.contains(&(token, id)) {
            self.occurrences.push((token, id));
        }
    }

    /// Copies a scalar, array or object to a new last member of `object`; one of that key goes
    /// away.
    pub fn copy_to(&mut self, id: NodeId, object: NodeId, key: &str) -> NodeId {
        // Copied first, linked later: a copy below its own source must not see itself.
        let copy = self.detached(Scalar::Null);
        self.copy_value(id, copy);
        if let Some(existing) = self.get(object, key) {
            self.remove(existing);
        }
        self.label(copy, key);
        self.link(object, copy);
        copy
    }

    /// Copies a value of another tree, with everything below it, to the end of an object (with this
    /// key) or an array (the key is not used). The spelling stays.
    pub fn graft(&mut self, container: NodeId, key: &str, from: &Self, id: NodeId) -> NodeId {
        let copy = self.detached(Scalar::Null);
        if self.kind(container) == Kind::Object {
            self.label(copy, key);
        }
        let mut pending = vec![(id, copy)];
        while let Some((source, target)) = pending.pop() {
            let node = *from.node(source);
            let is_container = matches!(node.kind, Kind::Object | Kind::Array);
            let value =
                if is_container { NO_CHILDREN } else { self.store_plain(from.slice(node.value)) };
            let copy = self.node_mut(target);
            (copy.kind, copy.value) = (node.kind, value);
            copy.flags = copy.flags & Node::OF_KEY | node.flags & !Node::OF_KEY;
            for child in from.children(source) {
                let fresh = self.detached(Scalar::Null);
                if node.kind == Kind::Object {
                    self.label(fresh, &from.key(child));
                }
                self.link(target, fresh);
                pending.push((child, fresh));
            }
        }
        self.link(container, copy);
        copy
    }

    /// [`Tree::graft`] of what nobody asks for by word: keys keep their spelling and are not looked
    /// up in the vocabulary. `key` of `None` is the value's own.
    pub fn graft_as_is(
        &mut self,
        container: NodeId,
        key: Option<&str>,
        from: &Self,
        id: NodeId,
    ) -> NodeId {
        let copy = self.plain_copy(from, id);
        if let Some(key) = key {
            self.label(copy, key);
        }
        self.link(container, copy);
        let (mut source, mut target) = (id, copy);
        loop {
            if let Some(child) = from.children(source).next() {
                (source, target) = (child, self.graft_alone(target, from, child));
                continue;
            }
            // Up to the next one that has a neighbour; copies hang where their sources do.
            loop {
                if source == id {
                    return copy;
                }
                let parent = self.node(target).parent;
                if let Some(next) = from.next(source) {
                    (source, target) = (next, self.graft_alone(parent, from, next));
                    break;
                }
                (source, target) = (from.node(source).parent, parent);
            }
        }
    }

    /// Copies a value of another tree without what is below it to the end of an object or array,
    /// under its own key: [`Tree::graft_as_is`].
    pub fn graft_alone(&mut self, container: NodeId, from: &Self, id: NodeId) -> NodeId {
        let copy = self.plain_copy(from, id);
        self.link(container, copy);
        copy
    }

    /// A value of another tree with its key, without what is below it.
    fn plain_copy(&mut self, from: &Self, id: NodeId) -> NodeId {
        let node = *from.node(id);
        let key = self.store_plain(from.slice(node.key));
        let value = match node.kind {
            Kind::Object | Kind::Array => NO_CHILDREN,
            _ => self.store_plain(from.slice(node.value)),
        };
        let copy = self.detached(Scalar::Null);
        let place = self.node_mut(copy);
        *place = Node {
            key,
            value,
            token: Token::NONE,
            parent: NodeId::NONE,
            next: NodeId::NONE,
            ..node
        };
        copy
    }

    fn copy_value(&mut self, from: NodeId, to: NodeId) {
        let mut pending = vec![(from, to)];
        while let Some((source, target)) = pending.pop() {
            let node = *self.node(source);
            let container = matches!(node.kind, Kind::Object | Kind::Array);
            let copy = self.node_mut(target);
            copy.kind = node.kind;
            copy.value = if container { NO_CHILDREN } else { node.value };
            copy.flags = copy.flags & Node::OF_KEY | node.flags & !Node::OF_KEY;
            if container {
                let children: Vec<NodeId> = self.children(source).collect();
                for child in children {
                    let label = *self.node(child);
                    let id = self.detached(Scalar::Null);
                    let fresh = self.node_mut(id);
                    fresh.key = label.key;
                    fresh.hash = label.hash;
                    fresh.token = label.token;
                    fresh.flags |= label.flags & Node::OF_KEY;
                    if label.token != Token::NONE {
                        self.occurrences.push((label.token, id));
                    }
                    self.link(target, id);
                    pending.push((child, id));
                }
            }
        }
    }

    fn detached(&mut self, value: Scalar<'_>) -> NodeId {
        let (kind, span, flags) = self.store(value);
        // A tree of 2^32 nodes cannot come out of a 4 GiB text; the last number is never handed
        // out.
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX - 1));
        self.nodes.push(Node {
            key: Span::default(),
            value: span,
            parent: NodeId::NONE,
            next: NodeId::NONE,
            hash: 0,
            token: Token::NONE,
            kind,
            flags,
        });
        id
    }

    /// Gives a new value its key.
    fn label(&mut self, id: NodeId, key: &str) {
        let token = self.spell(id, key);
        if token != Token::NONE {
            self.occurrences.push((token, id));
        }
    }

    fn spell(&mut self, id: NodeId, key: &str) -> Token {
        let (hash, odd) = hash_and_case(key.as_bytes());
        let token = self.vocabulary.token_hashed(key.as_bytes(), hash);
        let (span, escaped) = self.store_text(key);
        let node = self.node_mut(id);
        node.key = span;
        node.hash = hash;
        node.token = token;
        node.flags &= !Node::OF_KEY;
        node.flags |= Node::key_flags(escaped, odd);
        token
    }

    fn link(&mut self, container: NodeId, id: NodeId) {
        let last = self.node(container).last_child();
        debug_assert!(matches!(self.kind(container), Kind::Object | Kind::Array));
        self.node_mut(container).value.length = id.0;
        if last == NodeId::NONE {
            self.node_mut(container).value.start = id.0;
        } else {
            self.node_mut(last).next = id;
        }
        let node = self.node_mut(id);
        node.parent = container;
        node.next = NodeId::NONE;
    }

    fn orphan_children(&mut self, id: NodeId) {
        let mut child = self.children(id).next();
        while let Some(current) = child {
            let node = self.node_mut(current);
            node.parent = NodeId::NONE;
            child = std::mem::replace(&mut node.next, NodeId::NONE).some();
        }
    }

    fn store(&mut self, value: Scalar<'_>) -> (Kind, Span, u8) {
        match value {
            Scalar::Null => (Kind::Null, Span::default(), 0),
            Scalar::Bool(true) => (Kind::Bool, Span::default(), Node::TRUE),
            Scalar::Bool(false) => (Kind::Bool, Span::default(), 0),
            Scalar::Object => (Kind::Object, NO_CHILDREN, 0),
            Scalar::Array => (Kind::Array, NO_CHILDREN, 0),
            Scalar::Number(text) => (Kind::Number, self.store_plain(text), 0),
            Scalar::Integer(number) => {
                let start = self.text.len();
                // Writing to a String cannot fail.
                let _ = std::fmt::Write::write_fmt(&mut self.text, format_args!("{number}"));
                (Kind::Number, self.span_since(start), 0)
            }
            Scalar::String(text) => {
                let (span, escaped) = self.store_text(text);
                (Kind::String, span, if escaped { Node::VALUE_ESCAPED } else { 0 })
            }
        }
    }

    fn store_plain(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        self.span_since(start)
    }

    fn store_text(&mut self, plain: &str) -> (Span, bool) {
        let start = self.text.len();
        let escaped = escape_into(plain, &mut self.text);
        (self.span_since(start), escaped)
    }

    fn span_since(&self, start: usize) -> Span {
        let length = self.text.len() - start;
        // Documents are limited to far less than 4 GiB; a span beyond reads as empty text.
        Span {
            start: u32::try_from(start).unwrap_or_default(),
            length: u32::try_from(length).unwrap_or_default(),
        }
    }

    /// A copy of a string's characters that outlives a change of the tree; see
    /// [`Tree::scalar_text`].
    #[must_use]
    pub fn owned_text(&self, id: NodeId) -> Option<String> {
        self.scalar_text(id).map(Cow::into_owned)
    }
}
