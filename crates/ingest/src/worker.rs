//! One thread of the pipeline: chunks of framed records in, batches of rows and rejects out.

use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use headwater_event::{Envelope, Event, Origin, Reject, Stage, Timestamp};
use headwater_lake::EventBatchBuilder;
use headwater_pipeline::{Output, Pipeline, Worker};
use headwater_sources::envelope_batch::EnvelopeChunk;
use headwater_sources::files::Chunk;
use headwater_sources::record::Record;
use uuid::{Builder, Uuid};

use crate::IngestError;
use crate::options::RawPolicy;
use crate::positions::{FilePosition, Stored};

/// A chunk on its way from the reader to the workers.
pub(crate) struct Job {
    /// Position in the order of reading, without gaps.
    pub(crate) sequence: u64,
    /// The records.
    pub(crate) records: Records,
    /// What the tables knew of the input when it was opened.
    pub(crate) known: KnownInput,
}

/// The records of a job.
pub(crate) enum Records {
    /// Read from an input that can be read again.
    Read(Chunk),
    /// Whole entries of the journal.
    Received {
        /// The records.
        chunk: EnvelopeChunk,
        /// Number of the entry after the last one.
        end: u64,
    },
}

/// What the tables know of an input.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownInput {
    /// Name of its position, when it has an identity.
    pub(crate) partition: Option<Arc<str>>,
    /// Its position in `events`.
    pub(crate) events_offset: Option<i64>,
    /// Its position in `rejects`: only rejects of later frames are new.
    pub(crate) rejects_offset: Option<i64>,
    /// Further positions that move with it.
    pub(crate) markers: Vec<Marker>,
    /// Number of the input in this run, for ids.
    pub(crate) number: u64,
}

impl KnownInput {
    /// An input of this name that is read from what the tables have of it.
    pub(crate) fn at(partition: Arc<str>, stored: Stored) -> Self {
        let (events_offset, rejects_offset) = (stored.events, stored.rejects);
        Self { partition: Some(partition), events_offset, rejects_offset, ..Self::default() }
    }
}

/// What the table remembers of a path, besides the content: how long the file was.
#[derive(Debug, Clone)]
pub(crate) struct Marker {
    /// Name of the position.
    pub(crate) name: Arc<str>,
    /// What the table has.
    pub(crate) known: Option<i64>,
    /// What it will have.
    pub(crate) value: i64,
}

/// A refused record with what its row needs.
#[derive(Debug)]
pub(crate) struct RejectRow {
    pub(crate) reject: Reject,
    pub(crate) origin: Arc<Origin>,
    pub(crate) id: Uuid,
    pub(crate) part: i64,
}

/// A chunk after the pipeline.
#[derive(Debug)]
pub(crate) struct Processed {
    pub(crate) sequence: u64,
    pub(crate) known: KnownInput,
    pub(crate) end: FilePosition,
    pub(crate) events: Option<RecordBatch>,
    pub(crate) event_bytes: usize,
    pub(crate) rejects: Vec<RejectRow>,
    pub(crate) dropped: u64,
}

/// State of one worker thread.
pub(crate) struct ChunkWorker {
    pipeline: Worker,
    raw: RawPolicy,
    /// Chance of this run, mixed into reject ids.
    run: Uuid,
    now: fn() -> Timestamp,
}

impl ChunkWorker {
    pub(crate) fn new(
        pipeline: &Arc<Pipeline>,
        raw: RawPolicy,
        run: Uuid,
        now: fn() -> Timestamp,
    ) -> Self {
        Self { pipeline: pipeline.worker(), raw, run, now }
    }

    /// Runs the pipeline over all records of a job.
    pub(crate) fn process(&mut self, job: Job) -> Result<Processed, IngestError> {
        let Job { sequence, records, known } = job;
        let (rows, end) = match records {
            Records::Read(chunk) => {
                let end = FilePosition { frames: chunk.end_frame(), complete: chunk.last };
                let mut rows = Rows::new(chunk.bytes.clone(), self, &known);
                for record in chunk.records() {
                    rows.part = record.fault.map_or(0, |fault| i64::from(fault.part));
                    let part = u64::try_from(rows.part).unwrap_or_default();
                    rows.place = [known.number, record.frame.saturating_sub(part)];
                    self.run(record, &mut rows);
                }
                (rows, end)
            }
            Records::Received { chunk, end } => {
                let mut rows = Rows::new(chunk.bytes.clone(), self, &known);
                for (number, record) in (0..).zip(chunk.records()) {
                    rows.place = [number, record.frame];
                    self.run(record, &mut rows);
                }
                (rows, FilePosition { frames: end, complete: false })
            }
        };
        let Rows { mut events, rejects, dropped, .. } = rows;
        let events = if events.rows() == 0 { None } else { Some(events.finish()?) };
        let event_bytes = events.as_ref().map_or(0, RecordBatch::get_array_memory_size);
        Ok(Processed { sequence, end, known, events, event_bytes, rejects, dropped })
    }

