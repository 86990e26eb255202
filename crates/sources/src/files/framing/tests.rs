//! What every framer promises, and what each of them makes of its format.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod csv;
mod json;

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

fn line_like() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..400)
}

proptest! {
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
