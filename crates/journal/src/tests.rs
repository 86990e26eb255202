//! Tests of the journal as a whole: what is read back after crashes and damage, and its limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use bytes::Bytes;
use headwater_event::ErrorKind;
use proptest::prelude::*;
use uuid::Uuid;

use crate::entry::Header;
use crate::segment;
use crate::{Journal, JournalError, JournalOptions, JournalReader, Next, Recovery};

fn open(folder: &Path, released: u64) -> (Journal, Recovery) {
    Journal::open(folder, JournalOptions::default(), |_| released).unwrap()
}

/// Appends and waits for the answer.
fn append(journal: &Journal, payload: &[u8]) -> Result<u64, JournalError> {
    let (sender, answer) = mpsc::channel();
    journal.append(Bytes::copy_from_slice(payload), move |result| sender.send(result).unwrap())?;
    answer.recv().unwrap()
}

/// Closes the journal and reads all there is: numbers and payloads, and how many damaged places.
fn read_all(journal: Journal, from: u64) -> (Vec<(u64, Vec<u8>)>, usize) {
    let reader = journal.reader(from);
    drop(journal);
    drain(reader)
}

fn drain(mut reader: JournalReader) -> (Vec<(u64, Vec<u8>)>, usize) {
    let (mut entries, mut damaged) = (Vec::new(), 0);
    loop {
        match reader.read().unwrap() {
            Next::Entry(entry) => entries.push((entry.sequence, entry.payload.to_vec())),
            Next::Damage(_) => damaged += 1,
            Next::Closed => return (entries, damaged),
        }
    }
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|end| end == "segment")).collect();
    segments.sort();
    segments
}

/// Opens again once the former journal of this process is really closed.
fn reopen(folder: &Path, released: u64) -> (Journal, Recovery) {
    loop {
        match Journal::open(folder, JournalOptions::default(), |_| released) {
            Err(JournalError::InUse { .. }) => std::thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
}

#[test]
fn entries_are_read_in_order_now_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, recovery) = open(folder.path(), 0);
    assert_eq!(recovery, Recovery::default());
    let id = journal.id();
    let mut reader = journal.reader(0);
    assert_eq!(append(&journal, b"first").unwrap(), 0);
    let Next::Entry(entry) = reader.read().unwrap() else { panic!("no entry") };
    assert_eq!((entry.sequence, &*entry.payload), (0, &b"first"[..]));
    assert_eq!(append(&journal, b"").unwrap(), 1);
    drop(journal);
    assert_eq!(drain(reader), (vec![(1, Vec::new())], 0));

    let (journal, recovery) = reopen(folder.path(), 0);
    assert_eq!((journal.id(), recovery.next), (id, 2));
    assert_eq!(append(&journal, b"third").unwrap(), 2);
    let expected = vec![(0, b"first".to_vec()), (1, Vec::new()), (2, b"third".to_vec())];
    assert_eq!(read_all(journal, 0), (expected.clone(), 0));
    let (journal, _) = reopen(folder.path(), 0);
    assert_eq!(read_all(journal, 2), (expected[2..].to_vec(), 0));
}

#[test]
fn a_journal_belongs_to_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let (_journal, _) = open(folder.path(), 0);
    let error = Journal::open(folder.path(), JournalOptions::default(), |_| 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[test]
fn a_number_that_a_table_knows_is_not_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, recovery) = open(folder.path(), 100);
    assert_eq!(recovery.next, 100);
    assert_eq!(append(&journal, b"new").unwrap(), 100);
    assert_eq!(read_all(journal, 100), (vec![(100, b"new".to_vec())], 0));
}

