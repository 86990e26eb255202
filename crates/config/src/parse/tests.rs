//! Good and bad settings files, with the whole text of every message.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::Duration;

use crate::config::Config;
use crate::file::{Durability, LogFormat, LogLevel};

fn load(text: &str) -> Result<Config, String> {
    Config::from_yaml(text, Path::new("headwater.yaml")).map_err(|error| error.to_string())
}

#[test]
fn every_setting_is_taken() {
    let config = load(
        "\
lake:
  url: s3://bucket/lake
  storage:
    aws_region: eu-central-1
    account: 0123456
    aws_secret_access_key: file:/nowhere/key
  durability: none
aliases: [security]
plugins:
  folder: ./plugins
ingest:
  workers: 4
  buffer_bytes_max: 64MiB
  record_bytes_max: 1MB
  keep_raw: false
  raw_off_for: [vpcflow]
  records_keys: [Records, events]
query:
  memory_bytes_max: 512MiB
  timeout: 90s
  rows_max: 1000
  spill_folder: /spill
log:
  format: json
  level: debug
",
    )
    .unwrap();
    assert_eq!(config.lake.url, "s3://bucket/lake");
    assert_eq!(config.lake.durability, Durability::None);
    let environment = crate::Environment::default();
    let account = config.lake.storage.get("account").cloned();
    assert_eq!(account, Some(crate::StorageValue::Text(crate::Secret::new("0123456".to_owned()))));
    let error = config.storage_options(&environment).unwrap_err();
    assert_eq!(
        error.to_string(),
        "lake.storage.aws_secret_access_key: failed to read secret file `/nowhere/key`"
    );
    assert_eq!(config.aliases, ["security"]);
    assert_eq!(config.plugins.folder.unwrap(), Path::new("./plugins"));
    assert_eq!(config.ingest.workers.unwrap().get(), 4);
    assert_eq!(config.ingest.buffer_bytes_max, 64 << 20);
    assert_eq!(config.ingest.record_bytes_max, 1_000_000);
    assert!(!config.ingest.keep_raw);
    assert!(config.ingest.raw_off_for.contains("vpcflow"));
    assert_eq!(config.ingest.records_keys, ["Records", "events"]);
    assert_eq!(config.query.memory_bytes_max, 512 << 20);
    assert_eq!(config.query.timeout, Some(Duration::from_secs(90)));
    assert_eq!(config.query.rows_max, Some(1000));
    assert_eq!(config.query.spill_folder.unwrap(), Path::new("/spill"));
    assert_eq!((config.log.format, config.log.level), (LogFormat::Json, LogLevel::Debug));
}

#[test]
fn what_a_file_leaves_out_is_the_default() {
    for text in ["", "# nothing\n", "{}", "log: {}", "lake: {storage: {}}"] {
        let mut config = load(text).unwrap();
        config.file = None;
        assert_eq!(config, Config::default(), "{text}");
    }
}

#[test]
fn null_takes_a_limit_away() {
    let config = load("query: {timeout: null, rows_max: ~}").unwrap();
    assert_eq!((config.query.timeout, config.query.rows_max), (None, None));
}

#[test]
fn relative_paths_start_at_the_file() {
    let text = "lake: {url: lake, storage: {token: 'file:token'}}\nplugins: {folder: plugins}";
    let config = Config::from_yaml(text, Path::new("/etc/headwater/h.yaml")).unwrap();
    assert_eq!(config.lake.url, "/etc/headwater/lake");
    assert_eq!(config.plugins.folder.unwrap(), Path::new("/etc/headwater/plugins"));
    assert!(format!("{:?}", config.lake.storage).contains("/etc/headwater/token"));
    // The default is not of the file.
    let config = Config::from_yaml("", Path::new("/etc/headwater/h.yaml")).unwrap();
    assert_eq!(config.lake.url, "./lake");
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let message = load(text).unwrap_err().replace("headwater.yaml:", "");
    assert_eq!(message, expected, "\n{text}");
}

#[test]
fn unknown_names_are_errors_with_the_nearest_one() {
    check(
        "query:\n  timout: 5m\n",
        "2:3: query.timout: there is no such setting (did you mean `timeout`?)",
    );
    check(
        "qeury:\n  timeout: 5m\n",
        "1:1: qeury: there is no such setting (did you mean `query`?)",
    );
    check(
        "log: {level: info, colour: red}\n",
        "1:20: log.colour: there is no such setting (known are format, level)",
    );
    check(
        "lake:\n  url: x\n\n  # note\n  url_of_lake: y\n",
        "5:3: lake.url_of_lake: there is no such setting (known are url, storage, durability)",
    );
    check(
        "log:\n  level: inf\n",
        "2:10: log.level: `inf` is not one of error, warn, info, debug, trace \
         (did you mean `info`?)",
    );
    check("log:\n  format: xml\n", "2:11: log.format: `xml` is not one of text, json");
}

