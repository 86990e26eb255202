//! Which crate may depend on which. Data flows down the table, dependencies point up: a crate names
//! only crates above it, and shelves do not know each other. Some libraries stay behind one crate.

use crate::finding::Finding;
use crate::workspace::{Dependency, Member, Workspace};

/// Every crate of the workspace in data-path order, with the crates it may use.
const ARROWS: [(&str, &[&str]); 18] = [
    ("event", &[]),
    ("indicators", &["event"]),
    ("ocsf", &["event"]),
    ("config", &["event"]),
    ("pipeline", &["event", "indicators", "ocsf"]),
    ("normalizers", &["event", "ocsf", "pipeline"]),
    ("enrichers", &["event", "pipeline"]),
    ("access", &["event"]),
    ("journal", &["event"]),
    ("lake", &["event", "indicators"]),
    ("query", &["event", "indicators", "ocsf", "lake"]),
    ("sources", &["event", "access", "journal"]),
    ("ingest", &["event", "indicators", "pipeline", "journal", "lake", "sources"]),
    ("server", &["event", "access", "journal", "lake", "query", "sources", "ingest"]),
    (
        "cli",
        &[
            "event",
            "indicators",
            "ocsf",
            "access",
            "config",
            "pipeline",
            "normalizers",
            "enrichers",
            "journal",
            "lake",
            "query",
            "sources",
            "ingest",
            "server",
        ],
    ),
    ("testkit", &["event"]),
    (
        "benches",
        &[
            "event",
            "indicators",
            "ocsf",
            "pipeline",
            "normalizers",
            "enrichers",
            "lake",
            "query",
            "ingest",
            "testkit",
        ],
    ),
    ("xtask", &[]),
];

/// May be used by the tests of every crate, and by nothing that is shipped.
const TEST_CRATE: &str = "testkit";

/// Further crates that the tests of one may use: enrichers run on what normalizers made, and `ocsf`
/// reads the catalogues that `cargo xtask ocsf` makes.
const TEST_ARROWS: [(&str, &str); 3] =
    [("enrichers", "normalizers"), ("xtask", "event"), ("xtask", "ocsf")];

/// Libraries that only the named crates may use, in tests too.
const LIBRARIES: [(&str, &[&str]); 3] = [
    ("deltalake-core", &["lake"]),
    ("datafusion", &["lake", "query"]),
    ("tokio", &["lake", "query", "sources", "ingest", "server", "cli", "testkit", "benches"]),
];

/// Lists the dependencies that the tables do not allow.
pub(crate) fn inspect(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in &workspace.members {
        let manifest = format!("{}/Cargo.toml", member.folder);
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == member.name) else {
            let problem = format!("crate `{}` has no row in xtask/src/arrows.rs", member.name);
            findings.push(Finding::of_file(&manifest, problem));
            continue;
        };
        for dependency in &member.dependencies {
            let problem = if dependency.is_member {
                arrow_problem(member, dependency, allowed)
            } else {
                library_problem(member, dependency)
            };
            findings.extend(problem.map(|problem| Finding::of_file(&manifest, problem)));
        }
    }
    findings
}

fn arrow_problem(member: &Member, dependency: &Dependency, allowed: &[&str]) -> Option<String> {
    let package = dependency.package.as_str();
    let is_for_tests =
        package == TEST_CRATE || TEST_ARROWS.contains(&(member.name.as_str(), package));
    if allowed.contains(&package) || (dependency.is_dev && is_for_tests) {
        return None;
    }
    let allowed = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
    Some(format!("`{}` must not use `{package}`: it may use {allowed}", member.name))
}

fn library_problem(member: &Member, dependency: &Dependency) -> Option<String> {
    let (library, users) = LIBRARIES.iter().find(|(library, _)| *library == dependency.package)?;
    if users.contains(&member.name.as_str()) {
        return None;
    }
    Some(format!("`{library}` is for {} only, not for `{}`", users.join(", "), member.name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Findings for one crate with one dependency `kind:name`; a name with `path` is of the
    /// workspace.
    fn check(member: &str, dependency: &str, path: bool, kind: &str, expected: Option<&str>) {
        let path = if path { r#""/r/crates/x""# } else { "null" };
        let kind = if kind == "dev" { r#""dev""# } else { "null" };
        let json = format!(
            r#"{{"workspace_root":"/r","packages":[{{"name":"headwater-{member}",
            "manifest_path":"/r/crates/{member}/Cargo.toml","dependencies":[
            {{"name":"{dependency}","kind":{kind},"path":{path}}}]}}]}}"#
        );
        let findings: Vec<String> = inspect(&Workspace::parse(json.as_bytes()).unwrap())
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        assert_eq!(findings, expected, "{member} -> {dependency}");
    }

    #[test]
    fn arrows_point_up_the_data_path() {
        check("query", "headwater-lake", true, "normal", None);
        check("ingest", "headwater-sources", true, "normal", None);
        check(
            "lake",
            "headwater-query",
            true,
            "normal",
            Some(
                "crates/lake/Cargo.toml: `lake` must not use `query`: \
                 it may use event, indicators",
            ),
        );
        check(
            "normalizers",
            "headwater-enrichers",
            true,
            "normal",
            Some(
                "crates/normalizers/Cargo.toml: `normalizers` must not use `enrichers`: \
                 it may use event, ocsf, pipeline",
            ),
        );
        check(
            "event",
            "headwater-config",
            true,
            "dev",
            Some("crates/event/Cargo.toml: `event` must not use `config`: it may use nothing"),
        );
    }

    #[test]
    fn only_tests_use_the_test_crate() {
        check("lake", "headwater-testkit", true, "dev", None);
        check(
            "lake",
            "headwater-testkit",
            true,
            "normal",
            Some(
                "crates/lake/Cargo.toml: `lake` must not use `testkit`: \
                 it may use event, indicators",
            ),
        );
    }

    #[test]
    fn libraries_stay_behind_their_crates() {
        check("query", "datafusion", false, "normal", None);
        check("event", "memchr", false, "normal", None);
        check(
            "query",
            "deltalake-core",
            false,
            "dev",
            Some("crates/query/Cargo.toml: `deltalake-core` is for lake only, not for `query`"),
        );
        check(
            "cli",
            "datafusion",
            false,
            "normal",
            Some("crates/cli/Cargo.toml: `datafusion` is for lake, query only, not for `cli`"),
        );
    }

    #[test]
    fn a_crate_without_a_row_is_a_finding() {
        check(
            "hunt",
            "serde",
            false,
            "normal",
            Some("crates/hunt/Cargo.toml: crate `hunt` has no row in xtask/src/arrows.rs"),
        );
    }

    #[test]
    fn the_table_itself_points_up() {
        for (index, (name, allowed)) in ARROWS.iter().enumerate() {
            for used in *allowed {
                let above = ARROWS.iter().position(|(name, _)| name == used).unwrap();
                assert!(above < index, "{name} -> {used}");
            }
        }
    }
}
