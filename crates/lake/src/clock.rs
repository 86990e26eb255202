//! The time of day, as a component: operations that compare ages are handed a clock, so that tests
//! decide what time it is.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use headwater_event::Timestamp;

/// Tells the time. Must not go backwards by more than a leap second between two calls.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX))
    }
}

/// Milliseconds since the epoch, as the Delta log writes times.
pub(crate) fn milliseconds(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(1_000)
}
