//! Turns the engine's errors into messages a person can act on.

use datafusion::common::DataFusionError;
use headwater_ocsf::Version;

use crate::error::known_columns;
use crate::views::{OCSF, UNMAPPED};

/// Names further away than this many edits are not offered.
const EDITS_MAX: usize = 4;

/// A syntax error with its line and a caret below the token.
pub(crate) fn syntax(error: &DataFusionError, sql: &str) -> String {
    let text = match error.find_root() {
        DataFusionError::SQL(parser, _) => parser.to_string(),
        other => other.to_string(),
    };
    let text = text.trim_start_matches("sql parser error: ");
    let Some((message, place)) = text.rsplit_once(" at Line: ") else {
        return format!("syntax error: {text}");
    };
    let mut numbers = place.split(", Column: ").map(|number| number.trim().parse::<usize>());
    let (Some(Ok(line)), Some(Ok(column))) = (numbers.next(), numbers.next()) else {
        return format!("syntax error: {text}");
    };
    let source = sql.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let caret = " ".repeat(column.saturating_sub(1));
    format!("syntax error at line {line}, column {column}: {message}\n  {source}\n  {caret}^")
}

/// Any other error: unknown columns with the nearest known name, the rest in the engine's words.
pub(crate) fn message(error: &DataFusionError, tables: &[String]) -> String {
    if let Some((unknown, known)) = known_columns(error) {
        let hint = match nearest(&unknown, known.iter().map(String::as_str)) {
            Some(name) => format!("did you mean `{name}`?"),
            None if known.is_empty() => "there are no columns here".to_owned(),
            None => format!("columns are {}", known.join(", ")),
        };
        // Only views of classes have the column.
        let is_class = known.iter().any(|name| name == UNMAPPED);
        let column = if is_class { "ocsf" } else { "details" };
        let advice = format!("a field inside an event is json_extract_scalar({column}, '$.field')");
        return format!("no column `{unknown}`: {hint} ({advice})");
    }
    let root = error.find_root();
    match unknown_table(root) {
        Some((OCSF, class)) => return unknown_class(class),
        Some((_, unknown)) => {
            let hint = match nearest(unknown, tables.iter().map(String::as_str)) {
                Some(name) => format!("did you mean `{name}`?"),
                None if tables.is_empty() => "the lake has no tables yet".to_owned(),
                None => format!("tables are {}", tables.join(", ")),
            };
            return format!("no table `{unknown}`: {hint}");
        }
        None => {}
    }
    let text = match root {
        DataFusionError::Plan(text)
        | DataFusionError::Execution(text)
        | DataFusionError::NotImplemented(text)
        | DataFusionError::Configuration(text) => text.clone(),
        DataFusionError::Diagnostic(_, inner) => return message(inner, tables),
        other => other.strip_backtrace(),
    };
    text.trim_start_matches("Error during planning: ").trim_end_matches('.').to_owned()
}

/// Schema and name in "table '<catalog>.<schema>.<name>' not found".
fn unknown_table(error: &DataFusionError) -> Option<(&str, &str)> {
    let DataFusionError::Plan(text) = error else { return None };
    let name = text.strip_prefix("table '")?.split_once("' not found")?.0;
    let (schema, name) = name.rsplit_once('.').unwrap_or(("", name));
    Some((schema.rsplit('.').next().unwrap_or(schema), name))
}

/// No view of a class: the name is wrong, or there are no events yet.
fn unknown_class(unknown: &str) -> String {
    let classes = Version::NATIVE.catalogue().classes().iter().map(|class| class.name.as_str());
    if classes.clone().any(|name| name == unknown) {
        return format!("no view `{OCSF}.{unknown}`: the lake has no events with OCSF yet");
    }
    let hint = match nearest(unknown, classes) {
        Some(name) => format!("did you mean `{OCSF}.{name}`?"),
        None => "views are called as the classes of OCSF".to_owned(),
    };
    format!("no view `{OCSF}.{unknown}`: {hint}")
}

/// The known name with the fewest edits, when it is near enough.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = EDITS_MAX.min(name.chars().count() / 2 + 1);
    known
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn offers_near_names_only() {
        let known = ["eventid", "utctimestamp", "source", "details"];
        for (name, expected) in [
            ("sorce", Some("source")),
            ("evntid", Some("eventid")),
            ("utctimestmp", Some("utctimestamp")),
            ("zzz", None),
        ] {
            assert_eq!(nearest(name, known.into_iter()), expected, "{name}");
        }
    }
}
