//! What is wrong with the settings, said so that it can be corrected: where, which setting, what
//! instead.

use std::fmt;
use std::path::PathBuf;

use headwater_event::ErrorKind;
use thiserror::Error;

use crate::load::FILE_BYTES_MAX;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A settings file; line and column count from 1, and are absent when the file as a whole is
    /// meant.
    File {
        /// The file, as it was named.
        file: PathBuf,
        /// Line and column.
        position: Option<(usize, usize)>,
    },
    /// An environment variable.
    Variable(&'static str),
    /// An option of the command line.
    Flag(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, position: None } => write!(formatter, "{}", file.display()),
            Self::File { file, position: Some((line, column)) } => {
                write!(formatter, "{}:{line}:{column}", file.display())
            }
            Self::Variable(name) => write!(formatter, "environment variable {name}"),
            Self::Flag(name) => write!(formatter, "option {name}"),
        }
    }
}

/// One setting that cannot be used. Prints as
/// `headwater.yaml:4:3: query.timout: there is no such setting (did you mean `timeout`?)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where the value stands.
    pub place: Place,
    /// Path of the setting, `query.timeout`; empty when the file as a whole is meant.
    pub path: String,
    /// What is wrong; never shows the value of a storage option.
    pub message: String,
    /// What to write instead, when that can be told.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.place)?;
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// Settings that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The settings file cannot be read.
    #[error("failed to read settings file `{}`", .path.display())]
    Read {
        /// The file, as it was named.
        path: PathBuf,
        /// Answer of the operating system.
        source: std::io::Error,
    },
    /// The settings file is too large to be one.
    #[error("settings file `{}` is larger than {FILE_BYTES_MAX} bytes", .path.display())]
    TooLarge {
        /// The file, as it was named.
        path: PathBuf,
    },
    /// Settings are wrong; all that were found, in the order of the file. At least one.
    #[error("{}", lines(.0))]
    Invalid(Vec<Problem>),
    /// A secret is to come from an environment variable that is not set or is not text.
    #[error("{setting}: environment variable `{variable}` is not set")]
    SecretVariable {
        /// Path of the setting.
        setting: String,
        /// Name of the variable.
        variable: String,
    },
    /// A secret is to come from a file that cannot be read.
    #[error("{setting}: failed to read secret file `{}`", .path.display())]
    SecretFile {
        /// Path of the setting.
        setting: String,
        /// The file.
        path: PathBuf,
        /// Answer of the operating system.
        source: std::io::Error,
    },
}

impl ConfigError {
    /// What the caller should do about this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid(_) | Self::TooLarge { .. } => ErrorKind::Invalid,
            Self::SecretVariable { .. } => ErrorKind::NotFound,
            Self::Read { source, .. } | Self::SecretFile { source, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                std::io::ErrorKind::PermissionDenied => ErrorKind::Denied,
                std::io::ErrorKind::InvalidData => ErrorKind::Invalid,
                _ => ErrorKind::Unavailable,
            },
        }
    }
}

/// A text that is not the value it should be; says how one is written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ValueError(String);

impl ValueError {
    /// Takes the message.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The known name that is most like `name`, as a question; else all of them.
pub(crate) fn suggest(name: &str, known: &[&str]) -> Option<String> {
    let all = || (!known.is_empty()).then(|| format!("known are {}", known.join(", ")));
    suggest_nearest(name, known).or_else(all)
}

/// The known name that is most like `name`, as a question; nothing when none is like it.
pub(crate) fn suggest_nearest(name: &str, known: &[&str]) -> Option<String> {
    // At most a third of the letters may differ: enough for a slip of the finger, too few for
    // another word.
    let distance_max = name.chars().count().div_ceil(3);
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= distance_max)
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: &str) {
        let known = ["timeout", "rows_max", "memory_bytes_max"];
        assert_eq!(suggest(name, &known).as_deref(), Some(expected), "{name}");
    }

    #[test]
    fn suggests_a_slip_and_lists_otherwise() {
        check("timout", "did you mean `timeout`?");
        check("tiemout", "did you mean `timeout`?");
        check("row_max", "did you mean `rows_max`?");
        check("limit", "known are timeout, rows_max, memory_bytes_max");
        check("", "known are timeout, rows_max, memory_bytes_max");
        assert_eq!(suggest("x", &[]), None);
    }
}
