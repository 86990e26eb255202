//! Microseconds since 1970, the clock times they stand for, and calendar arithmetic on them.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};

/// Microseconds of a second.
pub(super) const MICROS: i64 = 1_000_000;

/// The clock time of microseconds since 1970; none beyond the calendar (some 260,000 years).
pub(super) fn from_micros(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|moment| moment.naive_utc())
}

/// Microseconds since 1970 of a clock time.
pub(super) fn to_micros(moment: NaiveDateTime) -> i64 {
    moment.and_utc().timestamp_micros()
}

/// The date of days since 1970.
pub(super) fn from_days(days: i32) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(TimeDelta::try_days(i64::from(days))?)
}

/// Days since 1970 of a date.
pub(super) fn to_days(date: NaiveDate) -> Option<i32> {
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

/// A unit of `date_add` and `date_diff`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A unit of a fixed number of microseconds, shorter than a day.
    Clock(i64),
    /// A number of days.
    Days(i64),
    /// A number of months.
    Months(i64),
}

/// No unit has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown unit '{name}': expected millisecond, second, minute, hour, day, week, month, quarter \
        or year"
)]
pub(super) struct UnknownUnit {
    name: String,
}

impl Unit {
    /// Reads the name of a unit, in any case.
    ///
    /// # Errors
    /// [`UnknownUnit`] lists the names.
    pub(super) fn parse(name: &str) -> Result<Self, UnknownUnit> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "millisecond" => Self::Clock(1_000),
            "second" => Self::Clock(MICROS),
            "minute" => Self::Clock(60 * MICROS),
            "hour" => Self::Clock(3_600 * MICROS),
            "day" => Self::Days(1),
            "week" => Self::Days(7),
            "month" => Self::Months(1),
            "quarter" => Self::Months(3),
            "year" => Self::Months(12),
            _ => return Err(UnknownUnit { name: name.to_owned() }),
        })
    }
}

/// The clock time some days later, or earlier.
pub(super) fn add_days(moment: NaiveDateTime, days: i64) -> Option<NaiveDateTime> {
    let distance = Days::new(days.unsigned_abs());
    if days < 0 { moment.checked_sub_days(distance) } else { moment.checked_add_days(distance) }
}

/// The clock time some months later, or earlier; the day is the month's last where it is shorter.
pub(super) fn add_months(moment: NaiveDateTime, months: i64) -> Option<NaiveDateTime> {
    let distance = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    if months < 0 {
        moment.checked_sub_months(distance)
    } else {
        moment.checked_add_months(distance)
    }
}

/// Whole months from one clock time to another; negative backwards.
pub(super) fn months_between(from: NaiveDateTime, to: NaiveDateTime) -> Option<i64> {
    if to < from {
        return months_between(to, from).map(|months| -months);
    }
    let years = i64::from(to.year()) - i64::from(from.year());
    let months = years * 12 + i64::from(to.month()) - i64::from(from.month());
    let reached = add_months(from, months)?;
    Some(if reached > to { months - 1 } else { months })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chrono::NaiveDateTime;

    use super::{add_months, from_days, from_micros, months_between, to_days, to_micros};

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn micros_and_days_are_inverse() {
        for micros in [0, -1, 1, 1_700_000_000_123_456, -62_135_596_800_000_000] {
            assert_eq!(to_micros(from_micros(micros).unwrap()), micros);
        }
        for days in [0, -1, 1, 19_000, -719_162] {
            assert_eq!(to_days(from_days(days).unwrap()), Some(days));
        }
        assert_eq!(from_micros(i64::MAX), None);
    }

    #[test]
    fn counts_whole_months() {
        let check = |from: &str, to: &str, months: i64| {
            assert_eq!(months_between(at(from), at(to)), Some(months), "{from} {to}");
            assert_eq!(months_between(at(to), at(from)), Some(-months), "{to} {from}");
        };
        check("2024-01-31T00:00:00", "2024-02-29T00:00:00", 1);
        check("2024-01-31T00:00:01", "2024-02-29T00:00:00", 0);
        check("2024-01-15T00:00:00", "2025-01-14T23:59:59", 11);
        check("2020-02-29T00:00:00", "2024-02-29T00:00:00", 48);
    }

    #[test]
    fn shorter_months_end_on_their_last_day() {
        assert_eq!(add_months(at("2024-03-31T10:00:00"), -1), Some(at("2024-02-29T10:00:00")));
        assert_eq!(add_months(at("2024-03-31T10:00:00"), 1), Some(at("2024-04-30T10:00:00")));
        assert_eq!(add_months(at("2024-03-31T10:00:00"), i64::MAX), None);
    }
}
