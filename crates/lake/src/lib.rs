//! The lake: Delta tables in a folder or bucket. Opening and creating tables, turning batches into
//! Parquet files, appending to the log so that data and source positions become visible together,
//! snapshots for the query engine, and upkeep (compaction, vacuum, retention, history).
//!
//! This is the only crate that knows the Delta library; none of its types appear here. The library
//! replays logs and writes checkpoints; appending is done here, because the library's commit costs
//! more with every file of the table and loses commits under contention.

mod batch;
mod blocking;
mod clock;
mod delta;
mod error;
mod file;
pub mod hidden;
pub mod index;
mod lake;
mod log;
pub mod operations;
pub mod order;
mod partition;
mod read;
mod reader;
pub mod schema;
mod snapshot;
mod storage;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub use batch::{
    AuditEntry, EventBatchBuilder, OcsfBatchBuilder, RejectBatchBuilder, RowError, is_ocsf_column,
};
pub use clock::{Clock, SystemClock};
pub use error::{LakeError, Result};
pub use file::{ColumnRange, DataFile, FileStatistics};
pub use lake::{Lake, LakeOptions};
pub use log::commit::{Commit, Operation, PositionAdvance};
pub use log::committer::{Committer, CommitterTask};
pub use partition::HourPartition;
pub use snapshot::{ColumnStatistics, Snapshot};
pub use storage::Durability;
pub use table::Table;
pub use write::{TableWriter, WriterOptions};
