//! What a bucket says about new objects: the bodies of SQS messages that Amazon S3 sends itself,
//! through an SNS topic or through EventBridge (Amazon S3 user guide, "Event message structure" and
//! "EventBridge event message structure"). Pure: which objects a message names.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::files::ObjectName;

/// A message that does not say which objects were created.
#[derive(Debug, thiserror::Error)]
pub enum NotificationFault {
    /// It is not JSON at all.
    #[error("the notification is not JSON")]
    Json {
        /// The parser's error.
        source: serde_json::Error,
    },
    /// It is something else.
    #[error("{found} is not a notification of a bucket")]
    Unknown {
        /// What it is instead.
        found: String,
    },
    /// A part that every such notification has is missing or has another type.
    #[error("the notification has no text `{field}`")]
    Field {
        /// Path of the part.
        field: &'static str,
    },
    /// A name that no bucket has.
    #[error("`{bucket}` is not the name of a bucket")]
    Bucket {
        /// The name.
        bucket: String,
    },
    /// A key that is not UTF-8 after decoding.
    #[error("the key `{key}` is not UTF-8 after decoding")]
    Key {
        /// The key as the notification spells it.
        key: String,
    },
}

/// Lists the objects that a message says were created, in its order. Test messages, other events
/// (removed, restored, tagged) and markers of folders name none.
///
/// # Errors
/// The message is not one about the objects of a bucket.
pub fn created_objects(message: &str) -> Result<Vec<ObjectName>, NotificationFault> {
    let message = parse(message)?;
    if message.get("Type").is_some() && message.get("TopicArn").is_some() {
        let kind = text(&message, "Type", "/Type")?;
        if kind != "Notification" {
            return Err(NotificationFault::Unknown { found: format!("`{kind}` of SNS") });
        }
        return in_message(&parse(text(&message, "Message", "/Message")?)?);
    }
    in_message(&message)
}

fn parse(message: &str) -> Result<Value, NotificationFault> {
    serde_json::from_str(message).map_err(|source| NotificationFault::Json { source })
}

/// The objects of a message that is not wrapped any more.
fn in_message(message: &Value) -> Result<Vec<ObjectName>, NotificationFault> {
    let mut objects = Vec::new();
    if let Some(Value::Array(records)) = message.get("Records") {
        for record in records {
            objects.extend(in_record(record)?);
        }
    } else if message.get("detail-type").is_some() {
        objects.extend(in_bridge_event(message)?);
    } else if message.get("Event").and_then(Value::as_str) != Some("s3:TestEvent") {
        return Err(NotificationFault::Unknown { found: "the message".to_owned() });
    }
    Ok(objects)
}

/// The object of one record, when it was created. Other stores with this interface put their own
/// name before `:s3`, and may write `s3:` before the name of the event.
fn in_record(record: &Value) -> Result<Option<ObjectName>, NotificationFault> {
    let source = text(record, "Records[].eventSource", "/eventSource")?;
    if !source.ends_with(":s3") {
        return Err(NotificationFault::Unknown { found: format!("an event of `{source}`") });
    }
    let event = text(record, "Records[].eventName", "/eventName")?;
    if !event.strip_prefix("s3:").unwrap_or(event).starts_with("ObjectCreated:") {
        return Ok(None);
    }
    let bucket = text(record, "Records[].s3.bucket.name", "/s3/bucket/name")?;
    let encoded = text(record, "Records[].s3.object.key", "/s3/object/key")?;
    // As in a form: a plus stands for a space, a real plus is `%2B`.
    let spaced = encoded.replace('+', " ");
    let key = percent_decode_str(&spaced).decode_utf8();
    let key = key.map_err(|_| NotificationFault::Key { key: encoded.to_owned() })?;
    object(bucket, &key, record.pointer("/s3/object/versionId"))
}

/// The object of an event of EventBridge, where keys are not encoded.
fn in_bridge_event(event: &Value) -> Result<Option<ObjectName>, NotificationFault> {
    let source = text(event, "source", "/source")?;
    if source != "aws.s3" {
        return Err(NotificationFault::Unknown { found: format!("an event of `{source}`") });
    }
    if text(event, "detail-type", "/detail-type")? != "Object Created" {
        return Ok(None);
    }
    let bucket = text(event, "detail.bucket.name", "/detail/bucket/name")?;
    let key = text(event, "detail.object.key", "/detail/object/key")?;
    object(bucket, key, event.pointer("/detail/object/version-id"))
}

fn object(
    bucket: &str,
    key: &str,
    version: Option<&Value>,
) -> Result<Option<ObjectName>, NotificationFault> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if bucket.is_empty() || !bucket.bytes().all(is_allowed) {
        return Err(NotificationFault::Bucket { bucket: bucket.to_owned() });
    }
    if key.ends_with('/') {
        return Ok(None);
    }
    let version = version.and_then(Value::as_str).filter(|version| !version.is_empty());
    Ok(Some(ObjectName {
        root: format!("s3://{bucket}"),
        key: key.to_owned(),
        version: version.map(str::to_owned),
    }))
}

