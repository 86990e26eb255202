//! `headwater serve` as a child process on free ports.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::{Headwater, HttpAnswer, http};

/// Token with all scopes of servers under test.
pub const TOKEN: &str = "token-of-the-test";

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct RunningServer {
    process: Child,
    addresses: HashMap<String, String>,
}

impl Headwater {
    /// Starts a server on free ports for these protocols, with `arguments` besides, and waits until
    /// it listens.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn serve(&self, protocols: &[&str], arguments: &[&str]) -> RunningServer {
        let mut all = vec!["serve".to_owned(), "--only".to_owned()];
        for protocol in protocols {
            all.extend([format!("--{protocol}"), "127.0.0.1:0".to_owned()]);
        }
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self.start_server(&all, protocols)
    }

    /// Starts a server on the addresses that its settings file names.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn serve_as_set(&self, protocols: &[&str]) -> RunningServer {
        self.start_server(&["serve".to_owned()], protocols)
    }

    fn start_server(&self, all: &[String], protocols: &[&str]) -> RunningServer {
        let log = std::fs::File::create(self.folder().join("serve.log")).expect("a log file");
        let mut process = self
            .command(all)
            .env("HEADWATER_TOKEN", TOKEN)
            .stderr(Stdio::from(log))
            .spawn()
            .expect("the binary runs");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let mut addresses = HashMap::new();
        while addresses.len() < protocols.len() {
            let Some(Ok(line)) = lines.next() else {
                let log = std::fs::read_to_string(self.folder().join("serve.log"));
                panic!("the server did not start: {}", log.unwrap_or_default());
            };
            let (names, url) = line.split_once(' ').expect("names and an address");
            let address = url.split_once("://").map_or(url, |(_, address)| address);
            for name in names.split('+') {
                addresses.insert(name.to_owned(), address.to_owned());
            }
        }
        RunningServer { process, addresses }
    }
}

impl RunningServer {
    /// `HOST:PORT` of a protocol.
    ///
    /// # Panics
    /// When it is not spoken.
    #[must_use]
    pub fn address(&self, protocol: &str) -> &str {
        self.addresses.get(protocol).unwrap_or_else(|| panic!("{protocol} is not spoken"))
    }

    /// Process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends to the HTTP Event Collector with the token.
    #[must_use]
    pub fn hec(&self, path: &str, body: impl AsRef<[u8]>) -> HttpAnswer {
        let token = format!("Splunk {TOKEN}");
        http(self.address("hec"), "POST", path, &[("Authorization", &token)], body)
    }

    /// The rows of a statement, by the query API.
    #[must_use]
    pub fn query(&self, sql: &str) -> Vec<Value> {
        let token = format!("Bearer {TOKEN}");
        let headers = [("Authorization", token.as_str()), ("Content-Type", "application/json")];
        let body = json!({"sql": sql}).to_string();
        let answer = http(self.address("api"), "POST", "/api/v1/query", &headers, body);
        assert_eq!(answer.status, 200, "{sql}: {}", answer.text());
        answer.lines()
    }

    /// What `/metrics` says.
    ///
    /// # Panics
    /// When it says nothing.
    #[must_use]
    pub fn metrics(&self) -> String {
        let answer = http(self.address("api"), "GET", "/metrics", &[], "");
        assert_eq!(answer.status, 200);
        answer.text()
    }

    /// The answer to a statement that is one number.
    #[must_use]
    pub fn number(&self, sql: &str) -> i64 {
        let rows = self.query(sql);
        let value = rows.first().and_then(Value::as_object).and_then(|row| row.values().next());
        value.and_then(Value::as_i64).unwrap_or_else(|| panic!("no number in {rows:?}"))
    }

    /// Asks until the answer to a statement is this number.
    ///
    /// # Panics
    /// When it becomes more.
    pub fn wait_for(&self, sql: &str, number: i64) {
        loop {
            let found = self.number(sql);
            assert!(found <= number, "{sql}: {found} instead of {number}");
            if found == number {
                return;
            }
        }
    }

    /// Kills it at once, as `kill -9` does.
    pub fn kill(mut self) {
        // Dropping does the rest.
        let _ = self.process.kill();
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    ///
    /// # Panics
    /// When it fails.
    pub fn stop(mut self) {
        let status = std::process::Command::new("kill").arg(self.id().to_string()).status();
        assert!(status.expect("kill runs").success());
        let status = self.process.wait().expect("its end");
        assert!(status.success(), "the server ended with {status}");
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
