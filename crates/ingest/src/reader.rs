//! The reader thread: finds inputs, asks the tables how far they are read, sends chunks to the
//! workers.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use headwater_event::error::describe;
use headwater_event::schema;
use headwater_lake::{Lake, Table};
use headwater_sources::SourceError;
use headwater_sources::files::{
    FileIdentity, Input, Listed, ObjectName, ObjectStores, ReadRequest, ReadSummary, identify,
    list, look_up, read,
};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::growth::{Markers, Plan, Step};
use crate::positions::FilePosition;
use crate::worker::{Job, KnownInput, Marker, Records};
use crate::workers::Jobs;
use crate::{FailedInput, IdentityScope, IngestError, IngestOptions, Progress, SkippedInput};

/// How old a looked-up position may be. A reader of many small objects asks for thousands of them;
/// another process's progress in between makes the commit fail, and the run looks again.
const POSITIONS_AGE_MAX: Duration = Duration::from_secs(1);

/// What to read.
#[derive(Debug, Clone)]
pub(crate) enum Inputs {
    /// What texts of a command line stand for.
    Texts(Vec<String>),
    /// Exactly these objects.
    Objects(Vec<ObjectName>),
}

impl Inputs {
    /// Finds them one after the other.
    fn list<'a>(
        &'a self,
        stores: &'a ObjectStores,
    ) -> Box<dyn Iterator<Item = Result<Listed, SourceError>> + 'a> {
        match self {
            Self::Texts(texts) => Box::new(list(texts, stores)),
            Self::Objects(names) => Box::new(names.iter().map(|name| look_up(name, stores))),
        }
    }
}

/// What the reader found, for the report.
#[derive(Debug, Default)]
pub(crate) struct ReaderReport {
    /// Chunks sent to the workers.
    pub(crate) chunks: u64,
    pub(crate) files_skipped: u64,
    pub(crate) bytes_read: u64,
    pub(crate) bytes_decompressed: u64,
    pub(crate) failed: Vec<FailedInput>,
    pub(crate) ignored: Vec<SkippedInput>,
}

/// Looks up positions in both tables. Has handles of its own, so that a commit at work never delays
/// it.
#[derive(Debug)]
pub(crate) struct Positions {
    events: Table,
    rejects: Table,
}

impl Positions {
    pub(crate) fn open(lake: &Lake) -> Result<Self, IngestError> {
        let table = |name| lake.table(name).map_err(IngestError::lake("open a table"));
        Ok(Self { events: table(schema::EVENTS)?, rejects: table(schema::REJECTS)? })
    }
}

/// The reader thread's state.
pub(crate) struct Reader {
    pub(crate) inputs: Inputs,
    pub(crate) stores: ObjectStores,
    pub(crate) options: IngestOptions,
    pub(crate) progress: Arc<Progress>,
    pub(crate) positions: Positions,
    pub(crate) runtime: Handle,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) stop: Arc<AtomicBool>,
}

/// Numbers that run through all inputs of one reader.
#[derive(Default)]
struct Numbers {
    sequence: u64,
    input: u64,
    /// Versions of this run: an input that is named twice, or equal by the identity asked for, is
    /// one.
    seen: HashSet<Arc<str>>,
}

impl Reader {
    /// Reads everything; ends early when the collector is gone.
    pub(crate) fn run(self, jobs: &Jobs) -> Result<ReaderReport, IngestError> {
        let mut report = ReaderReport::default();
        let mut numbers = Numbers::default();
        for listed in self.inputs.list(&self.stores) {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            match listed {
                Ok(Listed::Input(input)) => self.input(&input, jobs, &mut numbers, &mut report)?,
                Ok(Listed::Skipped(skipped)) => report
                    .ignored
                    .push(SkippedInput { name: skipped.name, reason: skipped.reason.to_owned() }),
                Err(error) => report.failed.push(failed(&error)),
            }
        }
        report.chunks = numbers.sequence;
        Ok(report)
    }

