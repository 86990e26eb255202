//! Where measurements find things and how large they are; the package's only reader of the
//! environment.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `HEADWATER_BIN` | the release binary to measure | `headwater` beside the measuring program |
//! | `HEADWATER_BENCH_BYTES` | size of the generated input | 1,000,000,000 |
//! | `HEADWATER_BENCH_DATA` | folder for generated files and lakes | `bench/data` in the build folder |
//! | `HEADWATER_BENCH_COLLECTOR` | the OpenTelemetry Collector | `.otel-collector`, made by `scripts/otel-collector.sh` |
//! | `HEADWATER_BENCH_PYTHON` | Python with the rivals installed | `.venv`, made by `scripts/setup.sh test` |

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::generate::DatasetConfig;

/// Size of the generated input unless it is set.
const BYTES: u64 = 1_000_000_000;

/// The folder that holds `release` and `debug`.
///
/// # Errors
/// The program does not run from such a folder.
pub fn build_folder() -> Result<PathBuf> {
    let program = env::current_exe().context("failed to find the running program")?;
    let profile = program
        .ancestors()
        .find(|folder| folder.ends_with("release") || folder.ends_with("debug"))
        .with_context(|| format!("{} is not in a build folder", program.display()))?;
    Ok(profile.parent().context("the build folder has no parent")?.to_owned())
}

/// The folder for generated files and lakes.
///
/// # Errors
/// As [`build_folder`].
pub fn data_folder() -> Result<PathBuf> {
    match env::var_os("HEADWATER_BENCH_DATA") {
        Some(folder) => Ok(folder.into()),
        None => Ok(build_folder()?.join("bench").join("data")),
    }
}

/// The release binary to measure.
///
/// # Errors
/// There is none: it is built by `cargo build --release --workspace`.
pub fn headwater() -> Result<PathBuf> {
    let program = match env::var_os("HEADWATER_BIN") {
        Some(program) => program.into(),
        None => build_folder()?.join("release").join("headwater"),
    };
    if !program.is_file() {
        bail!("there is no program {}: build it first, or set HEADWATER_BIN", program.display());
    }
    Ok(program)
}

/// Python with the rivals installed.
///
/// # Errors
/// There is none: `scripts/setup.sh test` makes it.
pub fn python() -> Result<PathBuf> {
    let python = match env::var_os("HEADWATER_BENCH_PYTHON") {
        Some(python) => python.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv/bin/python"),
    };
    if !python.is_file() {
        bail!("there is no {}: run scripts/setup.sh test", python.display());
    }
    Ok(python)
}

/// The OpenTelemetry Collector with the receiver of the HTTP Event Collector, if there is one:
/// `scripts/otel-collector.sh` builds it.
#[must_use]
pub fn collector() -> Option<PathBuf> {
    let program = match env::var_os("HEADWATER_BENCH_COLLECTOR") {
        Some(program) => program.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../.otel-collector"),
    };
    program.is_file().then_some(program)
}

/// The input that measurements share.
///
/// # Errors
/// `HEADWATER_BENCH_BYTES` is not a number.
pub fn dataset() -> Result<DatasetConfig> {
    let bytes = match env::var("HEADWATER_BENCH_BYTES") {
        Ok(text) => text
            .replace(['_', ','], "")
            .parse()
            .with_context(|| format!("HEADWATER_BENCH_BYTES is not a number: `{text}`"))?,
        Err(_) => BYTES,
    };
    Ok(DatasetConfig { bytes, ..DatasetConfig::default() })
}
