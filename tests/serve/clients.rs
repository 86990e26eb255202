//! Real clients send, SQL finds every event with the right columns.

use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};
use std::process::Command;

use headwater_testkit::{TOKEN, python, repository};
use serde_json::json;

use crate::headwater;

fn send(script: &str, arguments: &[&str]) {
    let script = repository().join("tests/counterparts").join(script);
    let output = Command::new(python()).arg(&script).args(arguments).output().expect("python");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}: {}{}",
        script.display(),
        text(&output.stdout),
        text(&output.stderr)
    );
}

#[test]
fn splunk_clients_are_understood() {
    let lake = headwater();
    let server = lake.serve(&["hec", "api"], &[]);
    send("send_hec.py", &[server.address("hec"), TOKEN]);
    let rows = server.query(
        "SELECT source, \"index\", json_extract_scalar(details, '$.client') AS client, \
         json_extract_scalar(details, '$.n') AS n, \
         coalesce(json_extract_scalar(details, '$.message'), '') AS message, year \
         FROM events ORDER BY source, n",
    );
    let row = |source: &str, index: Option<&str>, client: Option<&str>, n: Option<&str>| {
        rows.iter().find(|row| {
            row["source"] == source
                && row["index"] == json!(index)
                && row["client"] == json!(client)
                && row["n"] == json!(n)
        })
    };
    let mdr = "pymdr::app.team";
    for n in ["1", "2", "3"] {
        assert!(row(mdr, None, Some("py-mdr"), Some(n)).is_some(), "{n}: {rows:#?}");
    }
    let first = row(mdr, None, Some("py-mdr"), Some("1")).unwrap();
    assert_eq!((&first["message"], &first["year"]), (&json!("hé \"quoted\""), &json!("2020")));
    let handler = row("splunk-handler", Some("main"), None, None);
    assert_eq!(handler.unwrap()["message"], "from splunk-handler", "{rows:#?}");
    assert!(row("splunk-hec-handler", None, Some("splunk-hec-handler"), None).is_some());
    let sdk = row("splunk-sdk", Some("main"), None, None).unwrap();
    assert_eq!(sdk["message"], "from splunk-sdk");
    assert_eq!(rows.len(), 6, "{rows:#?}");
    assert_eq!(server.number("SELECT count(*) FROM rejects"), 0);
}

#[test]
fn elasticsearch_and_opensearch_clients_are_understood() {
    let lake = headwater();
    let server = lake.serve(&["elastic", "api"], &[]);
    send("send_elastic.py", &[server.address("elastic"), TOKEN]);
    let rows = server.query(
        "SELECT \"index\", count(*) AS events, \
         count(DISTINCT json_extract_scalar(details, '$.n')) AS numbers \
         FROM events GROUP BY 1 ORDER BY 1",
    );
    let expected = [
        ("logs-elasticsearch-py", 100),
        ("logs-mixed", 2),
        ("logs-opensearch-py", 50),
        ("logs-single", 1),
    ]
    .map(|(index, count)| json!({"index": index, "events": count, "numbers": count}));
    assert_eq!(rows, expected);
}

#[test]
fn the_aws_sdk_sends_to_firehose() {
    let lake = headwater();
    let secret = lake.file("secret", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n");
    let settings = format!("serve: {{firehose_keys: {{AKIDEXAMPLE: 'file:{secret}'}}}}");
    lake.file("headwater.yaml", settings);
    let server = lake.serve(&["firehose", "api"], &[]);
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    send("send_firehose.py", &[server.address("firehose"), "AKIDEXAMPLE", secret]);
    let sql = "SELECT source, count(*) AS events, \
        count(DISTINCT json_extract_scalar(details, '$.n')) AS numbers FROM events GROUP BY 1";
    assert_eq!(server.query(sql), [json!({"source": "stream", "events": 100, "numbers": 100})]);
}

#[test]
fn the_opentelemetry_sdk_sends_over_http_and_grpc() {
    let lake = headwater();
    let server = lake.serve(&["otlp", "otlp-grpc", "api"], &[]);
    send("send_otlp.py", &[server.address("otlp"), server.address("otlp-grpc"), TOKEN]);
    let rows = server.query(
        "SELECT source, host, sourcetype, count(*) AS events, \
         count(DISTINCT json_extract_scalar(details, '$.attributes.n')) AS numbers, \
         min(json_extract_scalar(details, '$.message')) AS first \
         FROM events GROUP BY 1, 2, 3 ORDER BY 1",
    );
    let expected = ["otlp-grpc", "otlp-http"].map(|source| {
        json!({"source": source, "host": "web-1", "sourcetype": "otlp", "events": 50,
            "numbers": 50, "first": "record 0"})
    });
    assert_eq!(rows, expected);
}

#[test]
fn syslog_senders_of_every_framing_are_understood() {
    let lake = headwater();
    let server = lake.serve(&["syslog", "api"], &[]);
    let address = server.address("syslog");
    let newline = "<13>Oct 11 22:14:15 newline app: one\n<13>Oct 11 22:14:16 newline app: two\n";
    let counted = "<14>1 2024-03-01T00:00:00Z counted app 7 ID [a b=\"c\"] three";
    let counted = format!("{} {counted}", counted.len());
    let cef = "<13>Oct 11 22:14:17 cef CEF:0|v|p|1|100|name|5|src=10.0.0.1 msg=four five\0";
    for stream in [newline, &counted, cef] {
        TcpStream::connect(address).unwrap().write_all(stream.as_bytes()).unwrap();
    }
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.send_to(b"<34>1 2024-03-01T00:00:01Z udp su - - - six\n", address).unwrap();
    let hosts = "SELECT host, count(*) AS events FROM events GROUP BY 1 ORDER BY 1";
    let expected = [("cef", 1), ("counted", 1), ("newline", 2), ("udp", 1)]
        .map(|(host, events)| json!({"host": host, "events": events}));
    // Nobody tells a syslog sender that its message arrived.
    while server.query(hosts) != expected {
        std::thread::yield_now();
    }
    let extension = "SELECT json_extract_scalar(details, '$.cef.extension.msg') AS msg, \
        json_extract_scalar(details, '$.sourceipaddress') AS ip FROM events WHERE host = 'cef'";
    assert_eq!(server.query(extension), [json!({"msg": "four five", "ip": "10.0.0.1"})]);
}

#[test]
fn protocols_can_share_an_address() {
    let lake = headwater();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = free.to_string();
    let yaml = format!(
        "serve: {{listen: {{hec: '{address}', elastic: '{address}', otlp: '{address}', \
         api: '{address}', firehose: off, otlp_grpc: off, syslog: off, flight: off}}}}"
    );
    lake.file("headwater.yaml", yaml);
    let server = lake.serve_as_set(&["hec", "elastic", "otlp", "api"]);
    assert_eq!(server.address("hec"), address);
    assert_eq!(server.hec("/services/collector", "{\"event\":1}").status, 200);
    send("send_elastic.py", &[server.address("elastic"), TOKEN]);
    assert_eq!(server.number("SELECT count(*) FROM events"), 154);
}
