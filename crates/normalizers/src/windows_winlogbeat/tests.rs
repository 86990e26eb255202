//! Windows events through all normalizers: one check per shape and per slip of HELK that is not
//! inherited, and the published hunts on a public attack data set.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::tests::check;

#[test]
fn other_events_pass_unchanged() {
    for event in [
        r#"{"channel":"general","text":"hi"}"#,
        r#"{"channel":"web","eventid":7}"#,
        r#"{"log_name":"a","x":1}"#,
        r#"{"winlog":"x","a":{"channel":"y"}}"#,
        r#"{"event":{"system":{"x":1},"channel":"z"}}"#,
    ] {
        check(event, &[("source", Some(r#""UNKNOWN""#)), ("summary", Some(r#""UNKNOWN""#))]);
    }
}
