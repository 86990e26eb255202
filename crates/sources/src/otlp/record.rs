//! A log record as one JSON object. Names are those of the protocol; nothing is lost: a body that
//! is text is `message`, any other value is `body`.
//!
//! What has its default in the protocol (zero, empty) is left out. Times are text, because numbers
//! of that size are not exact everywhere; attributes of the same name are numbered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use headwater_event::Timestamp;

use super::messages::{
    AnyValue, EntityRef, InstrumentationScope, KeyValue, LogRecord, Resource, Value,
};
use crate::json_text::{UniqueNames, push_string};

/// How deep arrays and lists of names may lie inside each other. Both decoders stop a little
/// later: protobuf's after 100 messages (three to a level), JSON's after 128 brackets (four).
pub(super) const VALUE_DEPTH_MAX: usize = 30;

/// A value is nested deeper than [`VALUE_DEPTH_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("values are nested deeper than {VALUE_DEPTH_MAX} levels")]
pub(super) struct TooDeep;

/// When the record was made or, failing that, seen.
pub(super) fn time(record: &LogRecord) -> Option<Timestamp> {
    let nanos = [record.time_unix_nano, record.observed_time_unix_nano];
    let nanos = nanos.into_iter().find(|nanos| *nanos != 0)?;
    i64::try_from(nanos / 1_000).ok().map(Timestamp::from_micros)
}

/// Appends the object of a record. `resource` and `scope` are objects, or empty.
pub(super) fn push_record(
    record: &LogRecord,
    resource: &[u8],
    scope: &[u8],
    json: &mut Vec<u8>,
) -> Result<(), TooDeep> {
    json.push(b'{');
    push_nanos("time_unix_nano", record.time_unix_nano, json);
    push_nanos("observed_time_unix_nano", record.observed_time_unix_nano, json);
    push_number("severity_number", record.severity_number.into(), json);
    push_text("severity_text", &record.severity_text, json);
    match &record.body {
        Some(AnyValue { value: Some(Value::String(text)) }) => {
            push_name("message", json);
            push_string(text.as_bytes(), json);
        }
        Some(body) => {
            push_name("body", json);
            push_value(Some(body), 0, json)?;
        }
        None => {}
    }
    push_attributes(&record.attributes, record.dropped_attributes_count, json)?;
    push_number("flags", record.flags.into(), json);
    push_hexadecimal("trace_id", &record.trace_id, json);
    push_hexadecimal("span_id", &record.span_id, json);
    push_text("event_name", &record.event_name, json);
    for (name, object) in [("resource", resource), ("scope", scope)] {
        if !object.is_empty() {
            push_name(name, json);
            json.extend_from_slice(object);
        }
    }
    json.push(b'}');
    Ok(())
}

/// The object of a resource; empty when it says nothing.
pub(super) fn resource_object(
    resource: Option<&Resource>,
    schema_url: &str,
) -> Result<Vec<u8>, TooDeep> {
    let mut json = b"{".to_vec();
    if let Some(resource) = resource {
        push_attributes(&resource.attributes, resource.dropped_attributes_count, &mut json)?;
        push_entities(&resource.entity_refs, &mut json);
    }
    push_text("schema_url", schema_url, &mut json);
    Ok(finish(json))
}

/// The object of a scope; empty when it says nothing.
pub(super) fn scope_object(
    scope: Option<&InstrumentationScope>,
    schema_url: &str,
) -> Result<Vec<u8>, TooDeep> {
    let mut json = b"{".to_vec();
    if let Some(scope) = scope {
        push_text("name", &scope.name, &mut json);
        push_text("version", &scope.version, &mut json);
        push_attributes(&scope.attributes, scope.dropped_attributes_count, &mut json)?;
    }
    push_text("schema_url", schema_url, &mut json);
    Ok(finish(json))
}

/// The text of the first attribute of a name, unless it is empty.
pub(super) fn text_attribute<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
    let attribute = attributes.iter().find(|attribute| attribute.key == name)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn finish(mut json: Vec<u8>) -> Vec<u8> {
    if json == b"{" {
        return Vec::new();
    }
    json.push(b'}');
    json
}

fn push_attributes(
    attributes: &[KeyValue],
    dropped: u32,
    json: &mut Vec<u8>,
) -> Result<(), TooDeep> {
    if !attributes.is_empty() {
        push_name("attributes", json);
        push_members(attributes, 0, json)?;
    }
    push_number("dropped_attributes_count", dropped.into(), json);
    Ok(())
}

