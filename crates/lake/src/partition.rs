//! Hours as partitions: from an instant to `year/month/day/hour` and back, for every instant that
//! 64 bits can hold (no event is too old, nor too far in the future).

use headwater_event::Timestamp;
use headwater_event::schema::PARTITION_COLUMNS;

/// Microseconds in an hour.
const HOUR_MICROS: i64 = 3_600_000_000;

/// One hour of table time, UTC: hours since the epoch, negative before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HourPartition(i64);

impl HourPartition {
    /// The hour that contains an instant.
    #[must_use]
    pub const fn of(time: Timestamp) -> Self {
        Self(time.as_micros().div_euclid(HOUR_MICROS))
    }

    /// The hour that partition values name; `None` when they name no hour of the calendar.
    #[must_use]
    pub fn parse(values: [&str; 4]) -> Option<Self> {
        let [year, month, day, hour] = values.map(str::parse::<i64>);
        let (year, month, day, hour) = (year.ok()?, month.ok()?, day.ok()?, hour.ok()?);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(0..24).contains(&hour) {
            return None;
        }
        let days = days_of(year, month, day)?;
        days.checked_mul(24)?.checked_add(hour).map(Self)
    }

    /// First instant of the hour (the earliest one that exists, for the hour in which time begins).
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_mul(HOUR_MICROS))
    }

    /// First instant after the hour.
    #[must_use]
    pub const fn end(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_add(1).saturating_mul(HOUR_MICROS))
    }

    /// Hours since the epoch.
    pub(crate) const fn number(self) -> i64 {
        self.0
    }

    /// The day of the hour, in days since the epoch.
    #[must_use]
    pub fn date(self) -> i32 {
        i32::try_from(self.0.div_euclid(24)).unwrap_or(i32::MAX)
    }

    /// Values of the partition columns, in their order: `YYYY`, `MM`, `DD`, `HH`. Years before 0
    /// have a sign, years after 9999 more digits.
    #[must_use]
    pub fn values(self) -> [String; 4] {
        let (year, month, day) = date_of(self.0.div_euclid(24));
        let hour = self.0.rem_euclid(24);
        let sign = if year < 0 { "-" } else { "" };
        [
            format!("{sign}{:04}", year.unsigned_abs()),
            format!("{month:02}"),
            format!("{day:02}"),
            format!("{hour:02}"),
        ]
    }

    /// Folder of the hour inside a table: `year=2026/month=03/day=01/hour=05`.
    #[must_use]
    pub fn folder(self) -> String {
        let parts: Vec<String> = PARTITION_COLUMNS
            .iter()
            .zip(self.values())
            .map(|(column, value)| format!("{column}={value}"))
            .collect();
        parts.join("/")
    }
}

/// Days in 400 years of the Gregorian calendar, after which it repeats.
const ERA_DAYS: i64 = 146_097;

/// Days between 0000-03-01 and 1970-01-01.
const EPOCH_DAYS: i64 = 719_468;

/// Year, month and day of a count of days since the epoch, in the proleptic Gregorian calendar.
/// Years are counted from March here, so that the leap day is the last one.
fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + EPOCH_DAYS;
    let era = shifted.div_euclid(ERA_DAYS);
    let day_of_era = shifted.rem_euclid(ERA_DAYS);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Days since the epoch of a date; `None` when the year is beyond what 64 bits of time can reach.
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(-300_000..=300_000).contains(&year) {
        return None;
    }
    let shifted_year = year - i64::from(month <= 2);
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * ERA_DAYS + day_of_era - EPOCH_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_hour_of_any_instant_and_back() {
        let cases = [
            (0, "year=1970/month=01/day=01/hour=00"),
            (-1, "year=1969/month=12/day=31/hour=23"),
            (1_772_342_999_999_999, "year=2026/month=03/day=01/hour=05"),
            (951_782_400_000_000, "year=2000/month=02/day=29/hour=00"),
            (-62_135_596_800_000_000, "year=0001/month=01/day=01/hour=00"),
            (253_402_300_799_999_999, "year=9999/month=12/day=31/hour=23"),
            (253_402_300_800_000_000, "year=10000/month=01/day=01/hour=00"),
            (-62_167_219_200_000_001, "year=-0001/month=12/day=31/hour=23"),
            (i64::MAX, "year=294247/month=01/day=10/hour=04"),
            (i64::MIN, "year=-290308/month=12/day=21/hour=19"),
        ];
        for (micros, folder) in cases {
            let time = Timestamp::from_micros(micros);
            let hour = HourPartition::of(time);
            assert_eq!(hour.folder(), folder);
            let values = hour.values();
            let [year, month, day, hour_of_day] = &values;
            assert_eq!(
                HourPartition::parse([year, month, day, hour_of_day]),
                Some(hour),
                "{folder}"
            );
            assert!(hour.start() <= time, "{folder}");
            assert!(time <= hour.end(), "{folder}");
        }
    }

    #[test]
    fn refuses_values_that_are_no_hour() {
        for values in [
            ["2026", "13", "01", "00"],
            ["2026", "01", "32", "00"],
            ["2026", "01", "01", "24"],
            ["2026", "01", "", "00"],
            ["999999999", "01", "01", "00"],
        ] {
            assert_eq!(HourPartition::parse(values), None, "{values:?}");
        }
    }
}
