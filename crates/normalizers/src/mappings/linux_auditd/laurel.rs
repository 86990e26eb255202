//! Audit events that laurel has joined to one JSON object: Process Activity, File System Activity
//! and Network Activity by their system call. Contract: laurel's documentation of its fields, in
//! which every member but `ID` and `NODE` has the type of an audit record.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::kinds::{activity_of_call, call_name};
use super::{actor, outcome, process};
use crate::mappings::text_line::{keep, some_device, some_name};
use crate::mappings::well_known::{file, product};

/// Calls that are an activity of a file, with its number.
const FILE_CALLS: [(&str, i64); 24] = [
    ("open", 14),
    ("openat", 14),
    ("openat2", 14),
    ("creat", 1),
    ("mkdir", 1),
    ("mkdirat", 1),
    ("mknod", 1),
    ("mknodat", 1),
    ("link", 1),
    ("linkat", 1),
    ("symlink", 1),
    ("symlinkat", 1),
    ("unlink", 4),
    ("unlinkat", 4),
    ("rmdir", 4),
    ("rename", 5),
    ("renameat", 5),
    ("renameat2", 5),
    ("truncate", 3),
    ("chmod", 7),
    ("fchmodat", 7),
    ("chown", 7),
    ("fchownat", 7),
    ("setxattr", 6),
];

#[derive(Debug)]
pub(in super::super) struct LinuxLaurel;

impl Mapping for LinuxLaurel {
    fn name(&self) -> &'static str {
        "linux_laurel"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["ID", "SYSCALL"], &["ID", "EXECVE"], &["ID", "NODE"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("ID").is_some_and(|id| {
            id.split_once(':').is_some_and(|(time, serial)| {
                time.contains('.')
                    && !serial.is_empty()
                    && serial.bytes().all(|byte| byte.is_ascii_digit())
            })
        })
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let call = call_of(&mapper.source());
        let file_activity = FILE_CALLS.iter().find(|(name, _)| *name == call);
        let (class, activity) = match (&*call, file_activity) {
            ("connect", _) if mapper.source().has("SOCKADDR.SADDR.addr") => (4001, 1),
            (_, Some((_, activity))) if mapper.source().has("PATH") => (1001, *activity),
            ("", _) if !mapper.source().has("EXECVE") => (0, 0),
            ("", _) => (1007, 1),
            (call, _) => (1007, activity_of_call(call)),
        };
        mapper.class(class, activity);
        if activity == 99 {
            mapper.other_activity(&call);
        }
        product(mapper, "Laurel", "laurel");
        mapper.set("severity_id", 1_i64);
        let id = mapper.source().text("ID").unwrap_or_default().into_owned();
        if let Some((time, _)) = id.split_once(':') {
            keep(mapper, "audit_time", time);
        }
        mapper.time(&["audit_time"]);
        mapper.table(&[("ID", "metadata.correlation_uid"), ("NODE", "device.hostname")]);
        some_device(mapper);
        mapper.set("device.type_id", 0_i64);
        match class {
            1007 => {
                process(mapper, "SYSCALL.");
                arguments(mapper);
                mapper.copy("CWD.cwd", "process.working_directory");
                if mapper.written("process.pid").is_none() {
                    mapper.set("process.uid", &*id);
                }
                file(mapper, "PARENT_INFO.exe", "process.parent_process.file");
                mapper.copy("PARENT_INFO.comm", "process.parent_process.name");
            }
            _ => acting_process(mapper, class),
        }
        actor(mapper, "SYSCALL.");
        if mapper.written("actor.process.pid").is_none() {
            some_name(mapper, "actor.user");
        }
        outcome(mapper, "SYSCALL.");
    }
}

fn call_of(source: &Source<'_>) -> String {
    if let Some(name) = source.text("SYSCALL.SYSCALL") {
        return name.into_owned();
    }
    let architecture = source.text("SYSCALL.arch").unwrap_or_default();
    let number = source.integer("SYSCALL.syscall");
    let name = number.and_then(|number| call_name(&architecture, number));
    name.map_or_else(|| number.map_or(String::new(), |number| number.to_string()), str::to_owned)
}

/// The command line from the list of arguments, which stays as it is too: only it tells where one
/// argument ends.
fn arguments(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let list = ["EXECVE.ARGV", "PROCTITLE.ARGV"].iter().find_map(|path| source.find(path));
    let Some(list) = list else { return };
    let texts = source.elements(list).into_iter();
    let line: Vec<String> =
        texts.filter_map(|one| Some(source.text_of(one)?.into_owned())).collect();
    mapper.set("process.cmd_line", &*line.join(" "));
}

/// The process that opened a file or a connection.
fn acting_process(mapper: &mut Mapper<'_>, class: i64) {
    for (from, to) in [
        ("pid", "actor.process.pid"),
        ("comm", "actor.process.name"),
        ("ppid", "actor.process.parent_process.pid"),
        ("uid", "actor.process.user.uid"),
        ("exit", "status_code"),
    ] {
        mapper.copy(&format!("SYSCALL.{from}"), to);
    }
    file(mapper, "SYSCALL.exe", "actor.process.file");
    mapper.copy("CWD.cwd", "actor.process.working_directory");
    if class == 4001 {
        mapper.copy("SOCKADDR.SADDR.addr", "dst_endpoint.ip");
        mapper.copy("SOCKADDR.SADDR.port", "dst_endpoint.port");
    } else if class == 1001 {
        let is_place = |place: &usize| {
            let path = format!("PATH.{place}.nametype");
            !mapper.source().is(&path, "PARENT") && mapper.source().has(&format!("PATH.{place}"))
        };
        // Of the paths of a call the parent folders are not what it is about.
        let place = (0..4).find(is_place).unwrap_or(0);
        if !file(mapper, &format!("PATH.{place}.name"), "file") {
            mapper.set("file.name", "Unknown");
            mapper.set("file.type_id", 0_i64);
        }
        mapper.copy(&format!("PATH.{place}.inode"), "file.uid");
        mapper.copy(&format!("PATH.{place}.ouid"), "file.owner.uid");
        mapper.copy(&format!("PATH.{place}.OUID"), "file.owner.name");
    }
}
