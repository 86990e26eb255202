//! Dev-only tools for tests that drive the real binary: running commands, finding outside test
//! data, starting counterparts. Failures panic, as tests do.
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "used by tests only"
)]

mod binary;
mod certificates;
mod data;
mod http;
mod jars;
mod kafka;
mod proxy;
mod python;
mod senders;
mod server;

pub use binary::{Finished, Headwater};
pub use certificates::Certificates;
pub use data::{repository, test_data};
pub use http::{HttpAnswer, exchange, http};
pub use jars::jars;
pub use kafka::KafkaBroker;
pub use proxy::FailingProxy;
pub use python::{S3Server, S3ServerWithQueue, python};
pub use senders::{RunningDaemon, SyslogDaemon};
pub use server::{RunningServer, TOKEN};
