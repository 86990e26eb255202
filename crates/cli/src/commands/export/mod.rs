//! `headwater export …`: events in the layout of another system.

mod security_lake;

use std::process::ExitCode;

use crate::context::Context;
use crate::failure::Failure;

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    system: System,
}

/// In whose layout.
#[derive(Debug, clap::Subcommand)]
enum System {
    /// Parquet files of OCSF 1.1.0 as Amazon Security Lake takes them from custom sources
    SecurityLake(security_lake::Arguments),
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, Failure> {
    match arguments.system {
        System::SecurityLake(arguments) => security_lake::run(context, arguments).await,
    }
}
