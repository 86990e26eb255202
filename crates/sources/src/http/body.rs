//! Reading a request's body: gzip, deflate and zstd undone, size and time within limits, memory
//! taken from the budget that all requests share.

use std::io::{self, Read};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures::StreamExt as _;

use super::aside;
use crate::intake::{Budget, Lease, Refusal};

/// Limits of one body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// Most bytes as sent.
    pub stored_bytes_max: usize,
    /// Most bytes after decompression.
    pub decoded_bytes_max: usize,
    /// Longest time for all of it.
    pub time_max: Duration,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            stored_bytes_max: 64 << 20,
            decoded_bytes_max: 128 << 20,
            time_max: Duration::from_secs(60),
        }
    }
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyFault {
    /// More bytes than allowed.
    #[error("body is longer than {bytes_max} bytes{}", if *.decoded { " after decompression" } else { "" })]
    TooLarge {
        /// The limit.
        bytes_max: usize,
        /// Whether it was broken by decompression.
        decoded: bool,
    },
    /// `Content-Encoding` names something else than gzip, deflate, zstd or identity.
    #[error("content encoding `{0}` is not supported")]
    Encoding(String),
    /// The compressed bytes are damaged.
    #[error("body cannot be decompressed")]
    Damaged(#[source] io::Error),
    /// It took too long.
    #[error("body did not arrive within {0:?}")]
    Slow(Duration),
    /// No memory for it now.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The connection broke.
    #[error("body ended early")]
    Broken(#[source] axum::Error),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Deflate,
    Zstd,
}

/// Reads the whole body. The lease holds its memory: keep it until the body is stored.
///
/// # Errors
/// See [`BodyFault`].
pub async fn read_body(
    headers: &HeaderMap,
    body: Body,
    limits: &BodyLimits,
    memory: &Budget,
) -> Result<(Vec<u8>, Lease), BodyFault> {
    let encoding = content_encoding(headers)?;
    let announced = announced_bytes(headers);
    if announced.is_some_and(|bytes| bytes > limits.stored_bytes_max) {
        return Err(BodyFault::TooLarge { bytes_max: limits.stored_bytes_max, decoded: false });
    }
    let mut lease = memory.lease();
    let reading = collect(body, limits.stored_bytes_max, &mut lease);
    let stored = tokio::time::timeout(limits.time_max, reading)
        .await
        .map_err(|_| BodyFault::Slow(limits.time_max))??;
    undo(encoding, stored, limits.decoded_bytes_max, lease).await
}

/// Undoes a compression that is named as in `Content-Encoding`. The lease, which holds the memory
/// of `stored`, grows by that of the result.
///
/// # Errors
/// See [`BodyFault`].
pub(crate) async fn decompress(
    name: &[u8],
    stored: Vec<u8>,
    limits: &BodyLimits,
    lease: Lease,
) -> Result<(Vec<u8>, Lease), BodyFault> {
    undo(named_encoding(name)?, stored, limits.decoded_bytes_max, lease).await
}

async fn undo(
    encoding: Encoding,
    stored: Vec<u8>,
    bytes_max: usize,
    lease: Lease,
) -> Result<(Vec<u8>, Lease), BodyFault> {
    if encoding == Encoding::Identity {
        return Ok((stored, lease));
    }
    aside(stored.len(), move || decode(encoding, stored, bytes_max, lease)).await?
}

fn announced_bytes(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn content_encoding(headers: &HeaderMap) -> Result<Encoding, BodyFault> {
    let value = headers.get(header::CONTENT_ENCODING);
    value.map_or(Ok(Encoding::Identity), |value| named_encoding(value.as_bytes()))
}

fn named_encoding(name: &[u8]) -> Result<Encoding, BodyFault> {
    let name = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
    match name.as_str() {
        "" | "identity" => Ok(Encoding::Identity),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        "deflate" => Ok(Encoding::Deflate),
        "zstd" => Ok(Encoding::Zstd),
        _ => Err(BodyFault::Encoding(name)),
    }
}

async fn collect(body: Body, bytes_max: usize, lease: &mut Lease) -> Result<Vec<u8>, BodyFault> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(part) = stream.next().await {
        let part = part.map_err(BodyFault::Broken)?;
        if bytes.len() + part.len() > bytes_max {
            return Err(BodyFault::TooLarge { bytes_max, decoded: false });
        }
        lease.grow(part.len())?;
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

fn decode(
    encoding: Encoding,
    stored: Vec<u8>,
    bytes_max: usize,
    mut lease: Lease,
) -> Result<(Vec<u8>, Lease), BodyFault> {
    let reader: Box<dyn Read> = match encoding {
        Encoding::Identity => return Ok((stored, lease)),
        Encoding::Gzip => Box::new(flate2::read::MultiGzDecoder::new(stored.as_slice())),
        // RFC 9110 means zlib; some clients send the bare stream.
        Encoding::Deflate if stored.first().is_some_and(|byte| byte & 0x0f == 8) => {
            Box::new(flate2::read::ZlibDecoder::new(stored.as_slice()))
        }
        Encoding::Deflate => Box::new(flate2::read::DeflateDecoder::new(stored.as_slice())),
        Encoding::Zstd => {
            let decoder = zstd::stream::read::Decoder::new(stored.as_slice());
            Box::new(decoder.map_err(BodyFault::Damaged)?)
        }
    };
    let decoded = read_within(reader, bytes_max, &mut lease)?;
    Ok((decoded, lease))
}

/// Undoes gzip. Takes memory for what comes out; what it needs for a moment goes back.
///
/// # Errors
/// `Damaged`, `TooLarge` and `Refused`, see [`BodyFault`].
pub(crate) fn gunzip(
    stored: &[u8],
    bytes_max: usize,
    memory: &Budget,
    lease: &mut Lease,
) -> Result<Vec<u8>, BodyFault> {
    let mut steps = memory.lease();
    let reader = flate2::read::MultiGzDecoder::new(stored);
    let decoded = read_within(reader, bytes_max, &mut steps)?;
    drop(steps);
    lease.grow(decoded.len())?;
    Ok(decoded)
}

/// Bytes that are decompressed before memory is asked for again.
const STEP_BYTES: usize = 64 << 10;

fn read_within(
    mut reader: impl Read,
    bytes_max: usize,
    lease: &mut Lease,
) -> Result<Vec<u8>, BodyFault> {
    let mut decoded = Vec::new();
    loop {
        lease.grow(STEP_BYTES)?;
        let step = u64::try_from(STEP_BYTES).unwrap_or(u64::MAX);
        let read = reader.by_ref().take(step).read_to_end(&mut decoded);
        let read = read.map_err(BodyFault::Damaged)?;
        if decoded.len() > bytes_max {
            return Err(BodyFault::TooLarge { bytes_max, decoded: true });
        }
        if read == 0 {
            return Ok(decoded);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write as _;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    const LIMITS: BodyLimits = BodyLimits {
        stored_bytes_max: 10_000,
        decoded_bytes_max: 100_000,
        time_max: Duration::from_secs(60),
    };

    async fn read(encoding: &str, body: Vec<u8>, memory: usize) -> Result<Vec<u8>, String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
        let budget = Budget::new(memory);
        let read = read_body(&headers, Body::from(body), &LIMITS, &budget).await;
        read.map(|(bytes, _)| bytes).map_err(|fault| fault.to_string())
    }

    #[tokio::test]
    async fn every_encoding_is_undone() {
        let plain = b"hello".to_vec();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&plain).unwrap();
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        raw.write_all(&plain).unwrap();
        for (encoding, body) in [
            ("identity", plain.clone()),
            ("GZIP", gzip(&plain)),
            ("gzip", [gzip(b"he"), gzip(b"llo")].concat()),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", raw.finish().unwrap()),
            ("zstd", zstd::encode_all(plain.as_slice(), 1).unwrap()),
        ] {
            assert_eq!(read(encoding, body, 1 << 20).await, Ok(plain.clone()), "{encoding}");
        }
    }

    #[tokio::test]
    async fn limits_hold() {
        let too_long = "body is longer than 10000 bytes";
        assert_eq!(read("", vec![0; 10_001], 1 << 20).await, Err(too_long.to_owned()));
        let bomb = gzip(&vec![0; 200_000]);
        let too_much = "body is longer than 100000 bytes after decompression";
        assert_eq!(read("gzip", bomb.clone(), 1 << 20).await, Err(too_much.to_owned()));
        assert!(read("gzip", bomb, 70_000).await.unwrap_err().starts_with("busy: "));
        let cut = gzip(b"hello").split_at(8).0.to_vec();
        assert_eq!(read("gzip", cut, 1 << 20).await, Err("body cannot be decompressed".to_owned()));
        let unknown = "content encoding `br` is not supported";
        assert_eq!(read("br", Vec::new(), 1 << 20).await, Err(unknown.to_owned()));
    }
}
