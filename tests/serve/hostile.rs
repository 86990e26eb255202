//! Clients that send too much, too slowly, too deep or something else, to every protocol: each gets
//! the protocol's own error, memory stays within a bound, and the server takes the next request.
//! (`limits` does the same for the HTTP Event Collector.)

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use headwater_testkit::{HttpAnswer, RunningServer, TOKEN, http, python, repository};
use serde_json::{Value, json};

use crate::headwater;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Lists within lists, as deep as 80 KB allow.
fn deep() -> String {
    format!("{}{}", "[".repeat(40_000), "]".repeat(40_000))
}

/// A protocol over HTTP with JSON errors.
#[derive(Debug, Clone, Copy)]
struct Speech {
    protocol: &'static str,
    path: &'static str,
    /// Header with the token.
    credentials: (&'static str, &'static str),
    content_type: &'static str,
    /// One event in the protocol's form.
    good: &'static str,
    /// Where an answer says what kind of error it is.
    kind: &'static str,
    /// The kinds of errors: damaged, too large, unknown encoding, without credentials, too slow.
    damaged: (u16, &'static str),
    too_large: (u16, &'static str),
    encoding: (u16, &'static str),
    anonymous: (u16, &'static str),
    slow: (u16, &'static str),
}

const SPEECHES: [Speech; 4] = [
    Speech {
        protocol: "elastic",
        path: "/logs/_bulk",
        credentials: ("Authorization", "ApiKey "),
        content_type: "application/x-ndjson",
        good: "{\"create\":{}}\n{\"good\":\"elastic\"}\n",
        kind: "/error/type",
        damaged: (400, "parse_exception"),
        too_large: (413, "content_too_long_exception"),
        encoding: (415, "illegal_argument_exception"),
        anonymous: (401, "security_exception"),
        slow: (408, "timeout_exception"),
    },
    Speech {
        protocol: "firehose",
        path: "/",
        credentials: ("X-Amz-Firehose-Access-Key", ""),
        content_type: "application/json",
        good: "{\"requestId\":\"ID\",\"records\":[{\"data\":\"eyJnb29kIjoiZmlyZWhvc2UifQ==\"}]}",
        kind: "/errorMessage",
        damaged: (400, "body cannot be decompressed"),
        too_large: (413, "body is longer than"),
        encoding: (415, "content encoding `br` is not supported"),
        anonymous: (401, "access key: "),
        slow: (408, "body did not arrive within"),
    },
    Speech {
        protocol: "otlp",
        path: "/v1/logs",
        credentials: ("Authorization", "Bearer "),
        content_type: "application/json",
        good: "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"attributes\":[\
            {\"key\":\"good\",\"value\":{\"stringValue\":\"otlp\"}}]}]}]}]}",
        kind: "/code",
        damaged: (400, "3"),
        too_large: (413, "8"),
        encoding: (415, "12"),
        anonymous: (401, "16"),
        slow: (503, "14"),
    },
    Speech {
        protocol: "api",
        path: "/api/v1/events",
        credentials: ("Authorization", "Bearer "),
        content_type: "application/json",
        good: "{\"good\":\"api\"}",
        kind: "/error/message",
        damaged: (400, "body cannot be decompressed"),
        too_large: (413, "body is longer than"),
        encoding: (415, "content encoding `br` is not supported"),
        anonymous: (401, "send a token"),
        slow: (408, "body did not arrive within"),
    },
];

impl Speech {
    fn token(self) -> String {
        format!("{}{TOKEN}", self.credentials.1)
    }

    fn send(
        self,
        server: &RunningServer,
        more: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> HttpAnswer {
        let token = self.token();
        let mut headers =
            vec![(self.credentials.0, token.as_str()), ("Content-Type", self.content_type)];
        headers.extend(more);
        http(server.address(self.protocol), "POST", self.path, &headers, body)
    }

    /// Checks an answer's status and what it says.
    fn check(self, case: &str, answer: &HttpAnswer, (status, kind): (u16, &str)) {
        let body = answer.json();
        let told = match body.pointer(self.kind) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        assert_eq!(answer.status, status, "{} {case}: {body}", self.protocol);
        assert!(told.starts_with(kind), "{} {case}: {body}", self.protocol);
    }

    /// What every protocol refuses alike.
    fn check_refusals(self, server: &RunningServer) {
        let encoded = |name| [("Content-Encoding", name)];
        let answer = self.send(server, &encoded("gzip"), self.good);
        self.check("not gzip", &answer, self.damaged);
        let answer = self.send(server, &[], vec![b' '; 200 << 10]);
        self.check("long", &answer, self.too_large);
        let answer = self.send(server, &encoded("gzip"), gzip(&vec![b' '; 8 << 20]));
        self.check("bomb", &answer, self.too_large);
        let answer = self.send(server, &encoded("br"), self.good);
        self.check("encoding", &answer, self.encoding);
        let (address, type_) = (server.address(self.protocol), self.content_type);
        let mut headers = vec![("Content-Type", type_)];
        if self.protocol == "firehose" {
            headers.push(("X-Amz-Firehose-Request-Id", "1"));
        }
        let answer = http(address, "POST", self.path, &headers, self.good);
        self.check("anonymous", &answer, self.anonymous);
    }

    /// The event that is in order is taken.
    fn check_alive(self, server: &RunningServer) {
        let answer = self.send(server, &[], self.good);
        assert_eq!(answer.status, 200, "{}: {}", self.protocol, answer.text());
    }
}

const PROTOCOLS: [&str; 6] = ["elastic", "firehose", "otlp", "otlp-grpc", "api", "syslog"];

/// A server with small limits.
fn limited() -> (headwater_testkit::Headwater, RunningServer) {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {request_bytes_max: 100KiB, decompressed_bytes_max: 1MiB}");
    let server = lake.serve(&PROTOCOLS, &[]);
    (lake, server)
}

#[test]
fn every_protocol_refuses_in_its_own_words_and_goes_on() {
    let (lake, server) = limited();
    for speech in SPEECHES {
        speech.check_refusals(&server);
        speech.check_alive(&server);
    }
    assert_eq!(server.number("SELECT count(*) FROM events"), 4);
    server.stop();
    assert_eq!(lake.number("SELECT count(*) FROM rejects"), 0);
}

#[test]
fn broken_and_deep_content_is_told_and_goes_to_rejects() {
    let (lake, server) = limited();
    let [elastic, firehose, otlp, api] = SPEECHES;
    let told = |speech: Speech, body: String| {
        let answer = speech.send(&server, &[], body);
        (answer.status, answer.json())
    };

    let (status, body) = told(elastic, "nonsense\n".to_owned());
    assert_eq!((status, &body["error"]["type"]), (400, &json!("illegal_argument_exception")));
    let (status, body) = told(elastic, format!("{}\n{{}}\n", deep()));
    assert_eq!((status, &body["error"]["type"]), (400, &json!("illegal_argument_exception")));
    let (status, body) = told(elastic, format!("{{\"create\":{{}}}}\n{{\"a\":{}}}\n", deep()));
    assert_eq!((status, &body["errors"]), (200, &json!(true)));
    let item = &body["items"][0]["create"];
    assert_eq!(item["status"], 400, "{body}");
    assert_eq!(item["error"]["type"], "document_parsing_exception", "{body}");

    for broken in ["{\"requestId\":".to_owned(), format!("{{\"records\":{}}}", deep())] {
        let (status, body) = told(firehose, broken);
        let message = body["errorMessage"].as_str().unwrap();
        assert!(status == 400 && message.starts_with("body is no delivery: "), "{body}");
    }
    // `{"a":[[[…]]]}` in base64: the records of a delivery are not refused one by one.
    let data = base64(format!("{{\"a\":{}}}", &deep()[39_000..41_000]).as_bytes());
    let delivery = format!("{{\"requestId\":\"deep\",\"records\":[{{\"data\":\"{data}\"}}]}}");
    assert_eq!(told(firehose, delivery).0, 200);

    let (status, body) = told(otlp, "{\"resourceLogs\":".to_owned());
    assert_eq!((status, &body["code"]), (400, &json!(3)));
    let record = format!(
        "{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{\"body\":{}{{}}{}}}]}}]}}]}}",
        "{\"arrayValue\":{\"values\":[".repeat(2_000),
        "]}}".repeat(2_000)
    );
    let (status, body) = told(otlp, record);
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["partialSuccess"]["rejectedLogRecords"], "1", "{body}");

    let (status, body) = told(api, format!("{{\"a\":{}}}", deep()));
    assert_eq!((status, &body["events"], &body["rejects"]), (400, &json!(0), &json!(1)));
    let (status, body) = told(api, "{broken".to_owned());
    assert_eq!((status, &body["rejects"]), (400, &json!(1)));

    for speech in SPEECHES {
        speech.check_alive(&server);
    }
    assert_eq!(server.number("SELECT count(*) FROM events"), 4);
    server.stop();
    assert_eq!(lake.number("SELECT count(*) FROM rejects"), 5);
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Sends a request but for most of its body, which comes byte by byte, until there is an answer.
fn dribble(address: &str, path: &str, credentials: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\n{credentials}\r\nContent-Type: application/json\r\n\
         Content-Length: 100000\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // The pause between two bytes is that of waiting for an answer.
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    loop {
        let mut part = [0; 4_096];
        match stream.read(&mut part) {
            Ok(0) => return String::from_utf8(answer).unwrap(),
            Ok(bytes) => answer.extend_from_slice(&part[..bytes]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                // The server may have closed its side already.
                let _ = stream.write_all(b" ");
            }
            Err(_) => return String::from_utf8(answer).unwrap(),
        }
    }
}

#[test]
fn bodies_that_come_byte_by_byte_end_with_the_protocols_own_error() {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {request_time_max: 500ms}");
    let server = lake.serve(&PROTOCOLS, &[]);
    for speech in SPEECHES {
        let credentials = format!("{}: {}", speech.credentials.0, speech.token());
        let answer = dribble(server.address(speech.protocol), speech.path, &credentials);
        let (status, kind) = speech.slow;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.contains(kind), "{answer}");
        speech.check_alive(&server);
    }
    let credentials = format!("Authorization: Bearer {TOKEN}");
    let answer = dribble(server.address("api"), "/api/v1/query", &credentials);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("the request did not arrive within 500ms"), "{answer}");
    assert_eq!(server.number("SELECT count(*) FROM events"), 4);
}

/// Runs a client that prints a line for each case.
fn lines_of(script: &str, arguments: &[&str]) -> Vec<String> {
    let script = repository().join("tests/counterparts").join(script);
    let output = Command::new(python()).arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn grpc_calls_end_with_the_status_that_clients_understand() {
    let (lake, server) = limited();
    let said = lines_of("hostile_otlp.py", &[server.address("otlp-grpc"), TOKEN]);
    let expected = [
        "anonymous UNAUTHENTICATED",
        "unknown_token UNAUTHENTICATED",
        "garbage INVALID_ARGUMENT",
        "long RESOURCE_EXHAUSTED",
        "bomb RESOURCE_EXHAUSTED",
        "deep OK rejected=1",
        "unknown_method UNIMPLEMENTED",
        "good OK rejected=0",
    ];
    assert_eq!(said, expected);
    assert_eq!(server.number("SELECT count(*) FROM events"), 1);
    server.stop();
    assert_eq!(lake.number("SELECT count(*) FROM rejects"), 1);
}

#[test]
fn calls_of_the_firehose_api_end_with_the_errors_of_aws() {
    let lake = headwater();
    let (id, secret) = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let file = lake.file("secret", secret);
    lake.file(
        "headwater.yaml",
        format!("serve: {{decompressed_bytes_max: 2MiB, firehose_keys: {{{id}: 'file:{file}'}}}}"),
    );
    let server = lake.serve(&["firehose", "api"], &[]);
    let said = lines_of("hostile_firehose.py", &[server.address("firehose"), id, secret]);
    let expected = [
        "unsigned 403 MissingAuthenticationTokenException",
        "other_secret 403 InvalidSignatureException",
        "unknown_operation 400 UnknownOperationException",
        "garbage 400 SerializationException",
        "deep_request 400 SerializationException",
        "not_base64 400 SerializationException",
        "no_records 400 InvalidArgumentException",
        "many_records 400 InvalidArgumentException",
        "long_record 400 InvalidArgumentException",
        "long_body 400 InvalidArgumentException",
        "bomb 400 InvalidArgumentException",
        "deep_record 200 OK",
        "good 200 OK",
    ];
    assert_eq!(said, expected);
    assert_eq!(server.number("SELECT count(*) FROM events"), 1);
    server.stop();
    assert_eq!(lake.number("SELECT count(*) FROM rejects"), 1);
}

#[test]
fn statements_that_would_end_the_stack_are_refused() {
    let lake = headwater();
    let server = lake.serve(&["api"], &[]);
    let token = format!("Bearer {TOKEN}");
    let ask = |body: &[u8]| {
        let headers = [("Authorization", token.as_str())];
        http(server.address("api"), "POST", "/api/v1/query", &headers, body)
    };
    let many = 20_000;
    for (case, body, status) in [
        ("long", vec![b' '; 2 << 20], 413),
        ("binary", vec![0xff; 1_000], 400),
        ("json", format!("{{\"sql\":{}}}", deep()).into_bytes(), 400),
        (
            "parentheses",
            format!("SELECT {}1{}", "(".repeat(many), ")".repeat(many)).into_bytes(),
            400,
        ),
        ("functions", format!("SELECT {}1", "abs(".repeat(many)).into_bytes(), 400),
        ("subqueries", format!("{}SELECT 1", "SELECT * FROM (".repeat(many)).into_bytes(), 400),
        ("sum", format!("SELECT 1{}", "+1".repeat(many)).into_bytes(), 400),
        ("negations", format!("SELECT {}true", "NOT ".repeat(many)).into_bytes(), 400),
        ("unions", format!("SELECT 1{}", " UNION SELECT 1".repeat(many)).into_bytes(), 400),
    ] {
        let answer = ask(&body);
        assert_eq!(answer.status, status, "{case}: {}", answer.text());
        assert_eq!(answer.json()["error"]["kind"], "invalid", "{case}: {}", answer.text());
        assert_eq!(server.number("SELECT 1"), 1, "{case}");
    }
}

#[test]
fn syslog_takes_what_can_be_read_between_garbage() {
    let lake = headwater();
    let server = lake.serve(&["syslog", "api"], &[]);
    let address = server.address("syslog");
    let send = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    };
    let endless = send(&vec![b'x'; 3 << 20]);
    drop(send(b"99999999999999999999 <13>1 - h a - - - never\n"));
    drop(send(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0xfc, 0x03, 0x03]));
    drop(send(&vec![0xff; 100_000]));
    let mut slow = TcpStream::connect(address).unwrap();
    slow.set_nodelay(true).unwrap();
    for byte in b"<13>1 2024-03-01T00:00:00Z slow app - - - byte by byte\n" {
        slow.write_all(&[*byte]).unwrap();
    }
    drop(send(b"<13>1 2024-03-01T00:00:00Z good app - - - in order\n"));
    let good = "SELECT count(*) FROM events WHERE host IN ('good', 'slow')";
    // Nobody tells a syslog sender that its message arrived.
    while server.number(good) < 2 {
        std::thread::yield_now();
    }
    drop((endless, slow));
    server.stop();
    // What has no end is cut into parts of 256 KiB.
    let parts = "SELECT count(*) FROM rejects \
        WHERE reason = 'syslog message is longer than 262144 bytes'";
    assert_eq!(lake.number(parts), 12);
    let garbage = "SELECT count(*) FROM rejects WHERE reason LIKE 'invalid UTF-8%'";
    assert_eq!(lake.number(garbage), 2);
}

/// Peak of the server's memory, in bytes.
#[cfg(target_os = "linux")]
fn peak_bytes(server: &RunningServer) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() << 10
}

/// Memory for requests of the server in the test, in bytes.
#[cfg(target_os = "linux")]
const REQUEST_MEMORY_BYTES: usize = 32 << 20;

/// What refused requests may need beside the idle peak, in bytes: the memory for requests, buffers
/// that grow by being copied into twice the space, and what the allocator keeps of both for each
/// thread. The bombs are sixteen times as long, and without limits raised the peak by 1,081 MiB.
#[cfg(target_os = "linux")]
const GROWTH_BYTES_MAX: usize = 12 * REQUEST_MEMORY_BYTES;

#[cfg(target_os = "linux")]
#[test]
fn memory_stays_bounded_under_bombs_from_all_sides() {
    let lake = headwater();
    lake.file(
        "headwater.yaml",
        "serve: {request_memory_max: 32MiB, request_bytes_max: 8MiB, \
         decompressed_bytes_max: 24MiB, commit_bytes: 4MiB}",
    );
    let server = lake.serve(&PROTOCOLS, &[]);
    for speech in SPEECHES {
        speech.check_alive(&server);
    }
    assert_eq!(server.number("SELECT count(*) FROM events"), 4);
    let before = peak_bytes(&server);
    // 100 MiB of blanks each, in parts: together 6 GiB. Shorter bodies would be decompressed by
    // the few threads that serve connections.
    let bomb = gzip(&vec![b' '; 1 << 20]).repeat(100);
    assert!(bomb.len() > 64 << 10);
    std::thread::scope(|scope| {
        for speech in SPEECHES {
            for _ in 0..4 {
                let (server, bomb) = (&server, &bomb);
                scope.spawn(move || {
                    for _ in 0..4 {
                        let answer = speech.send(server, &[("Content-Encoding", "gzip")], bomb);
                        assert!([413, 429, 503].contains(&answer.status), "{}", answer.text());
                    }
                });
            }
        }
    });
    let growth = peak_bytes(&server) - before;
    println!("idle peak {} MiB, growth {} MiB", before >> 20, growth >> 20);
    assert!(growth < GROWTH_BYTES_MAX, "{} MiB", growth >> 20);
    for speech in SPEECHES {
        speech.check_alive(&server);
    }
}
