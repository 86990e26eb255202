//! The OCSF side of rows, made anew: by the pipeline, as for a record that arrives now, but with
//! the time of the row. What is not clearly better stays as it is.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, BooleanArray, RecordBatch};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::kernels::zip::zip;
use arrow::compute::{and, concat_batches, not};
use arrow::datatypes::{DataType, Int32Type};
use arrow::error::ArrowError;
use headwater_event::json::{Kind, NodeId, ParseLimits, Tree};
use headwater_event::{Envelope, Event, Origin, Reject, Timestamp, time};
use headwater_lake::OcsfBatchBuilder;
use headwater_pipeline::{Output, Pipeline, Worker};

use super::RecordSource;
use super::record::{Record, Records};
use super::report::{Classes, Kept, RowCounts};
use super::row::{Row, Rows};
use crate::IngestError;

/// Fewer rows than this are not worth another thread.
const ROWS_PER_THREAD_MIN: usize = 512;

/// Members of an OCSF object that follow from the others or hold what is left over.
const DERIVED: [&str; 2] = ["unmapped", "observables"];

/// Makes OCSF sides, on several threads.
#[derive(Debug)]
pub(super) struct Remapper {
    workers: Vec<RowWorker>,
}

/// Rows after a look at them.
#[derive(Debug)]
pub(super) struct Remapped {
    /// All rows, where one of them changed.
    pub(super) rows: Option<RecordBatch>,
    pub(super) counts: RowCounts,
    pub(super) classes: Classes,
}

impl Remapper {
    pub(super) fn new(pipeline: &Arc<Pipeline>, from: RecordSource, threads: usize) -> Self {
        let worker = || RowWorker {
            pipeline: pipeline.worker(),
            from,
            records: Records::default(),
            old: Tree::new(Arc::default()),
        };
        Self { workers: (0..threads.max(1)).map(|_| worker()).collect() }
    }

    /// Looks at the rows that `chosen` names.
    ///
    /// # Errors
    /// The rows do not have the columns of the table.
    pub(super) fn remap(
        &mut self,
        batch: &RecordBatch,
        chosen: &BooleanArray,
    ) -> Result<Remapped, IngestError> {
        let mut counts = RowCounts { matched: count(chosen), ..RowCounts::default() };
        if counts.matched == 0 {
            return Ok(Remapped { rows: None, counts, classes: Classes::default() });
        }
        let rows = Rows::new(batch)?;
        let share = batch.num_rows().div_ceil(self.workers.len()).max(ROWS_PER_THREAD_MIN);
        let parts = std::thread::scope(|scope| {
            let starts = (0..batch.num_rows()).step_by(share);
            let running = self.workers.iter_mut().zip(starts).map(|(worker, start)| {
                let range = start..(start + share).min(batch.num_rows());
                let rows = &rows;
                scope.spawn(move || worker.part(rows, range, chosen))
            });
            let running: Vec<_> = running.collect();
            running.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
        });
        let (mut sides, mut made) = (Vec::new(), Vec::new());
        for part in parts {
            let part = part.map_err(|_| IngestError::Thread { thread: "mapping" })??;
            sides.push(part.side);
            made.extend(part.made);
            counts.kept.add(&part.kept);
            counts.other_time += part.other_time;
        }
        let Some(schema) = sides.first().map(RecordBatch::schema) else {
            return Ok(Remapped { rows: None, counts, classes: Classes::default() });
        };
        let side = concat_batches(&schema, &sides)?;
        finish(batch, &side, &BooleanArray::from(made), counts)
    }
}