    fn run(&mut self, record: Record<'_>, rows: &mut Rows) {
        let Record { original, origin, time, .. } = record;
        let received_at = record.received_at.unwrap_or(rows.read_at);
        rows.origin = Arc::clone(origin);
        rows.in_record = 0;
        rows.keep_rejects = record.frame >= rows.rejected;
        rows.events.set_keep_raw(self.raw.keeps(origin.source.as_deref()));
        if let Some(json) = record.json {
            let envelope = Envelope { original, json, origin, time, received_at };
            return self.pipeline.process(envelope, rows);
        }
        let reason = record.fault.map_or_else(String::new, |fault| fault.reason.clone());
        let bytes = original.to_vec();
        let reject = Reject { reason, stage: Stage::Read, plugin: None, bytes, received_at };
        rows.reject(reject, origin);
    }
}

/// Takes what the pipeline makes of the records of one job.
struct Rows {
    events: EventBatchBuilder,
    rejects: Vec<RejectRow>,
    dropped: u64,
    run: Uuid,
    /// When records arrive that are read only now.
    read_at: Timestamp,
    /// Frames below have their rejects in the table.
    rejected: u64,
    origin: Arc<Origin>,
    /// Names the current record within the run.
    place: [u64; 2],
    /// Rejects of the current record so far (an array can give several).
    in_record: u64,
    part: i64,
    keep_rejects: bool,
}

impl Rows {
    fn new(bytes: Bytes, worker: &ChunkWorker, known: &KnownInput) -> Self {
        Self {
            events: EventBatchBuilder::over(bytes, worker.raw.keep),
            rejects: Vec::new(),
            dropped: 0,
            run: worker.run,
            read_at: (worker.now)(),
            rejected: FilePosition::from_offset(known.rejects_offset).frames,
            origin: Arc::default(),
            place: [0; 2],
            in_record: 0,
            part: 0,
            keep_rejects: true,
        }
    }
}

impl Output for Rows {
    fn event(&mut self, event: &Event, envelope: Envelope<'_>) -> Result<(), String> {
        self.events.append(event, envelope).map_err(|error| error.to_string())
    }

    fn reject(&mut self, reject: Reject, _: &Origin) {
        let [number, frame] = self.place;
        let id = reject_id(self.run, [number, frame, self.in_record]);
        self.in_record += 1;
        if self.keep_rejects {
            let origin = Arc::clone(&self.origin);
            self.rejects.push(RejectRow { reject, origin, id, part: self.part });
        }
    }

    fn dropped(&mut self) {
        self.dropped += 1;
    }
}

/// Id of a rejected record: the same for all its parts, whichever worker sees them.
fn reject_id(run: Uuid, place: [u64; 3]) -> Uuid {
    const MIX: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
    let mixed = place.into_iter().fold(run.as_u128(), |state, number| {
        (state ^ u128::from(number)).wrapping_mul(MIX).rotate_left(61)
    });
    Builder::from_custom_bytes(mixed.to_be_bytes()).into_uuid()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use uuid::Uuid;

    use super::reject_id;

    #[test]
    fn reject_ids_depend_on_run_input_frame_and_place() {
        let run = Uuid::from_u128(7);
        let mut seen = HashSet::new();
        for number in 0..10 {
            for frame in 0..100 {
                for place in 0..3 {
                    assert!(seen.insert(reject_id(run, [number, frame, place])));
                }
            }
        }
        assert_eq!(reject_id(run, [1, 2, 0]), reject_id(run, [1, 2, 0]));
        assert!(!seen.contains(&reject_id(Uuid::from_u128(8), [1, 2, 0])));
    }
}
