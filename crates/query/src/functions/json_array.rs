//! `json_array_contains`, `json_array_get`, `json_array_length`: JSON arrays without paths.

use arrow::array::{ArrayRef, BooleanArray, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::argument::Argument;
use super::call::Call;
use super::definition::Definition;
use super::reference::{Group, Reference};
use headwater_event::document::extract::{count_entries, each_child};
use headwater_event::document::scan::{Kind, Malformed, Scanner};
use headwater_event::document::text::{means, minify_into, unescape_into};

pub(super) static JSON_ARRAY_CONTAINS: Definition = Definition {
    reference: Reference {
        name: "json_array_contains",
        aliases: &[],
        group: Group::Json,
        syntax: "json_array_contains(json, value)",
        result: "boolean",
        description: "Whether the JSON array has an element equal to the value. A text is equal \
            to strings only, a whole number to numbers without fraction or exponent, a double to \
            numbers with one of them, a boolean to booleans. NULL when the text is not a JSON \
            array.",
        example: (r#"json_array_contains('["10.0.0.1","7.1.14.12"]', '7.1.14.12')"#, "true"),
        difference: "",
    },
    forms: &[
        &[Argument::Text, Argument::Text],
        &[Argument::Text, Argument::Boolean],
        &[Argument::Text, Argument::Integer],
        &[Argument::Text, Argument::Double],
    ],
    returns: |_planned| Ok(DataType::Boolean),
    strict: true,
    evaluate: evaluate_contains,
};

pub(super) static JSON_ARRAY_GET: Definition = Definition {
    reference: Reference {
        name: "json_array_get",
        aliases: &[],
        group: Group::Json,
        syntax: "json_array_get(json, index)",
        result: "json",
        description: "The element of the JSON array at the index, which counts from 0, or from \
            the end when negative. A string comes without its quotes, as in Trino. NULL for JSON \
            null, when there is no such element and when the text is not a JSON array.",
        example: (r#"json_array_get('["a", [3, 9], "c"]', -2)"#, "[3,9]"),
        difference: "Numbers keep their spelling.",
    },
    forms: &[&[Argument::Text, Argument::Integer]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: evaluate_get,
};

pub(super) static JSON_ARRAY_LENGTH: Definition = Definition {
    reference: Reference {
        name: "json_array_length",
        aliases: &[],
        group: Group::Json,
        syntax: "json_array_length(json)",
        result: "bigint",
        description: "The number of elements of the JSON array. NULL when the text is not a JSON \
            array.",
        example: ("json_array_length('[1, 2, 3]')", "3"),
        difference: "",
    },
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Int64),
    strict: true,
    evaluate: evaluate_length,
};

/// What is looked for.
enum Wanted<'a> {
    Text(&'a str),
    Bool(bool),
    Integer(i64),
    Double(f64),
}

fn evaluate_contains(call: &Call<'_>) -> Result<ArrayRef> {
    let documents = call.text(0)?;
    let answer = |row: usize, wanted: Option<Wanted<'_>>| {
        let (Some(document), Some(wanted)) = (documents.value(row), wanted) else {
            return Ok(None);
        };
        Ok(contains(document, &wanted).unwrap_or_default())
    };
    match call.data_type(1)? {
        DataType::Boolean => {
            let values = call.boolean(1)?;
            call.collect::<BooleanArray, _>(|row| answer(row, values.value(row).map(Wanted::Bool)))
        }
        DataType::Int64 => {
            let values = call.integer(1)?;
            call.collect::<BooleanArray, _>(|row| {
                answer(row, values.value(row).map(Wanted::Integer))
            })
        }
        DataType::Float64 => {
            let values = call.double(1)?;
            call.collect::<BooleanArray, _>(|row| {
                answer(row, values.value(row).map(Wanted::Double))
            })
        }
        _ => {
            let values = call.text(1)?;
            call.collect::<BooleanArray, _>(|row| answer(row, values.value(row).map(Wanted::Text)))
        }
    }
}

/// Whether an element is the wanted one; `None` when the document is not an array.
fn contains(document: &str, wanted: &Wanted<'_>) -> Result<Option<bool>, Malformed> {
    if let Wanted::Double(value) = wanted
        && !value.is_finite()
    {
        return Ok(Some(false));
    }
    let mut scanner = Scanner::new(document);
    if scanner.kind()? != Kind::Array {
        return Ok(None);
    }
    scanner.take(b'[');
    let mut first = true;
    while scanner.next_entry(first, b']')? {
        first = false;
        if is_wanted(&mut scanner, wanted)? {
            return Ok(Some(true));
        }
    }
    Ok(Some(false))
}

/// Moves over one element and compares it.
fn is_wanted(scanner: &mut Scanner<'_>, wanted: &Wanted<'_>) -> Result<bool, Malformed> {
    match (scanner.kind()?, wanted) {
        (Kind::String, Wanted::Text(value)) => Ok(means(scanner.string()?, value)),
        (Kind::Number, Wanted::Integer(value)) => Ok(scanner.number()?.parse() == Ok(*value)),
        (Kind::Number, Wanted::Double(value)) => {
            let number = scanner.number()?;
            let fractional = number.contains(['.', 'e', 'E']);
            Ok(fractional && number.parse() == Ok(*value))
        }
        (Kind::True, Wanted::Bool(value)) => scanner.word("true").map(|_| *value),
        (Kind::False, Wanted::Bool(value)) => scanner.word("false").map(|_| !*value),
        _ => scanner.skip_value().map(|()| false),
    }
}

fn evaluate_get(call: &Call<'_>) -> Result<ArrayRef> {
    let (documents, indexes) = (call.text(0)?, call.integer(1)?);
    call.build_text(|row, out| {
        let (Some(document), Some(index)) = (documents.value(row), indexes.value(row)) else {
            return Ok(false);
        };
        Ok(element_into(document, index, out).unwrap_or(false))
    })
}

/// Appends the element at the index; `false` when there is none.
fn element_into(document: &str, index: i64, out: &mut String) -> Result<bool, Malformed> {
    let mut scanner = Scanner::new(document);
    if scanner.kind()? != Kind::Array {
        return Ok(false);
    }
    let position = if index < 0 {
        let count = i64::try_from(count_entries(&mut scanner.clone())?).unwrap_or(i64::MAX);
        count.checked_add(index)
    } else {
        Some(index)
    };
    let Some(Ok(mut left)) = position.map(usize::try_from) else { return Ok(false) };
    scanner.take(b'[');
    let mut first = true;
    while scanner.next_entry(first, b']')? {
        if left == 0 {
            return append_unquoted(&mut scanner, out);
        }
        first = false;
        left -= 1;
        scanner.skip_value()?;
    }
    Ok(false)
}

/// Appends the value at the scanner, a string without its quotes; `false` for JSON null.
fn append_unquoted(scanner: &mut Scanner<'_>, out: &mut String) -> Result<bool, Malformed> {
    match scanner.kind()? {
        Kind::String => unescape_into(scanner.string()?, out),
        Kind::Null => {
            scanner.word("null")?;
            return Ok(false);
        }
        _ => minify_into(scanner, out)?,
    }
    Ok(true)
}

fn evaluate_length(call: &Call<'_>) -> Result<ArrayRef> {
    let documents = call.text(0)?;
    call.collect::<Int64Array, _>(|row| {
        let length = documents.value(row).and_then(|document| {
            let mut scanner = Scanner::new(document);
            if scanner.kind() != Ok(Kind::Array) {
                return None;
            }
            let mut length = 0;
            each_child(&mut scanner, |_at| length += 1).is_ok().then_some(length)
        });
        Ok(length)
    })
}
