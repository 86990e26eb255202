//! `headwater doctor`: proves that what belongs together in a lake agrees.

use std::process::ExitCode;

use headwater_event::ErrorKind;
use headwater_event::schema::{EVENTS, OBSERVABLES};
use headwater_lake::Lake;
use headwater_lake::index::{IndexOptions, Verdict, update, verify};
use headwater_lake::operations::{TableVerdict, check_files};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::screen;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater doctor
  headwater doctor --quick --json
  headwater doctor --repair

For every table: the log can be read, each of its files is in storage with its size and as many rows
as the log says, and the footers of its hidden columns can be read. For the index of observables: it
is made anew from the events and compared row by row. Changes nothing without --repair, which makes
an index anew that does not agree. Exit code 8 when something is wrong.")]
pub(crate) struct Arguments {
    /// Do not open files: only whether they are there, with their sizes
    #[arg(long)]
    quick: bool,
    /// Make the index of observables anew when it does not agree with the events
    #[arg(long)]
    repair: bool,
    /// Print the findings as one line of JSON
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Findings {
    tables: Vec<TableVerdict>,
    index: Option<Verdict>,
    repaired: bool,
}

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let lake = context.lake()?;
    context.existing_table(EVENTS).await?;
    let mut tables = Vec::new();
    for name in lake.tables().await? {
        let verdict = check_files(&lake.table(&name)?, !arguments.quick).await?;
        if !arguments.json {
            show_table(&verdict);
        }
        tables.push(verdict);
    }
    let (index, repaired) = match arguments.quick {
        true => (None, false),
        false => check_index(&lake, arguments).await?,
    };
    let faults: usize = tables.iter().map(|table| table.faults.len()).sum();
    let disagrees = index.as_ref().is_some_and(|verdict| verdict.differences > 0) && !repaired;
    if arguments.json {
        screen::json(&Findings { tables, index, repaired })?;
    }
    if faults == 0 && !disagrees {
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(ErrorKind::Corrupt.exit_code()))
}

async fn check_index(
    lake: &Lake,
    arguments: &Arguments,
) -> Result<(Option<Verdict>, bool), Failure> {
    if !lake.table(OBSERVABLES)?.exists().await? {
        if !arguments.json {
            screen::note(format_args!("observables: there is no index; headwater index makes it"));
        }
        return Ok((None, false));
    }
    let verdict = verify(lake).await?;
    if !arguments.json {
        show_index(&verdict);
    }
    if verdict.differences == 0 || !arguments.repair {
        return Ok((Some(verdict), false));
    }
    update(lake, &IndexOptions { rebuild: true, ..IndexOptions::default() }).await?;
    let after = verify(lake).await?;
    if !arguments.json {
        screen::note(format_args!("observables: made anew"));
        show_index(&after);
    }
    let repaired = after.differences == 0;
    Ok((Some(verdict), repaired))
}

fn show_table(verdict: &TableVerdict) {
    for fault in &verdict.faults {
        screen::note(format_args!("{}: {}: {}", verdict.table, fault.path, fault.what));
    }
    let state = match verdict.faults.len() {
        0 => "ok".to_owned(),
        faults => format!("{faults} faults"),
    };
    screen::note(format_args!(
        "{}: {state}: version {}, {} files, {}",
        verdict.table,
        verdict.version,
        screen::count(verdict.files as u64),
        screen::size(verdict.bytes),
    ));
}

fn show_index(verdict: &Verdict) {
    if !verdict.exists {
        screen::note(format_args!(
            "observables: the index does not belong to these events; headwater index makes it anew"
        ));
        return;
    }
    for example in &verdict.examples {
        let count = |events: Option<i64>| events.map_or("none".to_owned(), |one| one.to_string());
        screen::note(format_args!(
            "observables: `{}`: {} events in the index, {} in the events",
            example.key,
            count(example.in_index),
            count(example.in_events),
        ));
    }
    let state = match verdict.differences {
        0 => "agrees with the events".to_owned(),
        rows => format!("{} rows DIFFER from the events", screen::count(rows)),
    };
    let behind = match verdict.files_behind {
        0 => String::new(),
        files => format!("; {files} newer files are not in it yet"),
    };
    screen::note(format_args!(
        "observables: {state}: {} rows compared, version {} of events{behind}",
        screen::count(verdict.rows),
        verdict.events_version,
    ));
}
