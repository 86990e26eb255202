//! The body of a bulk request: lines of an action each, followed by a line with its document
//! (Elasticsearch reference, "Bulk API"). Pure; nothing is copied but names with escapes.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

/// What is to be done with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// Store it.
    Create,
    /// Store it, or put it in the place of another.
    Index,
    /// Change parts of another.
    Update,
    /// Remove another.
    Delete,
}

impl Verb {
    /// The name in requests and answers.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Index => "index",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// One action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Action<'a> {
    pub(super) verb: Verb,
    pub(super) index: Cow<'a, str>,
    pub(super) id: Option<Cow<'a, str>>,
    /// The document's place in the body; `delete` has none.
    pub(super) document: Option<Range<usize>>,
}

/// Why a whole request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    /// A line that should be an action is none, or lacks its document.
    #[error("malformed action [{number}]: {reason}")]
    Action {
        /// Which action, from 1.
        number: usize,
        /// What is wrong.
        reason: String,
    },
    /// An action names no index, and neither does the path.
    #[error("Validation Failed: 1: index is missing of action [{0}];")]
    Index(usize),
    /// There is no action.
    #[error("Validation Failed: 1: no requests added;")]
    Empty,
    /// More actions than one answer can speak of.
    #[error("more than {0} actions in one request")]
    TooMany(usize),
}

/// `{"index":{…}}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionLine<'a> {
    #[serde(borrow, default)]
    create: Option<Target<'a>>,
    #[serde(borrow, default)]
    index: Option<Target<'a>>,
    #[serde(borrow, default)]
    update: Option<Target<'a>>,
    #[serde(borrow, default)]
    delete: Option<Target<'a>>,
}

/// Where the document belongs. Pipelines, routing and conditions have no meaning here.
#[derive(Deserialize)]
struct Target<'a> {
    #[serde(borrow, default, rename = "_index")]
    index: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "_id")]
    id: Option<&'a RawValue>,
}

/// Reads the actions of a body. Blank lines between them are nothing: rsyslog sends one behind
/// every document. The last line need not be ended.
pub(super) fn read_actions<'a>(
    body: &'a [u8],
    path_index: Option<&'a str>,
    actions_max: usize,
) -> Result<Vec<Action<'a>>, Malformed> {
    let mut lines = lines(body);
    let mut actions = Vec::new();
    while let Some(line) = lines.next() {
        let text = body.get(line).unwrap_or_default();
        if text.is_empty() {
            continue;
        }
        if actions.len() == actions_max {
            return Err(Malformed::TooMany(actions_max));
        }
        let number = actions.len() + 1;
        let malformed = |reason: String| Malformed::Action { number, reason };
        let (verb, target) = read_line(text).map_err(malformed)?;
        let name = |name: &'static str, value: Option<&'a RawValue>| {
            let read = |value| scalar(value).ok_or_else(|| malformed(format!("{name} is no text")));
            value.map(read).transpose()
        };
        let index = name("_index", target.index)?.filter(|index| !index.is_empty());
        let index = index.or(path_index.map(Cow::Borrowed)).ok_or(Malformed::Index(number))?;
        let id = name("_id", target.id)?.filter(|id| !id.is_empty());
        let document = match verb {
            Verb::Delete => None,
            _ => Some(lines.next().ok_or_else(|| malformed("its document is missing".to_owned()))?),
        };
        actions.push(Action { verb, index, id, document });
    }
    if actions.is_empty() { Err(Malformed::Empty) } else { Ok(actions) }
}

/// Places of the lines without what is blank around them; nothing behind the last line end.
fn lines(body: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', body).chain([body.len()]);
    ends.filter_map(move |end| {
        let line = body.get(start..end)?;
        let skipped = line.len() - line.trim_ascii_start().len();
        let from = if skipped == line.len() { start } else { start + skipped };
        let is_rest = end == body.len();
        start = end + 1;
        let range = from..from + line.trim_ascii().len();
        (!is_rest || !range.is_empty()).then_some(range)
    })
}

