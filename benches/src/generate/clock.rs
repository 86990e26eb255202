//! When generated events happen: a period of whole hours, busier by day than by night.

use std::fmt;

/// Start of every generated period: 2026-03-01T00:00:00Z, in milliseconds since 1970.
const START_MILLIS: u64 = 1_772_323_200_000;

const MILLIS_PER_HOUR: u64 = 3_600_000;

/// Parts of a day's events that fall into each of its hours.
const DAY_CURVE: [u64; 24] = [
    22, 20, 19, 19, 20, 24, 31, 42, 58, 68, 70, 67, 62, 66, 69, 68, 63, 55, 46, 40, 36, 33, 29, 25,
];

/// The hours over which events are spread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    hours: u64,
    weight: u64,
}

impl Period {
    /// A period of so many hours, at least one.
    #[must_use]
    pub(super) fn new(hours: u32) -> Self {
        let hours = u64::from(hours.max(1));
        Self { hours, weight: (0..hours).map(weight_of).sum() }
    }

    /// The time at which `done` of `total` events (or bytes) have happened.
    #[must_use]
    pub(super) fn time_at(&self, done: u64, total: u64) -> Time {
        // In thousandths of a part, so that times inside an hour differ.
        let scale = u128::from(self.weight) * 1_000_000;
        let mut left = u128::from(done) * scale / u128::from(total.max(1));
        for hour in 0..self.hours {
            let parts = u128::from(weight_of(hour)) * 1_000_000;
            if left < parts {
                // Less than an hour, so it fits.
                let inside = (left * u128::from(MILLIS_PER_HOUR) / parts) as u64;
                return Time(START_MILLIS + hour * MILLIS_PER_HOUR + inside);
            }
            left -= parts;
        }
        Time(START_MILLIS + self.hours * MILLIS_PER_HOUR - 1)
    }
}

fn weight_of(hour: u64) -> u64 {
    // The remainder is below 24.
    DAY_CURVE.get((hour % 24) as usize).copied().unwrap_or_default()
}

/// An instant in milliseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Time(u64);

/// How a time is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// `2026-03-01T05:04:03Z`
    Seconds,
    /// `2026-03-01T05:04:03.123Z`
    Millis,
    /// `2026-03-01 05:04:03.123`
    Blank,
}

impl Time {
    /// Whole seconds since 1970.
    #[must_use]
    pub(super) const fn as_seconds(self) -> u64 {
        self.0 / 1_000
    }

    /// An earlier instant, but none before the period.
    #[must_use]
    pub(super) fn minus_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_sub(millis).max(START_MILLIS))
    }

    /// The time in a written form.
    #[must_use]
    pub(super) const fn written(self, form: Form) -> WrittenTime {
        WrittenTime { time: self, form }
    }
}

/// A time with the form in which [`fmt::Display`] writes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct WrittenTime {
    time: Time,
    form: Form,
}

impl fmt::Display for WrittenTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.time.as_seconds();
        let (year, month, day) = date_of(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
        let separator = if matches!(self.form, Form::Blank) { ' ' } else { 'T' };
        write!(
            formatter,
            "{year}-{month:02}-{day:02}{separator}{hour:02}:{minute:02}:{second:02}"
        )?;
        match self.form {
            Form::Seconds => formatter.write_str("Z"),
            Form::Millis => write!(formatter, ".{:03}Z", self.time.0 % 1_000),
            Form::Blank => write!(formatter, ".{:03}", self.time.0 % 1_000),
        }
    }
}

/// Year, month and day of a number of days since 1970-01-01.
fn date_of(days: u64) -> (u64, u64, u64) {
    // Years are counted from March, in eras of 400 years, so that the leap day is a year's last.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::{Form, Period};

    #[test]
    fn the_period_is_covered_from_its_first_to_its_last_hour() {
        let period = Period::new(24);
        let first = period.time_at(0, 1_000).written(Form::Seconds).to_string();
        let last = period.time_at(999_999, 1_000_000).written(Form::Millis).to_string();
        assert_eq!(first, "2026-03-01T00:00:00Z");
        assert!(last.starts_with("2026-03-01T23:59:5"), "{last}");
        assert_eq!(
            period.time_at(2, 1).written(Form::Blank).to_string(),
            "2026-03-01 23:59:59.999"
        );
        assert_eq!(period.time_at(0, 1).minus_millis(5), period.time_at(0, 1));
    }

    #[test]
    fn times_never_run_backwards_over_several_days() {
        let period = Period::new(72);
        let times: Vec<_> = (0..5_000).map(|done| period.time_at(done, 5_000)).collect();
        assert!(times.is_sorted());
        let last = period.time_at(4_999, 5_000).written(Form::Seconds).to_string();
        assert!(last.starts_with("2026-03-03T23"), "{last}");
    }
}
