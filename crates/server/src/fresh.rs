//! The live data path's rows as queries want them.

use headwater_ingest::HotRows;
use headwater_query::{FreshBatch, FreshRows};

/// Rows of the journal that are not in the table yet.
#[derive(Debug)]
pub(crate) struct JournalRows(pub(crate) HotRows);

impl FreshRows for JournalRows {
    fn partition(&self) -> &str {
        self.0.partition()
    }

    fn batches(&self) -> Vec<FreshBatch> {
        let batches = self.0.batches().into_iter();
        batches.map(|batch| FreshBatch { position: batch.position, rows: batch.rows }).collect()
    }
}
