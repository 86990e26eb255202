//! Rejected records through the pipeline again. What becomes an event is marked in `rejects`; the
//! rest stays as it is.
//!
//! Two tables cannot change in one step, so a batch is marked first (`replayed_at`) and then
//! committed to `events` together with a position named after the mark. A crash in between leaves
//! marks without a position: the next replay takes them back and begins again, so an event is added
//! once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use headwater_event::{Envelope, Event, Origin, Reject, schema};
use headwater_lake::{
    Commit, DataFile, EventBatchBuilder, PositionAdvance, Snapshot, Table, TableWriter,
};
use headwater_pipeline::{Output, Worker};
use headwater_sources::files::{Format, Input, ObjectStores, ReadOptions, ReadRequest, read};
use serde::Serialize;

use crate::options::RawPolicy;
use crate::run::IngestContext;
use crate::{IngestError, IngestOptions};

/// Which rejects are replayed, and how.
#[derive(Debug, Clone)]
pub struct ReplayOptions {
    /// Only rejects whose reason contains this text.
    pub reason: Option<String>,
    /// Only rejects of this stage.
    pub stage: Option<String>,
    /// Only rejects of this source.
    pub source: Option<String>,
    /// Only rejects of this plugin.
    pub plugin: Option<String>,
    /// What the original bytes are.
    pub format: Format,
    /// Only report what would happen.
    pub dry_run: bool,
    /// Which originals are kept in `raw`.
    pub raw: RawPolicy,
}

/// What a replay did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplayReport {
    /// Records that left the rejects.
    pub replayed: u64,
    /// Events that they became (an array can be several; a dropped one is none).
    pub events: u64,
    /// Matching records that are still rejected.
    pub rejects: u64,
}

/// Sends rejects through the pipeline again.
///
/// # Errors
/// The tables cannot be read or written.
pub async fn replay(
    context: &IngestContext,
    options: &ReplayOptions,
) -> Result<ReplayReport, IngestError> {
    let attempts_max = IngestOptions::default().attempts_max;
    let mut report = ReplayReport::default();
    for _ in 0..attempts_max {
        report.rejects = 0;
        match Replay::open(context, options).await?.run(&mut report).await {
            Err(error) if error.is_conflict() => {
                tracing::info!("another process changed the rejects, looking again");
            }
            result => return result.map(|()| report),
        }
    }
    Err(IngestError::Contended { attempts: attempts_max })
}

/// One pass over the rejects.
struct Replay<'a> {
    context: &'a IngestContext,
    options: &'a ReplayOptions,
    events: Table,
    rejects: Table,
    last_mark: i64,
}

/// Name of the position that says that the batch with this mark is in `events`.
fn position_of(mark: i64) -> Arc<str> {
    format!("replay/{mark}").into()
}

impl<'a> Replay<'a> {
    async fn open(
        context: &'a IngestContext,
        options: &'a ReplayOptions,
    ) -> Result<Self, IngestError> {
        let table = |name| context.lake.table(name).map_err(IngestError::lake("open a table"));
        let (events, rejects) = (table(schema::EVENTS)?, table(schema::REJECTS)?);
        for table in [&events, &rejects] {
            table.ensure_created().await.map_err(IngestError::lake("create a table"))?;
        }
        Ok(Self { context, options, events, rejects, last_mark: 0 })
    }

    async fn run(&mut self, report: &mut ReplayReport) -> Result<(), IngestError> {
        self.take_back_marks().await?;
        let snapshot = self.rejects.snapshot().await.map_err(IngestError::lake("read rejects"))?;
        for file in snapshot.files() {
            self.file(&snapshot, file, report).await?;
        }
        Ok(())
    }

    async fn rows(&self, file: &DataFile) -> Result<Option<Rows>, IngestError> {
        let batches = self.rejects.read(file).await.map_err(IngestError::lake("read rejects"))?;
        let Some(first) = batches.first() else { return Ok(None) };
        Ok(Some(Rows::new(concat_batches(&first.schema(), &batches)?)?))
    }

    /// Marks without a position are of a replay that did not get to its end: they go.
    async fn take_back_marks(&mut self) -> Result<(), IngestError> {
        let snapshot = self.rejects.snapshot().await.map_err(IngestError::lake("read rejects"))?;
        for file in snapshot.files() {
            let nulls = file.statistics().columns.get("replayed_at").and_then(|range| range.nulls);
            if nulls.is_some() && nulls == file.rows() {
                continue;
            }
            let Some(rows) = self.rows(file).await? else { continue };
            let marks: BTreeSet<i64> = rows.replayed_at.iter().flatten().collect();
            let names: Vec<Arc<str>> = marks.iter().map(|mark| position_of(*mark)).collect();
            let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
            let known = self.events.positions(&names).await;
            let known = known.map_err(IngestError::lake("read positions"))?;
            let done = |mark: &i64| known.contains_key(position_of(*mark).as_ref());
            if marks.iter().all(done) {
                continue;
            }
            let kept = rows.replayed_at.iter().map(|mark| mark.filter(done)).collect();
            self.rewrite(&snapshot, file, &rows, kept).await?;
        }
        Ok(())
    }

