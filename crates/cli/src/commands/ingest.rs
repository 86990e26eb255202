//! `headwater ingest`: inputs into the lake, each event once.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use headwater_event::ErrorKind;
use headwater_ingest::{IdentityScope, IngestOptions, IngestReport, Progress};
use headwater_sources::files::Format;

use crate::bucket_queue;
use crate::context::{Context, Overrides};
use crate::failure::Failure;
use crate::progress::IngestDisplay;
use crate::screen;

use super::index;

/// Exit code of a run that worked but had to reject records.
const EXIT_REJECTS: u8 = 3;

/// Arguments of `ingest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater ingest events.json
  headwater ingest --source web '/var/log/nginx/*.gz' --format lines
  headwater ingest s3://my-bucket/AWSLogs/ --json
  zcat old.gz | headwater ingest --source archive -
  headwater ingest --watch drop/
  headwater ingest --sqs https://sqs.eu-central-1.amazonaws.com/123456789012/new-logs

Running it again, also after a crash, adds only what is not in the lake yet.
Records that cannot be read or normalised are kept in the table `rejects`; exit code 3 says so.")]
pub(crate) struct Arguments {
    /// Files, folders, globs, URLs (s3://, gs://, az://, file://), or - for standard input
    #[arg(required_unless_present = "sqs", value_name = "INPUT")]
    inputs: Vec<String>,
    /// Keep running: read the objects that a queue of Amazon SQS announces
    #[arg(long, value_name = "URL", conflicts_with_all = ["inputs", "watch"])]
    sqs: Option<String>,
    /// Name for this source: the column `source` of events that name none themselves
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// What the bytes are, after decompression: auto, json, csv, lines, syslog, evtx
    #[arg(long, default_value = "auto", value_name = "FORMAT")]
    format: Format,
    /// Key of an object whose list holds the records (may be repeated) [default: Records]
    #[arg(long, value_name = "KEY")]
    records_key: Vec<String>,
    /// Folder with VRL plugins (*.vrl)
    #[arg(long, value_name = "DIR")]
    plugins: Option<std::path::PathBuf>,
    /// Host, sourcetype or index for all records of this run
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Splunk-style source type
    #[arg(long, value_name = "NAME")]
    sourcetype: Option<String>,
    /// Index name
    #[arg(long, value_name = "NAME")]
    index: Option<String>,
    /// Do not keep original texts in the column `raw`
    #[arg(long)]
    no_raw: bool,
    /// A file is the same file wherever it lies: renamed or copied files are not read again
    #[arg(long)]
    same_content: bool,
    /// Threads that normalise [default: number of processors]
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// Keep running: read new files as they appear and settle
    #[arg(long)]
    watch: bool,
    /// Seconds between two looks at the inputs with --watch
    #[arg(long, default_value_t = 2, value_name = "SECONDS", requires = "watch")]
    interval: u64,
    /// Print the summary as one line of JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, Failure> {
    let overrides = Overrides { plugins: arguments.plugins.clone() };
    let ingest = context.ingest(&overrides)?;
    let options = options(context, &arguments);
    if let Some(url) = &arguments.sqs {
        return follow_queue(context, &ingest, url, &options, arguments.json).await;
    }
    if arguments.watch {
        return watch(context, &ingest, &arguments, &options).await;
    }
    let progress = Arc::new(Progress::default());
    let display = IngestDisplay::start(&progress, screen::shows_progress() && !arguments.json);
    let report = headwater_ingest::ingest(&ingest, &arguments.inputs, &options, &progress).await;
    display.stop();
    let report = report?;
    show(&report, arguments.json)?;
    index::follow(context, &ingest.lake).await;
    Ok(exit_code(&report))
}

fn options(context: &Context, arguments: &Arguments) -> IngestOptions {
    let mut options = context.ingest_options();
    options.read.format = arguments.format;
    let label = |text: &Option<String>| text.as_deref().map(Arc::from);
    options.read.origin.source = label(&arguments.source);
    options.read.origin.host = label(&arguments.host);
    options.read.origin.sourcetype = label(&arguments.sourcetype);
    options.read.origin.index = label(&arguments.index);
    if !arguments.records_key.is_empty() {
        options.read.wrapper_keys = arguments.records_key.clone();
    }
    if let Some(workers) = arguments.workers {
        options.workers = workers;
    }
    if arguments.no_raw {
        options.raw.keep = false;
    }
    if arguments.same_content {
        options.identity = IdentityScope::Content;
    }
    options
}

