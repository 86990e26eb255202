//! The table at one version: its files and what the log knows about them. The first snapshot comes
//! from a replay by the library; the following ones only apply the entries that were added since.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema, SchemaRef, TimeUnit};
use headwater_event::Timestamp;
use serde_json::Value;

use crate::delta;
use crate::error::{LakeError, Result};
use crate::file::{ColumnRange, DataFile, parse_time, parse_time_upper};
use crate::log::entry::{Action, decode_path, parse_entry};
use crate::log::state::entry_version;
use crate::log::tail::read_after;
use crate::storage::TableStorage;

/// A snapshot older than this is not brought up to date but made anew: the log may have been
/// cleaned up in between.
const REFRESH_AGE_MAX_MICROS: i64 = 3_600_000_000;

/// A table at one version. Never changes.
#[derive(Debug)]
pub struct Snapshot {
    version: u64,
    schema: SchemaRef,
    partition_columns: Vec<String>,
    files: Vec<Arc<DataFile>>,
    live_positions: LivePositions,
    made_at: Timestamp,
}

/// Positions of the sources of servers at one version. There are few, and who has rows that are not
/// in the table yet must know which of them a snapshot has.
pub(crate) type LivePositions = BTreeMap<Arc<str>, i64>;

/// Beginnings of the names of such positions.
const LIVE: [&str; 2] = ["journal/", "kafka/"];

/// The positions that are of such sources.
pub(crate) fn live_positions<'a>(
    positions: impl Iterator<Item = (&'a Arc<str>, i64)>,
) -> LivePositions {
    let live = positions.filter(|(name, _)| LIVE.iter().any(|start| name.starts_with(start)));
    live.map(|(name, offset)| (Arc::clone(name), offset)).collect()
}

/// Bounds of one column for every file of a snapshot, in the order of its files. Null is "not
/// known".
#[derive(Debug, Clone)]
pub struct ColumnStatistics {
    /// Lower bounds, of the column's type.
    pub min: ArrayRef,
    /// Upper bounds, of the column's type.
    pub max: ArrayRef,
    /// Numbers of nulls.
    pub nulls: UInt64Array,
    /// Numbers of rows.
    pub rows: UInt64Array,
}

impl Snapshot {
    /// Version of the table.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Columns of the table: the stored ones, then the partition columns.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Columns that are stored in the files.
    #[must_use]
    pub fn stored_schema(&self) -> SchemaRef {
        let fields = self.schema.fields().iter();
        let stored = fields.filter(|field| !self.partition_columns.contains(field.name()));
        Arc::new(Schema::new(stored.cloned().collect::<Vec<_>>()))
    }

    /// Names of the partition columns.
    #[must_use]
    pub fn partition_columns(&self) -> &[String] {
        &self.partition_columns
    }

    /// The files, ordered by path.
    #[must_use]
    pub fn files(&self) -> &[Arc<DataFile>] {
        &self.files
    }

    /// Position of a journal (`journal/<id>`) or of a partition of Kafka (`kafka/…`) at this
    /// version; `None` when it has none, and in
    /// snapshots of older versions.
    #[must_use]
    pub fn live_position(&self, partition: &str) -> Option<i64> {
        self.live_positions.get(partition).copied()
    }

    /// Number of rows; `None` when the log does not know it for every file.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.files.iter().map(|file| file.rows()).sum()
    }

    /// Size of all files in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Bounds of a column for every file; `None` when there is no such column, or bounds of its
    /// type are not kept. Partition columns have exact bounds.
    #[must_use]
    pub fn column_statistics(&self, column: &str) -> Option<ColumnStatistics> {
        let data_type = self.schema.field_with_name(column).ok()?.data_type();
        let rows: UInt64Array = self.files.iter().map(|file| file.rows()).collect();
        if self.partition_columns.iter().any(|name| name == column) {
            let value = |file: &Arc<DataFile>| file.partition.get(column).cloned().flatten();
            let values: StringArray = self.files.iter().map(value).collect();
            let nulls = self.files.iter().map(|file| match value(file) {
                Some(_) => Some(0),
                None => file.rows(),
            });
            let nulls = nulls.collect();
            let values = cast(&values, data_type).ok()?;
            return Some(ColumnStatistics { min: Arc::clone(&values), max: values, nulls, rows });
        }
        let none = ColumnRange::default();
        let ranges: Vec<&ColumnRange> = self
            .files
            .iter()
            .map(|file| file.statistics().columns.get(column).unwrap_or(&none))
            .collect();
        Some(ColumnStatistics {
            min: bounds(data_type, ranges.iter().map(|range| range.min.as_ref()), parse_time)?,
            max: bounds(
                data_type,
                ranges.iter().map(|range| range.max.as_ref()),
                parse_time_upper,
            )?,
            nulls: ranges.iter().map(|range| range.nulls).collect(),
            rows,
        })
    }
}

