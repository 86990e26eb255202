//! Bulk requests for the fuzz target `bulk`.

use std::ops::Range;
use std::path::PathBuf;

use headwater_access::{Access, Grant, Scope, Token, TokenFile};
use headwater_event::Timestamp;

use super::actions::read_actions;
use super::{Documents, ElasticOptions, INDEX_BYTES_MAX, SOURCE};
use crate::envelope_batch::{EnvelopeBatch, EnvelopeBatchBuilder};

/// What became of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its place in the body; `delete` has none.
    pub range: Option<Range<usize>>,
    /// Whether its index has a name that an index may have; otherwise there is no record of it.
    pub has_index: bool,
    /// Whether its sender is told that it is stored.
    pub is_created: bool,
}

/// The actions of a body and their records; `None` when the request is refused as a whole.
#[must_use]
pub fn read_bulk(
    body: &[u8],
    index: Option<&str>,
    received_at: Timestamp,
) -> Option<(Vec<Document>, EnvelopeBatch)> {
    let grant = grant_all(received_at)?;
    let batch = EnvelopeBatchBuilder::new(body.len(), received_at);
    let mut documents = Documents::new(&SOURCE.into(), &grant, batch);
    let actions = read_actions(body, index, ElasticOptions::default().actions_max).ok()?;
    let taken = actions
        .iter()
        .map(|action| Document {
            range: action.document.clone(),
            has_index: action.index.len() <= INDEX_BYTES_MAX,
            is_created: documents.take(body, action).is_ok(),
        })
        .collect();
    Some((taken, documents.batch.finish(body.to_vec())))
}

/// A grant for every index.
fn grant_all(now: Timestamp) -> Option<Grant> {
    let token = Token::generate().ok()?;
    let file = TokenFile::new(PathBuf::from("there is no such file"));
    let access = Access::open(file, Some((SOURCE, &token))).ok()?;
    access.require(token.expose(), Scope::Ingest, now).ok()
}
