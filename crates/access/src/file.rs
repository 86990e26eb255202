//! The tokens of one server, on disk: a JSON file that only its owner may read, replaced as a whole
//! by every change.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use headwater_event::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::AccessError;
use crate::private_file::replace_private_file;
use crate::token::{Scope, Token};

/// What is kept of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// Names the token in lists, logs and the audit table.
    pub id: Uuid,
    /// For people.
    pub name: String,
    /// Hash of the token, hexadecimal.
    pub(crate) hash: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// Sources that it may send for; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Indexes that it may send to; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<String>,
    /// When it was made, microseconds since the epoch.
    pub created: i64,
    /// From when on it is refused, microseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// Whether it was revoked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
}

impl TokenRecord {
    /// A record of a token with all scopes and no limits.
    #[must_use]
    pub fn new(token: &Token, name: &str, now: Timestamp) -> Self {
        Self {
            id: Uuid::new_v4(),
            name: name.to_owned(),
            hash: Token::hash(token.expose()).to_hex().to_string(),
            scopes: Scope::ALL.to_vec(),
            sources: Vec::new(),
            indexes: Vec::new(),
            created: now.as_micros(),
            expires: None,
            revoked: false,
        }
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now.as_micros())
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Contents {
    tokens: Vec<TokenRecord>,
}

/// The file with the tokens of a server; it need not exist.
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    /// The file at a path.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All tokens, oldest first; none when there is no file.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn read(&self) -> Result<Vec<TokenRecord>, AccessError> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(self.failed("read", source)),
        };
        let contents: Contents = serde_json::from_slice(&text)
            .map_err(|source| AccessError::Damaged { path: self.path.clone(), source })?;
        Ok(contents.tokens)
    }

    /// Adds a token.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn add(&self, record: TokenRecord) -> Result<(), AccessError> {
        self.change(|tokens| {
            tokens.push(record);
            Ok(())
        })
    }

    /// Revokes the token with this id or name, and returns it.
    ///
    /// # Errors
    /// There is no such token, or the file cannot be read or written.
    pub fn revoke(&self, id_or_name: &str) -> Result<TokenRecord, AccessError> {
        self.change(|tokens| {
            let by_id = tokens.iter().position(|token| token.id.to_string() == id_or_name);
            let mut by_name = tokens
                .iter()
                .enumerate()
                .filter(|(_, token)| !token.revoked && token.name == id_or_name);
            let found = match (by_id, by_name.next(), by_name.next()) {
                (Some(index), ..) | (None, Some((index, _)), None) => index,
                (None, Some(_), Some(_)) => {
                    return Err(AccessError::Ambiguous(id_or_name.to_owned()));
                }
                (None, None, _) => return Err(AccessError::Unknown(id_or_name.to_owned())),
            };
            let token = tokens.get_mut(found);
            let token = token.ok_or_else(|| AccessError::Unknown(id_or_name.to_owned()))?;
            token.revoked = true;
            Ok(token.clone())
        })
    }

    /// One change at a time, whichever process makes it.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<TokenRecord>) -> Result<T, AccessError>,
    ) -> Result<T, AccessError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|source| self.failed("write", source))?;
        let lock_path = self.path.with_extension("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(lock_path);
        let lock: File = lock.map_err(|source| self.failed("lock", source))?;
        lock.lock().map_err(|source| self.failed("lock", source))?;
        let mut tokens = self.read()?;
        let result = change(&mut tokens)?;
        self.write(Contents { tokens })?;
        Ok(result)
    }

    fn write(&self, contents: Contents) -> Result<(), AccessError> {
        let text = serde_json::to_vec_pretty(&contents)
            .map_err(|source| AccessError::Damaged { path: self.path.clone(), source })?;
        replace_private_file(&self.path, &text).map_err(|source| self.failed("write", source))
    }

    fn failed(&self, action: &'static str, source: std::io::Error) -> AccessError {
        AccessError::File { action, path: self.path.clone(), source }
    }
}
