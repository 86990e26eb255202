//! Paths, folders, globs, URLs, identities and files that have grown.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use headwater_event::ErrorKind;
use headwater_sources::files::{
    Input, Listed, ObjectName, ObjectStores, ReadOptions, ReadRequest, can_resume_at, identify,
    list, look_up, prefix_hash,
};
use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory, path::Path as Key};
use tempfile::TempDir;

use crate::{run, run_identified};

/// The one input that a text stands for.
pub(crate) fn only_input(text: &str) -> Input {
    let listed: Vec<_> = list(&[text.to_owned()], &ObjectStores::none()).collect();
    match listed.as_slice() {
        [Ok(Listed::Input(input))] => input.clone(),
        other => panic!("{text}: {other:?}"),
    }
}

fn folder(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "{}\n").unwrap();
    }
    folder
}

/// What a text stands for: names, `-name: reason` when skipped, `!kind` for an error.
fn names(text: &str, stores: &ObjectStores, strip: &str) -> Vec<String> {
    let show = |listed| match listed {
        Ok(Listed::Input(input)) => Input::name(&input).replace(strip, ""),
        Ok(Listed::Skipped(skipped)) => {
            format!("-{}: {}", skipped.name.replace(strip, ""), skipped.reason)
        }
        Err(error) => format!("!{}", headwater_sources::SourceError::kind(&error)),
    };
    list(&[text.to_owned()], stores).map(show).collect()
}

fn local_names(folder: &Path, text: &str) -> Vec<String> {
    let root = format!("{}/", folder.display());
    names(&format!("{root}{text}"), &ObjectStores::none(), &root)
}

#[test]
fn folders_are_walked_in_order_and_unfinished_files_are_told() {
    let folder = folder(&[
        "b.json",
        "a/2.json",
        "a/10.json",
        ".hidden",
        "c.json.tmp",
        "d.PART",
        "e.swp",
        ".git/x",
    ]);
    assert_eq!(
        local_names(folder.path(), ""),
        [
            "-.git: hidden file",
            "-.hidden: hidden file",
            "a/10.json",
            "a/2.json",
            "b.json",
            "-c.json.tmp: temporary file",
            "-d.PART: temporary file",
            "-e.swp: temporary file",
        ]
    );
    assert_eq!(local_names(folder.path(), ".hidden"), [".hidden"], "named files are always read");
}

#[test]
fn globs_match_files_and_the_content_of_folders() {
    let folder = folder(&["a/1.json", "a/b/2.json", "a/b/3.txt", "4.json", "[5].json", ".6.json"]);
    let check = |text: &str, expected: &[&str]| {
        assert_eq!(local_names(folder.path(), text), expected, "{text}");
    };
    check("*.json", &["4.json", "[5].json"]);
    check("**/*.json", &["4.json", "[5].json", "a/1.json", "a/b/2.json"]);
    check("a/*", &["a/1.json", "a/b/2.json", "a/b/3.txt"]);
    check("[5].json", &["[5].json"]);
    check("?.json", &["4.json"]);
    check("x*", &["!not_found"]);
    check("missing", &["!not_found"]);
    check("a/**x", &["!invalid"]);
}

