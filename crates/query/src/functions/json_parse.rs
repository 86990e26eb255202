//! `json_parse`, `json_format` and `is_json_scalar`: JSON as a whole.

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result};

use super::argument::Argument;
use super::call::Call;
use super::definition::Definition;
use super::reference::{Group, Reference};
use headwater_event::document::scan::{Kind, Malformed, Scanner};
use headwater_event::document::text::minify_into;

/// How much of a bad document an error shows.
const SHOWN_CHARS_MAX: usize = 100;

const TEXT_TYPE: &str = "The type JSON is text here: what this function adds is that the text is \
    checked and has no white space. Members keep their order, numbers their spelling.";

pub(super) static JSON_PARSE: Definition = Definition {
    reference: Reference {
        name: "json_parse",
        aliases: &[],
        group: Group::Json,
        syntax: "json_parse(text)",
        result: "json",
        description: "The text as JSON without white space; an error when it is not JSON.",
        example: ("json_parse(' [1, 2.50] ')", "[1,2.50]"),
        difference: TEXT_TYPE,
    },
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: evaluate_minified,
};

pub(super) static JSON_FORMAT: Definition = Definition {
    reference: Reference {
        name: "json_format",
        aliases: &[],
        group: Group::Json,
        syntax: "json_format(json)",
        result: "varchar",
        description: "The text of a JSON value, without white space; an error when it is not JSON.",
        example: (r#"json_format(json_extract('{"a": {"b": 1}}', '$.a'))"#, r#"{"b":1}"#),
        difference: TEXT_TYPE,
    },
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: evaluate_minified,
};

pub(super) static IS_JSON_SCALAR: Definition = Definition {
    reference: Reference {
        name: "is_json_scalar",
        aliases: &[],
        group: Group::Json,
        syntax: "is_json_scalar(json)",
        result: "boolean",
        description: "Whether the JSON value is a number, a string, true, false or null; an error \
            when the text is not JSON.",
        example: ("is_json_scalar('[1, 2, 3]')", "false"),
        difference: "",
    },
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Boolean),
    strict: true,
    evaluate: evaluate_is_scalar,
};

fn evaluate_minified(call: &Call<'_>) -> Result<ArrayRef> {
    let documents = call.text(0)?;
    call.build_text(|row, out| {
        let Some(document) = documents.value(row) else { return Ok(false) };
        let mut scanner = Scanner::new(document);
        let parsed = minify_into(&mut scanner, out).and_then(|()| expect_end(&mut scanner));
        parsed.map(|()| true).map_err(|fault| not_json(call, document, fault))
    })
}

fn evaluate_is_scalar(call: &Call<'_>) -> Result<ArrayRef> {
    let documents = call.text(0)?;
    call.collect::<BooleanArray, _>(|row| {
        let Some(document) = documents.value(row) else { return Ok(None) };
        let mut scanner = Scanner::new(document);
        let read = || {
            let kind = scanner.kind()?;
            scanner.skip_value()?;
            expect_end(&mut scanner)?;
            Ok(!matches!(kind, Kind::Object | Kind::Array))
        };
        let mut read = read;
        read().map(Some).map_err(|fault| not_json(call, document, fault))
    })
}

/// Nothing but white space may follow the value.
fn expect_end(scanner: &mut Scanner<'_>) -> Result<(), Malformed> {
    scanner.skip_space();
    if scanner.peek().is_none() { Ok(()) } else { Err(scanner.malformed()) }
}

fn not_json(call: &Call<'_>, document: &str, fault: Malformed) -> DataFusionError {
    let read = document.get(..fault.at).unwrap_or(document).chars().count();
    let shown: String = document.chars().take(SHOWN_CHARS_MAX).collect();
    let more = if shown.len() < document.len() { "…" } else { "" };
    call.error(format!("not JSON at character {}: '{shown}{more}'", read + 1))
}
