//! `split` and `split_part`: text cut at a delimiter.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::argument::Argument;
use super::call::{Call, text_list};
use super::definition::Definition;
use super::reference::{Group, Reference};

pub(super) static SPLIT: Definition = Definition {
    reference: Reference {
        name: "split",
        aliases: &[],
        group: Group::Text,
        syntax: "split(text, delimiter [, count])",
        result: "array(varchar)",
        description: "The parts of the text between delimiters, empty ones too; with a count, at \
            most that many, the last with all that is left. An empty delimiter and a count below \
            1 are errors.",
        example: ("split('a,b,c', ',', 2)", "[a, b,c]"),
        difference: "",
    },
    forms: &[
        &[Argument::Text, Argument::Text],
        &[Argument::Text, Argument::Text, Argument::Integer],
    ],
    returns: |_planned| Ok(text_list()),
    strict: true,
    evaluate: evaluate_split,
};

pub(super) static SPLIT_PART: Definition = Definition {
    reference: Reference {
        name: "split_part",
        aliases: &[],
        group: Group::Text,
        syntax: "split_part(text, delimiter, index)",
        result: "varchar",
        description: "The part of the text at the index, which counts from 1; NULL when there are \
            fewer parts. An index below 1 is an error. An empty delimiter makes every character a \
            part.",
        example: ("split_part('198.51.100.7', '.', 4)", "7"),
        difference: "This replaces DataFusion's function of that name, which gives an empty text \
            where there are fewer parts.",
    },
    forms: &[&[Argument::Text, Argument::Text, Argument::Integer]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: evaluate_part,
};

fn evaluate_split(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, delimiters) = (call.text(0)?, call.text(1)?);
    let counts = if call.count() > 2 { Some(call.integer(2)?) } else { None };
    call.build_texts(|row, elements| {
        let (Some(text), Some(delimiter)) = (texts.value(row), delimiters.value(row)) else {
            return Ok(false);
        };
        if delimiter.is_empty() {
            return Err(call.error("the delimiter is empty"));
        }
        let Some(counts) = &counts else {
            text.split(delimiter).for_each(|part| elements.append_value(part));
            return Ok(true);
        };
        let Some(count) = counts.value(row) else { return Ok(false) };
        let count = usize::try_from(count).ok().filter(|count| *count > 0);
        let count = count.ok_or_else(|| call.error("the count must be at least 1"))?;
        text.splitn(count, delimiter).for_each(|part| elements.append_value(part));
        Ok(true)
    })
}

fn evaluate_part(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, delimiters, indexes) = (call.text(0)?, call.text(1)?, call.integer(2)?);
    call.build_text(|row, out| {
        let (Some(text), Some(delimiter), Some(index)) =
            (texts.value(row), delimiters.value(row), indexes.value(row))
        else {
            return Ok(false);
        };
        let place = index.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        let place = place.ok_or_else(|| call.error("the index counts from 1"))?;
        if delimiter.is_empty() {
            let character = text.chars().nth(place);
            out.extend(character);
            return Ok(character.is_some());
        }
        let part = text.split(delimiter).nth(place);
        out.push_str(part.unwrap_or_default());
        Ok(part.is_some())
    })
}