fn read_line(text: &[u8]) -> Result<(Verb, Target<'_>), String> {
    if !text.starts_with(b"{") {
        return Err("expected an object".to_owned());
    }
    let line: ActionLine<'_> = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let mut verbs = [
        (Verb::Create, line.create),
        (Verb::Index, line.index),
        (Verb::Update, line.update),
        (Verb::Delete, line.delete),
    ]
    .into_iter()
    .filter_map(|(verb, target)| Some((verb, target?)));
    match (verbs.next(), verbs.next()) {
        (Some(action), None) => Ok(action),
        _ => Err("expected one of create, index, update and delete".to_owned()),
    }
}

/// A text, or a number as text.
fn scalar(value: &RawValue) -> Option<Cow<'_, str>> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => {
            let plain = serde_json::from_str::<&str>(text).ok().map(Cow::Borrowed);
            plain.or_else(|| serde_json::from_str::<String>(text).ok().map(Cow::Owned))
        }
        Some(b'{' | b'[') | None => None,
        Some(_) => Some(Cow::Borrowed(text)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Actions as `verb index id document`.
    fn check(body: &str, expected: &[&str]) {
        let actions = read_actions(body.as_bytes(), Some("p"), 3).unwrap();
        let found: Vec<String> = actions
            .iter()
            .map(|action| {
                let id = action.id.as_deref().unwrap_or("-");
                let document = action.document.clone().map_or("-", |range| &body[range]);
                format!("{} {} {id} {document}", action.verb.name(), action.index)
            })
            .collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn actions_of_every_kind_are_read() {
        check(
            "{\"index\":{\"_index\":\"a\"}}\n{\"x\":1}\n{\"create\":{\"_id\":\"7\",\"pipeline\":\"q\"}}\n{}\n",
            &[r#"index a - {"x":1}"#, "create p 7 {}"],
        );
        check(
            "{\"update\":{\"_id\":1}}\n{\"doc\":{}}\n{\"delete\":{\"_index\":\"a\",\"_id\":\"\\u0041\"}}",
            &[r#"update p 1 {"doc":{}}"#, "delete a A -"],
        );
        check("{\"index\":{\"_index\":null,\"_id\":\"\"}}\nnot json", &["index p - not json"]);
    }

    #[test]
    fn line_ends_and_blank_lines_do_not_matter() {
        let expected = ["index p - {}", "index p - {}"];
        check("{\"index\":{}}\n{}\n{\"index\":{}}\n{}", &expected);
        check("{\"index\":{}}\r\n {} \r\n\r\n{\"index\":{}}\r\n{}\r\n\r\n", &expected);
        check("\n\n{\"index\":{}}\n{}\n\n \n{\"index\":{}}\n{}\n \n", &expected);
        check("{\"index\":{}}\n\n", &["index p - "]);
    }

    #[test]
    fn what_is_malformed_ends_the_request() {
        for (body, expected) in [
            ("", "Validation Failed: 1: no requests added;"),
            (" \n\n", "Validation Failed: 1: no requests added;"),
            ("{\"index\":{}}\n", "malformed action [1]: its document is missing"),
            ("{\"index\":{}}", "malformed action [1]: its document is missing"),
            (
                "{\"index\":{}}\n{}\n{}\n",
                "malformed action [2]: expected one of create, index, update and delete",
            ),
            (
                "{\"index\":{},\"create\":{}}\n{}\n",
                "malformed action [1]: expected one of create, index, update and delete",
            ),
            ("[{}]\n{}\n", "malformed action [1]: expected an object"),
            ("{\"index\":{\"_id\":[]}}\n{}\n", "malformed action [1]: _id is no text"),
            (
                "{\"index\":{}}\n{}\n{\"move\":{}}\n{}\n",
                "malformed action [2]: unknown field `move`, expected one of `create`, `index`, `update`, `delete` at line 1 column 7",
            ),
            (
                "{\"delete\":{}}\n{\"delete\":{}}\n{\"delete\":{}}\n{\"delete\":{}}\n",
                "more than 3 actions in one request",
            ),
        ] {
            let error = read_actions(body.as_bytes(), Some("p"), 3).unwrap_err();
            assert_eq!(error.to_string(), expected, "{body}");
        }
        let error = read_actions(b"{\"index\":{}}\n{}\n", None, 3).unwrap_err();
        assert_eq!(error, Malformed::Index(1));
    }
}
