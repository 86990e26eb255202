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

/// Product and class with the share of the product's events that are classified, the share of
/// these events that are free of errors, and the worst issue that is found most often.
fn coverage(condition: &str) -> String {
    format!(
        "WITH chosen AS (SELECT eventid, coalesce(metadata_product_name, 'Unknown') AS product, \
         coalesce(class_uid, 0) AS class_uid, ocsf_issues FROM events WHERE {condition}), \
         found AS (SELECT eventid, product, class_uid, unnest(ocsf_issues) AS issue FROM chosen), \
         wrong AS (SELECT DISTINCT eventid FROM found WHERE issue['severity'] = 'error'), \
         kinds AS (SELECT product, class_uid, issue['severity'] AS severity, \
         issue['code'] AS code, issue['path'] AS path, count(*) AS issues FROM found \
         GROUP BY 1, 2, 3, 4, 5), \
         ranked AS (SELECT product, class_uid, concat(severity, ': ', code, ' ', path) AS worst, \
         row_number() OVER (PARTITION BY product, class_uid ORDER BY \
         CASE severity WHEN 'error' THEN 0 ELSE 1 END, issues DESC, code, path) AS place \
         FROM kinds), \
         counted AS (SELECT chosen.product AS product, chosen.class_uid AS class_uid, \
         count(*) AS events, count(wrong.eventid) AS with_errors \
         FROM chosen LEFT JOIN wrong ON chosen.eventid = wrong.eventid GROUP BY 1, 2), \
         totals AS (SELECT product, sum(events) AS events, \
         sum(CASE WHEN class_uid = 0 THEN 0 ELSE events END) AS classified \
         FROM counted GROUP BY 1) \
         SELECT counted.product AS product, counted.class_uid AS class_uid, \
         counted.events AS events, \
         round(100.0 * totals.classified / totals.events, 2) AS classified_percent, \
         round(100.0 * (counted.events - counted.with_errors) / counted.events, 2) \
         AS clean_percent, coalesce(ranked.worst, '') AS top_issue \
         FROM counted JOIN totals ON counted.product = totals.product \
         LEFT JOIN ranked ON counted.product = ranked.product \
         AND counted.class_uid = ranked.class_uid AND ranked.place = 1 \
         ORDER BY 1, 2"
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
