//! `at_timezone` and `with_timezone`: the zone of a timestamp.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Result, plan_err};

use super::argument::Argument;
use super::call::Call;
use super::definition::{Definition, Planned};
use super::moment::{from_micros, to_micros};
use super::reference::{Group, Reference};
use super::zone::Zone;

pub(super) static AT_TIMEZONE: Definition = Definition {
    reference: Reference {
        name: "at_timezone",
        aliases: &[],
        group: Group::Time,
        syntax: "at_timezone(timestamp, zone)",
        result: "timestamp with time zone",
        description: "The same instant, shown in another zone. A timestamp without zone is in UTC.",
        example: (
            "at_timezone(TIMESTAMP '2022-11-01 09:08:07', 'America/Los_Angeles')",
            "2022-11-01T02:08:07-07:00",
        ),
        difference: "The zone must be a constant: a column has one zone.",
    },
    forms: &[&[Argument::Instant, Argument::Text]],
    returns: instant_type,
    strict: true,
    evaluate: |call| {
        let instants = call.instant(0)?;
        call.build_instants(|row| Ok(instants.value(row)))
    },
};

pub(super) static WITH_TIMEZONE: Definition = Definition {
    reference: Reference {
        name: "with_timezone",
        aliases: &[],
        group: Group::Time,
        syntax: "with_timezone(timestamp, zone)",
        result: "timestamp with time zone",
        description: "The instant when the clocks of the zone show the timestamp, which has no \
            zone yet.",
        example: (
            "with_timezone(TIMESTAMP '2022-11-01 09:08:07', 'America/Los_Angeles')",
            "2022-11-01T09:08:07-07:00",
        ),
        difference: "The zone must be a constant: a column has one zone.",
    },
    forms: &[&[Argument::Instant, Argument::Text]],
    returns: |planned| {
        if matches!(planned.data_type(0), DataType::Timestamp(_, Some(_))) {
            return plan_err!("with_timezone: the timestamp has a zone already; use at_timezone");
        }
        instant_type(planned)
    },
    strict: true,
    evaluate: evaluate_with,
};

fn instant_type(planned: &Planned<'_>) -> Result<DataType> {
    let Some(zone) = planned.constant_text(1) else {
        return plan_err!("the zone of a timestamp must be a constant");
    };
    planned.check_text(1, Zone::parse)?;
    Ok(DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from(zone))))
}

fn evaluate_with(call: &Call<'_>) -> Result<ArrayRef> {
    let zone = match call.returns() {
        DataType::Timestamp(_, Some(zone)) => {
            Zone::parse(zone).map_err(|error| call.error(error))?
        }
        _ => Zone::Utc,
    };
    let locals = call.instant(0)?;
    call.build_instants(|row| match locals.value(row) {
        Some(micros) => {
            let utc = from_micros(micros).and_then(|local| zone.utc(local));
            let utc = utc.ok_or_else(|| call.error("the time is beyond the calendar"))?;
            Ok(Some(to_micros(utc)))
        }
        None => Ok(None),
    })
}
