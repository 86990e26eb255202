//! Damaged content: everything before the damage is delivered, then one fault tells of it.

use headwater_sources::files::{Input, ReadOptions};
use proptest::prelude::*;

use crate::archives::{bzip2, gzip, tar, zip, zstd};
use crate::{Run, run_bytes, run_with};

/// Text that does not compress well, in lines of JSON.
fn lines() -> Vec<u8> {
    let mut state = 1_u64;
    let mut text = String::new();
    for number in 0..20_000 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&format!("{{\"number\":{number},\"noise\":\"{state:x}\"}}\n"));
    }
    text.into_bytes()
}

/// The fault, which must be the last frame and the only one, and the bytes of all frames.
fn only_fault(run: &Run, name: &str) -> (String, Vec<u8>) {
    let records: Vec<_> = run.chunks.iter().flat_map(|chunk| chunk.records()).collect();
    let faults: Vec<_> = records.iter().filter_map(|record| record.fault).collect();
    assert_eq!(faults.len(), 1, "{name}: {faults:?}");
    assert!(records.last().unwrap().fault.is_some(), "{name}");
    let bytes = records.iter().map(|record| record.original).collect::<Vec<_>>().join(&b'\n');
    (faults[0].reason.clone(), bytes)
}

#[test]
fn truncated_compression_delivers_everything_before_the_cut() {
    let content = lines();
    let cases = [
        ("gzip", gzip(&content), "gzip stream is cut short"),
        ("zstd", zstd(&content), "zstd stream is cut short"),
        ("bzip2", bzip2(&content), "bzip2 stream is cut short"),
    ];
    for (name, bytes, reason) in cases {
        for keep in [12, bytes.len() / 2, bytes.len() - 1] {
            let run = run_bytes(name, &bytes[..keep]);
            let (found, framed) = only_fault(&run, name);
            assert_eq!(found, reason, "{name} cut to {keep}");
            assert!(content.starts_with(framed.trim_ascii_end()), "{name} cut to {keep}");
            let bytes = u64::try_from(framed.len()).unwrap();
            assert!(bytes.abs_diff(run.summary.bytes_decompressed) <= 1, "{name} cut to {keep}");
        }
        let half = run_bytes(name, &bytes[..bytes.len() / 2]);
        assert!(half.summary.frames > 4_000, "{name}: {}", half.summary.frames);
    }
}

#[test]
fn corrupt_compression_delivers_everything_before_the_damage() {
    let content = lines();
    for (name, bytes) in
        [("gzip", gzip(&content)), ("zstd", zstd(&content)), ("bzip2", bzip2(&content))]
    {
        let mut bytes = [bytes.clone(), bytes].concat();
        let middle = bytes.len() / 4 * 3;
        bytes[middle..middle + 64].fill(0xff);
        let run = run_bytes(name, bytes);
        let (reason, framed) = only_fault(&run, name);
        assert!(reason.starts_with(&format!("{name} stream is damaged: ")), "{reason}");
        assert!(framed.starts_with(content.trim_ascii_end()), "{name}");
        assert!(run.summary.frames > 20_000, "{name}: {}", run.summary.frames);
    }
}

#[test]
fn bytes_behind_a_compressed_stream_are_kept() {
    let run = run_bytes("x.gz", [gzip(b"{\"a\":1}"), b"garbage".to_vec()].concat());
    assert_eq!(
        run.frames(),
        ["{\"a\":1}", "!bytes behind the end of the compressed stream: garbage"]
    );
}

#[test]
fn a_wrong_checksum_is_told() {
    let mut bytes = gzip(b"{\"a\":1}\n");
    let at = bytes.len() - 6;
    bytes[at] ^= 1;
    let frames = run_bytes("x.gz", bytes).frames();
    assert_eq!(frames[0], "{\"a\":1}");
    assert!(frames[1].starts_with("!gzip stream is damaged: "), "{frames:?}");
    assert_eq!(frames.len(), 2);
}

#[test]
fn a_damaged_tar_archive_keeps_its_bytes() {
    let content = lines();
    let whole = tar(&[("a", b"{\"a\":1}\n"), ("b", &content)]);
    let cut = run_bytes("x.tar", &whole[..whole.len() / 2]);
    let (reason, _) = only_fault(&cut, "cut");
    assert_eq!(reason, "archive is cut short");
    let cut = run_bytes("x.tar.gz", &gzip(&whole)[..50_000]);
    assert_eq!(only_fault(&cut, "cut in gzip").0, "gzip stream is cut short");

    let mut header = tar(&[("a", b"{\"a\":1}\n"), ("b", b"{\"b\":2}\n"), ("c", b"x")]);
    header[1024..1030].fill(b'?');
    let run = run_bytes("x.tar", header.clone());
    let records: Vec<_> = run.chunks.iter().flat_map(|chunk| chunk.records()).collect();
    assert_eq!(records[0].original, b"{\"a\":1}");
    assert!(records[1].fault.unwrap().reason.starts_with("tar archive is damaged: "));
    assert_eq!(records[1].original, &header[1024..]);
    assert_eq!(records.len(), 2);

    let joined = [tar(&[("a", b"{\"a\":1}")]), tar(&[("b", b"{\"b\":2}")])].concat();
    assert_eq!(run_bytes("x.tar", joined).frames(), ["{\"a\":1}", "{\"b\":2}"]);
}

