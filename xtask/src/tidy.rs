//! House rules that neither the compiler nor rustfmt knows: length of files, a header that says
//! why, lines that fit, names that say something, and nothing left over from the day of writing.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::finding::Finding;
use crate::rust_file::RustFile;
use crate::workspace::Workspace;

/// Lines of a file without its tests.
const FILE_LINES_MAX: usize = 500;

/// Columns of a line.
const LINE_COLUMNS_MAX: usize = 100;

/// Modules of these names say nothing about what is in them.
const NAMELESS: [&str; 6] = ["util", "utils", "common", "helper", "helpers", "misc"];

/// Marks of unfinished work.
const LEFTOVERS: [&str; 5] = ["todo!(", "unimplemented!(", "#[ignore", "FIXME", "XXX"];

/// Folders of the machine of whoever wrote it.
const MACHINE_FOLDERS: [&str; 3] = ["home", "root", "work"];

/// Files that are read for leftovers beside Rust.
const TEXT_ENDINGS: [&str; 7] = [".md", ".toml", ".yaml", ".yml", ".sh", ".py", "Makefile"];

/// Folders that are not part of the sources.
const SKIPPED_FOLDERS: [&str; 6] =
    ["target", "fuzz/target", "lake", "node_modules", ".git", ".venv"];

/// Folders with recorded events, where a path belongs to the machine that was recorded.
const RECORDED_FOLDERS: [&str; 3] = ["samples", "golden", "data"];

/// This file names what it looks for.
const THIS_FILE: &str = "xtask/src/tidy.rs";

/// Lists what breaks a house rule.
pub(crate) fn inspect(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut paths = Vec::new();
    walk(&workspace.root, "", &mut paths)?;
    let mut findings = Vec::new();
    for path in &paths {
        if path == THIS_FILE || is_recorded(path) {
            continue;
        }
        if path.ends_with(".rs") {
            findings.extend(inspect_rust(&read_rust(workspace, path)?));
        } else if TEXT_ENDINGS.iter().any(|ending| path.ends_with(ending)) || path == ".ci/run" {
            let text = read(workspace, path)?;
            let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
            findings.extend(leftovers(path, lines));
        }
    }
    Ok(findings)
}

/// Reads every Rust file below a folder, in the order of their paths.
pub(crate) fn rust_files(workspace: &Workspace, folder: &str) -> Result<Vec<RustFile>> {
    let mut paths = Vec::new();
    walk(&workspace.root, folder, &mut paths)?;
    paths.retain(|path| path.ends_with(".rs"));
    paths.iter().map(|path| read_rust(workspace, path)).collect()
}

fn read(workspace: &Workspace, path: &str) -> Result<String> {
    fs::read_to_string(workspace.root.join(path))
        .with_context(|| format!("failed to read `{path}`"))
}

fn read_rust(workspace: &Workspace, path: &str) -> Result<RustFile> {
    Ok(RustFile::new(path, read(workspace, path)?))
}

fn walk(root: &Path, folder: &str, paths: &mut Vec<String>) -> Result<()> {
    let full = root.join(folder);
    let list = || format!("failed to list `{}`", full.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&full).with_context(list)? {
        let entry = entry.with_context(list)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        names.push((name, entry.file_type().with_context(list)?));
    }
    names.sort_by(|left, right| left.0.cmp(&right.0));
    for (name, file_type) in names {
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        // Whole paths: `crates/lake` is a crate, `lake` is where the demo puts its tables.
        if file_type.is_dir() {
            if !SKIPPED_FOLDERS.contains(&path.as_str()) {
                walk(root, &path, paths)?;
            }
        } else if file_type.is_file() {
            paths.push(path);
        }
    }
    Ok(())
}

fn is_recorded(path: &str) -> bool {
    path.split('/').any(|folder| RECORDED_FOLDERS.contains(&folder))
}

fn inspect_rust(file: &RustFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let path = file.path.as_str();
    if file.lines().next().is_none_or(|(_, line)| !line.starts_with("//!")) {
        let problem = "the first line is a `//!` comment that says what the file is for and why";
        findings.push(Finding::of_line(path, 1, problem));
    }
    if file.code_length() > FILE_LINES_MAX {
        let problem = format!(
            "{} lines without tests, {FILE_LINES_MAX} are allowed: split by meaning",
            file.code_length()
        );
        findings.push(Finding::of_file(path, problem));
    }
    let module = path.trim_end_matches("/mod.rs").trim_end_matches(".rs");
    if let Some(name) = module.rsplit('/').next().filter(|name| NAMELESS.contains(name)) {
        findings
            .push(Finding::of_file(path, format!("`{name}` does not say what the module does")));
    }
    for (number, line) in file.lines() {
        let columns = line.chars().count();
        if columns > LINE_COLUMNS_MAX && !is_literal(line) {
            let problem = format!("{columns} columns, {LINE_COLUMNS_MAX} are allowed");
            findings.push(Finding::of_line(path, number, problem));
        }
    }
    findings.extend(leftovers(path, file.lines()));
    findings
}

