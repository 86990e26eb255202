//! A real Apache Kafka broker, from the jars that `scripts/setup.sh` fetches.

use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::{jars, python, repository};

/// A broker with topics on free loopback ports; stops when dropped.
#[derive(Debug)]
pub struct KafkaBroker {
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
    /// `HOST:PORT` without TLS.
    pub plain: String,
    /// `HOST:PORT` with TLS and SASL: SCRAM-SHA-512, user `headwater`.
    pub secure: String,
    /// The certificate's authority in PEM.
    pub authority: PathBuf,
}

impl KafkaBroker {
    /// The password of the user `headwater`.
    pub const PASSWORD: &'static str = "secret of kafka";

    /// Starts a broker with these topics and numbers of partitions.
    ///
    /// # Panics
    /// When it does not start: `make test` installs what it needs.
    #[must_use]
    pub fn start(topics: &[(&str, u32)]) -> Self {
        let mut process = Command::new(python())
            .arg(repository().join("tests/counterparts/kafka_broker.py"))
            .arg(jars("kafka"))
            .args(topics.iter().map(|(name, partitions)| format!("{name}:{partitions}")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the broker starts");
        let mut answers = BufReader::new(process.stdout.take().expect("its output"));
        let mut line = String::new();
        answers.read_line(&mut line).expect("its addresses");
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let [plain, secure, authority] =
            words.try_into().expect("two addresses and a file: the broker did not start");
        let commands = process.stdin.take();
        let folder = tempfile::tempdir().expect("a folder");
        let authority = authority.into();
        Self { process, commands, answers, folder, plain, secure, authority }
    }

    /// Sends messages, and waits until the broker has them. Equal messages go to one partition.
    ///
    /// # Panics
    /// When it does not take them.
    pub fn send(&mut self, topic: &str, messages: &str) {
        self.send_with(topic, messages, "");
    }

    /// The same, to one partition.
    ///
    /// # Panics
    /// When it does not take them.
    pub fn send_to(&mut self, topic: &str, partition: u32, messages: &str) {
        self.send_with(topic, messages, &format!(" {partition}"));
    }

    fn send_with(&mut self, topic: &str, messages: &str, partition: &str) {
        let file = self.folder.path().join("messages");
        std::fs::write(&file, messages).expect("a file");
        let command = format!("send {topic} {}{partition}", file.display());
        assert_eq!(self.ask(&command), "done");
    }

    /// Deletes the messages of a partition before an offset.
    ///
    /// # Panics
    /// When it does not.
    pub fn truncate(&mut self, topic: &str, partition: u32, offset: u64) {
        assert_eq!(self.ask(&format!("truncate {topic} {partition} {offset}")), "done");
    }

    /// The offsets that a group told: `topic/partition` to offset.
    ///
    /// # Panics
    /// When the broker does not know the group.
    #[must_use]
    pub fn offsets(&mut self, group: &str) -> Value {
        serde_json::from_str(&self.ask(&format!("offsets {group}"))).expect("an object")
    }

    fn ask(&mut self, command: &str) -> String {
        let commands = self.commands.as_mut().expect("the broker runs");
        writeln!(commands, "{command}").expect("the broker listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("an answer");
        answer.trim().to_owned()
    }
}

impl Drop for KafkaBroker {
    fn drop(&mut self) {
        // It ends when its input closes, and takes the broker with it.
        self.commands = None;
        let _ = self.process.wait();
    }
}
