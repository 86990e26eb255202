//! The live data paths' rows as queries want them.

use headwater_ingest::{HotBatch, HotRows};
use headwater_query::{FreshBatch, FreshRows};

/// Rows that are not in the table yet.
#[derive(Debug)]
pub(crate) struct LiveRows(pub(crate) HotRows);

impl FreshRows for LiveRows {
    fn batches(&self) -> Vec<FreshBatch> {
        let batches = self.0.batches().into_iter();
        let fresh =
            |HotBatch { partition, position, rows }| FreshBatch { partition, position, rows };
        batches.map(fresh).collect()
    }
}
