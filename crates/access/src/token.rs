//! Tokens and scopes.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::error::AccessError;

/// First characters of every token that Headwater makes: scanners for leaked secrets know them by
/// it.
const PREFIX: &str = "hw_";

/// Bytes of chance in a token.
const TOKEN_BYTES: usize = 32;

/// Separates hashes of tokens from hashes of anything else.
const HASH_CONTEXT: &str = "headwater 2026 access token";

/// A secret token. Has no `Display`; `Debug` shows `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new token of 256 random bits.
    ///
    /// # Errors
    /// The system has no source of chance.
    pub fn generate() -> Result<Self, AccessError> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| AccessError::Random(error.to_string()))?;
        Ok(Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// A token that was made elsewhere.
    #[must_use]
    pub const fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The token itself, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it. A plain hash is enough for 256 random bits.
    #[must_use]
    pub(crate) fn hash(text: &str) -> blake3::Hash {
        blake3::Hash::from_bytes(blake3::derive_key(HASH_CONTEXT, text.as_bytes()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Send events.
    Ingest,
    /// Ask questions.
    Query,
    /// Change tokens and settings, read the audit table.
    Admin,
}

impl Scope {
    /// All scopes, in the order in which help texts list them.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Query, Self::Admin];

    /// Stable lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Query => "query",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == text);
        found.ok_or_else(|| format!("`{text}` is not a scope: they are ingest, query and admin"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::Token;

    #[test]
    fn tokens_are_random_and_never_shown() {
        let (one, other) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), 3 + 43);
        assert_eq!(format!("{one:?}"), "***");
        assert_ne!(Token::hash(one.expose()), Token::hash(other.expose()));
        assert_eq!(Token::hash(one.expose()), Token::hash(one.expose()));
    }
}
