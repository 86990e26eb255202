//! Programs in VRL among the built-in plugins: the time that one sets stays.

use headwater_pipeline::Plugin;
use headwater_pipeline::vrl::compile;

use super::{millis, process, worker_with};

const SIGN_IN: &str = r#"{"eventVersion":"1.08","eventTime":"2024-05-01T10:00:00Z",
    "eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","awsRegion":"us-east-1",
    "sourceIPAddress":"192.0.2.7","userIdentity":{"type":"IAMUser","userName":"ann"},
    "responseElements":{"ConsoleLogin":"Success"}}"#;

/// Class, time, and time of the shell in milliseconds, after a program of this kind and priority.
fn outcome(kind: &str, priority: i32, program: &str) -> (i64, i64, i64) {
    let header =
        format!("# ---\n# kind: {kind}\n# registration: [\"*\"]\n# priority: {priority}\n# ---\n");
    let plugin = compile("tested", &(header + program)).unwrap();
    let mut worker = worker_with(vec![Box::new(plugin) as Box<dyn Plugin>]);
    let mapped = process(&mut worker, SIGN_IN);
    assert_eq!((mapped.objects.len(), mapped.times.len()), (1, 1));
    let number = |name: &str| mapped.objects[0][name].as_i64().unwrap();
    (number("class_uid"), number("time"), millis(&mapped.times[0]))
}

#[test]
fn the_time_of_a_program_counts_before_the_record_and_the_mapping() {
    let (found, set) = (millis("2024-05-01T10:00:00Z"), millis("2020-09-13T12:26:40Z"));
    // Before the shell is made, before times are looked for, and after all normalizers.
    for (kind, priority) in [("normalize", 0), ("normalize", 5), ("normalize", 30), ("enrich", 1)] {
        let check = |program: &str, wanted: (i64, i64)| {
            let (class, time, shell) = outcome(kind, priority, program);
            assert_eq!((class, time), wanted, "{kind} {priority}: {program}");
            assert_eq!(shell, time, "{kind} {priority}: {program}");
        };
        check(".unrelated = 1", (3002, found));
        check("%ocsf.time = 1600000000000", (3002, set));
        check(".utctimestamp = \"2020-09-13T12:26:40Z\"", (3002, set));
        check("%ocsf = {\"class_uid\": 6003, \"time\": 1600000000000}", (6003, set));
        check("%ocsf = {\"class_uid\": 6003}", (6003, found));
    }
}
