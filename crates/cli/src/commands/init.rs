//! `headwater init`: a commented settings file and the first tokens.

use std::fs::OpenOptions;
use std::io::{ErrorKind as IoErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use headwater_access::{Scope, Token, TokenRecord};
use headwater_event::ErrorKind;

use crate::arguments::Global;
use crate::commands::token;
use crate::context::{Context, now};
use crate::failure::Failure;
use crate::screen;

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater init
  headwater init /etc/headwater/headwater.yaml
  headwater serve

The tokens are shown once; only their hashes are kept.")]
pub(crate) struct Arguments {
    /// Settings file to write
    #[arg(default_value = headwater_config::DEFAULT_FILE, value_name = "FILE")]
    file: PathBuf,
}

pub(crate) async fn run(global: &Global, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let written = write(&arguments.file)?;
    if written {
        screen::note(format_args!("wrote {}", arguments.file.display()));
    } else {
        screen::note(format_args!("{} is there already, kept", arguments.file.display()));
    }
    let global = Global { config: Some(arguments.file.clone()), ..global.clone() };
    let context = Context::load(&global)?;
    let tokens = context.token_file()?;
    if !tokens.read()?.is_empty() {
        screen::note(format_args!(
            "there are tokens already, kept: headwater token list shows them"
        ));
        return Ok(ExitCode::SUCCESS);
    }
    for (name, scopes) in [("sender", vec![Scope::Ingest]), ("analyst", Scope::ALL.to_vec())] {
        let token = Token::generate()?;
        let scope_names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
        let mut record = TokenRecord::new(&token, name, now());
        record.scopes = scopes;
        token::note_change(&context, "token.create", &record).await?;
        tokens.add(record)?;
        screen::data(format_args!("{name} ({}): {}", scope_names.join(", "), token.expose()))?;
    }
    screen::note(format_args!("keep them: they are not shown again. Next: headwater serve"));
    Ok(ExitCode::SUCCESS)
}

/// Writes the settings file unless there is one.
fn write(path: &Path) -> Result<bool, Failure> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => {
            file.write_all(headwater_config::default_yaml().as_bytes())?;
            Ok(true)
        }
        Err(error) if error.kind() == IoErrorKind::AlreadyExists => Ok(false),
        Err(error) => {
            let message = format!("failed to write {}: {error}", path.display());
            Err(Failure::new(ErrorKind::Unavailable, message))
        }
    }
}
