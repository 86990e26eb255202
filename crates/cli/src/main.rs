//! The binary `headwater`: reads the command line, runs one command, turns its error into an exit
//! code. Data goes to standard output, everything else to standard error.

mod arguments;
mod bucket_queue;
mod commands;
mod context;
mod demo;
mod failure;
mod progress;
mod screen;
mod shell;
mod watch_lists;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Arguments;
use crate::failure::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.command.reuses_memory() {
        keep_freed_memory();
    }
    context::start_logging(&arguments.global);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = match builder.thread_stack_size(headwater_query::STACK_BYTES).enable_all().build()
    {
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

/// Makes the allocator keep what is freed for the next use. By default it goes back to the system
/// after milliseconds, to be cleared and handed out again at once.
#[expect(unsafe_code, reason = "the allocator's options have no safe wrapper")]
fn keep_freed_memory() {
    /// Number of the option `purge_delay` in `mimalloc.h`; -1 means never.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: sets a number in a static table; not thread-safe, and there is only this thread yet.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
}
