//! `headwater ocsf report`: how much of the lake is classified, and what is wrong with it.

use std::io::BufWriter;
use std::process::ExitCode;

use headwater_query::{OutputFormat, Session};

use crate::commands::query::{Display, print};
use crate::context::Context;
use crate::failure::Failure;
use crate::screen;

/// Arguments of `ocsf report`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only events for which this is true, for example "day = '17'"
    #[arg(long = "where", value_name = "SQL")]
    condition: Option<String>,
    /// One line for each kind of issue instead of one for each product and class
    #[arg(long)]
    issues: bool,
    /// How to print
    #[arg(long, default_value = "table")]
    format: OutputFormat,
}

pub(super) async fn run(context: &Context, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let session = Session::open(&context.lake()?, context.session_options()).await?;
    let condition = arguments.condition.as_deref().unwrap_or("true");
    let sql = if arguments.issues { issues(condition) } else { coverage(condition) };
    let mut answer = session.query(&sql, &[]).await?;
    let cell_chars = screen::is_terminal().then_some(120);
    let display = Display { format: arguments.format, cell_chars, quiet: true };
    print(&mut answer, &display, BufWriter::new(std::io::stdout())).await?;
    Ok(ExitCode::SUCCESS)
}

/// Product and class with the share of events that are classified and free of errors.
fn coverage(condition: &str) -> String {
    format!(
        "WITH chosen AS (SELECT eventid, metadata_product_name, class_uid, ocsf_issues FROM events \
         WHERE {condition}), \
         wrong AS (SELECT DISTINCT eventid FROM (SELECT eventid, unnest(ocsf_issues) AS issue \
         FROM chosen) AS issues WHERE issue['severity'] = 'error') \
         SELECT coalesce(metadata_product_name, 'Unknown') AS product, class_uid, \
         count(*) AS events, count(wrong.eventid) AS with_errors, \
         round(100.0 * (count(*) - count(wrong.eventid)) / count(*), 2) AS clean_percent \
         FROM chosen LEFT JOIN wrong ON chosen.eventid = wrong.eventid \
         GROUP BY 1, 2 ORDER BY 1, 2"
    )
}

/// Kinds of issues with where they occur.
fn issues(condition: &str) -> String {
    format!(
        "SELECT issue['severity'] AS severity, issue['code'] AS code, issue['path'] AS path, \
         class_uid, coalesce(metadata_product_name, 'Unknown') AS product, count(*) AS issues, \
         min(issue['value']) AS example \
         FROM (SELECT metadata_product_name, class_uid, unnest(ocsf_issues) AS issue FROM events \
         WHERE {condition}) AS found GROUP BY 1, 2, 3, 4, 5 ORDER BY issues DESC, 1, 2, 3, 4, 5"
    )
}