/// The text at `pointer`; `field` is how people write the place.
fn text<'a>(
    value: &'a Value,
    field: &'static str,
    pointer: &str,
) -> Result<&'a str, NotificationFault> {
    let found = value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    found.ok_or(NotificationFault::Field { field })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::created_objects;

    /// Roots, keys and versions of the objects as one text each, or the error.
    fn check(message: &Value, expected: &[&str]) {
        check_text(&message.to_string(), expected);
    }

    fn check_text(message: &str, expected: &[&str]) {
        let found = match created_objects(message) {
            Ok(objects) => objects
                .into_iter()
                .map(|object| {
                    let version = object.version.map(|version| format!("@{version}"));
                    format!("{}/{}{}", object.root, object.key, version.unwrap_or_default())
                })
                .collect(),
            Err(fault) => vec![format!("!{fault}")],
        };
        assert_eq!(found, expected, "{message}");
    }

    fn record(event: &str, key: &str) -> Value {
        json!({
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "eu-central-1",
            "eventName": event,
            "s3": {
                "bucket": {"name": "logs", "arn": "arn:aws:s3:::logs"},
                "object": {"key": key, "size": 7, "eTag": "d41d8cd9", "sequencer": "00"},
            },
        })
    }

    fn bridge(kind: &str, key: &str) -> Value {
        json!({
            "version": "0",
            "detail-type": kind,
            "source": "aws.s3",
            "detail": {
                "bucket": {"name": "logs"},
                "object": {"key": key, "size": 7, "etag": "d41d8cd9", "version-id": "v.1"},
            },
        })
    }

    fn topic(kind: &str, message: &str) -> Value {
        json!({"Type": kind, "TopicArn": "arn:aws:sns:eu-central-1:1:t", "Message": message})
    }

    #[test]
    fn keys_are_decoded_as_forms_are() {
        for (encoded, key) in [
            ("a/b.json.gz", "a/b.json.gz"),
            ("a%2Fb", "a/b"),
            ("with+space", "with space"),
            ("with%20space", "with space"),
            ("real%2Bplus", "real+plus"),
            ("day%3D01/x", "day=01/x"),
            ("percent%25", "percent%"),
            ("once%253Donly", "once%3Donly"),
            ("%C3%BCber+%E6%97%A5", "über 日"),
            ("what%3F%2A%5B1%5D%23", "what?*[1]#"),
        ] {
            let message = json!({"Records": [record("ObjectCreated:Put", encoded)]});
            check(&message, &[&format!("s3://logs/{key}")]);
            check(&bridge("Object Created", key), &[&format!("s3://logs/{key}@v.1")]);
        }
        check(&bridge("Object Created", "a+b%3D"), &["s3://logs/a+b%3D@v.1"]);
    }

    #[test]
    fn records_of_created_objects_are_taken_in_order() {
        let mut versioned = record("ObjectCreated:CompleteMultipartUpload", "b");
        versioned["s3"]["object"]["versionId"] = json!("v.7");
        let mut other_store = record("s3:ObjectCreated:Put", "c");
        other_store["eventSource"] = json!("minio:s3");
        let message = json!({"Records": [
            record("ObjectCreated:Put", "a"),
            record("ObjectRemoved:Delete", "gone"),
            record("ObjectRestore:Completed", "restored"),
            record("ObjectCreated:Put", "folder%2F"),
            record("ObjectCreated:Put", "folder/"),
            versioned,
            other_store,
            record("ObjectCreated:Copy", "a"),
        ]});
        let expected = ["s3://logs/a", "s3://logs/b@v.7", "s3://logs/c", "s3://logs/a"];
        check(&message, &expected);
        check(&topic("Notification", &message.to_string()), &expected);
        let wrapped = topic("Notification", &bridge("Object Created", "a b").to_string());
        check(&wrapped, &["s3://logs/a b@v.1"]);
    }

    #[test]
    fn other_events_name_nothing() {
        check(&json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "logs"}), &[]);
        check(&json!({"Records": []}), &[]);
        check(&json!({"Records": [record("ObjectRemoved:Delete", "a")]}), &[]);
        check(&bridge("Object Deleted", "a"), &[]);
        check(&bridge("Object Created", "folder/"), &[]);
    }

    #[test]
    fn errors_say_what_is_wrong() {
        check_text("", &["!the notification is not JSON"]);
        check_text("hello", &["!the notification is not JSON"]);
        for unknown in [json!([]), json!(7), json!({"a": 1}), json!({"Records": "x"})] {
            check(&unknown, &["!the message is not a notification of a bucket"]);
        }
        let confirm = topic("SubscriptionConfirmation", "You have chosen to subscribe");
        check(&confirm, &["!`SubscriptionConfirmation` of SNS is not a notification of a bucket"]);
        check(&topic("Notification", "hello"), &["!the notification is not JSON"]);
        let with = |path: &str, value: Value| {
            let mut message = json!({"Records": [record("ObjectCreated:Put", "a")]});
            *message.pointer_mut(&format!("/Records/0{path}")).unwrap() = value;
            message
        };
        check(
            &with("/eventSource", json!("aws:ses")),
            &["!an event of `aws:ses` is not a notification of a bucket"],
        );
        check(
            &with("/eventName", Value::Null),
            &["!the notification has no text `Records[].eventName`"],
        );
        check(
            &with("/s3/object", json!({})),
            &["!the notification has no text `Records[].s3.object.key`"],
        );
        check(
            &with("/s3/object/key", json!("%FF")),
            &["!the key `%FF` is not UTF-8 after decoding"],
        );
        check(
            &with("/s3/bucket/name", json!("logs/../other?x")),
            &["!`logs/../other?x` is not the name of a bucket"],
        );
        let mut foreign = bridge("Object Created", "a");
        foreign["source"] = json!("my.app");
        check(&foreign, &["!an event of `my.app` is not a notification of a bucket"]);
    }
}
