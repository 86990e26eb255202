//! A list of indicators, read from what people and platforms exchange: lines, CSV, JSON, STIX 2.

mod csv;
mod json;
mod lines;
mod pattern;
mod stix;
mod text;

use std::collections::HashSet;
use std::sync::Arc;

use headwater_event::{ErrorKind, Timestamp};

use crate::form::Form;
use crate::indicator::{Indicator, IndicatorError, Note};
use crate::matcher::Matcher;
use crate::range::KeyRange;

/// Most indicators of a list.
pub const INDICATORS_MAX: usize = 1_000_000;

/// Bytes of what was skipped that are kept to show it.
const SHOWN_BYTES_MAX: usize = 200;

/// Indicators, each once, and what of the text is not among them.
#[derive(Debug)]
pub struct List {
    now: Timestamp,
    indicators: Vec<Indicator>,
    known: HashSet<Arc<[KeyRange]>>,
    skipped: Vec<Skipped>,
    duplicates: usize,
}

/// Something of a list that is not searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it begins, from 1.
    pub line: usize,
    /// The value or the condition, cut if long.
    pub text: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why something of a list is not searched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    /// It is no indicator.
    #[error(transparent)]
    Indicator(#[from] IndicatorError),
    /// Things of this type are not found in events.
    #[error("type `{0}` is not searched")]
    Type(String),
    /// Whoever made the list says that it is only context (`to_ids` of MISP).
    #[error("marked as context, not for detection")]
    Context,
    /// The name of a file was given together with its digest.
    #[error("the hash that came with it is searched instead")]
    NameWithHash,
    /// Taken back by whoever made it.
    #[error("revoked")]
    Revoked,
    /// No longer valid.
    #[error("expired: valid until {0}")]
    Expired(String),
    /// Pattern in another language than STIX.
    #[error("pattern type `{0}` is not supported")]
    PatternType(String),
    /// Not a pattern of STIX.
    #[error("the pattern is not valid")]
    Pattern,
    /// A pattern's condition on something that is not searched.
    #[error("property `{0}` is not searched")]
    Property(String),
    /// A pattern's condition that is not equality.
    #[error("comparison `{0}` is not supported")]
    Comparison(String),
    /// A line or a part that is not JSON.
    #[error("not valid JSON")]
    Json,
    /// An object or a row without an indicator.
    #[error("has no indicator")]
    NoValue,
}

/// Why a list cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Compressed, or something else that is not text.
    #[error("the list of indicators is not text")]
    Binary,
    /// Markup: STIX 1, OpenIOC, or a web page.
    #[error("the list of indicators is XML or HTML: STIX 1 is not supported, use 2.1, CSV or text")]
    Markup,
    /// A JSON document that is broken.
    #[error("the list of indicators is not valid JSON: line {line}, column {column}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// More indicators than one list may have.
    #[error("the list has more than {INDICATORS_MAX} indicators")]
    TooMany,
}

