//! The body of `/services/collector/event`: envelopes one behind the other, with or without
//! something blank between them, or in an array.

use std::borrow::Cow;
use std::ops::Range;

use headwater_event::json::ParseLimits;
use headwater_event::{Origin, Timestamp, time};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::answer::Code;
use crate::envelope_batch::{EnvelopeBatchBuilder, OriginId};
use crate::json_text::is_deeper_than;

/// One envelope; every value is a part of the body.
#[derive(Debug, Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    time: Option<&'a RawValue>,
    #[serde(borrow, default)]
    host: Option<&'a RawValue>,
    #[serde(borrow, default)]
    source: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sourcetype: Option<&'a RawValue>,
    #[serde(borrow, default)]
    index: Option<&'a RawValue>,
    #[serde(borrow, default)]
    event: Option<&'a RawValue>,
    #[serde(borrow, default)]
    fields: Option<&'a RawValue>,
}

/// Why the request ends at an event; those before it are taken, it is kept in `rejects`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: Code,
    /// Which event, from 0.
    pub(super) number: usize,
    /// What of the body goes to `rejects`: the envelope, or the rest when its end is not known.
    pub(super) range: Range<usize>,
    pub(super) reason: String,
}

/// What an envelope needs besides itself.
pub(super) struct Surroundings<'a> {
    /// What holds for envelopes that say nothing: from the query string.
    pub(super) defaults: &'a Origin,
    /// Whether the token may send for this origin.
    pub(super) allows: &'a dyn Fn(&Origin) -> Result<(), Problem>,
}

/// Adds the events of a body to the batch, up to the first fault.
pub(super) fn read_events(
    body: &[u8],
    around: &Surroundings<'_>,
    batch: &mut EnvelopeBatchBuilder,
) -> Result<(), Fault> {
    let mut at = 0;
    let mut number = 0;
    let mut in_array = false;
    loop {
        at += blank_length(body, at);
        match body.get(at) {
            None if in_array => return Err(broken(number, at..body.len(), "array has no end")),
            None => return Ok(()),
            Some(b'[') if !in_array => {
                in_array = true;
                at += 1;
            }
            Some(b']') if in_array => {
                in_array = false;
                at += 1;
            }
            Some(b',') if in_array => at += 1,
            Some(b'{') => {
                let rest = body.get(at..).unwrap_or_default();
                let mut stream = serde_json::Deserializer::from_slice(rest).into_iter();
                let envelope: Envelope<'_> = match stream.next() {
                    Some(Ok(envelope)) => envelope,
                    Some(Err(error)) => {
                        let end = next_line(body, at, error.is_data());
                        return Err(broken(number, at..end, &error.to_string()));
                    }
                    None => return Ok(()),
                };
                let range = at..at + stream.byte_offset();
                at = range.end;
                take(&envelope, body, around, batch).map_err(|(code, reason)| Fault {
                    code,
                    number,
                    range,
                    reason,
                })?;
                number += 1;
            }
            Some(_) => return Err(broken(number, at..body.len(), "not an object")),
        }
    }
}

fn broken(number: usize, range: Range<usize>, reason: &str) -> Fault {
    Fault { code: Code::INVALID_DATA, number, range, reason: format!("envelope: {reason}") }
}

/// Where the reject ends: a wrong value leaves the rest alone when envelopes are lines; broken text
/// may go on anywhere.
fn next_line(body: &[u8], at: usize, is_data: bool) -> usize {
    let rest = body.get(at..).unwrap_or_default();
    match memchr::memchr(b'\n', rest) {
        Some(end) if is_data => at + end,
        _ => body.len(),
    }
}

fn blank_length(body: &[u8], at: usize) -> usize {
    let rest = body.get(at..).unwrap_or_default();
    rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count()
}

/// What is wrong with one event.
pub(super) type Problem = (Code, String);

