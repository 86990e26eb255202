//! `cargo xtask ocsf FILE…`: turns OCSF schemas into the compact catalogues that the crate `ocsf`
//! ships (`crates/ocsf/data/<version>.json`). Facts only: ids, names, types, requirements, enums,
//! constraints, profiles, siblings, observable types; no descriptions.
//!
//! A schema is in the resolved form, is what a schema server exports, or is a catalogue already.
//! With `--extension` a user's extensions are put on top of it.

mod attribute;
mod catalogue;
mod check;
mod compact;
mod export;
mod extension;
mod json;
mod shared;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use self::json::{Object, text};

/// How it is called.
const USAGE: &str =
    "`cargo xtask ocsf FILE…` or `cargo xtask ocsf FILE --extension FOLDER… [--out FILE]`";

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Schemas.
    schemas: Vec<PathBuf>,
    /// Folders of extensions for the one schema.
    extensions: Vec<PathBuf>,
    /// Where the one catalogue goes.
    out: Option<PathBuf>,
}

impl Arguments {
    /// Reads what stands after `cargo xtask ocsf`.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut parsed = Self::default();
        let mut option: Option<String> = None;
        for argument in arguments {
            match (argument.as_str(), option.as_deref()) {
                ("--extension" | "--out", _) => option = Some(argument),
                (flag, _) if flag.starts_with('-') => bail!("unknown option `{flag}`: {USAGE}"),
                (_, Some("--extension")) => parsed.extensions.push(argument.into()),
                (_, Some(_)) if parsed.out.is_none() => parsed.out = Some(argument.into()),
                (_, Some(_)) => bail!("`--out` names one file: {USAGE}"),
                (_, None) => parsed.schemas.push(argument.into()),
            }
        }
        match option.as_deref() {
            Some("--extension") if parsed.extensions.is_empty() => bail!("no folder: {USAGE}"),
            Some("--out") if parsed.out.is_none() => bail!("no file after `--out`: {USAGE}"),
            _ => {}
        }
        let is_one = !parsed.extensions.is_empty() || parsed.out.is_some();
        if parsed.schemas.is_empty() || (is_one && parsed.schemas.len() > 1) {
            bail!("name the schema: {USAGE}");
        }
        Ok(parsed)
    }
}

/// What was made.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// The files that were written.
    pub(crate) files: Vec<PathBuf>,
    /// What people should know of them.
    pub(crate) notes: Vec<String>,
}

/// Reads each schema and writes its catalogue, by default below `root`.
pub(crate) fn generate(root: &Path, arguments: &Arguments) -> Result<Made> {
    let mut made = Made::default();
    for path in &arguments.schemas {
        let mut schema = read(path)?;
        let mut name = text(&schema, "version")?.to_owned();
        for folder in &arguments.extensions {
            let extension = extension::apply(&mut schema, folder, &mut made.notes)?;
            name = format!("{name}-{extension}");
        }
        check::schema(&schema)?;
        let catalogue =
            catalogue::of(&schema).with_context(|| format!("reading {}", path.display()))?;
        let default = || root.join("crates/ocsf/data").join(format!("{name}.json"));
        let target = arguments.out.clone().unwrap_or_else(default);
        std::fs::write(&target, catalogue)
            .with_context(|| format!("writing {}", target.display()))?;
        made.files.push(target);
    }
    Ok(made)
}

/// Reads a schema of any known form, into the resolved one.
fn read(path: &Path) -> Result<Object> {
    let of = || format!("reading {}", path.display());
    let mut schema = json::read(path)?;
    if compact::is_compact(&schema) {
        schema = compact::resolved(&schema).with_context(of)?;
    } else if export::is_export(&schema) {
        schema = export::resolved(&schema).with_context(of)?;
    }
    check::schema(&schema).with_context(of)?;
    Ok(schema)
}
