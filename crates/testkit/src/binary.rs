//! The binary under test with a lake of its own in a temporary folder.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A lake in a temporary folder and the binary that works on it.
#[derive(Debug)]
pub struct Headwater {
    binary: PathBuf,
    folder: TempDir,
    lake: String,
    environment: Vec<(String, String)>,
    /// Programs that start the binary, with their arguments.
    starters: Vec<String>,
}

/// A command that ended.
#[derive(Debug)]
pub struct Finished {
    /// Exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Finished {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Itself, when the exit code is the expected one.
    #[must_use]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Standard output as one JSON value.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {}{}", self.stdout, self.stderr))
    }
}

impl Headwater {
    /// A new, empty lake for the binary at this path (`env!("CARGO_BIN_EXE_headwater")`).
    #[must_use]
    pub fn new(binary: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let lake = folder.path().join("lake").to_string_lossy().into_owned();
        Self { binary: binary.into(), folder, lake, environment: Vec::new(), starters: Vec::new() }
    }

    /// The same, with the lake at a URL.
    #[must_use]
    pub fn at(binary: &str, lake: &str, environment: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            lake: lake.to_owned(),
            environment: environment.iter().map(owned).collect(),
            ..Self::new(binary)
        }
    }

    /// The same, with the binary started through these programs, such as `env` and `prlimit`.
    #[must_use]
    pub fn through(self, starters: &[&str]) -> Self {
        Self { starters: starters.iter().map(|part| (*part).to_owned()).collect(), ..self }
    }

    /// Where the lake is.
    #[must_use]
    pub fn lake(&self) -> &str {
        &self.lake
    }

    /// The temporary folder: inputs can be put beside the lake.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the temporary folder and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).expect("a folder for the file");
        }
        std::fs::write(&path, content).expect("a file");
        path.to_string_lossy().into_owned()
    }

    /// A command on the lake, not started; runs in the temporary folder with a clean environment.
    #[must_use]
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut words = self.starters.iter().map(OsStr::new).chain([self.binary.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command
            .args(words)
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HEADWATER_LAKE", &self.lake)
            .env("HOME", self.folder.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    #[must_use]
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Finished {
        Finished::of(self.command(arguments).output().expect("the binary runs"))
    }

    /// Runs `ingest --json` and returns its summary; the exit code must be 0, or 3 with rejects.
    pub fn ingest<S: AsRef<str>>(&self, arguments: &[S]) -> Value {
        let mut all = vec!["ingest", "--json"];
        all.extend(arguments.iter().map(AsRef::as_ref));
        let finished = self.run(&all);
        let summary = finished.json();
        let rejects = summary.get("rejects").and_then(Value::as_u64).unwrap_or_default();
        let code = if rejects > 0 { 3 } else { 0 };
        assert_eq!(finished.code, Some(code), "{summary}\n{}", finished.stderr);
        summary
    }

    /// Runs a statement and returns its rows as JSON objects.
    #[must_use]
    pub fn query(&self, sql: &str) -> Vec<Value> {
        let finished = self.run(&["query", "--format", "json", "--quiet", sql]).expect_code(0);
        match finished.json() {
            Value::Array(rows) => rows,
            other => panic!("not an array: {other}"),
        }
    }

    /// Runs a statement whose answer is one number.
    #[must_use]
    pub fn number(&self, sql: &str) -> i64 {
        let rows = self.query(sql);
        let value = rows.first().and_then(Value::as_object).and_then(|row| row.values().next());
        value.and_then(Value::as_i64).unwrap_or_else(|| panic!("no number in {rows:?}"))
    }
}
