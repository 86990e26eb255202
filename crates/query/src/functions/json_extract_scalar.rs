//! `json_extract_scalar`: one scalar out of a JSON document, as text.
//!
//! This is the function that hunts spend their time in. Per row it skips to the value, checks what
//! it skips, and copies the value's bytes from the document into the result: no tree, no
//! allocation.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewBuilder};
use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::SCALAR_AT;
use super::argument::Argument;
use super::call::{Call, Compiled};
use super::definition::{Definition, Planned};
use super::reference::{Group, Reference};
use headwater_event::document::extract::{Scalar, find, find_all, scalar_at};
use headwater_event::document::path::Path;
use headwater_event::document::scan::Malformed;

pub(super) static JSON_EXTRACT_SCALAR: Definition = Definition {
    reference: Reference {
        name: SCALAR_AT,
        aliases: &[],
        group: Group::Json,
        syntax: "json_extract_scalar(json, path)",
        result: "varchar",
        description: "The string, number or boolean at the path, as text. NULL when nothing is \
            there, when it is JSON null, an object or an array, and when the text is not JSON up \
            to that place. Of two members with one name the first counts. A path that cannot be \
            read is an error.",
        example: (r#"json_extract_scalar('{"user":{"name":"kim"}}', '$.user.name')"#, "kim"),
        difference: "Beyond Trino the path may hold `['key']`, `[-1]`, `*` and `..`; where these \
            leave several values, or none, the result is NULL.",
    },
    forms: &[&[Argument::Text, Argument::Text]],
    returns,
    strict: true,
    evaluate,
};

fn returns(planned: &Planned<'_>) -> Result<DataType> {
    planned.check_text(1, Path::parse)?;
    Ok(DataType::Utf8View)
}

fn evaluate(call: &Call<'_>) -> Result<ArrayRef> {
    let (documents, paths) = (call.text(0)?, call.text(1)?);
    let mut builder = StringViewBuilder::with_capacity(call.rows());
    let (mut compiled, mut scratch) = (Compiled::new(), String::new());
    for row in 0..call.rows() {
        let scalar = match (documents.value(row), paths.value(row)) {
            (Some(document), Some(path)) => {
                let path = compiled.of(path, Path::parse).map_err(|error| call.error(error))?;
                extract(document, path).unwrap_or_default()
            }
            _ => None,
        };
        match scalar {
            Some(scalar) => builder.append_value(scalar.text(&mut scratch)),
            None => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}

#[inline]
fn extract<'a>(document: &'a str, path: &Path) -> Result<Option<Scalar<'a>>, Malformed> {
    if path.is_definite() {
        return match find(document, path)? {
            Some(at) => scalar_at(document, at),
            None => Ok(None),
        };
    }
    let mut found = Vec::new();
    find_all(document, path, &mut found)?;
    match found.as_slice() {
        [at] => scalar_at(document, *at),
        _ => Ok(None),
    }
}
