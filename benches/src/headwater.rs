//! Running the program that is measured: `headwater ingest` as a process, as its users run it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use headwater_event::schema::EVENTS;
use headwater_lake::{Lake, LakeOptions, Table};
use serde::Deserialize;

use crate::generate::Dataset;
use crate::measure::{self, Usage};
use crate::settings;

/// A statement that finds an address of few generated events: the smallest one from which a login
/// failed.
pub const RARE_ADDRESS: &str = "
    SELECT min(json_extract_scalar(details, '$.sourceipaddress')) FROM events
    WHERE source = 'cloudtrail' AND json_extract_scalar(details, '$.eventname') = 'ConsoleLogin'
      AND json_extract_scalar(details, '$.responseelements.consolelogin') = 'Failure'";

/// What `headwater ingest --json` reports.
#[derive(Debug, Clone, Deserialize)]
pub struct Ingested {
    /// Rows committed to `events`.
    pub events: u64,
    /// Records committed to `rejects`.
    pub rejects: u64,
    /// Commits made.
    pub commits: u64,
}

/// Ingests all files of a dataset into a new lake in `folder`.
///
/// # Errors
/// The program fails, or not every event is in the table.
pub fn ingest(dataset: &Dataset, folder: &Path, options: &[&str]) -> Result<(Ingested, Usage)> {
    run(Command::new(settings::headwater()?), dataset, folder, options)
}

/// As [`ingest`], on the first processor alone, with one thread that normalises.
///
/// # Errors
/// As [`ingest`]; there is no program `taskset`.
pub fn ingest_on_one_core(dataset: &Dataset, folder: &Path, options: &[&str]) -> Result<Usage> {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", "0"]).arg(settings::headwater()?);
    let options = [&["--workers", "1"], options].concat();
    Ok(run(command, dataset, folder, &options)?.1)
}

fn run(
    mut command: Command,
    dataset: &Dataset,
    folder: &Path,
    options: &[&str],
) -> Result<(Ingested, Usage)> {
    remove_folder(folder)?;
    command.arg("--lake").arg(folder).args(["ingest", "--json"]).args(options);
    command.args(&dataset.files);
    let (output, usage) = measure::run(&mut command)?;
    ensure!(output.status.success(), "headwater ingest ended with {}", output.status);
    let ingested: Ingested =
        serde_json::from_slice(&output.stdout).context("headwater ingest gave no summary")?;
    ensure!(
        ingested.events == dataset.events && ingested.rejects == 0,
        "{} events and {} rejects of {} events",
        ingested.events,
        ingested.rejects,
        dataset.events
    );
    Ok((ingested, usage))
}

/// The table `events` of a lake in a folder.
///
/// # Errors
/// The folder cannot be a lake.
pub fn events_table(folder: &Path) -> Result<(Lake, Table)> {
    let location = folder.to_str().context("the lake's folder is not UTF-8")?;
    let lake = Lake::open(location, LakeOptions::default())?;
    let table = lake.table(EVENTS)?;
    Ok((lake, table))
}

/// The data files of a table in a local folder, as other engines open them.
///
/// # Errors
/// The table does not exist.
pub async fn data_files(folder: &Path, table: &Table) -> Result<Vec<PathBuf>> {
    let snapshot = table.snapshot().await?;
    let root = folder.join(table.name());
    Ok(snapshot.files().iter().map(|file| root.join(&file.path)).collect())
}

/// Removes a folder with everything in it, if it exists.
///
/// # Errors
/// The system refuses.
pub fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
