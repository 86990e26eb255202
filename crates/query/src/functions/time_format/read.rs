//! Reading a clock time by a format, and putting its fields together.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Weekday};

use super::{Element, Field, MONTHS, TimeFormat, WEEKDAYS};
use crate::functions::zone::{Zone, offset_seconds};

/// The text does not follow the format, or names a time that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read time '{text}' at position {position}")]
pub(in crate::functions) struct Unreadable {
    text: String,
    /// In characters, from 1; behind the end when the fields do not make a time.
    position: usize,
}

/// The fields that were read.
#[derive(Debug, Default)]
struct Fields {
    century: Option<i64>,
    year: Option<i64>,
    week_year: Option<i64>,
    month: Option<i64>,
    week: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    weekday: Option<i64>,
    hour: Option<i64>,
    half_day_hour: Option<i64>,
    afternoon: Option<bool>,
    before_christ: bool,
    minute: Option<i64>,
    second: Option<i64>,
    nanos: Option<u32>,
    zone: Option<Zone>,
}

impl TimeFormat {
    /// Reads a text that follows the format to its end. What the format does not have is that of
    /// 1970-01-01 00:00.
    ///
    /// # Errors
    /// [`Unreadable`] names the position.
    pub(in crate::functions) fn read(
        &self,
        text: &str,
    ) -> Result<(NaiveDateTime, Option<Zone>), Unreadable> {
        let unreadable = |rest: &str| {
            let read = text.len().saturating_sub(rest.len());
            let position = text.get(..read).unwrap_or(text).chars().count() + 1;
            Unreadable { text: text.to_owned(), position }
        };
        let mut fields = Fields::default();
        let mut rest = text;
        for element in &self.elements {
            rest = fields.take(element, rest).ok_or_else(|| unreadable(rest))?;
        }
        if !rest.is_empty() {
            return Err(unreadable(rest));
        }
        let local = fields.moment().ok_or_else(|| unreadable(""))?;
        Ok((local, fields.zone))
    }
}

impl Fields {
    /// Reads one element from the front of the text; gives the rest.
    fn take<'t>(&mut self, element: &Element, text: &'t str) -> Option<&'t str> {
        match element {
            Element::Literal(literal) => {
                let (start, rest) = text.split_at_checked(literal.len())?;
                start.eq_ignore_ascii_case(literal).then_some(rest)
            }
            Element::Number { field, digits_max, .. } => {
                let signed = matches!(field, Field::Year | Field::WeekYear);
                let (negative, digits) = match text.strip_prefix('-') {
                    Some(digits) if signed => (true, digits),
                    _ => (false, text.strip_prefix('+').filter(|_| signed).unwrap_or(text)),
                };
                let (value, rest) = split_number(digits, *digits_max)?;
                self.set(*field, if negative { -value } else { value })?;
                Some(rest)
            }
            Element::ShortYear(field) => {
                let (value, rest) = split_number(text, 2)?;
                self.set(*field, if value < 70 { 2000 + value } else { 1900 + value })?;
                Some(rest)
            }
            Element::Fraction { digits_max, .. } => {
                let (digits, rest) = split_digits(text, *digits_max)?;
                let nanos = digits.get(..9).unwrap_or(digits);
                let scale = u32::try_from(9 - nanos.len()).ok()?;
                self.nanos = Some(nanos.parse::<u32>().ok()? * 10_u32.pow(scale));
                Some(rest)
            }
            Element::MonthName { .. } => {
                let (month, rest) = split_name(text, &MONTHS)?;
                self.month = Some(month);
                Some(rest)
            }
            Element::WeekdayName { .. } => {
                let (weekday, rest) = split_name(text, &WEEKDAYS)?;
                self.weekday = Some(weekday);
                Some(rest)
            }
            Element::HalfDay => {
                let (half, rest) = split_name(text, &["AM", "PM"])?;
                self.afternoon = Some(half == 2);
                Some(rest)
            }
            Element::Era => {
                let (era, rest) = split_name(text, &["AD", "BC"])?;
                self.before_christ = era == 2;
                Some(rest)
            }
            Element::Offset { .. } | Element::ZoneName { .. } => {
                let (zone, rest) = split_zone(text)?;
                self.zone = Some(zone);
                Some(rest)
            }
        }
    }

    /// Keeps a field that is in its range.
    fn set(&mut self, field: Field, value: i64) -> Option<()> {
        let (place, range) = match field {
            Field::Century => (&mut self.century, 0..=9_999_999),
            Field::Year => (&mut self.year, -999_999_999..=999_999_999),
            Field::WeekYear => (&mut self.week_year, -999_999_999..=999_999_999),
            Field::Month => (&mut self.month, 1..=12),
            Field::Week => (&mut self.week, 1..=53),
            Field::Day => (&mut self.day, 1..=31),
            Field::DayOfYear => (&mut self.day_of_year, 1..=366),
            Field::Weekday => (&mut self.weekday, 1..=7),
            Field::Hour => (&mut self.hour, 0..=23),
            Field::ClockHour => (&mut self.hour, 1..=24),
            Field::HalfDayHour => (&mut self.half_day_hour, 0..=11),
            Field::HalfDayClockHour => (&mut self.half_day_hour, 1..=12),
            Field::Minute => (&mut self.minute, 0..=59),
            Field::Second => (&mut self.second, 0..=59),
        };
        if !range.contains(&value) {
            return None;
        }
        *place = Some(match field {
            Field::ClockHour => value % 24,
            Field::HalfDayClockHour => value % 12,
            _ => value,
        });
        Some(())
    }

    fn moment(&self) -> Option<NaiveDateTime> {
        let hour = match (self.hour, self.half_day_hour) {
            (Some(hour), _) => hour,
            (None, Some(hour)) => hour + if self.afternoon == Some(true) { 12 } else { 0 },
            (None, None) => {
                if self.afternoon == Some(true) {
                    12
                } else {
                    0
                }
            }
        };
        let part = |value: Option<i64>| u32::try_from(value.unwrap_or(0)).ok();
        let time = NaiveTime::from_hms_nano_opt(
            u32::try_from(hour).ok()?,
            part(self.minute)?,
            part(self.second)?,
            self.nanos.unwrap_or(0),
        )?;
        Some(self.date()?.and_time(time))
    }

    fn date(&self) -> Option<NaiveDate> {
        if self.week_year.is_some() || self.week.is_some() {
            let year = i32::try_from(self.week_year.or(self.year).unwrap_or(1970)).ok()?;
            let week = u32::try_from(self.week.unwrap_or(1)).ok()?;
            let weekday = u8::try_from(self.weekday.unwrap_or(1) - 1).ok()?;
            return NaiveDate::from_isoywd_opt(year, week, Weekday::try_from(weekday).ok()?);
        }
        let year = match (self.year, self.century) {
            (Some(year), _) if self.before_christ => 1 - year,
            (Some(year), _) => year,
            (None, Some(century)) => century * 100,
            (None, None) => 1970,
        };
        let year = i32::try_from(year).ok()?;
        if let Some(day) = self.day_of_year {
            return NaiveDate::from_yo_opt(year, u32::try_from(day).ok()?);
        }
        let month = u32::try_from(self.month.unwrap_or(1)).ok()?;
        NaiveDate::from_ymd_opt(year, month, u32::try_from(self.day.unwrap_or(1)).ok()?)
    }
}

