//! What happened to `events` since the index was brought up to date: by the log of `events`, and
//! the position of the index, which is the version of `events` that it has all rows of.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::error::Result;
use crate::file::DataFile;
use crate::log::entry::{Action, Remove, parse_entry};
use crate::log::tail::read_after;
use crate::partition::HourPartition;
use crate::table::Table;

/// What of `events` the index does not have.
#[derive(Debug, Default)]
pub struct Behind {
    /// The position of the index (Delta `appId`).
    pub(super) position: String,
    /// Where the position is.
    pub(super) from: Option<i64>,
    /// Version of `events` up to which the changes are known.
    pub(super) version: u64,
    /// Files whose rows have to be added, by the version that added them.
    pub(super) added: Vec<(u64, Arc<DataFile>)>,
    /// Days (since the epoch) whose rows in the index are not those of `events` any more.
    pub(super) dates: BTreeSet<i32>,
    /// All files that were added, also those that have the rows of others.
    paths: HashSet<String>,
    /// Whether nothing that the index has can be trusted.
    pub(super) is_anew: bool,
}

impl Behind {
    /// Finds out what the index lacks. An index that does not exist lacks everything.
    ///
    /// # Errors
    /// Whatever the storage answers.
    pub async fn find(events: &Table, index: &Table) -> Result<Self> {
        let (id, newest) =
            events.log().current(|state| (state.metadata.id.clone(), state.version)).await?;
        let position = format!("index/{id}");
        let from = match index.exists().await? {
            true => index.positions(&[&position]).await?.get(&position).copied(),
            false => None,
        };
        let mut behind = Self { position, from, ..Self::default() };
        let known = from.and_then(|from| u64::try_from(from).ok()).filter(|from| *from <= newest);
        let Some(known) = known else { return behind.everything(events).await };
        behind.version = known;
        read_after(events.storage(), known, |version, bytes| {
            behind.version = version;
            for action in parse_entry(events.name(), version, &bytes)? {
                behind.note(version, action);
            }
            Ok(())
        })
        .await?;
        // The log may have been cleaned up behind the position.
        if behind.is_anew || behind.version < newest {
            return behind.everything(events).await;
        }
        if !behind.dates.is_empty() {
            behind.read_dates_anew(events).await?;
        }
        Ok(behind)
    }

    fn note(&mut self, version: u64, action: Action) {
        if let Some(remove) = action.remove.filter(|remove| remove.data_change) {
            match removed_date(&remove) {
                Some(date) => drop(self.dates.insert(date)),
                None => self.is_anew = true,
            }
        }
        if let Some(add) = action.add {
            let changes = add.data_change;
            let file = add.into_file();
            if self.paths.insert(file.path.clone()) && changes {
                self.added.push((version, Arc::new(file)));
            }
        }
    }

    /// All of `events` has to be read.
    pub(super) async fn everything(self, events: &Table) -> Result<Self> {
        let snapshot = events.snapshot().await?;
        let version = snapshot.version();
        let added = snapshot.files().iter().map(|file| (version, Arc::clone(file))).collect();
        let (position, from) = (self.position, self.from);
        Ok(Self { position, from, version, added, is_anew: true, ..Self::default() })
    }

    /// Days of which something was taken are read again as they are at the version.
    async fn read_dates_anew(&mut self, events: &Table) -> Result<()> {
        let snapshot = events.snapshot_at(self.version).await?;
        let is_dated =
            |file: &DataFile| date_of(file).is_some_and(|date| self.dates.contains(&date));
        self.added.retain(|(_, file)| !is_dated(file));
        let of_dates = snapshot.files().iter().filter(|file| is_dated(file));
        let of_dates: Vec<_> = of_dates.map(|file| (self.version, Arc::clone(file))).collect();
        self.added.extend(of_dates);
        Ok(())
    }

    /// Takes a day as one whose rows have to be made anew.
    ///
    /// # Errors
    /// Whatever the storage answers.
    pub(super) async fn distrust(&mut self, events: &Table, file: &DataFile) -> Result<()> {
        match date_of(file) {
            Some(date) => {
                self.dates.insert(date);
                self.read_dates_anew(events).await
            }
            None => {
                let behind = std::mem::take(self);
                *self = behind.everything(events).await?;
                Ok(())
            }
        }
    }

    /// Whether the index has everything.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.from.and_then(|from| u64::try_from(from).ok()) == Some(self.version) && !self.is_anew
    }

    /// Number of files that have to be read.
    #[must_use]
    pub fn files(&self) -> usize {
        self.added.len()
    }

    /// Whether rows of a file of `events` may be missing in the index.
    #[must_use]
    pub fn concerns(&self, file: &DataFile) -> bool {
        let date = date_of(file);
        self.is_anew
            || self.paths.contains(&file.path)
            || date.is_none_or(|date| self.dates.contains(&date))
    }

    /// The files to be read, by version, cut where a version ends and about so many bytes are
    /// reached.
    pub(super) fn steps(&self, bytes_max: u64) -> Vec<(u64, Vec<Arc<DataFile>>)> {
        if self.is_anew || !self.dates.is_empty() {
            let files = self.added.iter().map(|(_, file)| Arc::clone(file)).collect();
            return vec![(self.version, files)];
        }
        let mut versions: BTreeMap<u64, Vec<Arc<DataFile>>> = BTreeMap::new();
        for (version, file) in &self.added {
            versions.entry(*version).or_default().push(Arc::clone(file));
        }
        let mut steps: Vec<(u64, Vec<Arc<DataFile>>)> = Vec::new();
        let mut bytes = bytes_max;
        for (version, files) in versions {
            if bytes >= bytes_max {
                steps.push((version, Vec::new()));
                bytes = 0;
            }
            bytes += files.iter().map(|file| file.size).sum::<u64>();
            if let Some((last, all)) = steps.last_mut() {
                *last = version;
                all.extend(files);
            }
        }
        match steps.last_mut() {
            Some((last, _)) => *last = self.version,
            None => steps.push((self.version, Vec::new())),
        }
        steps
    }
}

/// The day of the partition that a file is in.
fn date_of(file: &DataFile) -> Option<i32> {
    file.hour().map(HourPartition::date)
}

fn removed_date(remove: &Remove) -> Option<i32> {
    let values = remove.partition_values.as_ref()?;
    let value = |column: &str| values.get(column)?.as_deref();
    let hour = [value("year")?, value("month")?, value("day")?, value("hour")?];
    HourPartition::parse(hour).map(HourPartition::date)
}