fn take(
    envelope: &Envelope<'_>,
    body: &[u8],
    around: &Surroundings<'_>,
    batch: &mut EnvelopeBatchBuilder,
) -> Result<(), Problem> {
    let event = envelope.event.ok_or((Code::EVENT_REQUIRED, "no event".to_owned()))?.get();
    if event == "\"\"" {
        return Err((Code::EVENT_BLANK, "event is empty".to_owned()));
    }
    // What is no object gets one around it.
    let depth_max = ParseLimits::default().depth_max - u32::from(!event.starts_with('{'));
    if is_deeper_than(event.as_bytes(), depth_max) {
        return Err((Code::INVALID_DATA, "event is nested too deep".to_owned()));
    }
    let time = envelope.time.map(|time| read_time(time, batch.received_at())).transpose()?;
    let fields = envelope.fields.map(check_fields).transpose()?.flatten();
    let origin = origin(envelope, around.defaults)?;
    (around.allows)(&origin)?;
    let id = batch.origin(&origin);
    push(event, fields, body, id, time.flatten(), batch);
    Ok(())
}

/// Adds an event. An object is itself; text that is a JSON object as well; anything else is the
/// `message` of an object.
fn push(
    event: &str,
    fields: Option<&str>,
    body: &[u8],
    origin: OriginId,
    time: Option<Timestamp>,
    batch: &mut EnvelopeBatchBuilder,
) {
    let range = range_in(body, event);
    if event.starts_with('{') {
        return match fields {
            None => batch.original(origin, range, time),
            Some(fields) => {
                batch.converted(origin, range, time, |json| push_with_fields(event, fields, json))
            }
        };
    }
    if event.starts_with('"')
        && let Ok(text) = serde_json::from_str::<Cow<'_, str>>(event)
    {
        let object = is_object(&text);
        return batch.made_text(origin, text.as_bytes(), time, |json| {
            let made = if object { text.trim().to_owned() } else { message(event) };
            match fields {
                Some(fields) => push_with_fields(&made, fields, json),
                None => json.extend_from_slice(made.as_bytes()),
            }
        });
    }
    batch.converted(origin, range, time, |json| match fields {
        Some(fields) => push_with_fields(&message(event), fields, json),
        None => json.extend_from_slice(message(event).as_bytes()),
    });
}

/// Whether text is an object that the pipeline can read.
fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{')
        && serde_json::from_str::<IgnoredAny>(text).is_ok()
        && !is_deeper_than(text.as_bytes(), ParseLimits::default().depth_max)
}

fn message(event: &str) -> String {
    ["{\"message\":", event, "}"].concat()
}

/// The object with one more member `fields`.
fn push_with_fields(object: &str, fields: &str, json: &mut Vec<u8>) {
    let inside = object.trim_end().strip_suffix('}').unwrap_or(object);
    json.extend_from_slice(inside.as_bytes());
    if !inside.trim_end().ends_with('{') {
        json.push(b',');
    }
    json.extend_from_slice(b"\"fields\":");
    json.extend_from_slice(fields.as_bytes());
    json.push(b'}');
}

/// Where a part of the body stands in it.
fn range_in(body: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(body.as_ptr().addr());
    start..start + part.len()
}

/// A number or text of one, in seconds since the epoch (from 11 digits on in smaller units), or a
/// date. Nothing and blank text mean the time of arrival.
fn read_time(value: &RawValue, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    let invalid = || (Code::INVALID_DATA, format!("time {} is no time", value.get()));
    let text = match value.get().starts_with('"') {
        true => serde_json::from_str::<Cow<'_, str>>(value.get()).map_err(|_| invalid())?,
        false => Cow::Borrowed(value.get()),
    };
    let text = text.trim();
    if text.is_empty() || text == "null" {
        return Ok(None);
    }
    let read = time::from_number(text).or_else(|| time::parse(text, now));
    read.map(Some).ok_or_else(invalid)
}

