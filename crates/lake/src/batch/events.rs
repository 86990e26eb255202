//! Rows of the table `events`.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use bytes::Bytes;
use headwater_event::json::{Kind, NodeId, Tree};
use headwater_event::time::{parse, parse_iso_fast};
use headwater_event::{Envelope, Event, schema};

use super::columns::{TextColumn, ViewColumn};
use super::ocsf::OcsfColumns;
use crate::schema::stored_schema;

/// Why an event cannot be a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// A shell field that every row needs is missing.
    #[error("event has no `{0}`")]
    Missing(&'static str),
    /// The event's time cannot be read.
    #[error("`utctimestamp` is `{0}`, which is not a time")]
    Time(String),
}

/// Collects events as Arrow columns in the order of [`schema::EVENT_COLUMNS`]; `details` and `raw`
/// are views.
#[derive(Debug)]
pub struct EventBatchBuilder {
    schema: SchemaRef,
    eventid: TextColumn,
    times: Vec<i64>,
    severity: TextColumn,
    summary: TextColumn,
    category: TextColumn,
    source: TextColumn,
    tags: ListBuilder<StringBuilder>,
    plugins: ListBuilder<StringBuilder>,
    details: ViewColumn,
    ocsf: OcsfColumns,
    host: TextColumn,
    sourcetype: TextColumn,
    index: TextColumn,
    ingested: Vec<i64>,
    raw: ViewColumn,
    keep_raw: bool,
}

/// The stored columns, with long text as views.
fn batch_schema() -> SchemaRef {
    let stored = stored_schema(&schema::EVENT_COLUMNS);
    let fields = stored.fields().iter().map(|field| match field.name().as_str() {
        "details" | "ocsf" | "raw" => {
            field.as_ref().clone().with_data_type(DataType::Utf8View).into()
        }
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Vec<FieldRef>>()))
}

/// The members of an event's top level, found in one pass.
#[derive(Default)]
struct Shell {
    eventid: Option<NodeId>,
    utctimestamp: Option<NodeId>,
    severity: Option<NodeId>,
    summary: Option<NodeId>,
    category: Option<NodeId>,
    source: Option<NodeId>,
    tags: Option<NodeId>,
    plugins: Option<NodeId>,
    details: Option<NodeId>,
    /// Members that are not shell: plugins that run after the shell may leave some.
    others: Vec<NodeId>,
}

impl Shell {
    fn of(json: &Tree) -> Self {
        let mut shell = Self::default();
        for member in json.children(json.root()) {
            let place = match &*json.key(member) {
                "eventid" => &mut shell.eventid,
                "utctimestamp" => &mut shell.utctimestamp,
                "severity" => &mut shell.severity,
                "summary" => &mut shell.summary,
                "category" => &mut shell.category,
                "source" => &mut shell.source,
                "tags" => &mut shell.tags,
                "plugins" => &mut shell.plugins,
                "details" if json.kind(member) == Kind::Object => &mut shell.details,
                _ => {
                    shell.others.push(member);
                    continue;
                }
            };
            if place.is_some() {
                shell.others.push(member);
            } else {
                *place = Some(member);
            }
        }
        shell
    }
}

impl EventBatchBuilder {
    /// An empty batch. `keep_raw` decides whether the column `raw` gets the original text.
    #[must_use]
    pub fn new(keep_raw: bool) -> Self {
        Self::over(Bytes::new(), keep_raw)
    }

    /// An empty batch for the records of a buffer: their original text is kept by reference, not
    /// copied.
    #[must_use]
    pub fn over(shared: Bytes, keep_raw: bool) -> Self {
        let schema = batch_schema();
        let list = |name: &str| {
            let field = schema.field_with_name(name).map(|field| field.data_type().clone());
            let builder = ListBuilder::new(StringBuilder::new());
            match field {
                Ok(DataType::List(element)) => builder.with_field(element),
                _ => builder,
            }
        };
        Self {
            eventid: TextColumn::default(),
            times: Vec::new(),
            severity: TextColumn::default(),
            summary: TextColumn::default(),
            category: TextColumn::default(),
            source: TextColumn::default(),
            tags: list("tags"),
            plugins: list("plugins"),
            details: ViewColumn::new(Bytes::new(), shared.len() + shared.len() / 4),
            ocsf: OcsfColumns::new(shared.len()),
            host: TextColumn::default(),
            sourcetype: TextColumn::default(),
            index: TextColumn::default(),
            ingested: Vec::new(),
            raw: ViewColumn::new(if keep_raw { shared } else { Bytes::new() }, 0),
            keep_raw,
            schema,
        }
    }

