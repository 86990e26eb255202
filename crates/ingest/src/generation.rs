//! Rows gathered up to a memory budget, and the step that puts them into the tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use headwater_event::schema;
use headwater_lake::RejectBatchBuilder;
use headwater_lake::{Commit, Lake, PositionAdvance, Table, TableWriter, WriterOptions};

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
        self.counts.files += u64::from(processed.last);
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
            self.positions.entry(Arc::clone(partition)).or_insert(offset);
        }
    }

    fn advance(&self, partition: &Arc<str>, offset: i64) -> PositionAdvance {
        let expected = self.positions.get(partition).copied();
        PositionAdvance { partition: Arc::clone(partition), expected, offset }
    }

    async fn commit(
        &mut self,
        rows: Vec<RecordBatch>,
        positions: Vec<PositionAdvance>,
    ) -> Result<(), IngestError> {
        let files = if rows.is_empty() {
            Vec::new()
        } else {
            self.writer.write(rows).await.map_err(IngestError::lake("write data files"))?
        };
        let commit = Commit::append(files, positions.clone());
        self.table.commit(commit).await.map_err(IngestError::lake("commit to a table"))?;
        for advance in positions {
            self.positions.insert(advance.partition, advance.offset);
        }
        Ok(())
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
        Ok(tables)
    }

    /// Waits for checkpoints that are under way.
    pub(crate) async fn settle(&self) {
        self.events.table.settle().await;
        self.rejects.table.settle().await;
    }

    /// Commits a generation: rejects first, so that everything below a position in `events` is in
    /// both tables. A crash in between leaves rejects beyond the position; they are recognised by
    /// their own.
    pub(crate) async fn commit(&mut self, mut generation: Generation) -> Result<u64, IngestError> {
        let mut commits = 0;
        for (partition, events, rejects) in &generation.known {
            self.events.learn(partition, *events);
            self.rejects.learn(partition, *rejects);
        }
        if generation.rejects.rows() > 0 {
            let rows = vec![generation.rejects.finish()?];
            let advances = generation
                .with_rejects
                .iter()
                .filter_map(|partition| {
                    let end = generation.positions.get(partition)?;
                    Some(self.rejects.advance(partition, end.offset()))
                })
                .collect();
            self.rejects.commit(rows, advances).await?;
            commits += 1;
        }
        let files = generation
            .positions
            .iter()
            .map(|(partition, end)| self.events.advance(partition, end.offset()));
        let markers = generation
            .markers
            .iter()
            .filter(|(name, value)| self.events.positions.get(*name) != Some(value))
            .map(|(name, value)| self.events.advance(name, *value));
        let advances = files.chain(markers).collect();
        self.events.commit(generation.events, advances).await?;
        Ok(commits + 1)
    }
}
