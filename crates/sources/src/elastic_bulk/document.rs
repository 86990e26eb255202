//! One document: whether it is one, and the record that it becomes.

use std::fmt;
use std::ops::Range;

use headwater_event::json::ParseLimits;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::envelope_batch::{EnvelopeBatchBuilder, OriginId};
use crate::json_text::{is_deeper_than, push_string};

/// Name of the member that carries a document's id.
const ID: &str = "_id";

/// Adds the document at `range` of the body as a record, with its id as a member when it has one.
/// What is no document becomes a fault.
///
/// # Errors
/// The reason of the fault.
pub(super) fn push(
    body: &[u8],
    range: Range<usize>,
    id: Option<&str>,
    origin: OriginId,
    batch: &mut EnvelopeBatchBuilder,
) -> Result<(), String> {
    let text = body.get(range.clone()).unwrap_or_default();
    match (check(text, id.is_some()), id) {
        (Ok(_), None) => batch.original(origin, range, None),
        (Ok(has_members), Some(id)) => batch.converted(origin, range, None, |json| {
            push_with_id(text, has_members, id, json);
        }),
        (Err(reason), _) => {
            batch.fault(origin, range, reason.as_str());
            return Err(reason);
        }
    }
    Ok(())
}

/// Whether the object has members.
fn check(text: &[u8], has_id: bool) -> Result<bool, String> {
    let text = std::str::from_utf8(text).map_err(|_| "document is not UTF-8".to_owned())?;
    let mut json = serde_json::Deserializer::from_str(text);
    let members = json.deserialize_map(ObjectVisitor).and_then(|members| {
        json.end()?;
        Ok(members)
    });
    let members = members.map_err(|error| format!("document is no JSON object: {error}"))?;
    if is_deeper_than(text.as_bytes(), ParseLimits::default().depth_max) {
        return Err("document is nested too deep".to_owned());
    }
    if has_id && members.has_id {
        let reason = "field [_id] is a metadata field and cannot be added inside a document";
        return Err(reason.to_owned());
    }
    Ok(!members.is_empty)
}

fn push_with_id(object: &[u8], has_members: bool, id: &str, json: &mut Vec<u8>) {
    json.extend_from_slice(object.strip_suffix(b"}").unwrap_or(object));
    if has_members {
        json.push(b',');
    }
    push_string(ID.as_bytes(), json);
    json.push(b':');
    push_string(id.as_bytes(), json);
    json.push(b'}');
}

/// What is known of the members of an object.
struct Members {
    is_empty: bool,
    has_id: bool,
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Members { is_empty: true, has_id: false };
        while let Some(is_id) = map.next_key_seed(IsId)? {
            map.next_value::<IgnoredAny>()?;
            members.is_empty = false;
            members.has_id |= is_id;
        }
        Ok(members)
    }
}

/// Whether the name of a member is `_id`.
struct IsId;

impl<'de> DeserializeSeed<'de> for IsId {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for IsId {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == ID)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use headwater_event::{Origin, Timestamp};

    use super::*;

    /// The JSON of a document, or the reason of its fault.
    fn check(document: &[u8], id: Option<&str>, expected: &str) {
        let mut batch = EnvelopeBatchBuilder::new(document.len(), Timestamp::from_micros(1));
        let origin = batch.origin(&Origin::default());
        let result = push(document, 0..document.len(), id, origin, &mut batch);
        let chunk = batch.finish(document.to_vec()).freeze();
        let record = chunk.records().next().unwrap();
        assert_eq!(record.original, document);
        let found = match record.json {
            Some(json) => String::from_utf8(json.to_vec()).unwrap(),
            None => record.fault.unwrap().reason.clone(),
        };
        let start: String = found.chars().take(expected.chars().count()).collect();
        assert_eq!(start, expected);
        assert_eq!(result.is_ok(), record.json.is_some());
    }

    #[test]
    fn a_document_is_an_object_and_keeps_its_text() {
        check(br#"{"a": 1}"#, None, r#"{"a": 1}"#);
        check(br#"{"_id": 1}"#, None, r#"{"_id": 1}"#);
        check(br#"{"a":1}"#, Some("7\""), r#"{"a":1,"_id":"7\""}"#);
        check(b"{ }", Some("7"), r#"{ "_id":"7"}"#);
        check(br#"{"a":{"_id":1}}"#, Some("7"), r#"{"a":{"_id":1},"_id":"7"}"#);
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(900), "]".repeat(900));
        check(deep.as_bytes(), None, &deep);
    }

    #[test]
    fn anything_else_is_a_fault() {
        for document in ["", "[]", "1", "\"{}\"", "null", "{", r#"{"a":}"#, "{} {}", r#"{"a":01}"#]
        {
            check(document.as_bytes(), None, "document is no JSON object: ");
        }
        check(b"{\"a\":\"\xff\"}", None, "document is not UTF-8");
        check(br#"{"\u005fid":1}"#, Some("7"), "field [_id] is a metadata field");
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(1_000), "]".repeat(1_000));
        check(deep.as_bytes(), None, "document is nested too deep");
    }
}
