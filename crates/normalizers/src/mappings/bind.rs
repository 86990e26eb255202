//! BIND's query and security log: DNS Activity. Contract: "Logging" in the administrator's
//! reference manual; what stands in front of `client` depends on the channel's settings.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::text_line::{Pieces, header, keep, keep_all, line_text, pieces, severity_of};
use super::well_known::{product, status};

/// Who asks: the name in brackets is missing where no question was read yet.
const CLIENTS: [&str; 4] = [
    "client {handle} {address}#{port} ({name*}): {text~}",
    "client {address}#{port} ({name*}): {text~}",
    "client {handle} {address}#{port}: {text~}",
    "client {address}#{port}: {text~}",
];

/// What they ask, and whether it is refused.
const QUESTIONS: [(&str, bool); 14] = [
    ("view {view}: query: {query} {class} {type} {flags} ({server})", false),
    ("query: {query} {class} {type} {flags} ({server})", false),
    ("query: {query} {class} {type} {flags}", false),
    ("query (cache) '{query~}/{type}/{class}' denied{reason*}", true),
    ("query '{query~}/{type}/{class}' denied{reason*}", true),
    ("view {view}: query (cache) '{query~}/{type}/{class}' denied{reason*}", true),
    ("view {view}: query '{query~}/{type}/{class}' denied{reason*}", true),
    ("zone transfer '{query~}/{type}/{class}' denied{reason*}", true),
    ("bad zone transfer request: '{query~}/{class}': {reason*}", true),
    ("transfer of '{query~}/{class}': {reason*}", false),
    ("update '{query~}/{class}' denied{reason*}", true),
    ("updating zone '{query~}/{class}': {reason*}", false),
    ("query failed ({reason*}) for {query}/{class}/{type} at {place}", true),
    ("rate limit drop {reason*} response to {} for {query} {class} {type}{*}", true),
];

#[derive(Debug)]
pub(super) struct Bind;

impl Mapping for Bind {
    fn name(&self) -> &'static str {
        "bind"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("message").is_some_and(|text| {
            text.split_once("client ").is_some_and(|(front, rest)| {
                let address = rest.split('#').next().unwrap_or_default();
                front.len() <= 80 && rest.contains('#') && !address.contains('"')
            }) && question_of(&text).is_some()
        })
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let text = line_text(mapper);
        let Some((client, question, is_refused)) = question_of(&text) else { return };
        mapper.class(4003, 1);
        product(mapper, "ISC", "BIND");
        let front = text.split("client ").next().unwrap_or_default();
        channel(mapper, front);
        mapper.copy("timestamp", "metadata.logged_time");
        header(mapper);
        keep_all(mapper, &client);
        keep_all(mapper, &question);
        mapper.done("text");
        if mapper.source().is("query", ".") {
            mapper.set("query.hostname", ".");
        }
        mapper.table(&[
            ("query", "query.hostname"),
            ("name", "query.hostname"),
            ("type", "query.type"),
            ("class", "query.class"),
            ("address", "src_endpoint.ip"),
            ("port", "src_endpoint.port"),
            ("server", "dst_endpoint.ip"),
        ]);
        if is_refused {
            let reason = mapper.take("reason").unwrap_or_default();
            let reason = reason.trim().trim_start_matches('(').trim_end_matches(')');
            if !reason.is_empty() {
                mapper.set("status_detail", reason);
            }
            status(mapper, false);
            if text.contains("' denied") {
                mapper.set("rcode_id", 5_i64);
                mapper.set("action_id", 2_i64);
                mapper.set("disposition_id", 2_i64);
            }
        }
    }
}

/// Client, question and whether it is refused.
fn question_of(text: &str) -> Option<(Pieces<'_>, Pieces<'_>, bool)> {
    let line = text.get(text.find("client ")?..)?;
    CLIENTS.iter().find_map(|form| {
        let client = pieces(form, line)?;
        let (_, question) = client.iter().find(|(name, _)| *name == "text")?;
        let found = QUESTIONS
            .iter()
            .find_map(|(form, is_refused)| Some((pieces(form, question)?, *is_refused)));
        let (question, is_refused) = found?;
        Some((client, question, is_refused))
    })
}

/// Time, category and severity, as far as the channel writes them.
fn channel(mapper: &mut Mapper<'_>, front: &str) {
    let mut words: Vec<&str> = front.split_whitespace().collect();
    if let [date, clock, ..] = words.as_slice()
        && clock.contains(':')
        && clock.as_bytes().first().is_some_and(u8::is_ascii_digit)
    {
        keep(mapper, "time", &format!("{date} {clock}"));
        mapper.time(&["time"]);
        words.drain(..2);
    }
    for word in words.iter().map(|word| word.trim_end_matches(':')) {
        match severity_of(word) {
            Some(severity) => {
                mapper.set("metadata.log_level", word);
                mapper.set("severity_id", severity);
            }
            None => {
                mapper.set("metadata.log_name", word);
            }
        }
    }
}
