//! Whatever the bytes are: no panic, and every byte ends in an event or in a reject.

use std::io::Write as _;

use headwater_testkit::Headwater;

use crate::headwater;

/// Ingests one file and checks that events and rejects together hold these originals.
fn check(name: &str, content: &[u8], events: &[&[u8]], rejects: &[(&[u8], &str)]) {
    let lake = headwater();
    let path = lake.file(name, content);
    let summary = lake.ingest(&[path.as_str()]);
    assert_eq!(summary["events"].as_u64(), Some(events.len() as u64), "{name}: {summary}");
    assert_eq!(summary["rejects"].as_u64(), Some(rejects.len() as u64), "{name}: {summary}");
    let raw = |table: &str, column: &str| -> Vec<String> {
        let sql = format!("SELECT {column} AS text FROM {table} ORDER BY 1");
        let rows = lake.query(&sql);
        rows.iter().map(|row| row["text"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let mut expected: Vec<String> =
        events.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    expected.sort();
    assert_eq!(raw("events", "raw"), expected, "{name}");
    let mut expected: Vec<String> = rejects.iter().map(|(bytes, _)| hex(bytes)).collect();
    expected.sort();
    assert_eq!(raw("rejects", "lower(to_hex(raw))"), expected, "{name}");
    let reasons = raw("rejects", "reason").join("\n");
    for (_, reason) in rejects {
        assert!(reasons.contains(reason), "{name}: `{reason}` is not in `{reasons}`");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn broken_lines_are_rejected_and_their_neighbours_kept() {
    let content =
        b"{\"a\":1}\n{\"a\":NaN}\n{\"cut\":\"off\n\"text\"\n{\"b\":\"\xff\xfe\"}\n{\"a\":2}\n";
    check(
        "mixed.jsonl",
        content,
        &[b"{\"a\":1}", b"{\"a\":2}"],
        &[
            (b"{\"a\":NaN}", "unexpected `N`"),
            (b"{\"cut\":\"off", "JSON ends early"),
            (b"\"text\"", "document is a string"),
            (b"{\"b\":\"\xff\xfe\"}", "invalid UTF-8"),
        ],
    );
}

#[test]
fn an_empty_file_is_nothing() {
    check("empty.json", b"", &[], &[]);
    check("blank.json", b"\n\n  \n", &[], &[]);
}

#[test]
fn duplicate_keys_and_big_numbers_are_kept() {
    let document = br#"{"a":1,"a":2,"big":123456789012345678901234567890,"huge":1e400,"one":1.0}"#;
    let lake = headwater();
    lake.ingest(&[lake.file("numbers.json", document)]);
    let rows = lake.query("SELECT details FROM events");
    let details = rows[0]["details"].as_str().unwrap();
    for part in [
        r#""a":1"#,
        r#""a_2":2"#,
        r#""big":123456789012345678901234567890"#,
        r#""huge":1e400"#,
        r#""one":1.0"#,
    ] {
        assert!(details.contains(part), "{part} is not in {details}");
    }
}

#[test]
fn nesting_of_200_levels_is_an_event() {
    let document = format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200));
    check("deep.json", document.as_bytes(), &[document.as_bytes()], &[]);
}

#[test]
fn nesting_beyond_the_limit_is_a_reject() {
    let document = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    check("deeper.json", document.as_bytes(), &[], &[(document.as_bytes(), "nesting is too deep")]);
}

#[test]
fn a_truncated_gzip_gives_what_can_be_decompressed() {
    let text = crate::numbered_events(5_000);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let mut bytes = gzip.finish().unwrap();
    bytes.truncate(bytes.len() * 2 / 3);
    let lake = headwater();
    let summary = lake.ingest(&[lake.file("cut.json.gz", &bytes)]);
    let events = summary["events"].as_u64().unwrap();
    assert!(events > 1_000 && events < 5_000, "{summary}");
    assert!(summary["rejects"].as_u64().unwrap() >= 1, "{summary}");
    // Events are the first ones without a gap, and the rest of the bytes is in `rejects`.
    assert_eq!(
        lake.number(
            "SELECT max(CAST(json_extract_scalar(details, '$.number') AS BIGINT)) + 1 FROM events"
        ),
        i64::try_from(events).unwrap()
    );
    let bytes_kept = lake.number("SELECT sum(octet_length(raw) + 1) FROM events")
        + lake.number("SELECT coalesce(sum(length(to_hex(raw)) / 2), 0) FROM rejects");
    let mut decoder = flate2::read::MultiGzDecoder::new(bytes.as_slice());
    let mut decompressed = Vec::new();
    let _ = std::io::Read::read_to_end(&mut decoder, &mut decompressed);
    let difference = i64::try_from(decompressed.len()).unwrap() - bytes_kept;
    assert!((0..=1).contains(&difference), "{difference} bytes are missing");
}

#[test]
fn binary_noise_is_kept_byte_for_byte() {
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
    .take(300_000)
    .collect();
    let lake = headwater();
    lake.ingest(&[lake.file("noise.bin", &noise)]);
    let kept = lake.number("SELECT coalesce(sum(length(to_hex(raw)) / 2), 0) FROM rejects")
        + lake.number("SELECT coalesce(sum(octet_length(raw)), 0) FROM events");
    let line_ends = noise.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
    let missing = noise.len() as i64 - kept;
    assert!(missing >= 0 && missing <= line_ends as i64, "{missing} of {line_ends} line ends");
}

#[test]
fn an_event_of_100_megabytes_is_kept() {
    let lake = headwater();
    let document = format!("{{\"blob\":\"{}\"}}\n{{\"a\":1}}\n", "x".repeat(100_000_000));
    let summary = lake.ingest(&[lake.file("big.json", document.as_bytes())]);
    let events = summary["events"].as_i64().unwrap() + summary["rejects"].as_i64().unwrap();
    assert_eq!(events, 2, "{summary}");
    let kept = lake.number("SELECT coalesce(sum(octet_length(raw)), 0) FROM events")
        + lake.number("SELECT coalesce(sum(length(to_hex(raw)) / 2), 0) FROM rejects");
    assert_eq!(kept, document.len() as i64 - 2);
}

#[test]
fn a_record_beyond_the_limit_is_a_reject_in_parts() {
    let lake = headwater();
    lake.file("headwater.yaml", "ingest:\n  record_bytes_max: 1MiB\n");
    let document = format!("{{\"blob\":\"{}\"}}\n{{\"a\":1}}\n", "y".repeat(40 << 20));
    let summary = lake.ingest(&[lake.file("big.json", document.as_bytes())]);
    assert_eq!((summary["events"].as_u64(), summary["rejects"].as_u64()), (Some(1), Some(1)));
    assert_eq!(
        lake.number("SELECT sum(length(to_hex(raw)) / 2) FROM rejects"),
        document.len() as i64 - "\n{\"a\":1}\n".len() as i64
    );
    assert_eq!(lake.number("SELECT count(DISTINCT rejectid) FROM rejects"), 1);
    assert!(lake.number("SELECT count(*) FROM rejects") >= 3);
}

#[test]
fn every_defect_of_one_record_stays_with_that_record() {
    // One batch with everything that used to stop the whole batch in systems before this one.
    let records = [
        r#"{"ok":1}"#,
        r#"{"srcip":1234}"#,
        r#"{"details":"x"}"#,
        r#"{"srcip":["10.0.0.1"],"tags":"one"}"#,
        r#"{"a":"}"}"#,
        r#"{"b":"{"}"#,
        r#"[{"x":1},{"y":2}]"#,
        "7",
        "not json",
    ];
    let lake: Headwater = headwater();
    let summary = lake.ingest(&[lake.file("all.jsonl", records.join("\n"))]);
    assert_eq!((summary["events"].as_u64(), summary["rejects"].as_u64()), (Some(8), Some(2)));
}
