//! `headwater demo`: from nothing to answers, with the samples that are part of the binary.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::arguments::Global;
use crate::failure::Failure;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder for the lake and the samples; a temporary one, removed at the end, when absent
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(crate) async fn run(global: &Global, arguments: Arguments) -> Result<ExitCode, Failure> {
    crate::demo::run(global, arguments.dir).await
}
