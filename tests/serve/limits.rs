//! Requests that are too large, too slow, too deep or broken: the protocol's answer, and the server
//! lives.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use headwater_testkit::{RunningServer, TOKEN, http};

use crate::headwater;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn send(server: &RunningServer, encoding: &str, body: Vec<u8>) -> (u16, u64) {
    let token = format!("Splunk {TOKEN}");
    let headers = [("Authorization", token.as_str()), ("Content-Encoding", encoding)];
    let answer = http(server.address("hec"), "POST", "/services/collector", &headers, body);
    (answer.status, answer.json()["code"].as_u64().unwrap())
}

#[test]
fn hostile_bodies_get_their_answer() {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {request_bytes_max: 100KiB, decompressed_bytes_max: 1MiB}");
    let server = lake.serve(&["hec", "api"], &[]);
    let one = b"{\"event\":{\"a\":1}}".to_vec();
    assert_eq!(send(&server, "gzip", gzip(&one)), (200, 0));
    assert_eq!(send(&server, "gzip", [gzip(&one), gzip(&one)].concat()), (200, 0));
    assert_eq!(send(&server, "br", one.clone()), (415, 415));
    assert_eq!(send(&server, "gzip", one.clone()), (400, 6));
    assert_eq!(send(&server, "identity", vec![b' '; 200 << 10]), (413, 413));
    assert_eq!(send(&server, "gzip", gzip(&vec![b' '; 8 << 20])), (413, 413));
    let deep = [b"{\"event\":".to_vec(), vec![b'['; 50_000], vec![b']'; 50_000], b"}".to_vec()];
    assert_eq!(send(&server, "identity", deep.concat()), (400, 6));
    assert_eq!(send(&server, "identity", vec![0xff; 1_000]), (400, 6));
    assert_eq!(send(&server, "identity", one), (200, 0));
    assert_eq!(server.number("SELECT count(*) FROM events"), 4);
}

#[test]
fn slow_senders_are_cut_off_and_hinder_nobody() {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {request_time_max: 500ms, header_time_max: 500ms}");
    let server = lake.serve(&["hec"], &[]);
    let mut head = TcpStream::connect(server.address("hec")).unwrap();
    head.write_all(b"POST /services/collector HTTP/1.1\r\nHost: x\r\n").unwrap();
    let mut body = TcpStream::connect(server.address("hec")).unwrap();
    let request = format!(
        "POST /services/collector HTTP/1.1\r\nHost: x\r\nAuthorization: Splunk {TOKEN}\r\n\
         Content-Length: 1000\r\n\r\n{{\"event\""
    );
    body.write_all(request.as_bytes()).unwrap();
    let answer = server.hec("/services/collector", "{\"event\":1}");
    assert_eq!(answer.status, 200);
    for (mut stream, expected) in [(head, ""), (body, "HTTP/1.1 408")] {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(expected), "{answer}");
    }
}

#[test]
fn many_idle_connections_do_not_keep_others_out() {
    let lake = headwater();
    let server = lake.serve(&["hec", "api"], &[]);
    let idle: Vec<TcpStream> =
        (0..1_000).map(|_| TcpStream::connect(server.address("hec")).unwrap()).collect();
    let threads: Vec<_> = (0..100)
        .map(|number| {
            let address = server.address("hec").to_owned();
            std::thread::spawn(move || {
                let token = format!("Splunk {TOKEN}");
                let headers = [("Authorization", token.as_str())];
                let body = format!("{{\"event\":{{\"number\":{number}}}}}");
                http(&address, "POST", "/services/collector", &headers, body).status
            })
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap() == 200));
    assert_eq!(server.number("SELECT count(*) FROM events"), 100);
    drop(idle);
}
