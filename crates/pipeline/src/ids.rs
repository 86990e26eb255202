//! Event ids: UUID version 7 (RFC 9562), sortable by time of arrival.

use headwater_event::Timestamp;
use uuid::{Builder, Uuid};

/// Makes UUIDs without a system call per event: a counter and a xorshift generator seeded from the
/// operating system. Ids are unique, not secret.
#[derive(Debug)]
pub struct IdSource {
    state: u64,
    sequence: u16,
}

impl Default for IdSource {
    fn default() -> Self {
        let (high, low) = Uuid::new_v4().as_u64_pair();
        // Zero is the one state a xorshift generator cannot leave.
        Self { state: (high ^ low).max(1), sequence: (high & 0x0FFF) as u16 }
    }
}

impl IdSource {
    /// A new id for something that arrived at `time`.
    pub fn next_id(&mut self, time: Timestamp) -> Uuid {
        self.sequence = self.sequence.wrapping_add(1);
        let mut random = [0; 10];
        let [first, second] = [self.next_random(), self.next_random()];
        random[..8].copy_from_slice(&first.to_le_bytes());
        random[8..].copy_from_slice(&second.to_le_bytes()[..2]);
        // Bytes 0 and 1 carry the 12 bits after the version: a counter keeps ids of one millisecond
        // apart.
        random[..2].copy_from_slice(&self.sequence.to_be_bytes());
        let millis = u64::try_from(time.as_micros() / 1_000).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    fn next_random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use headwater_event::Timestamp;

    use super::IdSource;

    #[test]
    fn ids_are_version_7_carry_the_time_and_differ() {
        let mut ids = IdSource::default();
        let time = Timestamp::from_micros(1_600_000_000_123_456);
        let made: HashSet<_> = (0..10_000).map(|_| ids.next_id(time)).collect();
        assert_eq!(made.len(), 10_000);
        for id in made {
            assert_eq!(id.get_version_num(), 7);
            assert_eq!(id.as_u128() >> 80, 1_600_000_000_123);
        }
    }
}
