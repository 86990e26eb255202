//! The calls of Flight SQL, each in a few lines: read here, answered elsewhere.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::metadata::{SqlInfoData, XdbcTypeInfoData};
use arrow_flight::sql::server::{DoPutError, FlightSqlService, PeekableFlightDataStream};
use arrow_flight::sql::{
    ActionBeginSavepointRequest, ActionBeginSavepointResult, ActionBeginTransactionRequest,
    ActionBeginTransactionResult, ActionCancelQueryRequest, ActionCancelQueryResult,
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedStatementResult, ActionCreatePreparedSubstraitPlanRequest, Any, Command,
    CommandGetCatalogs, CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys,
    CommandGetImportedKeys, CommandGetPrimaryKeys, CommandGetSqlInfo, CommandGetTableTypes,
    CommandGetTables, CommandGetXdbcTypeInfo, CommandPreparedStatementQuery,
    CommandPreparedStatementUpdate, CommandStatementIngest, CommandStatementQuery,
    CommandStatementSubstraitPlan, CommandStatementUpdate, DoPutPreparedStatementResult,
    ProstMessageExt as _, SqlInfo, TicketStatementQuery,
};
use arrow_flight::{
    Action, ActionType, FlightDescriptor, FlightEndpoint, FlightInfo, HandshakeRequest,
    Ticket as TicketMessage,
};
use headwater_query::Session;
use prost::Message as _;
use tonic::{Extensions, Request, Response, Status, Streaming};
use uuid::Uuid;

use super::actions;
use super::asker::{Handshake, grant_of, shake_hands};
use super::bind::bound_values;
use super::metadata::{self, foreign_keys_schema, primary_keys_schema};
use super::prepare;
use super::rows::{Messages, Question, answer, answer_with};
use super::server_facts::{facts, types};
use super::statements::Statements;
use super::status::unsendable;
use super::ticket::{Asked, Ticket, prepared_id};
use crate::routes::Api;

/// What answers the calls.
pub(super) struct FlightSql {
    pub(super) api: Arc<Api>,
    pub(super) statements: Statements,
    facts: SqlInfoData,
    types: XdbcTypeInfoData,
}

type InfoAnswer = Result<Response<FlightInfo>, Status>;
type RowsAnswer = Result<Response<Messages>, Status>;

impl FlightSql {
    /// # Errors
    /// What the server says about itself cannot be put into Arrow arrays.
    pub(super) fn new(api: Arc<Api>) -> Result<Self, FlightError> {
        let (facts, types) = (facts()?, types()?);
        Ok(Self { api, statements: Statements::default(), facts, types })
    }

    fn session(&self, extensions: &Extensions) -> Result<&Session, Status> {
        Ok(self.api.session_of(grant_of(extensions)?))
    }

    async fn run(&self, extensions: &Extensions, ticket: Ticket) -> RowsAnswer {
        let id = ticket.id;
        match ticket.asked {
            Asked::Statement(sql) => {
                let question = Question { id, sql: &sql, values: None };
                answer(&self.api, extensions, question).await
            }
            Asked::Prepared(prepared) => {
                let statement = self.prepared(extensions, prepared)?;
                let values = statement.values.as_ref();
                let question = Question { id, sql: &statement.sql, values };
                answer(&self.api, extensions, question).await
            }
        }
    }
}

/// Tells where the answer to a command is: here, for a ticket that repeats it.
fn repeated(request: Request<FlightDescriptor>, schema: &Schema) -> InfoAnswer {
    let descriptor = request.into_inner();
    let ticket = TicketMessage::new(descriptor.cmd.clone());
    announced(descriptor, ticket, schema)
}

/// Tells where the answer to a question is: here, for a ticket.
fn announced(descriptor: FlightDescriptor, ticket: TicketMessage, schema: &Schema) -> InfoAnswer {
    let info = FlightInfo::new()
        .try_with_schema(schema)
        .map_err(unsendable)?
        .with_endpoint(FlightEndpoint::new().with_ticket(ticket))
        .with_descriptor(descriptor)
        .with_ordered(true);
    Ok(Response::new(info))
}

fn ticket_for(asked: Asked) -> TicketMessage {
    TicketMessage::new(Ticket::new(asked).to_message().as_any().encode_to_vec())
}

fn rows(rows: Result<RecordBatch, FlightError>) -> RowsAnswer {
    Ok(answer_with(rows?))
}

const READ_ONLY: &str = "the lake is only read here: send events to a listener, or use \
    `headwater ingest`";

const NO_TRANSACTIONS: &str =
    "there are no transactions: every statement sees the newest commit, so use autocommit";

#[tonic::async_trait]
impl FlightSqlService for FlightSql {
    type FlightService = Self;

    async fn do_handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Handshake>, Status> {
        shake_hands(request)
    }

