//! One file per command, named after its verb.

pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod history;
pub(crate) mod index;
pub(crate) mod ingest;
pub(crate) mod init;
pub(crate) mod ioc;
pub(crate) mod lambda;
pub(crate) mod ocsf;
pub(crate) mod openapi;
pub(crate) mod optimize;
pub(crate) mod paths;
pub(crate) mod query;
pub(crate) mod renormalize;
pub(crate) mod replay;
pub(crate) mod retention;
pub(crate) mod serve;
pub(crate) mod tables;
pub(crate) mod tail;
pub(crate) mod token;
pub(crate) mod vacuum;

use std::process::ExitCode;

use crate::arguments::{Arguments, Command};
use crate::context::Context;
use crate::failure::Failure;

/// Runs the command that the arguments name.
pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let global = arguments.global;
    match arguments.command {
        Command::Openapi => openapi::run(),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Config(arguments) => config::run(&global, &arguments),
        Command::Demo(arguments) => demo::run(&global, arguments).await,
        Command::Ingest(arguments) => ingest::run(&Context::load(&global)?, arguments).await,
        Command::Query(arguments) => query::run(&Context::load(&global)?, arguments).await,
        Command::Init(arguments) => init::run(&global, &arguments).await,
        Command::Serve(arguments) => serve::run(&Context::load(&global)?, arguments).await,
        Command::Token(arguments) => token::run(&Context::load(&global)?, arguments).await,
        Command::Tail(arguments) => tail::run(&Context::load(&global)?, arguments).await,
        Command::Tables(arguments) => tables::run(&Context::load(&global)?, &arguments).await,
        Command::History(arguments) => history::run(&Context::load(&global)?, &arguments).await,
        Command::Ioc(arguments) => ioc::run(&Context::load(&global)?, arguments).await,
        Command::Index(arguments) => index::run(&Context::load(&global)?, &arguments).await,
        Command::Doctor(arguments) => doctor::run(&Context::load(&global)?, &arguments).await,
        Command::Optimize(arguments) => optimize::run(&Context::load(&global)?, &arguments).await,
        Command::Paths(arguments) => paths::run(&Context::load(&global)?, arguments).await,
        Command::Vacuum(arguments) => vacuum::run(&Context::load(&global)?, &arguments).await,
        Command::Retention(arguments) => retention::run(&Context::load(&global)?, &arguments).await,
        Command::Renormalize(arguments) => {
            renormalize::run(&Context::load(&global)?, &arguments).await
        }
        Command::Export(arguments) => export::run(&Context::load(&global)?, arguments).await,
        Command::Lambda(arguments) => lambda::run(&Context::load(&global)?, arguments).await,
        Command::Ocsf(arguments) => ocsf::run(&global, arguments).await,
        Command::Replay(arguments) => replay::run(&Context::load(&global)?, &arguments).await,
    }
}
