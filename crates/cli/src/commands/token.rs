//! `headwater token create|list|revoke`.

use std::process::ExitCode;

use headwater_access::{Scope, Token, TokenRecord};
use headwater_config::parse_duration;
use headwater_event::{ErrorKind, Timestamp};
use headwater_lake::AuditEntry;
use serde::Serialize;
use uuid::Uuid;

use crate::context::{Context, now};
use crate::failure::Failure;
use crate::screen;

/// Arguments of `token`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater token create edge-1 --scope ingest --index main
  headwater token create analyst --scope query --expires 90d
  headwater token list
  headwater token revoke edge-1

A running server knows new tokens at once and refuses revoked ones within seconds.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a token and show it, once
    Create(Create),
    /// List tokens: names, scopes and dates, never the tokens themselves
    List {
        /// Print one JSON object per token
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token by name or id
    Revoke {
        /// Its name or id
        token: String,
    },
}

#[derive(Debug, clap::Args)]
struct Create {
    /// Name, for lists and logs
    name: String,
    /// What it is for: ingest, query, admin (may be repeated)
    #[arg(long, required = true, value_name = "SCOPE")]
    scope: Vec<Scope>,
    /// Index that it may send to (may be repeated) [default: all]
    #[arg(long, value_name = "NAME")]
    index: Vec<String>,
    /// Source that it may send for (may be repeated) [default: all]
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,
    /// How long it is good for: 12h, 90d [default: for ever]
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
}

#[derive(Serialize)]
struct Line {
    id: String,
    name: String,
    scopes: Vec<&'static str>,
    sources: Vec<String>,
    indexes: Vec<String>,
    created: String,
    expires: Option<String>,
    state: &'static str,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, Failure> {
    match arguments.action {
        Action::Create(create) => make(context, create).await?,
        Action::List { json } => list(context, json)?,
        Action::Revoke { token } => {
            let revoked = context.token_file()?.revoke(&token)?;
            note_change(context, "token.revoke", &revoked).await?;
            screen::note(format_args!("revoked {} ({})", revoked.name, revoked.id));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn make(context: &Context, create: Create) -> Result<(), Failure> {
    let expires = create.expires.as_deref().map(expiry).transpose()?;
    let token = Token::generate()?;
    let mut record = TokenRecord::new(&token, &create.name, now());
    record.scopes = create.scope;
    record.sources = create.source;
    record.indexes = create.index;
    record.expires = expires;
    note_change(context, "token.create", &record).await?;
    context.token_file()?.add(record)?;
    screen::note(format_args!("keep it: it is not shown again"));
    screen::data(format_args!("{}", token.expose()))
}

/// Writes a change of tokens into the audit table.
pub(crate) async fn note_change(
    context: &Context,
    action: &'static str,
    token: &TokenRecord,
) -> Result<(), Failure> {
    let statement = serde_json::json!({
        "id": token.id, "name": token.name, "scopes": token.scopes, "sources": token.sources,
        "indexes": token.indexes, "expires": token.expires,
    });
    let entry = AuditEntry {
        id: Uuid::now_v7(),
        time: now(),
        action,
        token: None,
        address: None,
        statement: statement.to_string(),
        outcome: "ok",
        reason: None,
        rows: None,
        milliseconds: None,
    };
    Ok(context.lake()?.append_audit(&[entry]).await?)
}

fn expiry(text: &str) -> Result<i64, Failure> {
    let invalid = |message: String| Failure::new(ErrorKind::Invalid, message);
    let span =
        parse_duration(text).map_err(|error| invalid(format!("--expires {text}: {error}")))?;
    let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Ok(now().as_micros().saturating_add(micros))
}

fn list(context: &Context, json: bool) -> Result<(), Failure> {
    let now = now();
    let time = |micros: i64| Timestamp::from_micros(micros).to_iso().to_string();
    let lines = context.token_file()?.read()?.into_iter().map(|token| Line {
        state: match (token.revoked, token.is_expired(now)) {
            (true, _) => "revoked",
            (false, true) => "expired",
            (false, false) => "valid",
        },
        id: token.id.to_string(),
        name: token.name,
        scopes: token.scopes.iter().map(|scope| scope.name()).collect(),
        sources: token.sources,
        indexes: token.indexes,
        created: time(token.created),
        expires: token.expires.map(time),
    });
    if json {
        return lines.into_iter().try_for_each(|line| screen::json(&line));
    }
    let rows: Vec<Vec<String>> = lines
        .map(|line| {
            let expires = line.expires.unwrap_or_else(|| "never".to_owned());
            let scopes = line.scopes.join(", ");
            vec![line.name, scopes, line.state.to_owned(), line.created, expires, line.id]
        })
        .collect();
    screen::table(&["name", "scopes", "state", "created", "expires", "id"], &rows)
}
