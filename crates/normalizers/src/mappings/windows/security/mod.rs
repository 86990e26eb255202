//! The Security log: which class an event is, and the parts that many events share. Contract:
//! Microsoft's reference of the Windows security audit events.

mod account;
mod logon;
mod object;
mod policy;
mod process;

use super::record::Record;

/// Who did it.
const SUBJECT: &[(&str, &str)] = &[
    ("SubjectUserSid", "actor.user.uid"),
    ("SubjectUserName", "actor.user.name"),
    ("SubjectDomainName", "actor.user.domain"),
    ("SubjectUserDomainName", "actor.user.domain"),
    ("SubjectLogonId", "actor.session.uid"),
];

/// With which process.
const CALLER: &[(&str, &str)] = &[
    ("ProcessId", "actor.process.pid"),
    ("CallerProcessId", "actor.process.pid"),
    ("ClientProcessId", "actor.process.pid"),
    ("ProcessName", "actor.process.file"),
    ("CallerProcessName", "actor.process.file"),
];

/// Providers whose events in the Security log are those of this file.
const PROVIDERS: [&str; 3] =
    ["Microsoft-Windows-Security-Auditing", "Microsoft-Windows-Eventlog", "Security"];

/// Whether an event is one of the Security log's own; exports may have lost log and provider.
fn is_security(record: &Record<'_, '_>) -> bool {
    match (record.provider.as_str(), record.channel.as_str()) {
        ("", "") => (4608..=6424).contains(&record.id),
        ("", channel) => channel.eq_ignore_ascii_case("Security"),
        (provider, "") => provider == "Microsoft-Windows-Security-Auditing",
        (provider, channel) => {
            channel.eq_ignore_ascii_case("Security") && PROVIDERS.contains(&provider)
        }
    }
}

/// Writes an event of the Security log.
pub(super) fn map(record: &mut Record<'_, '_>) -> Option<&'static str> {
    if !is_security(record) {
        return None;
    }
    record.process_id_of_message();
    let is_known = logon::map(record)
        || process::map(record)
        || object::map(record)
        || account::map(record)
        || policy::map(record);
    if !is_known {
        record.class(0, 99, "Audit");
        record.table(SUBJECT);
        record.table(CALLER);
    }
    Some("Windows")
}

/// Something that the actor is known by when the event names nobody: the provider.
fn subject(record: &mut Record<'_, '_>) {
    record.table(SUBJECT);
    record.table(CALLER);
    actor_or_provider(record);
}

fn actor_or_provider(record: &mut Record<'_, '_>) {
    let actors = ["user.name", "user.uid", "process.pid", "session.uid"];
    if actors.iter().all(|part| record.mapper.written(&format!("actor.{part}")).is_none()) {
        record.mapper.set("actor.app_name", "Windows");
    }
}

/// Class, activity and name of an event in a table.
fn of(events: &[(i64, i64, i64, &'static str)], id: i64) -> Option<(i64, i64, &'static str)> {
    let found = events.iter().find(|(event, ..)| *event == id)?;
    let (_, class, activity, name) = *found;
    Some((class, activity, name))
}

/// SIDs of a list such as `%{S-1-5-32-544} %{S-1-1-0}`.
fn sids(list: &str) -> Vec<String> {
    let trim = |sid: &str| sid.trim_matches(['%', '{', '}', ',']).to_owned();
    list.split_whitespace().map(trim).filter(|sid| sid.starts_with("S-1-")).collect()
}

/// Words of a list such as `SeTcbPrivilege SeDebugPrivilege`.
fn words(list: &str) -> Vec<String> {
    list.split(|character: char| character.is_whitespace() || character == ',')
        .filter(|word| !matches!(*word, "" | "-"))
        .map(str::to_owned)
        .collect()
}

/// Writes the words of a field as `privileges`.
fn privileges(record: &mut Record<'_, '_>, name: &str) -> bool {
    let list = record.text(name).map(|text| words(&text)).unwrap_or_default();
    let written = record.put_list(&list, "privileges");
    if written {
        record.done(name);
    }
    written
}
