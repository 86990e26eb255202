//! `headwater vacuum`: deletes files that no recent version needs.

use std::process::ExitCode;
use std::time::Duration;

use headwater_event::ErrorKind;
use headwater_lake::operations::{VACUUM_RETENTION_MIN, VacuumOptions, vacuum};

use crate::context::Context;
use crate::failure::Failure;
use crate::screen;

/// Arguments of `vacuum`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater vacuum --dry-run
  headwater vacuum --table rejects --older-than 14d")]
pub(crate) struct Arguments {
    /// Table to work on
    #[arg(long, default_value = "events", value_name = "NAME")]
    table: String,
    /// Keep files that were needed within this time, such as 7d or 36h
    #[arg(long, default_value = "7d", value_name = "AGE", value_parser = headwater_config::parse_duration)]
    older_than: Duration,
    /// Allow less than 7 days; nobody may read or write the table meanwhile
    #[arg(long)]
    force: bool,
    /// Only report what would be deleted
    #[arg(long)]
    dry_run: bool,
    /// Print the report as one line of JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<ExitCode, Failure> {
    if arguments.older_than < VACUUM_RETENTION_MIN && !arguments.force && !arguments.dry_run {
        return Err(Failure::new(
            ErrorKind::Invalid,
            "queries and writers may still need files of the last 7 days: \
             choose a longer --older-than, or --force when nobody uses the table",
        ));
    }
    let table = context.existing_table(&arguments.table).await?;
    let options = VacuumOptions {
        retention: arguments.older_than,
        dry_run: arguments.dry_run,
        force: arguments.force || arguments.dry_run,
    };
    let report = vacuum(&table, &options).await?;
    if arguments.json {
        screen::json(&report)?;
    } else {
        let verb = if report.dry_run { "would delete" } else { "deleted" };
        let size = screen::size(report.bytes);
        screen::note(format_args!("{verb} {} files ({size})", report.files.len()));
    }
    Ok(ExitCode::SUCCESS)
}
