//! Facts about the workspace, from `cargo metadata`: its crates and what their manifests declare.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// The repository as Cargo sees it.
pub(crate) struct Workspace {
    /// Folder of the root manifest.
    pub(crate) root: PathBuf,
    /// Members, in the order of the root manifest's names.
    pub(crate) members: Vec<Member>,
}

/// One crate of the workspace.
pub(crate) struct Member {
    /// Name without the prefix `headwater-`: `lake`.
    pub(crate) name: String,
    /// Folder from the root of the repository: `crates/lake`.
    pub(crate) folder: String,
    /// What the manifest declares.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One declared dependency.
pub(crate) struct Dependency {
    /// Name of the package; of crates of the workspace without the prefix `headwater-`.
    pub(crate) package: String,
    /// Whether it is a crate of this workspace.
    pub(crate) is_member: bool,
    /// Whether only tests, examples and benches use it.
    pub(crate) is_dev: bool,
}

impl Workspace {
    /// Asks Cargo about the workspace of the current folder.
    pub(crate) fn load() -> Result<Self> {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let output = Command::new(cargo)
            .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
            .output()
            .context("failed to start `cargo metadata`")?;
        if !output.status.success() {
            bail!("`cargo metadata` failed:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        Self::parse(&output.stdout)
    }

    /// Reads the answer of `cargo metadata --no-deps`.
    pub(crate) fn parse(json: &[u8]) -> Result<Self> {
        let metadata: Value = serde_json::from_slice(json).context("not the JSON of metadata")?;
        let root = PathBuf::from(text(&metadata, "workspace_root")?);
        let members = list(&metadata, "packages")?
            .iter()
            .map(|package| Member::parse(package, &root))
            .collect::<Result<_>>()?;
        Ok(Self { root, members })
    }
}

impl Member {
    fn parse(package: &Value, root: &Path) -> Result<Self> {
        let manifest = Path::new(text(package, "manifest_path")?);
        let folder = manifest
            .parent()
            .and_then(|folder| folder.strip_prefix(root).ok())
            .with_context(|| format!("`{}` is not in the repository", manifest.display()))?;
        let dependencies = list(package, "dependencies")?
            .iter()
            .map(|dependency| {
                Ok(Dependency {
                    package: short(text(dependency, "name")?),
                    is_member: dependency.get("path").is_some_and(Value::is_string),
                    is_dev: dependency.get("kind").and_then(Value::as_str) == Some("dev"),
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            name: short(text(package, "name")?),
            folder: folder.to_string_lossy().into_owned(),
            dependencies,
        })
    }
}

fn short(package: &str) -> String {
    package.strip_prefix("headwater-").unwrap_or(package).to_owned()
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value.get(key).and_then(Value::as_str).with_context(|| format!("no text `{key}` in metadata"))
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a [Value]> {
    value
        .get(key)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .with_context(|| format!("no list `{key}` in metadata"))
}
