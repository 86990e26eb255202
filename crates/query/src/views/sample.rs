//! Looking at a few rows: which classes of OCSF occur in `events`, and which attributes their
//! events have.
//!
//! Bounded: some data files, some rows of each. Which ones follows from the snapshot alone, so
//! every process finds the same, and most of them stay the same when files are added. A data file
//! never changes, so each is looked at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array as _, ArrayRef, AsArray as _, Int64Array, RecordBatch};
use arrow::compute::{cast, filter_record_batch, kernels::cmp, prep_null_mask_filter};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{DataFusionError, Result};
use futures::{StreamExt as _, TryStreamExt as _};
use headwater_event::schema::SOURCE_COLUMN;
use headwater_lake::order::{source_runs, spread};
use headwater_lake::{DataFile, Snapshot, Table};
use headwater_ocsf::{Item, Version};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};

use super::attributes::{Paths, Walk};
use crate::catalog::external;
use crate::table::LakeTable;

/// Files looked at: so many of the newest, and so many of the others.
const FILES_NEWEST: usize = 8;
const FILES_OTHER: usize = 8;

/// Rows of a class, and bytes of their objects, looked at in all files together; and once more in
/// the rows that are in no file.
const ROWS_MAX: usize = 8_192;
const BYTES_MAX: usize = 32 << 20;

/// Files that are read at once.
const READS: usize = 8;

/// The column with the class of an event.
pub(super) const CLASS: &str = "class_uid";

/// The column with the whole object.
pub(super) const OBJECT: &str = "ocsf";

/// Attributes by file and by the number of parts into which the budget was split.
type FileAttributes = HashMap<(String, usize), Arc<Paths>>;

/// What was found in files, by path. Holds only what the last look needed.
#[derive(Debug, Default)]
pub(super) struct Sampler {
    classes: Mutex<HashMap<String, Arc<BTreeSet<i64>>>>,
    /// By class.
    attributes: Mutex<HashMap<i64, FileAttributes>>,
}

impl Sampler {
    /// The classes that occur. None is listed that does not; one that occurs in files only between
    /// others, and in none of those that are looked at, is not listed.
    pub(super) async fn classes(&self, events: &LakeTable) -> Result<BTreeSet<i64>> {
        let snapshot = events.snapshot();
        let mut found = BTreeSet::new();
        let mut mixed = Vec::new();
        for (file, bounds) in snapshot.files().iter().zip(class_bounds(snapshot)) {
            if let Some((least, greatest)) = bounds {
                // Both are values of rows: bounds of numbers are exact.
                found.extend([least, greatest]);
            }
            if bounds.is_none_or(|(least, greatest)| least < greatest) {
                mixed.push(Arc::clone(file));
            }
        }
        for rows in events.fresh() {
            found.extend(distinct(rows)?);
        }
        let known = self.classes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let table = events.table();
        let looks = chosen(mixed).into_iter().map(|file| {
            let known = known.get(&file.path).cloned();
            async move {
                let classes = match known {
                    Some(classes) => classes,
                    None => Arc::new(classes_of(table, &file).await?),
                };
                Ok::<_, DataFusionError>((file.path.clone(), classes))
            }
        });
        let looks = futures::stream::iter(looks).buffered(READS);
        let seen: HashMap<_, _> = looks.try_collect().await?;
        found.extend(seen.values().flat_map(|classes| classes.iter().copied()));
        *self.classes.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok(found)
    }

    /// The attributes that events of a class have.
    pub(super) async fn attributes(&self, events: &LakeTable, class: &Item) -> Result<Paths> {
        let Some(uid) = class.uid else { return Ok(Paths::new()) };
        let snapshot = events.snapshot();
        let files = snapshot.files().iter().zip(class_bounds(snapshot));
        let may_hold = |bounds: Option<(i64, i64)>| {
            bounds.is_none_or(|(least, greatest)| (least..=greatest).contains(&uid))
        };
        let files = files.filter(|(_, bounds)| may_hold(*bounds));
        let files = chosen(files.map(|(file, _)| Arc::clone(file)).collect());
        // A power of two, so that one more file rarely means other rows of all.
        let parts = files.len().next_power_of_two();
        let known = self.known_attributes(uid);
        let table = events.table();
        let looks = files.into_iter().map(|file| {
            let key = (file.path.clone(), parts);
            let known = known.get(&key).cloned();
            async move {
                let found = match known {
                    Some(found) => found,
                    None => Arc::new(
                        attributes_of(table, &file, class, uid, Budget::part(parts)).await?,
                    ),
                };
                Ok::<_, DataFusionError>((key, found))
            }
        });
        let looks = futures::stream::iter(looks).buffered(READS);
        let seen: HashMap<_, _> = looks.try_collect().await?;
        let mut all = attributes_of_fresh(events.fresh(), class, uid)?;
        for paths in seen.values() {
            all.extend(paths.iter().map(|(path, shape)| (path.clone(), *shape)));
        }
        self.attributes.lock().unwrap_or_else(PoisonError::into_inner).insert(uid, seen);
        Ok(all)
    }

