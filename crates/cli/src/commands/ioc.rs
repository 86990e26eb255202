//! `headwater ioc`: where indicators of compromise occur in the lake.

use std::collections::{BTreeSet, HashSet};
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use chrono::{Days, NaiveDate};
use headwater_event::ErrorKind;
use headwater_event::schema::EVENTS;
use headwater_indicators::{Indicator, List};
use headwater_query::{Indicators, OutputFormat, ResultWriter, Session, SightingFilter, Sightings};

use crate::context::{Context, now};
use crate::failure::Failure;
use crate::screen;

use super::query::{Display, footer, print};

/// Name of the indicators in the statement that finds their events.
const LIST: &str = "ioc";

/// What was skipped or changed that is told line by line.
const NOTES_MAX: usize = 20;

/// Bytes of a list.
const LIST_BYTES_MAX: u64 = 1 << 30;

/// Arguments of `ioc`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater ioc 203.0.113.7 198.51.100.0/24 evil[.]example
  headwater ioc feed.csv --from 2026-01-01 --format jsonl
  curl -s https://feeds.example.com/stix.json | headwater ioc -
  headwater ioc user:alice file:evil.exe --events --format jsonl

An indicator is an IPv4 or IPv6 address or network, a domain (with all names below it;
*.example.com: only those below), URL, e-mail address, hash (MD5, SHA-1, SHA-2), user, host, file
name or path, MAC address. Defanged text (hxxp, [.], [at]) is understood. What it is can be said:
ip: domain: host: url: email: hash: user: file: mac: other:. Lists are text, CSV, JSON, MISP, OTX
and STIX 2.

