//! Rows gathered up to a memory budget, and the step that puts them into the tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use headwater_event::schema;
use headwater_lake::RejectBatchBuilder;
use headwater_lake::{Commit, DataFile, Lake, PositionAdvance, Table, TableWriter, WriterOptions};

use crate::IngestError;
use crate::positions::FilePosition;
use crate::worker::{KnownInput, Processed};

/// Rows that will be one commit, and the positions that go with them.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    events: Vec<RecordBatch>,
    rejects: RejectBatchBuilder,
    bytes: usize,
    positions: BTreeMap<Arc<str>, FilePosition>,
    markers: BTreeMap<Arc<str>, i64>,
    /// Positions that the tables had when the inputs were opened: name, in `events`, in `rejects`.
    known: Vec<(Arc<str>, Option<i64>, Option<i64>)>,
    /// Positions that have rejects in this generation.
    with_rejects: Vec<Arc<str>>,
    /// Events, rejects and drops in this generation.
    pub(crate) counts: Counts,
}

/// What a generation adds to the report once it is committed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    pub(crate) rejects: u64,
    pub(crate) dropped: u64,
    pub(crate) files: u64,
}

impl Generation {
    /// Takes a chunk; chunks come in the order of reading.
    pub(crate) fn add(&mut self, processed: Processed) {
        self.bytes += processed.event_bytes;
        self.counts.dropped += processed.dropped;
        self.counts.files += u64::from(processed.end.complete);
        if let Some(batch) = processed.events {
            self.counts.events += batch.num_rows() as u64;
            self.events.push(batch);
        }
        let partition = processed.known.partition;
        if let (false, Some(partition)) = (processed.rejects.is_empty(), &partition)
            && self.with_rejects.last() != Some(partition)
        {
            self.with_rejects.push(Arc::clone(partition));
        }
        for row in processed.rejects {
            // A record kept in parts is one reject.
            self.counts.rejects += u64::from(row.part == 0);
            let id = row.id.to_string();
            self.rejects.append(&row.reject, &row.origin, &id, row.part);
        }
        if let Some(partition) = partition
            && self.positions.insert(Arc::clone(&partition), processed.end).is_none()
        {
            let KnownInput { events_offset, rejects_offset, .. } = processed.known;
            self.known.push((partition, events_offset, rejects_offset));
        }
        for marker in processed.known.markers {
            self.known.push((Arc::clone(&marker.name), marker.known, None));
            self.markers.insert(marker.name, marker.value);
        }
    }

    /// Memory of the rows, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes + self.rejects.bytes()
    }

    /// Batches of rows.
    pub(crate) fn batches(&self) -> usize {
        self.events.len()
    }

    /// Whether there is nothing to commit, not even a position.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.rejects.rows() == 0 && self.positions.is_empty()
    }
}

/// The two tables and what this process knows of their positions.
#[derive(Debug)]
pub(crate) struct Tables {
    events: Side,
    rejects: Side,
}

/// One table with its writer.
#[derive(Debug)]
struct Side {
    table: Table,
    writer: TableWriter,
    /// Positions as this process last saw or set them.
    positions: BTreeMap<Arc<str>, i64>,
}

impl Side {
    fn new(lake: &Lake, name: &'static str, options: WriterOptions) -> Result<Self, IngestError> {
        let table = lake.table(name).map_err(IngestError::lake("open a table"))?;
        let writer = TableWriter::new(table.clone(), options);
        let writer = writer.map_err(IngestError::lake("open a writer"))?;
        Ok(Self { table, writer, positions: BTreeMap::new() })
    }

    /// Takes over what the reader found in the table, unless this process has moved on since.
    fn learn(&mut self, partition: &Arc<str>, offset: Option<i64>) {
        if let Some(offset) = offset {
            let position = self.positions.entry(Arc::clone(partition)).or_insert(offset);
            // Partitions of Kafka go to others and come back.
            *position = offset.max(*position);
        }
    }

    fn advance(&self, partition: &Arc<str>, offset: i64) -> PositionAdvance {
        let expected = self.positions.get(partition).copied();
        PositionAdvance { partition: Arc::clone(partition), expected, offset }
    }

    /// Does what is left of a step.
    async fn commit(&mut self, step: &mut Step) -> Result<(), IngestError> {
        if step.is_done {
            return Ok(());
        }
        let files = match &step.files {
            Some(files) => files.clone(),
            None if step.rows.is_empty() => Vec::new(),
            None => {
                let written = self.writer.write(step.rows.clone()).await;
                written.map_err(IngestError::lake("write data files"))?
            }
        };
        step.files = Some(files.clone());
        let commit = Commit::append(files, step.positions.clone());
        self.table.commit(commit).await.map_err(IngestError::lake("commit to a table"))?;
        self.done(step);
        Ok(())
    }