fn push_entities(entities: &[EntityRef], json: &mut Vec<u8>) {
    if entities.is_empty() {
        return;
    }
    push_name("entity_refs", json);
    push_list(entities, json, |entity, json| {
        json.push(b'{');
        push_text("schema_url", &entity.schema_url, json);
        push_text("type", &entity.kind, json);
        for (name, keys) in
            [("id_keys", &entity.id_keys), ("description_keys", &entity.description_keys)]
        {
            push_name(name, json);
            push_list(keys, json, |key, json| push_string(key.as_bytes(), json));
        }
        json.push(b'}');
    });
}

fn push_list<T>(elements: &[T], json: &mut Vec<u8>, push: impl Fn(&T, &mut Vec<u8>)) {
    json.push(b'[');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        push(element, json);
    }
    json.push(b']');
}

/// Appends names and values as an object that lies inside `depth` others.
fn push_members(members: &[KeyValue], depth: usize, json: &mut Vec<u8>) -> Result<(), TooDeep> {
    let mut names = UniqueNames::default();
    json.push(b'{');
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        push_string(&names.take(member.key.as_bytes()), json);
        json.push(b':');
        push_value(member.value.as_ref(), depth, json)?;
    }
    json.push(b'}');
    Ok(())
}

/// Appends a value that lies inside `depth` others.
fn push_value(value: Option<&AnyValue>, depth: usize, json: &mut Vec<u8>) -> Result<(), TooDeep> {
    let Some(value) = value.and_then(|value| value.value.as_ref()) else {
        json.extend_from_slice(b"null");
        return Ok(());
    };
    match value {
        Value::String(text) => push_string(text.as_bytes(), json),
        Value::Bool(true) => json.extend_from_slice(b"true"),
        Value::Bool(false) => json.extend_from_slice(b"false"),
        Value::Int(number) => json.extend_from_slice(number.to_string().as_bytes()),
        Value::Double(number) => push_double(*number, json),
        Value::Bytes(bytes) => push_string(STANDARD.encode(bytes).as_bytes(), json),
        Value::Array(_) | Value::Kvlist(_) if depth >= VALUE_DEPTH_MAX => return Err(TooDeep),
        Value::Kvlist(list) => push_members(&list.values, depth + 1, json)?,
        Value::Array(array) => {
            json.push(b'[');
            for (index, value) in array.values.iter().enumerate() {
                if index > 0 {
                    json.push(b',');
                }
                push_value(Some(value), depth + 1, json)?;
            }
            json.push(b']');
        }
    }
    Ok(())
}

/// The shortest number that reads back as this one; what JSON has no number for by its name.
fn push_double(number: f64, json: &mut Vec<u8>) {
    let text = match serde_json::Number::from_f64(number) {
        Some(number) => return json.extend_from_slice(number.to_string().as_bytes()),
        None if number.is_nan() => "NaN",
        None if number > 0.0 => "Infinity",
        None => "-Infinity",
    };
    push_string(text.as_bytes(), json);
}

/// Appends the name of an object's next member.
fn push_name(name: &str, json: &mut Vec<u8>) {
    if json.last() != Some(&b'{') {
        json.push(b',');
    }
    push_string(name.as_bytes(), json);
    json.push(b':');
}

fn push_text(name: &str, text: &str, json: &mut Vec<u8>) {
    if !text.is_empty() {
        push_name(name, json);
        push_string(text.as_bytes(), json);
    }
}

fn push_number(name: &str, number: i64, json: &mut Vec<u8>) {
    if number != 0 {
        push_name(name, json);
        json.extend_from_slice(number.to_string().as_bytes());
    }
}

fn push_nanos(name: &str, nanos: u64, json: &mut Vec<u8>) {
    if nanos != 0 {
        push_name(name, json);
        push_string(nanos.to_string().as_bytes(), json);
    }
}

fn push_hexadecimal(name: &str, bytes: &[u8], json: &mut Vec<u8>) {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    if bytes.is_empty() {
        return;
    }
    push_name(name, json);
    json.push(b'"');
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    json.extend(digits.filter_map(|digit| DIGITS.get(usize::from(digit))));
    json.push(b'"');
}

#[cfg(test)]
mod tests;