The matrix has a row for each indicator, source and day; hits counts values in events, so an event
in which two values match counts twice. --events shows the events themselves.")]
pub(crate) struct Arguments {
    /// Indicators, files with lists of them, or - for a list on standard input
    #[arg(required = true, value_name = "INDICATOR|FILE|-")]
    indicators: Vec<String>,
    /// First day
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<NaiveDate>,
    /// Last day
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<NaiveDate>,
    /// Only events of this source (may be repeated)
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,
    /// Show the events instead of the matrix
    #[arg(long)]
    events: bool,
    /// Columns of the events, as in SQL
    #[arg(long, value_name = "SQL", requires = "events", default_value = "*")]
    columns: String,
    /// table, json, jsonl, csv, arrow or parquet
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    format: OutputFormat,
    /// Do not report what was skipped, and what it cost
    #[arg(long, short)]
    quiet: bool,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, Failure> {
    context.existing_table(EVENTS).await?;
    let all = read(&arguments)?;
    if all.is_empty() {
        return Err(Failure::new(ErrorKind::Invalid, "there is no indicator to look for"));
    }
    let indicators = Indicators::new(all);
    match arguments.events {
        true => events(context, &arguments, indicators).await?,
        false => matrix(context, &arguments, &indicators).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// All indicators that were given, each once.
fn read(arguments: &Arguments) -> Result<Vec<Indicator>, Failure> {
    let (mut all, mut known) = (Vec::new(), HashSet::new());
    for given in &arguments.indicators {
        let text = match given.as_str() {
            "-" => bytes_of(std::io::stdin().lock())?,
            path if Path::new(path).is_file() => bytes_of(std::fs::File::open(path)?)?,
            text => {
                all.push(Indicator::parse(text).map_err(|error| {
                    let message = format!("`{text}` is no file, and no indicator: {error}");
                    Failure::new(error.kind(), message)
                })?);
                continue;
            }
        };
        let list = List::read(&text, now())
            .map_err(|error| Failure::new(error.kind(), format!("{given}: {error}")))?;
        if !arguments.quiet {
            tell(given, &list);
        }
        all.extend_from_slice(list.indicators());
    }
    all.retain(|one: &Indicator| known.insert(one.ranges().cloned().collect::<Vec<_>>()));
    if !arguments.quiet {
        tell_changed(&all);
    }
    Ok(all)
}

fn bytes_of(source: impl std::io::Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    source.take(LIST_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIST_BYTES_MAX {
        let message = format!("a list has more than {}", screen::size(LIST_BYTES_MAX));
        return Err(Failure::new(ErrorKind::Invalid, message));
    }
    Ok(bytes)
}

/// What of a list is not searched.
fn tell(name: &str, list: &List) {
    let skipped = list.skipped();
    for one in skipped.iter().take(NOTES_MAX) {
        screen::note(format_args!("{name}:{}: `{}` skipped: {}", one.line, one.text, one.reason));
    }
    if skipped.len() > NOTES_MAX {
        screen::note(format_args!("{name}: {} more skipped", skipped.len() - NOTES_MAX));
    }
    let (found, twice) = (list.indicators().len() as u64, list.duplicates() as u64);
    let twice = match twice {
        0 => String::new(),
        count => format!(", {} more came twice", screen::count(count)),
    };
    screen::note(format_args!("{name}: {} indicators{twice}", screen::count(found)));
}

/// Indicators that are searched as something else than was given.
fn tell_changed(indicators: &[Indicator]) {
    let changed = indicators.iter().filter_map(|one| Some((one, one.note()?)));
    for (indicator, note) in changed.take(NOTES_MAX) {
        let (given, text) = (indicator.given(), indicator.text());
        screen::note(format_args!("`{given}` is searched as {text}: {}", note.text()));
    }
}

async fn matrix(
    context: &Context,
    arguments: &Arguments,
    indicators: &Indicators,
) -> Result<(), Failure> {
    let started = Instant::now();
    let until = arguments.until.and_then(|date| date.checked_add_days(Days::new(1)));
    let filter = SightingFilter {
        from: arguments.from.map(|date| date.to_epoch_days()),
        until: until.map(|date| date.to_epoch_days()),
        sources: arguments.source.clone(),
    };
    let sightings = Sightings::find(&context.lake()?, indicators, &filter).await?;
    let batch = sightings.to_batch(indicators)?;
    let mut writer = ResultWriter::new(std::io::stdout(), arguments.format, &batch.schema(), None)?;
    writer.write(&batch)?;
    writer.finish()?;
    if !arguments.quiet {
        let seen: BTreeSet<usize> = sightings.all.iter().map(|one| one.indicator).collect();
        let unindexed = match sightings.files_read {
            0 => String::new(),
            files => format!("; {files} files were read that the index does not have yet"),
        };
        screen::note(format_args!(
            "{} of {} indicators seen, in {:.3} s{unindexed}",
            screen::count(seen.len() as u64),
            screen::count(indicators.all().len() as u64),
            started.elapsed().as_secs_f64()
        ));
    }
    Ok(())
}

async fn events(
    context: &Context,
    arguments: &Arguments,
    indicators: Indicators,
) -> Result<(), Failure> {
    let options = context.session_options();
    options.indicators.set(LIST, indicators);
    let session = Session::open(&context.lake()?, options).await?;
    let mut sql = format!("SELECT {} FROM events WHERE ioc_in('{LIST}')", arguments.columns);
    if let Some(from) = arguments.from {
        sql.push_str(&format!(" AND utctimestamp >= TIMESTAMP '{from} 00:00:00Z'"));
    }
    if let Some(behind) = arguments.until.and_then(|date| date.checked_add_days(Days::new(1))) {
        sql.push_str(&format!(" AND utctimestamp < TIMESTAMP '{behind} 00:00:00Z'"));
    }
    if !arguments.source.is_empty() {
        let quoted = arguments.source.iter().map(|one| format!("'{}'", one.replace('\'', "''")));
        sql.push_str(&format!(" AND source IN ({})", quoted.collect::<Vec<_>>().join(", ")));
    }
    sql.push_str(" ORDER BY utctimestamp");
    let started = Instant::now();
    let mut answer = session.query(&sql, &[]).await?;
    let display = Display { format: arguments.format, cell_chars: None, quiet: arguments.quiet };
    let rows = print(&mut answer, &display, std::io::stdout()).await?;
    if !arguments.quiet {
        footer(rows, started.elapsed(), &answer);
    }
    Ok(())
}
