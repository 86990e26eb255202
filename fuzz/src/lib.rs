//! What holds for every batch of records, whichever protocol it came by.

use std::cell::RefCell;
use std::sync::Arc;

use headwater_event::Timestamp;
use headwater_event::json::{ParseError, ParseFault, ParseLimits, Tree, Vocabulary};
use headwater_sources::envelope_batch::{EnvelopeBatch, EnvelopeChunk};

/// When everything is received here.
pub const RECEIVED_AT: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

/// Hands the records over as the server does, over the journal: they come back from it as they
/// were, each is either JSON or a fault, and the pipeline can read what is JSON, or finds it too
/// deep.
pub fn check_batch(batch: EnvelopeBatch) -> EnvelopeChunk {
    let decoded = EnvelopeBatch::decode(batch.clone().encode(), 0).expect("what was encoded");
    assert_eq!(decoded, batch);
    let chunk = decoded.freeze();
    assert_eq!(chunk.records().count(), batch.len(), "every record has an origin");
    for record in chunk.records() {
        assert_ne!(record.json.is_some(), record.fault.is_some());
        if let Some(json) = record.json
            && std::str::from_utf8(record.original).is_ok()
        {
            let fault = parse(json).err().filter(|error| error.fault != ParseFault::TooDeep);
            assert_eq!(fault, None, "{}", json.escape_ascii());
        }
    }
    chunk
}

/// The pipeline reads each record, whatever its depth: its sender was told that it is stored.
pub fn check_depth(chunk: &EnvelopeChunk) {
    for json in chunk.records().filter_map(|record| record.json) {
        assert_eq!(parse(json), Ok(()), "{}", json.escape_ascii());
    }
}

fn parse(json: &[u8]) -> Result<(), ParseError> {
    thread_local! {
        static TREE: RefCell<Tree> = RefCell::new(Tree::new(Arc::new(Vocabulary::new([]))));
    }
    TREE.with_borrow_mut(|tree| tree.parse(json, ParseLimits::default()))
}
