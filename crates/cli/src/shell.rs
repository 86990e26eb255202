//! The SQL shell: several lines per statement, history, completion of keywords, tables, columns and
//! functions, and a few commands that begin with a backslash.

use std::process::ExitCode;
use std::time::Instant;

use headwater_query::{OCSF, OutputFormat, Session, TableName};
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Editor, Helper, Highlighter, Hinter};

use crate::commands::query::{Display, footer, print};
use crate::failure::Failure;
use crate::screen;

const HELP: &str = "\\d            tables and views
\\d NAME       columns of a table
\\df [TEXT]    functions whose name contains TEXT
\\f FORMAT     table, json, jsonl, csv
\\x            show whole cells, or cut them again
\\timing       report after each statement, or not
\\q            leave (also Ctrl-D)
A statement ends with a semicolon and may span lines. Ctrl-C drops the line.";

const KEYWORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "ORDER BY",
    "LIMIT",
    "HAVING",
    "JOIN",
    "LEFT JOIN",
    "ON",
    "AND",
    "OR",
    "NOT",
    "IN",
    "LIKE",
    "BETWEEN",
    "IS NULL",
    "IS NOT NULL",
    "AS",
    "DISTINCT",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "WITH",
    "UNION ALL",
    "CREATE VIEW",
    "EXPLAIN",
    "DESC",
    "ASC",
];

/// Cells are cut to this many characters unless `\x` says otherwise.
const CELL_CHARS_MAX: usize = 60;

/// Completion and multi-line input.
#[derive(Helper, Highlighter, Hinter)]
struct SqlHelper {
    words: Vec<String>,
}

impl Completer for SqlHelper {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let head = line.get(..position).unwrap_or(line);
        let is_word = |character: char| character.is_alphanumeric() || character == '_';
        let start = head.rfind(|character| !is_word(character)).map_or(0, |index| {
            index + head.get(index..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        });
        let typed = head.get(start..).unwrap_or_default();
        if typed.is_empty() {
            return Ok((start, Vec::new()));
        }
        let lower = typed.to_lowercase();
        let fits = |word: &&String| word.to_lowercase().starts_with(&lower);
        let pair = |word: &String| Pair { display: word.clone(), replacement: word.clone() };
        Ok((start, self.words.iter().filter(fits).map(pair).collect()))
    }
}

