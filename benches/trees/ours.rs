//! Headwater's own flat tree.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use headwater_event::json::{ParseLimits, Scalar, Token, Tree, Vocabulary};

use super::{ADDED, Candidate, SHELL, WANTED};

pub(super) struct Ours {
    tree: Tree,
    wanted: Vec<Token>,
}

impl Default for Ours {
    fn default() -> Self {
        let vocabulary = Arc::new(Vocabulary::new(WANTED));
        Self {
            wanted: WANTED.iter().filter_map(|word| vocabulary.token(word)).collect(),
            tree: Tree::new(vocabulary),
        }
    }
}

impl Candidate for Ours {
    fn name(&self) -> &'static str {
        "Headwater's `Tree`"
    }

    fn parse(&mut self, line: &[u8]) -> Result<()> {
        self.tree.parse(line, ParseLimits::default()).context("not JSON")
    }

    fn process(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<usize> {
        self.parse(line)?;
        let tree = &mut self.tree;
        let root = tree.root();
        tree.lowercase_keys();
        let mut found = 0;
        for token in &self.wanted {
            for id in tree.find(*token) {
                found += tree.scalar_text(id).map_or(0, |text| text.len());
            }
        }
        let details = tree.append(root, "details", Scalar::Object);
        tree.move_children(root, details, |tree, member| !SHELL.contains(&&*tree.key(member)));
        for (key, value) in ADDED {
            tree.set(root, key, value);
        }
        tree.write(root, out);
        Ok(found)
    }
}
