//! `headwater tables`: what the lake holds.

use std::process::ExitCode;

use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::screen;

/// Arguments of `tables`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print one JSON object per table
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct TableLine {
    name: String,
    version: u64,
    rows: Option<u64>,
    files: usize,
    bytes: u64,
    first: Option<String>,
    last: Option<String>,
    location: String,
}

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let lake = context.lake()?;
    let mut lines = Vec::new();
    for name in lake.tables().await? {
        let table = lake.table(&name)?;
        let snapshot = table.snapshot().await?;
        let ranges = || snapshot.files().iter().filter_map(|file| file.time_range());
        lines.push(TableLine {
            name,
            version: snapshot.version(),
            rows: snapshot.rows(),
            files: snapshot.files().len(),
            bytes: snapshot.bytes(),
            first: ranges().map(|(first, _)| first).min().map(|time| time.to_iso().to_string()),
            last: ranges().map(|(_, last)| last).max().map(|time| time.to_iso().to_string()),
            location: table.url().to_string(),
        });
    }
    if arguments.json {
        for line in &lines {
            screen::json(line)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if lines.is_empty() {
        screen::note(format_args!(
            "no tables in {} yet: headwater ingest FILE… makes them",
            lake.url()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let cell = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let rows: Vec<Vec<String>> = lines
        .into_iter()
        .map(|line| {
            vec![
                line.name,
                cell(line.rows.map(screen::count)),
                line.files.to_string(),
                screen::size(line.bytes),
                cell(line.first),
                cell(line.last),
                line.version.to_string(),
            ]
        })
        .collect();
    screen::table(&["table", "rows", "files", "size", "first", "last", "version"], &rows)?;
    Ok(ExitCode::SUCCESS)
}
