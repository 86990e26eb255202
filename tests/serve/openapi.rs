//! The description of the API: valid, the same offline, and true of every operation.

use std::process::Command;

use headwater_testkit::{TOKEN, http, python, repository};
use serde_json::Value;

use crate::headwater;

#[test]
fn the_description_is_valid_and_every_operation_answers_as_described() {
    let lake = headwater();
    let server = lake.serve(&["api"], &[]);
    let output = Command::new(python())
        .arg(repository().join("tests/counterparts/check_openapi.py"))
        .args([&format!("http://{}", server.address("api")), TOKEN])
        .output()
        .expect("python");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let operations: usize = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
    assert!(operations >= 9, "{operations}");
}

#[test]
fn the_description_can_be_had_without_a_server() {
    let lake = headwater();
    let server = lake.serve(&["api"], &[]);
    let offline = lake.run(&["openapi"]).expect_code(0).json();
    let served = http(server.address("api"), "GET", "/api/v1/openapi.json", &[], "");
    assert_eq!(offline, served.json());
    assert_eq!(offline["openapi"].as_str().unwrap().split('.').next(), Some("3"));
    assert_eq!(offline["info"]["version"], env!("CARGO_PKG_VERSION"));
}

/// What the description leaves out does not answer either: other methods and other paths.
#[test]
fn what_is_not_described_is_not_served() {
    let lake = headwater();
    let server = lake.serve(&["api"], &[]);
    let document = lake.run(&["openapi"]).expect_code(0).json();
    let methods = ["get", "put", "post", "delete", "patch", "options"];
    for (path, described) in document["paths"].as_object().unwrap() {
        for method in methods.into_iter().filter(|method| described.get(method).is_none()) {
            let path = path.replace(['{', '}'], "");
            let answer = http(server.address("api"), &method.to_uppercase(), &path, &[], "");
            assert_eq!(answer.status, 405, "{method} {path}");
        }
    }
    let unknown = http(server.address("api"), "GET", "/api/v1/nonsense", &[], "");
    assert_eq!(unknown.status, 404);
    assert_eq!(document["paths"].get("/api/v1/nonsense").map(Value::is_object), None);
}
