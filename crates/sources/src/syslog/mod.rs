//! Syslog over TCP, TLS and UDP (RFC 6587, RFC 5425, RFC 5426), as real senders speak it.
//!
//! Syslog has no acknowledgements: what a sender wrote to its socket is gone for it. Over TCP
//! nothing that was read is dropped: while the intake refuses, nothing is read, and senders wait.
//! Over UDP what does not fit into the memory for waiting datagrams is dropped and counted. A
//! message that cannot be framed goes to `rejects` with its bytes.

mod framing;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod gather;
mod run;
mod tcp;
#[cfg(test)]
mod tests;
mod udp;

use std::sync::Arc;
use std::time::Duration;

pub use tcp::{CurrentTls, serve_tcp};
pub use udp::serve_udp;

/// Label of this source in metrics, and the source type of its records.
const SOURCE: &str = "syslog";

/// When a source stops it still takes what comes without a longer pause than this …
const DRAIN_PAUSE: Duration = Duration::from_millis(50);

/// … but not for longer than this.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(1);

/// Settings of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyslogOptions {
    /// What the operator calls the source.
    pub source: Option<Arc<str>>,
    /// Longest message in bytes; longer ones go to `rejects` in parts of this size.
    pub message_bytes_max: usize,
    /// Bytes of messages that are enough for an entry of the journal.
    pub batch_bytes: usize,
    /// Messages are stored when the oldest has waited this long.
    pub batch_age: Duration,
    /// Connections at a time; further ones wait until one ends.
    pub connections_max: usize,
    /// A connection on which nothing comes for this long is closed. A sender loses the message that
    /// it writes into a closed connection, so this is long; dead senders are found by probes.
    pub idle_time_max: Duration,
    /// Bytes of datagrams that the operating system is asked to keep until they are read.
    pub udp_receive_buffer_bytes: usize,
    /// Bytes of datagrams that wait while the intake refuses; further ones are dropped.
    pub udp_waiting_bytes_max: usize,
}

impl Default for SyslogOptions {
    fn default() -> Self {
        Self {
            source: None,
            message_bytes_max: 256 << 10,
            batch_bytes: 1 << 20,
            batch_age: Duration::from_millis(50),
            connections_max: 1_000,
            idle_time_max: Duration::from_secs(24 * 60 * 60),
            udp_receive_buffer_bytes: 16 << 20,
            udp_waiting_bytes_max: 32 << 20,
        }
    }
}
