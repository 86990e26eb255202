//! Statements that are kept under a name: one JSON file each, below the data folder, replaced as a
//! whole. Copying the folder backs them up; a file that is put there is a saved query.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use headwater_access::replace_private_file;
use headwater_event::ErrorKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Most saved queries of a server.
const QUERIES_MAX: usize = 1_000;

/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Longest statement, in bytes.
const SQL_BYTES_MAX: usize = 256 << 10;

/// Longest description, in bytes.
const DESCRIPTION_BYTES_MAX: usize = 4 << 10;

/// Ending of the files.
const SUFFIX: &str = ".json";

/// A statement with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SavedQuery {
    /// Its name. In the file it is only for people: the name of the file counts.
    #[serde(default)]
    pub(crate) name: String,
    /// The statement, with `$name` or `$1` for values that are given when it is run.
    pub(crate) sql: String,
    /// What it is for.
    #[serde(default)]
    pub(crate) description: String,
    /// The token that made it, which may change it.
    pub(crate) owner: Owner,
    /// When it was saved, UTC.
    pub(crate) updated: String,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Owner {
    /// Id of the token; nil for the one from the environment.
    #[schema(value_type = String, format = "uuid")]
    pub(crate) token: Uuid,
    /// Its name.
    pub(crate) name: String,
}

/// Why saved queries could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SavedQueryError {
    #[error(
        "`{0}` is no name: a name has 1 to {NAME_BYTES_MAX} of a-z, 0-9, - and _, and begins with \
         a letter or a digit"
    )]
    Name(String),
    #[error("the {part} has {bytes} bytes, {bytes_max} are allowed")]
    TooLong { part: &'static str, bytes: usize, bytes_max: usize },
    #[error("there are {QUERIES_MAX} saved queries, more are not allowed: delete some")]
    TooMany,
    #[error("there is no saved query `{0}`")]
    Unknown(String),
    #[error("saved query `{name}` belongs to the token `{owner}`: use it, or one with `admin`")]
    NotOwner { name: String, owner: String },
    #[error("failed to {action} `{path}`", path = path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("saved query `{path}` is damaged: correct it, or delete it", path = path.display())]
    Damaged { path: PathBuf, source: serde_json::Error },
}

impl SavedQueryError {
    /// What the caller should do.
    pub(crate) const fn kind(&self) -> ErrorKind {
        match self {
            Self::Name(_) | Self::TooLong { .. } => ErrorKind::Invalid,
            Self::TooMany => ErrorKind::Conflict,
            Self::Unknown(_) => ErrorKind::NotFound,
            Self::NotOwner { .. } => ErrorKind::Denied,
            Self::File { .. } => ErrorKind::Unavailable,
            Self::Damaged { .. } => ErrorKind::Corrupt,
        }
    }

    fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { action, path, source }
    }
}

/// Who changes a query.
#[derive(Debug, Clone)]
pub(crate) struct Changer {
    pub(crate) token: Owner,
    /// Whether queries of others may be changed.
    pub(crate) is_admin: bool,
}

/// The saved queries of a server. Everything blocks.
#[derive(Debug)]
pub(crate) struct SavedQueries {
    folder: PathBuf,
    /// One change at a time.
    changing: Mutex<()>,
}

impl SavedQueries {
    /// Those in a folder, which is made when something is saved.
    pub(crate) const fn new(folder: PathBuf) -> Self {
        Self { folder, changing: Mutex::new(()) }
    }

    /// All of them, in the order of their names. Files with other names are left alone.
    pub(crate) fn list(&self) -> Result<Vec<SavedQuery>, SavedQueryError> {
        self.names()?.iter().filter_map(|name| self.read(name).transpose()).collect()
    }

    /// One of them.
    pub(crate) fn find(&self, name: &str) -> Result<SavedQuery, SavedQueryError> {
        check_name(name)?;
        self.read(name)?.ok_or_else(|| SavedQueryError::Unknown(name.to_owned()))
    }

    /// Keeps a query, whose owner remains when there is one of this name. Tells what is kept, and
    /// whether it is new.
    pub(crate) fn save(
        &self,
        query: SavedQuery,
        changer: &Changer,
    ) -> Result<(SavedQuery, bool), SavedQueryError> {
        check_name(&query.name)?;
        check_length("statement", &query.sql, SQL_BYTES_MAX)?;
        check_length("description", &query.description, DESCRIPTION_BYTES_MAX)?;
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.read(&query.name)?;
        if let Some(before) = &before {
            check_owner(before, changer)?;
        } else if self.names()?.len() >= QUERIES_MAX {
            return Err(SavedQueryError::TooMany);
        }
        let is_new = before.is_none();
        let owner = before.map_or_else(|| changer.token.clone(), |before| before.owner);
        let query = SavedQuery { owner, ..query };
        self.write(&query)?;
        Ok((query, is_new))
    }

