//! Answering requests.

use std::sync::{Arc, PoisonError, RwLock};

use headwater_event::Timestamp;
use uuid::Uuid;

use crate::error::AccessError;
use crate::file::{TokenFile, TokenRecord};
use crate::token::{Scope, Token};

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// No token like that.
    #[error("token is not known")]
    Unknown,
    /// It was revoked or is over.
    #[error("token is revoked or expired")]
    Disabled,
    /// It is good for something else.
    #[error("token lacks the scope")]
    Scope,
}

/// What a request may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Id of its token; nil for the one from the environment.
    pub token: Uuid,
    /// Name of its token.
    pub name: Arc<str>,
    scopes: Vec<Scope>,
    sources: Vec<String>,
    indexes: Vec<String>,
}

impl Grant {
    /// Everything, under a name.
    fn all(name: &str) -> Self {
        Self {
            token: Uuid::nil(),
            name: name.into(),
            scopes: Scope::ALL.to_vec(),
            sources: Vec::new(),
            indexes: Vec::new(),
        }
    }

    fn of(record: &TokenRecord) -> Self {
        Self {
            token: record.id,
            name: record.name.as_str().into(),
            scopes: record.scopes.clone(),
            sources: record.sources.clone(),
            indexes: record.indexes.clone(),
        }
    }

    /// Whether it has a scope.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether it may send to an index; `None` is the sender's silence, which is allowed only
    /// without a list.
    #[must_use]
    pub fn allows_index(&self, index: Option<&str>) -> bool {
        allows(&self.indexes, index)
    }

    /// Whether it may send for a source.
    #[must_use]
    pub fn allows_source(&self, source: Option<&str>) -> bool {
        allows(&self.sources, source)
    }
}

fn allows(list: &[String], value: Option<&str>) -> bool {
    list.is_empty() || value.is_some_and(|value| list.iter().any(|allowed| allowed == value))
}

/// The tokens that a server knows now. Cheap to clone; clones share them.
#[derive(Debug, Clone)]
pub struct Access {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: TokenFile,
    /// Accepted with all scopes beside those of the file.
    extra: Option<(blake3::Hash, Grant)>,
    known: RwLock<Arc<Vec<(blake3::Hash, TokenRecord)>>>,
}

impl Access {
    /// Reads the file. `extra` is a token with all scopes that is not in it (name, token).
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(file: TokenFile, extra: Option<(&str, &Token)>) -> Result<Self, AccessError> {
        let extra = extra.map(|(name, token)| (Token::hash(token.expose()), Grant::all(name)));
        let known = RwLock::new(Arc::new(read(&file)?));
        Ok(Self { inner: Arc::new(Inner { file, extra, known }) })
    }

    /// Reads the file again.
    ///
    /// # Errors
    /// The file cannot be read; the tokens known before stay.
    pub fn reload(&self) -> Result<(), AccessError> {
        let tokens = Arc::new(read(&self.inner.file)?);
        *self.inner.known.write().unwrap_or_else(PoisonError::into_inner) = tokens;
        Ok(())
    }

    /// The file with the tokens.
    #[must_use]
    pub fn file(&self) -> &TokenFile {
        &self.inner.file
    }

    /// What a token may do.
    ///
    /// # Errors
    /// The token is not known, revoked or expired.
    pub fn grant(&self, token: &str, now: Timestamp) -> Result<Grant, Denial> {
        let hash = Token::hash(token);
        let known = Arc::clone(&self.inner.known.read().unwrap_or_else(PoisonError::into_inner));
        // All are compared, each in constant time: the time does not tell which one matched.
        let mut found = None;
        for (known, record) in known.iter() {
            if *known == hash {
                found = Some(record);
            }
        }
        let extra = self.inner.extra.as_ref().filter(|(extra, _)| *extra == hash);
        match (extra, found) {
            (Some((_, grant)), _) => Ok(grant.clone()),
            (None, Some(record)) if record.revoked || record.is_expired(now) => {
                Err(Denial::Disabled)
            }
            (None, Some(record)) => Ok(Grant::of(record)),
            (None, None) => Err(Denial::Unknown),
        }
    }

    /// What a token may do, when it has a scope.
    ///
    /// # Errors
    /// As `grant`, and when the scope is missing.
    pub fn require(&self, token: &str, scope: Scope, now: Timestamp) -> Result<Grant, Denial> {
        let grant = self.grant(token, now)?;
        if grant.has(scope) { Ok(grant) } else { Err(Denial::Scope) }
    }
}

fn read(file: &TokenFile) -> Result<Vec<(blake3::Hash, TokenRecord)>, AccessError> {
    let hashed = |record: TokenRecord| Some((blake3::Hash::from_hex(&record.hash).ok()?, record));
    Ok(file.read()?.into_iter().filter_map(hashed).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use headwater_event::Timestamp;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000);

    fn make(file: &TokenFile, name: &str, change: impl FnOnce(&mut TokenRecord)) -> Token {
        let token = Token::generate().unwrap();
        let mut record = TokenRecord::new(&token, name, NOW);
        change(&mut record);
        file.add(record).unwrap();
        token
    }

    #[test]
    fn tokens_live_in_a_private_file_without_themselves() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::new(folder.path().join("data/tokens.json"));
        let token = make(&file, "one", |record| record.scopes = vec![Scope::Ingest]);
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(!text.contains(token.expose()), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(file.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{mode:o}");
        }

        let access = Access::open(file.clone(), None).unwrap();
        assert_eq!(&*access.require(token.expose(), Scope::Ingest, NOW).unwrap().name, "one");
        assert_eq!(access.require(token.expose(), Scope::Query, NOW), Err(Denial::Scope));
        assert_eq!(access.grant("guess", NOW), Err(Denial::Unknown));
        file.revoke("one").unwrap();
        assert!(access.grant(token.expose(), NOW).is_ok());
        access.reload().unwrap();
        assert_eq!(access.grant(token.expose(), NOW), Err(Denial::Disabled));
        assert!(matches!(file.revoke("two"), Err(AccessError::Unknown(_))));
    }

    #[test]
    fn tokens_end_and_are_limited() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::new(folder.path().join("tokens.json"));
        let over = make(&file, "same", |record| record.expires = Some(NOW.as_micros()));
        let limited = make(&file, "same", |record| record.indexes = vec!["main".to_owned()]);
        let extra = Token::from_text("from outside".to_owned());
        let access = Access::open(file.clone(), Some(("environment", &extra))).unwrap();
        assert_eq!(access.grant(over.expose(), NOW), Err(Denial::Disabled));
        let grant = access.grant(limited.expose(), NOW).unwrap();
        assert!(grant.allows_index(Some("main")));
        assert!(!grant.allows_index(Some("other")));
        assert!(!grant.allows_index(None));
        assert!(grant.allows_source(None));
        assert!(access.require("from outside", Scope::Admin, NOW).is_ok());
        assert!(matches!(file.revoke("same"), Err(AccessError::Ambiguous(_))));
    }

    #[test]
    fn a_damaged_file_is_an_error_that_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::new(folder.path().join("tokens.json"));
        std::fs::write(file.path(), "{").unwrap();
        let error = Access::open(file, None).unwrap_err();
        assert!(error.to_string().ends_with("restore it, or remove it and make new tokens"));
    }
}
