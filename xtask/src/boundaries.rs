//! Two things that only one crate does: `config` reads the environment, so that every setting is
//! found in one place, and `cli` prints, so that standard output is data.

use anyhow::Result;

use crate::finding::Finding;
use crate::rust_file::RustFile;
use crate::tidy;
use crate::workspace::Workspace;

/// What gives a reader of the environment away; `env = "` is how clap would read it.
const ENVIRONMENT: [&str; 8] = [
    "env::var",
    "env::set_var",
    "env::remove_var",
    "env::home_dir",
    "env::{",
    "option_env!(",
    "env!(",
    "env = \"",
];

/// Facts that Cargo compiles in are not the environment of the process.
const COMPILED_IN: &str = "env!(\"CARGO_PKG_";

const PRINTING: [&str; 7] =
    ["println!(", "print!(", "eprintln!(", "eprint!(", "dbg!(", "io::stdout(", "io::stderr("];

/// Not shipped, so both rules leave them alone.
const TOOLS: [&str; 3] = ["xtask", "benches", "testkit"];

/// Lists code that reads the environment or prints where it must not. Tests may do both.
pub(crate) fn inspect(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for member in &workspace.members {
        for file in tidy::rust_files(workspace, &member.folder)? {
            findings.extend(inspect_file(&member.name, &file));
        }
    }
    Ok(findings)
}

fn inspect_file(member: &str, file: &RustFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    if TOOLS.contains(&member) || file.path.ends_with("/build.rs") {
        return findings;
    }
    for (number, line) in file.code() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        if member != "config" && contains_word(&line.replace(COMPILED_IN, ""), &ENVIRONMENT) {
            let problem = "only crates/config reads the environment: take the value as a parameter";
            findings.push(Finding::of_line(&file.path, number, problem));
        }
        if member != "cli" && contains_word(line, &PRINTING) {
            let problem = "only crates/cli prints: return the text, or log with `tracing`";
            findings.push(Finding::of_line(&file.path, number, problem));
        }
    }
    findings
}

/// Whether one of the words is in the line and is not the end of a longer name.
fn contains_word(line: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        line.match_indices(word).any(|(start, _)| {
            let before = line.get(..start).and_then(|before| before.chars().next_back());
            !before.is_some_and(|character| character.is_alphanumeric() || character == '_')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(member: &str, line: &str, expected: &[&str]) {
        let path = format!("crates/{member}/src/a.rs");
        let text = format!(
            "//! header, not std::env::var\n{line}\n#[cfg(test)]\nmod tests {{\n    println!(\"x\");\n}}\n"
        );
        let findings: Vec<String> = inspect_file(member, &RustFile::new(path, text))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(findings.len(), expected.len(), "{member}: {line}: {findings:?}");
        for (finding, expected) in findings.iter().zip(expected) {
            assert!(finding.contains(expected), "{finding}");
            assert!(finding.contains("a.rs:2: "), "{finding}");
        }
    }

    #[test]
    fn only_config_reads_the_environment() {
        let rule = "only crates/config reads the environment";
        check("lake", r#"let a = std::env::var("HOME");"#, &[rule]);
        check("lake", "for pair in std::env::vars_os() {", &[rule]);
        check("lake", "use std::env::{self, var};", &[rule]);
        check("cli", r#"    #[arg(long, env = "HEADWATER_LAKE")]"#, &[rule]);
        check("cli", r#"const HOME: &str = env!("HOME");"#, &[rule]);
        check("config", r#"let a = std::env::var("HOME");"#, &[]);
        check("cli", r#"const VERSION: &str = env!("CARGO_PKG_VERSION");"#, &[]);
        check("cli", "let arguments = std::env::args();", &[]);
    }

    #[test]
    fn only_cli_prints() {
        let rule = "only crates/cli prints";
        check("query", r#"println!("x");"#, &[rule]);
        check("config", "let out = std::io::stdout();", &[rule]);
        check("config", "write!(io::stderr(), \"x\")", &[rule]);
        check("cli", r#"eprintln!("x");"#, &[]);
        check("xtask", r#"println!("x");"#, &[]);
        check("query", "pretty_print!(x);", &[]);
    }
}
