//! Writing instants: ISO 8601 text and the values of the partition columns. No allocation.

use std::fmt;
use std::ops::Deref;

use super::calendar::{Date, date_of_day};
use super::{MICROS_PER_HOUR, MICROS_PER_SECOND, Timestamp};

/// Longest text: `-290308-12-21T19:59:05.224192+00:00`.
const ISO_BYTES_MAX: usize = 35;

/// An instant as ISO 8601 text in UTC, kept on the stack; dereferences to `str`.
#[derive(Clone, Copy)]
pub struct IsoText {
    bytes: [u8; ISO_BYTES_MAX],
    length: usize,
}

/// The partition of an instant: its UTC hour as the values of the columns `year`, `month`, `day`,
/// `hour`.
///
/// Always `YYYY`, `MM`, `DD`, `HH`; ordered like time. Instants before year 1 are in the first hour
/// of year 0001, instants after 9999 in the last hour of 9999: a predicate on the time therefore
/// still selects the right partitions, and the row itself keeps its exact time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HourPartition([u8; 10]);

impl Timestamp {
    /// ISO 8601 in UTC, microseconds only where they are not zero:
    /// `2020-03-02T17:54:33+00:00`, `2020-03-02T17:54:33.253000+00:00`.
    ///
    /// Years outside 0 to 9999 are written in the expanded form with a sign and six digits.
    #[must_use]
    pub fn to_iso(self) -> IsoText {
        let mut text = IsoText { bytes: [0; ISO_BYTES_MAX], length: 0 };
        let (day_number, micros_of_day) = self.day_and_micros();
        let Date { year, month, day } = date_of_day(day_number);
        if !(0..=9999).contains(&year) {
            text.push(if year < 0 { b'-' } else { b'+' });
        }
        text.push_number(year, if (0..=9999).contains(&year) { 4 } else { 6 });
        let (seconds, micros) =
            (micros_of_day / MICROS_PER_SECOND, micros_of_day % MICROS_PER_SECOND);
        for (separator, value) in [
            (b'-', month),
            (b'-', day),
            (b'T', seconds / 3_600),
            (b':', seconds / 60 % 60),
            (b':', seconds % 60),
        ] {
            text.push(separator);
            text.push_number(value, 2);
        }
        if micros != 0 {
            text.push(b'.');
            text.push_number(micros, 6);
        }
        for byte in *b"+00:00" {
            text.push(byte);
        }
        text
    }

    /// The hour partition that holds this instant.
    #[must_use]
    pub fn partition(self) -> HourPartition {
        let clamped = self.clamp(Self::MIN, Self::MAX);
        let (day_number, micros_of_day) = clamped.day_and_micros();
        let Date { year, month, day } = date_of_day(day_number);
        let mut digits = [0; 10];
        let mut rest = ((year * 100 + month) * 100 + day) * 100 + micros_of_day / MICROS_PER_HOUR;
        for slot in digits.iter_mut().rev() {
            *slot = ascii_digit(rest);
            rest /= 10;
        }
        HourPartition(digits)
    }
}

impl HourPartition {
    /// Values of the partition columns in the order of
    /// [`PARTITION_COLUMNS`](crate::schema::PARTITION_COLUMNS): year, month, day, hour.
    #[must_use]
    pub fn values(&self) -> [&str; 4] {
        [self.part(0, 4), self.part(4, 6), self.part(6, 8), self.part(8, 10)]
    }

    /// `YYYY`
    #[must_use]
    pub fn year(&self) -> &str {
        self.part(0, 4)
    }

    /// `MM`
    #[must_use]
    pub fn month(&self) -> &str {
        self.part(4, 6)
    }

    /// `DD`
    #[must_use]
    pub fn day(&self) -> &str {
        self.part(6, 8)
    }

    /// `HH`
    #[must_use]
    pub fn hour(&self) -> &str {
        self.part(8, 10)
    }

    fn part(&self, start: usize, end: usize) -> &str {
        // Ten ASCII digits: neither the range nor the encoding can be wrong.
        self.0.get(start..end).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or("")
    }
}

impl IsoText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII is pushed and the length never passes the array.
        self.bytes
            .get(..self.length)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or("")
    }

    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = byte;
            self.length += 1;
        }
    }

    /// Appends the last `width` digits of the number's magnitude.
    fn push_number(&mut self, number: i64, width: usize) {
        let mut rest = number.abs();
        let end = self.length + width;
        for slot in self.bytes.get_mut(self.length..end).unwrap_or_default().iter_mut().rev() {
            *slot = ascii_digit(rest);
            rest /= 10;
        }
        self.length = end;
    }
}

/// The last digit of a number that is not negative.
fn ascii_digit(number: i64) -> u8 {
    b'0' + u8::try_from(number % 10).unwrap_or(0)
}

impl Deref for IsoText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for IsoText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl fmt::Display for IsoText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.to_iso().as_str())
    }
}

impl fmt::Debug for HourPartition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [year, month, day, hour] = self.values();
        write!(formatter, "HourPartition({year}-{month}-{day}T{hour})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{MICROS_PER_HOUR, Timestamp, parse_iso_fast};

    fn check(micros: i64, iso: &str, partition: [&str; 4]) {
        let timestamp = Timestamp::from_micros(micros);
        assert_eq!(timestamp.to_iso().as_str(), iso);
        assert_eq!(timestamp.to_string(), iso);
        assert_eq!(timestamp.partition().values(), partition, "partition of {iso}");
    }

    #[test]
    fn writes_microseconds_only_where_they_are_not_zero() {
        let hour = ["2020", "03", "02", "17"];
        check(1_583_171_673_253_000, "2020-03-02T17:54:33.253000+00:00", hour);
        check(1_583_171_673_000_000, "2020-03-02T17:54:33+00:00", hour);
        check(1_583_171_673_000_001, "2020-03-02T17:54:33.000001+00:00", hour);
        check(0, "1970-01-01T00:00:00+00:00", ["1970", "01", "01", "00"]);
        check(-1, "1969-12-31T23:59:59.999999+00:00", ["1969", "12", "31", "23"]);
    }

    #[test]
    fn partition_of_far_years_is_the_nearest_of_four_digits() {
        let first = ["0001", "01", "01", "00"];
        let last = ["9999", "12", "31", "23"];
        check(Timestamp::MIN.as_micros(), "0001-01-01T00:00:00+00:00", first);
        check(Timestamp::MIN.as_micros() - 1, "0000-12-31T23:59:59.999999+00:00", first);
        check(i64::MIN, "-290308-12-21T19:59:05.224192+00:00", first);
        check(Timestamp::MAX.as_micros(), "9999-12-31T23:59:59.999999+00:00", last);
        check(Timestamp::MAX.as_micros() + 1, "+010000-01-01T00:00:00+00:00", last);
        check(i64::MAX, "+294247-01-10T04:00:54.775807+00:00", last);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            micros in Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros(),
        ) {
            let timestamp = Timestamp::from_micros(micros);
            prop_assert_eq!(parse_iso_fast(&timestamp.to_iso()), Some(timestamp));
        }

        #[test]
        fn partitions_are_ordered_like_time(micros: i64, later in 0..3 * MICROS_PER_HOUR) {
            let timestamp = Timestamp::from_micros(micros);
            let other = Timestamp::from_micros(micros.saturating_add(later));
            prop_assert!(timestamp.partition() <= other.partition());
        }
    }
}
