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

macro_rules! query {
    ($question:literal, $name:literal) => {
        ($question, include_str!(concat!("../samples/queries/", $name)))
    };
}

/// What the demonstration asks, with the question in words.
const QUERIES: [(&str, &str); 4] = [
    query!("Who logged in to the AWS console in these two hours?", "logins.sql"),
    query!("Where else was the address 7.1.14.12 seen, in any source?", "address.sql"),
    query!("Which processes ran in a network logon session, and from where?", "sessions.sql"),
    query!("What could not be read? The original bytes are kept.", "rejects.sql"),
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
        let sql = sql.trim_end();
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