#[test]
fn links_to_folders_are_not_followed_inside_a_folder() {
    let folder = folder(&["a/1.json"]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
    std::os::unix::fs::symlink("nothing", folder.path().join("a/gone")).unwrap();
    std::os::unix::fs::symlink("1.json", folder.path().join("a/link.json")).unwrap();
    assert_eq!(
        local_names(folder.path(), ""),
        ["a/1.json", "-a/gone: link to nothing", "a/link.json", "-a/loop: link to a folder"]
    );
}

#[test]
fn file_urls_are_decoded() {
    let folder = folder(&["a b+c%.json"]);
    let url = format!("file://{}/a%20b+c%25.json", folder.path().display());
    let expected = format!("{}/a b+c%.json", folder.path().display());
    assert_eq!(names(&url, &ObjectStores::none(), ""), [expected]);
    for invalid in ["file://host/x", "ftp://x/y", "s3://", "http://x"] {
        assert_eq!(names(invalid, &ObjectStores::none(), ""), ["!invalid"], "{invalid}");
    }
    assert_eq!(names("-", &ObjectStores::none(), ""), ["standard input"]);
}

/// A runtime and the stores of a bucket that holds these keys.
fn bucket(keys: &[&str]) -> (tokio::runtime::Runtime, ObjectStores, Arc<InMemory>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let store = Arc::new(InMemory::new());
    for key in keys {
        let content = if key.contains("empty") { "" } else { "{\"a\":1}\n{\"b\":2}\n" };
        runtime.block_on(store.put(&Key::parse(key).unwrap(), content.into())).unwrap();
    }
    let stores = ObjectStores::new(runtime.handle().clone(), []);
    stores.register("s3://bucket", Arc::clone(&store) as Arc<dyn ObjectStore>);
    (runtime, stores, store)
}

#[test]
fn keys_are_decoded_and_listed_in_order() {
    let keys = [
        "logs/b.json",
        "logs/a b.json",
        "logs/a+b.json",
        "logs/100%.json",
        "logs/x%20y.json",
        "logs/deep/c.json",
        "logs/.hidden",
        "logs/empty",
        "logs/star*.json",
        "logs2/z.json",
        "über.json",
    ];
    let (_runtime, stores, _) = bucket(&keys);
    let check = |text: &str, expected: &[&str]| {
        let found = names(&format!("s3://bucket{text}"), &stores, "s3://bucket");
        let found: Vec<&str> = found.iter().map(|name| name.trim_start_matches('/')).collect();
        let found: Vec<String> = found.iter().map(|name| name.replace("-/", "-")).collect();
        assert_eq!(found, expected, "{text}");
        // A name stands for its object and nothing else.
        for name in found.iter().filter(|name| !name.starts_with(['-', '!'])) {
            let again = names(&format!("s3://bucket/{name}"), &stores, "s3://bucket/");
            assert_eq!(again, [name.as_str()]);
        }
    };
    check("/logs/a%20b.json", &["logs/a b.json"]);
    check("/logs/a b.json", &["logs/a b.json"]);
    check("/logs/a+b.json", &["logs/a+b.json"]);
    check("/logs/a%2Bb.json", &["logs/a+b.json"]);
    check("/logs/100%.json", &["logs/100%25.json"]);
    check("/logs/100%25.json", &["logs/100%25.json"]);
    check("/logs/x%2520y.json", &["logs/x%2520y.json"]);
    check("/logs/x%20y.json", &["logs/x%2520y.json"]);
    check("/%C3%BCber.json", &["über.json"]);
    check("/logs2/", &["logs2/z.json"]);
    check("/logs2", &["logs2/z.json"]);
    let all = [
        "-logs/.hidden: hidden file",
        "logs/100%25.json",
        "logs/a b.json",
        "logs/a+b.json",
        "logs/b.json",
        "logs/deep/c.json",
        "-logs/empty: empty object",
        "logs/star%2A.json",
        "logs/x%2520y.json",
    ];
    check("/logs", &all);
    check(
        "/logs/*.json",
        &[
            "logs/100%25.json",
            "logs/a b.json",
            "logs/a+b.json",
            "logs/b.json",
            "logs/star%2A.json",
            "logs/x%2520y.json",
        ],
    );
    check("/logs/**/c.json", &["logs/deep/c.json"]);
    check("/logs/a%20*", &["logs/a b.json"]);
    check("/logs/s?ar%2A.json", &["logs/star%2A.json"]);
    check("/logs/b%2*", &["!not_found"]);
    check("/none/", &["!not_found"]);
    check("/none", &["!not_found"]);
    assert_eq!(list(&["s3://bucket".to_owned()], &stores).count(), keys.len());
    assert_eq!(names("s3://bucket/x", &ObjectStores::none(), ""), ["!invalid"]);
}

/// What an exact key stands for: its URL, `-URL: reason` when skipped, `!kind` for an error.
fn looked_up(key: &str, stores: &ObjectStores) -> String {
    let name = ObjectName { root: "s3://bucket".to_owned(), key: key.to_owned(), version: None };
    match look_up(&name, stores) {
        Ok(Listed::Input(input)) => {
            assert_eq!(*name.url(), **input.name());
            let listed = object(&name.url(), stores);
            assert_eq!(identify(&input).unwrap(), identify(&listed).unwrap(), "{key}");
            key.to_owned()
        }
        Ok(Listed::Skipped(skipped)) => format!("-{}: {}", skipped.name, skipped.reason),
        Err(error) => {
            assert_eq!(error.input(), name.url());
            format!("!{}", error.kind())
        }
    }
}

#[test]
fn exact_keys_are_not_decoded_and_stand_for_one_object() {
    let keys = ["a b", "a+b", "100%", "x%20y", "x%2520y", "s*", "q?[1]", "über", "deep/c"];
    let (_runtime, stores, _) = bucket(&keys);
    for key in keys {
        assert_eq!(looked_up(key, &stores), key);
    }
    for gone in ["a%20b", "100%25", "s%2A", "deep", "s", "x y", "*", "gone/deep/c"] {
        assert_eq!(looked_up(gone, &stores), "!not_found", "{gone}");
    }
    // The client library cannot ask for such keys, and must not ask for others instead.
    for inexpressible in ["/a b", "deep//c", "./a b", "deep/../a b", "a b/", "line\nfeed"] {
        assert_eq!(looked_up(inexpressible, &stores), "!invalid", "{inexpressible}");
    }
}

#[test]
fn exact_keys_are_left_out_as_in_a_listing() {
    let (_runtime, stores, _) = bucket(&["logs/empty", "logs/.hidden", "logs/a.tmp", "x/.y/z"]);
    let skipped = |name: &str, reason: &str| {
        assert_eq!(looked_up(name, &stores), format!("-s3://bucket/{name}: {reason}"));
    };
    skipped("logs/empty", "empty object");
    skipped("logs/.hidden", "hidden file");
    skipped("logs/a.tmp", "temporary file");
    assert_eq!(looked_up("x/.y/z", &stores), "x/.y/z");
    assert_eq!(looked_up("x", &ObjectStores::none()), "!invalid");
}

fn read_object(input: &Input, stores: &ObjectStores) -> Result<Vec<String>, ErrorKind> {
    let options = ReadOptions::default();
    let identity = identify(input).unwrap();
    let request = ReadRequest {
        input,
        identity: identity.as_ref(),
        options: &options,
        stores,
        skip_frames: 0,
        from_byte: 0,
    };
    run(request).map(|run| run.frames()).map_err(|error| error.kind())
}

fn object(text: &str, stores: &ObjectStores) -> Input {
    match list(&[text.to_owned()], stores).next() {
        Some(Ok(Listed::Input(input))) => input,
        other => panic!("{other:?}"),
    }
}

#[test]
fn objects_are_read_by_range_and_only_in_the_listed_version() {
    let (runtime, stores, store) = bucket(&["a b.json"]);
    let input = object("s3://bucket/a b.json", &stores);
    assert_eq!(read_object(&input, &stores).unwrap(), ["{\"a\":1}", "{\"b\":2}"]);

    let large = "{\"number\":12345678901234567890}\n".repeat(600_000);
    let key = Key::from("large.json");
    runtime.block_on(store.put(&key, large.into())).unwrap();
    let input = object("s3://bucket/large.json", &stores);
    assert_eq!(read_object(&input, &stores).unwrap().len(), 600_000);

    runtime.block_on(store.put(&key, "{}".into())).unwrap();
    assert_eq!(read_object(&input, &stores), Err(ErrorKind::Conflict));
    runtime.block_on(store.delete(&key)).unwrap();
    assert_eq!(read_object(&input, &stores), Err(ErrorKind::NotFound));
}

#[test]
fn identities_follow_content_and_version() {
    let folder = folder(&["a", "b", "c"]);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let identity = |name: &str| identify(&only_input(&path(name))).unwrap().unwrap();
    assert_eq!(identity("a"), identity("b"), "a copy is the same file");
    assert!(identity("a").partition().starts_with("file/"));
    assert_eq!(identity("a").partition().len(), "file/".len() + 64);
    assert_eq!(identity("a").bytes(), Some(3));
    fs::write(path("c"), "{} ").unwrap();
    assert_ne!(identity("a"), identity("c"));
    assert_eq!(identify(&Input::standard(None)).unwrap(), None);
    assert!(identify(&Input::standard(Some("x".to_owned()))).unwrap().is_some());

    let (runtime, stores, store) = bucket(&["x.json", "y.json"]);
    let identity =
        |key: &str| identify(&object(&format!("s3://bucket/{key}"), &stores)).unwrap().unwrap();
    let before = identity("x.json");
    assert_eq!(before, identity("x.json"));
    assert_ne!(before, identity("y.json"));
    runtime.block_on(store.put(&Key::from("x.json"), "{\"a\":1}\n{\"b\":2}\n".into())).unwrap();
    assert_ne!(before, identity("x.json"), "a new version is a new object");
}

#[test]
fn a_file_is_read_as_far_as_it_was_identified() {
    let folder = folder(&["x.json"]);
    let path = folder.path().join("x.json");
    let input = only_input(path.to_str().unwrap());
    let identity = identify(&input).unwrap().unwrap();
    fs::write(&path, "{}\n{\"late\":1}\n").unwrap();
    assert_eq!(run_identified(&input, &identity, 0).unwrap().frames(), ["{}"]);
    fs::write(&path, "{").unwrap();
    let error = run_identified(&input, &identity, 0).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    fs::remove_file(&path).unwrap();
    assert_eq!(identify(&input).unwrap_err().kind(), ErrorKind::NotFound);
}

/// Writes `before`, notes its identity, appends, and reads what was appended; `None` when the file
/// cannot be resumed at that place.
fn appended(name: &str, before: &str, after: &str) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, before).unwrap();
    let known = identify(&only_input(path.to_str().unwrap())).unwrap().unwrap();
    let bytes = known.bytes().unwrap();
    fs::write(&path, format!("{before}{after}")).unwrap();
    assert_eq!(prefix_hash(&path, bytes).unwrap(), Some(known.clone()));
    assert_eq!(prefix_hash(&path, bytes + 1_000_000).unwrap(), None);
    assert_ne!(prefix_hash(&path, bytes - 1).unwrap(), Some(known));
    can_resume_at(&path, bytes, &ReadOptions::default()).unwrap().then(|| {
        let input = only_input(path.to_str().unwrap());
        let identity = identify(&input).unwrap().unwrap();
        run_identified(&input, &identity, bytes).unwrap().frames()
    })
}