    /// Reads one input as far as the tables do not have it yet.
    fn input(
        &self,
        input: &Input,
        jobs: &Jobs,
        numbers: &mut Numbers,
        report: &mut ReaderReport,
    ) -> Result<(), IngestError> {
        Progress::add(&self.progress.bytes_found, input.size().unwrap_or_default());
        let plan = match self.plan(input)? {
            Ok(mut plan) => {
                let seen = &mut numbers.seen;
                plan.steps.retain(|step| match &step.partition {
                    Some(partition) => seen.insert(Arc::clone(partition)),
                    None => true,
                });
                plan
            }
            Err(error) => {
                report.failed.push(failed(&error));
                return Ok(());
            }
        };
        if plan.steps.is_empty() {
            report.files_skipped += 1;
            Progress::add(&self.progress.bytes_read, input.size().unwrap_or_default());
        }
        for step in &plan.steps {
            numbers.input += 1;
            let known = self.known(step, numbers.input)?;
            match self.step(input, step, known, &plan.markers, jobs, numbers) {
                Ok(summary) => {
                    report.bytes_read += summary.bytes_read;
                    report.bytes_decompressed += summary.bytes_decompressed;
                    report.ignored.extend(summary.skipped.into_iter().map(|skipped| {
                        SkippedInput { name: skipped.name, reason: skipped.reason.to_owned() }
                    }));
                    if summary.stopped {
                        break;
                    }
                }
                Err(error) => {
                    report.failed.push(failed(&error));
                    break;
                }
            }
        }
        Ok(())
    }

    /// What of the input is still to be read.
    fn plan(&self, input: &Input) -> Result<Result<Plan, SourceError>, IngestError> {
        let identity = match identify(input) {
            Ok(Some(identity)) => identity,
            Ok(None) => return Ok(Ok(Plan::stream())),
            Err(error) => return Ok(Err(error)),
        };
        let lookup = |name: &str| self.events_offset(name);
        let partition = |identity: &FileIdentity| self.partition(input, identity);
        crate::growth::plan(input, &self.options.read, identity, &partition, &lookup)
    }

    fn partition(&self, input: &Input, identity: &FileIdentity) -> Arc<str> {
        match (self.options.identity, input.local_path()) {
            (IdentityScope::PathAndContent, Some(path)) => {
                let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
                let mut hasher = blake3::Hasher::new();
                hasher.update(identity.to_string().as_bytes());
                hasher.update(path.as_os_str().as_encoded_bytes());
                format!("file/{}", hasher.finalize()).into()
            }
            _ => identity.partition(),
        }
    }

    fn events_offset(&self, name: &str) -> Result<Option<i64>, IngestError> {
        self.offset(&self.positions.events, name)
    }

    fn offset(&self, table: &Table, name: &str) -> Result<Option<i64>, IngestError> {
        let names = [name];
        let found = self.runtime.block_on(table.recent_positions(&names, POSITIONS_AGE_MAX));
        let found = found.map_err(IngestError::lake("read positions"))?;
        Ok(found.get(name).copied())
    }

    /// Reads one version of the input and sends its chunks.
    fn step(
        &self,
        input: &Input,
        step: &Step,
        known: KnownInput,
        markers: &Markers,
        jobs: &Jobs,
        numbers: &mut Numbers,
    ) -> Result<ReadSummary, SourceError> {
        let request = ReadRequest {
            input,
            identity: step.identity.as_ref(),
            options: &self.options.read,
            stores: &self.stores,
            skip_frames: FilePosition::from_offset(known.events_offset).frames,
            from_byte: step.from_byte,
        };
        let mut bytes_before = 0;
        read(request, &mut |chunk| {
            let read = chunk.bytes_read.saturating_sub(bytes_before);
            bytes_before = chunk.bytes_read;
            Progress::add(&self.progress.bytes_read, read);
            let mut known = known.clone();
            known.markers = markers.to_write(step, chunk.last);
            let records = Records::Read(chunk);
            let job = Job { sequence: numbers.sequence, records, known };
            numbers.sequence += 1;
            self.send(job, jobs)
        })
    }

    /// What the tables know of a step's partition.
    fn known(&self, step: &Step, number: u64) -> Result<KnownInput, IngestError> {
        let Some(partition) = &step.partition else {
            return Ok(KnownInput { number, ..KnownInput::default() });
        };
        Ok(KnownInput {
            partition: Some(Arc::clone(partition)),
            events_offset: self.events_offset(partition)?,
            rejects_offset: self.offset(&self.positions.rejects, partition)?,
            markers: Vec::<Marker>::new(),
            number,
        })
    }

    /// Waits for room, then hands the chunk over.
    fn send(&self, job: Job, jobs: &Jobs) -> ControlFlow<()> {
        let Ok(permit) = self.runtime.block_on(self.permits.acquire()) else {
            return ControlFlow::Break(());
        };
        // The collector gives it back when the chunk has its place.
        permit.forget();
        match jobs.send(job) {
            Ok(()) if !self.stop.load(Ordering::Relaxed) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }
}

fn failed(error: &SourceError) -> FailedInput {
    let text = describe(error);
    FailedInput { name: error.input().to_owned(), error: text, kind: error.kind() }
}
