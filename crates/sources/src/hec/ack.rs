//! Indexer acknowledgement. An id says by itself which journal entry it stands for and for which
//! channel it was given, so nothing has to be remembered: ids outlive a restart, there is no limit
//! of pending ones, and asking again gives the same answer (ADR 8).

use uuid::Uuid;

/// Low bits of an id that hold a hash of its channel. The rest, up to 53 bits in all (the largest
/// integer that JSON clients keep exact), is the number of the journal entry.
const CHANNEL_BITS: u32 = 20;

/// Gives and reads the ids of one channel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acknowledgements {
    channel_hash: u64,
}

impl Acknowledgements {
    pub(super) fn new(journal: Uuid, channel: Uuid) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(journal.as_bytes()).update(channel.as_bytes());
        let mut bytes = [0; 8];
        hasher.finalize_xof().fill(&mut bytes);
        Self { channel_hash: u64::from_le_bytes(bytes) & ((1 << CHANNEL_BITS) - 1) }
    }

    /// The id for an entry of the journal.
    pub(super) const fn id(self, entry: u64) -> u64 {
        (entry << CHANNEL_BITS) | self.channel_hash
    }

    /// Whether what an id stands for is in the tables, which have every entry below `committed`.
    /// Ids of other channels are not.
    pub(super) const fn is_committed(self, id: u64, committed: u64) -> bool {
        let hash = id & ((1 << CHANNEL_BITS) - 1);
        hash == self.channel_hash && id >> CHANNEL_BITS < committed
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Acknowledgements;

    #[test]
    fn ids_are_true_once_committed_and_only_on_their_channel() {
        let journal = Uuid::from_u128(1);
        let acks = Acknowledgements::new(journal, Uuid::from_u128(2));
        let id = acks.id(7);
        assert!(id < 1 << 53);
        assert!(!acks.is_committed(id, 7));
        assert!(acks.is_committed(id, 8));
        assert!(!Acknowledgements::new(journal, Uuid::from_u128(3)).is_committed(id, 8));
        assert!(!Acknowledgements::new(Uuid::from_u128(9), Uuid::from_u128(2)).is_committed(id, 8));
        assert!(!acks.is_committed(0, 8));
    }
}
