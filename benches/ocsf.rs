//! What OCSF costs: the validator alone, and ingest with and without it.
//!
//! Rates of the validator are of one thread, best of several rounds, on trees that are parsed
//! already. The ingest of the same files is the program's own, on one processor, with the setting
//! `ingest.ocsf` on and off; the runs take turns.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use headwater_benches::measure::{Usage, mebibytes};
use headwater_benches::report::{Report, Target, progress};
use headwater_benches::{generate, headwater, settings};
use headwater_event::json::{ParseLimits, Tree};
use headwater_event::{Envelope, Event, Origin, Reject, Timestamp};
use headwater_ocsf::{Validator, Version};
use headwater_pipeline::{Output, Pipeline, PipelineOptions};

/// Events that the validator sees in one round.
const EVENTS: u64 = 50_000;

const ROUNDS: usize = 5;

/// Runs of the program with and without OCSF.
const RUNS: usize = 3;

fn main() -> Result<()> {
    let mut report = Report::new("ocsf", "OCSF");
    validation(&mut report)?;
    ingest(&mut report)?;
    report.finish()
}

/// Keeps the OCSF objects.
#[derive(Default)]
struct Objects(Vec<String>);

impl Output for Objects {
    fn event(&mut self, event: &Event, _: Envelope<'_>) -> Result<(), String> {
        self.0.push(event.ocsf.to_json(event.ocsf.root()));
        Ok(())
    }

    fn reject(&mut self, _: Reject, _: &Origin) {}

    fn dropped(&mut self) {}
}

fn validation(report: &mut Report) -> Result<()> {
    let text = generate::events(42, EVENTS);
    let mappings = headwater_normalizers::mappings::all();
    let plugins = headwater_normalizers::all();
    let pipeline = Pipeline::with_mappings(mappings, plugins, PipelineOptions::default())?;
    let mut worker = Arc::new(pipeline).worker();
    let mut objects = Objects::default();
    let origin = Origin::default();
    for line in text.lines() {
        let json = line.as_bytes();
        let received_at = Timestamp::from_micros(1_700_000_000_000_000);
        let envelope = Envelope { original: json, json, origin: &origin, time: None, received_at };
        worker.process(envelope, &mut objects);
    }
    let catalogue = Version::NATIVE.catalogue();
    let mut trees = Vec::new();
    for object in &objects.0 {
        let mut tree = Tree::new(Arc::clone(catalogue.vocabulary()));
        tree.parse(object.as_bytes(), ParseLimits::default())?;
        trees.push(tree);
    }
    let mut validator = Validator::new(catalogue);
    let mut best = Duration::MAX;
    let mut issues = 0;
    for round in 1..=ROUNDS {
        progress(format_args!("validation, round {round} of {ROUNDS}"));
        let start = Instant::now();
        issues = trees.iter().map(|tree| validator.validate(tree, tree.root()).len()).sum();
        best = best.min(start.elapsed());
    }
    let rate = trees.len() as f64 / best.as_secs_f64();
    let leaves: usize = trees.iter().map(|tree| tree.descendants(tree.root()).count()).sum();
    let against = report.ratio(rate / 1e6, Target::AtLeast(1.0));
    report.paragraph(format_args!(
        "Validation on one thread, best of {ROUNDS} rounds: {rate:.0} events/s ({} values and {:.0} \
         bytes per event on average, {issues} issues in {} events). Against 1,000,000 events/s: {against}.",
        leaves / trees.len().max(1),
        objects.0.iter().map(String::len).sum::<usize>() as f64 / trees.len().max(1) as f64,
        trees.len(),
    ));
    Ok(())
}

fn ingest(report: &mut Report) -> Result<()> {
    let data = settings::data_folder()?;
    let dataset = settings::dataset()?.open_or_generate(&data)?;
    let folder = data.join("ocsf-lake");
    let (mut with, mut without) = (Vec::new(), Vec::new());
    let mut sizes = [0, 0];
    for run in 1..=RUNS {
        for (place, (setting, usages)) in
            [("true", &mut with), ("false", &mut without)].into_iter().enumerate()
        {
            progress(format_args!("ingest with `ocsf: {setting}`, run {run} of {RUNS}"));
            let config = data.join("headwater-ocsf.yaml");
            fs::write(&config, format!("ingest: {{ocsf: {setting}}}\n"))?;
            let config = config.to_str().context("a folder that is not UTF-8")?;
            usages.push(headwater::ingest_on_one_core(&dataset, &folder, &["--config", config])?);
            if let Some(size) = sizes.get_mut(place) {
                *size = size_of(&folder)?;
            }
        }
    }
    headwater::remove_folder(&folder)?;
    let (with, without) = (Usage::median(&with), Usage::median(&without));
    let speed = |usage: &Usage| format!("{:.1} MiB/s", usage.speed_per_core(dataset.bytes));
    let [with_size, without_size] = sizes.map(mebibytes);
    report.table(
        &["ingest on one processor", "per core", "CPU time", "lake"],
        &[
            vec![
                "with OCSF".to_owned(),
                speed(&with),
                format!("{:.1} s", with.cpu.as_secs_f64()),
                format!("{with_size:.1} MiB"),
            ],
            vec![
                "without".to_owned(),
                speed(&without),
                format!("{:.1} s", without.cpu.as_secs_f64()),
                format!("{without_size:.1} MiB"),
            ],
        ],
    );
    let ratio = with.cpu.as_secs_f64() / without.cpu.as_secs_f64();
    let written = report.ratio(ratio, Target::AtMost(1.4));
    report.paragraph(format_args!(
        "Time with OCSF against without: {written}. Size of the lake: {:.2} of without.",
        with_size / without_size
    ));
    Ok(())
}

fn size_of(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size_of(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
