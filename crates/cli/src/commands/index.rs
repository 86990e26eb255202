//! `headwater index`: brings the index of observables up to date, or makes it anew.

use std::process::ExitCode;
use std::sync::Arc;

use headwater_event::schema::EVENTS;
use headwater_lake::Lake;
use headwater_lake::index::{IndexOptions, IndexProgress, IndexReport, update};
use indicatif::{ProgressBar, ProgressStyle};

use crate::context::Context;
use crate::failure::{Failure, describe};
use crate::screen;

/// Arguments of `index`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater index
  headwater index --rebuild
  headwater index --merge

The table `observables` tells where addresses, hosts, users, hashes, URLs, files and so on occur: it
makes `headwater ioc`, ioc() and ioc_in() fast. `ingest` and `serve` bring it up to date themselves;
this does so after other programs changed the events, or where `ingest.index_observables` is false.
A search is complete in any case: what the index lacks is read from the events. Safe at any time,
also beside writers, and when it is killed.")]
pub(crate) struct Arguments {
    /// Make the whole index anew
    #[arg(long)]
    rebuild: bool,
    /// Merge all of it into one sorted run: the fastest to search
    #[arg(long)]
    merge: bool,
    /// Print the report as one line of JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<ExitCode, Failure> {
    context.existing_table(EVENTS).await?;
    let bar = progress_bar(screen::shows_progress() && !arguments.json);
    let drawn = bar.clone();
    let options = IndexOptions {
        rebuild: arguments.rebuild,
        merge_all: arguments.merge,
        progress: Some(Arc::new(move |progress: &IndexProgress| {
            drawn.set_length(progress.files as u64);
            drawn.set_position(progress.files_done as u64);
        })),
        ..IndexOptions::default()
    };
    let report = update(&context.lake()?, &options).await;
    bar.finish_and_clear();
    let report = report?;
    if arguments.json {
        screen::json(&report)?;
    } else {
        show(&report);
    }
    Ok(ExitCode::SUCCESS)
}

fn show(report: &IndexReport) {
    let IndexReport { events_version, files, rows, days_anew, anew, merges } = report;
    let anew = match (anew, days_anew) {
        (true, _) => "; all of it was made anew".to_owned(),
        (false, 0) => String::new(),
        (false, days) => format!("; {days} days were made anew, since events of them were removed"),
    };
    let merged = if *merges > 0 { format!("; {merges} merges") } else { String::new() };
    screen::note(format_args!(
        "{} rows from {} files{anew}{merged}; the index has events up to version {events_version}",
        screen::count(*rows),
        screen::count(*files as u64),
    ));
}

/// Brings the index up to date after a change of the events. The events are safe whatever comes of
/// it, so a failure is only told.
pub(crate) async fn follow(context: &Context, lake: &Lake) {
    if !context.config().ingest.index_observables {
        return;
    }
    if let Err(error) = update(lake, &IndexOptions::default()).await {
        screen::note(format_args!(
            "warning: the index of observables is not up to date: {}; headwater index tries again",
            describe(&error)
        ));
    }
}

fn progress_bar(visible: bool) -> ProgressBar {
    let bar = if visible { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} files {eta}") {
        bar.set_style(style);
    }
    bar
}
