//! One broken rule: where, and what to do about it.

use std::fmt;

/// A place in the repository that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// `path` or `path:line`, from the root of the repository.
    place: String,
    /// The rule and the remedy.
    problem: String,
}

impl Finding {
    /// A finding about a whole file.
    pub(crate) fn of_file(path: &str, problem: impl Into<String>) -> Self {
        Self { place: path.to_owned(), problem: problem.into() }
    }

    /// A finding about a line, counted from 1.
    pub(crate) fn of_line(path: &str, line: usize, problem: impl Into<String>) -> Self {
        Self { place: format!("{path}:{line}"), problem: problem.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.problem)
    }
}
