//! `regexp_extract`, `regexp_extract_all`, `regexp_replace`, `regexp_split`, `regexp_position`.
//!
//! `regexp_like` and `regexp_count` are DataFusion's: they find, as Trino's do. Patterns are those
//! of the `regex` crate: linear time, but neither look-around nor back-references.

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use regex::{Regex, RegexBuilder};

use super::argument::Argument;
use super::call::{Call, Column, Compiled, TextColumn, text_list};
use super::definition::Definition;
use super::reference::{Group, Reference};
use super::replacement::Replacement;

const PATTERNS: &str = "Patterns have no look-around and no back-references.";

pub(super) static REGEXP_EXTRACT: Definition = Definition {
    reference: Reference {
        name: "regexp_extract",
        aliases: &[],
        group: Group::Text,
        syntax: "regexp_extract(text, pattern [, group])",
        result: "varchar",
        description: "The first match of the pattern, or what its group matched there. NULL \
            without match and for a group that took no part in it; an error when the pattern has \
            no such group.",
        example: (r"regexp_extract('1a 2b 14m', '(\d+)([a-z]+)', 2)", "a"),
        difference: PATTERNS,
    },
    forms: &[
        &[Argument::Text, Argument::Text],
        &[Argument::Text, Argument::Text, Argument::Integer],
    ],
    returns: |planned| {
        planned.check_text(1, Regex::new)?;
        Ok(DataType::Utf8View)
    },
    strict: true,
    evaluate: evaluate_extract,
};

pub(super) static REGEXP_EXTRACT_ALL: Definition = Definition {
    reference: Reference {
        name: "regexp_extract_all",
        aliases: &[],
        group: Group::Text,
        syntax: "regexp_extract_all(text, pattern [, group])",
        result: "array(varchar)",
        description: "All matches of the pattern, or what its group matched in each; NULL \
            elements where the group took no part.",
        example: (r"regexp_extract_all('1a 2b 14m', '(\d+)([a-z]+)', 2)", "[a, b, m]"),
        difference: PATTERNS,
    },
    forms: &[
        &[Argument::Text, Argument::Text],
        &[Argument::Text, Argument::Text, Argument::Integer],
    ],
    returns: |planned| {
        planned.check_text(1, Regex::new)?;
        Ok(text_list())
    },
    strict: true,
    evaluate: evaluate_extract_all,
};

pub(super) static REGEXP_REPLACE: Definition = Definition {
    reference: Reference {
        name: "regexp_replace",
        aliases: &[],
        group: Group::Text,
        syntax: "regexp_replace(text, pattern [, replacement [, flags]])",
        result: "varchar",
        description: "The text with every match of the pattern replaced, or removed. `$1` and \
            `${name}` in the replacement stand for what groups matched, a backslash makes the \
            next character literal.",
        example: (r"regexp_replace('1a 2b 14m', '(\d+)([ab]) ', '3c$2 ')", "3ca 3cb 14m"),
        difference: "Patterns have no look-around and no back-references. Beyond Trino a fourth \
            argument takes flags out of `gimsx`. This replaces DataFusion's function of that \
            name, which replaces the first match only.",
    },
    forms: &[
        &[Argument::Text, Argument::Text],
        &[Argument::Text, Argument::Text, Argument::Text],
        &[Argument::Text, Argument::Text, Argument::Text, Argument::Text],
    ],
    returns: |planned| {
        planned.check_text(1, Regex::new)?;
        Ok(DataType::Utf8View)
    },
    strict: true,
    evaluate: evaluate_replace,
};

pub(super) static REGEXP_SPLIT: Definition = Definition {
    reference: Reference {
        name: "regexp_split",
        aliases: &[],
        group: Group::Text,
        syntax: "regexp_split(text, pattern)",
        result: "array(varchar)",
        description: "The parts of the text between the matches of the pattern, empty ones too.",
        example: (r"regexp_split('1a 2b 14m', '\s*[a-z]+\s*')", "[1, 2, 14, ]"),
        difference: PATTERNS,
    },
    forms: &[&[Argument::Text, Argument::Text]],
    returns: |planned| {
        planned.check_text(1, Regex::new)?;
        Ok(text_list())
    },
    strict: true,
    evaluate: evaluate_split,
};

