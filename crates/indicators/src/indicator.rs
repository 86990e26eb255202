//! One indicator: what it is, how it was given, and the ranges of keys it asks for.

use std::sync::Arc;

use headwater_event::ErrorKind;

use crate::detect;
use crate::form::Form;
use crate::kind::Kind;
use crate::range::KeyRange;

/// Longest text that is read as an indicator.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// What is searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicator {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) given: String,
    pub(crate) note: Option<Note>,
    pub(crate) ranges: Arc<[KeyRange]>,
}

/// What was changed or left out when an indicator was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Note {
    /// A network had bits set behind its length: it is searched without them.
    HostBits,
    /// A port was given: hosts are searched, whatever the port.
    Port,
    /// The comparison stood in a pattern of several that all have to hold; it is searched alone.
    PartOfPattern,
}

impl Note {
    /// The note as a sentence without full stop.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::HostBits => "the network is searched, not the address in it",
            Self::Port => "searched on every port",
            Self::PartOfPattern => "searched without the other conditions of its pattern",
        }
    }
}

/// Why a text is no indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IndicatorError {
    /// Nothing but blanks.
    #[error("empty")]
    Empty,
    /// Longer than any indicator.
    #[error("longer than {TEXT_BYTES_MAX} bytes")]
    TooLong,
    /// An address with something behind a slash that is no length of a network.
    #[error("not a network: the length does not fit the address")]
    Network,
    /// The text is not what it was said to be.
    #[error("not a valid {}", .0.name())]
    Form(Form),
    /// Several words, or what looks like nothing that is known.
    #[error("not understood: say what it is, as in `user:` or `file:` before it")]
    Unknown,
}

impl IndicatorError {
    /// What the caller should do: correct the text.
    #[must_use]
    pub const fn kind(self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

impl Indicator {
    /// Reads an indicator, whose form is seen or stands before it (`user:alice`).
    ///
    /// Defanged text is understood unless it is said to be a file, a user or other text. What is
    /// what, in this order: address or network; digest by its length; MAC address; URL; CVE and key
    /// of a registry; path; `DOMAIN\user`; e-mail address, also searched as a user's name;
    /// `*.domain`; URL without scheme; name of a file by its ending, where no domain ends so;
    /// domain, perhaps with a port, also searched as a user's name (`john.doe`) and, unless most
    /// domains end so, as a file's (`setup.zip`); a single word: user, host, or any text that is
    /// just this word.
    ///
    /// # Errors
    ///
    /// When the text is nothing of this, or not what stands before it.
    pub fn parse(text: &str) -> Result<Self, IndicatorError> {
        let trimmed = checked(text)?;
        let named = trimmed.split_once(':').and_then(|(name, rest)| {
            // `host:8080` could be both; a port is no name.
            let form = Form::from_name(name)?;
            (!rest.trim().is_empty()).then_some((form, rest.trim()))
        });
        match named {
            Some((form, rest)) => {
                let rest =
                    if form == Form::File { rest.strip_prefix("//").unwrap_or(rest) } else { rest };
                detect::read_as(form, rest, text)
            }
            None => detect::read(trimmed, text),
        }
    }

    /// Reads an indicator that is said to be of a form.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn parse_as(form: Form, text: &str) -> Result<Self, IndicatorError> {
        detect::read_as(form, checked(text)?, text)
    }

    /// What it is; where several things are searched, the first of them.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The indicator as people write it, normalised.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text that it was read from.
    #[must_use]
    pub fn given(&self) -> &str {
        &self.given
    }

    /// What was changed or left out.
    #[must_use]
    pub const fn note(&self) -> Option<Note> {
        self.note
    }

    /// The keys that it matches: a few ranges, which do not overlap.
    pub fn ranges(&self) -> impl Iterator<Item = &KeyRange> {
        self.ranges.iter()
    }
}

fn checked(text: &str) -> Result<&str, IndicatorError> {
    let trimmed = text.trim();
    let unquoted = ['"', '\'', '`']
        .into_iter()
        .find_map(|quote| trimmed.strip_prefix(quote)?.strip_suffix(quote))
        .map_or(trimmed, str::trim);
    match unquoted.len() {
        0 => Err(IndicatorError::Empty),
        length if length > TEXT_BYTES_MAX => Err(IndicatorError::TooLong),
        _ => Ok(unquoted),
    }
}
