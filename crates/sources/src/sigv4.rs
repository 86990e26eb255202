//! Signatures of AWS requests, version 4 (AWS documentation, "Signature Version 4 for API
//! requests"): `Signer` makes them for requests to AWS; for requests that claim to come from a
//! client of AWS, `Signature` computes them again and compares in constant time.
//!
//! Clients sign different sets of headers, so the set that the request names counts; host, time and
//! operation must be in it, or a signature could be used for another request.

use std::collections::HashMap;
use std::fmt;

use axum::http::header::{self, HeaderName, InvalidHeaderValue};
use axum::http::{HeaderMap, HeaderValue, Uri};
use headwater_event::{Timestamp, time};
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};
use sha2::{Digest as _, Sha256};

/// The one algorithm.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What every scope ends with.
const SCOPE_END: &str = "aws4_request";

/// Header with the time of the signature.
const DATE_HEADER: &str = "x-amz-date";

/// Header with the token of temporary keys.
const SESSION_HEADER: &str = "x-amz-security-token";

/// Headers that must be signed.
const SIGNED_ALWAYS: [&str; 3] = ["host", DATE_HEADER, "x-amz-target"];

/// How far a client's clock may differ, in microseconds.
const CLOCK_SKEW_MAX: i64 = 5 * 60 * 1_000_000;

/// What RFC 3986 leaves as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The secret half of an access key. Has no `Display`; `Debug` shows `***`.
#[derive(Clone)]
pub struct SecretKey(String);

impl SecretKey {
    /// The secret of an access key.
    #[must_use]
    pub const fn from_text(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// An access key with its secret, as AWS gives them out.
#[derive(Debug, Clone)]
pub struct AwsKey {
    /// Its public half.
    pub id: String,
    /// Its secret half.
    pub secret: SecretKey,
    /// Comes with temporary keys.
    pub session_token: Option<SecretKey>,
}

/// Signs requests to one service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signer<'a> {
    pub(crate) key: &'a AwsKey,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
}

impl Signer<'_> {
    /// Adds time, session token and signature to `headers`. All headers that are there are signed,
    /// so none of them may change afterwards.
    ///
    /// # Errors
    /// A part of the key or the region cannot be in a header.
    pub(crate) fn sign(
        &self,
        (method, uri): (&str, &Uri),
        headers: &mut HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), InvalidHeaderValue> {
        let Self { key, region, service } = self;
        let instant = write_instant(now);
        headers.insert(DATE_HEADER, HeaderValue::from_str(&instant)?);
        if let Some(token) = &key.session_token {
            let mut value = HeaderValue::from_str(&token.0)?;
            value.set_sensitive(true);
            headers.insert(SESSION_HEADER, value);
        }
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.push(header::HOST.as_str());
        names.sort_unstable();
        names.dedup();
        let signed_headers = names.join(";");
        let date = instant.get(..8).unwrap_or_default();
        let scope = format!("{date}/{region}/{service}/{SCOPE_END}");
        let stamp = Stamp { scope: &scope, instant: &instant, signed_headers: &signed_headers };
        let code = stamp.code(&key.secret, Signed { method, uri, headers }, body);
        let code = hex(&code.finalize().into_bytes());
        let value = format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={signed_headers}, Signature={code}",
            key.id
        );
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&value)?);
        Ok(())
    }
}

/// Why a request is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureFault {
    /// There is no signature.
    #[error("Missing Authentication Token")]
    Missing,
    /// Parts of it are missing or cannot be read.
    #[error("{0}")]
    Incomplete(String),
    /// The access key is not configured.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// It is not one for this request.
    #[error("{0}")]
    Invalid(String),
}

/// The signature of a request whose body is not read yet.
#[derive(Debug)]
pub(crate) struct Signature<'a> {
    stamp: Stamp<'a>,
    /// Region of the scope.
    pub(crate) region: &'a str,
    date: &'a str,
    bytes: Vec<u8>,
    secret: &'a SecretKey,
}