    fn done(&mut self, step: &mut Step) {
        step.is_done = true;
        step.rows.clear();
        for advance in &step.positions {
            self.positions.insert(Arc::clone(&advance.partition), advance.offset);
        }
    }

    /// After a commit that failed: the table tells whether it went through all the same.
    async fn look(&mut self, step: &mut Step) -> Result<(), IngestError> {
        let names: Vec<&str> = step.positions.iter().map(|advance| &*advance.partition).collect();
        if step.is_done || names.is_empty() {
            return Ok(());
        }
        let found = self.table.positions(&names).await;
        let found = found.map_err(IngestError::lake("read positions"))?;
        let offset = |advance: &PositionAdvance| found.get(&*advance.partition).copied();
        if step.positions.iter().all(|advance| offset(advance) == Some(advance.offset)) {
            self.done(step);
        }
        Ok(())
    }
}

/// What is to be done in one table, and how much of it is done.
#[derive(Debug)]
struct Step {
    rows: Vec<RecordBatch>,
    /// The rows in storage, once they are.
    files: Option<Vec<DataFile>>,
    positions: Vec<PositionAdvance>,
    is_done: bool,
}

impl Step {
    fn new(rows: Vec<RecordBatch>, positions: Vec<PositionAdvance>) -> Self {
        Self { rows, files: None, positions, is_done: false }
    }
}

/// A generation on its way into the tables; each step is done once, however often it is tried.
#[derive(Debug)]
pub(crate) struct Pending {
    rejects: Option<Step>,
    events: Step,
}

impl Pending {
    /// Whether all of it is in the tables.
    pub(crate) fn is_done(&self) -> bool {
        self.events.is_done && self.rejects.as_ref().is_none_or(|step| step.is_done)
    }

    /// Commits that it takes.
    pub(crate) fn commits(&self) -> u64 {
        1 + u64::from(self.rejects.is_some())
    }
}

impl Tables {
    /// Opens both tables, making them when they do not exist.
    pub(crate) async fn open(lake: &Lake, options: &WriterOptions) -> Result<Self, IngestError> {
        let tables = Self {
            events: Side::new(lake, schema::EVENTS, options.clone())?,
            rejects: Side::new(lake, schema::REJECTS, options.clone())?,
        };
        for side in [&tables.events, &tables.rejects] {
            side.table.ensure_created().await.map_err(IngestError::lake("create a table"))?;
        }
        let index = lake.table(schema::OBSERVABLES).map_err(IngestError::lake("open a table"))?;
        index.ensure_created().await.map_err(IngestError::lake("create a table"))?;
        Ok(tables)
    }

    /// Waits for checkpoints that are under way.
    pub(crate) async fn settle(&self) {
        self.events.table.settle().await;
        self.rejects.table.settle().await;
    }

    /// Makes a generation ready to be committed.
    pub(crate) fn prepare(&mut self, mut generation: Generation) -> Result<Pending, IngestError> {
        for (partition, events, rejects) in &generation.known {
            self.events.learn(partition, *events);
            self.rejects.learn(partition, *rejects);
        }
        let rejects = if generation.rejects.rows() > 0 {
            let advances = generation
                .with_rejects
                .iter()
                .filter_map(|partition| {
                    let end = generation.positions.get(partition)?;
                    Some(self.rejects.advance(partition, end.offset()))
                })
                .collect();
            Some(Step::new(vec![generation.rejects.finish()?], advances))
        } else {
            None
        };
        let inputs = generation
            .positions
            .iter()
            .map(|(partition, end)| self.events.advance(partition, end.offset()));
        let markers = generation
            .markers
            .iter()
            .filter(|(name, value)| self.events.positions.get(*name) != Some(value))
            .map(|(name, value)| self.events.advance(name, *value));
        let advances = inputs.chain(markers).collect();
        Ok(Pending { rejects, events: Step::new(generation.events, advances) })
    }

    /// Commits what is left of a generation: rejects first, so that everything below a position in
    /// `events` is in both tables. A crash in between leaves rejects beyond the position; they are
    /// recognised by their own.
    pub(crate) async fn commit(&mut self, pending: &mut Pending) -> Result<(), IngestError> {
        if let Some(step) = &mut pending.rejects {
            self.rejects.commit(step).await?;
        }
        self.events.commit(&mut pending.events).await
    }

    /// Finds out what of a generation is in the tables after `commit` failed.
    pub(crate) async fn look(&mut self, pending: &mut Pending) -> Result<(), IngestError> {
        if let Some(step) = &mut pending.rejects {
            self.rejects.look(step).await?;
        }
        self.events.look(&mut pending.events).await
    }
}
