//! `cargo xtask`: what every change has to pass, as one command and as its parts.
//! The cheap parts read files only; the expensive ones run Cargo.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal and for CI logs"
)]

mod arrows;
mod boundaries;
mod finding;
mod ocsf;
mod rust_file;
mod step;
mod tidy;
mod workspace;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::step::{Outcome, STEPS, Step};
use crate::workspace::Workspace;

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next();
    if command.as_deref() == Some("ocsf") {
        let arguments = ocsf::Arguments::parse(arguments)?;
        let made = ocsf::generate(&Workspace::load()?.root, &arguments)?;
        for note in made.notes {
            println!("note: {note}");
        }
        for file in made.files {
            println!("wrote {}", file.display());
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(argument) = arguments.next() {
        bail!("unexpected argument `{argument}` (see `cargo xtask help`)");
    }
    match command.as_deref() {
        None | Some("help" | "--help" | "-h") => {
            print_help();
            Ok(ExitCode::SUCCESS)
        }
        Some("check") => check(&STEPS),
        Some(name) => match STEPS.iter().find(|step| step.name == name) {
            Some(step) => check(std::slice::from_ref(step)),
            None => bail!("there is no command `{name}` (see `cargo xtask help`)"),
        },
    }
}

fn print_help() {
    println!("cargo xtask COMMAND\n");
    for step in &STEPS {
        println!("  {:<8} {}", step.name, step.purpose);
    }
    println!(
        "  {:<8} not a check: makes catalogues of the schemas and extensions it is given",
        "ocsf"
    );
    println!("  {:<8} all of the above; the expensive ones only when the cheap ones pass", "check");
}

/// Runs the steps in order and prints a line for each; success when none failed.
fn check(steps: &[Step]) -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    let mut rows: Vec<(&Step, Outcome, Duration)> = Vec::new();
    for step in steps {
        let failed = rows.iter().any(|(_, outcome, _)| outcome.is_failure());
        if failed && step.expensive {
            rows.push((step, Outcome::Skipped("after a failure"), Duration::ZERO));
            continue;
        }
        let started = Instant::now();
        let outcome = step.run(&workspace)?;
        rows.push((step, outcome, started.elapsed()));
    }
    if steps.len() > 1 {
        println!();
        for (step, outcome, time) in &rows {
            println!("{:<8} {:<32} {:>7.1} s", step.name, outcome.to_string(), time.as_secs_f64());
        }
    }
    let failed = rows.iter().any(|(_, outcome, _)| outcome.is_failure());
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
