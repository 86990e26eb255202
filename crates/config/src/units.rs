//! Sizes and times as people write them: `256MB`, `1GiB`, `30s`, `1h30m`. A number of seconds
//! without a unit is refused, because half of its readers would take it for milliseconds.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use crate::error::ValueError;

/// A number of bytes. Decimal units (`kB`, `MB`, `GB`, `TB`) and binary ones (`KiB` to `TiB`); a
/// bare number is bytes. Letter case does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct ByteSize(u64);

/// Units of [`ByteSize`], largest binary unit first, which is the order for printing.
const BYTE_UNITS: [(&str, u64); 10] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
    ("", 1),
];

impl ByteSize {
    /// So many mebibytes.
    #[must_use]
    pub const fn mebibytes(count: u32) -> Self {
        // Widens.
        Self((count as u64) << 20)
    }

    /// So many kibibytes.
    #[must_use]
    pub const fn kibibytes(count: u32) -> Self {
        // Widens.
        Self((count as u64) << 10)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for ByteSize {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || ValueError::new(format!("`{text}` is not a size: write 64MiB, 256MB or 1GiB"));
        let (number, unit) = split_number(text).ok_or_else(wrong)?;
        let (_, factor) = BYTE_UNITS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()))
            .ok_or_else(wrong)?;
        number
            .checked_mul(*factor)
            .map(Self)
            .ok_or_else(|| ValueError::new(format!("`{text}` is too large")))
    }
}

impl TryFrom<String> for ByteSize {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = BYTE_UNITS
            .iter()
            .filter(|(_, factor)| self.0 != 0 || *factor == 1)
            .find(|(_, factor)| self.0.is_multiple_of(*factor));
        match unit {
            Some((name, factor)) => write!(formatter, "{}{name}", self.0 / factor),
            None => write!(formatter, "{}", self.0),
        }
    }
}

/// A length of time with units `ms`, `s`, `m`, `h`, `d`; parts may follow each other, largest
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct TimeSpan(Duration);

/// Units of [`TimeSpan`] in milliseconds, largest first.
const TIME_UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl TimeSpan {
    /// So many seconds.
    #[must_use]
    pub const fn seconds(count: u32) -> Self {
        // Widens.
        Self(Duration::from_secs(count as u64))
    }

    /// The length as the standard library has it.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for TimeSpan {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            let problem =
                format!("`{text}` is not a length of time: write 500ms, 30s, 5m, 12h or 7d");
            ValueError::new(problem)
        };
        if text.trim().parse::<f64>().is_ok() {
            return Err(ValueError::new(format!(
                "`{text}` has no unit: write {text}s for seconds"
            )));
        }
        let mut milliseconds = 0_u64;
        let mut previous = usize::MAX;
        let mut rest = text.trim();
        while !rest.is_empty() || previous == usize::MAX {
            let (number, after) = split_number(rest).ok_or_else(wrong)?;
            let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
            let (unit, next) = after.split_at_checked(end).ok_or_else(wrong)?;
            let rank = TIME_UNITS.iter().position(|(name, _)| *name == unit.trim());
            let rank = rank.filter(|rank| previous == usize::MAX || *rank > previous);
            let (_, factor) = rank.and_then(|rank| TIME_UNITS.get(rank)).ok_or_else(wrong)?;
            milliseconds = number
                .checked_mul(*factor)
                .and_then(|part| milliseconds.checked_add(part))
                .ok_or_else(|| ValueError::new(format!("`{text}` is too long")))?;
            previous = rank.unwrap_or(usize::MAX);
            rest = next;
        }
        Ok(Self(Duration::from_millis(milliseconds)))
    }
}

impl TryFrom<String> for TimeSpan {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if rest == 0 {
            return formatter.write_str("0s");
        }
        for (name, factor) in TIME_UNITS {
            if rest >= factor {
                write!(formatter, "{}{name}", rest / factor)?;
                rest %= factor;
            }
        }
        Ok(())
    }
}

/// Reads a length of time like `30s` or `7d`, for options of the command line.
///
/// # Errors
/// The text is not a length of time; the message says how one is written.
pub fn parse_duration(text: &str) -> Result<Duration, ValueError> {
    text.parse::<TimeSpan>().map(TimeSpan::duration)
}

/// The whole number that a text starts with, and what follows it.
fn split_number(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_size(text: &str, expected: Result<(u64, &str), &str>) {
        let actual = text.parse::<ByteSize>().map(|size| (size.bytes(), size.to_string()));
        let expected = expected.map(|(bytes, shown)| (bytes, shown.to_owned()));
        assert_eq!(actual, expected.map_err(ValueError::new), "{text}");
    }

    #[test]
    fn sizes_have_decimal_and_binary_units() {
        check_size("0", Ok((0, "0B")));
        check_size("1023", Ok((1023, "1023B")));
        check_size("64MiB", Ok((64 << 20, "64MiB")));
        check_size("64 mib", Ok((64 << 20, "64MiB")));
        check_size("256MB", Ok((256_000_000, "250000KiB")));
        check_size("3MB", Ok((3_000_000, "3MB")));
        check_size("1TiB", Ok((1 << 40, "1TiB")));
        check_size("7kB", Ok((7_000, "7kB")));
    }

    #[test]
    fn sizes_that_are_not_are_refused() {
        for text in ["", "MB", "1.5GB", "-1", "1 GB of memory", "1M", "0x10"] {
            let message = format!("`{text}` is not a size: write 64MiB, 256MB or 1GiB");
            check_size(text, Err(&message));
        }
        check_size("17000000TiB", Err("`17000000TiB` is too large"));
    }

    fn check_time(text: &str, expected: Result<(u64, &str), &str>) {
        let actual = text.parse::<TimeSpan>().map(|span| {
            (u64::try_from(span.duration().as_millis()).unwrap_or(0), span.to_string())
        });
        let expected = expected.map(|(milliseconds, shown)| (milliseconds, shown.to_owned()));
        assert_eq!(actual, expected.map_err(ValueError::new), "{text}");
    }

    #[test]
    fn times_have_units_and_parts() {
        check_time("30s", Ok((30_000, "30s")));
        check_time("5m", Ok((300_000, "5m")));
        check_time("1h30m", Ok((5_400_000, "1h30m")));
        check_time("90m", Ok((5_400_000, "1h30m")));
        check_time("7d", Ok((604_800_000, "7d")));
        check_time("500ms", Ok((500, "500ms")));
        check_time("1h 5s", Ok((3_605_000, "1h5s")));
        check_time("0s", Ok((0, "0s")));
    }

    #[test]
    fn times_that_are_not_are_refused() {
        for text in ["", "s", "5 minutes", "1.5h", "-5s", "5m1h", "5s5s", "1h30"] {
            let message =
                format!("`{text}` is not a length of time: write 500ms, 30s, 5m, 12h or 7d");
            check_time(text, Err(&message));
        }
        check_time("30", Err("`30` has no unit: write 30s for seconds"));
        check_time("999999999999999d", Err("`999999999999999d` is too long"));
    }
}
