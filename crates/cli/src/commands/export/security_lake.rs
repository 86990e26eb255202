//! `headwater export security-lake`: events of some classes as files of a custom source.

use std::process::ExitCode;

use clap::builder::NonEmptyStringValueParser;
use headwater_event::{ErrorKind, Timestamp, time};
use headwater_lake::{Lake, LakeOptions};
use headwater_query::security_lake::{Export, ExportReport, check_source, class_named, export};
use headwater_query::{Session, SessionOptions};

use crate::context::{Context, now};
use crate::failure::Failure;
use crate::screen;

/// Attributes and issues that are shown.
const SHOWN_MAX: usize = 10;

/// What sources are called, with the name of the class behind it.
const SOURCE: &str = "headwater_";

/// Arguments of `export security-lake`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater export security-lake --class authentication --out security-lake/ \\
    --region eu-central-1 --account 111122223333
  headwater export security-lake --class 4001 --class 6003 --out s3://bucket/ --since 2024-03-01
  headwater export security-lake --class api_activity --source trails --out s3://bucket/ \\
    --where \"metadata_product_name = 'CloudTrail'\"

Files are OUT/ext/SOURCE/2.0/region=…/accountId=…/eventDay=YYYYMMDD/*.parquet. A second run with
the same lake, class, condition and times replaces its files in the days that it finds events
for.")]
pub(super) struct Arguments {
    /// Class by name, number or caption (may be repeated)
    #[arg(long, required = true, value_name = "CLASS")]
    class: Vec<String>,
    /// Folder or bucket that holds ext/
    #[arg(long, value_name = "DIR|URL")]
    out: String,
    /// Condition in SQL on the columns of `events`
    #[arg(long = "where", value_name = "SQL")]
    condition: Option<String>,
    /// First moment
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Moment at which it ends; that one is left out
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// Region of events without cloud.region
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    region: Option<String>,
    /// Account of events without cloud.account.uid: 12 digits, or `external`
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    account: Option<String>,
    /// Name of the custom source, for one class [default: headwater_ and the class's name]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Print one line of JSON for each class
    #[arg(long)]
    json: bool,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    time::parse(text, now()).ok_or_else(|| "a time such as 2024-03-01T12:00:00Z".to_owned())
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, Failure> {
    let lake = context.lake()?;
    // All of it is complete; limits in the settings are for what people ask.
    let options = SessionOptions { rows_max: None, timeout: None, ..context.session_options() };
    let spool_folder = options.spill_folder.clone().unwrap_or_else(std::env::temp_dir);
    let exports = exports(context, &arguments, &lake, &spool_folder)?;
    let session = Session::open(&lake, options).await?;
    for one in &exports {
        let report = Box::pin(export(&session, one)).await?;
        if arguments.json {
            screen::json(&report)?;
        } else {
            show(&report)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One for each class, so that a wrong name is found before anything is written.
fn exports(
    context: &Context,
    arguments: &Arguments,
    lake: &Lake,
    spool_folder: &std::path::Path,
) -> Result<Vec<Export>, Failure> {
    let mut exports: Vec<Export> = Vec::new();
    let target = target(context, &arguments.out)?;
    for name in &arguments.class {
        let class = class_named(name)?;
        if exports.iter().any(|known| known.class.uid == class.uid) {
            continue;
        }
        if arguments.source.is_some() && !exports.is_empty() {
            let message = "a source holds one class: --source goes with one --class";
            return Err(Failure::new(ErrorKind::Invalid, message));
        }
        let source = arguments.source.clone();
        let source = source.unwrap_or_else(|| format!("{SOURCE}{}", class.name));
        check_source(&source)?;
        exports.push(Export {
            class,
            condition: arguments.condition.clone(),
            since: arguments.since,
            until: arguments.until,
            region: arguments.region.clone(),
            account: arguments.account.clone(),
            source,
            target: target.clone(),
            lake: lake.url().to_string(),
            spool_folder: spool_folder.to_owned(),
        });
    }
    Ok(exports)
}

/// The place that `--out` names, with the options that its kind of store has.
fn target(context: &Context, out: &str) -> Result<Lake, Failure> {
    let storage = context.storage_options_of(out)?;
    Ok(Lake::open(out, LakeOptions { storage, ..LakeOptions::default() })?)
}

fn show(report: &ExportReport) -> Result<(), Failure> {
    let moved = report.moved.iter().take(SHOWN_MAX);
    let moved: Vec<Vec<String>> =
        moved.map(|one| vec![one.path.clone(), screen::count(one.count)]).collect();
    if !moved.is_empty() {
        screen::table(&["NOW IN UNMAPPED", "VALUES"], &moved)?;
    }
    let issues = report.issues.iter().take(SHOWN_MAX).map(|one| {
        vec![format!("{}: {} {}", one.severity, one.code, one.path), screen::count(one.count)]
    });
    let issues: Vec<Vec<String>> = issues.collect();
    if !issues.is_empty() {
        screen::table(&["ISSUE IN 1.1.0", "TIMES"], &issues)?;
    }
    screen::note(format_args!(
        "{}: {} events in {} files ({}) below {}; {} have errors in OCSF 1.1.0",
        report.class,
        screen::count(report.events),
        screen::count(report.files),
        screen::size(report.bytes),
        report.folder,
        screen::count(report.events_with_errors),
    ));
    Ok(())
}