/// Bounds as an array of the column's type; `None` for types without bounds.
fn bounds<'a>(
    data_type: &DataType,
    values: impl Iterator<Item = Option<&'a Value>>,
    time: impl Fn(&str) -> Option<i64>,
) -> Option<ArrayRef> {
    let array: ArrayRef = match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Date32 => {
            Arc::new(values.map(|value| value?.as_str()).collect::<StringArray>())
        }
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            Arc::new(values.map(|value| value?.as_i64()).collect::<Int64Array>())
        }
        DataType::Float32 | DataType::Float64 => {
            Arc::new(values.map(|value| value?.as_f64()).collect::<Float64Array>())
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let times = values.map(|value| time(value?.as_str()?));
            let times = times.collect::<TimestampMicrosecondArray>();
            Arc::new(times.with_timezone_opt(zone.clone()))
        }
        _ => return None,
    };
    if array.data_type() == data_type {
        return Some(array);
    }
    cast(&array, data_type).ok()
}

/// Makes a snapshot from a replay of the log.
pub(crate) async fn load(
    storage: &TableStorage,
    version: u64,
    live_positions: LivePositions,
    now: Timestamp,
) -> Result<Snapshot> {
    let replayed = delta::replay(storage, Some(version)).await?;
    let partition_columns = replayed.partition_columns;
    let (partitions, stored): (Vec<_>, Vec<_>) = replayed
        .schema
        .fields()
        .iter()
        .cloned()
        .partition(|field| partition_columns.contains(field.name()));
    let schema = Arc::new(Schema::new([stored, partitions].concat()));
    let mut files: Vec<_> = replayed.files.into_iter().map(Arc::new).collect();
    files.sort_unstable_by(|left, right| left.path.cmp(&right.path));
    Ok(Snapshot {
        version: replayed.version,
        schema,
        partition_columns,
        files,
        live_positions,
        made_at: now,
    })
}

/// Brings a snapshot up to date by the entries that were added since; `None` when it has to be made
/// anew.
pub(crate) async fn refresh(
    storage: &TableStorage,
    snapshot: &Arc<Snapshot>,
    now: Timestamp,
) -> Result<Option<Arc<Snapshot>>> {
    let age = now.as_micros().saturating_sub(snapshot.made_at.as_micros());
    if age >= REFRESH_AGE_MAX_MICROS {
        return Ok(None);
    }
    let mut changes = Changes { version: snapshot.version, ..Changes::default() };
    read_after(storage, snapshot.version, |version, bytes| {
        changes.version = version;
        for action in parse_entry(&storage.name, version, &bytes)? {
            changes.note(action);
        }
        Ok(())
    })
    .await?;
    if changes.needs_replay {
        return Ok(None);
    }
    if changes.version == snapshot.version {
        return Ok(Some(Arc::clone(snapshot)));
    }
    let kept = snapshot.files.iter().filter(|file| !changes.removed.contains(&file.path));
    let mut files: Vec<_> = kept.cloned().collect();
    files.extend(changes.added.into_values().map(Arc::new));
    files.sort_by(|left, right| left.path.cmp(&right.path));
    let mut live_positions = snapshot.live_positions.clone();
    live_positions.extend(changes.live_positions);
    Ok(Some(Arc::new(Snapshot {
        version: changes.version,
        schema: Arc::clone(&snapshot.schema),
        partition_columns: snapshot.partition_columns.clone(),
        files,
        live_positions,
        made_at: now,
    })))
}

/// What several log entries change together.
#[derive(Debug, Default)]
struct Changes {
    version: u64,
    /// New files by path.
    added: HashMap<String, DataFile>,
    /// Files of the snapshot that are gone, or described anew.
    removed: HashSet<String>,
    live_positions: LivePositions,
    needs_replay: bool,
}

impl Changes {
    fn note(&mut self, action: Action) {
        if action.meta_data.is_some() || action.protocol.is_some() {
            self.needs_replay = true;
        }
        if let Some(txn) = &action.txn {
            self.live_positions.extend(live_positions(std::iter::once((&txn.app_id, txn.version))));
        }
        if let Some(remove) = action.remove {
            let path = decode_path(&remove.path);
            self.added.remove(&path);
            self.removed.insert(path);
        }
        if let Some(add) = action.add {
            // A file may be listed again with other statistics: the newer description counts.
            let file = add.into_file();
            self.removed.insert(file.path.clone());
            self.added.insert(file.path.clone(), file);
        }
    }
}

/// The last version that was committed by a time.
pub(crate) async fn version_at(storage: &TableStorage, time: Timestamp) -> Result<u64> {
    let entries = storage.list_log(0).await?;
    let committed = entries.iter().filter_map(|entry| {
        let version = entry_version(entry.location.filename()?)?;
        (entry.last_modified.timestamp_micros() <= time.as_micros()).then_some(version)
    });
    committed.max().ok_or_else(|| LakeError::NoVersion {
        table: storage.name.clone(),
        version: format!("of {} µs since the epoch", time.as_micros()),
    })
}
