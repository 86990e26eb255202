//! Actions beside those for prepared statements: stopping a query, and ending a session, of which
//! nothing is kept.

use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::ActionCancelQueryRequest;
use arrow_flight::{
    Action, ActionType, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightInfo,
};
use prost::Message;
use tonic::{Response, Status};

use super::service::{FlightSql, announced_id};
use crate::routes::RunningQueries;

const CANCEL: &str = "CancelFlightInfo";

const CLOSE_SESSION: &str = "CloseSession";

/// Flight.proto, `CloseSessionResult`: the status `CLOSED`.
#[derive(Clone, PartialEq, Message)]
struct CloseSessionResult {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// `CloseSessionResult.Status.CLOSED`.
const CLOSED: i32 = 1;

/// The actions that [`other`] answers.
pub(super) fn others() -> [ActionType; 2] {
    let action = |name: &str, description: &str| ActionType {
        r#type: name.to_owned(),
        description: description.to_owned(),
    };
    [action(CANCEL, "Stops a query."), action(CLOSE_SESSION, "Ends a session.")]
}

/// Answers an action.
///
/// # Errors
/// It cannot be read, or there is no such action.
pub(super) fn other(
    running: &RunningQueries,
    action: &Action,
) -> Result<Response<<FlightSql as FlightService>::DoActionStream>, Status> {
    let body = match action.r#type.as_str() {
        CANCEL => {
            let request = CancelFlightInfoRequest::decode(&*action.body).map_err(unreadable)?;
            let status = cancel(running, &request.info.unwrap_or_default()).into();
            CancelFlightInfoResult { status }.encode_to_vec()
        }
        CLOSE_SESSION => CloseSessionResult { status: CLOSED }.encode_to_vec(),
        name => return Err(Status::unimplemented(format!("there is no action `{name}`"))),
    };
    let result = arrow_flight::Result { body: body.into() };
    Ok(Response::new(Box::pin(futures::stream::iter([Ok(result)]))))
}

/// Stops a query; the older form of [`CANCEL`] with the same results.
///
/// # Errors
/// The request cannot be read.
pub(super) fn cancel_query(
    running: &RunningQueries,
    query: ActionCancelQueryRequest,
) -> Result<i32, Status> {
    let info = FlightInfo::decode(query.info).map_err(unreadable)?;
    Ok(cancel(running, &info).into())
}

fn cancel(running: &RunningQueries, info: &FlightInfo) -> CancelStatus {
    match announced_id(info) {
        Some(id) if running.cancel(id) => CancelStatus::Cancelled,
        _ => CancelStatus::NotCancellable,
    }
}

fn unreadable(error: prost::DecodeError) -> Status {
    Status::invalid_argument(format!("the request cannot be read: {error}"))
}
