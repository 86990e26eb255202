//! `headwater history`: the commits of a table.

use std::process::ExitCode;

use headwater_lake::operations::history;

use crate::context::Context;
use crate::failure::Failure;
use crate::screen;

/// Arguments of `history`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Table to look at
    #[arg(default_value = "events", value_name = "TABLE")]
    table: String,
    /// Newest commits to show
    #[arg(long, short = 'n', default_value_t = 20, value_name = "COMMITS")]
    limit: usize,
    /// Print one JSON object per commit
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let table = context.existing_table(&arguments.table).await?;
    let entries = history(&table, arguments.limit).await?;
    if arguments.json {
        for entry in &entries {
            screen::json(entry)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let change = |added: u64, removed: u64| match removed {
        0 => format!("+{added}"),
        _ => format!("+{added} -{removed}"),
    };
    let rows: Vec<Vec<String>> = entries
        .into_iter()
        .map(|entry| {
            vec![
                entry.version.to_string(),
                entry.time.unwrap_or_else(|| "-".to_owned()),
                entry.operation,
                change(entry.rows_added, entry.rows_removed),
                change(entry.files_added, entry.files_removed),
                screen::size(entry.bytes_added),
                entry.writer.unwrap_or_else(|| "-".to_owned()),
            ]
        })
        .collect();
    screen::table(&["version", "time", "operation", "rows", "files", "added", "writer"], &rows)?;
    Ok(ExitCode::SUCCESS)
}
