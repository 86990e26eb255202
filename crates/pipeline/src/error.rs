//! What can be wrong with a set of plugins.

use headwater_event::ErrorKind;
use headwater_event::json::Vocabulary;

/// A pipeline that cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// Two plugins of one kind have the same name; the audit trail could not tell them apart.
    #[error("two {kind} plugins are called `{name}`: rename one of them")]
    DuplicateName {
        /// `normalization` or `enrichment`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The plugins together register more words than the key index holds.
    #[error("plugins register {words} words, more than {max}")]
    TooManyWords {
        /// Distinct words asked for.
        words: usize,
        /// The limit.
        max: usize,
    },
    /// The mappings together are recognised by more keys than are looked for.
    #[error("mappings are recognised by {keys} keys, more than {max}")]
    TooManyKeys {
        /// Distinct keys.
        keys: usize,
        /// The limit.
        max: usize,
    },
    /// Plugins of a user's folder are wrong.
    #[cfg(feature = "vrl")]
    #[error(transparent)]
    Vrl(#[from] crate::vrl::VrlError),
}

impl PipelineError {
    /// What the caller should do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::DuplicateName { .. } | Self::TooManyWords { .. } | Self::TooManyKeys { .. } => {
                ErrorKind::Invalid
            }
            #[cfg(feature = "vrl")]
            Self::Vrl(error) => error.kind(),
        }
    }

    /// Refuses more words than the index holds.
    pub(crate) const fn check_words(words: usize) -> Result<(), Self> {
        if words > Vocabulary::WORDS_MAX {
            return Err(Self::TooManyWords { words, max: Vocabulary::WORDS_MAX });
        }
        Ok(())
    }
}
