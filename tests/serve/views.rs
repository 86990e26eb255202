//! Views over rows that were just accepted, and in the list of tables.

use headwater_testkit::{TOKEN, http};
use serde_json::{Value, json};

use crate::headwater;

#[test]
fn views_have_what_was_just_accepted() {
    let lake = headwater();
    lake.file("headwater.yaml", "serve: {commit_age: 1h}");
    let server = lake.serve(&["hec", "api"], &[]);
    let views = || -> Vec<(String, Vec<String>)> {
        let token = format!("Bearer {TOKEN}");
        let headers = [("Authorization", token.as_str())];
        let list = http(server.address("api"), "GET", "/api/v1/tables", &headers, "").json();
        let text = |value: &Value| value["name"].as_str().unwrap().to_owned();
        let list = list["views"].as_array().unwrap().clone();
        let columns = |view: &Value| view["columns"].as_array().unwrap().iter().map(text).collect();
        list.iter().map(|view| (text(view), columns(view))).collect()
    };
    let before: Vec<String> = views().into_iter().map(|(name, _)| name).collect();
    assert_eq!(before, ["ocsf.observables"]);
    let event = json!({"event": {
        "class_uid": 3002, "category_uid": 3, "activity_id": 1, "type_uid": 300_201,
        "severity_id": 1, "time": 1_709_251_200_000_i64, "is_mfa": true, "user": {"name": "kim"},
        "metadata": {"version": "1.8.0", "product": {"name": "Test"}},
    }});
    assert_eq!(server.hec("/services/collector", event.to_string()).status, 200);
    let sql =
        "SELECT user_name, is_mfa FROM ocsf.authentication WHERE is_mfa AND user_name = 'kim'";
    assert_eq!(server.query(sql), [json!({"user_name": "kim", "is_mfa": true})]);
    let sql = "SELECT class_uid, type, value FROM ocsf.observables WHERE value = 'kim'";
    let row = json!({"class_uid": 3002, "type": "User Name", "value": "kim"});
    assert_eq!(server.query(sql), [row]);
    let after = views();
    let names: Vec<&str> = after.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["ocsf.authentication", "ocsf.observables"]);
    assert!(after[0].1.contains(&"is_mfa".to_owned()), "{after:?}");
    server.stop();
    // The same rows and columns once they are in the table.
    let committed = lake.query("SELECT user_name FROM ocsf.authentication WHERE is_mfa");
    assert_eq!(committed, [json!({"user_name": "kim"})]);
}
