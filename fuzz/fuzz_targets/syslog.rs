//! Syslog over a connection. How a stream comes in pieces makes no difference, nothing of it is
//! dropped, and every message becomes JSON.
#![no_main]

use headwater_fuzz::{RECEIVED_AT, check_batch};
use headwater_sources::fuzzing::{Piece, read_stream};
use libfuzzer_sys::fuzz_target;

/// Most sizes of pieces that an input chooses.
const SIZES_MAX: usize = 8;

fuzz_target!(|input: &[u8]| {
    let Some((&[limit, count], rest)) = input.split_first_chunk() else { return };
    let Some((sizes, stream)) = rest.split_at_checked(usize::from(count) % SIZES_MAX) else {
        return;
    };
    let bytes_max = if limit < 128 { usize::from(limit) + 1 } else { 1 << 16 };
    let (whole, batch) = read_stream([stream], bytes_max, RECEIVED_AT);
    let (pieces, _) = read_stream(cut(stream, sizes), bytes_max, RECEIVED_AT);
    assert_eq!(pieces, whole, "{:?}", stream.escape_ascii().to_string());
    let (pieces, _) = read_stream(cut(stream, &[0]), bytes_max, RECEIVED_AT);
    assert_eq!(pieces, whole, "{:?}", stream.escape_ascii().to_string());

    let bytes: Vec<u8> = whole.iter().flat_map(|piece| piece.bytes.iter().copied()).collect();
    assert_eq!(visible(&bytes), visible(stream));
    let chunk = check_batch(batch);
    assert_eq!(chunk.records().count(), whole.len());
    for (record, Piece { bytes, fault }) in chunk.records().zip(&whole) {
        assert_eq!(record.original, bytes);
        assert_eq!(record.fault.map(|fault| &fault.reason), fault.as_ref());
        assert!(!bytes.is_empty());
        assert!(bytes.len() <= bytes_max || fault.is_some(), "a message beyond the limit");
    }
});

/// Pieces of these sizes (one more than each byte says), over and over.
fn cut<'a>(stream: &'a [u8], sizes: &[u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = stream;
    let mut sizes = sizes.iter().cycle();
    std::iter::from_fn(move || {
        let size = sizes.next().map_or(rest.len(), |size| usize::from(*size) + 1);
        let (piece, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Without what may be an end of a message, a count, or blank.
fn visible(bytes: &[u8]) -> Vec<u8> {
    let is_framing = |byte: &u8| byte.is_ascii_whitespace() || b"\0 0123456789".contains(byte);
    bytes.iter().filter(|byte| !is_framing(byte)).copied().collect()
}