/// What goes into a signature besides the request and the secret.
#[derive(Debug, Clone, Copy)]
struct Stamp<'a> {
    /// `DATE/REGION/SERVICE/aws4_request`
    scope: &'a str,
    instant: &'a str,
    /// Names of headers, separated by semicolons.
    signed_headers: &'a str,
}

/// What is signed, besides the body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
}

impl<'a> Signature<'a> {
    /// Reads the signature of a request to `service` and checks all of it that does not need the
    /// body.
    pub(crate) fn of(
        service: &str,
        headers: &'a HeaderMap,
        keys: &'a HashMap<String, SecretKey>,
        now: Timestamp,
    ) -> Result<Self, SignatureFault> {
        let incomplete = |reason: &str| SignatureFault::Incomplete(reason.to_owned());
        let value = headers.get(header::AUTHORIZATION).ok_or(SignatureFault::Missing)?;
        let value = value.to_str().map_err(|_| incomplete("Authorization is no text"))?;
        let parts = value.trim().strip_prefix(ALGORITHM);
        let parts = parts.ok_or_else(|| incomplete("Authorization is not AWS4-HMAC-SHA256"))?;
        let part = |name: &str| {
            let found = parts.split(',').find_map(|part| part.trim().strip_prefix(name));
            found.ok_or_else(|| incomplete(&format!("Authorization header requires '{name}'")))
        };
        let (credential, signed_headers) = (part("Credential=")?, part("SignedHeaders=")?);
        let bytes = hex_bytes(part("Signature=")?)
            .ok_or_else(|| incomplete("'Signature' is not hexadecimal"))?;
        let (key, scope) = credential
            .split_once('/')
            .ok_or_else(|| incomplete("'Credential' must have 5 elements"))?;
        let &[date, region, signed_service, SCOPE_END] = &*scope.split('/').collect::<Vec<_>>()
        else {
            return Err(incomplete("'Credential' must be KEY/DATE/REGION/SERVICE/aws4_request"));
        };
        if let Some(missing) = SIGNED_ALWAYS
            .iter()
            .find(|name| signed_headers.split(';').all(|signed| signed != **name))
        {
            return Err(incomplete(&format!("'{missing}' must be a signed header")));
        }
        let instant = headers.get(DATE_HEADER).and_then(|value| value.to_str().ok());
        let instant = instant.ok_or_else(|| incomplete("X-Amz-Date is missing"))?;
        let secret = keys.get(key).ok_or(SignatureFault::UnknownKey)?;
        let stamp = Stamp { scope, instant, signed_headers };
        let signature = Self { stamp, region, date, bytes, secret };
        if signed_service != service {
            let reason = format!("Credential should be scoped to correct service: '{service}'.");
            return Err(SignatureFault::Invalid(reason));
        }
        signature.check_time(now)?;
        Ok(signature)
    }

    fn check_time(&self, now: Timestamp) -> Result<(), SignatureFault> {
        let instant = self.stamp.instant;
        let signed_at = read_instant(instant).ok_or_else(|| {
            SignatureFault::Incomplete("X-Amz-Date must be YYYYMMDDTHHMMSSZ".to_owned())
        })?;
        if instant.get(..8) != Some(self.date) {
            let reason = "Date in Credential scope does not match X-Amz-Date";
            return Err(SignatureFault::Invalid(reason.to_owned()));
        }
        let skew = signed_at.as_micros().abs_diff(now.as_micros());
        if skew > CLOCK_SKEW_MAX.unsigned_abs() {
            let reason =
                format!("Signature expired: {instant} is more than 5 min. from the server's time");
            return Err(SignatureFault::Invalid(reason));
        }
        Ok(())
    }

    /// Whether the signature is that of this request.
    pub(crate) fn verify(&self, signed: Signed<'_>, body: &[u8]) -> Result<(), SignatureFault> {
        // Compares in constant time.
        self.stamp.code(self.secret, signed, body).verify_slice(&self.bytes).map_err(|_| {
            let reason = "The request signature we calculated does not match the signature you \
                          provided. Check your AWS Secret Access Key and signing method.";
            SignatureFault::Invalid(reason.to_owned())
        })
    }
}