    /// Replays the matching rows of one file.
    async fn file(
        &mut self,
        snapshot: &Snapshot,
        file: &Arc<DataFile>,
        report: &mut ReplayReport,
    ) -> Result<(), IngestError> {
        let Some(rows) = self.rows(file).await? else { return Ok(()) };
        let mut worker = self.context.pipeline.worker();
        let mut passed = vec![false; rows.batch.num_rows()];
        let mut builder = EventBatchBuilder::new(self.options.raw.keep);
        let mut events = 0;
        for (row, passed) in passed.iter_mut().enumerate() {
            if !rows.is_candidate(row, self.options) {
                continue;
            }
            let record = rows.record(row, self.options.format);
            let mut trial = Trial::default();
            record.run(&mut worker, self.context, &mut trial);
            if trial.rejects > 0 || record.json.is_empty() {
                report.rejects += 1;
                continue;
            }
            *passed = true;
            report.replayed += 1;
            events += trial.events;
            record.run(&mut worker, self.context, &mut Keep { builder: &mut builder });
        }
        report.events += events;
        if self.options.dry_run || !passed.contains(&true) {
            return Ok(());
        }
        let now = (self.context.now)().as_micros();
        self.last_mark = now.max(self.last_mark + 1);
        let marked = rows.replayed_at.iter().zip(&passed);
        let marked = marked.map(|(mark, passed)| if *passed { Some(self.last_mark) } else { mark });
        self.rewrite(snapshot, file, &rows, marked.collect()).await?;
        self.add_events(builder).await
    }

    /// Writes the rows of a file again with other marks.
    async fn rewrite(
        &self,
        snapshot: &Snapshot,
        file: &Arc<DataFile>,
        rows: &Rows,
        marks: TimestampMicrosecondArray,
    ) -> Result<(), IngestError> {
        let writer = self.writer(&self.rejects)?;
        let files = writer.write(vec![rows.with_marks(marks)?]).await;
        let files = files.map_err(IngestError::lake("write data files"))?;
        let removes = vec![Arc::clone(file)];
        let replaced = self.rejects.replace(snapshot, removes, files, Vec::new(), true).await;
        replaced.map(|_| ()).map_err(IngestError::lake("commit to rejects"))
    }

    async fn add_events(&self, mut builder: EventBatchBuilder) -> Result<(), IngestError> {
        let files = if builder.rows() == 0 {
            Vec::new()
        } else {
            let writer = self.writer(&self.events)?;
            let files = writer.write(vec![builder.finish()?]).await;
            files.map_err(IngestError::lake("write data files"))?
        };
        let partition = position_of(self.last_mark);
        let position = PositionAdvance { partition, expected: None, offset: 1 };
        let commit = Commit::append(files, vec![position]);
        let committed = self.events.commit(commit).await;
        committed.map(|_| ()).map_err(IngestError::lake("commit to events"))
    }

    fn writer(&self, table: &Table) -> Result<TableWriter, IngestError> {
        let writer = TableWriter::new(table.clone(), self.context.writer.clone());
        writer.map_err(IngestError::lake("open a writer"))
    }
}

/// The rows of one file of `rejects`.
struct Rows {
    batch: RecordBatch,
    texts: BTreeMap<&'static str, StringArray>,
    part: Int64Array,
    raw: BinaryArray,
    replayed_at: TimestampMicrosecondArray,
    /// Records that are kept in several rows: too long to be read.
    in_parts: BTreeSet<String>,
}

/// Text columns that a replay looks at.
const TEXTS: [&str; 9] =
    ["rejectid", "reason", "stage", "plugin", "source", "origin", "host", "sourcetype", "index"];

impl Rows {
    fn new(batch: RecordBatch) -> Result<Self, IngestError> {
        let column = |name: &str| -> Result<&ArrayRef, ArrowError> {
            let missing = || ArrowError::SchemaError(format!("rejects have no column `{name}`"));
            batch.column_by_name(name).ok_or_else(missing)
        };
        let mut texts = BTreeMap::new();
        for name in TEXTS {
            texts.insert(name, column(name)?.as_string::<i32>().clone());
        }
        let part = column("part")?.as_primitive::<Int64Type>().clone();
        let raw = column("raw")?.as_binary::<i32>().clone();
        let replayed_at = column("replayed_at")?.as_primitive::<TimestampMicrosecondType>().clone();
        let several = (0..batch.num_rows()).filter(|row| part.value(*row) > 0);
        let ids = texts.get("rejectid");
        let in_parts = several.filter_map(|row| Some(ids?.value(row).to_owned())).collect();
        Ok(Self { texts, part, raw, replayed_at, in_parts, batch })
    }

