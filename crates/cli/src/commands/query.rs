//! `headwater query`: one statement, a file of statements, or the shell.

use std::fs::File;
use std::io::{BufWriter, Read as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use headwater_event::ErrorKind;
use headwater_query::{
    Answer, AskedPaths, OutputFormat, ResultWriter, ScanReport, Session, SessionOptions,
};

use crate::context::{Context, now};
use crate::failure::Failure;
use crate::screen;
use crate::watch_lists::WatchLists;

/// Characters of a table cell that the screen shows.
const CELL_CHARS_MAX: usize = 120;

/// Arguments of `query`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater query \"SELECT utctimestamp, summary FROM events ORDER BY utctimestamp DESC LIMIT 10\"
  headwater query --format jsonl --param name=ConsoleLogin \\
    \"SELECT details FROM events WHERE json_extract_scalar(details, '$.eventname') = $name\"
  headwater query --format parquet --output logins.parquet - < logins.sql
  headwater query            (shell: history, completion, \\d for tables, \\q to leave)")]
pub(crate) struct Arguments {
    /// The statement, or - to read it from standard input; the shell opens without it
    #[arg(value_name = "SQL")]
    sql: Option<String>,
    /// table, json, jsonl, csv, arrow or parquet [default: table]
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<OutputFormat>,
    /// Write the result to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Value for $NAME in the statement (may be repeated)
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_parameter)]
    param: Vec<(String, String)>,
    /// Show the plan before the result
    #[arg(long)]
    explain: bool,
    /// Stop after this many rows
    #[arg(long, value_name = "ROWS")]
    limit: Option<usize>,
    /// Stop after this many seconds
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Memory for one statement in MiB; beyond it sorting and grouping spill to disk
    #[arg(long, value_name = "MIB")]
    memory: Option<usize>,
    /// Show whole cells of tables on a terminal
    #[arg(long)]
    wide: bool,
    /// Do not report files and bytes after the result
    #[arg(long, short)]
    quiet: bool,
}

fn parse_parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=VALUE"))?;
    Ok((name.trim_start_matches('$').to_owned(), value.to_owned()))
}

/// How results are shown.
#[derive(Debug, Clone)]
pub(crate) struct Display {
    pub(crate) format: OutputFormat,
    pub(crate) cell_chars: Option<usize>,
    pub(crate) quiet: bool,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, Failure> {
    let lake = context.lake()?;
    let asked = Arc::new(AskedPaths::default());
    let options =
        SessionOptions { asked: Some(Arc::clone(&asked)), ..options(context, &arguments) };
    // Lists may be long: only who may ask for one has to wait for them.
    if arguments.sql.as_deref().is_none_or(|sql| sql == "-" || sql.contains("ioc_in")) {
        WatchLists::of(context).name(&options.indicators)?;
    }
    let session = Session::open(&lake, options).await?;
    let done = run_in(session, arguments).await;
    if let Err(error) = asked.save(&lake, now()).await {
        // Whoever may only read the lake can still query it.
        tracing::debug!(%error, "what was asked for is not remembered");
    }
    done
}

async fn run_in(session: Session, arguments: Arguments) -> Result<ExitCode, Failure> {
    let to_screen = screen::is_terminal() && arguments.output.is_none();
    let display = Display {
        format: arguments.format.unwrap_or(OutputFormat::Table),
        cell_chars: (to_screen && !arguments.wide).then_some(CELL_CHARS_MAX),
        quiet: arguments.quiet,
    };
    let Some(sql) = arguments.sql.as_deref() else {
        return crate::shell::run(session, display).await;
    };
    let sql = if sql == "-" { read_statement()? } else { sql.to_owned() };
    if display.format.is_binary() && to_screen {
        let advice = format!("{} is binary: add --output FILE or redirect", display.format);
        return Err(Failure::new(ErrorKind::Invalid, advice));
    }
    let started = Instant::now();
    let mut answer = session.query(&sql, &arguments.param).await?;
    if arguments.explain {
        screen::note(format_args!("{}", answer.plan_text().trim_end()));
    }
    let rows = match &arguments.output {
        Some(path) => {
            let file = File::create(path)?;
            print(&mut answer, &display, BufWriter::new(file)).await?
        }
        None => print(&mut answer, &display, BufWriter::new(std::io::stdout())).await?,
    };
    if !display.quiet {
        footer(rows, started.elapsed(), &answer);
    }
    Ok(ExitCode::SUCCESS)
}

fn options(context: &Context, arguments: &Arguments) -> SessionOptions {
    let mut options = context.session_options();
    // An export is complete; a row limit in the settings is for what people look at.
    if arguments.limit.is_some() || arguments.output.is_some() {
        options.rows_max = arguments.limit;
    }
    if let Some(seconds) = arguments.timeout {
        options.timeout = Some(Duration::from_secs(seconds));
    }
    if let Some(mebibytes) = arguments.memory {
        options.memory_bytes_max = mebibytes << 20;
    }
    options
}

fn read_statement() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

/// Writes the whole answer; returns the number of rows.
pub(crate) async fn print<W: Write + Send>(
    answer: &mut Answer,
    display: &Display,
    out: W,
) -> Result<u64, Failure> {
    let mut writer = ResultWriter::new(out, display.format, &answer.schema(), display.cell_chars)?;
    let mut rows = 0;
    while let Some(batch) = answer.next().await? {
        rows += batch.num_rows() as u64;
        writer.write(&batch)?;
    }
    writer.finish()?;
    Ok(rows)
}

/// What the query cost, on standard error.
pub(crate) fn footer(rows: u64, elapsed: Duration, answer: &Answer) {
    let ScanReport {
        files_total,
        files_pruned,
        bytes_scanned,
        bytes_total,
        row_groups_pruned,
        rows_without_words,
        files_from_columns,
        files_parsed,
        ..
    } = answer.scan_report();
    let cut = if answer.is_truncated() { " (cut by the row limit)" } else { "" };
    let mut line = format!(
        "{} {}{cut} in {:.3} s",
        screen::count(rows),
        if rows == 1 { "row" } else { "rows" },
        elapsed.as_secs_f64()
    );
    if files_total > 0 {
        line.push_str(&format!(
            "; {} of {} files read, {files_pruned} pruned; {} of {} scanned",
            files_total - files_pruned,
            files_total,
            screen::size(bytes_scanned),
            screen::size(bytes_total),
        ));
    }
    if row_groups_pruned > 0 {
        line.push_str(&format!(", {row_groups_pruned} row groups pruned"));
    }
    if rows_without_words > 0 {
        let rows = screen::count(rows_without_words);
        line.push_str(&format!(", {rows} rows left out by their words"));
    }
    if files_from_columns + files_parsed > 0 {
        line.push_str(&format!(
            "; JSON from columns in {files_from_columns} file reads, parsed in {files_parsed}"
        ));
    }
    screen::note(format_args!("{line}"));
}