#[test]
fn a_segment_cut_at_any_byte_keeps_its_whole_entries() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path(), 0);
    let payloads: [&[u8]; 3] = [b"one", b"twenty-two", b"3"];
    for payload in payloads {
        append(&journal, payload).unwrap();
    }
    drop(journal);
    let whole = fs::read(&segments(folder.path())[0]).unwrap();
    let mut ends = vec![32];
    payloads.iter().for_each(|payload| ends.push(ends.last().unwrap() + 24 + payload.len()));
    assert_eq!(*ends.last().unwrap(), whole.len());
    for cut in 0..=whole.len() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path(), 0));
        fs::write(folder.path().join("00000000000000000000.segment"), &whole[..cut]).unwrap();
        let (journal, recovery) = reopen(folder.path(), 0);
        let kept = ends[1..].iter().filter(|end| **end <= cut).count();
        assert_eq!(recovery.damage.is_empty(), cut <= 32 || ends.contains(&cut), "cut at {cut}");
        let next = append(&journal, b"after").unwrap();
        assert!(next >= kept as u64, "cut at {cut}");
        let (entries, _) = read_all(journal, 0);
        let mut expected: Vec<_> =
            (0..).zip(payloads[..kept].iter().map(|payload| payload.to_vec())).collect();
        expected.push((next, b"after".to_vec()));
        assert_eq!(entries, expected, "cut at {cut}");
    }
}

proptest! {
    #[test]
    fn damage_costs_the_entries_it_hits_and_no_others(
        lengths in prop::collection::vec(0..200_usize, 1..8),
        place in any::<prop::sample::Index>(),
        length in 1..40_usize,
        noise in any::<u8>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = open(folder.path(), 0);
        for (number, length) in lengths.iter().enumerate() {
            append(&journal, &vec![number as u8; *length]).unwrap();
        }
        drop(journal);
        let path = segments(folder.path())[0].clone();
        let mut bytes = fs::read(&path).unwrap();
        let start = place.index(bytes.len());
        let end = (start + length).min(bytes.len());
        let changed: Vec<usize> = (start..end).filter(|index| bytes[*index] != noise).collect();
        bytes[start..end].fill(noise);
        fs::write(&path, &bytes).unwrap();
        let (journal, _) = reopen(folder.path(), 0);
        let after = append(&journal, b"after").unwrap();
        let (entries, _) = read_all(journal, 0);
        let mut expected = Vec::new();
        let mut at = 32;
        for (number, length) in lengths.iter().enumerate() {
            let range = at..at + 24 + length;
            at = range.end;
            if !changed.iter().any(|index| range.contains(index)) {
                expected.push((number as u64, vec![number as u8; *length]));
            }
        }
        expected.push((after, b"after".to_vec()));
        prop_assert_eq!(entries, expected);
    }
}

#[test]
fn damage_that_could_not_be_set_aside_is_come_to_again() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path(), 0);
    append(&journal, b"first").unwrap();
    append(&journal, b"second").unwrap();
    drop(journal);
    append(&reopen(folder.path(), 0).0, b"third").unwrap();
    let path = segments(folder.path())[0].clone();
    let mut bytes = fs::read(&path).unwrap();
    bytes[40] ^= 1;
    fs::write(&path, bytes).unwrap();
    let (journal, _) = reopen(folder.path(), 0);
    let mut reader = journal.reader(0);
    fs::write(folder.path().join("damaged"), b"in the way").unwrap();
    assert_eq!(reader.read().unwrap_err().kind(), ErrorKind::Unavailable);
    fs::remove_file(folder.path().join("damaged")).unwrap();
    drop(journal);
    let expected = vec![(1, b"second".to_vec()), (2, b"third".to_vec())];
    assert_eq!(drain(reader), (expected, 1));
}

#[test]
fn an_entry_with_a_number_that_cannot_be_is_damage() {
    let entry = |sequence, payload: &[u8]| {
        let header = Header::of(sequence, u32::try_from(payload.len()).unwrap(), payload);
        [&header.encode(), payload].concat()
    };
    let segment = [segment::head(Uuid::nil(), 7), entry(7, b"good")].concat();
    for sequence in [6, 100, u64::MAX - 1, u64::MAX] {
        let folder = tempfile::tempdir().unwrap();
        let bytes = [&segment[..], &entry(sequence, b"bad"), &entry(8, b"good too")].concat();
        fs::write(folder.path().join("00000000000000000007.segment"), bytes).unwrap();
        fs::write(folder.path().join(format!("{}.segment", u64::MAX)), b"of somebody").unwrap();
        let (journal, recovery) = open(folder.path(), 0);
        assert_eq!((recovery.next, recovery.damage.len()), (9, 1), "{sequence}");
        let expected = vec![(7, b"good".to_vec()), (8, b"good too".to_vec())];
        assert_eq!(read_all(journal, 0), (expected, 1), "{sequence}");
    }
}

