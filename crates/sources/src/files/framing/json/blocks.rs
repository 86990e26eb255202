//! Finds the bytes that matter to JSON structure, 64 at a time, as bit masks (bit 0 is the first
//! byte). A log record has a structural byte every dozen bytes, too dense for a search function
//! called per byte. Eight bytes are compared at once in ordinary registers: vector instructions
//! would need `unsafe`.

/// Bytes per block.
pub(super) const BLOCK: usize = 64;

/// Where the interesting bytes of a block are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Masks {
    pub(super) quotes: u64,
    pub(super) backslashes: u64,
    pub(super) newlines: u64,
    /// `{` and `[`.
    pub(super) opens: u64,
    /// `}` and `]`.
    pub(super) closes: u64,
}

/// `{` and `[`, and `}` and `]`, differ in this bit only.
const BRACKET_BIT: u64 = repeat(0x20);
const HIGH_BITS: u64 = repeat(0x80);
const LOW_BITS: u64 = repeat(0x7f);

/// Masks of one block.
pub(super) fn masks(block: &[u8; BLOCK]) -> Masks {
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    let folded = words.map(|word| word | BRACKET_BIT);
    // Most blocks hold no backslash and no line end: knowing that is cheaper than knowing where.
    let rare = |wanted| if may_hold(&words, wanted) { mask(&words, wanted) } else { 0 };
    Masks {
        quotes: mask(&words, b'"'),
        backslashes: rare(b'\\'),
        newlines: rare(b'\n'),
        opens: mask(&folded, b'{'),
        closes: mask(&folded, b'}'),
    }
}

/// The byte in all eight places.
const fn repeat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// One bit per byte that equals `wanted`.
fn mask(words: &[u64; 8], wanted: u8) -> u64 {
    let mut mask = 0;
    for (index, word) in words.iter().enumerate() {
        let difference = word ^ repeat(wanted);
        // The high bit of a byte is set here exactly when the byte is zero (no carry leaves a
        // byte).
        let zeros = !(((difference & LOW_BITS) + LOW_BITS) | difference | LOW_BITS);
        // The product gathers the eight high bits in its top byte.
        mask |= ((zeros >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (index * 8);
    }
    mask
}

/// Whether some byte equals `wanted`; may be wrong only by saying yes.
fn may_hold(words: &[u64; 8], wanted: u8) -> bool {
    let mut zeros = 0;
    for word in words {
        let difference = word ^ repeat(wanted);
        zeros |= difference.wrapping_sub(repeat(1)) & !difference;
    }
    zeros & HIGH_BITS != 0
}

/// Every bit becomes the exclusive or of itself and all lower bits: from the quotes of a block to
/// the bytes inside strings (opening quote included, closing quote excluded).
pub(super) const fn between_pairs(mut bits: u64) -> u64 {
    let mut distance = 1;
    while distance < 64 {
        bits ^= bits << distance;
        distance *= 2;
    }
    bits
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn check(block: &[u8; BLOCK]) {
        let expect = |wanted: &[u8]| {
            let bits = block.iter().enumerate().filter(|(_, byte)| wanted.contains(byte));
            bits.fold(0, |mask, (at, _)| mask | 1 << at)
        };
        let expected = Masks {
            quotes: expect(b"\""),
            backslashes: expect(b"\\"),
            newlines: expect(b"\n"),
            opens: expect(b"{["),
            closes: expect(b"}]"),
        };
        assert_eq!(masks(block), expected, "{:?}", String::from_utf8_lossy(block));
    }

    proptest! {
        #[test]
        fn masks_mark_exactly_the_structural_bytes(
            bytes in proptest::collection::vec(any::<u8>(), BLOCK),
        ) {
            check(&bytes.try_into().unwrap());
        }

        #[test]
        fn masks_are_not_fooled_by_similar_bytes(text in "[\\[\\]{}\"\\\\\n\u{0}\u{1b};=!#]{64}") {
            check(text.as_bytes().try_into().unwrap());
        }
    }

    #[test]
    fn pairs_cover_the_opening_quote_and_not_the_closing_one() {
        assert_eq!(between_pairs(0b1001_0010), 0b0000_1110 | !0 << 7);
    }
}
