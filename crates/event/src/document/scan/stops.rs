//! Where a string may end: its bytes are searched eight at a time.

/// Offset of the next quote, backslash or control character, or of the end.
#[inline]
pub(super) fn next_stop(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let stops = stops_in(u64::from_le_bytes(*chunk));
        if stops != 0 {
            return at + first_stop(stops);
        }
        at += 8;
    }
    let tail = bytes.get(at..).unwrap_or_default();
    let stop = tail.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    at + stop.unwrap_or(tail.len())
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Marks, with the high bit of its byte, the first quote, backslash or control character of eight
/// bytes (bytes above the first mark may be marked wrongly: a borrow runs upward only).
#[inline]
const fn stops_in(word: u64) -> u64 {
    let quote = word ^ (ONES * 0x22);
    let backslash = word ^ (ONES * 0x5c);
    let quotes = quote.wrapping_sub(ONES) & !quote;
    let backslashes = backslash.wrapping_sub(ONES) & !backslash;
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (quotes | backslashes | controls) & HIGH_BITS
}

/// Index of the first marked byte: at most 7, so the cast loses nothing.
#[inline]
const fn first_stop(stops: u64) -> usize {
    (stops.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use super::super::Scanner;

    #[test]
    fn finds_the_closing_quote_at_every_offset() {
        for length in 0..40 {
            let plain = "x".repeat(length);
            let mut scanner = Scanner::new("");
            let quoted = format!("\"{plain}\"rest");
            scanner.clone_from(&Scanner::new(&quoted));
            let string = scanner.string().map(|string| string.body.len());
            assert_eq!(string, Ok(length));
            assert_eq!(scanner.position(), length + 2);
            let escaped = format!("\"{plain}\\\"{plain}\"");
            let string =
                Scanner::new(&escaped).string().map(|string| (string.body.len(), string.escaped));
            assert_eq!(string, Ok((2 * length + 2, true)));
            let control = format!("\"{plain}\n\"");
            assert!(Scanner::new(&control).string().is_err());
        }
    }
}
