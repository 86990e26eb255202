//! `headwater optimize`: merges small files and gives old ones their hidden columns.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use headwater_event::schema::OBSERVABLES;
use headwater_event::{ErrorKind, Timestamp};
use headwater_lake::operations::{OptimizeOptions, OptimizeProgress, PartitionSelection, optimize};
use indicatif::{ProgressBar, ProgressStyle};

use crate::context::Context;
use crate::failure::Failure;
use crate::screen;

/// Arguments of `optimize`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater optimize
  headwater optimize --from 2024-03-01 --until 2024-04-01 --dry-run
  headwater optimize --table rejects --target-mib 128

Follows late data: every hour that has two or more small files is merged again. Values inside JSON
text become hidden columns, which queries read instead of the text; files that have none yet, or
only those of ingest, are written anew for it.
Safe beside writers and queries; two optimizers never work at the same time. A run that was killed
keeps its lease for ten minutes, unless the next one takes over.")]
pub(crate) struct Arguments {
    /// Table to work on
    #[arg(long, default_value = "events", value_name = "NAME")]
    table: String,
    /// Only hours that end after this time
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<Timestamp>,
    /// Only hours that begin before this time
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Timestamp>,
    /// Size that files grow to, in MiB
    #[arg(long, value_name = "MIB")]
    target_mib: Option<u64>,
    /// Most values inside JSON text that become hidden columns of a file; 0 for none [default: 128]
    #[arg(long, value_name = "N")]
    hidden_columns: Option<usize>,
    /// Begin at once although another run holds the lease: it was killed. A run that still works
    /// can commit no more then
    #[arg(long)]
    take_over: bool,
    /// Only report what would be done
    #[arg(long)]
    dry_run: bool,
    /// Print the report as one line of JSON
    #[arg(long)]
    json: bool,
}

/// A time on the command line: any form that events may have.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    headwater_event::time::parse(text, crate::context::now())
        .ok_or_else(|| format!("`{text}` is not a time: write 2024-03-01 or 2024-03-01T12:00:00Z"))
}

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<ExitCode, Failure> {
    if arguments.table == OBSERVABLES {
        let message = "headwater index --merge does this for the index of observables";
        return Err(Failure::new(ErrorKind::Invalid, message));
    }
    let table = context.existing_table(&arguments.table).await?;
    let bar = progress_bar(screen::shows_progress() && !arguments.json);
    let drawn = bar.clone();
    let mut options = OptimizeOptions {
        partitions: PartitionSelection {
            values: Vec::new(),
            from: arguments.from,
            until: arguments.until,
        },
        dry_run: arguments.dry_run,
        progress: Some(Arc::new(move |progress: &OptimizeProgress| {
            drawn.set_length(progress.bytes);
            drawn.set_position(progress.bytes_read);
            drawn.set_message(format!("{} of {} merges", progress.merges_done, progress.merges));
        })),
        ..OptimizeOptions::default()
    };
    if let Some(mebibytes) = arguments.target_mib {
        options.target_bytes = mebibytes.checked_mul(1 << 20).ok_or_else(|| {
            Failure::new(ErrorKind::Invalid, format!("{mebibytes} MiB is too large a target"))
        })?;
    }
    if let Some(columns) = arguments.hidden_columns {
        options.hidden.columns_max = columns;
    }
    if arguments.take_over {
        options.lease_duration = Duration::ZERO;
    }
    let report = optimize(&table, &options).await;
    bar.finish_and_clear();
    let report = report?;
    table.settle().await;
    if arguments.json {
        screen::json(&report)?;
    } else {
        screen::note(format_args!(
            "{}{} files ({}) became {} ({}) in {} merges",
            if report.dry_run { "would do: " } else { "" },
            report.files_removed,
            screen::size(report.bytes_removed),
            report.files_added,
            screen::size(report.bytes_added),
            report.merges,
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn progress_bar(visible: bool) -> ProgressBar {
    let bar = if visible { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {eta} {msg}") {
        bar.set_style(style);
    }
    bar
}
