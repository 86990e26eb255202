//! The lists of indicators that the settings name: read, and read again when they change.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use headwater_indicators::List;
use headwater_pipeline::{Pipeline, Watch};
use headwater_query::{IndicatorLists, Indicators};

use crate::context::{Context, now};
use crate::failure::Failure;
use crate::screen;

/// How often a server looks whether a list has changed.
const INTERVAL: Duration = Duration::from_secs(10);

/// The lists of the settings, by name.
#[derive(Debug, Clone)]
pub(crate) struct WatchLists {
    files: BTreeMap<String, PathBuf>,
}

impl WatchLists {
    /// The lists that the settings name.
    pub(crate) fn of(context: &Context) -> Self {
        Self { files: context.config().ingest.watch.clone() }
    }

    /// Reads all lists; tells what of them is not searched.
    fn read(&self) -> Result<Vec<(&str, List)>, Failure> {
        let mut lists = Vec::new();
        for (name, path) in &self.files {
            let wrong = |kind, problem: &dyn std::fmt::Display| {
                let message = format!("ingest.watch.{name}: {}: {problem}", path.display());
                Failure::new(kind, message)
            };
            let bytes = std::fs::read(path)
                .map_err(|error| wrong(headwater_event::ErrorKind::NotFound, &error))?;
            let list = List::read(&bytes, now()).map_err(|error| wrong(error.kind(), &error))?;
            if !list.skipped().is_empty() {
                screen::note(format_args!(
                    "ingest.watch.{name}: {} of {} are not searched: headwater ioc {} tells why",
                    list.skipped().len(),
                    list.skipped().len() + list.indicators().len(),
                    path.display()
                ));
            }
            lists.push((name.as_str(), list));
        }
        Ok(lists)
    }

    /// Makes a pipeline tag the events that match.
    pub(crate) fn watch(&self, pipeline: &Pipeline) -> Result<(), Failure> {
        let lists = self.read()?;
        let watches = lists.iter().map(|(name, list)| Watch::new(name, list.matcher()));
        pipeline.watch(watches.collect());
        Ok(())
    }

    /// Makes the lists known to `ioc_in`.
    pub(crate) fn name(&self, known: &IndicatorLists) -> Result<(), Failure> {
        for (name, list) in self.read()? {
            known.set(name, Indicators::new(list.indicators().to_vec()));
        }
        Ok(())
    }

    /// Reads the lists again whenever a file changes; a list that cannot be read stays as it was.
    pub(crate) async fn follow(self, pipeline: Arc<Pipeline>, known: IndicatorLists) {
        if self.files.is_empty() {
            return;
        }
        let mut read = self.changed();
        loop {
            tokio::time::sleep(INTERVAL).await;
            let changed = self.changed();
            if changed == read {
                continue;
            }
            let (lists, pipeline, known) = (self.clone(), Arc::clone(&pipeline), known.clone());
            let reading = tokio::task::spawn_blocking(move || {
                lists.watch(&pipeline)?;
                lists.name(&known)
            });
            match reading.await {
                Ok(Ok(())) => tracing::info!("lists of indicators were read again"),
                Ok(Err(failure)) => {
                    let reason = failure.message();
                    tracing::warn!(reason, "lists of indicators stay as they were");
                }
                Err(error) => tracing::warn!(%error, "lists of indicators stay as they were"),
            }
            read = changed;
        }
    }

    /// When the files were changed last.
    fn changed(&self) -> Vec<Option<SystemTime>> {
        let time = |path: &PathBuf| std::fs::metadata(path).ok()?.modified().ok();
        self.files.values().map(time).collect()
    }
}