#[test]
fn nobody_waits_for_what_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path(), 0);
    for payload in [&b"first"[..], b"second"] {
        append(&journal, payload).unwrap();
    }
    let segment = segments(folder.path()).pop().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&segment, bytes).unwrap();
    // The last entry is known, and cannot be read.
    let mut reader = journal.reader(0);
    let mut read = || reader.read_ready().unwrap();
    assert!(matches!(read(), Some(Next::Entry(_))));
    assert!(matches!(read(), Some(Next::Damage(_))));
    assert_eq!(read(), None);
    drop(journal);
}

#[test]
fn limits_refuse_and_released_space_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let options = JournalOptions {
        bytes_max: 1_000,
        segment_bytes_max: 200,
        entry_bytes_max: 300,
        ..JournalOptions::default()
    };
    let (journal, _) = Journal::open(folder.path(), options, |_| 0).unwrap();
    assert_eq!(append(&journal, &[0; 301]).unwrap_err().kind(), ErrorKind::Invalid);
    let mut appended = 0;
    let full = loop {
        match append(&journal, &[7; 100]) {
            Ok(sequence) => appended = sequence + 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, JournalError::Full { bytes_max: 1_000, .. }), "{full}");
    assert_eq!(full.kind(), ErrorKind::Unavailable);
    assert!(segments(folder.path()).len() > 2 && journal.bytes() <= 1_000);
    journal.release(appended).unwrap();
    assert_eq!(segments(folder.path()).len(), 1);
    assert_eq!(append(&journal, &[8; 100]).unwrap(), appended);
    assert_eq!(read_all(journal, appended), (vec![(appended, vec![8; 100])], 0));
}

#[test]
fn appends_of_many_threads_all_get_their_own_number() {
    let folder = tempfile::tempdir().unwrap();
    let options = JournalOptions { segment_bytes_max: 4_000, ..JournalOptions::default() };
    let (journal, _) = Journal::open(folder.path(), options, |_| 0).unwrap();
    let mut expected: Vec<(u64, Vec<u8>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u8)
            .map(|thread| {
                let journal = journal.clone();
                let payload = move |number: u8| vec![thread, number];
                scope.spawn(move || {
                    let sequence = |number| append(&journal, &payload(number)).unwrap();
                    (0..50).map(|number| (sequence(number), payload(number))).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    expected.sort();
    assert_eq!(expected.last().unwrap().0, 399);
    assert_eq!(read_all(journal, 0), (expected, 0));
}

#[test]
fn nothing_is_removed_before_it_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let options = JournalOptions { segment_bytes_max: 1, ..JournalOptions::default() };
    let (journal, _) = Journal::open(folder.path(), options, |_| 0).unwrap();
    let (fails, kept) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let (failing, keeping) = (Arc::clone(&fails), Arc::clone(&kept));
    journal.before_release(move || {
        keeping.fetch_add(1, Ordering::Relaxed);
        if failing.load(Ordering::Relaxed) { Err(JournalError::Closed) } else { Ok(()) }
    });
    for _ in 0..3 {
        append(&journal, b"entry").unwrap();
    }
    let bytes = journal.bytes();
    assert!(journal.release(2).is_err());
    assert_eq!((journal.bytes(), kept.load(Ordering::Relaxed)), (bytes, 1));
    fails.store(false, Ordering::Relaxed);
    journal.release(2).unwrap();
    assert!(journal.bytes() < bytes);
    journal.release(2).unwrap();
    assert_eq!(kept.load(Ordering::Relaxed), 2, "nothing to remove, nothing to keep");
}
