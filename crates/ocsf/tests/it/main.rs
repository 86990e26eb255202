//! The catalogue and the validator against what others say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod mutations;
mod public_events;

use std::io::Write as _;
use std::process::{Command, Stdio};

use headwater_event::json::{ParseLimits, Tree};
use headwater_ocsf::{Collector, Issue, Severity, Validator, Version, complete};
use headwater_testkit::test_data;

#[test]
fn catalogues_have_everything_of_their_release() {
    let counts = Version::ALL.map(|version| {
        let catalogue = version.catalogue();
        let attributes = |items: &[headwater_ocsf::Item]| {
            items.iter().map(headwater_ocsf::Item::len).sum::<usize>()
        };
        assert_eq!(catalogue.version(), version.text());
        (
            catalogue.categories().len(),
            catalogue.classes().len(),
            catalogue.objects().len(),
            catalogue.profiles().len(),
            catalogue.observable_types().len(),
            attributes(catalogue.classes()) + attributes(catalogue.objects()),
        )
    });
    let expected =
        [(6, 50, 106, 8, 21, 3_164), (7, 72, 121, 10, 30, 4_375), (8, 83, 178, 14, 48, 7_203)];
    assert_eq!(counts, expected);
}

/// Lines of issues as the reference writes them: number of the event, severity, code, path.
fn lines(number: usize, issues: &[Issue], lines: &mut Vec<String>) {
    for issue in issues {
        // The reference knows no notes.
        let severity = match issue.severity() {
            Severity::Error => "error",
            Severity::Warning | Severity::Note => "warning",
        };
        lines.push(format!("{number}\t{severity}\t{}\t{}", issue.code, issue.path));
    }
}

/// Compares all issues of the events with those of the reference validator.
fn assert_agrees(version: Version, events: &[String]) {
    let Some(reference) = test_data("ocsf/validate.py") else { return };
    let Some(schema) = test_data(&format!("ocsf/ocsf-{version}.json")) else { return };
    let mut child = Command::new("python3")
        .args([&reference, &schema])
        .args(["-", "-r"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = events.join("\n");
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let cut = |line: &str| line.split('\t').take(4).collect::<Vec<_>>().join("\t");
    let mut expected: Vec<String> =
        output.lines().filter(|line| line.contains('\t')).map(cut).collect();

    let catalogue = version.catalogue();
    let mut tree = Tree::new(catalogue.vocabulary().clone());
    let mut validator = Validator::new(catalogue).with_notes();
    let mut found = Vec::new();
    for (number, event) in events.iter().enumerate() {
        tree.parse(event.as_bytes(), ParseLimits::default()).unwrap();
        lines(number, validator.validate(&tree, tree.root()), &mut found);
    }
    expected.sort();
    found.sort();
    let missing: Vec<_> =
        expected.iter().filter(|line| found.binary_search(line).is_err()).collect();
    let extra: Vec<_> = found.iter().filter(|line| expected.binary_search(line).is_err()).collect();
    let event_of = |line: &&String| {
        let number: usize = line.split('\t').next().unwrap().parse().unwrap();
        &events[number]
    };
    let first = missing.iter().chain(&extra).next().map(|line| (line, event_of(line)));
    let is_same = missing.is_empty() && extra.is_empty();
    assert!(is_same, "first {first:?}\nmissing {missing:?}\nextra {extra:?}");
    assert_eq!(found.len(), expected.len());
}

#[test]
fn issues_of_public_events_are_those_of_the_reference() {
    let Some(events) = public_events::all() else { return };
    assert!(events.len() > 60, "{}", events.len());
    for version in Version::ALL {
        assert_agrees(version, &events);
    }
}

#[test]
fn issues_of_mutated_events_are_those_of_the_reference() {
    let Some(events) = public_events::all() else { return };
    for version in Version::ALL {
        assert_agrees(version, &mutations::of(&events, 20));
    }
}

#[test]
fn completing_twice_is_completing_once_and_adds_no_error() {
    let Some(events) = public_events::all() else { return };
    let catalogue = Version::NATIVE.catalogue();
    let mut tree = Tree::new(catalogue.vocabulary().clone());
    let mut validator = Validator::new(catalogue);
    let mut collector = Collector::default();
    for event in events {
        tree.parse(event.as_bytes(), ParseLimits::default()).unwrap();
        let root = tree.root();
        let errors = |issues: &[Issue]| -> Vec<Issue> {
            issues.iter().filter(|one| one.severity() == Severity::Error).cloned().collect()
        };
        let before = errors(validator.validate(&tree, root));
        complete(catalogue, &mut tree, root);
        collector.collect(catalogue, &mut tree, root);
        let once = tree.to_json(root);
        let new: Vec<Issue> = errors(validator.validate(&tree, root))
            .into_iter()
            .filter(|one| !before.contains(one))
            .collect();
        // A profile that is declared now may make attributes known that were unknown before.
        assert!(new.iter().all(|one| one.path.contains('.')), "{new:?}\n{event}\n{once}");
        complete(catalogue, &mut tree, root);
        collector.collect(catalogue, &mut tree, root);
        assert_eq!(tree.to_json(root), once);
    }
}
