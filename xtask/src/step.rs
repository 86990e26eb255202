//! The steps of `cargo xtask check`, cheapest first.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::finding::Finding;
use crate::workspace::Workspace;
use crate::{arrows, boundaries, tidy};

/// One check.
pub(crate) struct Step {
    /// Name on the command line.
    pub(crate) name: &'static str,
    /// One line for the help text.
    pub(crate) purpose: &'static str,
    /// Whether it compiles the workspace.
    pub(crate) expensive: bool,
    action: Action,
}

enum Action {
    /// Reads files and lists what breaks a rule.
    Inspect(fn(&Workspace) -> Result<Vec<Finding>>),
    /// Runs `cargo` with these arguments and variables.
    Cargo(&'static [&'static str], &'static [(&'static str, &'static str)]),
    /// Runs `cargo-deny` with these arguments where it is installed.
    Deny(&'static [&'static str]),
}

/// All checks, in the order in which `check` runs them.
///
/// Every Cargo command covers the whole workspace: a part of it would be built with other features
/// of the shared dependencies, which means to build most of them again.
pub(crate) const STEPS: [Step; 7] = [
    Step {
        name: "fmt",
        purpose: "formatting (`cargo fmt` corrects it)",
        expensive: false,
        action: Action::Cargo(&["fmt", "--all", "--check"], &[]),
    },
    Step {
        name: "tidy",
        purpose: "house rules: length of files, headers, names, leftovers",
        expensive: false,
        action: Action::Inspect(tidy::inspect),
    },
    Step {
        name: "arrows",
        purpose: "who may depend on whom, read the environment and print",
        expensive: false,
        action: Action::Inspect(|workspace| {
            let mut findings = arrows::inspect(workspace);
            findings.extend(boundaries::inspect(workspace)?);
            Ok(findings)
        }),
    },
    Step {
        name: "deny",
        purpose: "licences, origins and bans of dependencies (deny.toml)",
        expensive: false,
        action: Action::Deny(&["--offline", "check", "bans", "licenses", "sources"]),
    },
    Step {
        name: "clippy",
        purpose: "lints, warnings are errors",
        expensive: true,
        action: Action::Cargo(
            &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
            &[],
        ),
    },
    Step {
        name: "docs",
        purpose: "documentation without warnings",
        expensive: true,
        action: Action::Cargo(
            &["doc", "--workspace", "--no-deps"],
            &[("RUSTDOCFLAGS", "-D warnings")],
        ),
    },
    Step {
        name: "test",
        purpose: "all tests (scripts/setup.sh test installs what they talk to)",
        expensive: true,
        action: Action::Cargo(&["test", "--workspace"], &[]),
    },
];

/// How a step ended.
pub(crate) enum Outcome {
    /// Nothing to complain about.
    Passed,
    /// This many findings, or a command that failed (0).
    Failed(usize),
    /// Not run, and why.
    Skipped(&'static str),
}

impl Outcome {
    /// Whether the change must not go in.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => formatter.write_str("ok"),
            Self::Failed(0) => formatter.write_str("FAILED"),
            Self::Failed(findings) => write!(formatter, "FAILED ({findings})"),
            Self::Skipped(reason) => write!(formatter, "skipped ({reason})"),
        }
    }
}

impl Step {
    /// Runs the check; findings and the output of commands go to standard output and error.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<Outcome> {
        match self.action {
            Action::Inspect(inspect) => {
                let findings = inspect(workspace)?;
                for finding in &findings {
                    println!("{finding}");
                }
                Ok(match findings.len() {
                    0 => Outcome::Passed,
                    count => Outcome::Failed(count),
                })
            }
            Action::Cargo(arguments, variables) => {
                let mut command = Command::new(cargo());
                command.args(arguments).envs(variables.iter().copied());
                run(command, workspace)
            }
            Action::Deny(arguments) => {
                let Some(program) = find_cargo_deny() else {
                    println!("cargo-deny is not installed: scripts/setup.sh check");
                    return Ok(Outcome::Skipped("cargo-deny is missing"));
                };
                let mut command = Command::new(program);
                command.args(arguments);
                run(command, workspace)
            }
        }
    }
}

fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

fn run(mut command: Command, workspace: &Workspace) -> Result<Outcome> {
    let status = command
        .current_dir(&workspace.root)
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("failed to start `{}`", command.get_program().display()))?;
    Ok(if status.success() { Outcome::Passed } else { Outcome::Failed(0) })
}

/// The program in `PATH`, or where `scripts/setup.sh check` puts it.
fn find_cargo_deny() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    let installed = cache.map(|cache| cache.join("headwater/tools/bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(installed)
        .map(|folder| folder.join("cargo-deny"))
        .find(|program| program.is_file())
}
