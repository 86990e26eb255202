//! Finding the best of several keys, wherever they stand: the words in order of preference, and
//! within a word the members at the top of the event (the shell or a direct member of `details`)
//! before those that a deeper object happens to have. One walk over the index, however many words.

use headwater_event::json::{NodeId, Token, Tree, Vocabulary};

/// A list of words, bound to a vocabulary.
#[derive(Debug, Default)]
pub(crate) struct RankedKeys {
    /// Rank by token; `NOT_LISTED` for the words of others.
    ranks: Vec<u8>,
}

const NOT_LISTED: u8 = u8::MAX;

/// A member whose key is listed. Ordered from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RankedMember {
    /// Place of the key in the list.
    pub(crate) rank: u8,
    /// Whether it is neither at the top of the event nor a direct member of `details`.
    pub(crate) is_deep: bool,
    /// Document order: members of one rank and depth are tried as they come.
    place: usize,
    pub(crate) id: NodeId,
}

impl RankedKeys {
    /// The list of `words`, best first; at most 255.
    pub(crate) fn new<'a>(
        vocabulary: &Vocabulary,
        words: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut ranks = vec![NOT_LISTED; vocabulary.words().count()];
        for (rank, word) in (0..NOT_LISTED).zip(words) {
            let slot = vocabulary.token(word).and_then(|token| ranks.get_mut(token.index()));
            if let Some(slot @ &mut NOT_LISTED) = slot {
                *slot = rank;
            }
        }
        Self { ranks }
    }

    /// The members of the event with a listed key, best first.
    pub(crate) fn members(&self, json: &Tree, details: NodeId) -> Vec<RankedMember> {
        let members = self.ranked(json, details, json.known_members());
        let are_alike = |pair: &[RankedMember]| match pair {
            [one, other] => (one.rank, one.is_deep) == (other.rank, other.is_deep),
            _ => false,
        };
        if !members.windows(2).any(are_alike) {
            return members;
        }
        // The index is in the order of the source; what counts is the order that everybody sees.
        let known = json.descendants(json.root()).filter_map(|id| Some((json.token(id)?, id)));
        self.ranked(json, details, known)
    }

    fn ranked(
        &self,
        json: &Tree,
        details: NodeId,
        known: impl Iterator<Item = (Token, NodeId)>,
    ) -> Vec<RankedMember> {
        let rank_of = |(place, (token, id)): (usize, (Token, NodeId))| {
            let rank = *self.ranks.get(token.index()).filter(|rank| **rank != NOT_LISTED)?;
            let parent = json.parent(id);
            let is_deep = parent != Some(details) && parent != Some(json.root());
            let is_there = !is_deep || json.is_attached(id);
            is_there.then_some(RankedMember { rank, is_deep, place, id })
        };
        let mut members: Vec<_> = known.enumerate().filter_map(rank_of).collect();
        members.sort_unstable();
        members
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::sync::Arc;

    use headwater_event::json::{ParseLimits, Tree, Vocabulary};

    use super::RankedKeys;

    #[test]
    fn orders_by_word_then_depth_then_document() {
        let vocabulary = Arc::new(Vocabulary::new(["time", "start", "other"]));
        let keys = RankedKeys::new(&vocabulary, ["time", "start", "unknown"]);
        let mut tree = Tree::new(vocabulary);
        let source = br#"{"other":0,"details":{"start":1,"x":{"time":2},"time":3,"y":[{"time":4}]},
            "time":5,"z":{"time":6}}"#;
        tree.parse(source, ParseLimits::default()).unwrap();
        tree.remove(tree.lookup("z").unwrap());
        let members = keys.members(&tree, tree.lookup("details").unwrap());
        let values: Vec<_> = members.iter().map(|member| tree.as_i64(member.id).unwrap()).collect();
        assert_eq!(values, [3, 5, 2, 4, 1]);
        let (x, y) = (tree.lookup("details.x").unwrap(), tree.lookup("details.y").unwrap());
        tree.move_to(x, y);
        let members = keys.members(&tree, tree.lookup("details").unwrap());
        let values: Vec<_> = members.iter().map(|member| tree.as_i64(member.id).unwrap()).collect();
        assert_eq!(values, [3, 5, 4, 2, 1]);
        assert!(RankedKeys::default().members(&tree, tree.root()).is_empty());
    }
}
