//! The query string of a request.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::{Extensions, Uri};
use headwater_event::Origin;

use super::Peer;

/// The query string, decoded.
#[derive(Debug, Default)]
pub(crate) struct Parameters(HashMap<String, String>);

impl Parameters {
    pub(crate) fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Labels for events that have none of their own.
    pub(crate) fn origin(&self, name: std::sync::Arc<str>) -> Origin {
        let label = |name: &str| self.get(name).map(Into::into);
        Origin {
            source: label("source"),
            host: label("host"),
            sourcetype: label("sourcetype"),
            index: label("index"),
            name,
        }
    }
}

/// Name of the sender for people: what it speaks and where it is.
pub(crate) fn peer_name(protocol: &str, extensions: &Extensions) -> Arc<str> {
    match extensions.get::<Peer>() {
        Some(Peer(address)) => format!("{protocol}://{}", address.ip()).into(),
        None => protocol.into(),
    }
}
