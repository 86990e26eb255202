//! Arrow Flight SQL: SQL over the lake for clients of ADBC and JDBC. The same sessions, limits,
//! audit entries and freshness as the query API; read-only.
//!
//! A statement's ticket says all that it takes to run it, so nothing is kept between
//! `GetFlightInfo` and `DoGet`. Only prepared statements are, within limits, until they are closed
//! or not used for long.

mod actions;
mod asker;
mod bind;
mod metadata;
mod plain;
mod prepare;
mod rows;
mod server_facts;
mod service;
mod statements;
mod status;
mod ticket;

use std::sync::Arc;

use arrow_flight::flight_service_server::FlightServiceServer;
use axum::Router;

use self::service::FlightSql;
use crate::error::ServerError;
use crate::routes::Api;

/// Paths of the calls.
const METHODS: &str = "/arrow.flight.protocol.FlightService/{method}";

/// Longest statement.
const SQL_BYTES_MAX: usize = 1 << 20;

/// The gRPC service; the listener has to speak HTTP/2. Every call needs a token with the scope
/// `query`.
///
/// # Errors
/// What the server says about itself cannot be put into Arrow arrays.
pub(crate) fn router(api: Arc<Api>) -> Result<Router, ServerError> {
    let failed = |error: arrow_flight::error::FlightError| ServerError::Start {
        part: "Flight SQL",
        reason: error.to_string(),
    };
    let service = FlightSql::new(Arc::clone(&api)).map_err(failed)?;
    let admit = axum::middleware::from_fn_with_state(api, asker::admit);
    let routes = Router::new().route_service(METHODS, FlightServiceServer::new(service));
    Ok(routes.layer(admit).fallback(status::no_such_method))
}
