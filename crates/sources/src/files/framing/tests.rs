//! What every framer promises, and what each of them makes of its format.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;
use crate::files::chunk::Frame;
use crate::record::Payload;

const LIMIT: usize = 1 << 20;

/// Frames `content` cut into windows that grow by the lengths in `cuts` (over and over). A record
/// is shown as its bytes, a converted one as `bytes => json`, a fault as `!reason: bytes`.
fn frames_with(framer: &mut dyn Framer, content: &[u8], cuts: &[usize]) -> Vec<String> {
    let mut out = Frames::new(0);
    let mut shown = Vec::new();
    let mut window = Vec::new();
    let mut rest = content;
    let mut cuts = cuts.iter().cycle();
    loop {
        let length = (*cuts.next().unwrap()).clamp(1, rest.len().max(1)).min(rest.len());
        window.extend_from_slice(&rest[..length]);
        rest = &rest[length..];
        out.begin(window.len());
        let mut used = framer.frame(&window, &mut out);
        if rest.is_empty() {
            out.rebase(used);
            used += framer.finish(&window[used..], false, &mut out);
            assert_eq!(used, window.len(), "bytes are left over");
        }
        let (_, frames, made) = out.take();
        let bytes = [window.as_slice(), &made].concat();
        shown.extend(frames.iter().map(|frame| show(frame, &bytes)));
        window.drain(..used);
        if rest.is_empty() {
            return shown;
        }
    }
}

fn show(frame: &Frame, bytes: &[u8]) -> String {
    let text =
        |span: crate::record::Span| String::from_utf8_lossy(&bytes[span.range()]).into_owned();
    match &frame.payload {
        Payload::Original => text(frame.original),
        Payload::Json(json) => format!("{} => {}", text(frame.original), text(*json)),
        Payload::Fault(fault) => format!("!{}: {}", fault.reason, text(frame.original)),
    }
}