#[test]
fn wrong_types_are_errors() {
    let section = "expected settings below it (write `name: value`, or leave the line out)";
    check("lake: []\n", &format!("1:7: lake: {section}"));
    check("lake:\n", &format!("1:5: lake: {section}"));
    check("- lake\n", &format!("1:1: {section}"));
    check("aliases: one\n", "1:10: aliases: expected a list (write [one, two])");
    check("ingest:\n  keep_raw: maybe\n", "2:13: ingest.keep_raw: expected true or false");
    check("ingest:\n  workers: many\n", "2:12: ingest.workers: is not a whole number from 0");
    check("query:\n  rows_max: -1\n", "2:13: query.rows_max: is not a whole number from 0");
    check("lake:\n  url:\n", "2:6: lake.url: has no value");
}

#[test]
fn sizes_and_times_say_how_they_are_written() {
    check(
        "query:\n  timeout: 30\n",
        "2:12: query.timeout: `30` has no unit: write 30s for seconds",
    );
    check(
        "query:\n  timeout: soon\n",
        "2:12: query.timeout: `soon` is not a length of time: write 500ms, 30s, 5m, 12h or 7d",
    );
    check(
        "query:\n  memory_bytes_max: 1.5GB\n",
        "2:21: query.memory_bytes_max: `1.5GB` is not a size: write 64MiB, 256MB or 1GiB",
    );
}

#[test]
fn values_out_of_range_are_found_together() {
    check(
        "\
ingest:
  workers: 0
  buffer_bytes_max: 1KiB
  record_bytes_max: 2GiB
  records_keys: [Records, '', Records]
  hidden_columns: 2000
query:
  timeout: 0s
  rows_max: 0
  memory_bytes_max: 1MiB
lake: {url: ''}
plugins: {folder: ''}
",
        "2:3: ingest.workers: 0 is not between 1 and 1024
3:3: ingest.buffer_bytes_max: 1KiB is not between 64KiB and 1TiB
4:3: ingest.record_bytes_max: 2GiB is not between 1KiB and 1GiB
5:27: ingest.records_keys[1]: is empty
5:31: ingest.records_keys[2]: `Records` is given twice
6:3: ingest.hidden_columns: 2000 is more than 1024
8:3: query.timeout: is zero (write `null` for no limit)
9:3: query.rows_max: is zero (write `null` for no limit)
10:3: query.memory_bytes_max: 1MiB is not between 16MiB and 16TiB
11:8: lake.url: is empty (write a folder or a URL like s3://bucket/path)
12:11: plugins.folder: is empty (leave the line out for no folder)",
    );
}

#[test]
fn secrets_do_not_belong_in_the_file_and_are_not_repeated() {
    let hint = "is a secret, which does not belong in the file \
                (write where it is: env:NAME or file:/path)";
    for name in
        ["aws_secret_access_key", "account_key", "sas_token", "customer_key_base64", "TOKEN"]
    {
        check(
            &format!("lake: {{storage: {{{name}: hunter2}}}}"),
            &format!("1:18: lake.storage.{name}: {hint}"),
        );
    }
    check(
        "lake: {storage: {token: 'env:'}}",
        "1:25: lake.storage.token: `env:` needs the name of a variable",
    );
    for text in [
        "lake: {storage: hunter2}",
        "lake: {storage: [hunter2]}",
        "lake: {storage: {token: [hunter2]}}",
        "lake: {storage: {token: {a: hunter2}}}",
        "lake: {storage: {token: hunter2, token: hunter2}}",
        "lake: {storage: {token: !!int hunter2}}",
        "lake: {storage: {token: !!binary hunter2}}",
        "lake: {storage: {token: !hunter hunter2}}",
        "lake: {storage: {? [hunter2] : a}}",
        "lake: {storage: {token: hunter2",
        "lake: {storage: {token: \"hunter2}}",
    ] {
        let message = load(text).unwrap_err();
        assert!(!message.contains("hunter2"), "{text}: {message}");
    }
}

#[test]
fn broken_yaml_names_the_place() {
    check("log: {level: info\n", "1:6: not valid YAML: unclosed bracket '{'");
    check(
        "log:\n\tlevel: info\n",
        "2:2: not valid YAML: tabs disallowed within this context (block indentation)",
    );
    check("lake:\n  url: a\n  url: b\n", "3:3: lake.url: is given twice");
    check("log: {}\n---\nlog: {}\n", "3:1: expected one document, not several");
    check("log: *x\n", "1:6: not valid YAML: alias references unknown anchor");
}