    fn known_attributes(&self, uid: i64) -> FileAttributes {
        let known = self.attributes.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&uid).cloned().unwrap_or_default()
    }
}

/// Least and greatest class of each file, as far as the log knows.
fn class_bounds(snapshot: &Snapshot) -> Vec<Option<(i64, i64)>> {
    let unknown = || vec![None; snapshot.files().len()];
    let Some(statistics) = snapshot.column_statistics(CLASS) else { return unknown() };
    let wide = |bounds: &ArrayRef| cast(bounds, &DataType::Int64);
    let (Ok(least), Ok(greatest)) = (wide(&statistics.min), wide(&statistics.max)) else {
        return unknown();
    };
    let pairs = least.as_primitive::<Int64Type>().iter().zip(greatest.as_primitive::<Int64Type>());
    pairs.map(|(least, greatest)| Some((least?, greatest?))).collect()
}

/// The newest files, and some of the others: those whose names have the smallest hashes, so that
/// the choice hardly changes when files are added.
fn chosen(files: Vec<Arc<DataFile>>) -> Vec<Arc<DataFile>> {
    let mut newest_first = files;
    newest_first.sort_by_cached_key(|file| {
        let last = file.time_range().map(|(_, last)| last);
        let end = last.or_else(|| file.hour().map(|hour| hour.end()));
        std::cmp::Reverse((end.map(|time| time.as_micros()), file.path.clone()))
    });
    let mut others = newest_first.split_off(FILES_NEWEST.min(newest_first.len()));
    others.sort_by_cached_key(|file| {
        // The same in every process: the keys of this hasher are constant.
        let mut hasher = DefaultHasher::new();
        file.path.hash(&mut hasher);
        (hasher.finish(), file.path.clone())
    });
    others.truncate(FILES_OTHER);
    newest_first.extend(others);
    newest_first
}

type Reader = ParquetRecordBatchStreamBuilder<Box<dyn AsyncFileReader>>;