    // Statements.

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        let described = prepare::describe(&self.api, request.extensions(), &query.query, None);
        let columns = described.await?.columns;
        let ticket = ticket_for(Asked::Statement(query.query));
        announced(request.into_inner(), ticket, &columns)
    }

    async fn do_get_statement(
        &self,
        ticket: TicketStatementQuery,
        request: Request<TicketMessage>,
    ) -> RowsAnswer {
        self.run(request.extensions(), Ticket::from_message(&ticket)?).await
    }

    async fn do_action_create_prepared_statement(
        &self,
        query: ActionCreatePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        self.prepare(request.extensions(), &query.query).await
    }

    async fn do_put_prepared_statement_query(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<DoPutPreparedStatementResult, Status> {
        let id = prepared_id(&query.prepared_statement_handle)?;
        let (_, extensions, stream) = request.into_parts();
        self.prepared(&extensions, id)?;
        self.bind(&extensions, id, bound_values(stream).await?)?;
        let handle = Some(query.prepared_statement_handle);
        Ok(DoPutPreparedStatementResult { prepared_statement_handle: handle })
    }

    async fn get_flight_info_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        let id = prepared_id(&query.prepared_statement_handle)?;
        let columns = self.columns_of_prepared(request.extensions(), id).await?;
        announced(request.into_inner(), ticket_for(Asked::Prepared(id)), &columns)
    }

    async fn do_get_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<TicketMessage>,
    ) -> RowsAnswer {
        let id = prepared_id(&query.prepared_statement_handle)?;
        self.run(request.extensions(), Ticket::new(Asked::Prepared(id))).await
    }

    async fn do_action_close_prepared_statement(
        &self,
        query: ActionClosePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<(), Status> {
        // Closing twice does no harm.
        self.close(request.extensions(), prepared_id(&query.prepared_statement_handle)?)
    }

    async fn do_action_cancel_query(
        &self,
        query: ActionCancelQueryRequest,
        _: Request<Action>,
    ) -> Result<ActionCancelQueryResult, Status> {
        let result = actions::cancel_query(&self.api.running, query)?;
        Ok(ActionCancelQueryResult { result })
    }

    async fn do_action_fallback(
        &self,
        request: Request<Action>,
    ) -> Result<Response<<Self as FlightService>::DoActionStream>, Status> {
        actions::other(&self.api.running, request.get_ref())
    }

    async fn list_custom_actions(&self) -> Option<Vec<Result<ActionType, Status>>> {
        Some(actions::others().into_iter().map(Ok).collect())
    }

    // What there is.

    async fn get_flight_info_catalogs(
        &self,
        command: CommandGetCatalogs,
        request: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        repeated(request, &command.into_builder().schema())
    }

    async fn do_get_catalogs(
        &self,
        command: CommandGetCatalogs,
        _: Request<TicketMessage>,
    ) -> RowsAnswer {
        rows(metadata::catalogs(command))
    }

    async fn get_flight_info_schemas(
        &self,
        command: CommandGetDbSchemas,
        request: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        repeated(request, &command.into_builder().schema())
    }

    async fn do_get_schemas(
        &self,
        command: CommandGetDbSchemas,
        request: Request<TicketMessage>,
    ) -> RowsAnswer {
        rows(metadata::schemas(command, self.session(request.extensions())?))
    }

    async fn get_flight_info_tables(
        &self,
        command: CommandGetTables,
        request: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        repeated(request, &command.into_builder().schema())
    }

    async fn do_get_tables(
        &self,
        command: CommandGetTables,
        request: Request<TicketMessage>,
    ) -> RowsAnswer {
        let session = self.session(request.extensions())?;
        Ok(answer_with(metadata::tables(command, session).await?))
    }

    async fn get_flight_info_table_types(
        &self,
        command: CommandGetTableTypes,
        request: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        repeated(request, &command.into_builder().schema())
    }

    async fn do_get_table_types(
        &self,
        command: CommandGetTableTypes,
        _: Request<TicketMessage>,
    ) -> RowsAnswer {
        rows(metadata::table_types(command))
    }

    async fn get_flight_info_sql_info(
        &self,
        _: CommandGetSqlInfo,
        request: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        repeated(request, &self.facts.schema())
    }

    async fn do_get_sql_info(
        &self,
        command: CommandGetSqlInfo,
        _: Request<TicketMessage>,
    ) -> RowsAnswer {
        rows(command.into_builder(&self.facts).build())
    }

    async fn get_flight_info_xdbc_type_info(
        &self,
        _: CommandGetXdbcTypeInfo,
        request: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        repeated(request, &self.types.schema())
    }

    async fn do_get_xdbc_type_info(
        &self,
        command: CommandGetXdbcTypeInfo,
        _: Request<TicketMessage>,
    ) -> RowsAnswer {
        rows(command.into_builder(&self.types).build())
    }

    async fn get_flight_info_primary_keys(
        &self,
        _: CommandGetPrimaryKeys,
        request: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        repeated(request, &primary_keys_schema())
    }

    async fn do_get_primary_keys(
        &self,
        _: CommandGetPrimaryKeys,
        _: Request<TicketMessage>,
    ) -> RowsAnswer {
        rows(Ok(RecordBatch::new_empty(primary_keys_schema())))
    }

    async fn get_flight_info_exported_keys(
        &self,
        _: CommandGetExportedKeys,
        request: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        repeated(request, &foreign_keys_schema())
    }

    async fn do_get_exported_keys(
        &self,
        _: CommandGetExportedKeys,
        _: Request<TicketMessage>,
    ) -> RowsAnswer {
        rows(Ok(RecordBatch::new_empty(foreign_keys_schema())))
    }

    async fn get_flight_info_imported_keys(
        &self,
        _: CommandGetImportedKeys,
        request: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        repeated(request, &foreign_keys_schema())
    }

    async fn do_get_imported_keys(
        &self,
        _: CommandGetImportedKeys,
        _: Request<TicketMessage>,
    ) -> RowsAnswer {
        rows(Ok(RecordBatch::new_empty(foreign_keys_schema())))
    }

    async fn get_flight_info_cross_reference(
        &self,
        _: CommandGetCrossReference,
        request: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        repeated(request, &foreign_keys_schema())
    }

    async fn do_get_cross_reference(
        &self,
        _: CommandGetCrossReference,
        _: Request<TicketMessage>,
    ) -> RowsAnswer {
        rows(Ok(RecordBatch::new_empty(foreign_keys_schema())))
    }

    // What is not done here, said so that it is understood.

    async fn get_flight_info_substrait_plan(
        &self,
        _: CommandStatementSubstraitPlan,
        _: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        Err(Status::unimplemented("Substrait plans are not understood: send SQL"))
    }

    async fn do_action_create_prepared_substrait_plan(
        &self,
        _: ActionCreatePreparedSubstraitPlanRequest,
        _: Request<Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        Err(Status::unimplemented("Substrait plans are not understood: send SQL"))
    }

    async fn get_flight_info_fallback(
        &self,
        command: Command,
        _: Request<FlightDescriptor>,
    ) -> InfoAnswer {
        Err(Status::unimplemented(format!("{} has no answer", command.type_url())))
    }

    async fn do_put_statement_update(
        &self,
        _: CommandStatementUpdate,
        _: Request<PeekableFlightDataStream>,
    ) -> Result<i64, Status> {
        Err(Status::unimplemented(READ_ONLY))
    }

    async fn do_put_prepared_statement_update(
        &self,
        _: CommandPreparedStatementUpdate,
        _: Request<PeekableFlightDataStream>,
    ) -> Result<i64, Status> {
        Err(Status::unimplemented(READ_ONLY))
    }

    async fn do_put_statement_ingest(
        &self,
        _: CommandStatementIngest,
        _: Request<PeekableFlightDataStream>,
    ) -> Result<i64, Status> {
        Err(Status::unimplemented(READ_ONLY))
    }

    async fn do_put_fallback(
        &self,
        _: Request<PeekableFlightDataStream>,
        message: Any,
    ) -> Result<Response<<Self as FlightService>::DoPutStream>, Status> {
        Err(Status::unimplemented(format!("{}: {READ_ONLY}", message.type_url)))
    }

    async fn do_put_error_callback(
        &self,
        _: Request<PeekableFlightDataStream>,
        error: DoPutError,
    ) -> Result<Response<<Self as FlightService>::DoPutStream>, Status> {
        Err(Status::invalid_argument(error.to_string()))
    }

    async fn do_action_begin_transaction(
        &self,
        _: ActionBeginTransactionRequest,
        _: Request<Action>,
    ) -> Result<ActionBeginTransactionResult, Status> {
        Err(Status::unimplemented(NO_TRANSACTIONS))
    }

    async fn do_action_begin_savepoint(
        &self,
        _: ActionBeginSavepointRequest,
        _: Request<Action>,
    ) -> Result<ActionBeginSavepointResult, Status> {
        Err(Status::unimplemented(NO_TRANSACTIONS))
    }

    /// Facts are given by [`FlightSql::new`].
    async fn register_sql_info(&self, _: i32, _: &SqlInfo) {}
}

/// The id of the query that an announcement is for, when it is one of this server.
pub(super) fn announced_id(info: &FlightInfo) -> Option<Uuid> {
    let ticket = info.endpoint.first()?.ticket.as_ref()?;
    let message = Any::decode(&*ticket.ticket).ok()?.unpack::<TicketStatementQuery>().ok()??;
    Ticket::from_message(&message).ok().map(|ticket| ticket.id)
}
