//! Instants (`Timestamp`) and reading them from the many forms in which logs write time.
//!
//! Pure functions: the current time is an argument, because a date without a year and a time
//! without a date only mean something relative to it. [`parse`] reads text, [`from_number`]
//! numbers, [`parse_iso_fast`] only the form that most logs use. A text is a time or it is not:
//! nothing looks for a date *inside* a text. Names of months, days and zones are English, in any
//! case.
//!
//! # Numbers
//! The unit follows from the size, that is from the digits before the decimal point:
//!
//! | digits | read as | covers |
//! |---|---|---|
//! | 1 to 11 | seconds | 1970 to 5138 (negative: back to year 1) |
//! | 8, a date of 1900 to 2099 | `YYYYMMDD` | as seconds: August 1970 |
//! | 12 to 14 | milliseconds | 1973 to 5138 |
//! | 14, a time of 1900 to 2099 | `YYYYMMDDhhmmss` | as milliseconds: 26th century |
//! | 15 to 17 | microseconds | 1973 to 5138 |
//! | 18 to 20 | nanoseconds | 1973 to 5138 |
//! | 18, from 116444736000000000 | Windows file time | 1970 to 2099; as nanoseconds: 1973 to 1975 |
//! | 18, from 621355968000000000 | .NET ticks | 1970 to 2099; as nanoseconds: 1989 to 1990 |
//!
//! The table holds for JSON numbers, for texts that hold only a number, and for negative numbers
//! (before 1970) except the rows for dates, file times and ticks.
//!
//! # Text
//! | form | note |
//! |---|---|
//! | `2020-03-02T17:54:33.253Z` | RFC 3339; blank, `_`, `:` for `T`; `/`, `.` for `-` |
//! | `2020-03-02 17:54` | no seconds |
//! | `…33,253`, `…33.123456789` | any number of fraction digits |
//! | `20200302T175433Z`, `20200302175433.253Z`, `…+060` | ISO basic, LDAP, WMI (minutes) |
//! | `2020-062`, `2020-W10-1` | ISO ordinal and week dates |
//! | `Mon, 02 Mar 2020 17:54:33 +0100` | RFC 2822, ctime, JavaScript: words in any order |
//! | `Mar  2 17:54:33` | syslog: the latest year that puts it at most one day after `now` |
//! | `02/Mar/2020:17:54:33 +0000` | Apache, also in square brackets |
//! | `3/1/2020 5:04:03 PM` | month first; day first only where the month would be above 12 |
//! | `02.03.2020 17:54` | dots: day first |
//! | `12:00`, `5pm` | the day of `now` |
//! | `/Date(1600000000000)/` | .NET, always milliseconds |
//!
//! # Zones
//! Without a zone a time is UTC. `Z`, `UTC`, `GMT`, `+02`, `+0200`, `+02:00`, `UTC+2`, the
//! abbreviations of North America, Europe, East Asia and Oceania that mean one thing there (`IST`
//! does not), and IANA names (`2020-03-02 17:54 America/New_York`, `…[Europe/Paris]`). An offset
//! wins over a name. A local time that a clock change repeats is the earlier one; one that it skips
//! counts from before the change.
//!
//! # Precision and range
//! Microseconds; finer digits round half up. Second 60 becomes the last microsecond of second 59,
//! so that a leap second stays in its minute. Texts and numbers outside the years 1 to 9999 are
//! refused, because neither Python nor Spark can read such rows; see [`Timestamp::MIN`] and
//! [`Timestamp::MAX`].

mod calendar;
mod clock;
mod format;
mod iso;
mod number;
mod text;
mod words;
mod zone;

pub use format::{HourPartition, IsoText};
pub use iso::parse_iso_fast;
pub use number::{from_f64, from_i64, from_number};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_HOUR: i64 = 3_600 * MICROS_PER_SECOND;
const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;

/// Longest text that is looked at; no known form comes near it.
const TEXT_BYTES_MAX: usize = 128;

/// An instant: microseconds since 1970-01-01T00:00:00Z.
///
/// Every `i64` is an instant and can be written; what this module *reads* lies between
/// [`Self::MIN`] and [`Self::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 0001-01-01T00:00:00Z, the earliest instant that the readers return.
    pub const MIN: Self = Self(-62_135_596_800 * MICROS_PER_SECOND);

    /// 9999-12-31T23:59:59.999999Z, the latest instant that the readers return.
    pub const MAX: Self = Self(253_402_300_800 * MICROS_PER_SECOND - 1);

    /// From microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The instant, when it lies in the years 1 to 9999.
    fn in_range(self) -> Option<Self> {
        (Self::MIN..=Self::MAX).contains(&self).then_some(self)
    }

    /// Number of the day, counted from the epoch, and the microseconds since its midnight.
    const fn day_and_micros(self) -> (i64, i64) {
        (self.0.div_euclid(MICROS_PER_DAY), self.0.rem_euclid(MICROS_PER_DAY))
    }
}

/// Reads a time from text, in any form of the tables above.
///
/// `now` supplies the missing year or day. `None` when the whole text is not a time.
#[must_use]
pub fn parse(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    if let Some(timestamp) = parse_iso_fast(text) {
        return Some(timestamp);
    }
    match text.as_bytes() {
        [b'0'..=b'9' | b'-', ..] => from_number(text).or_else(|| text::parse(text.as_bytes(), now)),
        [b'/', ..] => number::from_dot_net(text),
        [b'[', inner @ .., b']'] => text::parse(inner, now),
        bytes => text::parse(bytes, now),
    }
}

#[cfg(test)]
mod tests;
