//! `headwater lambda`, driven through the Lambda runtime API that AWS gives to functions: here a
//! loopback server with the same requests and answers.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use headwater_testkit::Headwater;
use serde_json::{Value, json};

use crate::headwater;

/// A request of the function to the runtime API.
struct Asked {
    stream: BufReader<TcpStream>,
    method: String,
    path: String,
    body: Vec<u8>,
}

impl Asked {
    fn read(stream: TcpStream) -> Option<Self> {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
        let mut words = line.split(' ').map(str::to_owned);
        let (method, path) = (words.next()?, words.next()?);
        let mut length = 0;
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).ok()?;
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            assert!(!header.starts_with("transfer-encoding:"), "{header}");
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        Some(Self { stream, method, path, body })
    }

    fn answer(mut self, status: &str, headers: &str, body: &str) {
        let answer = format!(
            "HTTP/1.1 {status}\r\n{headers}Content-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(answer.as_bytes()).unwrap();
    }
}

/// Runs the function on events, one invocation after the other, and returns the path and the body
/// of what it said to each.
fn invoke(lake: &Headwater, events: &[Value]) -> Vec<(String, Value)> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut function = lake
        .command(&["lambda", "firehose-transform"])
        .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "transform")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut waiting, mut said) = (events.iter().enumerate(), Vec::new());
    while said.len() < events.len() {
        let (stream, _) = listener.accept().unwrap();
        // A connection may be opened ahead of its use.
        let Some(asked) = Asked::read(stream) else { continue };
        if asked.method == "GET" {
            assert_eq!(asked.path, "/2018-06-01/runtime/invocation/next");
            let (number, event) = waiting.next().unwrap();
            let headers = format!(
                "Lambda-Runtime-Aws-Request-Id: {number}\r\n\
                 Lambda-Runtime-Deadline-Ms: 9999999999999\r\n\
                 Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:1:function:f\r\n"
            );
            asked.answer("200 OK", &headers, &event.to_string());
        } else {
            let body = serde_json::from_slice(&asked.body).unwrap();
            said.push((asked.path.clone(), body));
            asked.answer("202 Accepted", "", "{\"status\":\"OK\"}");
        }
    }
    function.kill().unwrap();
    function.wait().unwrap();
    said
}

fn record(id: &str, data: &str) -> Value {
    json!({"recordId": id, "approximateArrivalTimestamp": 1, "data": STANDARD.encode(data)})
}

fn data(record: &Value) -> String {
    let bytes = STANDARD.decode(record["data"].as_str().unwrap()).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn firehose_records_are_transformed_dropped_or_failed_one_by_one() {
    let lake = headwater();
    lake.file("headwater.yaml", "plugins: {folder: plugins}");
    let plugin = "# ---\n# kind: normalize\n# registration: [heartbeat]\n# ---\n. = null\n";
    lake.file("plugins/drop_heartbeats.vrl", plugin);
    let event = json!({
        "invocationId": "i",
        "deliveryStreamArn": "arn:aws:firehose:eu-west-1:1:deliverystream/logs",
        "region": "eu-west-1",
        "records": [
            record("1", "{\"user\":\"eve\",\"srcIp\":\"10.0.0.1\"}\n"),
            record("2", "{\"heartbeat\":1}"),
            record("3", "{broken"),
            record("4", "[{\"n\":1},{\"n\":2}]"),
            {"recordId": "5", "data": "???"},
        ],
    });
    let said = invoke(&lake, &[event, json!({"detail": "not of Firehose"})]);
    let (path, answer) = &said[0];
    assert_eq!(path, "/2018-06-01/runtime/invocation/0/response");
    let records = answer["records"].as_array().unwrap();
    let results: Vec<(&str, &str)> = records
        .iter()
        .map(|record| (record["recordId"].as_str().unwrap(), record["result"].as_str().unwrap()))
        .collect();
    let expected = [
        ("1", "Ok"),
        ("2", "Dropped"),
        ("3", "ProcessingFailed"),
        ("4", "Ok"),
        ("5", "ProcessingFailed"),
    ];
    assert_eq!(results, expected);
    let text = data(&records[0]);
    assert!(text.ends_with("}\n"), "{text}");
    let first: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(first["source"], "logs", "{first:#}");
    assert_eq!(first["details"]["user"], "eve", "{first:#}");
    assert_eq!(first["details"]["sourceipaddress"], "10.0.0.1", "{first:#}");
    assert_eq!(data(&records[1]), "{\"heartbeat\":1}");
    assert_eq!(data(&records[2]), "{broken");
    assert_eq!(data(&records[3]).lines().count(), 2);
    assert_eq!(records[4]["data"], "???");

    let (path, answer) = &said[1];
    assert_eq!(path, "/2018-06-01/runtime/invocation/1/error");
    let message = answer["errorMessage"].as_str().unwrap();
    assert!(message.contains("the event has no `records`"), "{answer}");
}

#[test]
fn outside_of_lambda_the_function_says_what_is_missing() {
    let ended = headwater().run(&["lambda", "firehose-transform"]).expect_code(2);
    assert!(ended.stderr.contains("this is not a Lambda function"), "{}", ended.stderr);
}
