//! The journal's files after a crash, bit rot, or worse. Whatever they hold, reading ends, what it
//! gives was written as an entry, and damage costs the entries that it hits and no others.
#![no_main]

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use bytes::Bytes;
use headwater_journal::{Journal, JournalError, JournalOptions, Next};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// Length of a segment's head and of an entry's header.
const HEAD_BYTES: usize = 32;
const HEADER_BYTES: usize = 24;

/// Reads without an end would be noticed at so many entries and damaged places.
const STEPS_MAX: usize = 100_000;

/// Appended to what was found.
const AFTER: &[u8] = b"after";

type Entries = Vec<(u64, Vec<u8>)>;

fuzz_target!(|input: &[u8]| {
    match input.split_first() {
        Some((0..64, bytes)) => read_anything(&[(0, bytes.to_vec())]),
        Some((64..160, bytes)) => read_anything(&segments(bytes)),
        Some((_, bytes)) => read_damaged(bytes),
        None => {}
    }
});

/// Segments that may hold anything: each entry that is read stands in one of them.
fn read_anything(segments: &[(u64, Vec<u8>)]) {
    let folder = folder();
    for (first, bytes) in segments {
        fs::write(segment(folder.path(), *first), bytes).expect("a file");
    }
    let (entries, after) = append_and_read(folder.path());
    let (last, found) = entries.split_last().expect("what was appended");
    assert_eq!(*last, (after, AFTER.to_vec()));
    for pair in entries.windows(2) {
        assert!(pair[0].0 < pair[1].0, "numbers go up");
    }
    for (sequence, payload) in found {
        let written = entry(*sequence, payload);
        let is_in = |bytes: &[u8]| bytes.windows(written.len()).any(|part| part == written);
        assert!(segments.iter().any(|(_, bytes)| is_in(bytes)), "entry {sequence} was not written");
    }
}

/// Up to three segments of entries and noise, as the input says: whole entries with any number
/// cannot be guessed, because of their checksums.
fn segments(mut input: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut segments = vec![(0, vec![0; HEAD_BYTES])];
    while let Some((&[kind, length], rest)) = input.split_first_chunk() {
        let (bytes, rest) = rest.split_at(usize::from(length).min(rest.len()));
        input = rest;
        let number =
            bytes.first_chunk().map_or(u64::from(length), |bytes| u64::from_le_bytes(*bytes));
        let content = match kind % 8 {
            0 => bytes.to_vec(),
            1 => entry(number, bytes),
            2 => entry(number, bytes)[..HEADER_BYTES].to_vec(),
            3 | 4 if segments.len() < 3 => {
                let first = if kind % 8 == 3 { number } else { u64::from(length) };
                segments.push((first, vec![0; HEAD_BYTES]));
                continue;
            }
            _ => entry(u64::from(kind / 8), bytes),
        };
        let (_, segment) = segments.last_mut().expect("the first one");
        segment.extend_from_slice(&content);
    }
    segments
}

/// A good segment that is changed: entries that are not hit come back, and nothing else does.
fn read_damaged(input: &[u8]) {
    let Some((&count, rest)) = input.split_first() else { return };
    let Some((lengths, changes)) = rest.split_at_checked(usize::from(count % 16)) else { return };
    let payloads: Entries = (0..)
        .zip(lengths)
        .map(|(number, length)| (number, vec![*length; (*length).into()]))
        .collect();
    let entries: Vec<_> =
        payloads.iter().map(|(number, payload)| entry(*number, payload)).collect();
    let mut bytes = vec![0; HEAD_BYTES];
    entries.iter().for_each(|entry| bytes.extend_from_slice(entry));
    let good = bytes.clone();
    for change in changes.chunks_exact(4) {
        let (place, length) = (usize::from(u16::from_le_bytes([change[0], change[1]])), change[2]);
        let start = place % bytes.len();
        match change[3] {
            // A file that was cut off.
            0 if start > HEAD_BYTES => bytes.truncate(start),
            noise => bytes[start..].iter_mut().take(length.into()).for_each(|byte| *byte ^= noise),
        }
    }
    let folder = folder();
    fs::write(segment(folder.path(), 0), &bytes).expect("a file");
    let mut expected = Entries::new();
    let mut at = HEAD_BYTES;
    for (entry, payload) in entries.iter().zip(payloads) {
        let range = at..at + entry.len();
        at = range.end;
        if bytes.get(range.clone()) == good.get(range) {
            expected.push(payload);
        }
    }
    let (entries, after) = append_and_read(folder.path());
    expected.push((after, AFTER.to_vec()));
    assert_eq!(entries, expected);
}

/// Opens a journal, appends one entry, and reads everything there is, in this process and in the
/// next: both find the same. Also gives the number of the new entry.
fn append_and_read(path: &Path) -> (Entries, u64) {
    let (journal, _) = open(path);
    let (sender, answer) = mpsc::channel();
    let answered = move |result| sender.send(result).expect("somebody who waits");
    journal.append(Bytes::from_static(AFTER), answered).expect("a place in the line");
    let after = answer.recv().expect("an answer").expect("an entry that is written");
    let entries = read_all(journal);
    assert_eq!(read_all(open(path).0), entries);
    (entries, after)
}

/// Opens a journal once the former one of this process is closed.
fn open(path: &Path) -> (Journal, headwater_journal::Recovery) {
    loop {
        match Journal::open(path, JournalOptions::default(), |_| 0) {
            Err(JournalError::InUse { .. }) => thread::yield_now(),
            opened => return opened.expect("a journal"),
        }
    }
}

fn read_all(journal: Journal) -> Entries {
    let mut reader = journal.reader(0);
    drop(journal);
    let mut entries = Entries::new();
    for _ in 0..STEPS_MAX {
        match reader.read().expect("files that can be read") {
            Next::Entry(entry) => entries.push((entry.sequence, entry.payload.to_vec())),
            Next::Damage(damage) => assert!(damage.bytes > 0),
            Next::Closed => return entries,
        }
    }
    panic!("reading has no end");
}

/// One entry as it stands on disk; see `crates/journal/src/entry.rs`.
fn entry(sequence: u64, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload");
    let mut bytes = b"HWJE".to_vec();
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&sequence.to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

fn segment(folder: &Path, first: u64) -> std::path::PathBuf {
    folder.join(format!("{first:020}.segment"))
}

/// In memory where that is possible: every input syncs a few times.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder")
}
