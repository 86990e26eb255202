//! The proleptic Gregorian calendar as day numbers, in plain integers: no limit on years and no
//! allocation. Day 0 is 1970-01-01.

/// Days from 0001-01-01 to 1970-01-01.
const DAYS_BEFORE_EPOCH: i64 = 719_162;
const DAYS_IN_400_YEARS: i64 = 146_097;
const DAYS_IN_100_YEARS: i64 = 36_524;
const DAYS_IN_4_YEARS: i64 = 1_461;

/// Days before the first of each month in a year that is not a leap year.
const DAYS_BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// A calendar date. Fields that come from [`date_of_day`] are always valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    /// 1 to 12.
    pub(super) month: i64,
    /// 1 to 31.
    pub(super) day: i64,
}

/// Number of the day, or `None` when there is no such date or the year is not in 1 to 9999.
pub(super) fn day_of_date(date: Date) -> Option<i64> {
    let Date { year, month, day } = date;
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    if day < 1 || day > days_in_month(year, month) {
        return None;
    }
    Some(day_of_year_start(year) + days_before_month(year, month) + day - 1)
}

/// The date of a day number. Total: works for every `i64` that microseconds can reach.
pub(super) fn date_of_day(day: i64) -> Date {
    let since_year_one = day + DAYS_BEFORE_EPOCH;
    let cycles = since_year_one.div_euclid(DAYS_IN_400_YEARS);
    let mut rest = since_year_one.rem_euclid(DAYS_IN_400_YEARS);
    // The last day of a leap year would otherwise count as a fifth century or a fifth year.
    let centuries = (rest / DAYS_IN_100_YEARS).min(3);
    rest -= centuries * DAYS_IN_100_YEARS;
    let leap_cycles = rest / DAYS_IN_4_YEARS;
    rest -= leap_cycles * DAYS_IN_4_YEARS;
    let years = (rest / 365).min(3);
    rest -= years * 365;

    let year = cycles * 400 + centuries * 100 + leap_cycles * 4 + years + 1;
    // A month has at most 31 days, so this guess is right or one too small.
    let guess = rest / 31 + 1;
    let month =
        if guess < 12 && rest >= days_before_month(year, guess + 1) { guess + 1 } else { guess };
    Date { year, month, day: rest - days_before_month(year, month) + 1 }
}

/// Day number of a week date: week 1 holds the year's first Thursday, weekday 1 is Monday.
pub(super) fn day_of_week_date(year: i64, week: i64, weekday: i64) -> Option<i64> {
    if !(1..=9999).contains(&year) || !(1..=7).contains(&weekday) {
        return None;
    }
    let weeks = if weeks_start(year + 1) - weeks_start(year) > 364 { 53 } else { 52 };
    (1..=weeks).contains(&week).then(|| weeks_start(year) + (week - 1) * 7 + weekday - 1)
}

/// Day number of the n-th day of a year, counted from 1.
pub(super) fn day_of_ordinal_date(year: i64, ordinal: i64) -> Option<i64> {
    let days_in_year = if is_leap(year) { 366 } else { 365 };
    ((1..=9999).contains(&year) && (1..=days_in_year).contains(&ordinal))
        .then(|| day_of_year_start(year) + ordinal - 1)
}

/// The Monday of week 1.
fn weeks_start(year: i64) -> i64 {
    let fourth_of_january = day_of_year_start(year) + 3;
    // 1970-01-01 was a Thursday, three days after a Monday.
    fourth_of_january - (fourth_of_january + 3).rem_euclid(7)
}

fn day_of_year_start(year: i64) -> i64 {
    let before = year - 1;
    before * 365 + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400)
        - DAYS_BEFORE_EPOCH
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_before_month(year: i64, month: i64) -> i64 {
    let index = usize::try_from(month - 1).unwrap_or(0);
    let days = DAYS_BEFORE_MONTH.get(index).copied().unwrap_or(0);
    if month > 2 && is_leap(year) { days + 1 } else { days }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use chrono::{Datelike, NaiveDate};
    use proptest::prelude::*;

    use super::{Date, date_of_day, day_of_date, day_of_ordinal_date, day_of_week_date};

    fn chrono_day(date: NaiveDate) -> i64 {
        (date - NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()).num_days()
    }

    #[test]
    fn dates_that_do_not_exist_have_no_day() {
        for (year, month, day) in [
            (0, 1, 1),
            (10_000, 1, 1),
            (2020, 0, 1),
            (2020, 13, 1),
            (2020, 1, 0),
            (2020, 4, 31),
            (2019, 2, 29),
            (1900, 2, 29),
        ] {
            assert_eq!(day_of_date(Date { year, month, day }), None, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn every_day_of_a_400_year_cycle_agrees_with_chrono() {
        let mut date = NaiveDate::from_ymd_opt(1799, 12, 30).unwrap();
        for _ in 0..147_000 {
            let day = chrono_day(date);
            let ours = Date {
                year: i64::from(date.year()),
                month: i64::from(date.month()),
                day: i64::from(date.day()),
            };
            assert_eq!((day_of_date(ours), date_of_day(day)), (Some(day), ours));
            let week = date.iso_week();
            let weekday = i64::from(date.weekday().number_from_monday());
            assert_eq!(
                day_of_week_date(week.year().into(), week.week().into(), weekday),
                Some(day)
            );
            let ordinal = i64::from(date.ordinal());
            assert_eq!(day_of_ordinal_date(ours.year, ordinal), Some(day));
            date = date.succ_opt().unwrap();
        }
    }

    #[test]
    fn weeks_and_ordinals_outside_the_year_have_no_day() {
        assert_eq!(day_of_week_date(2019, 53, 1), None);
        assert!(day_of_week_date(2020, 53, 1).is_some());
        assert_eq!(day_of_week_date(2020, 0, 1), None);
        assert_eq!(day_of_week_date(2020, 1, 8), None);
        assert_eq!(day_of_ordinal_date(2019, 366), None);
        assert!(day_of_ordinal_date(2020, 366).is_some());
    }

    proptest! {
        #[test]
        fn far_days_follow_each_other(day in -106_751_991_i64..106_751_991) {
            let (today, tomorrow) = (date_of_day(day), date_of_day(day + 1));
            let next_day = tomorrow == Date { day: today.day + 1, ..today };
            let next_month = tomorrow == Date { month: today.month + 1, day: 1, ..today };
            let next_year = tomorrow == Date { year: today.year + 1, month: 1, day: 1 }
                && today.month == 12 && today.day == 31;
            prop_assert!(next_day || (next_month && today.day >= 28) || next_year);
        }
    }
}
