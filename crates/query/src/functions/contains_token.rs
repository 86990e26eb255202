//! `contains_token`: full text by words.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use headwater_event::document::words::{has_word, is_word_of_its_own};

use super::CONTAINS_TOKEN;
use super::argument::Argument;
use super::call::{Call, Compiled};
use super::definition::{Definition, Planned};
use super::reference::{Group, Reference};

pub(super) static DEFINITION: Definition = Definition {
    reference: Reference {
        name: CONTAINS_TOKEN,
        aliases: &[],
        group: Group::Text,
        syntax: "contains_token(text, word)",
        result: "boolean",
        description: "Whether the text has the word, whatever the case of its ASCII letters. Words \
            are runs of letters, digits and `_`; in JSON text the escapes of strings mean what \
            they stand for. Over `details`, rows that cannot have the word are not read where \
            `headwater optimize` wrote the files. Something that is not one word is an error.",
        example: (r#"contains_token('{"image":"C:\\temp\\Mimikatz.exe"}', 'mimikatz')"#, "true"),
        difference: "Not a function of Trino.",
    },
    forms: &[&[Argument::Text, Argument::Text]],
    returns,
    strict: true,
    evaluate,
};

fn returns(planned: &Planned<'_>) -> Result<DataType> {
    planned.check_text(1, checked)?;
    Ok(DataType::Boolean)
}

/// A text that is one word.
fn checked(word: &str) -> Result<String, String> {
    if is_word_of_its_own(word) {
        return Ok(word.to_owned());
    }
    Err(format!(
        "`{word}` is not one word of letters, digits and `_`; join a call for each word with AND"
    ))
}

fn evaluate(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, words) = (call.text(0)?, call.text(1)?);
    let mut compiled = Compiled::new();
    let mut verdicts = Vec::with_capacity(call.rows());
    for row in 0..call.rows() {
        verdicts.push(match (texts.value(row), words.value(row)) {
            (Some(text), Some(word)) => {
                let word = compiled.of(word, checked).map_err(|error| call.error(error))?;
                Some(has_word(text, word))
            }
            _ => None,
        });
    }
    Ok(Arc::new(BooleanArray::from(verdicts)))
}
