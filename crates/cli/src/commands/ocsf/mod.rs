//! `headwater ocsf …`: the schema offline, validation, what mappings do, and how well they do it.

mod browse;
mod explain;
mod records;
mod report;
mod validate;

use std::path::PathBuf;
use std::process::ExitCode;

use headwater_event::ErrorKind;
use headwater_ocsf::{Catalogue, Version};

use crate::arguments::Global;
use crate::context::Context;
use crate::failure::{Failure, describe};

/// Arguments of `ocsf`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    headwater ocsf class authentication\n  \
    headwater ocsf path actor.process.file.hashes.value\n  \
    headwater ocsf validate events.jsonl\n  \
    headwater ocsf explain /var/log/auth.log\n  \
    headwater ocsf report")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

/// What to do with the schema.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the classes of events
    Classes(browse::Classes),
    /// Show a class by name, number or caption
    Class(browse::Show),
    /// Show an object by name
    Object(browse::Show),
    /// Tell which classes have an attribute at a path, and what it is
    Path(browse::Path),
    /// Check OCSF events, one JSON object per line; the exit code tells of errors
    Validate(validate::Arguments),
    /// Tell which mapping takes each kind of record of files, and where its fields go
    Explain(explain::Arguments),
    /// Tell how much of the lake is classified, and what is wrong with it
    Report(report::Arguments),
}

/// Which release of the schema.
#[derive(Debug, Clone, clap::Args)]
struct Release {
    /// Release of the schema: 1.1.0, 1.3.0 or 1.8.0
    #[arg(long, default_value = "1.8.0", value_parser = version)]
    schema: Version,
    /// A catalogue made by `cargo xtask ocsf`, in place of a release
    #[arg(long, value_name = "FILE", conflicts_with = "schema")]
    catalogue: Option<PathBuf>,
}

impl Release {
    fn catalogue(&self) -> Result<&'static Catalogue, Failure> {
        let Some(file) = &self.catalogue else { return Ok(self.schema.catalogue()) };
        let failed = |kind: ErrorKind, cause: &(dyn std::error::Error + 'static)| {
            let cause = describe(cause);
            Failure::new(kind, format!("failed to read the catalogue {}: {cause}", file.display()))
        };
        let text = std::fs::read_to_string(file).map_err(|error| {
            let is_absent = error.kind() == std::io::ErrorKind::NotFound;
            failed(if is_absent { ErrorKind::NotFound } else { ErrorKind::Unavailable }, &error)
        })?;
        let catalogue =
            Catalogue::read(&text).map_err(|error| failed(ErrorKind::Invalid, &error))?;
        // Once per run, and needed to its end like those that are built in.
        Ok(Box::leak(Box::new(catalogue)))
    }
}

fn version(text: &str) -> Result<Version, String> {
    Version::of(text).ok_or_else(|| {
        let known: Vec<&str> = Version::ALL.into_iter().map(Version::text).collect();
        format!("known releases are {}", known.join(", "))
    })
}

pub(crate) async fn run(global: &Global, arguments: Arguments) -> Result<ExitCode, Failure> {
    match arguments.action {
        Action::Classes(arguments) => browse::classes(&arguments),
        Action::Class(arguments) => browse::class(&arguments),
        Action::Object(arguments) => browse::object(&arguments),
        Action::Path(arguments) => browse::path(&arguments),
        Action::Validate(arguments) => validate::run(&Context::load(global)?, arguments).await,
        Action::Explain(arguments) => explain::run(&Context::load(global)?, arguments).await,
        Action::Report(arguments) => report::run(&Context::load(global)?, &arguments).await,
    }
}
