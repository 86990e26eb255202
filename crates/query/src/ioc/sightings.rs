//! Where indicators were seen: the matrix of indicator, source and day.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};
use headwater_event::schema::{EVENTS, OBSERVABLES};
use headwater_lake::Lake;
use headwater_lake::index::{IndexRow, KeyRanges, parse_key, search};

use super::Indicators;
use crate::QueryError;

/// Values that a sighting names.
const VALUES_MAX: usize = 5;

/// Which sightings are wanted.
#[derive(Debug, Clone, Default)]
pub struct SightingFilter {
    /// First day, in days since the epoch.
    pub from: Option<i32>,
    /// First day that is not wanted any more.
    pub until: Option<i32>,
    /// Sources; all when there are none.
    pub sources: Vec<String>,
}

impl SightingFilter {
    fn wants(&self, row: &IndexRow<'_>) -> bool {
        self.from.is_none_or(|from| from <= row.date)
            && self.until.is_none_or(|until| row.date < until)
            && (self.sources.is_empty()
                || row.source.is_some_and(|source| self.sources.iter().any(|one| one == source)))
    }
}

/// One indicator in the events of one source and day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Place of the indicator in its list.
    pub indicator: usize,
    /// Source of the events.
    pub source: Option<String>,
    /// Days since the epoch.
    pub date: i32,
    /// Values that match in events: an event with two of them counts twice.
    pub hits: i64,
    /// Earliest time, microseconds since the epoch.
    pub first_time: i64,
    /// Latest time.
    pub last_time: i64,
    /// Some of the values.
    pub values: BTreeSet<String>,
}

/// Where indicators were seen.
#[derive(Debug, Default)]
pub struct Sightings {
    /// By indicator, source and day.
    pub all: Vec<Sighting>,
    /// Files of `events` that were read since the index does not have them yet.
    pub files_read: usize,
}

impl Sightings {
    /// Looks indicators up in the whole lake.
    ///
    /// # Errors
    /// The lake has no events, or cannot be read.
    pub async fn find(
        lake: &Lake,
        indicators: &Indicators,
        filter: &SightingFilter,
    ) -> Result<Self, QueryError> {
        let ranges: KeyRanges = indicators.all().iter().collect();
        let (events, index) = (lake.table(EVENTS)?, lake.table(OBSERVABLES)?);
        let found = search(&events, &index, ranges).await?;
        let mut cells: BTreeMap<(usize, Option<&str>, i32), Sighting> = BTreeMap::new();
        let mut seen = HashSet::new();
        for row in found.rows.rows().filter(|row| filter.wants(row)) {
            let Some((kind, key)) = parse_key(row.key) else { continue };
            indicators.matcher().each_number(kind, key, |indicator| {
                // A value may match by several of its keys.
                if !seen.insert((indicator, row.type_id, row.value, row.source, row.date)) {
                    return;
                }
                let place = (indicator, row.source, row.date);
                cells.entry(place).or_insert_with(|| Sighting::of(indicator, &row)).add(&row);
            });
        }
        Ok(Self { all: cells.into_values().collect(), files_read: found.files_read })
    }

    /// The sightings as a table: `indicator`, `source`, `date`, `hits`, `first_time`, `last_time`,
    /// `values`.
    ///
    /// # Errors
    /// Those of Arrow, which has none today.
    pub fn to_batch(&self, indicators: &Indicators) -> Result<RecordBatch, QueryError> {
        let all = self.all.iter();
        let text = |one: &Sighting| indicators.all().get(one.indicator).map(|one| one.text());
        let time = |times: Vec<i64>| -> ArrayRef {
            Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
        };
        let mut values = ListBuilder::new(StringBuilder::new());
        for one in &self.all {
            values.append_value(one.values.iter().map(Some));
        }
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("indicator", Arc::new(all.clone().map(text).collect::<StringArray>())),
            (
                "source",
                Arc::new(all.clone().map(|one| one.source.as_deref()).collect::<StringArray>()),
            ),
            ("date", Arc::new(Date32Array::from_iter_values(all.clone().map(|one| one.date)))),
            ("hits", Arc::new(Int64Array::from_iter_values(all.clone().map(|one| one.hits)))),
            ("first_time", time(all.clone().map(|one| one.first_time).collect())),
            ("last_time", time(all.map(|one| one.last_time).collect())),
            ("values", Arc::new(values.finish())),
        ];
        RecordBatch::try_from_iter(columns)
            .map_err(|error| QueryError::of(error.into(), "", 0, &[]))
    }
}

impl Sighting {
    fn of(indicator: usize, row: &IndexRow<'_>) -> Self {
        Self {
            indicator,
            source: row.source.map(str::to_owned),
            date: row.date,
            hits: 0,
            first_time: row.first_time,
            last_time: row.last_time,
            values: BTreeSet::new(),
        }
    }

    fn add(&mut self, row: &IndexRow<'_>) {
        self.hits = self.hits.saturating_add(row.events);
        self.first_time = self.first_time.min(row.first_time);
        self.last_time = self.last_time.max(row.last_time);
        if self.values.len() < VALUES_MAX {
            self.values.insert(row.value.to_owned());
        }
    }
}
