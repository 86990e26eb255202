//! Plugins that users write: a folder of `.vrl` files, each a header and a program in the Vector
//! Remap Language. All files are compiled and type-checked before the first event; what can be
//! wrong is known at start, with file, line and column.
//!
//! The program sees the event as `.`, its OCSF object as `%ocsf`, and read-only facts about its
//! arrival in `%`. It decides by what it leaves behind: an object is the event, `null` (or
//! `del(.)`) drops it, `abort` and a failed `fn!()` refuse it. Nothing in it reads a clock, chance,
//! the environment, files or the network, so that the same event always gives the same result, also
//! when it is replayed years later. (Known gap: functions of the library that parse times without a
//! year guess the year from the machine's clock; the guide names them.)
//!
//! Lossless: only what the program changed is written back (`change.rs`). Numbers that no float can
//! hold keep their digits even when the program moves them (`numbers.rs`). Only the paths that the
//! program mentions are converted (`Selection`); a program that reaches further is run
//! again on the whole event. The guide for users is `docs/guides/vrl-plugins.md`.

mod load;

mod header;

mod compile;

mod functions;

mod selection;

mod facts;

mod target;

mod convert;

mod numbers;

mod change;

mod outcome;

mod ocsf;

mod diagnostic;

pub use compile::compile;
pub use diagnostic::{Diagnostic, Severity, VrlError};
pub use load::{compile_folder, load_folder};

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use headwater_event::Event;
use vrl::compiler::runtime::{Runtime, Terminate};
use vrl::compiler::{ExpressionError, Program, TimeZone};

use crate::{Metadata, Plugin, PluginKind, Verdict};
use convert::Refusal;
use diagnostic::line_at;
use numbers::Numbers;
use selection::Selections;
use target::EventTarget;

/// Expressions that a program may evaluate for one event; beyond it the event is refused. Counted,
/// not timed: a slow machine must not give another result.
const STEPS_MAX: u64 = 10_000_000;

/// One compiled `.vrl` file.
#[derive(Debug)]
pub struct VrlPlugin {
    name: String,
    kind: PluginKind,
    registration: Vec<String>,
    priority: i32,
    description: String,
    warnings: Vec<Diagnostic>,
    text: String,
    program: Program,
    time_zone: TimeZone,
    /// What the program mentions by path.
    selections: Selections,
    /// What it may reach when that was not all.
    widened: Selections,
    steps_max: u64,
    /// Set once the program was seen to reach beyond `selections`.
    needs_all: AtomicBool,
}

impl VrlPlugin {
    /// What the plugin does, in its author's words; empty when the header does not say.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Doubtful places that do not keep the program from running, such as a result that nobody
    /// uses.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Runs the program on the selected parts of the event; `None` when it reached beyond them, in
    /// which case the event is untouched.
    fn run(
        &self,
        event: &mut Event,
        metadata: &mut Metadata<'_>,
        selections: &Selections,
    ) -> Option<Verdict> {
        let mut numbers = Numbers::default();
        let mut target = match target_of(event, metadata, selections, &mut numbers) {
            Ok(target) => target,
            Err(refusal) => return Some(reject(&refusal)),
        };
        let mut steps = 0_u64;
        let mut control = || {
            steps += 1;
            if steps > self.steps_max { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let result = Runtime::default().resolve_with_control(
            &mut target,
            &self.program,
            &self.time_zone,
            &mut control,
        );
        let outcome = target.finish()?;
        Some(match result {
            Ok(_) => outcome.apply(event, metadata, &numbers),
            Err(stop) => Verdict::Reject(self.describe(stop).into()),
        })
    }

    /// Why a program stopped, with the line where it did.
    fn describe(&self, stop: Terminate) -> String {
        let line = |offset| line_at(&self.text, offset);
        match stop {
            Terminate::Interrupted => format!("program took more than {} steps", self.steps_max),
            Terminate::Abort(ExpressionError::Abort { message: Some(message), .. }) => message,
            Terminate::Abort(ExpressionError::Abort { span, message: None }) => {
                format!("aborted at line {}", line(span.start()))
            }
            Terminate::Abort(ExpressionError::Error { message, labels, .. })
            | Terminate::Error(ExpressionError::Error { message, labels, .. }) => {
                // The innermost call is labelled first, with its own message; the outer message
                // repeats it with byte offsets.
                match labels.first() {
                    Some(label) => {
                        let start = label.span.start();
                        let call = called_function(&self.text, start);
                        format!("{call} failed at line {}: {}", line(start), label.message)
                    }
                    None => message,
                }
            }
            Terminate::Abort(error) | Terminate::Error(error) => error.to_string(),
        }
    }
}

impl Plugin for VrlPlugin {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> PluginKind {
        self.kind
    }

    fn registration(&self) -> Vec<String> {
        self.registration.clone()
    }

    fn priority(&self) -> i32 {
        self.priority
    }

    fn process(&self, event: &mut Event, metadata: &mut Metadata<'_>) -> Verdict {
        // Relaxed: the flag only saves work, either value gives the same result.
        if !self.needs_all.load(Ordering::Relaxed) {
            if let Some(verdict) = self.run(event, metadata, &self.selections) {
                return verdict;
            }
            self.needs_all.store(true, Ordering::Relaxed);
        }
        self.run(event, metadata, &self.widened)
            .unwrap_or_else(|| Verdict::Reject("program reached beyond the whole event".into()))
    }
}

fn target_of<'a>(
    event: &Event,
    metadata: &Metadata<'_>,
    selections: &'a Selections,
    numbers: &mut Numbers,
) -> Result<EventTarget<'a>, Refusal> {
    let root = convert::read(&event.json, &selections.event, numbers)?;
    let facts = facts::read(&event.ocsf, metadata, &selections.metadata, numbers)?;
    Ok(EventTarget::new(root, facts, facts::received_at(metadata), selections))
}

fn reject(refusal: &Refusal) -> Verdict {
    Verdict::Reject(refusal.to_string().into())
}

/// The function name that starts at a byte of the program, for messages.
fn called_function(text: &str, start: usize) -> String {
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    match rest.get(..end.unwrap_or(rest.len())) {
        Some(name) if !name.is_empty() => format!("`{name}`"),
        _ => "expression".to_owned(),
    }
}

#[cfg(test)]
mod tests;
