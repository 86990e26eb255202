//! `from_iso8601_timestamp`, `from_iso8601_date`, `to_iso8601`.

use std::fmt::Write as _;

use arrow::array::{ArrayRef, Date32Array};
use arrow::datatypes::DataType;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};
use datafusion::common::Result;

use super::argument::{Argument, utc_instant};
use super::call::Call;
use super::definition::Definition;
use super::moment::{from_days, from_micros, to_days, to_micros};
use super::reference::{Group, Reference};
use super::zone::{Zone, offset_seconds};

pub(super) static FROM_ISO8601_TIMESTAMP: Definition = Definition {
    reference: Reference {
        name: "from_iso8601_timestamp",
        aliases: &["from_iso8601_timestamp_nanos"],
        group: Group::Time,
        syntax: "from_iso8601_timestamp(text)",
        result: "timestamp with time zone",
        description: "Reads an ISO 8601 time: a calendar date, week date or day of the year, then \
            perhaps a time and an offset. Without offset it is in UTC. Anything else is an error.",
        example: (
            "from_iso8601_timestamp('2020-05-11T11:15:05.055+01:00')",
            "2020-05-11T10:15:05.055Z",
        ),
        difference: "The instant is Trino's, but in microseconds and shown in UTC: a column has \
            one zone.",
    },
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(utc_instant()),
    strict: true,
    evaluate: evaluate_timestamp,
};

pub(super) static FROM_ISO8601_DATE: Definition = Definition {
    reference: Reference {
        name: "from_iso8601_date",
        aliases: &[],
        group: Group::Time,
        syntax: "from_iso8601_date(text)",
        result: "date",
        description: "Reads an ISO 8601 date: `2020-05-11`, `2020-W10-1` or `2020-123`. Anything \
            else is an error.",
        example: ("from_iso8601_date('2020-W10')", "2020-03-02"),
        difference: "",
    },
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Date32),
    strict: true,
    evaluate: evaluate_date,
};

pub(super) static TO_ISO8601: Definition = Definition {
    reference: Reference {
        name: "to_iso8601",
        aliases: &[],
        group: Group::Time,
        syntax: "to_iso8601(time)",
        result: "varchar",
        description: "Writes a date or a timestamp in ISO 8601, with milliseconds, or \
            microseconds where there are some, and with the offset where the timestamp has a \
            zone.",
        example: (
            "to_iso8601(from_iso8601_timestamp('2020-05-11T11:15:05+01:00'))",
            "2020-05-11T10:15:05.000Z",
        ),
        difference: "",
    },
    forms: &[&[Argument::DateOnly], &[Argument::Instant]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: evaluate_to_text,
};

fn evaluate_timestamp(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    call.build_instants(|row| match texts.value(row) {
        Some(text) => match parse_timestamp(text) {
            Some(utc) => Ok(Some(to_micros(utc))),
            None => Err(call.error(format!("'{text}' is not an ISO 8601 time"))),
        },
        None => Ok(None),
    })
}

fn evaluate_date(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    call.collect::<Date32Array, _>(|row| match texts.value(row) {
        Some(text) => match parse_date(text).and_then(to_days) {
            Some(days) => Ok(Some(days)),
            None => Err(call.error(format!("'{text}' is not an ISO 8601 date"))),
        },
        None => Ok(None),
    })
}

fn evaluate_to_text(call: &Call<'_>) -> Result<ArrayRef> {
    let beyond = || call.error("the time is beyond the calendar");
    if call.data_type(0)? == DataType::Date32 {
        let dates = call.date(0)?;
        return call.build_text(|row, out| {
            let Some(days) = dates.value(row) else { return Ok(false) };
            let _infallible = write!(out, "{}", from_days(days).ok_or_else(beyond)?);
            Ok(true)
        });
    }
    let (instants, zone) = (call.instant(0)?, call.zone(0)?);
    let zoned = matches!(call.data_type(0)?, DataType::Timestamp(_, Some(_)));
    call.build_text(|row, out| {
        let Some(micros) = instants.value(row) else { return Ok(false) };
        let utc = from_micros(micros).ok_or_else(beyond)?;
        let local = zone.local(utc).ok_or_else(beyond)?;
        let fraction = if local.nanosecond() % 1_000_000 == 0 { "%.3f" } else { "%.6f" };
        let _infallible = write!(out, "{}", local.format(&format!("%Y-%m-%dT%H:%M:%S{fraction}")));
        if zoned {
            match zone {
                Zone::Utc => out.push('Z'),
                _ => out.push_str(&zone.offset_at(utc).to_string()),
            }
        }
        Ok(true)
    })
}

/// Reads a date with or without a time, or `T` and a time, to an instant in UTC.
fn parse_timestamp(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let date = if date.is_empty() && !time.is_empty() {
        Some(NaiveDate::default())
    } else {
        parse_date(date)
    }?;
    let zone_start = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone_start)?;
    let zone = match zone {
        "" => Zone::Utc,
        "Z" => Zone::Utc,
        offset => {
            offset_seconds(offset)?;
            Zone::parse(offset).ok()?
        }
    };
    let (days, time) = parse_clock(clock)?;
    let local = date.checked_add_days(chrono::Days::new(days))?.and_time(time);
    zone.utc(local)
}

