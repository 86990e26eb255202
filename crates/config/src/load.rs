//! Finds the settings file and puts its settings, the environment and the command line on top of
//! each other. The only step that touches the disk.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::env::{self, Environment};
use crate::error::{ConfigError, Place, Problem, suggest_nearest};
use crate::file::{FileConfig, LogFormat};
use crate::outline::Outline;
use crate::parse::parse;
use crate::validate::validate;

/// The settings file that is read when none is named and it exists.
pub const DEFAULT_FILE: &str = "headwater.yaml";

/// Longest settings file in bytes.
pub const FILE_BYTES_MAX: u64 = 1 << 20;

/// What the command line says; wins over the environment, which wins over the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--config`: the settings file, which then must exist.
    pub config: Option<PathBuf>,
    /// `--lake`: folder or URL of the lake.
    pub lake: Option<String>,
    /// `--log-format`.
    pub log_format: Option<LogFormat>,
}

impl Default for Config {
    fn default() -> Self {
        // `load` tests that the defaults are valid.
        #[expect(clippy::expect_used, reason = "constant input, covered by a test")]
        let mut config = validate(FileConfig::default(), &Outline::default(), Path::new(""))
            .expect("the defaults are valid");
        config.file = None;
        config
    }
}

impl Config {
    /// Loads the settings: the file named by `--config` or `HEADWATER_CONFIG`, else
    /// `./headwater.yaml` where it exists, else defaults; then what environment and command line
    /// put over them.
    ///
    /// # Errors
    /// A named file cannot be read, or settings are wrong.
    pub fn load(overrides: &Overrides, environment: &Environment) -> Result<Self, ConfigError> {
        Self::load_in(Path::new(""), overrides, environment)
    }

    /// Reads the text of a settings file. `file` is named in errors, and relative paths are taken
    /// from its folder.
    ///
    /// # Errors
    /// `Invalid` with everything that is wrong.
    pub fn from_yaml(text: &str, file: &Path) -> Result<Self, ConfigError> {
        let (parsed, outline) = parse(text, file)?;
        validate(parsed, &outline, file)
    }

    fn load_in(
        folder: &Path,
        overrides: &Overrides,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let named = overrides.config.clone().or_else(|| environment.path(env::CONFIG));
        let default = folder.join(DEFAULT_FILE);
        let file = named.or_else(|| default.is_file().then_some(default));
        let mut config = match file {
            Some(file) => Self::from_yaml(&read(&file)?, &file)?,
            None => Self::default(),
        };
        config.override_with(overrides, environment)?;
        Ok(config)
    }

    fn override_with(
        &mut self,
        overrides: &Overrides,
        environment: &Environment,
    ) -> Result<(), ConfigError> {
        if let Some(lake) = &overrides.lake {
            if lake.trim().is_empty() {
                let message = "is empty".to_owned();
                return Err(override_problem(Place::Flag("--lake"), "lake.url", message, None));
            }
            self.lake.url.clone_from(lake);
        } else if let Some(lake) = variable(environment, env::LAKE, "lake.url")? {
            self.lake.url = lake;
        }
        if let Some(format) = overrides.log_format {
            self.log.format = format;
        } else if let Some(name) = variable(environment, env::LOG_FORMAT, "log.format")? {
            self.log.format = LogFormat::from_name(&name).ok_or_else(|| {
                let message = format!("`{name}` is not one of {}", LogFormat::NAMES.join(", "));
                let hint = suggest_nearest(&name, LogFormat::NAMES);
                override_problem(Place::Variable(env::LOG_FORMAT), "log.format", message, hint)
            })?;
        }
        Ok(())
    }
}

/// The value of a variable that sets `path`; one that is not text would otherwise go unnoticed.
fn variable(
    environment: &Environment,
    name: &'static str,
    path: &str,
) -> Result<Option<String>, ConfigError> {
    let not_text =
        || override_problem(Place::Variable(name), path, "is not UTF-8".to_owned(), None);
    match environment.path(name) {
        Some(value) => value.into_os_string().into_string().map(Some).map_err(|_| not_text()),
        None => Ok(None),
    }
}

