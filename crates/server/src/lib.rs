//! Everything that runs while `headwater serve` does: listeners, the journal's way into the tables,
//! the query API and Flight SQL, metrics.
//!
//! A listener hands what it received to the intake, which answers once it is durable; the live data
//! path puts it into the tables; queries see both. Stopping goes the same way: listeners first,
//! then what is in the journal, then the tables.

mod audit;
mod error;
mod flight;
mod fresh;
#[cfg(feature = "kafka")]
mod kafka;
mod listener;
mod listeners;
mod metrics;
mod options;
mod routes;
mod saved_queries;
mod server;
mod tls;

pub use error::ServerError;
pub use listeners::Listening;
pub use options::{ConnectionLimits, Listen, Protocol, ServerOptions, TlsFiles};
pub use server::{Reloader, Server, ServerParts};

/// The description of the API in OpenAPI, as JSON text: what a running server answers at
/// `/api/v1/openapi.json`.
///
/// # Errors
/// It cannot be written as JSON, which is a defect.
pub fn openapi_document() -> Result<String, serde_json::Error> {
    routes::document().to_pretty_json()
}
