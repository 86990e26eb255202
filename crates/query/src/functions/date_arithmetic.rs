//! `date_add` and `date_diff`: distances in time by named units.

use arrow::array::{ArrayRef, Date32Array, Int64Array};
use arrow::datatypes::DataType;
use chrono::{NaiveDate, NaiveTime};
use datafusion::common::{DataFusionError, Result};

use super::argument::Argument;
use super::call::{Call, Compiled};
use super::definition::Definition;
use super::moment::{
    Unit, add_days, add_months, from_days, from_micros, months_between, to_days, to_micros,
};
use super::reference::{Group, Reference};
use super::zone::Zone;

pub(super) static DATE_ADD: Definition = Definition {
    reference: Reference {
        name: "date_add",
        aliases: &[],
        group: Group::Time,
        syntax: "date_add(unit, count, time)",
        result: "as time",
        description: "The date or timestamp some units later, or earlier when the count is \
            negative. The units are `millisecond`, `second`, `minute`, `hour`, `day`, `week`, \
            `month`, `quarter`, `year`; days and longer ones count on the calendar of the \
            timestamp's zone.",
        example: ("date_add('month', 1, DATE '2024-01-31')", "2024-02-29"),
        difference: "",
    },
    forms: &[
        &[Argument::Text, Argument::Integer, Argument::DateOnly],
        &[Argument::Text, Argument::Integer, Argument::Instant],
    ],
    returns: |planned| {
        planned.check_text(0, Unit::parse)?;
        Ok(planned.data_type(2).clone())
    },
    strict: true,
    evaluate: evaluate_add,
};

pub(super) static DATE_DIFF: Definition = Definition {
    reference: Reference {
        name: "date_diff",
        aliases: &[],
        group: Group::Time,
        syntax: "date_diff(unit, start, end)",
        result: "bigint",
        description: "How many whole units lie between two dates or timestamps; negative when the \
            end is before the start. The units are those of `date_add`.",
        example: ("date_diff('day', DATE '2020-03-01', DATE '2020-03-02')", "1"),
        difference: "",
    },
    forms: &[&[Argument::Text, Argument::Instant, Argument::Instant]],
    returns: |planned| {
        planned.check_text(0, Unit::parse)?;
        Ok(DataType::Int64)
    },
    strict: true,
    evaluate: evaluate_diff,
};

fn evaluate_add(call: &Call<'_>) -> Result<ArrayRef> {
    let (units, counts) = (call.text(0)?, call.integer(1)?);
    let mut compiled = Compiled::new();
    if call.data_type(2)? == DataType::Date32 {
        let dates = call.date(2)?;
        return call.collect::<Date32Array, _>(|row| {
            let (Some(unit), Some(count), Some(days)) =
                (units.value(row), counts.value(row), dates.value(row))
            else {
                return Ok(None);
            };
            let unit = *compiled.of(unit, Unit::parse).map_err(|error| call.error(error))?;
            if matches!(unit, Unit::Clock(_)) {
                return Err(call.error("a date has no units shorter than a day"));
            }
            let later =
                from_days(days).and_then(|date| add_to_date(date, unit, count)).and_then(to_days);
            later.map(Some).ok_or_else(|| beyond(call))
        });
    }
    let (instants, zone) = (call.instant(2)?, call.zone(2)?);
    call.build_instants(|row| {
        let (Some(unit), Some(count), Some(micros)) =
            (units.value(row), counts.value(row), instants.value(row))
        else {
            return Ok(None);
        };
        let unit = *compiled.of(unit, Unit::parse).map_err(|error| call.error(error))?;
        add_to_micros(micros, unit, count, zone).map(Some).ok_or_else(|| beyond(call))
    })
}

fn beyond(call: &Call<'_>) -> DataFusionError {
    call.error("the result is beyond the calendar")
}

fn add_to_date(date: NaiveDate, unit: Unit, count: i64) -> Option<NaiveDate> {
    let midnight = date.and_time(NaiveTime::MIN);
    let later = match unit {
        Unit::Clock(_) => return None,
        Unit::Days(days) => add_days(midnight, count.checked_mul(days)?)?,
        Unit::Months(months) => add_months(midnight, count.checked_mul(months)?)?,
    };
    Some(later.date())
}

fn add_to_micros(micros: i64, unit: Unit, count: i64, zone: Zone) -> Option<i64> {
    if let Unit::Clock(unit_micros) = unit {
        return micros.checked_add(count.checked_mul(unit_micros)?);
    }
    let local = zone.local(from_micros(micros)?)?;
    let later = match unit {
        Unit::Days(days) => add_days(local, count.checked_mul(days)?)?,
        Unit::Months(months) => add_months(local, count.checked_mul(months)?)?,
        Unit::Clock(_) => return None,
    };
    zone.utc(later).map(to_micros)
}

fn evaluate_diff(call: &Call<'_>) -> Result<ArrayRef> {
    let (units, starts, ends) = (call.text(0)?, call.instant(1)?, call.instant(2)?);
    let zone = call.zone(1)?;
    let mut compiled = Compiled::new();
    call.collect::<Int64Array, _>(|row| {
        let (Some(unit), Some(start), Some(end)) =
            (units.value(row), starts.value(row), ends.value(row))
        else {
            return Ok(None);
        };
        let unit = *compiled.of(unit, Unit::parse).map_err(|error| call.error(error))?;
        between(start, end, unit, zone).map(Some).ok_or_else(|| beyond(call))
    })
}

/// Whole units from one instant to another.
fn between(start: i64, end: i64, unit: Unit, zone: Zone) -> Option<i64> {
    if let Unit::Clock(unit_micros) = unit {
        return Some(end.checked_sub(start)? / unit_micros);
    }
    let start = zone.local(from_micros(start)?)?;
    let end = zone.local(from_micros(end)?)?;
    match unit {
        Unit::Days(days) => Some(end.signed_duration_since(start).num_days() / days),
        Unit::Months(months) => Some(months_between(start, end)? / months),
        Unit::Clock(_) => None,
    }
}
