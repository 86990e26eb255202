//! `from_unixtime` and `to_unixtime`: seconds since 1970.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Result, plan_err};

use super::argument::{Argument, utc_instant};
use super::call::Call;
use super::definition::{Definition, Planned};
use super::moment::MICROS;
use super::reference::{Group, Reference};
use super::zone::Zone;

pub(super) static FROM_UNIXTIME: Definition = Definition {
    reference: Reference {
        name: "from_unixtime",
        aliases: &[],
        group: Group::Time,
        syntax: "from_unixtime(seconds [, zone | hours, minutes])",
        result: "timestamp with time zone",
        description: "The instant that many seconds after 1970-01-01 00:00 UTC, shown in the \
            zone, or in the zone with the offset of hours and minutes, or in UTC.",
        example: ("from_unixtime(1700000000.25)", "2023-11-14T22:13:20.250Z"),
        difference: "Microseconds are kept (Trino rounds to milliseconds). The zone must be a \
            constant.",
    },
    forms: &[
        &[Argument::Integer],
        &[Argument::Double],
        &[Argument::Integer, Argument::Text],
        &[Argument::Double, Argument::Text],
        &[Argument::Integer, Argument::Integer, Argument::Integer],
        &[Argument::Double, Argument::Integer, Argument::Integer],
    ],
    returns: instant_type,
    strict: true,
    evaluate: evaluate_from,
};

pub(super) static TO_UNIXTIME: Definition = Definition {
    reference: Reference {
        name: "to_unixtime",
        aliases: &[],
        group: Group::Time,
        syntax: "to_unixtime(timestamp)",
        result: "double",
        description: "Seconds from 1970-01-01 00:00 UTC to the instant.",
        example: (
            "to_unixtime(from_iso8601_timestamp('2023-11-14T22:13:20.250Z'))",
            "1700000000.25",
        ),
        difference: "",
    },
    forms: &[&[Argument::Instant]],
    returns: |_planned| Ok(DataType::Float64),
    strict: true,
    evaluate: evaluate_to,
};

fn instant_type(planned: &Planned<'_>) -> Result<DataType> {
    let zone = match planned.count() {
        1 => return Ok(utc_instant()),
        2 => match planned.constant_text(1) {
            Some(zone) => {
                planned.check_text(1, Zone::parse)?;
                zone.to_owned()
            }
            None => return plan_err!("from_unixtime: the zone must be a constant"),
        },
        _ => match (planned.constant_integer(1), planned.constant_integer(2)) {
            (Some(hours @ -14..=14), Some(minutes @ -59..=59)) => {
                let total = hours * 60 + minutes;
                let sign = if total < 0 { '-' } else { '+' };
                format!("{sign}{:02}:{:02}", total.abs() / 60, total.abs() % 60)
            }
            (Some(_), Some(_)) => return plan_err!("from_unixtime: no zone has this offset"),
            _ => return plan_err!("from_unixtime: the offset must be a constant"),
        },
    };
    Ok(DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from(zone))))
}

fn evaluate_from(call: &Call<'_>) -> Result<ArrayRef> {
    let beyond = |seconds: String| call.error(format!("{seconds} seconds are beyond the calendar"));
    if call.data_type(0)? == DataType::Int64 {
        let seconds = call.integer(0)?;
        return call.build_instants(|row| match seconds.value(row) {
            Some(seconds) => match seconds.checked_mul(MICROS) {
                Some(micros) => Ok(Some(micros)),
                None => Err(beyond(seconds.to_string())),
            },
            None => Ok(None),
        });
    }
    let seconds = call.double(0)?;
    call.build_instants(|row| match seconds.value(row) {
        Some(seconds) => {
            // 1e6 is exact, and so is the cast: the range ends below 2^63.
            let micros = (seconds * 1e6).round();
            if micros.is_finite() && micros.abs() < 9.2e18 {
                Ok(Some(micros as i64))
            } else {
                Err(beyond(seconds.to_string()))
            }
        }
        None => Ok(None),
    })
}

fn evaluate_to(call: &Call<'_>) -> Result<ArrayRef> {
    let instants = call.instant(0)?;
    // Seconds since 1970 in microseconds need 51 bits today: a double has 53.
    call.collect::<Float64Array, _>(|row| Ok(instants.value(row).map(|micros| micros as f64 / 1e6)))
}
