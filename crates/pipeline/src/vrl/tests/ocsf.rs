//! What a program can do to the OCSF object, and what follows from it.

use std::sync::Arc;

use headwater_event::json::Tree;
use headwater_event::{Envelope, Event, Origin, Reject, Timestamp};

use super::super::VrlPlugin;
use super::{ARRIVAL, origin, plugin};
use crate::mapping::{Mapper, Mapping};
use crate::vrl::selection::Selection;
use crate::{Output, Pipeline, PipelineOptions, Plugin};

/// A log of doors.
#[derive(Debug)]
struct Doors;

impl Mapping for Doors {
    fn name(&self) -> &'static str {
        "doors"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["door"]]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        mapper.class(3002, 1);
        mapper.set("severity_id", 1_i64);
        mapper.set("metadata.product.name", "Doors");
        mapper.set("metadata.product.vendor_name", "Acme");
        mapper.time(&["at"]);
        mapper.copy("who", "user.name");
        mapper.copy("from", "src_endpoint.ip");
    }
}

/// Records that are OCSF already.
#[derive(Debug)]
struct Adopted;

impl Mapping for Adopted {
    fn name(&self) -> &'static str {
        "adopted"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["class_uid", "metadata"]]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        mapper.adopt();
    }
}

/// What became of one record.
#[derive(Default)]
pub(super) struct Seen {
    json: String,
    /// `None`: stored without one.
    pub(super) ocsf: Option<Tree>,
    issues: String,
    reject: Option<String>,
}

impl Output for Seen {
    fn event(&mut self, event: &Event, _: Envelope<'_>) -> Result<(), String> {
        self.json = event.json.to_json(event.json.root());
        self.ocsf = event.is_mapped().then(|| event.ocsf.clone());
        self.issues = event.issues.to_json(event.issues.root());
        Ok(())
    }

    fn reject(&mut self, reject: Reject, _: &Origin) {
        self.reject = Some(reject.reason);
    }

    fn dropped(&mut self) {}
}

impl Seen {
    /// A value of the object as JSON; empty when it is not there.
    fn at(&self, path: &str) -> String {
        let tree = self.ocsf.as_ref().expect("an OCSF object");
        tree.lookup(path).map(|id| tree.to_json(id)).unwrap_or_default()
    }

    #[track_caller]
    fn has(&self, wanted: &[(&str, &str)]) {
        for (path, value) in wanted {
            assert_eq!(self.at(path), *value, "{path}");
        }
    }
}

pub(super) fn mappings() -> Vec<Box<dyn Mapping>> {
    vec![Box::new(Adopted), Box::new(Doors)]
}

/// Sends a record through mappings and plugins.
pub(super) fn send_through(
    mappings: Vec<Box<dyn Mapping>>,
    plugins: Vec<VrlPlugin>,
    record: &str,
    time: Option<Timestamp>,
) -> Seen {
    let plugins = plugins.into_iter().map(|plugin| Box::new(plugin) as Box<dyn Plugin>).collect();
    let pipeline = Pipeline::with_mappings(mappings, plugins, PipelineOptions::default()).unwrap();
    let mut seen = Seen::default();
    let (json, origin) = (record.as_bytes(), origin());
    let envelope = Envelope { original: json, json, origin: &origin, time, received_at: ARRIVAL };
    Arc::new(pipeline).worker().process(envelope, &mut seen);
    seen
}

fn send(
    mappings: Vec<Box<dyn Mapping>>,
    programs: &[&str],
    record: &str,
    time: Option<Timestamp>,
) -> Seen {
    let named = |(number, program): (usize, &&str)| {
        let mut plugin = plugin(program);
        plugin.name = format!("tested{number}");
        plugin
    };
    let plugins = programs.iter().enumerate().map(named).collect();
    send_through(mappings, plugins, record, time)
}

/// What one program makes of one record, on what it mentions and on the whole event alike.
#[track_caller]
fn run(program: &str, record: &str) -> Seen {
    let seen = send(mappings(), &[program], record, None);
    let whole = send(mappings(), &[&format!("_all = [., %]\n{program}")], record, None);
    let text = |seen: &Seen| seen.ocsf.as_ref().map(|tree| tree.to_json(tree.root()));
    assert_eq!(text(&seen), text(&whole), "{program}");
    assert_eq!(seen.json, whole.json, "{program}");
    assert_eq!(seen.issues, whole.issues, "{program}");
    seen
}

const DOOR: &str =
    r#"{"door":"east","at":"2024-05-01T10:00:00.123456Z","who":"ann","from":"192.0.2.7","n":1.50}"#;

