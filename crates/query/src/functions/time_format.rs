//! Formats of clock times: the format strings of MySQL (`%Y-%m-%d`) and of Joda (`yyyy-MM-dd`)
//! compile to one list of elements, which writes and reads.

mod compile;
mod read;

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDateTime, TimeZone, Timelike};

use super::zone::Zone;

pub(super) use compile::FormatError;

/// A compiled format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TimeFormat {
    elements: Vec<Element>,
}

/// One part of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Element {
    Literal(String),
    /// A number padded with zeros to `width`; reading takes `digits_max` digits at most.
    Number {
        field: Field,
        width: usize,
        digits_max: usize,
    },
    /// Two digits of the year: 70 to 99 are 1970 to 1999, 00 to 69 are 2000 to 2069.
    ShortYear(Field),
    /// The fraction of a second: `digits` when written, up to `digits_max` when read.
    Fraction {
        digits: usize,
        digits_max: usize,
    },
    MonthName {
        short: bool,
    },
    WeekdayName {
        short: bool,
    },
    /// `AM` or `PM`
    HalfDay,
    /// `AD` or `BC`
    Era,
    /// `+0200`, or `+02:00`
    Offset {
        colon: bool,
    },
    /// `Europe/Vienna`, or its short form `CEST`
    ZoneName {
        short: bool,
    },
}

/// A field of a clock time that is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Century,
    Year,
    WeekYear,
    Month,
    Week,
    Day,
    DayOfYear,
    /// 1 is Monday.
    Weekday,
    /// 0 to 23
    Hour,
    /// 1 to 24
    ClockHour,
    /// 0 to 11
    HalfDayHour,
    /// 1 to 12
    HalfDayClockHour,
    Minute,
    Second,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The name at a place, or its first three letters.
fn name_at(names: &'static [&'static str], index: u32, short: bool) -> &'static str {
    let name = usize::try_from(index).ok().and_then(|index| names.get(index)).copied();
    let name = name.unwrap_or_default();
    if short { name.get(..3).unwrap_or(name) } else { name }
}

impl TimeFormat {
    /// Appends a clock time of a zone.
    pub(super) fn write(&self, local: NaiveDateTime, zone: Zone, out: &mut String) {
        for element in &self.elements {
            match element {
                Element::Literal(text) => out.push_str(text),
                Element::Number { field, width, .. } => {
                    write_padded(value_of(*field, local), *width, out);
                }
                Element::ShortYear(field) => {
                    write_padded(value_of(*field, local).rem_euclid(100), 2, out);
                }
                Element::Fraction { digits, .. } => {
                    let nanos = format!("{:09}", local.nanosecond() % 1_000_000_000);
                    out.push_str(nanos.get(..*digits).unwrap_or(&nanos));
                    out.extend(std::iter::repeat_n('0', digits.saturating_sub(9)));
                }
                Element::MonthName { short } => {
                    out.push_str(name_at(&MONTHS, local.month0(), *short));
                }
                Element::WeekdayName { short } => {
                    let weekday = local.weekday().num_days_from_monday();
                    out.push_str(name_at(&WEEKDAYS, weekday, *short));
                }
                Element::HalfDay => out.push_str(if local.hour() < 12 { "AM" } else { "PM" }),
                Element::Era => out.push_str(if local.year() > 0 { "AD" } else { "BC" }),
                Element::Offset { colon } => write_offset(local, zone, *colon, out),
                Element::ZoneName { short } => write_zone(local, zone, *short, out),
            }
        }
    }
}

fn value_of(field: Field, local: NaiveDateTime) -> i64 {
    match field {
        Field::Century => i64::from(local.year()).div_euclid(100),
        Field::Year => i64::from(local.year()),
        Field::WeekYear => i64::from(local.iso_week().year()),
        Field::Month => i64::from(local.month()),
        Field::Week => i64::from(local.iso_week().week()),
        Field::Day => i64::from(local.day()),
        Field::DayOfYear => i64::from(local.ordinal()),
        Field::Weekday => i64::from(local.weekday().number_from_monday()),
        Field::Hour => i64::from(local.hour()),
        Field::ClockHour => i64::from((local.hour() + 23) % 24 + 1),
        Field::HalfDayHour => i64::from(local.hour() % 12),
        Field::HalfDayClockHour => i64::from((local.hour() + 11) % 12 + 1),
        Field::Minute => i64::from(local.minute()),
        Field::Second => i64::from(local.second()),
    }
}

fn write_padded(value: i64, width: usize, out: &mut String) {
    let sign = if value < 0 { "-" } else { "" };
    let _infallible = write!(out, "{sign}{:0width$}", value.unsigned_abs());
}

fn write_offset(local: NaiveDateTime, zone: Zone, colon: bool, out: &mut String) {
    let seconds = zone.utc(local).map_or(0, |utc| zone.offset_at(utc).local_minus_utc());
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    let colon = if colon { ":" } else { "" };
    let _infallible = write!(out, "{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60);
}

fn write_zone(local: NaiveDateTime, zone: Zone, short: bool, out: &mut String) {
    match zone {
        Zone::Utc => out.push_str("UTC"),
        Zone::Fixed(_) => write_offset(local, zone, true, out),
        Zone::Named(named) if short => {
            let utc = zone.utc(local).unwrap_or(local);
            let _infallible = write!(out, "{}", named.offset_from_utc_datetime(&utc));
        }
        Zone::Named(named) => out.push_str(named.name()),
    }
}

#[cfg(test)]
mod tests;
