//! Composition of the data path for inputs that can be read again: sources → pipeline → lake.
//!
//! One run reads inputs in order on one thread, runs the pipeline on several, gathers the rows of a
//! *generation* up to a memory budget, and writes it while the next one fills. A generation is one
//! commit to `rejects` (when it has any) followed by one commit to `events`; both carry the inputs'
//! positions, so everything below a position is in the tables, once, whatever happens in between.
//! [`follow`] is the same for the objects that a bucket announces through a queue.

mod bucket_queue;
mod collector;
mod error;
mod generation;
mod growth;
mod hot;
#[cfg(feature = "kafka")]
mod kafka;
mod live;
mod options;
mod positions;
mod reader;
mod renormalize;
mod replay;
mod report;
mod run;
mod worker;
mod workers;

pub use bucket_queue::{BucketReport, follow};
pub use error::IngestError;
pub use hot::{HotBatch, HotRows};
#[cfg(feature = "kafka")]
pub use kafka::follow_kafka;
pub use live::{Live, LiveOptions};
pub use options::{IdentityScope, IngestOptions, RawPolicy};
pub use renormalize::{
    ClassChange, Classes, Kept, ProgressCallback, RecordSource, RenormalizeOptions,
    RenormalizeProgress, RenormalizeReport, RowCounts, Selection, SelectionError, renormalize,
};
pub use replay::{ReplayOptions, ReplayReport, replay};
pub use report::{FailedInput, IngestReport, Progress, SkippedInput};
pub use run::{IngestContext, ingest};
