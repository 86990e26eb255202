//! Bodies without envelopes: `/services/collector/raw`, whose lines are events, and
//! `/services/receivers/simple`, whose body is one.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use headwater_event::{Origin, Timestamp};

use crate::envelope_batch::EnvelopeBatchBuilder;
use crate::text_record::push_record;

/// Adds each line that is not blank.
pub(super) fn read_lines(
    body: &[u8],
    origin: &Origin,
    time: Option<Timestamp>,
    batch: &mut EnvelopeBatchBuilder,
) {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', body).chain([body.len()]) {
        let line = body.get(start..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.trim_ascii().is_empty() {
            push_record(line, start..start + line.len(), origin, time, batch);
        }
        start = end + 1;
    }
}

/// Adds the whole body.
pub(super) fn read_one(body: &[u8], origin: &Origin, batch: &mut EnvelopeBatchBuilder) {
    let text = body.trim_ascii_end();
    push_record(text, 0..text.len(), origin, None, batch);
}

/// What Splunk answers to `/services/receivers/simple`.
pub(super) fn simple_answer(origin: &Origin, bytes: usize) -> Response {
    let label = |label: &Option<std::sync::Arc<str>>, default: &str| {
        let text = label.as_deref().unwrap_or(default);
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    };
    let fields = [
        ("_index", label(&origin.index, "main")),
        ("bytes", bytes.to_string()),
        ("host", label(&origin.host, "")),
        ("source", label(&origin.source, "")),
        ("sourcetype", label(&origin.sourcetype, "")),
    ];
    let fields: String = fields
        .iter()
        .map(|(name, value)| {
            format!("<field k='{name}'><value><text>{value}</text></value></field>")
        })
        .collect();
    let body = format!(
        "<?xml version='1.0' encoding='UTF-8'?>\n\
         <response><results><result offset='0'>{fields}</result></results></response>\n"
    );
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/xml; charset=UTF-8")], body).into_response()
}
