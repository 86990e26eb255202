//! Writing a tree back as compact JSON: spans are copied, nothing is re-escaped or re-formatted.

use super::{Kind, Node, NodeId, Tree};

impl Tree {
    /// Appends a value as compact JSON text.
    pub fn write(&self, id: NodeId, out: &mut Vec<u8>) {
        let mut current = id;
        loop {
            let node = self.node(current);
            if current != id && self.is_member(node) {
                out.push(b'"');
                out.extend_from_slice(self.slice(node.key).as_bytes());
                out.extend_from_slice(b"\":");
            }
            if let Some(child) = self.write_head(node, out) {
                current = child;
                continue;
            }
            match self.write_tail(current, id, out) {
                Some(next) => current = next,
                None => return,
            }
        }
    }

    /// Appends a member of an object with its key: `"key":value`.
    pub fn write_member(&self, id: NodeId, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.slice(self.node(id).key).as_bytes());
        out.extend_from_slice(b"\":");
        self.write(id, out);
    }

    /// A value as compact JSON text.
    #[must_use]
    pub fn to_json(&self, id: NodeId) -> String {
        // Only the whole document needs about as much as its text: a hundred thousand elements must
        // not take that much each.
        let capacity = if id == self.root() { self.text.len() } else { 0 };
        let mut out = Vec::with_capacity(capacity);
        self.write(id, &mut out);
        // The tree's text is valid UTF-8 and everything between the spans is ASCII.
        String::from_utf8(out).unwrap_or_default()
    }

    fn is_member(&self, node: &Node) -> bool {
        node.parent.some().is_some_and(|parent| self.node(parent).kind == Kind::Object)
    }

    /// Writes a scalar, an empty container, or the opening bracket and returns the first child.
    fn write_head(&self, node: &Node, out: &mut Vec<u8>) -> Option<NodeId> {
        match node.kind {
            Kind::Null => out.extend_from_slice(b"null"),
            Kind::Bool if node.flags & Node::TRUE != 0 => out.extend_from_slice(b"true"),
            Kind::Bool => out.extend_from_slice(b"false"),
            Kind::Number => out.extend_from_slice(self.slice(node.value).as_bytes()),
            Kind::String => {
                out.push(b'"');
                out.extend_from_slice(self.slice(node.value).as_bytes());
                out.push(b'"');
            }
            Kind::Object | Kind::Array => {
                let (open, close) = brackets(node.kind);
                out.push(open);
                let child = node.first_child().some();
                if child.is_none() {
                    out.push(close);
                }
                return child;
            }
        }
        None
    }

    /// After a complete value: the next sibling, closing containers on the way up; `None` at the
    /// top.
    fn write_tail(&self, mut current: NodeId, top: NodeId, out: &mut Vec<u8>) -> Option<NodeId> {
        while current != top {
            let node = self.node(current);
            if let Some(next) = node.next.some() {
                out.push(b',');
                return Some(next);
            }
            current = node.parent;
            out.push(brackets(self.node(current).kind).1);
        }
        None
    }
}

const fn brackets(kind: Kind) -> (u8, u8) {
    match kind {
        Kind::Array => (b'[', b']'),
        _ => (b'{', b'}'),
    }
}
