//! Events, rejects and audit entries become rows: JSON trees end here, Arrow batches begin.
//! Text goes from the tree's spans straight into the column's buffer; nothing else is built per
//! event.

mod audit;
mod columns;
mod events;
mod ocsf;
mod ocsf_side;
mod rejects;

pub use audit::AuditEntry;
pub use events::{EventBatchBuilder, RowError};
pub use ocsf_side::{OcsfBatchBuilder, is_ocsf_column};
pub use rejects::RejectBatchBuilder;
