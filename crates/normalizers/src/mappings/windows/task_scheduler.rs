//! The task scheduler's own log. Contract: the manifest of Microsoft-Windows-TaskScheduler.

use super::record::Record;
use super::values::{account, between};

const EVENTS: &[(i64, i64, &str)] = &[
    (100, 6, ""),
    (101, 6, ""),
    (102, 99, "Complete"),
    (103, 6, ""),
    (106, 1, ""),
    (107, 6, ""),
    (108, 6, ""),
    (110, 6, ""),
    (111, 99, "Terminate"),
    (118, 6, ""),
    (119, 6, ""),
    (129, 6, ""),
    (140, 2, ""),
    (141, 3, ""),
    (142, 5, ""),
    (200, 6, ""),
    (201, 99, "Complete"),
    (202, 6, ""),
    (203, 6, ""),
    (325, 99, "Queue"),
    (330, 99, "Terminate"),
    (332, 6, ""),
];

/// Starts that failed.
const FAILURES: [i64; 5] = [101, 103, 202, 203, 332];

const TASK: &[(&str, &str)] = &[
    ("TaskName", "job.name"),
    ("ActionName", "job.cmd_line"),
    ("Path", "job.cmd_line"),
    ("UserContext", "actor.user"),
    ("UserName", "actor.user"),
    ("ResultCode", "status_code"),
];

/// Writes an event of the task scheduler.
pub(super) fn map(record: &mut Record<'_, '_>) -> Option<&'static str> {
    if record.provider != "Microsoft-Windows-TaskScheduler" || record.text("TaskName").is_none() {
        return None;
    }
    let found = EVENTS.iter().find(|(id, ..)| *id == record.id);
    let (_, activity, name) = *found.unwrap_or(&(0, 99, "Other"));
    record.class(1006, activity, name);
    record.table(TASK);
    record.account("actor.user");
    if FAILURES.contains(&record.id) {
        record.mapper.set("status_id", 2_i64);
    }
    Some("Windows")
}

/// What a task does, from its XML.
pub(super) fn content(record: &mut Record<'_, '_>, xml: &str) {
    let plain = xml.replace("&lt;", "<").replace("&gt;", ">");
    let text = |name: &str| {
        let found = between(&plain, &format!("<{name}>"), &format!("</{name}>"))?.trim();
        let found = found.replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&");
        (!found.is_empty()).then_some(found)
    };
    if let Some(command) = text("Command") {
        let line = match text("Arguments") {
            Some(arguments) => format!("{command} {arguments}"),
            None => command,
        };
        record.mapper.set("job.cmd_line", line.as_str());
    }
    if let Some(description) = text("Description") {
        record.mapper.set("job.desc", description.as_str());
    }
    if let Some(user) = text("UserId") {
        let (domain, name) = account(&user);
        let part = if name.starts_with("S-1-") { "job.user.uid" } else { "job.user.name" };
        record.mapper.set(part, name);
        if let Some(domain) = domain {
            record.mapper.set("job.user.domain", domain);
        }
    }
}