/// Splits off one to `digits_max` digits.
fn split_digits(text: &str, digits_max: usize) -> Option<(&str, &str)> {
    let count = text.bytes().take(digits_max).take_while(u8::is_ascii_digit).count();
    if count == 0 { None } else { text.split_at_checked(count) }
}

fn split_number(text: &str, digits_max: usize) -> Option<(i64, &str)> {
    let (digits, rest) = split_digits(text, digits_max)?;
    Some((digits.parse().ok()?, rest))
}

/// Splits off a name, or its first three letters, in any case; gives its place from 1.
fn split_name<'t>(text: &'t str, names: &[&str]) -> Option<(i64, &'t str)> {
    let strip = |name: &str| {
        let (start, rest) = text.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then_some(rest)
    };
    let places = || (1..).zip(names);
    places()
        .find_map(|(place, name)| Some((place, strip(name)?)))
        .or_else(|| places().find_map(|(place, name)| Some((place, strip(name.get(..3)?)?))))
}

/// Splits off an offset (`Z`, `+02`, `+0200`, `+02:00`) or the name of a zone.
fn split_zone(text: &str) -> Option<(Zone, &str)> {
    if text.starts_with(['+', '-']) {
        let lengths = [6, 5, 3].into_iter();
        let mut fitting = lengths.filter_map(|length| text.split_at_checked(length));
        let (offset, rest) = fitting.find(|(offset, _)| offset_seconds(offset).is_some())?;
        return Some((Zone::parse(offset).ok()?, rest));
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let zone = match american_offset(name) {
        Some(offset) => Zone::parse(offset).ok()?,
        None => Zone::parse(name).ok()?,
    };
    Some((zone, rest))
}

/// The abbreviations that Joda reads.
fn american_offset(name: &str) -> Option<&'static str> {
    Some(match name {
        "UT" | "GMT" => "UTC",
        "EST" => "-05:00",
        "EDT" => "-04:00",
        "CST" => "-06:00",
        "CDT" => "-05:00",
        "MST" => "-07:00",
        "MDT" => "-06:00",
        "PST" => "-08:00",
        "PDT" => "-07:00",
        _ => return None,
    })
}
