//! Compression and archives, layered in any order.

use std::io::{Cursor, Write};

use headwater_event::ErrorKind;
use headwater_sources::files::{Input, ReadOptions, identify};

use crate::{run_bytes, run_identified, run_with};

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(content: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(content.len()).unwrap());
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, content) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const LINES: &[u8] = b"{\"a\":1}\n{\"b\":2}\n";

#[test]
fn compression_is_found_by_content_in_any_layers() {
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("gzip", gzip(LINES)),
        ("zstd", zstd(LINES)),
        ("bzip2", bzip2(LINES)),
        ("gzip members", [gzip(b"{\"a\":1}\n{"), gzip(b"\"b\":2}\n")].concat()),
        ("gzip with an empty member", [gzip(LINES), gzip(b"")].concat()),
        ("gzip and padding", [gzip(LINES), vec![0; 1000]].concat()),
        ("zstd frames", [zstd(b"{\"a\":1}\n{"), zstd(b"\"b\":2}\n")].concat()),
        (
            "zstd with a frame to skip",
            [b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd(LINES)].concat(),
        ),
        ("bzip2 streams", [bzip2(b"{\"a\":1}\n{"), bzip2(b""), bzip2(b"\"b\":2}\n")].concat()),
        ("gzip in zstd in bzip2", bzip2(&zstd(&gzip(LINES)))),
        ("tar", tar(&[("one", LINES)])),
        ("zip", zip(&[("one", LINES)])),
        ("tar.gz", gzip(&tar(&[("one", LINES)]))),
        ("zip in tar", tar(&[("one.zip", &zip(&[("two", LINES)]))])),
        ("gzip in zip in gzip", gzip(&zip(&[("one.gz", &gzip(LINES))]))),
    ];
    for (name, content) in cases {
        let run = run_bytes("misleading.txt", content);
        assert_eq!(run.frames(), ["{\"a\":1}", "{\"b\":2}"], "{name}");
        assert_eq!(run.summary.bytes_decompressed, 16, "{name}");
    }
}

#[test]
fn large_compressed_content_is_streamed_whole() {
    let content = LINES.repeat(200_000);
    for (name, bytes) in [
        ("gzip", gzip(&content)),
        ("zstd", zstd(&content)),
        ("bzip2", bzip2(&content)),
        ("zip", zip(&[("x", &content)])),
    ] {
        let run = run_bytes(name, bytes.clone());
        assert_eq!(run.summary.frames, 400_000, "{name}");
        assert_eq!(run.summary.bytes_decompressed, u64::try_from(content.len()).unwrap());
        assert!(run.summary.bytes_read >= u64::try_from(bytes.len()).unwrap(), "{name}");
    }
}

#[test]
fn members_are_read_in_order_and_by_their_own_format() {
    let members: &[(&str, &[u8])] = &[
        ("d/b.json", b"[{\"a\":1}]"),
        ("a.csv", b"x,y\n1,2\n"),
        ("__MACOSX/d/._b.json", b"\0\x05\x16\x07"),
        ("empty", b""),
        ("1_CloudTrail_x.json.gz", &gzip(b"{\"Records\":[{\"c\":3}]}")),
        ("text", b"hello\n"),
    ];
    for (kind, content) in [("t.tar", tar(members)), ("z.zip", zip(members))] {
        let run = run_bytes(kind, content);
        assert_eq!(
            run.frames(),
            [
                "{\"a\":1}",
                "1,2 => {\"x\":\"1\",\"y\":\"2\"}",
                "{\"c\":3}",
                "hello => {\"message\":\"hello\"}"
            ]
        );
        let names = ["d/b.json", "a.csv", "1_CloudTrail_x.json.gz", "text"];
        assert_eq!(run.names(), names.map(|name| format!("{kind}!/{name}")));
        assert_eq!(run.chunks[2].origin.source.as_deref(), Some("cloudtrail"));
        assert_eq!(run.summary.members, 5);
        assert_eq!(run.summary.skipped.len(), 1);
        let all = run.frames();
        for skip in 0..=all.len() {
            let input =
                Input::memory(kind, if kind == "t.tar" { tar(members) } else { zip(members) });
            let tail =
                run_with(&input, &ReadOptions::default(), u64::try_from(skip).unwrap()).unwrap();
            assert_eq!(tail.frames(), all[skip..]);
        }
    }
}

#[test]
fn local_archives_are_read_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.bin");
    std::fs::write(&path, zip(&[("one", LINES), ("two.tar", &tar(&[("three", LINES)]))])).unwrap();
    let input = crate::listing::only_input(path.to_str().unwrap());
    let identity = identify(&input).unwrap().unwrap();
    let run = run_identified(&input, &identity, 0).unwrap();
    assert_eq!(run.summary.frames, 4);
    assert_eq!(run.chunks[0].partition, Some(identity.partition()));
}

#[test]
fn limits_stop_bombs_and_keep_what_came_before() {
    let bomb = gzip(&LINES.repeat(4 << 20));
    let read = |options: ReadOptions| {
        let run = run_with(&Input::memory("x", bomb.clone()), &options, 0).unwrap();
        let (frames, last) = (run.summary.frames, run.frames().pop().unwrap());
        assert!(frames > 1000, "{frames}");
        last.split(": ").next().unwrap().to_owned()
    };
    let bytes = ReadOptions { decompressed_bytes_max: Some(1 << 20), ..ReadOptions::default() };
    assert_eq!(read(bytes), "!content is larger than 1048576 bytes after decompression");
    let ratio = ReadOptions { decompression_ratio_max: Some(20), ..ReadOptions::default() };
    assert_eq!(read(ratio), "!content is more than 20 times larger than its compressed form");
}

#[test]
fn layers_deeper_than_the_limit_are_refused_with_their_bytes() {
    let deepest = gzip(LINES);
    let content = gzip(&gzip(&gzip(&gzip(&deepest))));
    let run = run_bytes("x", content);
    let record = run.chunks[0].records().next().unwrap();
    assert_eq!(record.fault.unwrap().reason, "archives are nested deeper than 4 levels");
    assert_eq!(record.original, deepest);
    assert_eq!(run.summary.frames, 1);
}

#[test]
fn known_formats_that_cannot_be_opened_are_named() {
    let xz = b"\xfd7zXZ\0 and so on".to_vec();
    let error =
        run_with(&Input::memory("x.xz", xz.clone()), &ReadOptions::default(), 0).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.to_string(), "`x.xz` is an xz stream, which is not supported");
    let run = run_bytes("x.tar", tar(&[("a.xz", &xz), ("b", LINES)]));
    assert_eq!(
        run.frames(),
        [
            "!content is an xz stream, which is not supported: \u{fffd}7zXZ\0 and so on",
            "{\"a\":1}",
            "{\"b\":2}"
        ]
    );
}
