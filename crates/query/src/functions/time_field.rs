//! `year`, `month`, `hour` …: one field of a date or timestamp as a number.

use arrow::array::ArrayRef;
use arrow::compute::{DatePart, cast, date_part};
use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::argument::Argument;
use super::call::Call;
use super::definition::Definition;
use super::reference::{Group, Reference};

/// All of them.
pub(super) static TIME_FIELDS: [Definition; 12] = [
    field("year", "year(time)", &[], "The year.", ("year(DATE '2024-05-01')", "2024"), |call| {
        extract(call, DatePart::Year)
    }),
    field(
        "quarter",
        "quarter(time)",
        &[],
        "The quarter of the year, 1 to 4.",
        ("quarter(DATE '2024-05-01')", "2"),
        |call| extract(call, DatePart::Quarter),
    ),
    field(
        "month",
        "month(time)",
        &[],
        "The month of the year.",
        ("month(DATE '2024-05-01')", "5"),
        |call| extract(call, DatePart::Month),
    ),
    field(
        "week",
        "week(time)",
        &["week_of_year"],
        "The ISO week of the year, 1 to 53.",
        ("week(DATE '2024-05-01')", "18"),
        |call| extract(call, DatePart::WeekISO),
    ),
    field(
        "year_of_week",
        "year_of_week(time)",
        &["yow"],
        "The year that the ISO week belongs to.",
        ("year_of_week(DATE '2021-01-01')", "2020"),
        |call| extract(call, DatePart::YearISO),
    ),
    field(
        "day",
        "day(time)",
        &["day_of_month"],
        "The day of the month.",
        ("day(DATE '2024-05-01')", "1"),
        |call| extract(call, DatePart::Day),
    ),
    field(
        "day_of_week",
        "day_of_week(time)",
        &["dow"],
        "The ISO day of the week: 1 is Monday, 7 is Sunday.",
        ("day_of_week(DATE '2024-05-01')", "3"),
        |call| extract(call, DatePart::DayOfWeekMonday1),
    ),
    field(
        "day_of_year",
        "day_of_year(time)",
        &["doy"],
        "The day of the year.",
        ("day_of_year(DATE '2024-05-01')", "122"),
        |call| extract(call, DatePart::DayOfYear),
    ),
    field(
        "hour",
        "hour(time)",
        &[],
        "The hour of the day.",
        ("hour(TIMESTAMP '2024-05-01 10:20:30.456')", "10"),
        |call| extract(call, DatePart::Hour),
    ),
    field(
        "minute",
        "minute(time)",
        &[],
        "The minute of the hour.",
        ("minute(TIMESTAMP '2024-05-01 10:20:30.456')", "20"),
        |call| extract(call, DatePart::Minute),
    ),
    field(
        "second",
        "second(time)",
        &[],
        "The second of the minute.",
        ("second(TIMESTAMP '2024-05-01 10:20:30.456')", "30"),
        |call| extract(call, DatePart::Second),
    ),
    field(
        "millisecond",
        "millisecond(time)",
        &[],
        "The millisecond of the second.",
        ("millisecond(TIMESTAMP '2024-05-01 10:20:30.456')", "456"),
        |call| extract(call, DatePart::Millisecond),
    ),
];

const fn field(
    name: &'static str,
    syntax: &'static str,
    aliases: &'static [&'static str],
    description: &'static str,
    example: (&'static str, &'static str),
    evaluate: fn(&Call<'_>) -> Result<ArrayRef>,
) -> Definition {
    Definition {
        reference: Reference {
            name,
            aliases,
            group: Group::Time,
            syntax,
            result: "bigint",
            description,
            example,
            difference: "",
        },
        forms: &[&[Argument::Instant]],
        returns: |_planned| Ok(DataType::Int64),
        strict: true,
        evaluate,
    }
}

fn extract(call: &Call<'_>, part: DatePart) -> Result<ArrayRef> {
    let numbers = date_part(call.array(0)?.as_ref(), part)?;
    Ok(cast(&numbers, &DataType::Int64)?)
}