#[test]
fn a_damaged_zip_archive_gives_the_members_that_are_whole() {
    let content = lines();
    let whole = zip(&[("a", b"{\"a\":1}\n"), ("b", &content)]);
    for name in ["x.zip", "gzip"] {
        let cut = &whole[..whole.len() / 2];
        let bytes = if name == "gzip" { gzip(cut) } else { cut.to_vec() };
        let run = run_bytes(name, bytes);
        let (_, framed) = only_fault(&run, name);
        assert!(framed.starts_with(b"{\"a\":1}\n{\"number\":0,"), "{name}");
    }
    let mut corrupt = zip(&[("a", &content), ("b", b"{\"b\":2}\n")]);
    corrupt[100_000..100_016].fill(0);
    let run = run_bytes("x.zip", corrupt);
    let frames = run.frames();
    assert_eq!(frames.iter().filter(|frame| frame.starts_with('!')).count(), 1);
    assert_eq!(frames.last().unwrap(), "{\"b\":2}");
}

#[test]
fn damage_at_the_very_start_is_one_fault() {
    assert_eq!(run_bytes("x", &b"\x1f\x8b\x08\0"[..]).frames(), ["!gzip stream is cut short: "]);
    let frames = run_bytes("x", &b"PK\x03\x04 and nothing else"[..]).frames();
    assert_eq!(frames.len(), 1, "{frames:?}");
    assert!(frames[0].starts_with("!zip archive is damaged: "), "{frames:?}");
    assert!(frames[0].ends_with("PK\u{3}\u{4} and nothing else"), "{frames:?}");
}

#[test]
fn a_sparse_member_without_end_is_not_read() {
    let mut header = tar::Header::new_gnu();
    header.set_path("x").unwrap();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_size(0);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.realsize.copy_from_slice(b"77777777777\0");
    gnu.sparse[0].offset.copy_from_slice(b"77777777777\0");
    gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
    header.set_cksum();
    let bytes = [header.as_bytes().as_slice(), &[0; 1024], &tar(&[("y", b"{\"a\":1}")])].concat();
    let frames = run_bytes("x.tar", bytes).frames();
    assert_eq!(frames, ["!sparse member of 8589934591 bytes is not read: ", "{\"a\":1}"]);
}

/// Archives of every kind, with a little of everything in them.
fn archives() -> Vec<Vec<u8>> {
    let lines = b"{\"a\":1}\n{\"b\":[{\"c\":2}]}\n";
    let members: &[(&str, &[u8])] = &[
        ("a.json", lines),
        ("b.csv", b"x,y\n1,2\n"),
        ("c.gz", &gzip(lines)),
        ("d.log", b"<34>Oct 11 22:14:15 host su: x\n"),
        ("e.txt", b"\xff\xfe{\0}\0"),
    ];
    vec![
        gzip(lines),
        zstd(lines),
        bzip2(lines),
        tar(members),
        zip(members),
        gzip(&tar(members)),
        tar(&[("z.zip", &zip(members))]),
    ]
}

proptest! {
    #[test]
    fn damage_of_any_kind_is_survived(
        archive in proptest::sample::select(archives()),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..8),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
        chunk_bytes in 1_usize..2000,
    ) {
        let mut bytes = archive;
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let options = ReadOptions { chunk_bytes, ..ReadOptions::default() };
        let input = Input::memory("x", bytes);
        let first = run_with(&input, &options, 0).map(|run| run.frames());
        let again = run_with(&input, &ReadOptions::default(), 0).map(|run| run.frames());
        prop_assert_eq!(first.ok(), again.ok());
    }

    #[test]
    fn noise_is_survived(
        magic in proptest::sample::select(vec![
            &b""[..], b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"BZh91AY&SY", b"PK\x03\x04", b"ElfFile\0",
            b"\xff\xfe", b"\xfe\xff", b"{", b"[", b"#fields\t", b"a,b\n",
        ]),
        noise in proptest::collection::vec(any::<u8>(), 0..5000),
    ) {
        run_bytes("x", [magic, &noise].concat());
    }
}
