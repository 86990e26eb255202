//! For tests of listeners: an intake into a journal on disk, what arrived in it, and tokens.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::{Router, response::Response};
use headwater_access::{Access, Token, TokenFile, TokenRecord};
use headwater_event::{Origin, Timestamp, time};
use headwater_journal::{Journal, JournalOptions, Next};
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::envelope_batch::EnvelopeBatch;
use crate::intake::{Intake, IntakeLimits};

/// A token with all scopes.
pub(crate) const TOKEN: &str = "all";

/// An intake and what is behind it.
pub(crate) struct TestIntake {
    pub(crate) intake: Intake,
    pub(crate) access: Access,
    journal: Journal,
    folder: tempfile::TempDir,
}

/// One record that was stored.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) origin: Arc<Origin>,
    /// The original bytes as text.
    pub(crate) original: String,
    /// The JSON, or the reason of a fault.
    pub(crate) json: Result<String, String>,
}

/// An answer that was read to its end.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answered {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// The time of day in tests.
pub(crate) fn now() -> Timestamp {
    time::parse_iso_fast("2026-11-22T01:23:20Z").unwrap()
}

impl TestIntake {
    pub(crate) fn new() -> Self {
        Self::with_limits(IntakeLimits::default(), JournalOptions::default())
    }

    pub(crate) fn with_limits(limits: IntakeLimits, journal: JournalOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = Journal::open(&folder.path().join("journal"), journal, |_| 0).unwrap();
        let (_, committed) = watch::channel(0);
        let intake = Intake::new(journal.clone(), committed, limits, now);
        let file = TokenFile::new(folder.path().join("tokens.json"));
        let all = Token::from_text(TOKEN.to_owned());
        let access = Access::open(file, Some(("test", &all))).unwrap();
        Self { intake, access, journal, folder }
    }

    /// Makes a token known.
    pub(crate) fn add_token(&self, token: &str, change: impl FnOnce(&mut TokenRecord)) {
        let mut record = TokenRecord::new(&Token::from_text(token.to_owned()), token, now());
        change(&mut record);
        self.access.file().add(record).unwrap();
        self.access.reload().unwrap();
        assert!(self.folder.path().exists());
    }

    /// Everything that is in the journal.
    pub(crate) fn stored(&self) -> Vec<Stored> {
        let mut reader = self.journal.reader(0);
        let mut stored = Vec::new();
        while let Some(Next::Entry(entry)) = reader.read_ready().unwrap() {
            let batch = EnvelopeBatch::decode(entry.payload.to_vec(), entry.sequence).unwrap();
            stored.extend(batch.freeze().records().map(|record| Stored {
                origin: Arc::clone(record.origin),
                original: text(record.original),
                json: match (record.json, record.fault) {
                    (Some(json), _) => Ok(text(json)),
                    (None, fault) => Err(fault.unwrap().reason.clone()),
                },
            }));
        }
        stored
    }

    /// What is in the journal as text: index, source and JSON, with the original where it differs;
    /// faults begin with `!`.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.stored()
            .iter()
            .map(|stored| {
                let label = |label: &Option<Arc<str>>| label.as_deref().unwrap_or("-").to_owned();
                let (index, source) = (label(&stored.origin.index), label(&stored.origin.source));
                match &stored.json {
                    Ok(json) if *json == stored.original => format!("{index} {source} {json}"),
                    Ok(json) => format!("{index} {source} {json} < {}", stored.original),
                    Err(reason) => format!("!{index} {source} {} ({reason})", stored.original),
                }
            })
            .collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Sends a request and reads the answer.
pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answered {
    let response: Response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Answered { status: parts.status, headers: parts.headers, body: text(&body) }
}
