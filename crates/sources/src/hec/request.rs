//! What a request says besides its body: who sends, on which channel, with which labels.

use axum::http::HeaderMap;
use headwater_access::{Access, Denial, Grant, Scope};
use headwater_event::{Timestamp, time};
use uuid::Uuid;

use super::HecOptions;
use super::answer::Code;
use crate::http::{Credentials, Parameters, credentials};

/// Header that names the channel.
const CHANNEL_HEADER: &str = "x-splunk-request-channel";

/// The channel, from header or query.
pub(super) fn channel(parameters: &Parameters, headers: &HeaderMap) -> Result<Option<Uuid>, Code> {
    let header = headers.get(CHANNEL_HEADER).map(|value| value.to_str());
    let text = match header {
        Some(Ok(text)) => Some(text),
        Some(Err(_)) => return Err(Code::INVALID_CHANNEL),
        None => parameters.get("channel"),
    };
    let parse = |text: &str| Uuid::parse_str(text.trim()).map_err(|_| Code::INVALID_CHANNEL);
    text.map(parse).transpose()
}

/// When raw events happened.
pub(super) fn time_of(parameters: &Parameters, now: Timestamp) -> Result<Option<Timestamp>, Code> {
    let read = |text: &str| time::from_number(text).or_else(|| time::parse(text, now));
    match parameters.get("time") {
        Some(text) => read(text).map(Some).ok_or(Code::INVALID_DATA),
        None => Ok(None),
    }
}

/// Who sends to the collector.
pub(super) fn authorize(
    access: &Access,
    headers: &HeaderMap,
    parameters: &Parameters,
    options: &HecOptions,
    now: Timestamp,
) -> Result<Grant, Code> {
    match credentials(headers) {
        Credentials::Token(scheme, token) if scheme == "splunk" => grant(access, &token, now),
        Credentials::Basic(_, password) => grant(access, &password, now),
        Credentials::Token(..) | Credentials::Malformed => Err(Code::INVALID_AUTHORIZATION),
        Credentials::Missing => {
            let token = parameters.get("token").ok_or(Code::TOKEN_REQUIRED)?;
            let grant = grant(access, token, now)?;
            if options.query_string_token { Ok(grant) } else { Err(Code::QUERY_STRING) }
        }
    }
}

/// Who sends to `/services/receivers/simple`, whose clients know session keys and bearer tokens.
pub(super) fn authorize_management(
    access: &Access,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Grant, Code> {
    match credentials(headers) {
        Credentials::Token(scheme, token) if matches!(&*scheme, "splunk" | "bearer") => {
            grant(access, &token, now)
        }
        Credentials::Basic(_, password) => grant(access, &password, now),
        Credentials::Token(..) | Credentials::Malformed => Err(Code::INVALID_AUTHORIZATION),
        Credentials::Missing => Err(Code::TOKEN_REQUIRED),
    }
}

fn grant(access: &Access, token: &str, now: Timestamp) -> Result<Grant, Code> {
    access.require(token, Scope::Ingest, now).map_err(|denial| match denial {
        Denial::Disabled => Code::TOKEN_DISABLED,
        Denial::Unknown | Denial::Scope => Code::INVALID_TOKEN,
    })
}

/// The token that a health check brings; it needs none.
pub(super) fn health_token(headers: &HeaderMap, parameters: &Parameters) -> Option<String> {
    match credentials(headers) {
        Credentials::Token(_, token) => Some(token),
        Credentials::Basic(_, password) => Some(password),
        Credentials::Malformed => Some(String::new()),
        Credentials::Missing => parameters.get("token").map(str::to_owned),
    }
}
