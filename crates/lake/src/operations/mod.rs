//! Upkeep of a table, one file per job. Each job returns a report that can be printed or
//! serialised.

mod check;
mod history;
mod lease;
mod merge;
mod optimize;
mod retention;
mod rewrite;
mod sample;
mod selection;
mod sink;
mod vacuum;

pub use check::{FileFault, TableVerdict, check_files};
pub use history::{HistoryEntry, history};
pub(crate) use optimize::delete;
pub use optimize::{OptimizeOptions, OptimizeProgress, OptimizeReport, ProgressCallback, optimize};
pub use retention::{RetentionOptions, RetentionReport, retention};
pub use rewrite::{FileRewrite, FileRows, Rewrite, RewriteOptions, Settled};
pub use selection::PartitionSelection;
pub use vacuum::{VACUUM_RETENTION_MIN, VacuumOptions, VacuumReport, vacuum};
