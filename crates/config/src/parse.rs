//! From YAML text to the types of [`crate::file`], with errors in our own words: the library's ones
//! know the place but not the path, and would quote the text around it, which may be a secret.

use std::path::Path;

use serde_saphyr::Error as YamlError;

use crate::error::{ConfigError, Place, Problem, suggest, suggest_nearest};
use crate::file::FileConfig;
use crate::outline::{Outline, join, section_of};

/// Reads a settings file.
pub(crate) fn parse(text: &str, file: &Path) -> Result<(FileConfig, Outline), ConfigError> {
    let outline = Outline::of(text);
    let options = serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        merge_keys: serde_saphyr::MergeKeyPolicy::Error,
    };
    match serde_saphyr::from_str_with_options::<FileConfig>(text, options) {
        Ok(parsed) => Ok((parsed, outline)),
        Err(error) => Err(ConfigError::Invalid(vec![problem(&error, &outline, file)])),
    }
}

fn problem(error: &YamlError, outline: &Outline, file: &Path) -> Problem {
    let error = error.without_snippet();
    let position = error.location().and_then(|location| {
        let line = usize::try_from(location.line()).ok()?;
        Some((line, usize::try_from(location.column()).ok()?))
    });
    let path = position.map_or("", |position| outline.path_at(position));
    let (path, message, hint) = explain(error, path);
    let position = position.or_else(|| outline.position_of(&path));
    Problem { place: Place::File { file: file.to_owned(), position }, path, message, hint }
}

/// Path, message and hint for an error of the library that was found at `path`.
fn explain(error: &YamlError, path: &str) -> (String, String, Option<String>) {
    let here = |message: String| (path.to_owned(), message, None);
    match error {
        YamlError::SerdeUnknownField { field, expected, .. } => (
            join(section_of_unknown(path, field), field),
            "there is no such setting".to_owned(),
            suggest(field, expected),
        ),
        YamlError::SerdeUnknownVariant { variant, expected, .. } => (
            path.to_owned(),
            format!("`{variant}` is not one of {}", expected.join(", ")),
            suggest_nearest(variant, expected),
        ),
        YamlError::SerdeInvalidType { unexpected, expected, .. }
        | YamlError::SerdeInvalidValue { unexpected, expected, .. } => {
            here(format!("expected {expected}, found {unexpected}"))
        }
        YamlError::InvalidScalar { ty, .. } => here(format!("is not {}", type_name(ty))),
        YamlError::InvalidBooleanStrict { .. } => here("expected true or false".to_owned()),
        YamlError::DuplicateMappingKey { .. } => here("is given twice".to_owned()),
        YamlError::NullIntoString { .. } => here("has no value".to_owned()),
        YamlError::Unexpected { expected: "mapping start", .. } => (
            path.to_owned(),
            "expected settings below it".to_owned(),
            Some("write `name: value`, or leave the line out".to_owned()),
        ),
        YamlError::Unexpected { expected: "sequence start", .. } => {
            (path.to_owned(), "expected a list".to_owned(), Some("write [one, two]".to_owned()))
        }
        YamlError::Unexpected { expected, .. } => here(format!("expected {expected}")),
        YamlError::Message { msg, .. } => here(msg.clone()),
        YamlError::MultipleDocuments { .. } => {
            (String::new(), "expected one document, not several".to_owned(), None)
        }
        YamlError::AliasError { error, .. } => explain(error, path),
        other => (String::new(), format!("not valid YAML: {}", library_text(other)), None),
    }
}

/// Numbers by what people call them.
fn type_name(rust_type: &str) -> &str {
    match rust_type {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        other => other,
    }
}

/// The library's message without its own account of the place.
fn library_text(error: &YamlError) -> String {
    let text = error.to_string();
    let end = text.find(" at line ").unwrap_or(text.len());
    text.get(..end).unwrap_or(&text).to_owned()
}

/// The section that an unknown field stands in. Its place is that of its key.
fn section_of_unknown<'a>(path: &'a str, field: &str) -> &'a str {
    if path.ends_with(field) { section_of(path) } else { path }
}

#[cfg(test)]
mod tests;
