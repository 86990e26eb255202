//! What a request says about who sends it.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// The contents of an `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// There is no such header.
    Missing,
    /// It cannot be read.
    Malformed,
    /// A scheme in lower case and the token: `splunk`, `bearer`, `apikey` (its key, decoded).
    Token(String, String),
    /// HTTP basic: user and password.
    Basic(String, String),
}

/// Reads the `Authorization` header. Schemes are compared in any case.
#[must_use]
pub fn credentials(headers: &HeaderMap) -> Credentials {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Credentials::Missing };
    read(value.as_bytes()).unwrap_or(Credentials::Malformed)
}

/// The token, however the header carries it: after any scheme, or as the password.
#[must_use]
pub fn token(headers: &HeaderMap) -> Option<String> {
    match credentials(headers) {
        Credentials::Token(_, token) | Credentials::Basic(_, token) => Some(token),
        Credentials::Missing | Credentials::Malformed => None,
    }
}

fn read(value: &[u8]) -> Option<Credentials> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let (scheme, rest) = text.split_once(' ')?;
    let (scheme, rest) = (scheme.to_ascii_lowercase(), rest.trim());
    if rest.is_empty() {
        return None;
    }
    match scheme.as_str() {
        "basic" => {
            let (user, password) = split_pair(rest)?;
            Some(Credentials::Basic(user, password))
        }
        // Elasticsearch: base64 of `id:key`; some clients send the key alone.
        "apikey" => {
            let key = split_pair(rest).map_or_else(|| rest.to_owned(), |(_, key)| key);
            Some(Credentials::Token(scheme, key))
        }
        _ => Some(Credentials::Token(scheme, rest.to_owned())),
    }
}

/// The two halves of base64 text with a colon inside.
fn split_pair(encoded: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(encoded).or_else(|_| STANDARD_NO_PAD.decode(encoded)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (left, right) = text.split_once(':')?;
    Some((left.to_owned(), right.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn headers_of_every_kind_are_read() {
        let token = |scheme: &str, token: &str| Credentials::Token(scheme.into(), token.into());
        for (value, expected) in [
            ("Splunk abc", token("splunk", "abc")),
            ("splunk  abc ", token("splunk", "abc")),
            ("Bearer abc", token("bearer", "abc")),
            ("Basic dTpwOnE=", Credentials::Basic("u".into(), "p:q".into())),
            ("Basic dTpw", Credentials::Basic("u".into(), "p".into())),
            ("ApiKey aWQ6a2V5", token("apikey", "key")),
            ("ApiKey plain", token("apikey", "plain")),
            ("Basic ???", Credentials::Malformed),
            ("Splunk", Credentials::Malformed),
            ("Splunk ", Credentials::Malformed),
        ] {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
            assert_eq!(credentials(&headers), expected, "{value}");
        }
        assert_eq!(credentials(&HeaderMap::new()), Credentials::Missing);
    }
}
