//! The entry that a query leaves in the audit table, however it ends.

use std::fmt::Display;
use std::time::Instant;

use axum::http::{Extensions, StatusCode};
use headwater_access::Grant;
use headwater_lake::AuditEntry;
use headwater_sources::http::Peer;
use uuid::Uuid;

use super::Api;
use super::error::ApiError;
use crate::audit::Place;

/// What leaves an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// A statement was run.
    Query,
    /// A query was saved.
    SaveQuery,
    /// A saved query was deleted.
    DeleteQuery,
}

impl Action {
    const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::SaveQuery => "query.save",
            Self::DeleteQuery => "query.delete",
        }
    }
}

/// Filled in while a query runs, written when it is dropped.
#[derive(Debug)]
pub(crate) struct Trace {
    started: Instant,
    entry: Option<(Place, AuditEntry)>,
}

impl Trace {
    /// Begins the entry of a statement, or of what is changed.
    ///
    /// # Errors
    /// The audit table is not written any more: nothing is answered without a trace.
    pub(crate) fn begin(
        api: &Api,
        grant: &Grant,
        extensions: &Extensions,
        action: Action,
        statement: &str,
    ) -> Result<Self, ApiError> {
        let place = api.audit.place().ok_or_else(|| {
            let text = "the audit table cannot be written: no queries until it can";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text)
        })?;
        let entry = AuditEntry {
            id: Uuid::now_v7(),
            time: api.intake.now(),
            action: action.name(),
            token: Some((grant.token, grant.name.clone())),
            address: extensions.get::<Peer>().map(|Peer(address)| address.ip().to_string()),
            statement: statement.to_owned(),
            outcome: "ok",
            reason: None,
            rows: (action == Action::Query).then_some(0),
            milliseconds: None,
        };
        Ok(Self { started: Instant::now(), entry: Some((place, entry)) })
    }

    pub(crate) fn add_rows(&mut self, rows: usize) {
        if let Some((_, AuditEntry { rows: Some(sum), .. })) = &mut self.entry {
            *sum += i64::try_from(rows).unwrap_or(i64::MAX);
        }
    }

    pub(crate) fn failed(&mut self, error: &impl Display) {
        self.ended("error", Some(error.to_string()));
    }

    pub(crate) fn cancelled(&mut self) {
        self.ended("cancelled", None);
    }

    /// Leaves no entry: nothing was asked after all.
    pub(crate) fn discard(mut self) {
        self.entry = None;
    }

    fn ended(&mut self, outcome: &'static str, reason: Option<String>) {
        if let Some((_, entry)) = &mut self.entry {
            entry.outcome = outcome;
            entry.reason = reason;
        }
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if let Some((place, mut entry)) = self.entry.take() {
            entry.milliseconds = i64::try_from(self.started.elapsed().as_millis()).ok();
            place.fill(entry);
        }
    }
}
