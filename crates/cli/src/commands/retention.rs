//! `headwater retention`: removes old hours of a table.

use std::process::ExitCode;
use std::time::Duration;

use headwater_event::Timestamp;
use headwater_event::schema::EVENTS;
use headwater_lake::operations::{RetentionOptions, retention};

use crate::context::Context;
use crate::failure::Failure;
use crate::screen;

use super::index;

/// Arguments of `retention`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater retention --older-than 365d --dry-run
  headwater retention --older-than 90d --table rejects

Removes whole hours by the events' own time. The files stay until vacuum.")]
pub(crate) struct Arguments {
    /// Table to work on
    #[arg(long, default_value = "events", value_name = "NAME")]
    table: String,
    /// Age from which hours are removed, such as 90d or 48h
    #[arg(long, value_name = "AGE", value_parser = headwater_config::parse_duration)]
    older_than: Duration,
    /// Only report what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Print the report as one line of JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let table = context.existing_table(&arguments.table).await?;
    let age = i64::try_from(arguments.older_than.as_micros()).unwrap_or(i64::MAX);
    let older_than = Timestamp::from_micros(crate::context::now().as_micros().saturating_sub(age));
    let options = RetentionOptions { older_than, dry_run: arguments.dry_run };
    let report = retention(&table, &options).await?;
    table.settle().await;
    if arguments.table == EVENTS && !report.dry_run {
        index::follow(context, &context.lake()?).await;
    }
    if arguments.json {
        screen::json(&report)?;
    } else {
        screen::note(format_args!(
            "{} {} rows in {} hours ({} files, {})",
            if report.dry_run { "would remove" } else { "removed" },
            screen::count(report.rows),
            report.partitions,
            report.files,
            screen::size(report.bytes),
        ));
    }
    Ok(ExitCode::SUCCESS)
}
