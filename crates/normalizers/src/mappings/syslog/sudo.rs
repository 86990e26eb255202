//! What sudo writes: `user : TTY=… ; PWD=… ; USER=… ; COMMAND=…`, with a reason in front when it
//! refuses. Process Activity for a command that runs, Authentication for one that does not.

use headwater_pipeline::mapping::Mapper;

use super::super::text_line::{keep, some_device, some_name};
use super::super::well_known::{file, status};
use super::sentence::{begin, complete, means};

/// Fields of a command, with the name under which they are kept.
const FIELDS: [(&str, &str); 10] = [
    ("TTY=", "terminal"),
    ("PWD=", "directory"),
    ("CWD=", "directory"),
    ("USER=", "run_as"),
    ("GROUP=", "run_as_group"),
    ("ENV=", "environment"),
    ("TSID=", "log_id"),
    ("HOST=", "run_on"),
    ("CHROOT=", "root_directory"),
    ("EXIT=", "exit_code"),
];

/// Writes a command; whether the text is one.
pub(super) fn command(mapper: &mut Mapper<'_>, text: &str) -> bool {
    // The command is the last field: what it holds belongs to it, whatever it looks like.
    let (front, command) = match text.split_once("COMMAND=") {
        Some((front, command)) => (front, Some(command)),
        None => (text, None),
    };
    let Some((invoker, rest)) = front.split_once(" : ") else { return false };
    if !rest.contains("TTY=") && command.is_none() {
        return false;
    }
    let parts: Vec<&str> = rest.split(" ; ").map(str::trim).filter(|one| !one.is_empty()).collect();
    let reason = parts.iter().find(|part| field(part).is_none());
    let is_refused = reason.is_some() || command.is_none();
    begin(mapper, if is_refused { means(3002, 7, 2) } else { means(1007, 1, 1) });
    keep(mapper, "invoker", invoker.trim());
    for part in &parts {
        if let Some((name, value)) = field(part) {
            keep(mapper, name, value);
        }
    }
    if let Some(command) = command {
        keep(mapper, "command", command);
    }
    mapper.copy("invoker", "actor.user.name");
    mapper.copy("terminal", "actor.session.terminal");
    if is_refused {
        refused(mapper, reason.copied().unwrap_or_default());
    } else {
        launched(mapper);
    }
    true
}

/// Name and value of a field.
fn field(part: &str) -> Option<(&'static str, &str)> {
    FIELDS.iter().find_map(|(key, name)| Some((*name, part.strip_prefix(key)?)))
}

fn refused(mapper: &mut Mapper<'_>, reason: &str) {
    mapper.copy("run_as", "user.name");
    mapper.set("account_switch_type_id", 1_i64);
    if !reason.is_empty() {
        mapper.set("status_detail", reason);
    }
    complete(mapper, 3002);
}

fn launched(mapper: &mut Mapper<'_>) {
    status(mapper, true);
    let executable = mapper.source().text("command").and_then(|command| {
        let first = command.split_whitespace().next()?;
        first.starts_with('/').then(|| first.to_owned())
    });
    mapper.copy("command", "process.cmd_line");
    if let Some(executable) = executable {
        keep(mapper, "executable", &executable);
        file(mapper, "executable", "process.file");
    }
    mapper.table(&[
        ("directory", "process.working_directory"),
        ("run_as", "process.user.name"),
        ("run_as_group", "process.group.name"),
    ]);
    some_name(mapper, "process.user");
    // The process number in the header is that of sudo, and nothing tells the command's.
    mapper.copy("processid", "process.parent_process.pid");
    mapper.set("process.uid", "Unknown");
    some_device(mapper);
}
