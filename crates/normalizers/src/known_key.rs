//! A key that a plugin reads and writes in every event: its token is looked up once, when the
//! plugin is bound, so that neither finding nor adding the member walks, hashes or compares
//! anything.

use headwater_event::json::{NodeId, Scalar, Token, Tree, Vocabulary};

/// A key by name and, once bound, by token. It must be among the words of its plugin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownKey {
    pub(crate) name: &'static str,
    token: Option<Token>,
}

impl KnownKey {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, token: None }
    }

    pub(crate) fn bind(&mut self, vocabulary: &Vocabulary) {
        self.token = vocabulary.token(self.name);
    }

    /// The member of `object` with this key.
    pub(crate) fn find(&self, json: &Tree, object: NodeId) -> Option<NodeId> {
        match self.token {
            Some(token) => json.member(object, token),
            None => json.get(object, self.name),
        }
    }

    /// Adds a member with this key, which `object` must not have yet.
    pub(crate) fn append<'a>(
        &self,
        json: &mut Tree,
        object: NodeId,
        value: impl Into<Scalar<'a>>,
    ) -> NodeId {
        match self.token {
            Some(token) => json.append_word(object, token, value),
            None => json.append(object, self.name, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use headwater_event::json::{Tree, Vocabulary};

    use super::KnownKey;

    #[test]
    fn finds_and_appends_bound_or_not() {
        for words in [&["srcip"][..], &[]] {
            let vocabulary = Arc::new(Vocabulary::new(words.iter().copied()));
            let mut key = KnownKey::new("srcip");
            key.bind(&vocabulary);
            let mut tree = Tree::new(vocabulary);
            let root = tree.root();
            assert_eq!(key.find(&tree, root), None);
            let id = key.append(&mut tree, root, "x");
            assert_eq!(key.find(&tree, root), Some(id));
            assert_eq!(tree.to_json(tree.root()), r#"{"srcip":"x"}"#);
        }
    }
}
