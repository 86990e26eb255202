//! Counterparts written in Python, from the environment that `scripts/setup.sh` makes.

use std::io::{BufRead as _, BufReader};
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
}

impl S3Server {
    /// Starts the server and makes `bucket`.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(bucket: &str) -> Self {
        let script = repository().join("tests/counterparts/s3_server.py");
        let mut process = Command::new(python())
            .arg(script)
            .arg(bucket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the S3 server starts");
        let output = process.stdout.take().expect("its output");
        let mut endpoint = String::new();
        BufReader::new(output).read_line(&mut endpoint).expect("its address");
        let endpoint = endpoint.trim().to_owned();
        assert!(endpoint.starts_with("http://"), "the S3 server said `{endpoint}`");
        Self { process, endpoint }
    }

    /// What a client needs in its environment.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("AWS_ENDPOINT", self.endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "test-key"),
            ("AWS_SECRET_ACCESS_KEY", "test-secret"),
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
