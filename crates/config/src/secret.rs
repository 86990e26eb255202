//! Secrets: a settings file names where one is (`env:NAME`, `file:/path`), never the secret itself.
//! What is read from there prints as `***`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;

use crate::env::Environment;
use crate::error::{ConfigError, ValueError};

/// Longest secret file in bytes; the largest in use are JSON keys of cloud accounts (2 kB).
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum SecretRef {
    /// `env:NAME`: the value of an environment variable.
    Env(String),
    /// `file:/path`: the contents of a file without the line end.
    File(PathBuf),
}

impl SecretRef {
    /// Reads the secret. `setting` is the path that errors name.
    ///
    /// # Errors
    /// `NotFound` when the variable or the file does not exist; the file's error otherwise. No
    /// error holds the secret.
    pub fn resolve(&self, setting: &str, environment: &Environment) -> Result<Secret, ConfigError> {
        match self {
            Self::Env(name) => environment.text(name).map(Secret::new).ok_or_else(|| {
                ConfigError::SecretVariable { setting: setting.to_owned(), variable: name.clone() }
            }),
            Self::File(path) => read_secret(path).map(Secret::new).map_err(|source| {
                ConfigError::SecretFile { setting: setting.to_owned(), path: path.clone(), source }
            }),
        }
    }

    /// The same reference with a relative file taken from `folder`.
    pub(crate) fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(folder.join(path)),
            Self::Env(_) => self,
        }
    }
}

fn read_secret(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;

    let mut text = String::new();
    std::fs::File::open(path)?.take(SECRET_BYTES_MAX).read_to_string(&mut text)?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text)
}

impl FromStr for SecretRef {
    type Err = ValueError;

    // The messages do not repeat the text: it may be the secret.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let problem = match text.split_once(':') {
            Some(("env", "")) => "`env:` needs the name of a variable",
            Some(("env", name)) => return Ok(Self::Env(name.to_owned())),
            Some(("file", "")) => "`file:` needs a path",
            Some(("file", path)) => return Ok(Self::File(PathBuf::from(path))),
            _ => "not a reference to a secret: write env:NAME or file:/path",
        };
        Err(ValueError::new(problem))
    }
}

impl TryFrom<String> for SecretRef {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(formatter, "env:{name}"),
            Self::File(path) => write!(formatter, "file:{}", path.display()),
        }
    }
}

/// A secret in memory: it has no `Display`, and `Debug` shows `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for the client that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// The value of a storage option: text, or where to read it from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum StorageValue {
    /// Used as it is.
    Text(Secret),
    /// Read when the lake is opened.
    Reference(SecretRef),
}

impl TryFrom<String> for StorageValue {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.starts_with("env:") || text.starts_with("file:") {
            text.parse().map(Self::Reference)
        } else {
            Ok(Self::Text(Secret::new(text)))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn check(text: &str, expected: Result<SecretRef, &str>) {
        assert_eq!(text.parse::<SecretRef>(), expected.map_err(ValueError::new), "{text}");
    }

    #[test]
    fn references_name_a_place() {
        check("env:TOKEN", Ok(SecretRef::Env("TOKEN".to_owned())));
        check("file:/run/token", Ok(SecretRef::File("/run/token".into())));
        check("file:C:/token", Ok(SecretRef::File("C:/token".into())));
        check("env:", Err("`env:` needs the name of a variable"));
        check("file:", Err("`file:` needs a path"));
        let message = "not a reference to a secret: write env:NAME or file:/path";
        check("hunter2", Err(message));
        check("https://hunter2", Err(message));
    }

    #[test]
    fn secrets_are_read_where_they_are_and_never_shown() {
        let environment = Environment::from_pairs([("TOKEN", "hunter2")]);
        let secret = SecretRef::Env("TOKEN".to_owned()).resolve("a.b", &environment).unwrap();
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(format!("{secret:?}"), "***");
        let text = StorageValue::try_from("hunter2".to_owned()).unwrap();
        assert_eq!(format!("{text:?}"), "Text(***)");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "hunter2\r\n").unwrap();
        let secret = SecretRef::File(path).resolve("a.b", &environment).unwrap();
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn a_missing_secret_names_setting_and_place() {
        let environment = Environment::from_pairs([("TOKEN", "hunter2")]);
        let error = SecretRef::Env("OTHER".to_owned()).resolve("a.b", &environment).unwrap_err();
        assert_eq!(error.to_string(), "a.b: environment variable `OTHER` is not set");
        assert_eq!(error.kind(), headwater_event::ErrorKind::NotFound);
        let error = SecretRef::File("/nowhere/x".into()).resolve("a.b", &environment).unwrap_err();
        assert_eq!(error.to_string(), "a.b: failed to read secret file `/nowhere/x`");
        assert_eq!(error.kind(), headwater_event::ErrorKind::NotFound);
    }
}
