//! Keeps recovery linear. After a broken record a framer may go back and look for records inside
//! it; how much it may read twice is limited by how much it has read once.

/// Bytes that may be scanned again.
#[derive(Debug)]
pub(crate) struct RescanCredit {
    bytes: u64,
    bytes_max: u64,
}

impl RescanCredit {
    /// Credit for one record of the longest kind; it never grows beyond that.
    pub(crate) fn new(record_bytes_max: usize) -> Self {
        let bytes_max = u64::try_from(record_bytes_max).unwrap_or(u64::MAX);
        Self { bytes: bytes_max, bytes_max }
    }

    /// Content was used up: it earns four times its length.
    pub(crate) fn earn(&mut self, bytes: usize) {
        let earned = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(4);
        self.bytes = self.bytes.saturating_add(earned).min(self.bytes_max);
    }

    /// Asks to scan `bytes` again; false when the credit does not suffice.
    pub(crate) fn spend(&mut self, bytes: usize) -> bool {
        let cost = u64::try_from(bytes).unwrap_or(u64::MAX);
        let granted = cost <= self.bytes;
        if granted {
            self.bytes -= cost;
        }
        granted
    }
}