    /// From now on decides whether the column `raw` gets the original text.
    pub fn set_keep_raw(&mut self, keep_raw: bool) {
        self.keep_raw = keep_raw;
    }

    /// Rows collected.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.times.len()
    }

    /// Adds a row; a refused event leaves the batch as it was.
    ///
    /// # Errors
    /// The shell lacks what every row needs.
    pub fn append(&mut self, event: &Event, envelope: Envelope<'_>) -> Result<(), RowError> {
        let Envelope { original, origin, received_at, .. } = envelope;
        let json = &event.json;
        let shell = Shell::of(json);
        let text = |id: Option<NodeId>| id.and_then(|id| json.scalar_text(id));
        let eventid = text(shell.eventid).ok_or(RowError::Missing("eventid"))?;
        let time = text(shell.utctimestamp).ok_or(RowError::Missing(schema::TIME_COLUMN))?;
        let time = parse_iso_fast(&time)
            .or_else(|| parse(&time, received_at))
            .ok_or_else(|| RowError::Time(time.into_owned()))?;
        self.eventid.push(&eventid);
        self.times.push(time.as_micros());
        self.severity.push_option(text(shell.severity).as_deref());
        self.summary.push_option(text(shell.summary).as_deref());
        self.category.push_option(text(shell.category).as_deref());
        self.source.push_option(text(shell.source).as_deref());
        append_list(&mut self.tags, json, shell.tags);
        append_list(&mut self.plugins, json, shell.plugins);
        self.details.push_with(|out| write_details(json, shell.details, &shell.others, out));
        self.ocsf.append(event);
        self.host.push_option(origin.host.as_deref());
        self.sourcetype.push_option(origin.sourcetype.as_deref());
        self.index.push_option(origin.index.as_deref());
        self.ingested.push(received_at.as_micros());
        // Bytes that are not UTF-8 became another text in their source; `raw` has no text for them
        // then.
        let raw = self.keep_raw.then(|| simdutf8::basic::from_utf8(original).ok()).flatten();
        self.raw.push_option(raw);
        Ok(())
    }

    /// The rows as one batch; the builder is empty afterwards.
    ///
    /// # Errors
    /// The batch outgrew Arrow's limits (2 GiB of text in one column).
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let rows = self.rows();
        let time = |values: Vec<i64>| -> ArrayRef {
            Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
        };
        let columns: Result<Vec<ArrayRef>, ArrowError> = Arc::clone(&self.schema)
            .fields()
            .iter()
            .map(|field| match field.name().as_str() {
                "eventid" => self.eventid.finish(),
                "utctimestamp" => Ok(time(std::mem::take(&mut self.times))),
                "severity" => self.severity.finish(),
                "summary" => self.summary.finish(),
                "category" => self.category.finish(),
                "source" => self.source.finish(),
                "tags" => Ok(Arc::new(self.tags.finish()) as ArrayRef),
                "plugins" => Ok(Arc::new(self.plugins.finish()) as ArrayRef),
                "details" => self.details.finish(),
                "host" => self.host.finish(),
                "sourcetype" => self.sourcetype.finish(),
                "index" => self.index.finish(),
                "ingested_at" => Ok(time(std::mem::take(&mut self.ingested))),
                "raw" => self.raw.finish(),
                name => match self.ocsf.finish(name) {
                    Some(column) => column,
                    None => Ok(new_null_array(field.data_type(), rows)),
                },
            })
            .collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns?)
    }
}

fn append_list(list: &mut ListBuilder<StringBuilder>, json: &Tree, id: Option<NodeId>) {
    if let Some(id) = id {
        for element in json.children(id) {
            match json.scalar_text(element) {
                Some(text) => list.values().append_value(text),
                None => list.values().append_value(json.to_json(element)),
            }
        }
    }
    list.append(true);
}

/// `details` as JSON text; top-level members that are not shell are added to it, so that nothing is
/// lost.
fn write_details(json: &Tree, details: Option<NodeId>, others: &[NodeId], out: &mut Vec<u8>) {
    let start = out.len();
    match details {
        Some(details) => json.write(details, out),
        None => out.extend_from_slice(b"{}"),
    }
    if others.is_empty() {
        return;
    }
    out.pop();
    for member in others {
        if out.len() > start + 1 {
            out.push(b',');
        }
        json.write_member(*member, out);
    }
    out.push(b'}');
}
