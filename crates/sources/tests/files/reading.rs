//! Formats, chunks, labels and positions.

use headwater_event::{ErrorKind, Origin};
use headwater_sources::files::{Format, Input, ReadOptions};

use crate::{run_bytes, run_with};

fn check(name: &str, content: &[u8], expected: &[&str]) {
    let found = run_bytes(name, content).frames();
    assert_eq!(found, expected, "{name}");
}

#[test]
fn formats_are_recognised_by_content() {
    check("empty", b"", &[]);
    check("blank", b"\n \n", &[]);
    check("json", b"\n {\"a\":1}", &["{\"a\":1}"]);
    check("list", b"[{\"a\":1}]", &["{\"a\":1}"]);
    check("marked", b"\xef\xbb\xbf{\"a\":1}", &["{\"a\":1}"]);
    check("marked text", b"\xef\xbb\xbfx\n", &["x => {\"message\":\"x\"}"]);
    check("marked.csv", b"\xef\xbb\xbfa,b\n1,2\n", &["1,2 => {\"a\":\"1\",\"b\":\"2\"}"]);
    check("scalars", b"[1, 2]\n", &["1", "2"]);
    check(
        "text before json",
        b"started\n{\"a\":1}\n{\"b\":2}\n",
        &["started", "{\"a\":1}", "{\"b\":2}"],
    );
    check("text", b"a line\n", &["a line => {\"message\":\"a line\"}"]);
    check(
        "bracketed",
        b"[error] it failed\n[ 0.5] usb\n[1] x\n",
        &[
            "[error] it failed => {\"message\":\"[error] it failed\"}",
            "[ 0.5] usb => {\"message\":\"[ 0.5] usb\"}",
            "[1] x => {\"message\":\"[1] x\"}",
        ],
    );
    check(
        "table",
        b"id;name;size\n1;a;2\n",
        &["1;a;2 => {\"id\":\"1\",\"name\":\"a\",\"size\":\"2\"}"],
    );
    check(
        "tabs",
        b"time\thost\n1\ta\n2\tb\n3\tc\n",
        &[
            "1\ta => {\"time\":\"1\",\"host\":\"a\"}",
            "2\tb => {\"time\":\"2\",\"host\":\"b\"}",
            "3\tc => {\"time\":\"3\",\"host\":\"c\"}",
        ],
    );
    check("x.CSV", b"a,b\nx,y\n", &["x,y => {\"a\":\"x\",\"b\":\"y\"}"]);
    check("x.tsv.gz", b"a\tb\nx\ty\n", &["x\ty => {\"a\":\"x\",\"b\":\"y\"}"]);
    check(
        "zeek",
        b"#separator \\x09\n#fields\ta\tb\n1\t2\n",
        &["1\t2 => {\"a\":\"1\",\"b\":\"2\"}"],
    );
    check(
        "cef",
        b"CEF:0|V|P|1|100|n|5|src=1.2.3.4\nCEF:0|V|P|1|101|n|5|src=1.2.3.5\n",
        &[
            "CEF:0|V|P|1|100|n|5|src=1.2.3.4 => {\"message\":\"CEF:0|V|P|1|100|n|5|src=1.2.3.4\"}",
            "CEF:0|V|P|1|101|n|5|src=1.2.3.5 => {\"message\":\"CEF:0|V|P|1|101|n|5|src=1.2.3.5\"}",
        ],
    );
    check(
        "prose",
        b"Hello, world\nfoo, bar\nbaz, 1\n",
        &[
            "Hello, world => {\"message\":\"Hello, world\"}",
            "foo, bar => {\"message\":\"foo, bar\"}",
            "baz, 1 => {\"message\":\"baz, 1\"}",
        ],
    );
    check(
        "noise",
        b"\x01\x02\xff\0\n\x80",
        &[
            "\u{1}\u{2}\u{fffd}\0 => {\"message\":\"\\u0001\\u0002\u{fffd}\\u0000\"}",
            "\u{fffd} => {\"message\":\"\u{fffd}\"}",
        ],
    );
}

#[test]
fn utf_16_is_read_as_utf_8() {
    let text = "{\"a\":\"ä€😀\"}\n{\"b\":2}\n";
    let units: Vec<u16> = text.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let expected = ["{\"a\":\"ä€😀\"}", "{\"b\":2}"];
    check("little", &[b"\xff\xfe", little.as_slice()].concat(), &expected);
    check("big", &[b"\xfe\xff", big.as_slice()].concat(), &expected);
    check("text", b"\xff\xfex\0\n\0", &["x => {\"message\":\"x\"}"]);
    check("odd", b"\xff\xfe{\0}\0\n\0x", &["{}", "!utf-16 text ends in half a character: x"]);
    let half = run_bytes("half a pair", &b"\xff\xfe\"\0\x00\xd8\"\0\n\0"[..]);
    let record = half.chunks[0].records().next().unwrap();
    assert!(record.json.unwrap().windows(3).any(|bytes| bytes == b"\xed\xa0\x80"));
}

