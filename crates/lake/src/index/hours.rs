//! The hours of `events` that may have a value: what a query need not read.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::Result;
use crate::file::DataFile;
use crate::snapshot::Snapshot;
use crate::table::Table;

use super::changes::Behind;
use super::ranges::KeyRanges;
use super::search::indexed;

const HOURS_OF_DAY: i64 = 24;

/// Hours in which events have one of some values, by the index.
#[derive(Debug)]
pub struct IndexedHours {
    behind: Behind,
    days: BTreeMap<i32, Day>,
}

/// What the index has of one day.
#[derive(Debug, Clone, Copy)]
struct Day {
    hours: i32,
    first_time: i64,
    last_time: i64,
}

impl IndexedHours {
    /// Looks values up, for a snapshot of `events`; `None` when the index tells nothing about that
    /// snapshot.
    ///
    /// # Errors
    /// Whatever reading or the storage answers.
    pub async fn find(
        events: &Table,
        snapshot: &Snapshot,
        index: &Table,
        ranges: KeyRanges,
    ) -> Result<Option<Self>> {
        let behind = Behind::find(events, index).await?;
        let position = behind.from.and_then(|from| u64::try_from(from).ok());
        // An index that is newer may lack what was taken from the events since the snapshot.
        if behind.is_anew || position.is_none_or(|position| position > snapshot.version()) {
            return Ok(None);
        }
        let rows = indexed(index, &behind, &Arc::new(ranges)).await?;
        let mut days: BTreeMap<i32, Day> = BTreeMap::new();
        for row in rows.rows() {
            let (hours, first_time, last_time) = (row.hours, row.first_time, row.last_time);
            let day = days.entry(row.date).or_insert(Day { hours, first_time, last_time });
            day.hours |= hours;
            day.first_time = day.first_time.min(first_time);
            day.last_time = day.last_time.max(last_time);
        }
        Ok(Some(Self { behind, days }))
    }

    /// Whether a file of the snapshot may have rows with the values.
    #[must_use]
    pub fn may_have(&self, file: &DataFile) -> bool {
        if self.behind.concerns(file) {
            return true;
        }
        let Some(hour) = file.hour() else { return true };
        let Some(day) = self.days.get(&hour.date()) else { return false };
        let has_hour = day.hours & (1 << hour.number().rem_euclid(HOURS_OF_DAY)) != 0;
        let meets = file.time_range().is_none_or(|(first, last)| {
            first.as_micros() <= day.last_time && day.first_time <= last.as_micros()
        });
        has_hour && meets
    }
}