/// Puts the new side in place where one was made and differs.
fn finish(
    batch: &RecordBatch,
    side: &RecordBatch,
    made: &BooleanArray,
    mut counts: RowCounts,
) -> Result<Remapped, IngestError> {
    let differs = not(&same(batch, side)?)?;
    let changed = and(made, &differs)?;
    counts.changed = count(&changed);
    counts.same = count(made) - counts.changed;
    let mut classes = Classes::default();
    if counts.changed == 0 {
        return Ok(Remapped { rows: None, counts, classes });
    }
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
    for (field, old) in batch.schema().fields().iter().zip(batch.columns()) {
        columns.push(match side.column_by_name(field.name()) {
            Some(new) => zip(&changed, new, old)?,
            None => Arc::clone(old),
        });
    }
    let classes_of = |batch: &RecordBatch| {
        let column = batch.column_by_name("class_uid")?.as_primitive_opt::<Int32Type>()?;
        Some(column.clone())
    };
    if let (Some(before), Some(after)) = (classes_of(batch), classes_of(side)) {
        for ((before, after), changed) in before.iter().zip(&after).zip(changed.iter()) {
            if changed == Some(true) {
                classes.count(before, after);
            }
        }
    }
    let rows = RecordBatch::try_new(batch.schema(), columns)?;
    Ok(Remapped { rows: Some(rows), counts, classes })
}

/// Which rows have the same OCSF side in both.
fn same(batch: &RecordBatch, side: &RecordBatch) -> Result<BooleanArray, ArrowError> {
    let mut all = BooleanArray::from(vec![true; batch.num_rows()]);
    for (field, new) in side.schema().fields().iter().zip(side.columns()) {
        let Some(old) = batch.column_by_name(field.name()) else { continue };
        let equal = match field.data_type() {
            DataType::List(_) => {
                let equal = |row| old.slice(row, 1).to_data() == new.slice(row, 1).to_data();
                (0..batch.num_rows()).map(|row| Some(equal(row))).collect()
            }
            _ => not_distinct(old, new)?,
        };
        all = and(&all, &equal)?;
    }
    Ok(all)
}

fn count(verdicts: &BooleanArray) -> u64 {
    u64::try_from(verdicts.true_count()).unwrap_or(u64::MAX)
}

/// Rows of one thread.
#[derive(Debug)]
struct Part {
    side: RecordBatch,
    /// Whether a new side was made of the row.
    made: Vec<bool>,
    kept: Kept,
    other_time: u64,
}

#[derive(Debug)]
struct RowWorker {
    pipeline: Worker,
    from: RecordSource,
    records: Records,
    old: Tree,
}

/// Why a row stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    NoRecord,
    Refused,
    Unrecognised,
    Poorer,
}

impl RowWorker {
    fn part(
        &mut self,
        rows: &Rows<'_>,
        range: Range<usize>,
        chosen: &BooleanArray,
    ) -> Result<Part, ArrowError> {
        let mut builder = OcsfBatchBuilder::default();
        let mut made = Vec::with_capacity(range.len());
        let (mut kept, mut other_time) = (Kept::default(), 0);
        for index in range {
            let outcome = chosen.value(index).then(|| self.row(&rows.row(index)));
            made.push(matches!(outcome, Some(Ok(_))));
            match outcome {
                None => builder.append_none(),
                Some(Ok(new)) => {
                    other_time += u64::from(new.other_time);
                    builder.append(&new.event);
                }
                Some(Err(reason)) => {
                    builder.append_none();
                    match reason {
                        Reason::NoRecord => kept.no_record += 1,
                        Reason::Refused => kept.refused += 1,
                        Reason::Unrecognised => kept.unrecognised += 1,
                        Reason::Poorer => kept.poorer += 1,
                    }
                }
            }
        }
        Ok(Part { side: builder.finish()?, made, kept, other_time })
    }

    fn row(&mut self, row: &Row<'_>) -> Result<Mapped, Reason> {
        let mapped = match self.from {
            RecordSource::Raw => {
                let record = self.records.of_raw(row).ok_or(Reason::NoRecord)?;
                self.map(row, &record)?
            }
            RecordSource::Details => self.best(row)?,
        };
        let has_class = row.class_uid().is_some_and(|class| class != 0);
        let is_rebuilt = self.from == RecordSource::Details;
        if !mapped.is_classified() && (has_class || is_rebuilt && row.ocsf().is_some()) {
            return Err(Reason::Unrecognised);
        }
        if is_rebuilt && has_class && self.loses(row, &mapped.event.ocsf) {
            return Err(Reason::Poorer);
        }
        Ok(mapped)
    }

