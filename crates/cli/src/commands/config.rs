//! `headwater config check|show|default`.

use std::process::ExitCode;

use crate::arguments::Global;
use crate::context::Context;
use crate::failure::Failure;
use crate::screen;

/// Arguments of `config`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

/// What to do with the settings.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Read the settings and compile all plugins, without any network
    Check,
    /// Print a commented settings file with all defaults
    Default,
}

pub(crate) fn run(global: &Global, arguments: &Arguments) -> Result<ExitCode, Failure> {
    match arguments.action {
        Action::Default => screen::data(format_args!("{}", headwater_config::default_yaml()))?,
        Action::Check => {
            let context = Context::load(global)?;
            let pipeline = context.pipeline(None)?;
            screen::note(format_args!("settings: {}", context.origin()));
            screen::note(format_args!("lake: {}", context.lake()?.url()));
            for (number, name) in pipeline.plugin_names().enumerate() {
                screen::note(format_args!("plugin {}: {name}", number + 1));
            }
            screen::note(format_args!("ok"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