fn override_problem(
    place: Place,
    path: &str,
    message: String,
    hint: Option<String>,
) -> ConfigError {
    ConfigError::Invalid(vec![Problem { place, path: path.to_owned(), message, hint }])
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let failed = |source| ConfigError::Read { path: path.to_owned(), source };
    let mut text = String::new();
    let mut file = File::open(path).map_err(failed)?.take(FILE_BYTES_MAX + 1);
    file.read_to_string(&mut text).map_err(failed)?;
    if file.limit() == 0 {
        return Err(ConfigError::TooLarge { path: path.to_owned() });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use headwater_event::ErrorKind;

    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        let config = Config::default();
        assert_eq!(config.lake.url, "./lake");
        assert_eq!(config.aliases, ["defenda_data_lake", "defenda_datalake"]);
        assert_eq!(config.file, None);
    }

    /// Loads in a folder with these files and gives `lake.url` and `log.format`.
    fn check(
        files: &[(&str, &str)],
        overrides: &Overrides,
        variables: &[(&str, &str)],
        expected: (&str, LogFormat),
    ) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let inside = |name: &str| folder.path().join(name);
        let mut overrides = overrides.clone();
        overrides.config = overrides.config.map(|name| folder.path().join(name));
        let variables = variables.iter().map(|(name, value)| match *name {
            env::CONFIG if !value.is_empty() => (*name, inside(value).into_os_string()),
            _ => (*name, value.into()),
        });
        let environment = Environment::from_pairs(variables);
        let config = Config::load_in(folder.path(), &overrides, &environment).unwrap();
        let url = config.lake.url.replace(folder.path().to_str().unwrap(), "");
        assert_eq!((url.as_str(), config.log.format), expected);
    }

    #[test]
    fn flag_wins_over_environment_over_file_over_default() {
        let flags = |lake: Option<&str>, log_format| Overrides {
            config: None,
            lake: lake.map(str::to_owned),
            log_format,
        };
        let none = flags(None, None);
        let file = [(DEFAULT_FILE, "lake: {url: here}\nlog: {format: json}")];
        check(&[], &none, &[], ("./lake", LogFormat::Text));
        check(&file, &none, &[], ("/here", LogFormat::Json));
        let variables = [("HEADWATER_LAKE", "there"), ("HEADWATER_LOG_FORMAT", "text")];
        check(&file, &none, &variables, ("there", LogFormat::Text));
        let both = flags(Some("s3://b/l"), Some(LogFormat::Json));
        check(&file, &both, &variables, ("s3://b/l", LogFormat::Json));
        check(&file, &none, &[("HEADWATER_LAKE", "")], ("/here", LogFormat::Json));
    }

    #[test]
    fn the_file_is_the_one_that_is_named() {
        let files = [
            (DEFAULT_FILE, "lake: {url: default}"),
            ("a.yaml", "lake: {url: a}"),
            ("b.yaml", "lake: {url: b}"),
        ];
        let flag = Overrides { config: Some("a.yaml".into()), ..Overrides::default() };
        let variables = [("HEADWATER_CONFIG", "b.yaml")];
        check(&files, &Overrides::default(), &variables, ("/b", LogFormat::Text));
        check(&files, &flag, &variables, ("/a", LogFormat::Text));
        let unset = [("HEADWATER_CONFIG", "")];
        check(&files, &Overrides::default(), &unset, ("/default", LogFormat::Text));
    }

    #[test]
    fn a_named_file_must_exist_and_be_small() {
        let load = |path: &Path| {
            let overrides = Overrides { config: Some(path.to_owned()), ..Overrides::default() };
            Config::load(&overrides, &Environment::default()).unwrap_err()
        };
        let error = load(Path::new("/nowhere/x.yaml"));
        assert_eq!(error.to_string(), "failed to read settings file `/nowhere/x.yaml`");
        assert_eq!(error.kind(), ErrorKind::NotFound);

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.yaml");
        std::fs::write(&path, " ".repeat((1 << 20) + 1)).unwrap();
        let error = load(&path);
        assert!(error.to_string().ends_with("x.yaml` is larger than 1048576 bytes"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        std::fs::write(&path, b"lake: \xff").unwrap();
        assert_eq!(load(&path).kind(), ErrorKind::Invalid);
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_text_is_an_error() {
        use std::os::unix::ffi::OsStringExt as _;

        let lake = std::ffi::OsString::from_vec(vec![b'/', 0xff]);
        let environment = Environment::from_pairs([("HEADWATER_LAKE", lake)]);
        let error = Config::load(&Overrides::default(), &environment).unwrap_err();
        assert_eq!(
            error.to_string(),
            "environment variable HEADWATER_LAKE: lake.url: is not UTF-8"
        );
    }

    #[test]
    fn wrong_overrides_name_where_they_come_from() {
        let load = |lake: Option<&str>, variable: &str| {
            let overrides = Overrides { lake: lake.map(str::to_owned), ..Overrides::default() };
            let environment = Environment::from_pairs([("HEADWATER_LOG_FORMAT", variable)]);
            let folder = tempfile::tempdir().unwrap();
            Config::load_in(folder.path(), &overrides, &environment).unwrap_err().to_string()
        };
        assert_eq!(load(Some(" "), "json"), "option --lake: lake.url: is empty");
        assert_eq!(
            load(None, "jsn"),
            "environment variable HEADWATER_LOG_FORMAT: log.format: `jsn` is not one of text, \
             json (did you mean `json`?)"
        );
    }
}
