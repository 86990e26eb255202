//! `json_exists`, `json_value`, `json_query`: the functions of the SQL standard, as plain calls.
//!
//! The SQL parser has no clauses for them (`PASSING`, `RETURNING`, `WRAPPER`, `ON EMPTY`, `ON
//! ERROR`), so every call has their defaults: `FALSE ON ERROR` for `json_exists`, `NULL ON EMPTY
//! NULL ON ERROR` for the others.

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::argument::Argument;
use super::call::{Call, Compiled};
use super::definition::{Definition, Planned};
use super::reference::{Group, Reference};
use crate::json::standard::{StandardPath, evaluate};

pub(super) static JSON_EXISTS: Definition = Definition {
    reference: Reference {
        name: "json_exists",
        aliases: &[],
        group: Group::Json,
        syntax: "json_exists(json, path)",
        result: "boolean",
        description: "Whether the standard path (`lax $.a[*]?(@ > 1)`, `strict $.a`) leads to \
            anything; false when it cannot be evaluated and when the text is not JSON.",
        example: (r#"json_exists('{"port":[22,443]}', 'lax $.port?(@ == 443)')"#, "true"),
        difference: "The clauses PASSING and ON ERROR are not available. The mode may be left out \
            (lax).",
    },
    forms: &[&[Argument::Text, Argument::Text]],
    returns: |planned| checked(planned, DataType::Boolean),
    strict: true,
    evaluate: evaluate_exists,
};

pub(super) static JSON_VALUE: Definition = Definition {
    reference: Reference {
        name: "json_value",
        aliases: &[],
        group: Group::Json,
        syntax: "json_value(json, path)",
        result: "varchar",
        description: "The one scalar that the standard path leads to, as text. NULL when there is \
            none, when there are several, for JSON null, objects and arrays, when the path cannot \
            be evaluated and when the text is not JSON.",
        example: (r#"json_value('{"a":[{"b":1},{"b":2}]}', 'lax $.a[last].b')"#, "2"),
        difference: "The clauses PASSING, RETURNING, ON EMPTY and ON ERROR are not available: use \
            CAST and COALESCE. Numbers keep their spelling.",
    },
    forms: &[&[Argument::Text, Argument::Text]],
    returns: |planned| checked(planned, DataType::Utf8View),
    strict: true,
    evaluate: evaluate_value,
};

pub(super) static JSON_QUERY: Definition = Definition {
    reference: Reference {
        name: "json_query",
        aliases: &[],
        group: Group::Json,
        syntax: "json_query(json, path)",
        result: "varchar",
        description: "The one value that the standard path leads to, as JSON text without white \
            space; strings keep their quotes. NULL when there is none, when there are several, \
            when the path cannot be evaluated and when the text is not JSON.",
        example: (r#"json_query('{"a":[{"b":1},{"b":[2, 3]}]}', 'lax $.a[1].b')"#, "[2,3]"),
        difference: "The clauses PASSING, WRAPPER, QUOTES, ON EMPTY and ON ERROR are not \
            available. Numbers keep their spelling.",
    },
    forms: &[&[Argument::Text, Argument::Text]],
    returns: |planned| checked(planned, DataType::Utf8View),
    strict: true,
    evaluate: evaluate_query,
};

fn checked(planned: &Planned<'_>, result: DataType) -> Result<DataType> {
    planned.check_text(1, StandardPath::parse)?;
    Ok(result)
}

fn evaluate_exists(call: &Call<'_>) -> Result<ArrayRef> {
    let (documents, paths) = (call.text(0)?, call.text(1)?);
    let mut compiled = Compiled::new();
    call.collect::<BooleanArray, _>(|row| {
        let (Some(document), Some(path)) = (documents.value(row), paths.value(row)) else {
            return Ok(None);
        };
        let path = compiled.of(path, StandardPath::parse).map_err(|error| call.error(error))?;
        Ok(Some(evaluate(path, document).is_ok_and(|items| !items.is_empty())))
    })
}

fn evaluate_value(call: &Call<'_>) -> Result<ArrayRef> {
    let (documents, paths) = (call.text(0)?, call.text(1)?);
    let mut compiled = Compiled::new();
    call.build_text(|row, out| {
        let (Some(document), Some(path)) = (documents.value(row), paths.value(row)) else {
            return Ok(false);
        };
        let path = compiled.of(path, StandardPath::parse).map_err(|error| call.error(error))?;
        let items = evaluate(path, document).unwrap_or_default();
        let [item] = items.as_slice() else { return Ok(false) };
        let text = item.scalar_text().unwrap_or_default();
        out.push_str(text.unwrap_or_default());
        Ok(text.is_some())
    })
}

fn evaluate_query(call: &Call<'_>) -> Result<ArrayRef> {
    let (documents, paths) = (call.text(0)?, call.text(1)?);
    let mut compiled = Compiled::new();
    call.build_text(|row, out| {
        let (Some(document), Some(path)) = (documents.value(row), paths.value(row)) else {
            return Ok(false);
        };
        let path = compiled.of(path, StandardPath::parse).map_err(|error| call.error(error))?;
        let items = evaluate(path, document).unwrap_or_default();
        let [item] = items.as_slice() else { return Ok(false) };
        item.write_json(out);
        Ok(true)
    })
}
