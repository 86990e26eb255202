//! `headwater paths`: the values inside JSON text that are columns of the files.

use std::process::ExitCode;

use headwater_event::document::path::Path;
use headwater_event::document::pointer::Pointer;
use headwater_event::schema::EVENTS;
use headwater_lake::hidden::{Coverage, DOCUMENTS, Decision, HiddenPath, PathCoverage, coverage};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::screen;

/// Arguments of `paths`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater paths
  headwater paths list --json | jq .path
  headwater paths pin details/useridentity/accountid '$.sourceipaddress'
  headwater paths ban details/requestid
  headwater optimize                    (gives files their columns)

Queries read these columns instead of the JSON text wherever a file has them. Which values become
columns is learned: those that queries asked for come first, then those that are frequent and cheap.
A path is written as its column and a JSON Pointer, or as in SQL for the column `details`.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show which paths are columns, in how many files, at what cost, and how often asked for
    List {
        /// Print one JSON object per path
        #[arg(long)]
        json: bool,
    },
    /// Make paths columns of all new and compacted files in which they occur
    Pin(Paths),
    /// Make paths columns of no new file
    Ban(Paths),
    /// Take `pin` or `ban` back
    Unset(Paths),
}

#[derive(Debug, clap::Args)]
struct Paths {
    /// Such as details/eventname or '$.eventname'
    #[arg(required = true, value_name = "PATH", value_parser = parse_path)]
    paths: Vec<HiddenPath>,
}

/// A path as its name, or as SQL has it for `details`.
fn parse_path(text: &str) -> Result<HiddenPath, String> {
    if !text.starts_with('$') {
        return HiddenPath::parse(text).map_err(|error| error.to_string());
    }
    let path = Path::parse(text).map_err(|error| error.to_string())?;
    let pointer = Pointer::of_path(&path)
        .ok_or_else(|| format!("`{text}` does not lead to one value: write keys and positions"))?;
    let [document, ..] = DOCUMENTS;
    Ok(HiddenPath { document, pointer })
}

#[derive(Serialize)]
struct Line<'a> {
    path: &'a str,
    #[serde(flatten)]
    coverage: &'a PathCoverage,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, Failure> {
    match arguments.action {
        None => list(context, false).await,
        Some(Action::List { json }) => list(context, json).await,
        Some(Action::Pin(paths)) => decide(context, &paths.paths, Some(Decision::Pinned)).await,
        Some(Action::Ban(paths)) => decide(context, &paths.paths, Some(Decision::Banned)).await,
        Some(Action::Unset(paths)) => decide(context, &paths.paths, None).await,
    }
}

async fn decide(
    context: &Context,
    paths: &[HiddenPath],
    decision: Option<Decision>,
) -> Result<ExitCode, Failure> {
    let table = context.existing_table(EVENTS).await?;
    let change = table.change_path_record(|record| {
        for path in paths {
            record.decide(path, decision);
        }
        true
    });
    change.await?;
    let done = match decision {
        Some(Decision::Pinned) => "pinned",
        Some(Decision::Banned) => "banned",
        None => "left to what is learned",
    };
    for path in paths {
        screen::note(format_args!("{path}: {done}"));
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(context: &Context, json: bool) -> Result<ExitCode, Failure> {
    let table = context.existing_table(EVENTS).await?;
    let bar = match screen::shows_progress() && !json {
        true => ProgressBar::new(0),
        false => ProgressBar::hidden(),
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} footers read") {
        bar.set_style(style);
    }
    let found = coverage(&table, |read, all| {
        bar.set_length(all);
        bar.set_position(read);
    });
    let found = found.await;
    bar.finish_and_clear();
    let found = found?;
    if json {
        for (path, coverage) in &found.paths {
            screen::json(&Line { path, coverage })?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    show(&found)?;
    Ok(ExitCode::SUCCESS)
}

fn show(found: &Coverage) -> Result<(), Failure> {
    let share = |part: u64, whole: u64| match whole {
        0 => "-".to_owned(),
        whole => format!("{:.1} %", part as f64 * 100.0 / whole as f64),
    };
    let mut paths: Vec<_> = found.paths.iter().collect();
    paths.sort_by_key(|(name, path)| (std::cmp::Reverse(path.entry.asked_days), *name));
    let rows: Vec<Vec<String>> = paths
        .into_iter()
        .map(|(name, path)| {
            let decision = match path.entry.decision {
                Some(Decision::Pinned) => "pinned",
                Some(Decision::Banned) => "banned",
                None => "",
            };
            vec![
                name.clone(),
                path.files.to_string(),
                share(path.rows, found.rows),
                screen::size(path.bytes),
                share(path.bytes, found.bytes),
                path.entry.asked_days.to_string(),
                decision.to_owned(),
            ]
        })
        .collect();
    if rows.is_empty() {
        screen::note(format_args!("no path is a column yet: headwater optimize makes them"));
        return Ok(());
    }
    screen::table(&["path", "files", "rows", "size", "of table", "days asked", "decided"], &rows)?;
    let bytes = found.paths.values().map(|path| path.bytes).sum();
    screen::note(format_args!(
        "{} of {} files have hidden columns, {} all of them; {} ({} of the table)",
        found.files_with_columns,
        found.files,
        found.files_shredded,
        screen::size(bytes),
        share(bytes, found.bytes),
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::parse_path;

    #[test]
    fn paths_are_names_or_those_of_sql() {
        for (text, name) in [
            ("details/a/b", "details/a/b"),
            ("ocsf/user/name", "ocsf/user/name"),
            ("$.a[0]", "details/a/0"),
        ] {
            assert_eq!(parse_path(text).unwrap().to_string(), name);
        }
        for text in ["$", "$.a[*]", "raw/x", "a.b"] {
            assert!(parse_path(text).is_err(), "{text}");
        }
    }
}
