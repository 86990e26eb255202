//! The command line: global options and one variant per command. What a command does is in
//! `commands/<name>.rs`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;

/// The open security data lake that starts as one binary.
///
/// Reads logs in any common form, normalises and enriches them without losing a byte, keeps them in
/// an open Delta Lake table, and answers SQL over the raw nested JSON.
#[derive(Debug, Parser)]
#[command(name = "headwater", version, propagate_version = true, after_help = after_help())]
#[command(max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Lake to work on: a folder or a URL (s3://, gs://, az://) [env: HEADWATER_LAKE] [default:
    /// ./lake]
    #[arg(long, global = true, help_heading = "Global options", value_name = "URL|DIR")]
    pub(crate) lake: Option<String>,
    /// Settings file [env: HEADWATER_CONFIG] [default: ./headwater.yaml when it exists]
    #[arg(long, global = true, help_heading = "Global options", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Form of log lines on standard error [env: HEADWATER_LOG_FORMAT]
    #[arg(long, global = true, help_heading = "Global options", value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
}

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read files, folders, globs, buckets or standard input into the lake
    Ingest(commands::ingest::Arguments),
    /// Run SQL, or open the SQL shell when no statement is given
    Query(commands::query::Arguments),
    /// Find indicators of compromise in the whole lake: addresses, domains, hashes, users, …
    Ioc(commands::ioc::Arguments),
    /// Write a commented settings file and make the first tokens
    Init(commands::init::Arguments),
    /// Take events over the network and answer queries, until stopped
    Serve(commands::serve::Arguments),
    /// Make, list and revoke tokens
    Token(commands::token::Arguments),
    /// Show events of a server as they arrive
    Tail(commands::tail::Arguments),
    /// List the tables of the lake with rows, files and sizes
    Tables(commands::tables::Arguments),
    /// Show the commits of a table
    History(commands::history::Arguments),
    /// Merge small files and give them hidden columns (safe at any time, also beside writers)
    Optimize(commands::optimize::Arguments),
    /// Show which values inside JSON are columns of the files, and decide about them
    Paths(commands::paths::Arguments),
    /// Bring the index of observables up to date, or make it anew
    Index(commands::index::Arguments),
    /// Delete files that no version of the last days needs
    Vacuum(commands::vacuum::Arguments),
    /// Remove hours of events that are older than an age
    Retention(commands::retention::Arguments),
    /// Check that files, log and index of a lake agree
    Doctor(commands::doctor::Arguments),
    /// Send rejected records through the plugins again
    Replay(commands::replay::Arguments),
    /// Map rows of the lake to OCSF again, in place
    Renormalize(commands::renormalize::Arguments),
    /// Browse OCSF, check events, explain mappings, report coverage
    Ocsf(commands::ocsf::Arguments),
    /// Write events as files for another system: Amazon Security Lake
    Export(commands::export::Arguments),
    /// Run the plugins as a function of AWS Lambda
    Lambda(commands::lambda::Arguments),
    /// Make a small lake from shipped samples and query it
    Demo(commands::demo::Arguments),
    /// Check or show the settings
    Config(commands::config::Arguments),
    /// Print the description of the API of `serve` (OpenAPI, JSON)
    Openapi,
    /// Print a shell completion script
    Completions(commands::completions::Arguments),
}

impl Command {
    /// Whether it fills and empties large buffers over and over.
    pub(crate) const fn reuses_memory(&self) -> bool {
        matches!(self, Self::Ingest(_) | Self::Query(_) | Self::Renormalize(_) | Self::Serve(_))
    }
}

fn after_help() -> String {
    let mut text = String::from(
        "Examples:\n  \
         headwater demo\n  \
         headwater ingest --source web /var/log/nginx/*.gz\n  \
         headwater query \"SELECT source, count(*) FROM events GROUP BY source\"\n  \
         headwater query                       (opens the SQL shell)\n  \
         headwater init && headwater serve\n\n\
         Exit codes:\n  0  success\n  3  done, but some records were rejected (see the table `rejects`)\n",
    );
    for kind in headwater_event::ErrorKind::ALL {
        text.push_str(&format!("  {}  {}\n", kind.exit_code(), kind.meaning()));
    }
    text
}
