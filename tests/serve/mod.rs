//! `headwater serve`, seen from its senders and askers.

mod bucket_queue;
mod clients;
mod crash;
mod durability;
mod flight_sql;
mod hec;
mod hostile;
mod idempotency;
#[cfg(feature = "kafka")]
mod kafka;
mod lake_failures;
mod late_events;
mod limits;
mod openapi;
mod query_api;
mod saved_queries;
mod syslog_senders;
mod tls_reload;
mod tokens;
mod views;
