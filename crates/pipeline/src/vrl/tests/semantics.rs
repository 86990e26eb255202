//! What a program can do to an event.

use super::{check, compile, plugin, run, send};
use crate::vrl::selection::Selection;
use crate::{Plugin, PluginKind};

#[test]
fn the_header_says_what_the_runtime_needs() {
    let text = "# ---\n# kind: normalize\n# registration: [SrcIP, \"*\"]\n# priority: -5\n\
                # description: Finds things.\n# ---\n.a = 1\n";
    let plugin = compile("find_things", text).unwrap();
    assert_eq!(plugin.name(), "find_things");
    assert_eq!(plugin.kind(), PluginKind::Normalize);
    assert_eq!(plugin.registration(), ["SrcIP", "*"]);
    assert_eq!(plugin.priority(), -5);
    assert_eq!(plugin.description(), "Finds things.");
    assert!(plugin.warnings().is_empty());
    let plain = compile("plain", "# ---\r\n# kind: enrich\r\n# registration: [a]\r\n# ---\r\n.a=1");
    assert_eq!(plain.unwrap().priority(), 100);
}

#[test]
fn changes_the_event() {
    check(&[
        (".b = 1", r#"{"a":1}"#, r#"{"a":1,"b":1}"#),
        (".a = .a", r#"{"a":1}"#, r#"{"a":1}"#),
        (".a.b.c = 1", r#"{"a":"text"}"#, r#"{"a":{"b":{"c":1}}}"#),
        (".a.b = 1", r#"{"a":{"c":2}}"#, r#"{"a":{"c":2,"b":1}}"#),
        (".a.b = 1\ndel(.a.b)", r#"{"a":"text"}"#, r#"{"a":{}}"#),
        (".a[1] = 7", r#"{"a":[1,2,3]}"#, r#"{"a":[1,7,3]}"#),
        (".a[4] = 7", r#"{"a":[1]}"#, r#"{"a":[1,null,null,null,7]}"#),
        (".a[-1].b = 7", r#"{"a":[1,{"c":1}]}"#, r#"{"a":[1,{"c":1,"b":7}]}"#),
        ("del(.a[0])", r#"{"a":[1,2,3]}"#, r#"{"a":[2,3]}"#),
        (".a = push(array!(.a), 4)", r#"{"a":[1,2]}"#, r#"{"a":[1,2,4]}"#),
        (".a = filter(array!(.a)) -> |_i, v| { v != 1 }", r#"{"a":[1,2,1,3]}"#, r#"{"a":[2,3]}"#),
        (".\"a b\".\"é\" = true", r#"{"a b":{}}"#, r#"{"a b":{"é":true}}"#),
        (". |= {\"z\": 1, \"a\": 2}", r#"{"a":1,"b":1}"#, r#"{"a":2,"b":1,"z":1}"#),
        (". = {\"z\": .a}", r#"{"a":1,"b":1}"#, r#"{"z":1}"#),
        (". = {}", r#"{"a":1}"#, "{}"),
        (
            ".t = parse_timestamp!(.t, \"%Y-%m-%d %H:%M:%S\")",
            r#"{"t":"2020-01-02 03:04:05"}"#,
            r#"{"t":"2020-01-02T03:04:05Z"}"#,
        ),
        (
            ".ok = exists(.a.b) && !exists(.c)",
            r#"{"a":{"b":null}}"#,
            r#"{"a":{"b":null},"ok":true}"#,
        ),
        (".a = null", r#"{"a":1}"#, r#"{"a":null}"#),
        (".n = length!(.a) + 0.5", r#"{"a":[1,2]}"#, r#"{"a":[1,2],"n":2.5}"#),
        ("", r#"{"a":1}"#, r#"{"a":1}"#),
    ]);
}

#[test]
fn drops_when_the_event_itself_goes() {
    check(&[
        (". = null", r#"{"a":1}"#, "dropped"),
        ("del(.)", r#"{"a":1}"#, "dropped"),
        ("if .path == \"/health\" { . = null }", r#"{"path":"/health"}"#, "dropped"),
        ("if .path == \"/health\" { . = null }", r#"{"path":"/"}"#, r#"{"path":"/"}"#),
        ("del(.)\n.b = 1", r#"{"a":1}"#, r#"{"b":1}"#),
        ("del(.a)", r#"{"a":1}"#, "{}"),
    ]);
}

#[test]
fn refuses_with_a_reason() {
    check(&[
        ("abort", "{}", "reject: aborted at line 5"),
        ("abort \"not ours\"", "{}", "reject: not ours"),
        ("x = \"x\"\nabort \"bad {{ x }}\"", "{}", "reject: bad x"),
        (
            ".a = parse_json!(.a)",
            r#"{"a":"{"}"#,
            "reject: `parse_json` failed at line 5: unable to parse json: \
             EOF while parsing an object at line 1 column 1",
        ),
        (
            ".a = upcase!(.a)",
            r#"{"a":1}"#,
            "reject: `upcase` failed at line 5: expected string, got integer",
        ),
        (
            ".a = upcase(string!(.a))",
            r#"{"a":1}"#,
            "reject: `string` failed at line 5: expected string, got integer",
        ),
        (
            "assert!(.a == 2, \"a is not 2\")",
            r#"{"a":1}"#,
            "reject: `assert` failed at line 5: a is not 2",
        ),
        (
            "if exists(.a) { . = array!(.a) }",
            r#"{"a":[1]}"#,
            "reject: program made the event an array: assign an object, or null to drop it",
        ),
        (
            ".b.c = decode_base64!(.a)",
            r#"{"a":"/w=="}"#,
            "reject: `.b.c` is not UTF-8 text: use encode_base64 or encode_base16",
        ),
        (
            ". = {\"b\": [1, decode_base64!(.a)]}",
            r#"{"a":"/w=="}"#,
            "reject: `.b[1]` is not UTF-8 text: use encode_base64 or encode_base16",
        ),
        (
            ".b = float!(.a) * 10.0",
            r#"{"a":1e308}"#,
            "reject: `.b` is an infinite number, which JSON cannot hold",
        ),
    ]);
}

#[test]
fn a_refused_event_is_not_half_changed_for_the_next_one() {
    let outcome =
        send(plugin(".b = 1\n.a = upcase!(.a)"), &[r#"{"a":"x"}"#, r#"{"a":1}"#, r#"{"a":"y"}"#]);
    assert_eq!(outcome[0], r#"{"a":"X","b":1,"plugins":["enrichment_tested"]}"#);
    assert!(outcome[1].starts_with("reject: "));
    assert_eq!(outcome[2], r#"{"a":"Y","b":1,"plugins":["enrichment_tested"]}"#);
}

#[test]
fn a_program_that_takes_too_many_steps_is_stopped() {
    let program = "for_each(array!(.a)) -> |_i, _v| { .n = 1 }";
    let record = format!(r#"{{"a":[{}0]}}"#, "0,".repeat(500));
    let mut limited = plugin(program);
    limited.steps_max = 1_000;
    assert_eq!(send(limited, &[&record]), ["reject: program took more than 1000 steps"]);
    assert_eq!(run(program, &record), record.replace("]}", "],\"n\":1}"));
}

#[test]
fn sees_where_the_event_came_from() {
    check(&[
        (".f = [%source, %host, %origin]", "{}", r#"{"f":["firewall","fw1","fw.log"]}"#),
        (".f = [%sourcetype, %index]", "{}", r#"{"f":[null,null]}"#),
        (".t = %received_at", "{}", r#"{"t":"2020-09-13T12:26:40.123456Z"}"#),
        (".t = now()", "{}", r#"{"t":"2020-09-13T12:26:40.123456Z"}"#),
        (".o = upcase(%origin)", "{}", r#"{"o":"FW.LOG"}"#),
        (".n = length(keys(%))", "{}", r#"{"n":7}"#),
    ]);
}

#[test]
fn times_without_a_zone_are_utc_on_every_machine() {
    check(&[(
        ".u = to_unix_timestamp(parse_timestamp!(.t, \"%F %T\"))",
        r#"{"t":"2020-07-01 00:00:00"}"#,
        r#"{"t":"2020-07-01 00:00:00","u":1593561600}"#,
    )]);
}

#[test]
fn converts_what_the_program_mentions() {
    let members = |list: Vec<(&str, Selection)>| {
        Selection::Members(list.into_iter().map(|(key, part)| (key.into(), part)).collect())
    };
    for (program, wanted) in [
        (".b = .details.a", members(vec![("details", members(vec![("a", Selection::All)]))])),
        (".b = .a\n.c = .a.x", members(vec![("a", Selection::All)])),
        (".c = .a.x\n.b = .a", members(vec![("a", Selection::All)])),
        (".a.b[0].c = 1", members(vec![("a", members(vec![("b", Selection::All)]))])),
        (".a = %host", members(vec![])),
        (".a = keys(.)", Selection::All),
        (". |= {}", Selection::All),
    ] {
        assert_eq!(plugin(program).selections.event, wanted, "{program}");
    }
}

#[test]
fn a_program_that_reaches_beyond_what_it_mentions_gets_the_whole_event() {
    // `unnest` reads the event around its path; a compacting `del` has to see what else is there.
    let record = r#"{"a":[1,2],"c":3}"#;
    check(&[
        (".b = unnest!(.a)", record, r#"{"a":[1,2],"c":3,"b":[{"a":1,"c":3},{"a":2,"c":3}]}"#),
        ("del(.a.b, compact: true)", r#"{"a":{"b":1}}"#, "{}"),
        ("del(.a.b, compact: true)", r#"{"a":{"b":1,"c":2}}"#, r#"{"a":{"c":2}}"#),
        ("del(.a.b.c, compact: true)", r#"{"a":{"b":{"c":1}},"z":[1.0]}"#, r#"{"z":[1.0]}"#),
    ]);
}
