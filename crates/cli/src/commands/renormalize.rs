//! `headwater renormalize`: rows of the lake get the OCSF side that today's mappings give them.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{BooleanArray, RecordBatch};
use clap::ValueEnum;
use headwater_event::schema::EVENTS;
use headwater_ingest::{
    RecordSource, RenormalizeOptions, RenormalizeProgress, RenormalizeReport, Selection,
    SelectionError, renormalize,
};
use headwater_lake::{DataFile, Snapshot};
use headwater_ocsf::Version;
use headwater_query::{Filter, Session};
use indicatif::{ProgressBar, ProgressStyle};

use crate::context::{Context, Overrides};
use crate::failure::Failure;
use crate::screen;

use super::index;

/// Arguments of `renormalize`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater renormalize --from raw --dry-run
  headwater renormalize --from raw --where \"class_uid = 0 AND year = '2024'\"
  headwater renormalize --from details --where \"source = 'zeek'\" --json

Only the OCSF side of rows changes (ocsf, observables, ocsf_issues and the columns named after
attributes). The shell stays byte for byte: time, details and raw too. A second run changes nothing.
--from raw maps the original text as if it arrived now. --from details maps what normalizers left of
it, for rows without text and rows of tables (CSV, Zeek); keys are in lower case then.
Safe beside writers and queries. While optimize works it is refused, and the other way round; a run
that was killed keeps its lease for ten minutes, unless the next one takes over.")]
pub(crate) struct Arguments {
    /// Condition in SQL on the columns of `events`
    #[arg(long = "where", value_name = "SQL")]
    condition: Option<String>,
    /// What is mapped: the original text, or what normalizers made of it
    #[arg(long, value_name = "WHAT")]
    from: From,
    /// Folder with VRL plugins (*.vrl)
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
    /// Begin at once although another run holds the lease: it was killed. A run that still works
    /// can commit no more then
    #[arg(long)]
    take_over: bool,
    /// Only report what would change
    #[arg(long)]
    dry_run: bool,
    /// Print the report as one line of JSON
    #[arg(long)]
    json: bool,
}

/// What is mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// The column `raw`.
    Raw,
    /// The column `details`.
    Details,
}

/// A condition in SQL.
struct Condition(Filter);

impl Selection for Condition {
    fn files(&self, snapshot: &Snapshot) -> Result<Vec<Arc<DataFile>>, SelectionError> {
        Ok(self.0.files(snapshot)?)
    }

    fn matches(&self, rows: &RecordBatch) -> Result<BooleanArray, SelectionError> {
        Ok(self.0.matches(rows)?)
    }
}

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let table = context.existing_table(EVENTS).await?;
    // A condition may name columns that a table of an older version gets only now.
    if !arguments.dry_run {
        table.ensure_created().await?;
    }
    let session = Session::open(&context.lake()?, context.session_options()).await?;
    let filter = Filter::new(&session, arguments.condition.as_deref()).await?;
    let overrides = Overrides { plugins: arguments.plugins.clone() };
    let ingest = context.ingest_with_ocsf(&overrides)?;
    let bar = progress_bar(screen::shows_progress() && !arguments.json);
    let drawn = bar.clone();
    let mut options = RenormalizeOptions::new(match arguments.from {
        From::Raw => RecordSource::Raw,
        From::Details => RecordSource::Details,
    });
    if let Some(workers) = context.config().ingest.workers {
        options.threads = workers.get();
    }
    options.dry_run = arguments.dry_run;
    if arguments.take_over {
        options.rewrite.lease_duration = Duration::ZERO;
    }
    let condition = arguments.condition.clone().unwrap_or_else(|| "true".to_owned());
    options.rewrite.parameters = vec![("predicate".to_owned(), condition)];
    options.progress = Some(Arc::new(move |progress: &RenormalizeProgress| {
        drawn.set_length(progress.bytes);
        drawn.set_position(progress.bytes_done);
        let (done, all) = (progress.files_done, progress.files);
        let rows = screen::count(progress.rows_changed);
        drawn.set_message(format!("{done} of {all} files, {rows} rows changed"));
    }));
    let report = renormalize(&ingest, &Condition(filter), &options).await;
    bar.finish_and_clear();
    let report = report?;
    if !arguments.dry_run {
        index::follow(context, &ingest.lake).await;
    }
    if arguments.json {
        screen::json(&report)?;
    } else {
        show(&report)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The classes on standard output, all else beside it.
fn show(report: &RenormalizeReport) -> Result<(), Failure> {
    let changes: Vec<Vec<String>> = report
        .classes
        .changes()
        .map(|change| vec![class(change.before), class(change.after), screen::count(change.rows)])
        .collect();
    if !changes.is_empty() {
        screen::table(&["BEFORE", "AFTER", "ROWS"], &changes)?;
    }
    let rows = &report.rows;
    screen::note(format_args!(
        "{} {} of {} rows in {} of {} files; {} were as they should be",
        if report.dry_run { "would change" } else { "changed" },
        screen::count(rows.changed),
        screen::count(rows.matched),
        screen::count(report.files_rewritten),
        screen::count(report.files),
        screen::count(rows.same),
    ));
    let left = [
        (rows.kept.no_record, "rows stay: their text is not kept, or does not tell the record"),
        (rows.kept.refused, "rows stay: the plugins refuse or drop their records today"),
        (rows.kept.unrecognised, "rows stay: no mapping recognises their records"),
        (rows.kept.poorer, "rows stay: the new object would lack attributes of the old one"),
        (rows.other_time, "records tell another time than their rows: the rows' time stays"),
        (report.files_unsorted, "files of other programs stay: not in order, and too large"),
    ];
    for (count, what) in left.into_iter().filter(|(count, _)| *count > 0) {
        screen::note(format_args!("{} {what}", screen::count(count)));
    }
    Ok(())
}

/// A class for people.
fn class(uid: Option<i32>) -> String {
    let Some(uid) = uid else { return "-".to_owned() };
    let caption = Version::NATIVE.catalogue().class(i64::from(uid)).map(|class| &class.caption);
    caption.map_or_else(|| uid.to_string(), |caption| format!("{uid} {caption}"))
}

fn progress_bar(visible: bool) -> ProgressBar {
    let bar = if visible { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {eta} {msg}") {
        bar.set_style(style);
    }
    bar
}