/// Opens a data file; `None` when it lacks one of the columns, as older ones do.
async fn open(
    table: &Table,
    file: &DataFile,
    columns: &[&'static str],
) -> Result<Option<(Reader, ProjectionMask)>> {
    let reader = ParquetRecordBatchStreamBuilder::new(table.reader(file)).await?;
    let has = |name: &&str| reader.schema().field_with_name(name).is_ok();
    if !columns.iter().all(has) {
        return Ok(None);
    }
    let mask = ProjectionMask::columns(reader.parquet_schema(), columns.iter().copied());
    Ok(Some((reader, mask)))
}

async fn classes_of(table: &Table, file: &DataFile) -> Result<BTreeSet<i64>> {
    let mut found = BTreeSet::new();
    let Some((reader, mask)) = open(table, file, &[CLASS]).await? else { return Ok(found) };
    let mut rows = reader.with_projection(mask).build()?;
    while let Some(rows) = rows.try_next().await? {
        found.extend(distinct(&rows)?);
    }
    Ok(found)
}

/// The attributes of some rows of a class in a file, of all sources.
async fn attributes_of(
    table: &Table,
    file: &DataFile,
    class: &Item,
    uid: i64,
    mut budget: Budget,
) -> Result<Paths> {
    let columns = [CLASS, SOURCE_COLUMN];
    let Some((reader, mask)) = open(table, file, &columns).await? else { return Ok(Paths::new()) };
    let metadata = Arc::clone(reader.metadata());
    let mut batches = reader.with_projection(mask).build()?;
    let mut sources = Sources::default();
    while let Some(rows) = batches.try_next().await? {
        sources.add(&rows, uid)?;
    }
    let rows = budget.rows.min(budget.bytes / object_bytes(&metadata)).max(1);
    let taken = spread(sources.pieces.into_values().collect(), rows);
    let Some((reader, mask)) = open(table, file, &[OBJECT]).await? else { return Ok(Paths::new()) };
    let taken = RowSelection::from_consecutive_ranges(taken.into_iter(), sources.rows);
    let mut batches = reader.with_projection(mask).with_row_selection(taken).build()?;
    let mut walk = Walk::new(Version::NATIVE.catalogue(), class);
    while !budget.is_spent()
        && let Some(rows) = batches.try_next().await?
    {
        add(&mut walk, &rows, &mut budget)?;
    }
    Ok(walk.finish())
}

/// Bytes of an object on average.
fn object_bytes(metadata: &ParquetMetaData) -> usize {
    let chunks = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let objects = chunks.filter(|chunk| chunk.column_path().string() == OBJECT);
    let bytes: i64 = objects.map(ColumnChunkMetaData::uncompressed_size).sum();
    let average = bytes / metadata.file_metadata().num_rows().max(1);
    usize::try_from(average).unwrap_or(0).max(1)
}

/// The rows of a class by their source.
#[derive(Default)]
struct Sources {
    pieces: BTreeMap<Arc<str>, Vec<Range<usize>>>,
    /// All rows that were seen.
    rows: usize,
}

impl Sources {
    fn add(&mut self, rows: &RecordBatch, uid: i64) -> Result<()> {
        let is_of_class = cmp::eq(&wide_classes(rows)?, &Int64Array::new_scalar(uid))?;
        let is_of_class = match is_of_class.null_count() {
            0 => is_of_class,
            _ => prep_null_mask_filter(&is_of_class),
        };
        for run in source_runs(rows).map_err(external)? {
            let of_run = is_of_class.slice(run.rows.start, run.rows.len());
            let first = self.rows + run.rows.start;
            let pieces =
                of_run.values().set_slices().map(|(start, end)| first + start..first + end);
            let pieces: Vec<_> = pieces.collect();
            if !pieces.is_empty() {
                self.pieces.entry(run.source).or_default().extend(pieces);
            }
        }
        self.rows += rows.num_rows();
        Ok(())
    }
}

/// The attributes of the last rows of a class that are in no file.
fn attributes_of_fresh(batches: &[RecordBatch], class: &Item, uid: i64) -> Result<Paths> {
    let mut walk = Walk::new(Version::NATIVE.catalogue(), class);
    let mut budget = Budget::part(1);
    for rows in batches.iter().rev() {
        if budget.is_spent() {
            break;
        }
        let Ok(classes) = wide_classes(rows) else { continue };
        let is_of_class = cmp::eq(&classes, &Int64Array::new_scalar(uid))?;
        if is_of_class.true_count() > 0 {
            let columns: Vec<usize> = rows.schema().index_of(OBJECT).into_iter().collect();
            let of_class = filter_record_batch(&rows.project(&columns)?, &is_of_class)?;
            add(&mut walk, &of_class, &mut budget)?;
        }
    }
    Ok(walk.finish())
}

/// Adds the objects of rows, as far as the budget allows.
fn add(walk: &mut Walk<'_>, rows: &RecordBatch, budget: &mut Budget) -> Result<()> {
    let Some(objects) = rows.column_by_name(OBJECT) else { return Ok(()) };
    let objects = cast(objects, &DataType::Utf8View)?;
    for object in objects.as_string_view().iter().flatten() {
        if budget.is_spent() {
            break;
        }
        budget.spend(object.len());
        walk.add(object);
    }
    Ok(())
}

/// What may still be looked at.
struct Budget {
    rows: usize,
    bytes: usize,
}

impl Budget {
    /// One of so many equal parts.
    fn part(parts: usize) -> Self {
        Self { rows: ROWS_MAX / parts.max(1), bytes: BYTES_MAX / parts.max(1) }
    }

    const fn is_spent(&self) -> bool {
        self.rows == 0 || self.bytes == 0
    }

    const fn spend(&mut self, bytes: usize) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

/// The classes of rows, as wide numbers.
fn wide_classes(rows: &RecordBatch) -> std::result::Result<Int64Array, arrow::error::ArrowError> {
    let index = rows.schema().index_of(CLASS)?;
    Ok(cast(rows.column(index), &DataType::Int64)?.as_primitive::<Int64Type>().clone())
}

fn distinct(rows: &RecordBatch) -> Result<BTreeSet<i64>> {
    let mut found = BTreeSet::new();
    let mut last = None;
    for class in wide_classes(rows)?.iter().flatten() {
        // Rows of a class often follow each other.
        if last != Some(class) {
            found.insert(class);
            last = Some(class);
        }
    }
    Ok(found)
}