/// Text in quotes cannot always be broken, nor can an address or the row of a table in a comment.
fn is_literal(line: &str) -> bool {
    match line.trim_start().strip_prefix("//") {
        Some(comment) => {
            let comment = comment.trim_start_matches(['/', '!', ' ']);
            comment.starts_with('|') || comment.contains("://")
        }
        None => line.contains('"'),
    }
}

fn leftovers<'a>(path: &str, lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in lines {
        if let Some(mark) = LEFTOVERS.into_iter().find(|mark| line.contains(mark)) {
            let problem = format!("`{mark}` is unfinished work: finish it or open an issue");
            findings.push(Finding::of_line(path, number, problem));
        }
        if line.match_indices("TODO").any(|(at, _)| !line[at..].starts_with("TODO(#")) {
            let problem = "a to-do names its issue: `TODO(#12): …`";
            findings.push(Finding::of_line(path, number, problem));
        }
        if let Some(folder) = machine_folder(line) {
            let problem = format!("`/{folder}/…` is a folder of one machine");
            findings.push(Finding::of_line(path, number, problem));
        }
    }
    findings
}

/// The folder of a path from the root of a file system that starts in the line, when it is one of a
/// machine.
fn machine_folder(line: &str) -> Option<&'static str> {
    MACHINE_FOLDERS.into_iter().find(|folder| {
        let start = format!("/{folder}/");
        line.match_indices(&start).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before
                .is_some_and(|character| character.is_alphanumeric() || "_.-}/".contains(character))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let findings: Vec<String> =
            inspect_rust(&RustFile::new(path, text)).iter().map(ToString::to_string).collect();
        assert_eq!(findings, expected, "{path}");
    }

    #[test]
    fn a_clean_file_has_no_findings() {
        check("crates/a/src/a.rs", "//! What and why.\nfn a() {}\n", &[]);
    }

    #[test]
    fn header_is_required() {
        let problem = "crates/a/src/a.rs:1: the first line is a `//!` comment that says what the file \
                       is for and why";
        check("crates/a/src/a.rs", "fn a() {}\n", &[problem]);
        check("crates/a/src/a.rs", "", &[problem]);
    }

    #[test]
    fn length_counts_code_only() {
        let code = format!("//! x\n{}", "fn a() {}\n".repeat(499));
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    fn a() {}\n".repeat(600));
        check("crates/a/src/a.rs", &format!("{code}{tests}"), &[]);
        let problem =
            "crates/a/src/a.rs: 501 lines without tests, 500 are allowed: split by meaning";
        check("crates/a/src/a.rs", &format!("{code}fn b() {{}}\n"), &[problem]);
        check("crates/a/src/tests.rs", &format!("{code}fn b() {{}}\n"), &[]);
    }

    #[test]
    fn long_lines_are_findings_unless_they_hold_text() {
        let long = "x".repeat(95);
        let problem = "crates/a/src/a.rs:2: 102 columns, 100 are allowed";
        check("crates/a/src/a.rs", &format!("//! x\n// {long} aaa\n"), &[problem]);
        check("crates/a/src/a.rs", &format!("//! x\nconst A: &str = \"{long}\";\n"), &[]);
        check("crates/a/src/a.rs", &format!("//! x\n// https://{long}\n"), &[]);
        check("crates/a/src/a.rs", &format!("//! x\n//! | {long} |\n"), &[]);
    }

    #[test]
    fn names_without_meaning_are_findings() {
        let problem = "crates/a/src/utils.rs: `utils` does not say what the module does";
        check("crates/a/src/utils.rs", "//! x\n", &[problem]);
        let problem = "crates/a/src/common/mod.rs: `common` does not say what the module does";
        check("crates/a/src/common/mod.rs", "//! x\n", &[problem]);
    }

    #[test]
    fn leftovers_are_findings_in_tests_too() {
        let at = "crates/a/src/tests.rs:2: ";
        let unfinished = "is unfinished work: finish it or open an issue";
        for (line, expected) in [
            ("todo!()", format!("{at}`todo!(` {unfinished}")),
            ("#[ignore = \"slow\"]", format!("{at}`#[ignore` {unfinished}")),
            ("// FIXME later", format!("{at}`FIXME` {unfinished}")),
            ("// TODO later", format!("{at}a to-do names its issue: `TODO(#12): …`")),
            ("let a = \"/root/x\";", format!("{at}`/root/…` is a folder of one machine")),
            ("// see /home/me/x", format!("{at}`/home/…` is a folder of one machine")),
        ] {
            check("crates/a/src/tests.rs", &format!("//! x\n{line}\n"), &[&expected]);
        }
        for line in ["// TODO(#12): later", "// crates/work/x", "// target/root/x", "\"~/home\""] {
            check("crates/a/src/tests.rs", &format!("//! x\n{line}\n"), &[]);
        }
    }
}
