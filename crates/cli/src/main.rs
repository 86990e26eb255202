//! The binary `headwater`: reads the command line, runs one command, turns its error into an exit
//! code. Data goes to standard output, everything else to standard error.

mod arguments;
mod commands;
mod context;
mod demo;
mod failure;
mod progress;
mod screen;
mod shell;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Arguments;
use crate::failure::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    context::start_logging(&arguments.global);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::from(error).report(),
    };
    let result = runtime.block_on(commands::run(arguments));
    // A query that was cut off may still hold threads; the process does not wait for them.
    runtime.shutdown_background();
    match result {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
