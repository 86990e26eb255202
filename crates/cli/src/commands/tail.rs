//! `headwater tail`: events of a server as they arrive.

use std::io::Write as _;
use std::process::ExitCode;

use futures::StreamExt as _;
use headwater_event::ErrorKind;
use serde_json::Value;

use crate::context::Context;
use crate::failure::Failure;

/// The server that is asked when nothing else is said.
const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// Arguments of `tail`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater tail
  headwater tail --where \"source = 'web' AND severity = 'ERR'\"
  headwater tail --where \"json_extract_scalar(details, '$.user') = 'root'\" --json | jq .details

The token is read from HEADWATER_TOKEN; it needs the scope query.")]
pub(crate) struct Arguments {
    /// Condition in SQL on the columns of `events`
    #[arg(long = "where", value_name = "SQL")]
    condition: Option<String>,
    /// Server to ask [env: HEADWATER_SERVER] [default: http://127.0.0.1:8080]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Print whole events as JSON lines
    #[arg(long)]
    json: bool,
    /// Stop after so many events
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<u64>,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, Failure> {
    let environment = context.environment();
    let server = arguments.server.clone().or_else(|| environment.server());
    let server = server.unwrap_or_else(|| DEFAULT_SERVER.to_owned());
    let response = connect(context, &server, arguments.condition.as_deref()).await?;
    let failed = |error: reqwest::Error| {
        let message = format!("the connection to {server} broke: {error}");
        Failure::new(ErrorKind::Unavailable, message)
    };
    let mut stream = response.bytes_stream();
    let mut buffer = Vec::new();
    let mut left = arguments.count.unwrap_or(u64::MAX);
    while left > 0 {
        let part = tokio::select! {
            _ = tokio::signal::ctrl_c() => break,
            part = stream.next() => part,
        };
        let Some(part) = part.transpose().map_err(failed)? else { break };
        buffer.extend_from_slice(&part);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n')
            && left > 0
        {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            if line.trim_ascii().is_empty() {
                continue;
            }
            left -= 1;
            show(&line, arguments.json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn connect(
    context: &Context,
    server: &str,
    condition: Option<&str>,
) -> Result<reqwest::Response, Failure> {
    let token = context.environment().token().ok_or_else(|| {
        let message = "HEADWATER_TOKEN is not set: it must hold a token with the scope query";
        Failure::new(ErrorKind::Denied, message)
    })?;
    let invalid = |error| Failure::new(ErrorKind::Invalid, format!("--server {server}: {error}"));
    let mut url = url::Url::parse(server).map_err(invalid)?;
    url.set_path("/api/v1/tail");
    if let Some(condition) = condition {
        url.query_pairs_mut().append_pair("where", condition);
    }
    let request = reqwest::Client::new().get(url).bearer_auth(token.expose());
    let response = request.send().await.map_err(|error| {
        let message =
            format!("{server} does not answer: is `headwater serve` running there? {error}");
        Failure::new(ErrorKind::Unavailable, message)
    })?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text = response.text().await.unwrap_or_default();
    let message = serde_json::from_str::<Value>(&text)
        .ok()
        .and_then(|body| Some(body.pointer("/error/message")?.as_str()?.to_owned()))
        .unwrap_or(text);
    let kind = match status.as_u16() {
        401 | 403 => ErrorKind::Denied,
        503 => ErrorKind::Unavailable,
        _ => ErrorKind::Invalid,
    };
    Err(Failure::new(kind, message))
}

/// One event: whole, or when, from where and what.
fn show(line: &[u8], json: bool) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if json {
        out.write_all(line)?;
    } else {
        let event: Value = serde_json::from_slice(line)?;
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
        let summary = match text("summary").as_str() {
            "UNKNOWN" | "-" => text("details"),
            summary => summary.to_owned(),
        };
        let (time, host, source) = (text("utctimestamp"), text("host"), text("source"));
        writeln!(out, "{time} {host} {source} {summary}")?;
    }
    out.flush()?;
    Ok(())
}
