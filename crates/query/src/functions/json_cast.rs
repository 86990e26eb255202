//! Casts of JSON: `CAST(json_extract(…) AS …)`.
//!
//! JSON is text here, and a cast of text would keep the quotes of a string. Where the value that is
//! cast comes right from a function that gives JSON, the cast is rewritten to this function, which
//! follows Trino: a string gives its text, JSON null gives NULL, an array gives an array. JSON that
//! went through a subquery or a table is text, and its casts are casts of text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, StringArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, plan_err};

use super::argument::Argument;
use super::call::Call;
use super::definition::Definition;
use super::reference::{Group, Reference};
use headwater_event::document::extract::{Scalar, each_child, scalar_at};
use headwater_event::document::scan::{Kind, Scanner};

pub(super) static JSON_CAST: Definition = Definition {
    reference: Reference {
        name: "json_cast",
        aliases: &[],
        group: Group::Json,
        syntax: "json_cast(json, example)",
        result: "as the example",
        description: "The JSON value as the type of the example, whose own value does not matter: \
            a string gives its text, JSON null gives NULL, an array gives an array. An error \
            where the value does not fit. `CAST(json_extract(…) AS type)` and `CAST(json_parse(…) \
            AS type)` mean this.",
        example: (r#"json_cast('["a","b"]', [''])"#, "[a, b]"),
        difference: "Not a function of Trino, whose casts from JSON it does. Maps and rows are \
            missing.",
    },
    forms: &[&[Argument::Text, Argument::Any]],
    returns: |planned| {
        let target = planned.data_type(1);
        if is_supported(target) {
            Ok(target.clone())
        } else {
            plan_err!("json_cast: no JSON is {target}")
        }
    },
    strict: false,
    evaluate,
};

/// Whether JSON can be cast to the type.
pub(super) fn is_supported(target: &DataType) -> bool {
    match target {
        DataType::List(element) => is_supported(element.data_type()),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Boolean => true,
        DataType::Date32 | DataType::Timestamp(..) => true,
        other => other.is_numeric(),
    }
}

fn evaluate(call: &Call<'_>) -> Result<ArrayRef> {
    let documents = call.text(0)?;
    let values: Vec<Option<&str>> = (0..call.rows()).map(|row| documents.value(row)).collect();
    cast_values(call, &values, call.returns())
}

/// Casts a column of JSON texts.
fn cast_values(call: &Call<'_>, values: &[Option<&str>], target: &DataType) -> Result<ArrayRef> {
    if let DataType::List(element) = target {
        return cast_lists(call, values, element);
    }
    let mut scratch = String::new();
    let texts = values.iter().map(|value| {
        let Some(json) = value else { return Ok(None) };
        let mut scanner = Scanner::new(json);
        scanner.skip_space();
        match scalar_at(json, scanner.position()) {
            Ok(Some(scalar)) => Ok(Some(spelled_for(scalar, target, &mut scratch))),
            Ok(None) if scanner.kind() == Ok(Kind::Null) => Ok(None),
            _ => Err(call.error(format!("cannot cast {json} to {target}"))),
        }
    });
    let texts = texts.collect::<Result<StringArray>>()?;
    let options = CastOptions { safe: false, ..CastOptions::default() };
    Ok(cast_with_options(&texts, target, &options)?)
}

/// The text of a scalar, spelled so that the cast of text to the type gives what Trino gives.
fn spelled_for(scalar: Scalar<'_>, target: &DataType, scratch: &mut String) -> String {
    match scalar {
        Scalar::Plain("true") if target.is_numeric() => "1".to_owned(),
        Scalar::Plain("false") if target.is_numeric() => "0".to_owned(),
        Scalar::Plain(number) if target.is_integer() && number.contains(['.', 'e', 'E']) => {
            match number.parse::<f64>() {
                Ok(double) => double.round().to_string(),
                Err(_) => number.to_owned(),
            }
        }
        Scalar::Plain(number) if *target == DataType::Boolean => match number.parse::<f64>() {
            Ok(double) => (double != 0.0).to_string(),
            Err(_) => number.to_owned(),
        },
        other => other.text(scratch).to_owned(),
    }
}

fn cast_lists(call: &Call<'_>, values: &[Option<&str>], element: &FieldRef) -> Result<ArrayRef> {
    let mut elements = Vec::new();
    let mut lengths = Vec::with_capacity(values.len());
    let mut present = Vec::with_capacity(values.len());
    for value in values {
        let before = elements.len();
        present.push(push_elements(call, *value, &mut elements)?);
        lengths.push(elements.len() - before);
    }
    let elements = cast_values(call, &elements, element.data_type())?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    let nulls = NullBuffer::from(present);
    let list = ListArray::try_new(Arc::clone(element), offsets, elements, Some(nulls))?;
    Ok(Arc::new(list) as Arc<dyn Array>)
}

/// Appends the elements of a JSON array, JSON null as none; `false` when the value itself is null.
fn push_elements<'a>(
    call: &Call<'_>,
    value: Option<&'a str>,
    elements: &mut Vec<Option<&'a str>>,
) -> Result<bool> {
    let Some(json) = value else { return Ok(false) };
    let mut scanner = Scanner::new(json);
    let malformed = || call.error(format!("cannot cast {json} to an array"));
    match scanner.kind() {
        Ok(Kind::Null) => return Ok(false),
        Ok(Kind::Array) => {}
        _ => return Err(malformed()),
    }
    let mut starts = Vec::new();
    each_child(&mut scanner, |at| starts.push(at)).map_err(|_fault| malformed())?;
    for start in starts {
        let mut element = Scanner::starting_at(json, start);
        let null = element.kind() == Ok(Kind::Null);
        element.skip_value().map_err(|_fault| malformed())?;
        elements.push((!null).then(|| element.since(start)));
    }
    Ok(true)
}
