//! The System log: services, and the log itself. Contract: the message tables of the Service
//! Control Manager and of the event log service.

use super::record::Record;

/// Events of the Service Control Manager.
const SERVICES: &[(i64, i64, &str)] = &[
    (7000, 3, ""),
    (7001, 3, ""),
    (7009, 3, ""),
    (7011, 99, "Timeout"),
    (7022, 3, ""),
    (7023, 4, ""),
    (7024, 4, ""),
    (7026, 3, ""),
    (7031, 4, ""),
    (7032, 99, "Recover"),
    (7034, 4, ""),
    (7035, 99, "Control"),
    (7036, 99, "Change State"),
    (7038, 3, ""),
    (7040, 2, ""),
    (7042, 4, ""),
    (7045, 1, ""),
];

/// Events that say that something did not work.
const FAILURES: [i64; 11] = [7000, 7001, 7009, 7011, 7022, 7023, 7024, 7026, 7031, 7034, 7038];

const SERVICE: &[(&str, &str)] =
    &[("ServiceName", "win_service.name"), ("ImagePath", "win_service.cmd_line")];

/// Writes an event of the System log that is about services or the log.
pub(super) fn map(record: &mut Record<'_, '_>) -> Option<&'static str> {
    match (record.provider.as_str(), record.id) {
        ("Service Control Manager" | "Microsoft-Windows-Service Control Manager", _) => {
            service(record);
        }
        ("Microsoft-Windows-Eventlog" | "EventLog" | "Eventlog", _) => log(record)?,
        _ => return None,
    }
    Some("Windows")
}

fn service(record: &mut Record<'_, '_>) {
    let found = SERVICES.iter().find(|(id, ..)| *id == record.id);
    let (_, activity, name) = *found.unwrap_or(&(0, 99, "Other"));
    let activity = match (record.id, record.text("param2").as_deref()) {
        (7036, Some("running")) => 3,
        (7036, Some("stopped")) => 4,
        (7036, Some("paused")) => 5,
        _ => activity,
    };
    record.class(201_004, activity, name);
    record.table(SERVICE);
    match record.id {
        7045 => {
            start_type(record, "StartType");
            service_type(record);
            // Here the account is the service's, not the one of who installed it.
            record.put("AccountName", "win_service.service_start_name");
        }
        7040 => {
            record.put("param4", "win_service.name");
            record.put("param1", "win_service.name");
            start_type(record, "param3");
        }
        7009 | 7011 => {
            record.put("param2", "win_service.name");
        }
        _ => {
            record.put("param1", "win_service.name");
        }
    }
    record.mapper.set("win_service.name", "Unknown");
    record.mapper.set("win_service.service_type_id", 0_i64);
    if record.id != 7045 || record.mapper.written("win_service.service_start_name").is_none() {
        record.account("actor.user");
    } else {
        record.account_id("actor.user");
    }
    if record.mapper.written("actor.user.uid").is_none()
        && record.mapper.written("actor.user.name").is_none()
    {
        record.mapper.set("actor.app_name", "Service Control Manager");
    }
    if FAILURES.contains(&record.id) {
        record.mapper.set("status_id", 2_i64);
        if matches!(record.id, 7000 | 7023 | 7024) {
            record.put("param2", "status_code");
        }
    }
}

fn start_type(record: &mut Record<'_, '_>, name: &str) {
    let number = match record.text(name).as_deref() {
        Some("boot start") => 1,
        Some("system start") => 2,
        Some("auto start") => 3,
        Some("demand start") => 4,
        Some("disabled") => 5_i64,
        _ => return,
    };
    if record.mapper.set("win_service.service_start_type_id", number) {
        record.done(name);
    }
}

fn service_type(record: &mut Record<'_, '_>) {
    let number = match record.text("ServiceType").as_deref() {
        Some("kernel mode driver") => 1,
        Some("file system driver") => 2,
        Some("user mode service") => 3_i64,
        _ => return,
    };
    if record.mapper.set("win_service.service_type_id", number) {
        record.done("ServiceType");
    }
}

fn log(record: &mut Record<'_, '_>) -> Option<()> {
    let activity = match record.id {
        104 | 1102 => 1,
        6005 => 6,
        6006 => 7,
        1105 => 4,
        _ => return None,
    };
    record.class(1008, activity, "");
    record.table(&[
        ("Channel", "log_name"),
        ("BackupPath", "file"),
        ("SubjectUserSid", "actor.user.uid"),
        ("SubjectUserName", "actor.user.name"),
        ("SubjectDomainName", "actor.user.domain"),
        ("SubjectLogonId", "actor.session.uid"),
    ]);
    if matches!(record.id, 104 | 1102) {
        record.account("actor.user");
    }
    let channel = record.channel.clone();
    record.mapper.set("log_name", channel.as_str());
    record.mapper.set("log_type_id", 1_i64);
    Some(())
}