#[test]
fn a_grown_file_can_be_read_from_where_it_ended() {
    let check = |name: &str, before: &str, after: &str, expected: Option<&[&str]>| {
        let found = appended(name, before, after);
        assert_eq!(
            found.as_deref(),
            expected
                .map(|frames| frames.iter().map(ToString::to_string).collect::<Vec<_>>())
                .as_deref(),
            "{name}"
        );
    };
    check(
        "lines.json",
        "{\"a\":1}\n{\"b\":2}\n",
        "{\"c\":3}\n{\"d\":4}\n",
        Some(&["{\"c\":3}", "{\"d\":4}"]),
    );
    check(
        "x.log",
        "one\ntwo\n",
        "{not json\n",
        Some(&["{not json => {\"message\":\"{not json\"}"]),
    );
    check("x.csv", "a,b\n1,2\n", "3,4\n", Some(&["3,4 => {\"a\":\"3\",\"b\":\"4\"}"]));
    check(
        "zeek.log",
        "#path\tx\n#fields\ta\tb\n1\t2\n",
        "3\t4\n",
        Some(&["3\t4 => {\"_path\":\"x\",\"a\":\"3\",\"b\":\"4\"}"]),
    );
    check("cut.log", "one\ntw", "o\n", None);
    check("list.json", "[{\"a\":1}\n", ",{\"b\":2}]", None);
    check("pretty.json", "{\n \"a\": 1\n", "}\n", None);
}
