//! `json_extract` and `json_size`: a part of a JSON document, and how much is in it.

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::JSON_AT;
use super::argument::Argument;
use super::call::{Call, Compiled};
use super::definition::{Definition, Planned};
use super::reference::{Group, Reference};
use headwater_event::document::extract::{count_entries, find, find_all};
use headwater_event::document::path::Path;
use headwater_event::document::scan::{Malformed, Scanner};
use headwater_event::document::text::minify_into;

pub(super) static JSON_EXTRACT: Definition = Definition {
    reference: Reference {
        name: JSON_AT,
        aliases: &[],
        group: Group::Json,
        syntax: "json_extract(json, path)",
        result: "json",
        description: "The value at the path as JSON text without white space. NULL when nothing \
            is there and when the text is not JSON; JSON null is the text `null`. The paths are \
            those of `json_extract_scalar`.",
        example: (r#"json_extract('{"user":{"name": "kim"}}', '$.user')"#, r#"{"name":"kim"}"#),
        difference: "Numbers keep their spelling (Trino turns 1.10 into 1.1). A path with `*` or \
            `..` gives an array of all values it leads to.",
    },
    forms: &[&[Argument::Text, Argument::Text]],
    returns: |planned| checked(planned, DataType::Utf8View),
    strict: true,
    evaluate: evaluate_extract,
};

pub(super) static JSON_SIZE: Definition = Definition {
    reference: Reference {
        name: "json_size",
        aliases: &[],
        group: Group::Json,
        syntax: "json_size(json, path)",
        result: "bigint",
        description: "The number of members of the object, or of elements of the array, at the \
            path; 0 for a scalar. NULL when nothing is there and when the text is not JSON.",
        example: (r#"json_size('{"user":{"name":"kim","id":7}}', '$.user')"#, "2"),
        difference: "A path with `*` or `..` gives the number of values it leads to.",
    },
    forms: &[&[Argument::Text, Argument::Text]],
    returns: |planned| checked(planned, DataType::Int64),
    strict: true,
    evaluate: evaluate_size,
};

fn checked(planned: &Planned<'_>, result: DataType) -> Result<DataType> {
    planned.check_text(1, Path::parse)?;
    Ok(result)
}

fn evaluate_extract(call: &Call<'_>) -> Result<ArrayRef> {
    let (documents, paths) = (call.text(0)?, call.text(1)?);
    let mut compiled = Compiled::new();
    call.build_text(|row, out| {
        let (Some(document), Some(path)) = (documents.value(row), paths.value(row)) else {
            return Ok(false);
        };
        let path = compiled.of(path, Path::parse).map_err(|error| call.error(error))?;
        Ok(extract_into(document, path, out).unwrap_or(false))
    })
}

/// Appends the value at the path; `false` when there is none.
fn extract_into(document: &str, path: &Path, out: &mut String) -> Result<bool, Malformed> {
    if path.is_definite() {
        let Some(at) = find(document, path)? else { return Ok(false) };
        minify_into(&mut Scanner::starting_at(document, at), out)?;
        return Ok(true);
    }
    let mut found = Vec::new();
    find_all(document, path, &mut found)?;
    out.push('[');
    for (index, at) in found.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        minify_into(&mut Scanner::starting_at(document, at), out)?;
    }
    out.push(']');
    Ok(true)
}

fn evaluate_size(call: &Call<'_>) -> Result<ArrayRef> {
    let (documents, paths) = (call.text(0)?, call.text(1)?);
    let mut compiled = Compiled::new();
    call.collect::<Int64Array, _>(|row| {
        let (Some(document), Some(path)) = (documents.value(row), paths.value(row)) else {
            return Ok(None);
        };
        let path = compiled.of(path, Path::parse).map_err(|error| call.error(error))?;
        let size = size_at(document, path).unwrap_or_default();
        Ok(size.and_then(|size| i64::try_from(size).ok()))
    })
}

fn size_at(document: &str, path: &Path) -> Result<Option<usize>, Malformed> {
    if path.is_definite() {
        let Some(at) = find(document, path)? else { return Ok(None) };
        return count_entries(&mut Scanner::starting_at(document, at)).map(Some);
    }
    let mut found = Vec::new();
    find_all(document, path, &mut found)?;
    Ok(Some(found.len()))
}