impl Stamp<'_> {
    /// What the signature is.
    fn code(&self, secret: &SecretKey, signed: Signed<'_>, body: &[u8]) -> Hmac<Sha256> {
        let request = canonical_request(signed, self.signed_headers, body);
        let hash = hex(&Sha256::digest(&request));
        let text = format!("{ALGORITHM}\n{}\n{}\n{hash}", self.instant, self.scope);
        let mut key = format!("AWS4{}", secret.0).into_bytes();
        for part in self.scope.split('/') {
            key = mac(&key, part.as_bytes()).finalize().into_bytes().to_vec();
        }
        mac(&key, text.as_bytes())
    }
}

/// The code of `text` under a key.
#[allow(clippy::expect_used)]
fn mac(key: &[u8], text: &[u8]) -> Hmac<Sha256> {
    // HMAC is defined for keys of every length.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(text);
    mac
}

/// The request in the one form that both sides hash.
fn canonical_request(signed: Signed<'_>, signed_headers: &str, body: &[u8]) -> Vec<u8> {
    let Signed { method, uri, headers } = signed;
    let query = canonical_query(uri.query().unwrap_or_default());
    let mut request = format!("{method}\n{}\n{query}\n", uri.path()).into_bytes();
    for name in signed_headers.split(';') {
        request.extend_from_slice(name.as_bytes());
        request.push(b':');
        let mut values: Vec<&[u8]> =
            headers.get_all(name).iter().map(axum::http::HeaderValue::as_bytes).collect();
        if values.is_empty()
            && name == "host"
            && let Some(authority) = uri.authority()
        {
            // HTTP/2 has no such header.
            values.push(authority.as_str().as_bytes());
        }
        for (number, value) in values.into_iter().enumerate() {
            if number > 0 {
                request.push(b',');
            }
            push_value(value, &mut request);
        }
        request.push(b'\n');
    }
    request.extend_from_slice(b"\n");
    request.extend_from_slice(signed_headers.as_bytes());
    request.push(b'\n');
    request.extend_from_slice(hex(&Sha256::digest(body)).as_bytes());
    request
}

/// A header's value without blanks around it; several inside count as one.
fn push_value(value: &[u8], request: &mut Vec<u8>) {
    let mut is_blank = false;
    for byte in value.trim_ascii() {
        if !(is_blank && *byte == b' ') {
            request.push(*byte);
        }
        is_blank = *byte == b' ';
    }
}

/// The query string, its parameters encoded in one way and sorted.
fn canonical_query(query: &str) -> String {
    let encode = |text: &str| {
        let bytes: Vec<u8> = percent_decode(text.as_bytes()).collect();
        percent_encode(&bytes, RESERVED).to_string()
    };
    let mut parameters: Vec<(String, String)> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    parameters.sort();
    let parameters: Vec<String> =
        parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    parameters.join("&")
}

/// `20261122T012317Z`
fn read_instant(text: &str) -> Option<Timestamp> {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if text.len() != 16 || text.get(8..9) != Some("T") || text.get(15..) != Some("Z") {
        return None;
    }
    let iso = format!(
        "{}-{}-{}T{}:{}:{}Z",
        digits(0..4)?,
        digits(4..6)?,
        digits(6..8)?,
        digits(9..11)?,
        digits(11..13)?,
        digits(13..15)?
    );
    time::parse_iso_fast(&iso)
}

/// The inverse of [`read_instant`], in whole seconds.
fn write_instant(instant: Timestamp) -> String {
    let iso = instant.to_iso();
    let seconds = iso.as_str().split(['.', '+']).next().unwrap_or_default();
    let digits: String =
        seconds.chars().filter(|character| !matches!(character, '-' | ':')).collect();
    format!("{digits}Z")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.trim().as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| {
        let digit =
            |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let [high, low] = *pair;
        Some(digit(high)? << 4 | digit(low)?)
    };
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

#[cfg(test)]
pub(crate) mod tests;