#[test]
fn a_format_can_be_forced() {
    let read = |format, content: &[u8]| {
        let options = ReadOptions { format, ..ReadOptions::default() };
        run_with(&Input::memory("x", content.to_vec()), &options, 0).unwrap().frames()
    };
    assert_eq!(
        read(Format::Lines, b"{\"a\":1}\n"),
        ["{\"a\":1} => {\"message\":\"{\\\"a\\\":1}\"}"]
    );
    assert_eq!(read(Format::Csv, b"a,b\nx,y\n"), ["x,y => {\"a\":\"x\",\"b\":\"y\"}"]);
    assert_eq!(read(Format::Json, b"x\n"), ["x"]);
    assert_eq!(read(Format::Evtx, b"x\n"), ["!windows event log is cut short in its header: x\n"]);
    assert_eq!(
        read(Format::Syslog, b"<13>x: y"),
        [
            "<13>x: y => {\"message\":\"y\",\"program\":\"x\",\"facility\":\"user\",\"severity\":\"NOTICE\"}"
        ]
    );
    for format in Format::ALL {
        assert_eq!(format.name().parse::<Format>().unwrap(), format);
    }
    assert_eq!("xml".parse::<Format>().unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn wrapper_keys_are_an_option() {
    let options = ReadOptions {
        wrapper_keys: vec!["value".to_owned(), "logs".to_owned()],
        ..ReadOptions::default()
    };
    let content = br#"{"value":[1],"Records":[2]}{"logs":[3]}"#;
    let run = run_with(&Input::memory("x", &content[..]), &options, 0).unwrap();
    assert_eq!(run.frames(), ["1", "{\"Records\":[2]}", "3"]);
}

#[test]
fn cloudtrail_gets_a_source_unless_the_operator_gives_one() {
    let label = |name: &str, content: &str, source: Option<&str>| {
        let origin = Origin { source: source.map(Into::into), ..Origin::default() };
        let options = ReadOptions { origin, ..ReadOptions::default() };
        let run = run_with(&Input::memory(name, content.as_bytes().to_vec()), &options, 0).unwrap();
        run.chunks[0].origin.source.clone().map(|source| source.to_string())
    };
    let name = "s3://b/AWSLogs/1234_CloudTrail_us-east-1_20200901T0000Z_x.json.gz";
    assert_eq!(label(name, "{}", None).as_deref(), Some("cloudtrail"));
    assert_eq!(label(name, "{}", Some("mine")).as_deref(), Some("mine"));
    let trail = r#"{"Records":[{"eventVersion":"1.08"}]}"#;
    assert_eq!(label("x", trail, None).as_deref(), Some("cloudtrail"));
    assert_eq!(label("x", "{\"eventVersion\":\"1.08\"}", None), None);
    assert_eq!(label("x_cloudtrail_y.json.gz", "{}", None), None);
    assert_eq!(label("1_cloudtrail_.json.gz", "{}", None), None);
}

#[test]
fn chunks_are_bounded_and_complete() {
    let lines: Vec<String> = (0..10_000)
        .map(|number| format!("{{\"number\":{number},\"x\":\"{}\"}}", "y".repeat(number % 300)))
        .collect();
    let options = ReadOptions { chunk_bytes: 10_000, ..ReadOptions::default() };
    let run = run_with(&Input::memory("x", lines.join("\n").into_bytes()), &options, 0).unwrap();
    assert_eq!(run.frames(), lines);
    assert!(run.chunks.len() > 100);
    assert!(run.chunks.iter().all(|chunk| chunk.bytes.len() <= 10_000 + 400));
    assert_eq!(run.summary.bytes_read, run.summary.bytes_decompressed);
    assert_eq!(run.summary.frames, 10_000);
}

#[test]
fn skipping_frames_gives_the_same_tail() {
    let csv = "a,b\n".to_owned() + &"1,2\n1,2,3\n".repeat(100);
    let json = "{\"a\":1}\nx\n".repeat(100) + r#"{"i":0,"Records":[1,2,3]}[4,{"#;
    for (name, content) in [("x.csv", csv), ("x.json", json), ("x.txt", "one\ntwo\n".repeat(100))] {
        let input = Input::memory(name, content.into_bytes());
        let options = ReadOptions { chunk_bytes: 100, ..ReadOptions::default() };
        let all = run_with(&input, &options, 0).unwrap().frames();
        for skip in [1, 2, 50, all.len() - 1, all.len(), all.len() + 5] {
            let run = run_with(&input, &options, u64::try_from(skip).unwrap()).unwrap();
            assert_eq!(run.frames(), all.get(skip..).unwrap_or_default(), "{name} from {skip}");
            assert_eq!(run.summary.frames, u64::try_from(all.len()).unwrap());
        }
    }
}

#[test]
fn the_caller_can_stop_early() {
    use std::ops::ControlFlow;

    use headwater_sources::files::{ObjectStores, ReadRequest, read};
    let input = Input::memory("x", "{\"a\":1}\n".repeat(1000).into_bytes());
    let options = ReadOptions { chunk_bytes: 80, ..ReadOptions::default() };
    let mut chunks = 0;
    let request = ReadRequest {
        input: &input,
        identity: None,
        options: &options,
        stores: &ObjectStores::none(),
        skip_frames: 0,
        from_byte: 0,
    };
    let summary = read(request, &mut |_| {
        chunks += 1;
        if chunks == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(summary.unwrap().stopped);
    assert_eq!(chunks, 3);
}

#[test]
fn a_record_of_a_hundred_megabytes_is_one_frame() {
    let content = format!("{{\"a\":\"{}\"}}\n{{\"b\":1}}\n", "x".repeat(100 << 20));
    let run = run_bytes("x", content.into_bytes());
    let lengths: Vec<usize> = run
        .chunks
        .iter()
        .flat_map(|chunk| chunk.records().map(|record| record.original.len()))
        .collect();
    assert_eq!(lengths, [(100 << 20) + 8, 7]);
}
