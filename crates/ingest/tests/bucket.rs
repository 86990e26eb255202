//! A bucket is followed through its queue, on a real S3 and SQS server that verifies signatures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use headwater_event::{ErrorKind, Timestamp};
use headwater_ingest::{
    BucketReport, IngestContext, IngestError, IngestOptions, Progress, follow, ingest,
};
use headwater_lake::{Lake, LakeOptions, WriterOptions};
use headwater_pipeline::{Pipeline, PipelineOptions};
use headwater_sources::files::ObjectStores;
use headwater_sources::sigv4::{AwsKey, SecretKey};
use headwater_sources::sqs::{SqsOptions, SqsQueue};
use headwater_testkit::{S3ServerWithQueue, python, repository};
use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Notify;

/// A test that hangs fails after this time.
const TEST_TIMEOUT: Duration = Duration::from_secs(120);

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}

/// A bucket with its queue, and a local lake.
struct Followed {
    real: S3ServerWithQueue,
    folder: TempDir,
    runtime: Runtime,
}

impl Followed {
    fn start() -> Self {
        Self {
            real: S3ServerWithQueue::start("drop", "told"),
            folder: tempfile::tempdir().unwrap(),
            runtime: Runtime::new().unwrap(),
        }
    }

    /// Runs a command of the counterpart; returns what it prints.
    fn counterpart(&self, arguments: &[&str], input: &str) -> String {
        let mut child = Command::new(python())
            .arg(repository().join("tests/counterparts/bucket_queue.py"))
            .args(arguments)
            .envs(self.real.server.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Sends messages to the queue.
    fn tell(&self, messages: &[String]) {
        let endpoint = &self.real.server.endpoint;
        self.counterpart(&["tell", endpoint, &self.real.queue_url], &messages.join("\n"));
    }

    /// Rows in `events`, different ones, rows in `rejects`.
    fn rows(&self) -> String {
        self.counterpart(&["rows", self.folder.path().to_str().unwrap()], "")
    }

    fn context(&self, runtime: &Handle) -> IngestContext {
        let options = self.real.server.environment();
        let options =
            options.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        let lake = self.folder.path().to_str().unwrap();
        IngestContext {
            lake: Lake::open(lake, LakeOptions::default()).unwrap(),
            pipeline: Arc::new(Pipeline::new(Vec::new(), PipelineOptions::default()).unwrap()),
            stores: ObjectStores::new(runtime.clone(), options),
            writer: WriterOptions::default(),
            now,
        }
    }

    fn queue(&self, secret: &str) -> SqsQueue {
        let key = AwsKey {
            id: self.real.server.key_id.clone(),
            secret: SecretKey::from_text(secret.to_owned()),
            session_token: None,
        };
        let options = SqsOptions {
            queue_url: self.real.queue_url.clone(),
            region: "us-east-1".to_owned(),
            key,
            visibility_timeout: SqsOptions::VISIBILITY_TIMEOUT,
        };
        SqsQueue::new(options, now).unwrap()
    }

    /// Follows the queue until `messages` messages were received; returns the sum of the reports.
    fn follow(&self, messages: u64) -> Result<BucketReport, IngestError> {
        self.follow_as(&self.real.server.key_secret, messages)
    }

    fn follow_as(&self, secret: &str, messages: u64) -> Result<BucketReport, IngestError> {
        self.runtime.block_on(async {
            let context = self.context(&Handle::current());
            let queue = self.queue(secret);
            let stop = Notify::new();
            let mut sum = BucketReport::default();
            let on_batch = |report: &BucketReport| {
                add(&mut sum, report);
                if sum.messages >= messages {
                    stop.notify_one();
                }
            };
            let options = IngestOptions { workers: 2, ..IngestOptions::default() };
            let followed = follow(&context, &queue, &options, stop.notified(), on_batch);
            tokio::time::timeout(TEST_TIMEOUT, followed).await.expect("it stops")?;
            Ok(sum)
        })
    }
}

fn add(sum: &mut BucketReport, report: &BucketReport) {
    sum.messages += report.messages;
    sum.messages_deleted += report.messages_deleted;
    sum.messages_unreadable += report.messages_unreadable;
    sum.objects += report.objects;
    sum.objects_gone += report.objects_gone;
    sum.ingest.events += report.ingest.events;
    sum.ingest.files += report.ingest.files;
    sum.ingest.files_skipped += report.ingest.files_skipped;
    sum.ingest.failed.extend(report.ingest.failed.iter().cloned());
    sum.ingest.ignored.extend(report.ingest.ignored.iter().cloned());
}

/// A notification as S3 sends it; `key` is encoded already.
fn notification(bucket: &str, key: &str, version: Option<&str>) -> String {
    let version = version.map_or(String::new(), |id| format!(r#","versionId":"{id}""#));
    format!(
        r#"{{"Records":[{{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{{"bucket":{{"name":"{bucket}"}},"object":{{"key":"{key}"{version}}}}}}}]}}"#
    )
}

#[test]
fn every_object_is_read_once_however_often_it_is_told() {
    let followed = Followed::start();
    let endpoint = &followed.real.server.endpoint;
    followed.counterpart(&["put", endpoint, "drop", "100"], "");
    // The bucket's test message comes first.
    let report = followed.follow(101).unwrap();
    assert_eq!((report.messages, report.messages_deleted), (101, 101), "{report:?}");
    assert_eq!((report.objects, report.ingest.files, report.ingest.events), (100, 100, 1_000));
    assert_eq!(followed.rows(), "1000 1000 0");

    // Everything is told again by the same and by other ways, with some that cannot be done.
    let plain = (14..100).map(|number| format!("in%2Fplain-{number}.json.gz"));
    let odd = ["in/with+space", "in/day%3D01/x", "in/percent%25", "in/once%253Donly"];
    let keys = plain.chain(odd.map(|key| format!("{key}.json.gz")));
    let mut told: Vec<String> = keys.map(|key| notification("drop", &key, None)).collect();
    let bridge = r#"{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"drop"},"object":{"key":"in/what?*[1]#.json.gz"}}}"#;
    let topic = r#"{"Type":"Notification","TopicArn":"arn:aws:sns:us-east-1:1:t","Message":"{\"Records\":[]}"}"#;
    told.extend([bridge.to_owned(), topic.to_owned()]);
    told.push(notification("drop", "in%2Fgone.json.gz", None));
    told.push(notification("drop", "in", None));
    told.push(notification("no-such-bucket", "in%2Fplain-14.json.gz", None));
    told.push(notification("drop", "in%2F%2Fempty-part", None));
    told.push("no notification".to_owned());
    followed.tell(&told);
    let report = followed.follow(97).unwrap();
    let messages = (report.messages, report.messages_deleted, report.messages_unreadable);
    assert_eq!(messages, (97, 94, 1), "{report:?}");
    assert_eq!((report.objects, report.objects_gone), (95, 2), "{report:?}");
    assert_eq!((report.ingest.files, report.ingest.files_skipped), (0, 91));
    let failed: Vec<_> =
        report.ingest.failed.iter().map(|failed| (&*failed.name, failed.kind)).collect();
    let (nowhere, inexpressible) =
        ("s3://no-such-bucket/in/plain-14.json.gz", "s3://drop/in//empty-part");
    assert_eq!(failed, [(nowhere, ErrorKind::Unavailable), (inexpressible, ErrorKind::Invalid)]);
    assert_eq!(followed.rows(), "1000 1000 0");
}

#[test]
fn versions_are_read_as_they_were_told() {
    let followed = Followed::start();
    followed.follow(1).unwrap();
    let endpoint = &followed.real.server.endpoint;
    let versions = followed.counterpart(&["overwrite", endpoint, "kept", "k.json.gz"], "");
    let versions: Vec<&str> = versions.lines().collect();
    let told = [versions[0], versions[1], versions[0]];
    let told = told.map(|version| notification("kept", "k.json.gz", Some(version)));
    followed.tell(&told);
    let report = followed.follow(3).unwrap();
    assert_eq!((report.messages_deleted, report.objects, report.ingest.files), (3, 2, 2));
    assert_eq!(followed.rows(), "20 20 0");
    // A listing tells no versions, and finds the same object.
    let report = followed.runtime.block_on(async {
        let (context, options) = (followed.context(&Handle::current()), IngestOptions::default());
        let inputs = ["s3://kept/".to_owned()];
        ingest(&context, &inputs, &options, &Arc::new(Progress::default())).await.unwrap()
    });
    assert_eq!((report.files, report.files_skipped), (0, 1), "{report:?}");
}

#[test]
fn what_waiting_does_not_change_ends_it() {
    let followed = Followed::start();
    let error = followed.follow_as("wrong", 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error:?}");
}