    /// Removes a query.
    pub(crate) fn remove(&self, name: &str, changer: &Changer) -> Result<(), SavedQueryError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        check_owner(&self.find(name)?, changer)?;
        let path = self.path(name);
        let removed = fs::remove_file(&path).and_then(|()| File::open(&self.folder)?.sync_all());
        removed.map_err(SavedQueryError::file("remove", &path))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{SUFFIX}"))
    }

    fn names(&self) -> Result<Vec<String>, SavedQueryError> {
        let failed = || SavedQueryError::file("list", &self.folder);
        let mut names = Vec::new();
        let files = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
            files => files.map_err(failed())?,
        };
        for file in files {
            let file = file.map_err(failed())?.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(SUFFIX));
            names.extend(name.filter(|name| check_name(name).is_ok()).map(str::to_owned));
        }
        names.sort_unstable();
        Ok(names)
    }

    fn read(&self, name: &str) -> Result<Option<SavedQuery>, SavedQueryError> {
        let path = self.path(name);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(SavedQueryError::file("read", &path))?,
        };
        let query: SavedQuery = serde_json::from_slice(&text)
            .map_err(|source| SavedQueryError::Damaged { path, source })?;
        Ok(Some(SavedQuery { name: name.to_owned(), ..query }))
    }

    fn write(&self, query: &SavedQuery) -> Result<(), SavedQueryError> {
        let path = self.path(&query.name);
        let written = (|| {
            let mut text = serde_json::to_vec_pretty(query)?;
            text.push(b'\n');
            fs::create_dir_all(&self.folder)?;
            replace_private_file(&path, &text)
        })();
        written.map_err(SavedQueryError::file("write", &path))
    }
}

/// Names are those of files, also where upper and lower case are the same there.
fn check_name(name: &str) -> Result<(), SavedQueryError> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_first_plain = name.bytes().next().is_some_and(is_plain);
    let is_allowed = |byte: u8| is_plain(byte) || byte == b'-' || byte == b'_';
    if is_first_plain && name.len() <= NAME_BYTES_MAX && name.bytes().all(is_allowed) {
        return Ok(());
    }
    let shown: String = name.chars().take(NAME_BYTES_MAX).collect();
    Err(SavedQueryError::Name(shown))
}

fn check_length(part: &'static str, text: &str, bytes_max: usize) -> Result<(), SavedQueryError> {
    let bytes = text.len();
    if bytes <= bytes_max {
        return Ok(());
    }
    Err(SavedQueryError::TooLong { part, bytes, bytes_max })
}

fn check_owner(query: &SavedQuery, changer: &Changer) -> Result<(), SavedQueryError> {
    if changer.is_admin || query.owner.token == changer.token.token {
        return Ok(());
    }
    let (name, owner) = (query.name.clone(), query.owner.name.clone());
    Err(SavedQueryError::NotOwner { name, owner })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn changer(token: u128, is_admin: bool) -> Changer {
        let token = Owner { token: Uuid::from_u128(token), name: token.to_string() };
        Changer { token, is_admin }
    }

    fn query(name: &str, owner: &Changer) -> SavedQuery {
        SavedQuery {
            name: name.to_owned(),
            sql: "SELECT 1".to_owned(),
            description: String::new(),
            owner: owner.token.clone(),
            updated: "2026-11-22T01:23:20Z".to_owned(),
        }
    }

    #[test]
    fn names_are_names_of_files() {
        let folder = tempfile::tempdir().unwrap();
        let queries = SavedQueries::new(folder.path().join("queries"));
        let one = changer(1, false);
        let long = "a".repeat(NAME_BYTES_MAX + 1);
        for name in ["", "..", "../x", "a/b", "A", "a.b", "-a", "_a", "ä", "a\0", &long] {
            let saved = queries.save(query(name, &one), &one);
            assert_eq!(saved.unwrap_err().kind(), ErrorKind::Invalid, "{name}");
            assert_eq!(queries.find(name).unwrap_err().kind(), ErrorKind::Invalid, "{name}");
        }
        assert!(queries.list().unwrap().is_empty());
        for name in ["a", "0", "failed-logins_2", &long[1..]] {
            assert!(queries.save(query(name, &one), &one).unwrap().1, "{name}");
        }
        assert_eq!(queries.list().unwrap().len(), 4);
    }

    #[test]
    fn only_the_owner_and_administrators_change_a_query() {
        let folder = tempfile::tempdir().unwrap();
        let queries = SavedQueries::new(folder.path().to_owned());
        let (one, other, admin) = (changer(1, false), changer(2, false), changer(3, true));
        assert!(queries.save(query("a", &one), &one).unwrap().1);
        let refused = queries.save(query("a", &other), &other).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Denied);
        assert_eq!(queries.remove("a", &other).unwrap_err().kind(), ErrorKind::Denied);
        let (kept, is_new) = queries.save(query("a", &admin), &admin).unwrap();
        assert_eq!((kept.owner, is_new), (one.token.clone(), false));
        queries.remove("a", &one).unwrap();
        assert_eq!(queries.remove("a", &one).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn size_and_number_are_limited_and_damage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let queries = SavedQueries::new(folder.path().to_owned());
        let one = changer(1, false);
        let long = SavedQuery { sql: "x".repeat(SQL_BYTES_MAX + 1), ..query("a", &one) };
        assert_eq!(queries.save(long, &one).unwrap_err().kind(), ErrorKind::Invalid);
        let text = serde_json::to_vec(&query("ignored", &one)).unwrap();
        for number in 0..QUERIES_MAX {
            fs::write(folder.path().join(format!("q{number}.json")), &text).unwrap();
        }
        assert_eq!(queries.find("q7").unwrap().name, "q7");
        let refused = queries.save(query("one-more", &one), &one).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Conflict);
        assert!(!queries.save(query("q7", &one), &one).unwrap().1);
        fs::write(folder.path().join("q7.json"), "{").unwrap();
        let error = queries.find("q7").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains("q7.json"), "{error}");
    }
}