fn json_framer(is_live: bool) -> JsonFramer {
    JsonFramer::new(&["Records".to_owned()], LIMIT, is_live)
}

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
fn records_over_the_limit_come_in_parts_and_reading_goes_on() {
    type Make = fn() -> Box<dyn Framer>;
    let json: Make = || Box::new(json_framer(false));
    let lines: Make = || Box::new(LinesFramer::new(LineKind::Message, LIMIT));
    let csv: Make = || Box::new(CsvFramer::new(b',', LIMIT));
    let framers =
        [("json", json, "{\"a\":\"", "\"}"), ("lines", lines, "x", "y"), ("csv", csv, "x,", "y")];
    for (name, framer, start, end) in framers {
        let long = format!("{start}{}{end}", "z".repeat(oversize::PART_BYTES + 10));
        let content = format!("{{\"h\":1}}\n{long}\n{{\"t\":2}}\n");
        for cuts in [&[usize::MAX][..], &[1 << 20], &[(5 << 20) + 3]] {
            let found = frames_with(framer().as_mut(), content.as_bytes(), cuts);
            let prefix = format!("!record is longer than {LIMIT} bytes: ");
            let parts = found.iter().filter_map(|frame| frame.strip_prefix(&prefix));
            let parts: Vec<&str> = parts.collect();
            assert_eq!(parts.len(), 2, "{name}");
            assert_eq!(parts[0].len(), oversize::PART_BYTES, "{name}");
            assert_eq!(parts.concat().trim_end(), long, "{name}");
            assert!(found.last().unwrap().contains("{\"t\":2}"), "{name}: {:?}", found.last());
        }
    }
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

fn check_csv(content: &str, expected: &[&str]) {
    for cuts in [&[usize::MAX][..], &[1], &[5], &[64]] {
        let found = frames_with(&mut CsvFramer::new(b',', LIMIT), content.as_bytes(), cuts);
        assert_eq!(found, expected, "{content:?} in pieces of {cuts:?}");
    }
}

#[test]
fn csv_rows_become_objects() {
    check_csv("a,b\n1,2\n", &[r#"1,2 => {"a":"1","b":"2"}"#]);
    check_csv("a,b\r\n1,\r\n\r\n,2", &[r#"1, => {"a":"1","b":""}"#, r#",2 => {"a":"","b":"2"}"#]);
    check_csv(
        "a,b\n\"x,\ny\",\"say \"\"hi\"\"\"\n",
        &["\"x,\ny\",\"say \"\"hi\"\"\" => {\"a\":\"x,\\ny\",\"b\":\"say \\\"hi\\\"\"}"],
    );
    check_csv("a,a,,a\n1,2,3,4\n", &[r#"1,2,3,4 => {"a":"1","a_2":"2","column_3":"3","a_3":"4"}"#]);
    check_csv(
        "a,b\n1,2,3\n4,5\n",
        &["!row has 3 fields, header has 2: 1,2,3", r#"4,5 => {"a":"4","b":"5"}"#],
    );
    check_csv("a,b\n1,x\"y\"z\n", &[r#"1,x"y"z => {"a":"1","b":"x\"y\"z"}"#]);
    check_csv("a,b\n1,\"x\"y\n", &[r#"1,"x"y => {"a":"1","b":"xy"}"#]);
    check_csv(
        "a,b\n1,\"x\n2,3\n",
        &["!quoted field is not closed: 1,\"x", r#"2,3 => {"a":"2","b":"3"}"#],
    );
    check_csv("a,b\n1,\"x", &["!quoted field is not closed: 1,\"x"]);
    check_csv("", &[]);
    check_csv("a,b", &[]);
}

#[test]
fn logs_that_name_their_columns_become_objects() {
    let check = |content: &str, expected: &[&str]| {
        for cuts in [&[usize::MAX][..], &[1], &[9]] {
            let found = frames_with(&mut ColumnsFramer::new(LIMIT), content.as_bytes(), cuts);
            assert_eq!(found, expected, "{content:?}");
        }
    };
    check(
        "#separator \\x09\n#path\tdns\n#fields\tts\tuid\n#types\ttime\tstring\n1.5\tC1\n2\t-\n#close\tx\n",
        &[
            "1.5\tC1 => {\"_path\":\"dns\",\"ts\":\"1.5\",\"uid\":\"C1\"}",
            "2\t- => {\"_path\":\"dns\",\"ts\":\"2\",\"uid\":\"-\"}",
        ],
    );
    check(
        "#Version: 1.0\n#Fields: date c-ip\n2020-01-01\t1.2.3.4\n2020-01-02 5.6.7.8\nx\n",
        &[
            "2020-01-01\t1.2.3.4 => {\"date\":\"2020-01-01\",\"c-ip\":\"1.2.3.4\"}",
            "2020-01-02 5.6.7.8 => {\"date\":\"2020-01-02\",\"c-ip\":\"5.6.7.8\"}",
            "!row has 1 fields, header has 2: x",
        ],
    );
}

#[test]
fn lines_lose_only_their_line_ends() {
    let content = b"one\r\n\n two \n\xff\"\x01\nlast";
    for cuts in [&[usize::MAX][..], &[1]] {
        let found = frames_with(&mut LinesFramer::new(LineKind::Message, LIMIT), content, cuts);
        assert_eq!(
            found,
            [
                "one => {\"message\":\"one\"}",
                " two  => {\"message\":\" two \"}",
                "\u{fffd}\"\x01 => {\"message\":\"\u{fffd}\\\"\\u0001\"}",
                "last => {\"message\":\"last\"}",
            ]
        );
    }
}

#[test]
fn damage_leaves_the_record_that_it_cut() {
    let check = |framer: &mut dyn Framer, content: &str, left: &str| {
        let mut out = Frames::new(0);
        out.begin(content.len());
        let mut used = framer.frame(content.as_bytes(), &mut out);
        out.rebase(used);
        used += framer.finish(&content.as_bytes()[used..], true, &mut out);
        assert_eq!(&content[used..], left, "{content:?}");
        out.count()
    };
    let json = |content: &str, left: &str| check(&mut json_framer(false), content, left);
    assert_eq!(json("{\"a\":1}\n{\"b\":", "{\"b\":"), 1);
    assert_eq!(json("{\"a\":1}\n{\"b\":2}", ""), 2);
    assert_eq!(json("[{\"a\":1},{\"b\"", "{\"b\""), 1);
    assert_eq!(json("{\"x\":0,\"Records\":[{\"a\":1},", ""), 2);
    let lines = &mut LinesFramer::new(LineKind::Message, LIMIT);
    assert_eq!(check(lines, "a\nb", "b"), 1);
    assert_eq!(check(&mut CsvFramer::new(b',', LIMIT), "a,b\n1,2\n3,", "3,"), 1);
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

fn csv_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(",".to_owned()),
        Just("\"".to_owned()),
        Just("\"\"".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("a,b\n".to_owned()),
        "[a-z ]{0,4}",
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn line_like() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..400)
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

    #[test]
    fn csv_frames_do_not_depend_on_the_windows(
        content in csv_like(),
        cuts in proptest::collection::vec(1_usize..200, 1..8),
        limit in prop_oneof![Just(LIMIT), Just(20_usize)],
    ) {
        let whole =
            frames_with(&mut CsvFramer::new(b',', limit), content.as_bytes(), &[usize::MAX]);
        let pieces = frames_with(&mut CsvFramer::new(b',', limit), content.as_bytes(), &cuts);
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn csv_fields_come_back_as_they_were(
        rows in proptest::collection::vec(proptest::array::uniform3("[a-z,\"\n ]{0,6}"), 1..10),
        quote_all: bool,
    ) {
        let field = |text: &String| {
            let needs_quotes = quote_all || text.contains([',', '"', '\n']) || text.trim().is_empty();
            if needs_quotes { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.clone() }
        };
        let lines = rows.iter().map(|row| row.each_ref().map(field).join(",") + "\n");
        let content = format!("a,b,c\n{}", lines.collect::<String>());
        let found = frames_with(&mut CsvFramer::new(b',', LIMIT), content.as_bytes(), &[50]);
        let values = found.iter().map(|frame| {
            let json = frame.rsplit_once(" => ").unwrap().1;
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            ["a", "b", "c"].map(|name| value[name].as_str().unwrap().to_owned())
        });
        prop_assert_eq!(values.collect::<Vec<_>>(), rows);
    }

    #[test]
    fn line_frames_do_not_depend_on_the_windows(
        content in line_like(),
        cuts in proptest::collection::vec(1_usize..200, 1..8),
        limit in prop_oneof![Just(LIMIT), Just(10_usize)],
    ) {
        let framer = || LinesFramer::new(LineKind::Syslog, limit);
        let whole = frames_with(&mut framer(), &content, &[usize::MAX]);
        prop_assert_eq!(whole, frames_with(&mut framer(), &content, &cuts));
        let is_kept = |byte: &u8| !byte.is_ascii_whitespace();
        let bytes: Vec<u8> = content.iter().copied().filter(is_kept).collect();
        let mut out = Frames::new(0);
        out.begin(content.len());
        let mut framer = framer();
        let used = framer.frame(&content, &mut out);
        out.rebase(used);
        framer.finish(&content[used..], false, &mut out);
        let (_, frames, _) = out.take();
        let originals = frames.iter().flat_map(|frame| content[frame.original.range()].to_vec());
        let kept: Vec<u8> = originals.filter(is_kept).collect();
        prop_assert_eq!(kept, bytes);
    }
}
