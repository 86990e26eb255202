//! Names are taken once: in one process, over restarts, and within bounds.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::sync::mpsc;

use headwater_journal::JournalOptions;

use super::*;
use crate::envelope_batch::EnvelopeBatchBuilder;

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

fn after(time: Duration) -> Timestamp {
    Timestamp::from_micros(NOW.as_micros() + i64::try_from(time.as_micros()).unwrap())
}

fn name(number: usize) -> RequestName {
    RequestName::of(&[b"test", &number.to_le_bytes()])
}

/// Takes a new request.
fn take(requests: &SeenRequests, number: usize, answer: &[u8], now: Timestamp) {
    let Seen::Never(claim) = requests.look(name(number), now) else { panic!("{number} is new") };
    let answered = claim.answered(answer, now);
    claim.keep(answered);
}

fn is_known(requests: &SeenRequests, number: usize, now: Timestamp) -> bool {
    matches!(requests.look(name(number), now), Seen::Before(_))
}

#[test]
fn a_name_is_taken_once_unless_its_request_fails() {
    let requests = SeenRequests::default();
    let one = RequestName::of(&[b"api", b"key"]);
    assert_ne!(one, RequestName::of(&[b"apik", b"ey"]));
    let Seen::Never(claim) = requests.look(one, NOW) else { panic!("it is new") };
    assert!(matches!(requests.look(one, NOW), Seen::Now));
    drop(claim);
    let Seen::Never(claim) = requests.look(one, NOW) else { panic!("it is free again") };
    let answered = claim.answered(b"done", NOW);
    claim.keep(answered);
    let Seen::Before(answer) = requests.look(one, NOW) else { panic!("it was taken") };
    assert_eq!(&*answer, b"done");
}

#[test]
fn number_age_and_bytes_are_bounded() {
    let requests = SeenRequests::default();
    for number in 0..NAMES_MAX + 2 {
        take(&requests, number, b"", NOW);
    }
    assert_eq!(requests.lock().answers.len(), NAMES_MAX);
    assert!(!is_known(&requests, 1, NOW) && is_known(&requests, 2, NOW));
    assert!(is_known(&requests, 2, after(AGE_MAX)));
    assert!(!is_known(&requests, 2, after(AGE_MAX + Duration::from_micros(1))));

    let requests = SeenRequests::default();
    let answer = vec![b' '; ANSWERS_BYTES_MAX / 4];
    for number in 0..5 {
        take(&requests, number, &answer, NOW);
    }
    assert!(!is_known(&requests, 0, NOW) && is_known(&requests, 1, NOW));
}

/// A journal whose every entry is a segment of its own, and what is known of names.
fn open(folder: &Path, released: u64) -> (Journal, SeenRequests) {
    let options = JournalOptions { segment_bytes_max: 1, ..JournalOptions::default() };
    let journal = loop {
        // The thread of the one before may not have ended yet.
        match Journal::open(&folder.join("journal"), options, |_| released) {
            Err(JournalError::InUse { .. }) => std::thread::yield_now(),
            opened => break opened.unwrap().0,
        }
    };
    let requests = SeenRequests::open(folder.join("names"), &journal, NOW).unwrap();
    (journal, requests)
}

/// Stores a request as the intake does.
fn store(journal: &Journal, requests: &SeenRequests, number: usize) {
    let Seen::Never(claim) = requests.look(name(number), NOW) else { panic!("{number} is new") };
    let answered = claim.answered(number.to_string().as_bytes(), NOW);
    let batch = EnvelopeBatchBuilder::new(0, NOW).finish(Vec::new());
    let payload = batch.encode_named(&answered);
    let (sender, told) = mpsc::channel();
    let keep = move |stored: Result<u64, JournalError>| {
        claim.keep(answered);
        sender.send(stored.unwrap()).unwrap();
    };
    journal.append(payload.into(), keep).unwrap();
    told.recv().unwrap();
}

#[test]
fn names_outlive_the_process_and_the_journal_entries() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, requests) = open(folder.path(), 0);
    for number in 0..4 {
        store(&journal, &requests, number);
    }
    drop((journal, requests));
    // After a crash before anything was committed, only the journal knows them.
    assert!(!folder.path().join("names").exists());
    let (journal, requests) = open(folder.path(), 3);
    assert!((0..4).all(|number| is_known(&requests, number, NOW)));
    let bytes = journal.bytes();
    journal.release(3).unwrap();
    assert!(journal.bytes() < bytes && folder.path().join("names").exists());
    store(&journal, &requests, 4);
    drop((journal, requests));
    // Some only the file knows, some only the journal.
    let (journal, requests) = open(folder.path(), 5);
    assert!((0..5).all(|number| is_known(&requests, number, NOW)));
    let Seen::Before(answer) = requests.look(name(2), NOW) else { panic!("it was taken") };
    assert_eq!(&*answer, b"2");
    drop((journal, requests));
}

#[test]
fn a_damaged_file_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, requests) = open(folder.path(), 0);
    for number in 0..3 {
        store(&journal, &requests, number);
    }
    journal.release(2).unwrap();
    drop((journal, requests));
    let path = folder.path().join("names");
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (_journal, requests) = open(folder.path(), 2);
    assert!(!is_known(&requests, 0, NOW) && is_known(&requests, 2, NOW));
    assert!(folder.path().join("names.damaged").exists());
}
