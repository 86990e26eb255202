//! The demonstration: writes the shipped samples to a folder, reads them into a lake, and runs
//! queries that a hunter would run. Every step shows the command that does the same by hand.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use headwater_ingest::Progress;
use headwater_query::{OutputFormat, Session};

use crate::arguments::Global;
use crate::commands::query::{Display, footer, print};
use crate::context::{Context, Overrides};
use crate::failure::Failure;
use crate::screen;

macro_rules! samples {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../samples/", $name)))),*]
    };
}

/// Events written for this demonstration: addresses are from documentation ranges, names are
/// invented.
const SAMPLES: &[(&str, &[u8])] = samples![
    "210987654321_CloudTrail_us-east-1_20200619T0245Z_sample.json",
    "vpc_flow.jsonl",
    "cloudfront.json",
    "gsuite_login.json",
    "syslog_sudo.log",
    "zeek_http.jsonl",
    "windows.jsonl",
    "broken.jsonl",
];

/// What the demonstration asks, with the question in words.
const QUERIES: &[(&str, &str)] = &[
    (
        "Who logged in to the AWS console in these two hours?",
        "SELECT utctimestamp, json_extract_scalar(details, '$.useridentity.username') AS user_name,\n       \
         json_extract_scalar(details, '$.sourceipaddress') AS ip,\n       \
         json_extract_scalar(details, '$.responseelements.consolelogin') AS result\n\
         FROM \"defenda_data_lake\".\"events\"\n\
         WHERE source = 'cloudtrail'\n  \
         AND json_extract_scalar(details, '$.eventname') = 'ConsoleLogin'\n  \
         AND ((year = '2020' AND month = '06' AND day = '19' AND hour = '01')\n    \
         OR (year = '2020' AND month = '06' AND day = '19' AND hour = '02'))\n\
         LIMIT 100",
    ),
    (
        "Where else was the address 7.1.14.12 seen, in any source?",
        "SELECT utctimestamp, source, summary, json_extract(details, '$._ipaddresses') AS addresses\n\
         FROM events\n\
         WHERE json_array_contains(json_extract(details, '$._ipaddresses'), '7.1.14.12')\n\
         ORDER BY utctimestamp",
    ),
    (
        "Which processes ran in a network logon session, and from where did that come?",
        "WITH logon AS (\n  \
         SELECT json_extract_scalar(details, '$.user_logon_id') AS logon_id,\n         \
         json_extract_scalar(details, '$.src_ip_addr') AS src_ip\n  \
         FROM events WHERE json_extract_scalar(details, '$.event_id') = '4624'\n    \
         AND json_extract_scalar(details, '$.logon_type') = '3'),\n\
         process AS (\n  \
         SELECT utctimestamp, json_extract_scalar(details, '$.user_logon_id') AS logon_id,\n         \
         json_extract_scalar(details, '$.host_name') AS host,\n         \
         json_extract_scalar(details, '$.user_name') AS user_name,\n         \
         json_extract_scalar(details, '$.process_parent_name') AS parent,\n         \
         json_extract_scalar(details, '$.process_name') AS process\n  \
         FROM events WHERE json_extract_scalar(details, '$.action') = 'processcreate')\n\
         SELECT process.utctimestamp, src_ip, host, user_name, parent, process\n\
         FROM logon JOIN process ON logon.logon_id = process.logon_id",
    ),
    (
        "What could not be read? (nothing is lost: the original bytes are kept)",
        "SELECT stage, reason, from_utf8(raw) AS original FROM rejects ORDER BY reason",
    ),
];

/// Runs the demonstration in `dir`, or in a temporary folder.
pub(crate) async fn run(global: &Global, dir: Option<PathBuf>) -> Result<ExitCode, Failure> {
    let temporary = dir
        .is_none()
        .then(|| std::env::temp_dir().join(format!("headwater-demo-{}", std::process::id())));
    let folder = dir.or_else(|| temporary.clone()).unwrap_or_default();
    let result = steps(global, &folder).await;
    if let Some(folder) = &temporary {
        std::fs::remove_dir_all(folder)?;
    }
    result?;
    screen::note(format_args!(
        "\nNext: headwater ingest FILE…, then headwater query (the shell); headwater --help."
    ));
    Ok(ExitCode::SUCCESS)
}

async fn steps(global: &Global, folder: &Path) -> Result<(), Failure> {
    let samples = folder.join("samples");
    let lake = folder.join("lake");
    write_samples(&samples)?;
    let lake_text = lake.to_string_lossy().into_owned();
    let context = Context::load(&Global { lake: Some(lake_text), ..global.clone() })?;
    screen::note(format_args!(
        "$ headwater ingest --lake {} {}/*",
        lake.display(),
        samples.display()
    ));
    ingest(&context, &samples).await?;
    let session = Session::open(&context.lake()?, context.session_options()).await?;
    let display = Display { format: OutputFormat::Table, cell_chars: Some(64), quiet: false };
    for (question, sql) in QUERIES {
        screen::data(format_args!("\n-- {question}\n{sql};"))?;
        let started = Instant::now();
        let mut answer = session.query(sql, &[]).await?;
        let rows = print(&mut answer, &display, std::io::stdout()).await?;
        footer(rows, started.elapsed(), &answer);
    }
    Ok(())
}

fn write_samples(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    for (name, content) in SAMPLES {
        std::fs::write(folder.join(name), content)?;
    }
    Ok(())
}

async fn ingest(context: &Context, samples: &Path) -> Result<(), Failure> {
    let ingest = context.ingest(&Overrides::default())?;
    let options = context.ingest_options();
    let inputs = [samples.to_string_lossy().into_owned()];
    let progress = Arc::new(Progress::default());
    let report = headwater_ingest::ingest(&ingest, &inputs, &options, &progress).await?;
    screen::note(format_args!(
        "{} events and {} rejects from {} files in {:.2} s",
        report.events, report.rejects, report.files, report.seconds
    ));
    Ok(())
}
