//! Running a query and sending its rows. They are made when the client reads them: a slow client
//! makes the query wait, and a client that is gone ends it.

use std::collections::VecDeque;
use std::pin::Pin;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::FlightData;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use futures::{Stream, TryStreamExt as _};
use headwater_access::Grant;
use headwater_query::{Answer, QueryError, Session};
use tonic::metadata::MetadataValue;
use tonic::{Extensions, Response, Status};
use uuid::Uuid;

use super::asker::grant_of;
use super::plain::{plain_rows, plain_schema, split};
use super::status::{status_of, status_of_query, unsendable};
use crate::routes::{Action, Api, QUERY_ID, RunningQuery, Trace};

/// Messages as they are sent.
pub(super) type Messages = Pin<Box<dyn Stream<Item = Result<FlightData, Status>> + Send>>;

/// Bytes of the rows of one message. Clients take 4 MiB unless they are told otherwise; a row that
/// is larger travels alone.
const MESSAGE_BYTES_MAX: usize = 2 << 20;

/// A statement to run under an id.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) id: Uuid,
    pub(super) sql: &'a str,
    /// For its parameters, when values were bound.
    pub(super) values: Option<&'a RecordBatch>,
}

/// Starts a query; its rows follow as they are read.
pub(super) async fn answer(
    api: &Api,
    extensions: &Extensions,
    question: Question<'_>,
) -> Result<Response<Messages>, Status> {
    let grant = grant_of(extensions)?;
    let trace = begin_trace(api, grant, extensions, question.sql)?;
    let running = api.running.begin(question.id);
    let mut run = Run { running, trace, has_ended: false };
    api.wait_for_accepted().await;
    let answer = start(api.session_of(grant), &question, &mut run).await?;
    let id = MetadataValue::try_from(run.running.id.to_string());
    let schema = plain_schema(&answer.schema());
    let rows = Rows { answer, schema: SchemaRef::clone(&schema), waiting: VecDeque::new(), run };
    let mut response = Response::new(messages(schema, rows.into_stream()));
    if let Ok(id) = id {
        response.metadata_mut().insert(QUERY_ID, id);
    }
    Ok(response)
}

/// The entry of a statement in the audit table.
pub(super) fn begin_trace(
    api: &Api,
    grant: &Grant,
    extensions: &Extensions,
    sql: &str,
) -> Result<Trace, Status> {
    Trace::begin(api, grant, extensions, Action::Query, sql).map_err(|error| status_of(&error))
}

/// Rows that are in memory already.
pub(super) fn answer_with(rows: RecordBatch) -> Response<Messages> {
    let schema = rows.schema();
    Response::new(messages(schema, futures::stream::iter([Ok(rows)])))
}

fn messages(
    schema: SchemaRef,
    rows: impl Stream<Item = Result<RecordBatch, FlightError>> + Send + 'static,
) -> Messages {
    let encoder = FlightDataEncoderBuilder::new()
        .with_schema(schema)
        .with_max_flight_data_size(MESSAGE_BYTES_MAX)
        .build(rows);
    Box::pin(encoder.map_err(Status::from))
}

async fn start(
    session: &Session,
    question: &Question<'_>,
    run: &mut Run,
) -> Result<Answer, Status> {
    let starting = async {
        match question.values {
            Some(values) => session.query_bound(question.sql, values).await,
            None => session.query(question.sql, &[]).await,
        }
    };
    let started = tokio::select! {
        () = run.running.cancelled.cancelled() => return Err(run.cancelled()),
        started = starting => started,
    };
    started.map_err(|error| run.failed(error))
}

/// A query that runs, until it is dropped.
struct Run {
    running: RunningQuery,
    trace: Trace,
    has_ended: bool,
}

impl Run {
    fn failed(&mut self, error: QueryError) -> Status {
        let status = status_of_query(error);
        self.trace.failed(&status.message());
        self.has_ended = true;
        status
    }

    fn cancelled(&mut self) -> Status {
        Status::cancelled("the query was cancelled")
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // The client does not want the rest.
        if !self.has_ended {
            self.trace.cancelled();
        }
    }
}

/// The rows of a query in parts that fit into messages.
struct Rows {
    answer: Answer,
    /// The columns as they are sent.
    schema: SchemaRef,
    /// Parts of the rows that were taken last, as the query made them.
    waiting: VecDeque<RecordBatch>,
    run: Run,
}

impl Rows {
    fn into_stream(self) -> impl Stream<Item = Result<RecordBatch, FlightError>> + Send {
        futures::stream::try_unfold(self, |mut rows| async move {
            Ok(rows.next().await?.map(|part| (part, rows)))
        })
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>, Status> {
        loop {
            if let Some(part) = self.waiting.pop_front() {
                return plain_rows(&part, &self.schema).map(Some).map_err(unsendable);
            }
            let taken = tokio::select! {
                () = self.run.running.cancelled.cancelled() => return Err(self.run.cancelled()),
                taken = self.answer.next() => taken,
            };
            let Some(rows) = taken.map_err(|error| self.run.failed(error))? else {
                return self.end();
            };
            self.run.trace.add_rows(rows.num_rows());
            self.waiting = split(&rows, MESSAGE_BYTES_MAX).into();
        }
    }

    /// The end, which must not look like one when rows are missing.
    fn end(&mut self) -> Result<Option<RecordBatch>, Status> {
        self.run.has_ended = true;
        if !self.answer.is_truncated() {
            return Ok(None);
        }
        let text = "the answer has more rows than `query.rows_max` allows: narrow it, or add a \
            LIMIT";
        self.run.trace.failed(&text);
        Err(Status::resource_exhausted(text))
    }
}
