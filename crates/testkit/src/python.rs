//! Counterparts written in Python, from the environment that `scripts/setup.sh` makes.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::repository;

/// The Python interpreter with the packages of `tests/requirements.txt`: from `$HEADWATER_VENV`,
/// else `.venv` in the repository.
///
/// # Panics
/// When it is missing: `make test` installs it.
#[must_use]
pub fn python() -> PathBuf {
    let folder = std::env::var_os("HEADWATER_VENV")
        .map_or_else(|| repository().join(".venv"), PathBuf::from);
    let python = folder.join("bin/python");
    assert!(
        python.exists(),
        "{} is missing: run `make test` or scripts/setup.sh",
        python.display()
    );
    python
}

/// A real S3 server (moto) on a free loopback port, with one bucket; stops when dropped.
#[derive(Debug)]
pub struct S3Server {
    process: Child,
    /// `http://127.0.0.1:PORT`
    pub endpoint: String,
    /// Id of the access key to use.
    pub key_id: String,
    /// Its secret.
    pub key_secret: String,
}

/// A real S3 server whose bucket tells new objects to an SQS queue. Requests must be signed.
#[derive(Debug)]
pub struct S3ServerWithQueue {
    /// The server.
    pub server: S3Server,
    /// URL of the queue.
    pub queue_url: String,
}

impl S3ServerWithQueue {
    /// Starts the server and makes `bucket` and `queue`.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(bucket: &str, queue: &str) -> Self {
        let (mut server, mut output) = S3Server::run(&[bucket, queue]);
        let mut line = String::new();
        output.read_line(&mut line).expect("the queue and the key");
        let parts: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let [queue_url, key_id, key_secret] =
            parts.try_into().expect("URL of the queue, id and secret of the key");
        server.key_id = key_id;
        server.key_secret = key_secret;
        Self { server, queue_url }
    }
}

impl S3Server {
    /// Starts the server and makes `bucket`.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(bucket: &str) -> Self {
        Self::run(&[bucket]).0
    }

    fn run(arguments: &[&str]) -> (Self, impl BufRead + use<>) {
        let script = repository().join("tests/counterparts/s3_server.py");
        let mut process = Command::new(python())
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the S3 server starts");
        let output = process.stdout.take().expect("its output");
        let mut output = BufReader::new(output);
        let mut endpoint = String::new();
        output.read_line(&mut endpoint).expect("its address");
        let endpoint = endpoint.trim().to_owned();
        assert!(endpoint.starts_with("http://"), "the S3 server said `{endpoint}`");
        let (key_id, key_secret) = ("test-key".to_owned(), "test-secret".to_owned());
        (Self { process, endpoint, key_id, key_secret }, output)
    }

    /// What a client needs in its environment.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("AWS_ENDPOINT", self.endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", self.key_id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", self.key_secret.as_str()),
            ("AWS_REGION", "us-east-1"),
        ]
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