    /// What the first record that is recognised becomes, else the first one.
    fn best(&mut self, row: &Row<'_>) -> Result<Mapped, Reason> {
        let mut first = Err(Reason::NoRecord);
        for record in self.records.of_details(row) {
            let mapped = self.map(row, &record);
            if mapped.as_ref().is_ok_and(Mapped::is_classified) {
                return mapped;
            }
            if matches!(first, Err(Reason::NoRecord)) {
                first = mapped;
            }
        }
        first
    }

    /// Runs the pipeline; where the record tells another time than the row, with the row's.
    fn map(&mut self, row: &Row<'_>, record: &Record) -> Result<Mapped, Reason> {
        let origin = row.origin(record.names_source);
        let mut run = |time| {
            let (json, received_at) = (record.json.as_slice(), row.received_at());
            let envelope = Envelope { original: json, json, origin: &origin, time, received_at };
            let mut capture = Capture::default();
            self.pipeline.process(envelope, &mut capture);
            capture.only().ok_or(Reason::Refused)
        };
        let mapped = run(None)?;
        if mapped.time == Some(row.time()) {
            return Ok(mapped);
        }
        Ok(Mapped { other_time: true, ..run(Some(row.time()))? })
    }

    /// Whether an attribute that the row has is not in the new object. What normalizers changed is
    /// not there for mappings that look for it.
    fn loses(&mut self, row: &Row<'_>, new: &Tree) -> bool {
        let Some(text) = row.ocsf() else { return false };
        if self.old.parse(text.as_bytes(), ParseLimits::default()).is_err() {
            return true;
        }
        let root = self.old.root();
        let mut members = self.old.children(root);
        members.any(|id| {
            !DERIVED.contains(&&*self.old.key(id)) && !has_all(&self.old, id, new, new.root())
        })
    }
}

/// Whether an object or array has a member and all that is below it, whatever the values.
fn has_all(old: &Tree, id: NodeId, new: &Tree, container: NodeId) -> bool {
    let found = new.get(container, &old.key(id));
    found.is_some_and(|found| has_content(old, id, new, found))
}

fn has_content(old: &Tree, id: NodeId, new: &Tree, found: NodeId) -> bool {
    match old.kind(id) {
        Kind::Object => old.children(id).all(|child| has_all(old, child, new, found)),
        Kind::Array => old.children(id).enumerate().all(|(place, child)| {
            new.element(found, place).is_some_and(|element| has_content(old, child, new, element))
        }),
        _ => true,
    }
}

/// What a record became.
#[derive(Debug)]
struct Mapped {
    event: Event,
    time: Option<Timestamp>,
    other_time: bool,
}

impl Mapped {
    /// Whether a mapping recognised the record.
    fn is_classified(&self) -> bool {
        let class = self.event.ocsf.get(self.event.ocsf.root(), "class_uid");
        class.and_then(|id| self.event.ocsf.as_i64(id)).is_some_and(|class| class != 0)
    }
}

/// Keeps the event of a record that became exactly one.
#[derive(Default)]
struct Capture {
    mapped: Option<Mapped>,
    others: usize,
}

impl Capture {
    fn only(self) -> Option<Mapped> {
        self.mapped.filter(|_| self.others == 0)
    }
}

impl Output for Capture {
    fn event(&mut self, event: &Event, envelope: Envelope<'_>) -> Result<(), String> {
        if self.mapped.is_some() {
            self.others += 1;
            return Ok(());
        }
        let time = event.shell("utctimestamp");
        let time = time.and_then(|text| {
            time::parse_iso_fast(&text).or_else(|| time::parse(&text, envelope.received_at))
        });
        let json = Tree::new(Arc::default());
        let event = Event { json, ocsf: event.ocsf.clone(), issues: event.issues.clone() };
        self.mapped = Some(Mapped { event, time, other_time: false });
        Ok(())
    }

    fn reject(&mut self, _: Reject, _: &Origin) {
        self.others += 1;
    }

    fn dropped(&mut self) {
        self.others += 1;
    }
}