fn origin(envelope: &Envelope<'_>, defaults: &Origin) -> Result<Origin, Problem> {
    let label = |value: Option<&RawValue>, default: &Option<std::sync::Arc<str>>| {
        let Some(value) = value else { return Ok(default.clone()) };
        let text = match value.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str::<Cow<'_, str>>(value.get()).ok(),
            Some(b'{' | b'[') | None => None,
            Some(_) => Some(Cow::Borrowed(value.get())),
        };
        let invalid = || (Code::INVALID_DATA, format!("{} is no label", value.get()));
        let text = text.ok_or_else(invalid)?;
        Ok(if text.is_empty() { default.clone() } else { Some(text.as_ref().into()) })
    };
    Ok(Origin {
        source: label(envelope.source, &defaults.source)?,
        host: label(envelope.host, &defaults.host)?,
        sourcetype: label(envelope.sourcetype, &defaults.sourcetype)?,
        index: label(envelope.index, &defaults.index)?,
        name: defaults.name.clone(),
    })
}

/// `fields` is an object of scalars and arrays of scalars; an empty one is nothing.
fn check_fields(value: &RawValue) -> Result<Option<&str>, Problem> {
    let invalid = |reason: &str| (Code::INDEXED_FIELDS, format!("fields: {reason}"));
    let members: std::collections::BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(value.get()).map_err(|_| invalid("not an object"))?;
    let is_scalar = |text: &str| !text.starts_with(['{', '[']);
    for (name, member) in &members {
        let text = member.get();
        let is_flat = is_scalar(text)
            || serde_json::from_str::<Vec<&RawValue>>(text)
                .is_ok_and(|elements| elements.iter().all(|element| is_scalar(element.get())));
        if !is_flat {
            return Err(invalid(&format!("{name} is nested")));
        }
    }
    Ok((!members.is_empty()).then_some(value.get()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Events as `host|time|original|json`, or the fault.
    fn check(body: &str, events: &[&str], fault: Option<(u8, usize, &str)>) {
        let mut batch = EnvelopeBatchBuilder::new(body.len(), Timestamp::from_micros(1));
        let defaults = Origin { host: Some("d".into()), ..Origin::default() };
        let allows = |origin: &Origin| match origin.index.as_deref() {
            Some("x") => Err((Code::INCORRECT_INDEX, String::new())),
            _ => Ok(()),
        };
        let around = Surroundings { defaults: &defaults, allows: &allows };
        let result = read_events(body.as_bytes(), &around, &mut batch);
        let chunk = batch.finish(body.as_bytes().to_vec()).freeze();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let found: Vec<String> = chunk
            .records()
            .map(|record| {
                let (original, json) = (text(record.original), text(record.json.unwrap()));
                let json = if json == original { String::new() } else { format!("|{json}") };
                let time = record.time.map_or(String::new(), |time| time.as_micros().to_string());
                format!("{}|{time}|{original}{json}", record.origin.host.as_deref().unwrap())
            })
            .collect();
        assert_eq!(found, events, "{body}");
        let found = result.err();
        let found = found.map(|fault| (fault.code.number, fault.number, &body[fault.range]));
        assert_eq!(found, fault, "{body}");
    }

    #[test]
    fn every_framing_is_read() {
        let events = [r#"d||{"a":1}"#, r#"d||{"b":2}"#];
        for body in [
            r#"{"event":{"a":1}}{"event":{"b":2}}"#,
            "{\"event\":{\"a\":1}}\r\n\n {\"event\":{\"b\":2}}\n",
            r#"[{"event":{"a":1}},{"event":{"b":2}}]"#,
            r#" [ {"event":{"a":1}} , {"event":{"b":2}} ] "#,
            r#"[{"event":{"a":1}}]{"event":{"b":2}}"#,
        ] {
            check(body, &events, None);
        }
        check(" \n", &[], None);
    }

    #[test]
    fn events_of_every_type_become_objects() {
        for (event, expected) in [
            (r#"{"a":"}"}"#, r#"d||{"a":"}"}"#),
            (r#""hi \"you\"""#, r#"d||hi "you"|{"message":"hi \"you\""}"#),
            (r#""{\"a\":1}""#, r#"d||{"a":1}"#),
            (r#""{broken""#, r#"d||{broken|{"message":"{broken"}"#),
            ("5", r#"d||5|{"message":5}"#),
            ("true", r#"d||true|{"message":true}"#),
            ("[1,{}]", r#"d||[1,{}]|{"message":[1,{}]}"#),
        ] {
            check(&format!("{{\"event\":{event}}}"), &[expected], None);
        }
    }

    #[test]
    fn metadata_is_taken_and_never_sticks() {
        check(
            r#"{"host":"h","time":"1600000000.5","event":{}}{"event":{}}{"host":7,"event":{}}"#,
            &["h|1600000000500000|{}", "d||{}", "7||{}"],
            None,
        );
        for (time, micros) in [
            ("1600000000", "1600000000000000"),
            ("1600000000.25", "1600000000250000"),
            ("1600000000123", "1600000000123000"),
            (r#""1600000000""#, "1600000000000000"),
            (r#""2020-09-13T12:26:40Z""#, "1600000000000000"),
            ("null", ""),
            (r#""""#, ""),
        ] {
            let body = format!("{{\"time\":{time},\"event\":{{}}}}");
            check(&body, &[&format!("d|{micros}|{{}}")], None);
        }
    }

    #[test]
    fn fields_become_a_member() {
        check(
            r#"{"event":{"a":1},"fields":{"b":[1,"x"],"c":null}}"#,
            &[r#"d||{"a":1}|{"a":1,"fields":{"b":[1,"x"],"c":null}}"#],
            None,
        );
        check(r#"{"event":{ },"fields":{"b":1}}"#, &[r#"d||{ }|{ "fields":{"b":1}}"#], None);
        check(r#"{"event":{},"fields":{}}"#, &["d||{}"], None);
        check(
            r#"{"event":"x","fields":{"b":1}}"#,
            &[r#"d||x|{"message":"x","fields":{"b":1}}"#],
            None,
        );
    }

    #[test]
    fn a_fault_names_its_event_and_keeps_those_before() {
        let good = r#"{"event":{"a":1}}"#;
        for (bad, code) in [
            (r#"{"host":"h"}"#, 12),
            (r#"{"event":null}"#, 12),
            (r#"{"event":""}"#, 13),
            (r#"{"event":{},"fields":{"a":{}}}"#, 15),
            (r#"{"event":{},"fields":{"a":[[]]}}"#, 15),
            (r#"{"event":{},"fields":7}"#, 15),
            (r#"{"event":{},"index":"x"}"#, 7),
            (r#"{"event":{},"time":"soon"}"#, 6),
            (r#"{"event":{},"host":{}}"#, 6),
            (r#"{"event":{}"#, 6),
            (r#"{"event":{},"event":{}}"#, 6),
            ("7", 6),
        ] {
            check(&format!("{good}{bad}"), &[r#"d||{"a":1}"#], Some((code, 1, bad)));
        }
        check(&format!("[{good}"), &[r#"d||{"a":1}"#], Some((6, 1, "")));
        let deep = format!("{{\"event\":{}{}}}", "[".repeat(1_001), "]".repeat(1_001));
        check(&deep, &[], Some((6, 0, &deep)));
        // One level is that of the object around it.
        let deep = format!("{{\"event\":{}{}}}", "[".repeat(1_000), "]".repeat(1_000));
        check(&deep, &[], Some((6, 0, &deep)));
        let event = ["[".repeat(999), "]".repeat(999)].concat();
        let body = format!("{{\"event\":{event}}}");
        check(&body, &[&format!("d||{event}|{{\"message\":{event}}}")], None);
        // Text that is an object, but none that can be read, is text.
        let event = format!("{{'a':{}{}}}", "[".repeat(1_000), "]".repeat(1_000));
        let (event, escaped) = (event.replace('\'', "\""), event.replace('\'', "\\\""));
        let body = format!("{{\"event\":\"{escaped}\"}}");
        check(&body, &[&format!("d||{event}|{{\"message\":\"{escaped}\"}}")], None);
        let strings = format!("{{\"event\":{{\"a\":\"{}\"}}}}", "[".repeat(2_000));
        check(&strings, &[&format!("d||{{\"a\":\"{}\"}}", "[".repeat(2_000))], None);
    }
}