/// Reads `YYYY[-MM[-DD]]`, `YYYY-Www[-D]` or `YYYY-DDD`; the year has four to nine digits and
/// perhaps a sign.
fn parse_date(text: &str) -> Option<NaiveDate> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = unsigned.split('-');
    let year = parts.next().filter(|year| (4..=9).contains(&year.len()))?;
    let year = i32::try_from(digits(year)?).ok()?;
    let year = if negative { -year } else { year };
    let (second, third) = (parts.next(), parts.next());
    if parts.next().is_some() {
        return None;
    }
    match (second, third) {
        (Some(week), weekday) if week.starts_with('W') => {
            let weekday = match weekday {
                Some(weekday) if weekday.len() == 1 => digits(weekday)?.checked_sub(1)?,
                Some(_) => return None,
                None => 0,
            };
            let weekday = Weekday::try_from(u8::try_from(weekday).ok()?).ok()?;
            let week = week.get(1..).filter(|week| week.len() == 2)?;
            NaiveDate::from_isoywd_opt(year, digits(week)?, weekday)
        }
        (Some(day), None) if day.len() == 3 => NaiveDate::from_yo_opt(year, digits(day)?),
        (month, day) => {
            let field = |field: Option<&str>| match field {
                Some(text) if text.len() <= 2 => digits(text),
                Some(_) => None,
                None => Some(1),
            };
            NaiveDate::from_ymd_opt(year, field(month)?, field(day)?)
        }
    }
}

/// Reads `HH[:MM[:SS]]`, the last part perhaps with a fraction; 24:00 is the next day. Nothing is
/// midnight.
fn parse_clock(text: &str) -> Option<(u64, NaiveTime)> {
    if text.is_empty() {
        return Some((0, NaiveTime::MIN));
    }
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (text, ""),
    };
    let mut units = [0_u32; 3];
    let mut unit_nanos = 3_600_000_000_000_u64;
    let parts: Vec<&str> = whole.split(':').collect();
    if parts.len() > units.len() {
        return None;
    }
    for (unit, part) in units.iter_mut().zip(&parts) {
        *unit = digits(part).filter(|_| part.len() <= 2)?;
    }
    for _ in 1..parts.len() {
        unit_nanos /= 60;
    }
    let [hour, minute, second] = units;
    let days = u64::from(hour == 24 && minute == 0 && second == 0 && fraction.is_empty());
    let base = NaiveTime::from_hms_opt(if days == 1 { 0 } else { hour }, minute, second)?;
    let nanos = fraction_of(fraction, unit_nanos)?;
    let (time, overflow) = base.overflowing_add_signed(chrono::TimeDelta::nanoseconds(nanos));
    (overflow == 0).then_some((days, time))
}

/// A decimal fraction of a unit, in nanoseconds; digits beyond the twelfth do not count.
fn fraction_of(fraction: &str, unit_nanos: u64) -> Option<i64> {
    if fraction.is_empty() {
        return Some(0);
    }
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let counted = fraction.get(..12).unwrap_or(fraction);
    let scale = 10_u128.pow(u32::try_from(counted.len()).ok()?);
    let nanos = counted.parse::<u128>().ok()? * u128::from(unit_nanos) / scale;
    i64::try_from(nanos).ok()
}

fn digits(text: &str) -> Option<u32> {
    let only_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if only_digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{parse_date, parse_timestamp};

    #[test]
    fn reads_every_form() {
        let check = |text: &str, expected: &str| {
            let found = parse_timestamp(text).map(|utc| utc.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        };
        check("2020-05-11", "2020-05-11 00:00:00");
        check("2020-05", "2020-05-01 00:00:00");
        check("2020", "2020-01-01 00:00:00");
        check("2020-05-11T", "2020-05-11 00:00:00");
        check("2020-05-11T11", "2020-05-11 11:00:00");
        check("2020-05-11T11.5", "2020-05-11 11:30:00");
        check("2020-05-11T11:15,5", "2020-05-11 11:15:30");
        check("2020-05-11T11:15:05.055+01:00", "2020-05-11 10:15:05.055");
        check("2020-05-11T11:15:05.123456789Z", "2020-05-11 11:15:05.123456789");
        check("2020-05-11T11:15:05-0530", "2020-05-11 16:45:05");
        check("2020-05-11T24:00", "2020-05-12 00:00:00");
        check("2020-W10-3T01:00", "2020-03-04 01:00:00");
        check("2020-123", "2020-05-02 00:00:00");
        check("T10:30Z", "1970-01-01 10:30:00");
        check("-0001-01-01", "-0001-01-01 00:00:00");
    }

    #[test]
    fn refuses_the_rest() {
        let texts = [
            "",
            "20",
            "2020-13-01",
            "2020-02-30",
            "2020-05-11 11:15",
            "2020-05-11T25:00",
            "11:15",
            "2020-05-11T11:15:05.",
            "2020-05-11T11:15:05+25:00",
            "2020-05-11T1:2:3:4",
            "2020-W54",
            "2020-W1",
            "2020-366-1",
            "2021-366",
            "2020-05-11T11:60",
            "2020-05-11T24:01",
            "2020-05-11Tx",
            "2020-05-111",
            "2020-5-",
            "２０２０-05-11",
            "2020-05-11T11:15:05 Z",
        ];
        for text in texts {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
        assert_eq!(parse_date("2020-05-11T00:00"), None);
    }
}
