//! One entry on disk: a header of 24 bytes, then the payload. All numbers are little endian.
//!
//! | bytes | what |
//! |---|---|
//! | 0–4 | the mark `HWJE` |
//! | 4–8 | length of the payload |
//! | 8–16 | sequence number |
//! | 16–20 | CRC-32 of the payload |
//! | 20–24 | CRC-32 of bytes 0–20 |

/// Length of a header.
pub(crate) const HEADER_BYTES: usize = 24;

/// First bytes of every header: where reading can start again behind damage.
pub(crate) const MARK: [u8; 4] = *b"HWJE";

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) length: u32,
    pub(crate) sequence: u64,
    pub(crate) payload_crc: u32,
}

impl Header {
    pub(crate) fn of(sequence: u64, length: u32, payload: &[u8]) -> Self {
        Self { length, sequence, payload_crc: crc32fast::hash(payload) }
    }

    pub(crate) fn encode(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let (body, crc) = bytes.split_at_mut(20);
        let parts = MARK
            .into_iter()
            .chain(self.length.to_le_bytes())
            .chain(self.sequence.to_le_bytes())
            .chain(self.payload_crc.to_le_bytes());
        body.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
        crc.copy_from_slice(&crc32fast::hash(body).to_le_bytes());
        bytes
    }

    /// `None` when the bytes are not a whole header.
    pub(crate) fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let (body, crc) = bytes.split_last_chunk::<4>()?;
        if body.first_chunk() != Some(&MARK) || crc32fast::hash(body) != u32::from_le_bytes(*crc) {
            return None;
        }
        let (rest, payload_crc) = body.split_last_chunk::<4>()?;
        let (rest, sequence) = rest.split_last_chunk::<8>()?;
        let (_, length) = rest.split_last_chunk::<4>()?;
        Some(Self {
            length: u32::from_le_bytes(*length),
            sequence: u64::from_le_bytes(*sequence),
            payload_crc: u32::from_le_bytes(*payload_crc),
        })
    }

    pub(crate) fn fits(self, payload: &[u8]) -> bool {
        crc32fast::hash(payload) == self.payload_crc
    }
}

#[cfg(test)]
mod tests {
    use super::{HEADER_BYTES, Header};

    #[test]
    fn a_header_reads_back_and_no_bit_of_it_may_change() {
        let header = Header::of(u64::MAX - 5, 3, b"abc");
        let bytes = header.encode();
        assert_eq!(Header::decode(&bytes), Some(header));
        assert!(header.fits(b"abc") && !header.fits(b"abd"));
        for bit in 0..HEADER_BYTES * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&damaged), None, "bit {bit}");
        }
    }
}