impl Validator for SqlHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input().trim();
        let complete = text.is_empty() || text.starts_with('\\') || is_complete(text);
        Ok(if complete { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

/// Whether the text ends with a semicolon that is not inside quotes.
fn is_complete(text: &str) -> bool {
    let mut quote = None;
    for character in text.chars() {
        match quote {
            Some(open) if open == character => quote = None,
            None if matches!(character, '\'' | '"' | '`') => quote = Some(character),
            _ => {}
        }
    }
    quote.is_none() && text.ends_with(';')
}

/// Runs the shell until the user leaves.
pub(crate) async fn run(session: Session, mut display: Display) -> Result<ExitCode, Failure> {
    let mut editor: Editor<SqlHelper, DefaultHistory> = Editor::new().map_err(unavailable)?;
    editor.set_helper(Some(SqlHelper { words: words(&session).await }));
    let history = headwater_config::history_file();
    if let Some(path) = &history {
        // No history is not an error.
        let _ = editor.load_history(path);
    }
    if display.cell_chars.is_some() {
        display.cell_chars = Some(CELL_CHARS_MAX);
    }
    screen::note(format_args!("headwater {}: \\? for help", env!("CARGO_PKG_VERSION")));
    loop {
        match editor.readline("headwater> ") {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => {
                let _ = editor.add_history_entry(line.trim());
                if !one_line(&session, &mut display, line.trim()).await {
                    break;
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(unavailable(error)),
        }
    }
    if let Some(path) = &history {
        let _ = editor.save_history(path);
    }
    Ok(ExitCode::SUCCESS)
}

fn unavailable(error: ReadlineError) -> Failure {
    Failure::new(headwater_event::ErrorKind::Unavailable, format!("failed to read input: {error}"))
}

/// Tables and views, each once: aliases of the schema are left out.
async fn names(session: &Session) -> Result<Vec<String>, Failure> {
    let mut names = session.table_names();
    let tables = session.tables().await?;
    names.extend(tables.iter().filter(|table| table.schema == OCSF).map(TableName::full));
    Ok(names)
}

async fn words(session: &Session) -> Vec<String> {
    let mut words: Vec<String> = KEYWORDS.iter().map(ToString::to_string).collect();
    for table in names(session).await.unwrap_or_default() {
        if let Ok(schema) = session.columns(&table).await {
            words.extend(schema.fields().iter().map(|field| field.name().clone()));
        }
        // Completion begins anew after a dot.
        words.extend(table.split('.').map(str::to_owned));
    }
    words.extend(session.function_names());
    words.sort();
    words.dedup();
    words
}

/// Runs one statement or backslash command; `false` to leave.
async fn one_line(session: &Session, display: &mut Display, line: &str) -> bool {
    let result = match line.strip_prefix('\\') {
        Some(command) if matches!(command.trim(), "q" | "quit") => return false,
        Some(command) => backslash(session, display, command.trim()).await,
        None => statement(session, display, line.trim_end_matches(';')).await,
    };
    if let Err(failure) = result {
        failure.report();
    }
    true
}

async fn statement(session: &Session, display: &Display, sql: &str) -> Result<(), Failure> {
    let started = Instant::now();
    let run = async {
        let mut answer = session.query(sql, &[]).await?;
        let rows = print(&mut answer, display, std::io::stdout()).await?;
        Ok((answer, rows))
    };
    let (answer, rows) = tokio::select! {
        result = run => { let result: Result<_, Failure> = result; result? }
        _ = tokio::signal::ctrl_c() => {
            screen::note(format_args!("cancelled"));
            return Ok(());
        }
    };
    if !display.quiet {
        footer(rows, started.elapsed(), &answer);
    }
    Ok(())
}

async fn backslash(session: &Session, display: &mut Display, command: &str) -> Result<(), Failure> {
    let (name, argument) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let argument = argument.trim();
    match name {
        "?" | "h" | "help" => screen::data(format_args!("{HELP}")),
        "d" if argument.is_empty() => {
            let names = names(session).await?;
            let rows: Vec<_> = names.into_iter().map(|name| vec![name]).collect();
            screen::table(&["table"], &rows)
        }
        "d" => {
            let schema = session.columns(argument).await?;
            let describe = |field: &arrow::datatypes::FieldRef| {
                vec![field.name().clone(), field.data_type().to_string()]
            };
            let rows: Vec<_> = schema.fields().iter().map(describe).collect();
            screen::table(&["column", "type"], &rows)
        }
        "df" => {
            let names = session.function_names();
            let rows: Vec<_> = names
                .into_iter()
                .filter(|name| name.contains(argument))
                .map(|name| vec![name])
                .collect();
            screen::table(&["function"], &rows)
        }
        "f" => {
            let parsed = argument.parse::<OutputFormat>();
            let invalid = |text| Failure::new(headwater_event::ErrorKind::Invalid, text);
            display.format = parsed.map_err(invalid)?;
            Ok(())
        }
        "x" => {
            display.cell_chars = match display.cell_chars {
                Some(_) => None,
                None => Some(CELL_CHARS_MAX),
            };
            Ok(())
        }
        "timing" => {
            display.quiet = !display.quiet;
            Ok(())
        }
        other => Err(Failure::new(
            headwater_event::ErrorKind::Invalid,
            format!("unknown command \\{other}: \\? lists them"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::is_complete;

    #[test]
    fn a_statement_ends_with_a_semicolon_outside_quotes() {
        for (text, expected) in [
            ("SELECT 1;", true),
            ("SELECT 1", false),
            ("SELECT ';", false),
            ("SELECT ';';", true),
            ("SELECT \"a;", false),
            ("SELECT 'it''s';", true),
        ] {
            assert_eq!(is_complete(text), expected, "{text}");
        }
    }
}
