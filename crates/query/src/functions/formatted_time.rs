//! `date_parse` and `date_format` with formats of MySQL, `parse_datetime` and `format_datetime`
//! with formats of Joda.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::argument::{Argument, LOCAL_INSTANT, utc_instant};
use super::call::{Call, Compiled};
use super::definition::Definition;
use super::moment::{from_micros, to_micros};
use super::reference::{Group, Reference};
use super::time_format::{FormatError, TimeFormat};
use super::zone::Zone;

pub(super) static DATE_PARSE: Definition = Definition {
    reference: Reference {
        name: "date_parse",
        aliases: &[],
        group: Group::Time,
        syntax: "date_parse(text, format)",
        result: "timestamp",
        description: "Reads a time by a format of MySQL, such as `%Y-%m-%d %H:%i:%s.%f`; an error \
            when the text does not follow it. Two-digit years are 1970 to 2069.",
        example: ("date_parse('2022/10/20/05', '%Y/%m/%d/%H')", "2022-10-20T05:00:00"),
        difference: "The result has microseconds, not milliseconds.",
    },
    forms: &[&[Argument::Text, Argument::Text]],
    returns: |planned| {
        planned.check_text(1, TimeFormat::mysql)?;
        Ok(LOCAL_INSTANT)
    },
    strict: true,
    evaluate: |call| read(call, TimeFormat::mysql),
};

pub(super) static DATE_FORMAT: Definition = Definition {
    reference: Reference {
        name: "date_format",
        aliases: &[],
        group: Group::Time,
        syntax: "date_format(timestamp, format)",
        result: "varchar",
        description: "Writes a time by a format of MySQL, such as `%Y-%m-%d %H:%i`.",
        example: ("date_format(TIMESTAMP '2022-10-20 05:10:00', '%m-%d-%Y %H')", "10-20-2022 05"),
        difference: "This replaces DataFusion's `date_format`, whose formats remain as `to_char`.",
    },
    forms: &[&[Argument::Instant, Argument::Text]],
    returns: |planned| {
        planned.check_text(1, TimeFormat::mysql)?;
        Ok(DataType::Utf8View)
    },
    strict: true,
    evaluate: |call| write(call, TimeFormat::mysql),
};

pub(super) static PARSE_DATETIME: Definition = Definition {
    reference: Reference {
        name: "parse_datetime",
        aliases: &[],
        group: Group::Time,
        syntax: "parse_datetime(text, format)",
        result: "timestamp with time zone",
        description: "Reads a time by a format of Joda, such as `yyyy-MM-dd HH:mm:ss ZZ`; an \
            error when the text does not follow it. A text without zone is in UTC.",
        example: (
            "parse_datetime('10/Oct/2000:13:55:36 -0700', 'dd/MMM/yyyy:HH:mm:ss Z')",
            "2000-10-10T20:55:36Z",
        ),
        difference: "The instant is Trino's, but shown in UTC: a column has one zone. Two-digit \
            years are 1970 to 2069 whatever the current year.",
    },
    forms: &[&[Argument::Text, Argument::Text]],
    returns: |planned| {
        planned.check_text(1, TimeFormat::joda)?;
        Ok(utc_instant())
    },
    strict: true,
    evaluate: |call| read(call, TimeFormat::joda),
};

pub(super) static FORMAT_DATETIME: Definition = Definition {
    reference: Reference {
        name: "format_datetime",
        aliases: &[],
        group: Group::Time,
        syntax: "format_datetime(timestamp, format)",
        result: "varchar",
        description: "Writes a time by a format of Joda, such as `yyyy-MM-dd'T'HH:mm:ss.SSSZZ`.",
        example: (
            "format_datetime(TIMESTAMP '2022-10-20 05:10:00', 'EEE d MMM yyyy, h:mm a')",
            "Thu 20 Oct 2022, 5:10 AM",
        ),
        difference: "",
    },
    forms: &[&[Argument::Instant, Argument::Text]],
    returns: |planned| {
        planned.check_text(1, TimeFormat::joda)?;
        Ok(DataType::Utf8View)
    },
    strict: true,
    evaluate: |call| write(call, TimeFormat::joda),
};

type Compile = fn(&str) -> Result<TimeFormat, FormatError>;

fn read(call: &Call<'_>, compile: Compile) -> Result<ArrayRef> {
    let (texts, formats) = (call.text(0)?, call.text(1)?);
    let mut compiled = Compiled::new();
    call.build_instants(|row| {
        let (Some(text), Some(format)) = (texts.value(row), formats.value(row)) else {
            return Ok(None);
        };
        let format = compiled.of(format, compile).map_err(|error| call.error(error))?;
        let (local, zone) = format.read(text).map_err(|error| call.error(error))?;
        let utc = zone.unwrap_or(Zone::Utc).utc(local);
        match utc {
            Some(utc) => Ok(Some(to_micros(utc))),
            None => Err(call.error(format!("'{text}' is beyond the calendar"))),
        }
    })
}

fn write(call: &Call<'_>, compile: Compile) -> Result<ArrayRef> {
    let (instants, formats, zone) = (call.instant(0)?, call.text(1)?, call.zone(0)?);
    let mut compiled = Compiled::new();
    call.build_text(|row, out| {
        let (Some(micros), Some(format)) = (instants.value(row), formats.value(row)) else {
            return Ok(false);
        };
        let format = compiled.of(format, compile).map_err(|error| call.error(error))?;
        let Some(local) = from_micros(micros).and_then(|utc| zone.local(utc)) else {
            return Err(call.error(format!("{micros} microseconds are beyond the calendar")));
        };
        format.write(local, zone, out);
        Ok(true)
    })
}
