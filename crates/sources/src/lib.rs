//! How bytes arrive. Each source turns what it is given into bounded runs of records; what the
//! records mean is the pipeline's business, where they are kept is the lake's.
//!
//! | source | what arrives |
//! |---|---|
//! | [`files`] | files, folders, archives and buckets, which can be read again |
//! | [`s3_notifications`], [`sqs`] | what a bucket says about new objects, through a queue |
//! | [`hec`] | Splunk HTTP Event Collector |
//! | [`elastic_bulk`] | Elasticsearch and OpenSearch bulk requests |
//! | [`firehose`] | Amazon Data Firehose: its API and its delivery over HTTP |
//! | [`events_api`] | JSON over plain HTTP |
//! | [`syslog`] | syslog over TCP, TLS and UDP, with CEF and LEEF inside |
//! | [`otlp`] | OpenTelemetry logs over HTTP and gRPC |
//! | `kafka` (a feature) | Apache Kafka, which can be read again |
//!
//! What listens on the network hands its records to the [`Intake`], which answers once they are
//! durable.

mod cef_leef;
pub mod elastic_bulk;
pub mod envelope_batch;
pub mod error;
pub mod events_api;
pub mod files;
pub mod firehose;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod hec;
pub mod http;
pub mod intake;
mod json_text;
#[cfg(feature = "kafka")]
pub mod kafka;
mod memory_records;
pub mod once;
pub mod otlp;
pub mod record;
pub mod s3_notifications;
pub mod sigv4;
pub mod sqs;
pub mod syslog;
mod syslog_line;
#[cfg(test)]
mod test_intake;
mod text_record;

pub use error::SourceError;
pub use intake::{Intake, Refusal};
pub use syslog_line::line_object;
