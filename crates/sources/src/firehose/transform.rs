//! The contract between Firehose and a Lambda function that transforms records (AWS documentation,
//! "Transform source data in Amazon Data Firehose"), without Lambda: what the function receives and
//! answers, as JSON. One bad record never affects the others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What became of one record's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transformed {
    /// Its new JSON text, without a line end.
    Ok(String),
    /// It is not wanted. Firehose counts it apart from failures.
    Dropped,
    /// It cannot be read: Firehose keeps it under its prefix for errors.
    Failed,
}

/// Answers an invocation: hands the bytes of every record's document to `process`, in order. A
/// record that is not stored anew keeps its original data. `None` when the event has no `records`.
///
/// ```
/// use headwater_sources::firehose::{Transformed, transform};
///
/// let event = serde_json::json!({"records": [{"recordId": "1", "data": "eyJhIjoxfQ=="}]});
/// let answer = transform(&event, |_| Transformed::Ok("{}".to_owned()));
/// let data = &answer.unwrap()["records"][0]["data"];
/// assert_eq!(data, "e30K"); // `{}` and a line end
/// ```
#[must_use]
pub fn transform(event: &Value, mut process: impl FnMut(&[u8]) -> Transformed) -> Option<Value> {
    let records = event.get("records")?.as_array()?;
    let records: Vec<Value> = records
        .iter()
        .map(|record| {
            let data = record.get("data").unwrap_or(&Value::Null);
            let decoded = data.as_str().and_then(|text| STANDARD.decode(text).ok());
            let (result, data) = match decoded.map_or(Transformed::Failed, |data| process(&data)) {
                Transformed::Ok(mut text) => {
                    text.push('\n');
                    ("Ok", STANDARD.encode(text).into())
                }
                Transformed::Dropped => ("Dropped", data.clone()),
                Transformed::Failed => ("ProcessingFailed", data.clone()),
            };
            json!({"recordId": record.get("recordId"), "result": result, "data": data})
        })
        .collect();
    Some(json!({"records": records}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_has_its_own_result() {
        let record = |id: &str, data: &str| json!({"recordId": id, "data": STANDARD.encode(data)});
        let event = json!({"invocationId": "i", "records": [
            record("1", "{\"a\":1}"), record("2", "drop"), record("3", "fail"),
            {"recordId": "4", "data": "???"}, {"recordId": "5"}, {}, record("6", "{\"b\":2}"),
        ]});
        let mut seen = Vec::new();
        let answer = transform(&event, |data| {
            let text = String::from_utf8_lossy(data).into_owned();
            seen.push(text.clone());
            match text.as_str() {
                "drop" => Transformed::Dropped,
                "fail" => Transformed::Failed,
                _ => Transformed::Ok(text),
            }
        });
        let answered = |id: Value, result: &str, data: Value| json!({"recordId": id, "result": result, "data": data});
        let result = |id: &str, result, data| {
            answered(id.into(), result, STANDARD.encode::<&str>(data).into())
        };
        let failed = |id, data| answered(id, "ProcessingFailed", data);
        let expected = json!({"records": [
            result("1", "Ok", "{\"a\":1}\n"), result("2", "Dropped", "drop"),
            result("3", "ProcessingFailed", "fail"), failed("4".into(), "???".into()),
            failed("5".into(), Value::Null), failed(Value::Null, Value::Null),
            result("6", "Ok", "{\"b\":2}\n"),
        ]});
        assert_eq!(answer, Some(expected));
        assert_eq!(seen, ["{\"a\":1}", "drop", "fail", "{\"b\":2}"]);
    }

    #[test]
    fn an_event_without_records_has_no_answer() {
        for event in [json!({}), json!({"records": 1}), json!([])] {
            assert_eq!(transform(&event, |_| Transformed::Dropped), None, "{event}");
        }
        let empty = transform(&json!({"records": []}), |_| Transformed::Dropped);
        assert_eq!(empty, Some(json!({"records": []})));
    }
}
