//! `headwater ocsf validate FILE…|-`.

use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use headwater_event::ErrorKind;
use headwater_event::json::{ParseLimits, Tree};
use headwater_ocsf::{Catalogue, Severity, Validator};
use serde_json::json;

use super::{Release, records};
use crate::context::Context;
use crate::failure::Failure;
use crate::screen;

/// Arguments of `ocsf validate`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files with OCSF events as JSON, or - for standard input
    #[arg(required = true)]
    inputs: Vec<String>,
    #[command(flatten)]
    release: Release,
    /// Also tell of recommended attributes that are missing
    #[arg(long)]
    notes: bool,
    /// Print one JSON object per issue
    #[arg(long)]
    json: bool,
    /// Least severity for which the exit code is 2: note, warning or error
    #[arg(long, default_value = "error", value_parser = severity)]
    fail_on: Severity,
}

fn severity(text: &str) -> Result<Severity, String> {
    let all = [Severity::Note, Severity::Warning, Severity::Error];
    let found = all.into_iter().find(|severity| severity.text() == text);
    found.ok_or_else(|| "one of note, warning, error".to_owned())
}

/// What was found so far.
#[derive(Default)]
struct Found {
    events: u64,
    with_issues: u64,
    by_severity: [u64; 3],
    unreadable: u64,
    error: Option<Failure>,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, Failure> {
    let catalogue = arguments.release.catalogue()?;
    let found = Arc::new(Mutex::new(Found::default()));
    let shared = Arc::clone(&found);
    let Arguments { inputs, notes, json, fail_on, .. } = arguments;
    let mut check = Check::new(catalogue, notes, json);
    records::for_each(context, inputs, move |record| {
        let mut found = shared.lock().unwrap_or_else(PoisonError::into_inner);
        found.events += 1;
        let number = found.events;
        match check.one(record.json, number, &mut found) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                found.error = Some(error);
                ControlFlow::Break(())
            }
        }
    })
    .await?;
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = found.error.take() {
        return Err(error);
    }
    let [of_notes, warnings, errors] = found.by_severity;
    screen::note(format_args!(
        "{} events, {} with issues: {errors} errors, {warnings} warnings, {of_notes} notes; {} \
         records are not JSON (OCSF {})",
        found.events,
        found.with_issues,
        found.unreadable,
        catalogue.version(),
    ));
    let counts = [
        (Severity::Note, of_notes),
        (Severity::Warning, warnings),
        (Severity::Error, errors + found.unreadable),
    ];
    let fails = counts.iter().any(|(severity, count)| *severity >= fail_on && *count > 0);
    let code = if fails { ErrorKind::Invalid.exit_code() } else { 0 };
    Ok(ExitCode::from(code))
}

struct Check {
    tree: Tree,
    validator: Validator<'static>,
    as_json: bool,
}

impl Check {
    fn new(catalogue: &'static Catalogue, with_notes: bool, as_json: bool) -> Self {
        let validator = Validator::new(catalogue);
        let validator = if with_notes { validator.with_notes() } else { validator };
        Self { tree: Tree::new(Arc::clone(catalogue.vocabulary())), validator, as_json }
    }

    fn one(
        &mut self,
        record: Option<&[u8]>,
        number: u64,
        found: &mut Found,
    ) -> Result<(), Failure> {
        let parsed = record.map(|json| self.tree.parse(json, ParseLimits::default()));
        if !matches!(parsed, Some(Ok(()))) {
            found.unreadable += 1;
            return screen::data(format_args!("{number}: error: the record is not JSON"));
        }
        let issues = self.validator.validate(&self.tree, self.tree.root());
        found.with_issues += u64::from(!issues.is_empty());
        for issue in issues {
            let place = match issue.severity() {
                Severity::Note => 0,
                Severity::Warning => 1,
                Severity::Error => 2,
            };
            if let Some(count) = found.by_severity.get_mut(place) {
                *count += 1;
            }
            if self.as_json {
                screen::json(&json!({
                    "event": number,
                    "severity": issue.severity().text(),
                    "code": issue.code.text(),
                    "path": issue.path,
                    "value": issue.value,
                }))?;
            } else {
                screen::data(format_args!("{number}: {issue}"))?;
            }
        }
        Ok(())
    }
}