    fn text(&self, column: &str, row: usize) -> Option<&str> {
        let values = self.texts.get(column)?;
        values.is_valid(row).then(|| values.value(row))
    }

    fn is_candidate(&self, row: usize, options: &ReplayOptions) -> bool {
        let equals = |column, wanted: &Option<String>| {
            wanted.is_none() || self.text(column, row) == wanted.as_deref()
        };
        let id = self.text("rejectid", row).unwrap_or_default();
        self.replayed_at.is_null(row)
            && self.part.value(row) == 0
            && !self.in_parts.contains(id)
            && equals("stage", &options.stage)
            && equals("source", &options.source)
            && equals("plugin", &options.plugin)
            && options.reason.as_ref().is_none_or(|wanted| {
                self.text("reason", row).is_some_and(|reason| reason.contains(wanted))
            })
    }

    fn record(&self, row: usize, format: Format) -> Record<'_> {
        let label = |column| self.text(column, row).map(Arc::from);
        let origin = Origin {
            source: label("source"),
            host: label("host"),
            sourcetype: label("sourcetype"),
            index: label("index"),
            name: label("origin").unwrap_or_default(),
        };
        let original = self.raw.value(row);
        Record { original, json: json_texts(original, format), origin }
    }

    fn with_marks(&self, marks: TimestampMicrosecondArray) -> Result<RecordBatch, ArrowError> {
        let marks: ArrayRef = Arc::new(marks.with_timezone("UTC"));
        let schema = self.batch.schema();
        let columns = schema.fields().iter().zip(self.batch.columns()).map(|(field, column)| {
            if field.name() == "replayed_at" { Arc::clone(&marks) } else { Arc::clone(column) }
        });
        RecordBatch::try_new(Arc::clone(&schema), columns.collect())
    }
}

/// The JSON texts to parse: the bytes themselves, or what the format makes of them. Empty when the
/// format cannot read them.
fn json_texts(original: &[u8], format: Format) -> Vec<Vec<u8>> {
    if format == Format::Json {
        return vec![original.to_vec()];
    }
    let input = Input::memory("reject", original.to_vec());
    let options = ReadOptions { format, ..ReadOptions::default() };
    let request = ReadRequest {
        input: &input,
        identity: None,
        options: &options,
        stores: &ObjectStores::none(),
        skip_frames: 0,
        from_byte: 0,
    };
    let mut texts = Vec::new();
    let mut readable = true;
    let result = read(request, &mut |chunk| {
        for record in chunk.records() {
            match record.json {
                Some(json) => texts.push(json.to_vec()),
                None => readable = false,
            }
        }
        ControlFlow::Continue(())
    });
    if result.is_ok() && readable { texts } else { Vec::new() }
}

/// One reject, ready to be processed.
struct Record<'a> {
    original: &'a [u8],
    json: Vec<Vec<u8>>,
    origin: Origin,
}

impl Record<'_> {
    fn run(&self, worker: &mut Worker, context: &IngestContext, output: &mut impl Output) {
        let received_at = (context.now)();
        for json in &self.json {
            let Self { original, origin, .. } = self;
            worker.process(Envelope { original, json, origin, time: None, received_at }, output);
        }
    }
}

/// Counts what would come out.
#[derive(Default)]
struct Trial {
    events: u64,
    rejects: u64,
}

impl Output for Trial {
    fn event(&mut self, event: &Event, envelope: Envelope<'_>) -> Result<(), String> {
        self.events += 1;
        let mut builder = EventBatchBuilder::new(false);
        builder.append(event, envelope).map_err(|error| error.to_string())
    }

    fn reject(&mut self, _: Reject, _: &Origin) {
        self.rejects += 1;
    }

    fn dropped(&mut self) {}
}

/// Keeps the events of a record that passed its trial.
struct Keep<'a> {
    builder: &'a mut EventBatchBuilder,
}

impl Output for Keep<'_> {
    fn event(&mut self, event: &Event, envelope: Envelope<'_>) -> Result<(), String> {
        self.builder.append(event, envelope).map_err(|error| error.to_string())
    }

    fn reject(&mut self, _: Reject, _: &Origin) {}

    fn dropped(&mut self) {}
}
