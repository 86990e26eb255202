//! Which part of a document is converted for a program.

use vrl::path::{OwnedSegment, OwnedTargetPath, OwnedValuePath, PathPrefix};
use vrl::value::KeyString;

/// The part of a document that is converted for a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// The value and everything below it.
    All,
    /// Of an object only these members; a value of another type as a whole.
    Members(Vec<(KeyString, Selection)>),
}

impl Selection {
    /// What a program reads by path in one of its documents. A path that is only assigned needs no
    /// conversion, unless it names an element: then the array around it is needed.
    pub(super) fn of(
        document: PathPrefix,
        queries: &[OwnedTargetPath],
        assignments: &[OwnedTargetPath],
    ) -> Self {
        let mut selection = Self::Members(Vec::new());
        let of_document = |path: &&OwnedTargetPath| path.prefix == document;
        for path in queries.iter().filter(of_document) {
            selection.add(&path.path.segments);
        }
        let by_element =
            |path: &&OwnedTargetPath| fields_of(&path.path).len() < path.path.segments.len();
        for path in assignments.iter().filter(of_document).filter(by_element) {
            selection.add(&path.path.segments);
        }
        selection
    }

    fn add(&mut self, path: &[OwnedSegment]) {
        let Self::Members(members) = self else { return };
        let Some((OwnedSegment::Field(name), rest)) = path.split_first() else {
            *self = Self::All;
            return;
        };
        match members.iter_mut().find(|(member, _)| member == name) {
            Some((_, selection)) => selection.add(rest),
            None => {
                let mut selection = Self::Members(Vec::new());
                selection.add(rest);
                members.push((name.clone(), selection));
            }
        }
    }

    /// Whether nothing is converted.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Members(members) if members.is_empty())
    }

    /// What is selected of a member.
    pub(super) fn of_member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::All => Some(&Self::All),
            Self::Members(members) => {
                let mut members = members.iter();
                members.find(|(member, _)| member.as_str() == name).map(|(_, selection)| selection)
            }
        }
    }

    /// Whether the value at a path was converted as a whole.
    pub(super) fn covers(&self, path: &[OwnedSegment]) -> bool {
        match (self, path.split_first()) {
            (Self::All, _) => true,
            (Self::Members(_), Some((OwnedSegment::Field(name), rest))) => {
                self.of_member(name).is_some_and(|selection| selection.covers(rest))
            }
            (Self::Members(_), _) => false,
        }
    }
}

/// What is converted of the two documents of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selections {
    /// Of `.`.
    pub(super) event: Selection,
    /// Of `%`.
    pub(super) metadata: Selection,
}

impl Selections {
    /// For a program that reaches beyond what it mentions. A program that does not mention `%` at
    /// all reaches beyond in the event only.
    pub(super) fn widened(&self) -> Self {
        let metadata = match self.metadata.is_empty() {
            true => self.metadata.clone(),
            false => Selection::All,
        };
        Self { event: Selection::All, metadata }
    }
}

/// The leading members of a path, up to the first element of an array.
pub(super) fn fields_of(path: &OwnedValuePath) -> &[OwnedSegment] {
    let is_field = |segment: &OwnedSegment| matches!(segment, OwnedSegment::Field(_));
    let end = path.segments.iter().position(|segment| !is_field(segment));
    end.and_then(|end| path.segments.get(..end)).unwrap_or(&path.segments)
}
