//! The drop folder.

use std::fs;
use std::path::Path;
use std::time::Duration;

use headwater_event::Timestamp;
use headwater_sources::files::{ObjectStores, Watcher};

fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn names(watcher: &mut Watcher, now: i64) -> Vec<String> {
    let poll = watcher.poll(seconds(now));
    assert!(poll.errors.is_empty(), "{:?}", poll.errors);
    let file_name =
        |name: &str| Path::new(name).file_name().unwrap().to_string_lossy().into_owned();
    poll.settled.iter().map(|input| file_name(input.name())).collect()
}

#[test]
fn a_file_is_yielded_once_it_has_settled_and_again_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
    let texts = vec![folder.path().display().to_string()];
    let mut watcher = Watcher::new(texts, ObjectStores::none(), Duration::from_secs(10));
    assert_eq!(watcher.next_poll(), None);
    write("a", "1");
    assert!(names(&mut watcher, 0).is_empty(), "seen once");
    assert_eq!(watcher.next_poll(), Some(seconds(10)));
    write("b", "1");
    assert!(names(&mut watcher, 9).is_empty(), "no poll is due");
    assert_eq!(names(&mut watcher, 10), ["a"]);
    write("b", "12");
    assert!(names(&mut watcher, 20).is_empty(), "b is still written to");
    assert_eq!(names(&mut watcher, 30), ["b"]);
    assert!(names(&mut watcher, 40).is_empty(), "all known");
    write("a", "1 and more");
    assert!(names(&mut watcher, 50).is_empty());
    assert_eq!(names(&mut watcher, 60), ["a"]);
    fs::remove_file(folder.path().join("a")).unwrap();
    assert!(names(&mut watcher, 70).is_empty());
}

#[test]
fn a_pattern_without_matches_waits() {
    let folder = tempfile::tempdir().unwrap();
    let texts = vec![format!("{}/*.json", folder.path().display())];
    let mut watcher = Watcher::new(texts, ObjectStores::none(), Duration::from_secs(1));
    assert!(names(&mut watcher, 0).is_empty());
    fs::write(folder.path().join("x.json"), "{}").unwrap();
    assert!(names(&mut watcher, 1).is_empty());
    assert_eq!(names(&mut watcher, 2), ["x.json"]);
}

#[test]
fn an_error_is_reported_and_forgets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x"), "{}").unwrap();
    let texts = vec![folder.path().display().to_string(), "ftp://nowhere/x".to_owned()];
    let mut watcher = Watcher::new(texts, ObjectStores::none(), Duration::from_secs(1));
    let settled = |watcher: &mut Watcher, now| {
        let poll = watcher.poll(seconds(now));
        assert_eq!(poll.errors.len(), 1);
        poll.settled.len()
    };
    assert_eq!(settled(&mut watcher, 0), 0);
    assert_eq!(settled(&mut watcher, 1), 1);
    assert_eq!(settled(&mut watcher, 2), 0);
}
