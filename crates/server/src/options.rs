//! Settings of a server. Plain values; the caller takes them from flags and files.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use headwater_ingest::LiveOptions;
use headwater_journal::JournalOptions;
use headwater_sources::firehose::SecretKey;
use headwater_sources::hec::HecOptions;
use headwater_sources::http::BodyLimits;
use headwater_sources::intake::IntakeLimits;

/// What a listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Splunk HTTP Event Collector.
    Hec,
    /// Elasticsearch and OpenSearch bulk requests.
    Elastic,
    /// Amazon Data Firehose.
    Firehose,
    /// OpenTelemetry logs over HTTP.
    Otlp,
    /// OpenTelemetry logs over gRPC.
    OtlpGrpc,
    /// Syslog over TCP and UDP.
    Syslog,
    /// Query API, events over plain HTTP, health and metrics.
    Api,
    /// Arrow Flight SQL.
    Flight,
}

impl Protocol {
    /// All protocols, in the order in which help texts list them.
    pub const ALL: [Self; 8] = [
        Self::Hec,
        Self::Elastic,
        Self::Firehose,
        Self::Otlp,
        Self::OtlpGrpc,
        Self::Syslog,
        Self::Api,
        Self::Flight,
    ];

    /// Stable lower-case name: flag and setting.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hec => "hec",
            Self::Elastic => "elastic",
            Self::Firehose => "firehose",
            Self::Otlp => "otlp",
            Self::OtlpGrpc => "otlp-grpc",
            Self::Syslog => "syslog",
            Self::Api => "api",
            Self::Flight => "flight",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A protocol and where it is spoken: `HOST:PORT`; port 0 takes a free one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// What is spoken.
    pub protocol: Protocol,
    /// Where.
    pub address: String,
}

/// Certificate and key in PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain, the server's own first.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
    /// Authorities of client certificates; clients need none when absent.
    pub client_authorities: Option<PathBuf>,
}

/// Limits of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections of one listener; further ones wait until one ends.
    pub connections_max: usize,
    /// Longest time for the head of a request, and between two requests.
    pub header_time_max: Duration,
    /// Longest head of a request, in bytes.
    pub header_bytes_max: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections_max: 4_096,
            header_time_max: Duration::from_secs(75),
            header_bytes_max: 64 << 10,
        }
    }
}

/// Settings of a server.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Folder for the journal; on a local disk.
    pub data_folder: PathBuf,
    /// Whether the index of observables is kept up to date.
    pub index_observables: bool,
    /// What is spoken where. Protocols over HTTP may share an address.
    pub listen: Vec<Listen>,
    /// TLS for all listeners; plain text when absent.
    pub tls: Option<TlsFiles>,
    /// Limits of the journal.
    pub journal: JournalOptions,
    /// How rows get into the tables.
    pub live: LiveOptions,
    /// Memory of requests.
    pub intake: IntakeLimits,
    /// Limits of request bodies.
    pub body: BodyLimits,
    /// Limits of connections.
    pub connections: ConnectionLimits,
    /// The HTTP Event Collector.
    pub hec: HecOptions,
    /// Access keys of senders to the Firehose API: id and secret.
    pub firehose_keys: HashMap<String, SecretKey>,
    /// Clusters of Apache Kafka that are read.
    #[cfg(feature = "kafka")]
    pub kafka: Vec<headwater_sources::kafka::KafkaOptions>,
    /// How long stopping waits for requests, and then for the lake.
    pub drain_time_max: Duration,
}