impl ListError {
    /// What the caller should do: give another list.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

impl List {
    /// An empty list. `now` tells which indicators have expired.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            indicators: Vec::new(),
            known: HashSet::new(),
            skipped: Vec::new(),
            duplicates: 0,
        }
    }

    /// Reads a list in any form. `now` tells which indicators have expired.
    ///
    /// - Text: one indicator per line; `#` begins a comment, alone or behind a blank. Lines of a
    ///   hosts file name the host that is blocked.
    /// - CSV, also with semicolons or tabs: a header with a column `indicator`, `value`, `ioc` or
    ///   `ioc_value`, perhaps one with the type, or columns like `url`, `dst_ip`, `sha256_hash`.
    ///   The header may be the last comment before the rows.
    /// - JSON, or one value per line: texts, or objects with such a member; exports of MISP, OTX
    ///   and ThreatFox.
    /// - STIX 2: patterns of indicators, and observables.
    ///
    /// # Errors
    ///
    /// When nothing of it can be read. What is wrong with single indicators is in
    /// [`skipped`](Self::skipped).
    pub fn read(bytes: &[u8], now: Timestamp) -> Result<Self, ListError> {
        let text = text::decode(bytes)?;
        let mut list = Self::new(now);
        let start = text.trim_start();
        if start.starts_with('<') {
            return Err(ListError::Markup);
        }
        if json::is_json(start) {
            json::read(&text, &mut list)?;
        } else if let Some(columns) = csv::Columns::find(&text) {
            csv::read(&text, &columns, &mut list)?;
        } else {
            lines::read(&text, &mut list)?;
        }
        Ok(list)
    }

    /// Adds one indicator; false if the list has it.
    ///
    /// # Errors
    ///
    /// When the text is no indicator.
    pub fn add(&mut self, text: &str) -> Result<bool, IndicatorError> {
        Ok(self.insert(Indicator::parse(text)?))
    }

    /// The indicators, in the order of their first mention.
    #[must_use]
    pub fn indicators(&self) -> &[Indicator] {
        &self.indicators
    }

    /// What is not searched, and why.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// How many indicators were left out because the list has them already.
    #[must_use]
    pub const fn duplicates(&self) -> usize {
        self.duplicates
    }

    /// A matcher whose numbers are places in [`indicators`](Self::indicators).
    #[must_use]
    pub fn matcher(&self) -> Matcher {
        Matcher::new(&self.indicators)
    }

    fn insert(&mut self, indicator: Indicator) -> bool {
        let is_new = self.known.insert(Arc::clone(&indicator.ranges));
        if is_new {
            self.indicators.push(indicator);
        } else {
            self.duplicates += 1;
        }
        is_new
    }

    /// Adds what was read in a line, or why it was not.
    fn take(
        &mut self,
        line: usize,
        given: &str,
        read: Result<Indicator, IndicatorError>,
        note: Option<Note>,
    ) -> Result<(), ListError> {
        match read {
            Ok(mut indicator) => {
                indicator.note = indicator.note.or(note);
                if self.insert(indicator) && self.indicators.len() > INDICATORS_MAX {
                    return Err(ListError::TooMany);
                }
            }
            Err(error) => self.skip(line, given, error.into()),
        }
        Ok(())
    }

    fn skip(&mut self, line: usize, text: &str, reason: SkipReason) {
        let end = text.floor_char_boundary(SHOWN_BYTES_MAX);
        let text = text.get(..end).unwrap_or_default().to_owned();
        self.skipped.push(Skipped { line, text, reason });
    }

    /// Adds a value whose type is named as some platform does. Types and values may be pairs
    /// (`filename|md5`, `ip-dst|port`).
    fn typed(&mut self, line: usize, name: &str, value: &str) -> Result<(), ListError> {
        let is_pair = name.contains('|') && value.contains('|');
        if !is_pair {
            let name = name.split('|').next().unwrap_or(name).trim();
            return self.named(line, name, value, None);
        }
        let has = |part: &str, form: Form| Form::from_name(part) == Some(form);
        let has_hash = name.split('|').any(|part| has(part, Form::Hash));
        let note = name.split('|').any(|part| part == "port").then_some(Note::Port);
        for (name, value) in name.split('|').zip(value.split('|')) {
            if name == "port" {
                continue;
            }
            if has_hash && has(name, Form::File) {
                self.skip(line, value, SkipReason::NameWithHash);
            } else {
                self.named(line, name, value, note)?;
            }
        }
        Ok(())
    }

    fn named(
        &mut self,
        line: usize,
        name: &str,
        value: &str,
        note: Option<Note>,
    ) -> Result<(), ListError> {
        if name.is_empty() {
            return self.take(line, value, Indicator::parse(value), note);
        }
        if let Some(form) = Form::from_name(name) {
            return self.take(line, value, Indicator::parse_as(form, value), note);
        }
        // A column `type` may hold something else (`c2`): then the value speaks for itself, unless
        // it could be anything.
        match Indicator::parse(value) {
            Ok(indicator) if !text::is_word(value) && !text::is_unsearched(name) => {
                self.take(line, value, Ok(indicator), note)
            }
            _ => {
                self.skip(line, value, SkipReason::Type(name.to_owned()));
                Ok(())
            }
        }
    }
}