pub(super) static REGEXP_POSITION: Definition = Definition {
    reference: Reference {
        name: "regexp_position",
        aliases: &[],
        group: Group::Text,
        syntax: "regexp_position(text, pattern [, start [, occurrence]])",
        result: "bigint",
        description: "The position in characters, from 1, of the match of the pattern with that \
            number, looking from the start on; -1 when there is none.",
        example: (r"regexp_position('I have 23 apples, 5 pears', '\b\d+\b', 12)", "19"),
        difference: PATTERNS,
    },
    forms: &[
        &[Argument::Text, Argument::Text],
        &[Argument::Text, Argument::Text, Argument::Integer],
        &[Argument::Text, Argument::Text, Argument::Integer, Argument::Integer],
    ],
    returns: |planned| {
        planned.check_text(1, Regex::new)?;
        Ok(DataType::Int64)
    },
    strict: true,
    evaluate: evaluate_position,
};

/// The group to take: 0, which is the whole match, where no argument says otherwise.
fn group_of(call: &Call<'_>, regex: &Regex, group: Option<i64>) -> Result<usize> {
    let groups = regex.captures_len() - 1;
    let group = group.unwrap_or(0);
    match usize::try_from(group) {
        Ok(group) if group <= groups => Ok(group),
        _ => Err(call.error(format!("the pattern has {groups} groups: there is no group {group}"))),
    }
}

fn evaluate_extract(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, patterns) = (call.text(0)?, call.text(1)?);
    let groups = if call.count() > 2 { Some(call.integer(2)?) } else { None };
    let mut compiled = Compiled::new();
    call.build_text(|row, out| {
        let (Some(text), Some(pattern)) = (texts.value(row), patterns.value(row)) else {
            return Ok(false);
        };
        let regex = compiled.of(pattern, Regex::new).map_err(|error| call.error(error))?;
        let found = match &groups {
            None => regex.find(text),
            Some(groups) => {
                let Some(group) = groups.value(row) else { return Ok(false) };
                let group = group_of(call, regex, Some(group))?;
                regex.captures(text).and_then(|captures| captures.get(group))
            }
        };
        out.push_str(found.map_or("", |found| found.as_str()));
        Ok(found.is_some())
    })
}

fn evaluate_extract_all(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, patterns) = (call.text(0)?, call.text(1)?);
    let groups = if call.count() > 2 { Some(call.integer(2)?) } else { None };
    let mut compiled = Compiled::new();
    call.build_texts(|row, elements| {
        let (Some(text), Some(pattern)) = (texts.value(row), patterns.value(row)) else {
            return Ok(false);
        };
        let regex = compiled.of(pattern, Regex::new).map_err(|error| call.error(error))?;
        let group = match &groups {
            None => None,
            Some(groups) => match groups.value(row) {
                Some(group) => Some(group),
                None => return Ok(false),
            },
        };
        let group = group_of(call, regex, group)?;
        for captures in regex.captures_iter(text) {
            elements.append_option(captures.get(group).map(|found| found.as_str()));
        }
        Ok(true)
    })
}

fn evaluate_split(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, patterns) = (call.text(0)?, call.text(1)?);
    let mut compiled = Compiled::new();
    call.build_texts(|row, elements| {
        let (Some(text), Some(pattern)) = (texts.value(row), patterns.value(row)) else {
            return Ok(false);
        };
        let regex = compiled.of(pattern, Regex::new).map_err(|error| call.error(error))?;
        regex.split(text).for_each(|part| elements.append_value(part));
        Ok(true)
    })
}