#[test]
fn reads_what_the_mapping_wrote() {
    let seen = run(
        "if %ocsf.class_uid == 3002 { .user = %ocsf.user.name }\n.none = exists(%ocsf.device)",
        DOOR,
    );
    assert!(seen.json.contains(r#""user":"ann","none":false"#), "{}", seen.json);
    seen.has(&[("user.name", r#""ann""#), ("severity", r#""Informational""#)]);
}

#[test]
fn corrects_the_object_and_leaves_the_rest_as_it_was() {
    let seen = run(
        "%ocsf.severity_id = 4\n%ocsf.user.uid = .door\ndel(%ocsf.src_endpoint)\n\
         %ocsf.unmapped.twin = %ocsf.unmapped.n",
        DOOR,
    );
    seen.has(&[
        ("severity_id", "4"),
        ("severity", r#""High""#),
        ("user", r#"{"name":"ann","uid":"east"}"#),
        ("src_endpoint", ""),
        ("unmapped", r#"{"door":"east","n":1.50,"twin":1.50}"#),
        ("type_uid", "300201"),
    ]);
    // What the object says is found in it, also what the program wrote.
    assert!(!seen.at("observables").contains("192.0.2.7"));
    assert!(seen.at("observables").contains(r#""ann""#), "{}", seen.at("observables"));
}

#[test]
fn programs_that_change_nothing_give_back_every_byte() {
    let text = |seen: Seen| seen.ocsf.map(|tree| tree.to_json(tree.root()));
    for record in [DOOR, ADOPTED, r#"{"z":{"b":1.50,"a":"\u0041","b":2}}"#] {
        let wanted = text(run("", record));
        for program in ["%ocsf = %ocsf", "x = %ocsf\n%ocsf = {}\n%ocsf = x", ".n = keys(%ocsf)"] {
            assert_eq!(text(run(program, record)), wanted, "{program}");
        }
    }
}

#[test]
fn writes_a_whole_object_for_what_nobody_recognised() {
    let program = "%ocsf = {\"class_uid\": 6003, \"activity_id\": 1, \"severity_id\": 1,\n\
        \"api\": {\"operation\": .call}, \"actor\": {\"user\": {\"name\": .by}},\n\
        \"src_endpoint\": {\"ip\": .ip}, \"metadata\": {\"product\": {\"name\": \"Shop\"}}}";
    let record =
        r#"{"call":"buy","by":"bob","ip":"192.0.2.9","utctimestamp":"2024-05-01T10:00:00Z"}"#;
    let check = |seen: &Seen| {
        seen.has(&[
            ("class_name", r#""API Activity""#),
            ("category_uid", "6"),
            ("type_uid", "600301"),
            ("time", "1714557600000"),
            ("unmapped", ""),
        ]);
        assert!(seen.at("observables").contains("192.0.2.9"));
    };
    check(&run(program, record));
    // Without mappings too (`ingest.ocsf: false`): the program makes the event a mapped one.
    check(&send(Vec::new(), &[program], record, None));
    assert!(send(Vec::new(), &[".a = %ocsf"], record, None).json.contains(r#""a":{}"#));
    assert!(send(Vec::new(), &[".a = 1"], record, None).ocsf.is_none());
}

#[test]
fn an_emptied_object_makes_an_event_without_ocsf() {
    for program in ["%ocsf = null", "del(%ocsf)", "%ocsf = {}", "del(%ocsf)\n.a = %ocsf"] {
        let seen = run(program, DOOR);
        assert!(seen.ocsf.is_none(), "{program}");
        assert_eq!(seen.issues, "[]", "{program}");
        assert!(seen.json.contains(r#""utctimestamp":"2024-05-01T10:00:00.123456"#), "{program}");
    }
    // One program empties it, the next one sees that and fills it.
    let fill = ".was = %ocsf\n%ocsf.class_uid = 0";
    let seen = send(mappings(), &["del(%ocsf)", fill], DOOR, None);
    assert!(seen.json.contains(r#""was":{}"#), "{}", seen.json);
    seen.has(&[("class_name", r#""Base Event""#), ("user", "")]);
    let compact = "del(%ocsf.class_uid, compact: true)";
    let seen = send(Vec::new(), &["%ocsf.class_uid = 0", compact], "{}", None);
    assert!(seen.ocsf.is_none());
}

#[test]
fn what_is_no_object_is_refused() {
    let check = |program: &str, reason: &str| {
        assert_eq!(run(program, DOOR).reject.as_deref(), Some(reason), "{program}");
    };
    check(
        "if exists(.door) { %ocsf = .door }",
        "program made `%ocsf` a string: assign an object, or null to empty it",
    );
    check(
        "if exists(.door) { %ocsf = [1] }",
        "program made `%ocsf` an array: assign an object, or null to empty it",
    );
    check(
        "%ocsf.user.uid = decode_base64!(\"/w==\")",
        "`%ocsf.user.uid` is not UTF-8 text: use encode_base64 or encode_base16",
    );
}

#[test]
fn what_the_program_wrote_is_validated() {
    let clean = run("", DOOR);
    assert!(!clean.issues.contains("user.shoe_size"), "{}", clean.issues);
    let seen = run("%ocsf.user.shoe_size = 44\n%ocsf.severity_id = 12", DOOR);
    for path in ["user.shoe_size", "severity_id"] {
        assert!(seen.issues.contains(&format!(r#""path":"{path}""#)), "{}", seen.issues);
    }
    // Attributes without a class.
    let seen = send(Vec::new(), &["%ocsf.user.name = \"ann\""], "{}", None);
    assert!(seen.issues.contains(r#""path":"class_uid""#), "{}", seen.issues);
}

const ADOPTED: &str = r#"{"class_uid":3002,"class_name":"Authentication","category_uid":3,
    "category_name":"Identity & Access Management","type_uid":300201,
    "type_name":"Authentication: Logon","activity_id":1,"activity_name":"Logon","severity_id":1,
    "severity":"Informational","time":1714557600000,"device":{"type_id":2,"type":"Desktop"},
    "metadata":{"version":"1.8.0","product":{"name":"Any"}}}"#;

#[test]
fn what_follows_from_a_changed_number_is_written_anew() {
    let seen = run("%ocsf.severity_id = 5\n%ocsf.device.type_id = 1", ADOPTED);
    seen.has(&[
        ("severity", r#""Critical""#),
        ("device.type", r#""Server""#),
        ("activity_name", r#""Logon""#),
    ]);
    let seen = run("%ocsf.severity = \"High\"\n%ocsf.activity_id = 2", ADOPTED);
    seen.has(&[
        ("severity_id", "4"),
        ("activity_name", r#""Logoff""#),
        ("type_uid", "300202"),
        ("type_name", r#""Authentication: Logoff""#),
    ]);
    let seen = run("%ocsf.class_uid = 6003", ADOPTED);
    seen.has(&[
        ("class_name", r#""API Activity""#),
        ("category_uid", "6"),
        ("category_name", r#""Application Activity""#),
        ("type_uid", "600301"),
        ("type_name", r#""API Activity: Create""#),
        ("activity_name", r#""Create""#),
    ]);
    // What the program sets too is its own, and so is what it only writes again.
    let seen = run("%ocsf.severity_id = 99\n%ocsf.severity = \"Purple\"", ADOPTED);
    seen.has(&[("severity_id", "99"), ("severity", r#""Purple""#)]);
    let odd = ADOPTED.replace("Informational", "Odd");
    run("%ocsf.severity_id = 1", &odd).has(&[("severity", r#""Odd""#)]);
    let other = ADOPTED.replace(
        r#""activity_id":1,"activity_name":"Logon""#,
        r#""activity_id":99,"activity_name":"Own""#,
    );
    let seen = run("%ocsf.class_uid = 6003\n%ocsf.activity_name = \"Mine\"", &other);
    seen.has(&[("activity_id", "99"), ("activity_name", r#""Mine""#)]);
    // Class and activity do not follow from their names.
    let seen = run("%ocsf.class_name = \"Mine\"\n%ocsf.activity_name = \"Mine\"", ADOPTED);
    seen.has(&[("class_uid", "3002"), ("activity_id", "1"), ("activity_name", r#""Mine""#)]);
    assert!(seen.issues.contains(r#""path":"activity_id""#), "{}", seen.issues);
    run("%ocsf.class_uid = 6003", &other).has(&[("activity_name", r#""Own""#)]);
}

#[test]
fn an_object_that_moves_out_of_unmapped_is_understood() {
    let record = r#"{"door":1,"box":{"hostname":"h1","ip":"192.0.2.8","type_id":1}}"#;
    let seen = run("%ocsf.device = del(%ocsf.unmapped.box)", record);
    seen.has(&[("device.hostname", r#""h1""#), ("device.type", r#""Server""#)]);
    assert!(!seen.issues.contains(r#""path":"device."#), "{}", seen.issues);
    assert!(seen.at("observables").contains("device.ip"), "{}", seen.at("observables"));
}

#[test]
fn long_numbers_keep_their_digits_between_the_documents() {
    let record = r#"{"door":1,"big":12345678901234567890}"#;
    let seen = run("%ocsf.unmapped = {\"x\": [.big]}\n.y = %ocsf.unmapped.x", record);
    seen.has(&[("unmapped", r#"{"x":[12345678901234567890]}"#)]);
    assert!(seen.json.contains(r#""y":[12345678901234567890]"#), "{}", seen.json);
}

#[test]
fn the_two_documents_do_not_mix() {
    let check = |program: &str| {
        let seen = run(program, DOOR);
        assert!(seen.json.contains(r#""ocsf":"text""#), "{}", seen.json);
        seen.has(&[("user", r#"{"name":"ann","uid":"7"}"#), ("class_uid", "3002")]);
    };
    check("%ocsf.user.uid = \"7\"\n.ocsf = \"text\"");
    check("%ocsf.user.uid = \"7\"\n. = {\"ocsf\": \"text\"}");
    check(
        ". = {\"ocsf\": \"text\"}\n%ocsf = merge(%ocsf, {\"user\": {\"uid\": \"7\"}}, deep: true)",
    );
}

#[test]
fn shell_and_object_tell_the_time_that_the_program_set() {
    let check = |programs: &[&str], told, shell: &str, millis: &str| {
        let seen = send(mappings(), programs, DOOR, told);
        let wanted = format!(r#""utctimestamp":"{shell}""#);
        assert!(seen.json.contains(&wanted), "{programs:?}: {}", seen.json);
        assert_eq!(seen.at("time"), millis, "{programs:?}");
    };
    const FOUND: (&str, &str) = ("2024-05-01T10:00:00.123456+00:00", "1714557600123");
    check(&["%ocsf.severity_id = 4"], None, FOUND.0, FOUND.1);
    check(&[".a = 1\n. = map_keys(.) -> |key| { key }"], None, FOUND.0, FOUND.1);
    // Either one leads the other, also against the time that the protocol told.
    let told = Some(Timestamp::from_micros(1_700_000_000_000_000));
    for told in [None, told] {
        let ocsf = "%ocsf.time = 1600000000250";
        check(&[ocsf], told, "2020-09-13T12:26:40.250000+00:00", "1600000000250");
        let shell = ".utctimestamp = \"2020-09-13T12:26:40.5Z\"";
        check(&[shell], told, "2020-09-13T12:26:40.5Z", "1600000000500");
        // Of both in one program the shell's, which is finer; of two programs the later one's.
        check(&[&format!("{ocsf}\n{shell}")], told, "2020-09-13T12:26:40.5Z", "1600000000500");
        check(&[shell, ocsf], told, "2020-09-13T12:26:40.250000+00:00", "1600000000250");
        check(&[ocsf, shell], told, "2020-09-13T12:26:40.5Z", "1600000000500");
    }
    check(&[".utctimestamp = now()"], None, "2020-09-13T12:26:40.123456Z", "1600000000123");
    // An object needs a time.
    check(&["del(%ocsf.time)"], None, FOUND.0, FOUND.1);
    check(&["%ocsf = {\"class_uid\": 0}"], None, FOUND.0, FOUND.1);
    // What is no time is for validation.
    let seen = run("%ocsf.time = \"noon\"", DOOR);
    seen.has(&[("time", r#""noon""#)]);
    assert!(seen.json.contains(FOUND.0), "{}", seen.json);
    assert!(seen.issues.contains(r#""path":"time""#), "{}", seen.issues);
}

#[test]
fn converts_what_the_program_mentions_of_the_object() {
    let members = |list: Vec<(&str, Selection)>| {
        Selection::Members(list.into_iter().map(|(key, part)| (key.into(), part)).collect())
    };
    for (program, wanted) in [
        (".a = 1", members(vec![])),
        ("%ocsf.severity_id = 1", members(vec![])),
        (
            ".a = %ocsf.user.name",
            members(vec![(
                "ocsf",
                members(vec![("user", members(vec![("name", Selection::All)]))]),
            )]),
        ),
        (
            "%ocsf.resources[0].uid = 1",
            members(vec![("ocsf", members(vec![("resources", Selection::All)]))]),
        ),
        (".a = [%host, %ocsf]", members(vec![("host", Selection::All), ("ocsf", Selection::All)])),
    ] {
        let mut selection = plugin(program).selections.metadata;
        if let Selection::Members(list) = &mut selection {
            list.sort_by(|left, right| left.0.cmp(&right.0));
        }
        assert_eq!(selection, wanted, "{program}");
    }
}

#[test]
fn a_program_may_reach_beyond_what_it_mentions_of_the_object() {
    let seen = run("del(%ocsf.user.name, compact: true)", DOOR);
    seen.has(&[("user", ""), ("src_endpoint.ip", r#""192.0.2.7""#)]);
}
