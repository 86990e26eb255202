//! Arrow Flight SQL through ADBC: answers, refusals, large answers, traces.

use std::process::Command;

use headwater_testkit::{Headwater, RunningServer, TOKEN, python, repository};
use serde_json::{Value, json};

use crate::headwater;

fn run(script: &str, arguments: &[&str]) {
    let output = Command::new(python()).arg(script).args(arguments).output().expect("python");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{script} {arguments:?}: {out}{error}");
}

fn client(server: &RunningServer, what: &str, token: &str, more: &[&str]) {
    let script = repository().join("tests/counterparts/flight_sql.py");
    let arguments = [[what, server.address("flight"), token].as_slice(), more].concat();
    run(&script.to_string_lossy(), &arguments);
}

fn send_two_events(server: &RunningServer) {
    let event = |n: u8| json!({"event": {"n": n}, "source": "flight", "host": "web-1"});
    let body = format!("{}{}", event(1), event(2));
    assert_eq!(server.hec("/services/collector", body).status, 200);
}

/// A lake whose server does not commit before it is stopped.
fn lake_that_waits() -> Headwater {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {commit_age: 1h}");
    lake
}

#[test]
fn adbc_asks_for_what_was_just_accepted_and_for_what_there_is() {
    let lake = lake_that_waits();
    let server = lake.serve(&["hec", "flight"], &[]);
    send_two_events(&server);
    client(&server, "ask", TOKEN, &[]);
    client(&server, "login", TOKEN, &[]);
}

#[test]
fn calls_that_adbc_does_not_make_are_answered_too() {
    let lake = headwater();
    let server = lake.serve(&["flight"], &[]);
    client(&server, "calls", TOKEN, &[]);
}

#[test]
fn refusals_say_what_is_wrong() {
    let lake = headwater();
    let narrow = lake.run(&["token", "create", "sender", "--scope", "ingest"]).expect_code(0);
    let server = lake.serve(&["flight"], &[]);
    client(&server, "refusals", TOKEN, &[narrow.stdout.trim()]);
}

#[test]
fn large_answers_come_in_parts() {
    let lake = headwater();
    let server = lake.serve(&["flight"], &[]);
    client(&server, "stream", TOKEN, &["100000"]);
}

#[test]
fn an_answer_that_is_cut_ends_with_an_error() {
    let lake = headwater();
    lake.file("headwater.yaml", "query: {rows_max: 1000}");
    let server = lake.serve(&["flight"], &[]);
    client(&server, "cut", TOKEN, &["1000"]);
}

#[test]
fn every_query_leaves_its_trace_and_a_client_that_leaves_ends_its_own() {
    let lake = headwater();
    let created = lake.run(&["token", "create", "analyst", "--scope", "query"]).expect_code(0);
    let server = lake.serve(&["flight", "api"], &[]);
    client(&server, "leave", created.stdout.trim(), &[]);
    let trace = "SELECT outcome, token, address, rows < 1000000000 AS is_part FROM audit \
        WHERE action = 'query' AND statement LIKE '%generate_series%' AND token = 'analyst'";
    // Entries are written within seconds.
    let traces = loop {
        let traces = server.query(trace);
        if !traces.is_empty() {
            break traces;
        }
        std::thread::yield_now();
    };
    let expected = json!({"outcome": "cancelled", "token": "analyst", "address": "127.0.0.1",
        "is_part": true});
    assert_eq!(traces, [expected]);
    let refused = client_fails(&server, created.stdout.trim());
    assert!(refused.contains("no table `audit`"), "{refused}");
    server.stop();
    let server = lake.serve(&["api"], &[]);
    let wrong = "SELECT outcome, reason FROM audit WHERE statement = 'SELECT * FROM audit'";
    let [trace] = &server.query(wrong)[..] else { panic!("one entry") };
    assert_eq!(trace["outcome"], "error");
    assert!(trace["reason"].as_str().unwrap().contains("no table `audit`"), "{trace}");
}

/// Asks for the audit table, which only administrators see.
fn client_fails(server: &RunningServer, token: &str) -> String {
    let code = "import sys, adbc_driver_flightsql.dbapi as d\n\
        options = {'adbc.flight.sql.authorization_header': f'Bearer {sys.argv[2]}'}\n\
        connection = d.connect(f'grpc://{sys.argv[1]}', db_kwargs=options, autocommit=True)\n\
        connection.cursor().execute('SELECT * FROM audit')";
    let arguments = ["-c", code, server.address("flight"), token];
    let output = Command::new(python()).args(arguments).output().expect("python");
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn flight_sql_can_share_an_address_with_other_protocols() {
    let lake = lake_that_waits();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let yaml = format!(
        "serve: {{commit_age: 1h, listen: {{hec: '{free}', api: '{free}', flight: '{free}', \
         elastic: off, firehose: off, otlp: off, otlp_grpc: off, syslog: off}}}}"
    );
    lake.file("headwater.yaml", yaml);
    let server = lake.serve_as_set(&["hec", "api", "flight"]);
    send_two_events(&server);
    client(&server, "ask", TOKEN, &[]);
    assert_eq!(server.number("SELECT count(*) FROM events"), 2);
}

#[test]
fn flight_sql_speaks_tls() {
    let lake = headwater();
    let folder = lake.folder().to_string_lossy().into_owned();
    let maker = repository().join("tests/counterparts/certificate.py");
    run(&maker.to_string_lossy(), &[&folder]);
    lake.file("headwater.yaml", "serve: {tls: {certificate: tls.crt, key: tls.key}}");
    let server = lake.serve(&["flight"], &[]);
    client(&server, "tls", TOKEN, &[&format!("{folder}/tls.crt")]);
}

#[test]
fn the_example_of_the_guide_works() {
    let lake = headwater();
    let server = lake.serve(&["hec", "flight"], &[]);
    send_two_events(&server);
    let guide = repository().join("docs/guides/query-clients.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let (_, example) = guide.split_once("```python\n").expect("an example in Python");
    let (example, _) = example.split_once("```").expect("its end");
    let example = example
        .replace("127.0.0.1:8815", server.address("flight"))
        .replace("os.environ[\"HEADWATER_TOKEN\"]", &Value::from(TOKEN).to_string());
    run(&lake.file("example.py", example), &[]);
}