fn evaluate_replace(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, patterns) = (call.text(0)?, call.text(1)?);
    let replacements = if call.count() > 2 { Some(call.text(2)?) } else { None };
    let flags = if call.count() > 3 { Some(call.text(3)?) } else { None };
    let mut last: Option<Prepared> = None;
    call.build_text(|row, out| {
        let (Some(text), Some(pattern)) = (texts.value(row), patterns.value(row)) else {
            return Ok(false);
        };
        let (Some(replacement), Some(flags)) =
            (text_or_empty(replacements, row), text_or_empty(flags, row))
        else {
            return Ok(false);
        };
        let source = [pattern, replacement, flags];
        let prepared = match last.take() {
            Some(last) if last.source == source => last,
            _ => Prepared::new(source).map_err(|error| call.error(error))?,
        };
        prepared.replacement.replace_all(&prepared.regex, text, out);
        last = Some(prepared);
        Ok(true)
    })
}

/// The text of an optional argument, which is empty where it is not given.
fn text_or_empty(column: Option<TextColumn<'_>>, row: usize) -> Option<&str> {
    match column {
        Some(column) => column.value(row),
        None => Some(""),
    }
}

/// A pattern, its replacement and its flags, compiled.
struct Prepared {
    source: [String; 3],
    regex: Regex,
    replacement: Replacement,
}

impl Prepared {
    fn new(source: [&str; 3]) -> Result<Self, String> {
        let [pattern, replacement, flags] = source;
        let regex = compile_flagged(pattern, flags)?;
        let replacement =
            Replacement::parse(replacement, &regex).map_err(|error| error.to_string())?;
        Ok(Self { source: source.map(str::to_owned), regex, replacement })
    }
}

fn compile_flagged(pattern: &str, flags: &str) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(pattern);
    for flag in flags.chars() {
        match flag {
            'g' => &mut builder,
            'i' => builder.case_insensitive(true),
            'm' => builder.multi_line(true),
            's' => builder.dot_matches_new_line(true),
            'x' => builder.ignore_whitespace(true),
            _ => return Err(format!("unknown flag '{flag}': expected some of 'gimsx'")),
        };
    }
    builder.build().map_err(|error| error.to_string())
}

fn evaluate_position(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, patterns) = (call.text(0)?, call.text(1)?);
    let starts = if call.count() > 2 { Some(call.integer(2)?) } else { None };
    let occurrences = if call.count() > 3 { Some(call.integer(3)?) } else { None };
    let mut compiled = Compiled::new();
    call.collect::<Int64Array, _>(|row| {
        let number = |column: &Option<Column<'_, Int64Array, i64>>| match column {
            Some(column) => column.value(row),
            None => Some(1),
        };
        let (Some(text), Some(pattern)) = (texts.value(row), patterns.value(row)) else {
            return Ok(None);
        };
        let (Some(start), Some(occurrence)) = (number(&starts), number(&occurrences)) else {
            return Ok(None);
        };
        let regex = compiled.of(pattern, Regex::new).map_err(|error| call.error(error))?;
        position(regex, text, start, occurrence)
            .map(Some)
            .ok_or_else(|| call.error("start and occurrence count from 1"))
    })
}

/// Position of a match in characters, or -1; none for a start or occurrence below 1.
fn position(regex: &Regex, text: &str, start: i64, occurrence: i64) -> Option<i64> {
    let skipped = usize::try_from(start.checked_sub(1)?).ok()?;
    let earlier = usize::try_from(occurrence.checked_sub(1)?).ok()?;
    let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let Some(from) = starts.clone().nth(skipped) else { return Some(-1) };
    let mut at = from;
    let mut found = None;
    for _ in 0..=earlier {
        found = regex.find_at(text, at);
        match found {
            Some(hit) if hit.end() > at => at = hit.end(),
            // An empty match must not be found again: go on behind the next character.
            Some(_) => match starts.clone().find(|next| *next > at) {
                Some(next) => at = next,
                None => break,
            },
            None => break,
        }
    }
    let Some(hit) = found else { return Some(-1) };
    let before = text.get(..hit.start())?.chars().count();
    i64::try_from(before).ok()?.checked_add(1)
}
