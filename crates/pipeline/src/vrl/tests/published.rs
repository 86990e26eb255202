//! What users are shown: the guide and the examples do what they say.

use std::fs;
use std::path::{Path, PathBuf};

use headwater_event::json::{Kind, NodeId, ParseLimits, Tree};

use super::{ocsf, send};
use crate::Plugin;
use crate::vrl::{compile, compile_folder};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A fenced block: the words after the fence, and the text.
struct Block {
    info: String,
    text: String,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(Block { info: info.to_owned(), text: text.join("\n") });
    }
    blocks
}

fn parse(json: &str) -> Tree {
    let mut tree = Tree::new(Default::default());
    tree.parse(json.as_bytes(), ParseLimits::default()).expect(json);
    tree
}

fn compact(json: &str) -> String {
    let tree = parse(json);
    tree.to_json(tree.root())
}

/// What the named plugin makes of a record; it has to run on it.
fn outcome(name: &str, program: &str, record: &str) -> String {
    let plugin = compile(name, program).unwrap_or_else(|error| panic!("{error}"));
    let audit = format!(r#","plugins":["{}_{name}"]}}"#, plugin.kind().audit_prefix());
    let outcome = send(plugin, &[record]).remove(0);
    if !outcome.starts_with('{') {
        return outcome;
    }
    let event = outcome.strip_suffix(&audit);
    format!("{}}}", event.unwrap_or_else(|| panic!("{name} did not run: {outcome}")))
}

/// The OCSF object that the named plugin leaves has at least these members.
fn check_ocsf(name: &str, program: &str, record: &str, part: &str) {
    fn check(whole: (&Tree, NodeId), part: (&Tree, NodeId), at: &str) {
        if part.0.kind(part.1) != Kind::Object {
            return assert_eq!(whole.0.to_json(whole.1), part.0.to_json(part.1), "{at}");
        }
        for member in part.0.children(part.1) {
            let key = part.0.key(member);
            let at = format!("{at}.{key}");
            let found = whole.0.get(whole.1, &key).unwrap_or_else(|| panic!("{at} is missing"));
            check((whole.0, found), (part.0, member), &at);
        }
    }
    let plugin = compile(name, program).unwrap_or_else(|error| panic!("{error}"));
    let seen = ocsf::send_through(ocsf::mappings(), vec![plugin], record, None);
    let (whole, part) = (seen.ocsf.expect(name), parse(part));
    check((&whole, whole.root()), (&part, part.root()), name);
}

#[test]
fn every_program_of_the_guide_does_what_the_guide_says() {
    let guide = fs::read_to_string(repository().join("docs/guides/vrl-plugins.md")).unwrap();
    let (mut name, mut program, mut record) = (String::new(), String::new(), None);
    let mut proven: Vec<(String, usize)> = Vec::new();
    let prove = |proven: &mut Vec<(String, usize)>| proven.last_mut().expect("a program").1 += 1;
    for Block { info, text } in blocks(&guide) {
        match info.split_once(' ').unwrap_or((&info, "")) {
            ("vrl", file) => {
                file.strip_suffix(".vrl").expect("a program has a file name").clone_into(&mut name);
                program = text;
                proven.push((name.clone(), 0));
            }
            ("json", "in") => record = Some(compact(&text)),
            ("json", "out") => {
                let record = record.take().expect("an input before the output");
                assert_eq!(outcome(&name, &program, &record), compact(&text), "{name}");
                prove(&mut proven);
            }
            ("json", "ocsf") => {
                let record = record.take().expect("an input before the object");
                check_ocsf(&name, &program, &record, &text);
                prove(&mut proven);
            }
            ("text", "outcome") => {
                let record = record.take().expect("an input before the outcome");
                assert_eq!(outcome(&name, &program, &record), text, "{name}");
                prove(&mut proven);
            }
            ("text", "error") => {
                assert_eq!(compile(&name, &program).unwrap_err().to_string(), text);
                prove(&mut proven);
            }
            ("sh", "") => {}
            other => panic!("a block that nothing proves: {other:?}"),
        }
    }
    assert!(proven.iter().all(|(_, count)| *count > 0), "{proven:?}");
    assert_eq!(proven.len(), 6);
}

#[test]
fn the_guide_names_every_refused_function_and_the_limits() {
    let guide = fs::read_to_string(repository().join("docs/guides/vrl-plugins.md")).unwrap();
    for name in crate::vrl::functions::refused() {
        let family = name.split('_').next().unwrap();
        let named =
            guide.contains(&format!("`{name}`")) || guide.contains(&format!("`{family}_*`"));
        assert!(named, "{name}");
    }
    assert_eq!(crate::vrl::STEPS_MAX, 10_000_000);
    assert_eq!(crate::vrl::convert::DEPTH_MAX, 500);
}

#[test]
fn the_examples_compile_without_warnings_and_say_what_they_do() {
    let plugins = compile_folder(&repository().join("examples/plugins")).unwrap();
    assert_eq!(plugins.len(), 3);
    for plugin in plugins {
        assert!(plugin.warnings().is_empty(), "{}", plugin.name());
        assert!(!plugin.description().is_empty(), "{}", plugin.name());
    }
}

fn check_example(name: &str, record: impl AsRef<str>, wanted: impl AsRef<str>) {
    let (record, wanted) = (record.as_ref(), wanted.as_ref());
    let path = repository().join(format!("examples/plugins/{name}.vrl"));
    let program = fs::read_to_string(path).unwrap();
    assert_eq!(outcome(name, &program, record), wanted, "{record}");
}

#[test]
fn example_tags_internal_networks() {
    let check = |record, wanted| check_example("tag_internal_networks", record, wanted);
    check(
        r#"{"tags":["a"],"details":{"sourceipaddress":"10.2.3.4"}}"#,
        r#"{"tags":["a","internal"],"details":{"sourceipaddress":"10.2.3.4","sourcenetwork":"dc"}}"#,
    );
    check(
        r#"{"tags":["internal"],"details":{"sourceipaddress":"fd00::1"}}"#,
        r#"{"tags":["internal"],"details":{"sourceipaddress":"fd00::1","sourcenetwork":"office"}}"#,
    );
    for address in [r#""192.0.2.1""#, r#""config.amazonaws.com""#, "7", "null"] {
        let record = format!(r#"{{"tags":[],"details":{{"sourceipaddress":{address}}}}}"#);
        check_example("tag_internal_networks", &record, &record);
    }
}

#[test]
fn example_renames_the_log_of_an_application() {
    check_example(
        "shop_log",
        r#"{"severity":"INFO","summary":"UNKNOWN","category":"UNKNOWN","source":"UNKNOWN","#
            .to_owned()
            + r#""details":{"shop_version":"1.2","ts":1600000000.250,"lvl":"W","#
            + r#""msg":"login failed","usr":"alice","ip":"192.0.2.7","ord":12345678901234567890,"#
            + r#""password":"secret","password":"twice"}}"#,
        r#"{"severity":"WARNING","summary":"login failed","category":"application","#.to_owned()
            + r#""source":"shop","details":{"shop_version":"1.2","password":"removed","#
            + r#""timestamp":1600000000.250,"srcip":"192.0.2.7","username":"alice","#
            + r#""order":12345678901234567890}}"#,
    );
}

#[test]
fn example_drops_health_checks() {
    let check = |record, wanted| check_example("drop_health_checks", record, wanted);
    check(r#"{"details":{"useragent":"ELB-HealthChecker/2.0","status":200}}"#, "dropped");
    check(r#"{"details":{"useragent":"kube-probe/1.30","status":"204"}}"#, "dropped");
    for kept in [
        r#"{"details":{"useragent":"kube-probe/1.30","status":500}}"#,
        r#"{"details":{"useragent":"curl/8","status":200}}"#,
        r#"{"details":{"useragent":null}}"#,
    ] {
        check(kept, kept);
    }
}