/// Reads what a queue announces, until interrupted.
async fn follow_queue(
    context: &Context,
    ingest: &headwater_ingest::IngestContext,
    url: &str,
    options: &IngestOptions,
    json: bool,
) -> Result<ExitCode, Failure> {
    let queue = bucket_queue::queue(context, url)?;
    let (mut rejects, mut shown) = (0, Ok(()));
    let stop = async {
        // Without a handler for the signal the process ends by it.
        let _ = tokio::signal::ctrl_c().await;
    };
    let on_batch = |report: &headwater_ingest::BucketReport| {
        rejects += report.ingest.rejects;
        if shown.is_ok() {
            shown = bucket_queue::show(report, json);
        }
    };
    headwater_ingest::follow(ingest, &queue, options, stop, on_batch).await?;
    shown?;
    Ok(if rejects > 0 { ExitCode::from(EXIT_REJECTS) } else { ExitCode::SUCCESS })
}

/// Reads what is there, then what settles later, until interrupted.
async fn watch(
    context: &Context,
    ingest: &headwater_ingest::IngestContext,
    arguments: &Arguments,
    options: &IngestOptions,
) -> Result<ExitCode, Failure> {
    let mut watcher = headwater_sources::files::Watcher::new(
        arguments.inputs.clone(),
        ingest.stores.clone(),
        Duration::from_secs(arguments.interval.max(1)),
    );
    let mut ticks = tokio::time::interval(Duration::from_secs(arguments.interval.max(1)));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut rejects = 0;
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => break,
            _ = ticks.tick() => {}
        }
        let (polled, poll) = tokio::task::spawn_blocking(move || {
            let poll = watcher.poll(crate::context::now());
            (watcher, poll)
        })
        .await
        .map_err(|error| Failure::new(ErrorKind::Internal, error.to_string()))?;
        watcher = polled;
        for error in &poll.errors {
            screen::note(format_args!("warning: {}", crate::failure::describe(error)));
        }
        if poll.settled.is_empty() {
            continue;
        }
        let names: Vec<String> =
            poll.settled.iter().map(|input| input.name().to_string()).collect();
        let progress = Arc::new(Progress::default());
        let report = headwater_ingest::ingest(ingest, &names, options, &progress).await?;
        rejects += report.rejects;
        show(&report, arguments.json)?;
        index::follow(context, &ingest.lake).await;
    }
    Ok(if rejects > 0 { ExitCode::from(EXIT_REJECTS) } else { ExitCode::SUCCESS })
}

fn show(report: &IngestReport, json: bool) -> Result<(), Failure> {
    for failed in &report.failed {
        screen::note(format_args!("error: {}: {}", failed.name, failed.error));
    }
    if json {
        return screen::json(report);
    }
    for ignored in &report.ignored {
        screen::note(format_args!("not read: {} ({})", ignored.name, ignored.reason));
    }
    let rate = if report.seconds > 0.0 { report.bytes_read as f64 / report.seconds } else { 0.0 };
    let skipped = match report.files_skipped {
        0 => String::new(),
        files => format!(", {} skipped (in the lake already)", screen::count(files)),
    };
    screen::note(format_args!(
        "{} events from {} {}{skipped}; {} read in {:.1} s ({}/s)",
        screen::count(report.events),
        screen::count(report.files),
        if report.files == 1 { "file" } else { "files" },
        screen::size(report.bytes_read),
        report.seconds,
        // A rate below 2^63 bytes per second.
        screen::size(rate as u64),
    ));
    if report.dropped > 0 {
        screen::note(format_args!("{} dropped by plugins", screen::count(report.dropped)));
    }
    if report.rejects > 0 {
        screen::note(format_args!(
            "{} rejected: headwater query \"SELECT reason, stage, source FROM rejects\"",
            screen::count(report.rejects)
        ));
    }
    Ok(())
}

fn exit_code(report: &IngestReport) -> ExitCode {
    match report.failed.first() {
        Some(failed) => ExitCode::from(failed.kind.exit_code()),
        None if report.rejects > 0 => ExitCode::from(EXIT_REJECTS),
        None => ExitCode::SUCCESS,
    }
}
