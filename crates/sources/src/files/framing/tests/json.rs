//! JSON in any arrangement, whole and broken.

use proptest::prelude::*;

use super::super::JsonFramer;
use super::{LIMIT, frames_with, json_framer};

/// Checks the frames of one content in one piece, byte by byte and in between; live and not.
fn check_json(content: &[u8], expected: &[&str]) {
    for is_live in [false, true] {
        for cuts in [&[usize::MAX][..], &[1], &[7], &[64], &[65, 3]] {
            let found = frames_with(&mut json_framer(is_live), content, cuts);
            let content = String::from_utf8_lossy(content);
            assert_eq!(found, expected, "{content:?} in pieces of {cuts:?}, live: {is_live}");
        }
    }
}

#[test]
fn json_is_cut_into_documents_in_any_arrangement() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("nothing", "", &[]),
        ("blank", " \r\n\t\n", &[]),
        ("one document", r#"{"a":1}"#, &[r#"{"a":1}"#]),
        ("bracket in a string", "{\"a\":\"}\"}\n{\"b\":\"{\"}", &[r#"{"a":"}"}"#, r#"{"b":"{"}"#]),
        ("lines", "{\"a\":1}\n{\"b\":2}\n", &[r#"{"a":1}"#, r#"{"b":2}"#]),
        ("lines of Windows", "{\"a\":1}\r\n\r\n{\"b\":2}\r\n", &[r#"{"a":1}"#, r#"{"b":2}"#]),
        ("no separator", r#"{"a":1}{"b":{}}{"c":3}"#, &[r#"{"a":1}"#, r#"{"b":{}}"#, r#"{"c":3}"#]),
        (
            "two on a line",
            "{\"a\":1} {\"b\":2}\n{\"c\":3}\n",
            &[r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#],
        ),
        ("commas without a list", "{\"a\":1},\n{\"b\":2},\n", &[r#"{"a":1}"#, r#"{"b":2}"#]),
        ("record separators", "\u{1e}{\"a\":1}\n\u{1e}{\"b\":2}\n", &[r#"{"a":1}"#, r#"{"b":2}"#]),
        ("byte order mark", "\u{feff}{\"a\":1}\n\u{feff}{\"b\":2}", &[r#"{"a":1}"#, r#"{"b":2}"#]),
        (
            "pretty",
            "{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}\n{\n  \"c\": 2\n}\n",
            &["{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}", "{\n  \"c\": 2\n}"],
        ),
        (
            "pretty without indentation",
            "{\n\"a\":\n[\n{\n\"b\":1\n},\n{\n\"c\":2\n}\n]\n}\n",
            &["{\n\"a\":\n[\n{\n\"b\":1\n},\n{\n\"c\":2\n}\n]\n}"],
        ),
        ("goes on behind a bracket", "{\"a\":{}\n,\"b\":{}}\n", &["{\"a\":{}\n,\"b\":{}}"]),
        ("list", r#"[{"a":1}, {"b":[2]} ,{}]"#, &[r#"{"a":1}"#, r#"{"b":[2]}"#, "{}"]),
        ("lists on lines", "[{\"a\":1}]\n[]\n[{\"b\":2}]\n", &[r#"{"a":1}"#, r#"{"b":2}"#]),
        (
            "nested lists",
            r#"[[{"a":1}],[[{"b":2}],{"c":3}]]"#,
            &[r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#],
        ),
        (
            "list of scalars",
            r#"[1,"a,]\"b",true, null ,-1.5e3]"#,
            &["1", r#""a,]\"b""#, "true", "null", "-1.5e3"],
        ),
        (
            "list and document",
            "[{\"a\":1}]{\"b\":2}[{\"c\":3}]",
            &[r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#],
        ),
        (
            "quoted bracket line",
            "{\"a\":\"}\\\\\"}\n{\"b\":\"\\\"}\"}\n",
            &[r#"{"a":"}\\"}"#, r#"{"b":"\"}"}"#],
        ),
    ];
    for (_, content, expected) in cases {
        check_json(content.as_bytes(), expected);
    }
}

#[test]
fn wrapped_records_are_frames_and_the_other_members_one_more() {
    let cases: &[(&str, &[&str])] = &[
        (r#"{"Records":[{"a":1},{"b":2}]}"#, &[r#"{"a":1}"#, r#"{"b":2}"#]),
        (r#"{ "Records" : [ {"a":1} ] }"#, &[r#"{"a":1}"#]),
        (r#"{"Records":[]}"#, &[]),
        (
            r#"{"id":"x","Records":[{"a":1}],"next":null}"#,
            &[r#"{"a":1}"#, r#"{"id":"x","next":null}"#],
        ),
        (
            r#"{"Records":[{"a":1}] , "n":{"Records":[1]}}"#,
            &[r#"{"a":1}"#, r#"{"n":{"Records":[1]}}"#],
        ),
        (r#"{"Records":[1],"x":2,"Records":[3],"y":4}"#, &["1", "3", r#"{"x":2,"y":4}"#]),
        (
            "{\"Records\":[{\"a\":1}]}\n{\"Records\":[{\"b\":2}],\"m\":1}\n{\"c\":3}\n",
            &[r#"{"a":1}"#, r#"{"b":2}"#, r#"{"m":1}"#, r#"{"c":3}"#],
        ),
        // Not a wrapper: another type of value, another place, only the letters.
        (r#"{"Records":{"a":1}}"#, &[r#"{"Records":{"a":1}}"#]),
        (r#"{"a":{"Records":[1]}}"#, &[r#"{"a":{"Records":[1]}}"#]),
        (r#"{"a":"\"Records\":[","b":"Records"}"#, &[r#"{"a":"\"Records\":[","b":"Records"}"#]),
        (r#"{"records":[1]}"#, &[r#"{"records":[1]}"#]),
    ];
    for (content, expected) in cases {
        check_json(content.as_bytes(), expected);
    }
}

#[test]
fn garbage_is_a_frame_and_the_next_record_is_found() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "text line",
            "{\"a\":1}\nhello }{ world\n{\"b\":2}\n",
            &[r#"{"a":1}"#, "hello }{ world", r#"{"b":2}"#],
        ),
        ("text before", "junk{\"a\":1}\n{\"b\":2}\n", &[r#"junk{"a":1}"#, r#"{"b":2}"#]),
        ("text behind", "{\"a\":1} junk\n{\"b\":2}", &[r#"{"a":1}"#, "junk", r#"{"b":2}"#]),
        ("cut string", "{\"a\":\"x\n{\"b\":2}\n", &["{\"a\":\"x", r#"{"b":2}"#]),
        ("cut number", "{\"a\":1\n{\"b\":2}\n", &["{\"a\":1", r#"{"b":2}"#]),
        ("cut object", "{\"a\":{\n{\"b\":2}\n", &["{\"a\":{", r#"{"b":2}"#]),
        ("cut list", "{\"a\":[\n{\"b\":2}\n{\"c\":3}\n", &["{\"a\":[", r#"{"b":2}"#, r#"{"c":3}"#]),
        ("cut member", "{\"a\":1,\n{\"b\":2}\n", &["{\"a\":1,", r#"{"b":2}"#]),
        ("cut at the end", "{\"a\":1}\n{\"b\":", &[r#"{"a":1}"#, "{\"b\":"]),
        ("closing brackets", "{\"a\":1}}\n]\n{\"b\":2}", &[r#"{"a":1}"#, "}", "]", r#"{"b":2}"#]),
        ("wrong brackets", "{\"a\":[1}\n{\"b\":2}\n", &["{\"a\":[1}", r#"{"b":2}"#]),
        ("scalars", "1\n\"x\"\nnull\n", &["1", "\"x\"", "null"]),
        ("zeros", "{\"a\":1}\n\0\0\0\n{\"b\":2}\n", &[r#"{"a":1}"#, "\0\0\0", r#"{"b":2}"#]),
        (
            "in a list",
            "[{\"a\":1}},{\"b\":2} x {\"c\":3}]",
            &[r#"{"a":1}"#, "}", r#"{"b":2}"#, "x", r#"{"c":3}"#],
        ),
        (
            "open list",
            "[{\"a\":1},\n",
            &[r#"{"a":1}"#, "!list is not closed where the content ends: "],
        ),
        (
            "open wrapper",
            "{\"x\":1,\"Records\":[{\"a\":1},{\"b\"",
            &[r#"{"a":1}"#, "{\"b\"", r#"{"x":1}"#, "!list is not closed where the content ends: "],
        ),
        (
            "wrapper cut behind its list",
            "{\"Records\":[{\"a\":1}]",
            &[r#"{"a":1}"#, "!object is not closed where the content ends: "],
        ),
        (
            "wrapper cut in a member",
            "{\"i\":0,\"Records\":[{\"a\":1}],\"x\":",
            &[r#"{"a":1}"#, r#"{"i":0}"#, ",\"x\":"],
        ),
    ];
    for (_, content, expected) in cases {
        check_json(content.as_bytes(), expected);
    }
}

#[test]
fn structure_is_followed_across_blocks_and_windows() {
    for padding in 0..140 {
        let first = format!(
            r#"{{"p":"{}","e":"\\\"}}{{","f":"\\","g":[{{}}],"h":"\\\\\""}}"#,
            "x".repeat(padding)
        );
        let second = format!("{{\n  \"{}\": [\n    1\n  ]\n}}", "y".repeat(padding));
        let content = format!("{first}{second}\n{first}\n");
        check_json(content.as_bytes(), &[&first, &second, &first]);
    }
}

#[test]
fn deep_nesting_costs_no_stack() {
    let deep = format!("{}1{}", "{\"a\":[".repeat(100_000), "]}".repeat(100_000));
    let content = format!("{deep}\n{{\"b\":2}}\n");
    let found = frames_with(&mut json_framer(false), content.as_bytes(), &[4096]);
    assert_eq!(found, [deep.as_str(), "{\"b\":2}"]);
}

#[test]
fn a_broken_record_over_the_limit_does_not_hide_the_lines_inside_it() {
    let lines = "{\"b\":[2]}\n".repeat(200_000);
    // The list is never closed, and a list of objects on lines is well formed except for the
    // commas.
    let content = format!("{{\"a\":[\n{lines}");
    let found = frames_with(&mut json_framer(false), content.as_bytes(), &[1 << 16]);
    assert_eq!(found.len(), 200_001);
    assert_eq!(found[0], "{\"a\":[");
}

#[test]
fn recovery_stays_linear() {
    // Every line could be the start of the document that is never closed.
    let content = "{\"a\":[\n".repeat(400_000);
    let found = frames_with(&mut json_framer(false), content.as_bytes(), &[1 << 16]);
    let bytes: usize =
        found.iter().map(|frame| frame.len() - frame.rfind(": ").map_or(0, |at| at + 2)).sum();
    assert!(bytes >= content.len() - 400_000, "{bytes}");
}

/// Text made of the pieces that decide about framing.
fn json_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just(",".to_owned()),
        Just(":".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just(" ".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("\"Records\":[".to_owned()),
        Just("\"Records\"".to_owned()),
        Just("\"a\":1".to_owned()),
        Just("{\"a\":{\"b\":[1]}}".to_owned()),
        Just("{\"a\":1}\n".to_owned()),
        "[a-z0-9\\\\]{0,9}",
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// The bytes of a JSON text that are not framing.
fn significant(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !",[]\u{1e}\u{feff}".contains(*c)).collect()
}

proptest! {
    #[test]
    fn json_frames_do_not_depend_on_the_windows(
        content in json_like(),
        cuts in proptest::collection::vec(1_usize..200, 1..8),
        limit in prop_oneof![Just(LIMIT), Just(40_usize), Just(9_usize)],
        is_live: bool,
    ) {
        let framer = || JsonFramer::new(&["Records".to_owned()], limit, is_live);
        let whole = frames_with(&mut framer(), content.as_bytes(), &[usize::MAX]);
        let pieces = frames_with(&mut framer(), content.as_bytes(), &cuts);
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn every_byte_of_json_is_in_a_frame(content in json_like(), is_live: bool) {
        let framer = &mut JsonFramer::new(&[], LIMIT, is_live);
        let frames = frames_with(framer, content.as_bytes(), &[usize::MAX]);
        let frames: Vec<&str> = frames.iter().map(String::as_str).collect();
        let frames = frames.iter().filter(|frame| !frame.starts_with("!list")).copied();
        prop_assert_eq!(significant(&frames.collect::<String>()), significant(&content));
    }

    #[test]
    fn plain_lines_and_structure_give_the_same_documents(
        values in proptest::collection::vec("[a-z{}\\[\\],:\" ]{0,12}", 1..12),
        separator in prop_oneof![Just("\n"), Just(""), Just(" "), Just(",\n"), Just("\r\n")],
    ) {
        let documents: Vec<String> = values
            .iter()
            .map(|value| serde_json::json!({"v": value, "o": {"x": [value]}}).to_string())
            .collect();
        let content = documents.join(separator);
        for is_live in [false, true] {
            let found = frames_with(&mut json_framer(is_live), content.as_bytes(), &[usize::MAX]);
            prop_assert_eq!(&found, &documents);
        }
    }
}
