//! Linux audit records, one per line: Process Activity, File System Activity, Authentication,
//! Account Change and more, by the type of the record. Contract: the audit project's list of
//! record types and field names, in its raw and its enriched form, also inside syslog and as the
//! kernel logs them when no daemon runs.
//!
//! Records of one event are not joined: `metadata.correlation_uid` is the event's number, and
//! records that name no process have that number as the identity of their process.

mod kinds;
mod laurel;
mod values;

use std::net::{Ipv4Addr, Ipv6Addr};

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use self::kinds::{KINDS, activity_of_call, call_name};
pub(super) use self::laurel::LinuxLaurel;
use self::values::keep_fields;
use super::text_line::{Pieces, keep, line_text, pieces, relayed_header, some_device, some_name};
use super::well_known::{file, last_segment, product, status};

/// How a record stands in a line.
const FORMS: [&str; 4] = [
    "type={type} msg=audit({id}):{fields*}",
    "node={node} type={type} msg=audit({id}):{fields*}",
    "audit: type={type} audit({id}):{fields*}",
    "[{}] audit: type={type} audit({id}):{fields*}",
];

/// Types whose process did not exist before.
const EXECUTIONS: [&str; 3] = ["EXECVE", "PROCTITLE", "CWD"];

#[derive(Debug)]
pub(super) struct LinuxAuditd;

impl Mapping for LinuxAuditd {
    fn name(&self) -> &'static str {
        "linux_auditd"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("message").is_some_and(|text| {
            let is_audit =
                ["type=", "node=", "audit: ", "["].iter().any(|one| text.starts_with(one));
            is_audit && (text.contains(" msg=audit(") || text.contains("audit: type="))
        })
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let text = line_text(mapper);
        let Some(parts) = FORMS.iter().find_map(|form| pieces(form, &text)) else { return };
        let part = |name: &str| parts.iter().find(|(one, _)| *one == name).map(|(_, text)| *text);
        let (written, id) = (part("type").unwrap_or_default(), part("id").unwrap_or_default());
        let fields = part("fields").unwrap_or_default();
        let (kind, class, activity) = meaning(written, fields);
        mapper.class(class, activity);
        product(mapper, "Linux", "auditd");
        mapper.set("metadata.event_code", kind);
        mapper.set("metadata.correlation_uid", id);
        begin(mapper, &parts, id);
        let arguments = keep_fields(mapper, kind, fields);
        let call = call_of(mapper, kind);
        match (&call, activity) {
            (Some(call), _) if activity_of_call(call) != 99 => {
                mapper.class(class, activity_of_call(call));
            }
            (Some(call), _) => mapper.other_activity(call),
            (None, 99) => mapper.other_activity(kind),
            _ => {}
        }
        match class {
            1007 if kind == "USER_CMD" => commanded(mapper, id),
            1007 => {
                if let Some(arguments) = arguments {
                    mapper.set("process.cmd_line", &*arguments);
                }
                if kind == "OBJ_PID" {
                    target(mapper);
                }
                process(mapper, "");
                if matches!(kind, "AVC" | "USER_AVC") {
                    denial(mapper, fields);
                }
                let is_execution = EXECUTIONS.contains(&kind)
                    || call.is_some_and(|call| activity_of_call(&call) == 1);
                if is_execution || mapper.written("process.pid").is_none() {
                    mapper.set("process.uid", id);
                }
            }
            1001 => path(mapper, id),
            1002 => module(mapper, id),
            3001 | 3002 | 3006 => account(mapper, class, kind),
            4001 | 4007 => connection(mapper, id),
            _ => others(mapper, class, kind, id),
        }
        actor(mapper, "");
        if matches!(class, 1001 | 1002 | 1007) {
            some_device(mapper);
            if mapper.written("actor.process.pid").is_none()
                && mapper.written("actor.process.uid").is_none()
            {
                some_name(mapper, "actor.user");
            }
        }
        outcome(mapper, "");
    }
}

/// Type by name, class and activity.
fn meaning<'t>(written: &'t str, fields: &str) -> (&'t str, i64, i64) {
    let has = |text: &str| fields.contains(text);
    let known = KINDS.iter().find(|(name, number, ..)| written == *name || written == *number);
    match known {
        // Of socket addresses only those of networks are an activity of the network.
        Some((name, _, 4001, _))
            if *name == "SOCKADDR" && !has("=0200") && !has("=0A00") && !has("fam=inet") =>
        {
            (*name, 0, 0)
        }
        Some((name, _, 3001, 3)) if !has("password") && !has("chauthtok") => (*name, 3001, 99),
        Some((name, _, 3006, 99)) if has("user-to-group") || has("user to group") => {
            (*name, 3006, 3)
        }
        Some((name, _, 3006, 99)) if has("user-from-group") || has("user from group") => {
            (*name, 3006, 4)
        }
        Some((name, _, class, activity)) => (*name, *class, *activity),
        None if has(" pid=") => (written, 1007, 99),
        None => (written, 0, 0),
    }
}

/// Time, device and header, before fields of the text get in their way.
fn begin(mapper: &mut Mapper<'_>, parts: &Pieces<'_>, id: &str) {
    if let Some((_, node)) = parts.iter().find(|(name, _)| *name == "node") {
        keep(mapper, "node", node);
        mapper.copy("node", "device.hostname");
    }
    keep(mapper, "audit_time", id.split(':').next().unwrap_or_default());
    mapper.time(&["audit_time"]);
    mapper.copy("timestamp", "metadata.logged_time");
    relayed_header(mapper);
}

/// The name of a record's system call.
fn call_of(mapper: &mut Mapper<'_>, kind: &str) -> Option<String> {
    if kind != "SYSCALL" {
        return None;
    }
    let source = mapper.source();
    if let Some(name) = source.text("SYSCALL") {
        return Some(name.into_owned());
    }
    let architecture = source.text("arch")?;
    let name = call_name(&architecture, source.integer("syscall")?)?;
    keep(mapper, "SYSCALL", name);
    Some(name.to_owned())
}

/// Whether a number of a session or login user is one: they begin as the highest number there is.
fn is_assigned(mapper: &Mapper<'_>, field: &str) -> bool {
    mapper.source().text(field).is_some_and(|text| {
        !matches!(&*text, "4294967295" | "-1" | "unset") && text != "18446744073709551615"
    })
}

/// The fields of a process that stand below `prefix`.
fn process(mapper: &mut Mapper<'_>, prefix: &str) {
    let fields = [
        ("pid", "process.pid"),
        ("comm", "process.name"),
        ("ppid", "process.parent_process.pid"),
        ("ppid", "actor.process.pid"),
        ("uid", "process.user.uid"),
        ("UID", "process.user.name"),
        ("gid", "process.group.uid"),
        ("GID", "process.group.name"),
        ("euid", "process.euid"),
        ("egid", "process.egid"),
        ("proctitle", "process.cmd_line"),
        ("cwd", "process.working_directory"),
        ("exit", "status_code"),
    ];
    for (from, to) in fields {
        mapper.copy(&format!("{prefix}{from}"), to);
    }
    file(mapper, &format!("{prefix}exe"), "process.file");
    let login = format!("{prefix}auid");
    if is_assigned(mapper, &login) {
        mapper.copy(&login, "process.auid");
    }
}

/// The process that a signal was sent to.
fn target(mapper: &mut Mapper<'_>) {
    mapper.table(&[
        ("opid", "process.pid"),
        ("ocomm", "process.name"),
        ("ouid", "process.user.uid"),
    ]);
}

/// What SELinux or AppArmor did not let a process do.
fn denial(mapper: &mut Mapper<'_>, fields: &str) {
    mapper.copy("fsuid", "process.user.uid");
    mapper.copy("fsuid", "actor.user.uid");
    if fields.contains("\"DENIED\"")
        || fields.contains("denied ") && !fields.contains("permissive=1")
    {
        mapper.set("action_id", 2_i64);
        mapper.set("disposition_id", 2_i64);
        status(mapper, false);
    }
}

/// Who acted: the user who logged in, whoever they have become since.
fn actor(mapper: &mut Mapper<'_>, prefix: &str) {
    let path = |name: &str| format!("{prefix}{name}");
    if is_assigned(mapper, &path("auid")) {
        mapper.copy(&path("auid"), "actor.user.uid");
        mapper.copy(&path("AUID"), "actor.user.name");
    } else {
        mapper.copy(&path("uid"), "actor.user.uid");
        mapper.copy(&path("UID"), "actor.user.name");
    }
    if is_assigned(mapper, &path("ses")) && mapper.written("session.uid").is_none() {
        mapper.copy(&path("ses"), "actor.session.uid");
    }
    for from in ["tty", "terminal"] {
        if mapper.written("session.terminal").is_none() {
            mapper.copy(&path(from), "actor.session.terminal");
        }
    }
}

/// The process that wrote the record on behalf of somebody.
fn writer(mapper: &mut Mapper<'_>) {
    if mapper.copy("pid", "actor.process.pid") {
        mapper.copy("comm", "actor.process.name");
        mapper.copy("uid", "actor.process.user.uid");
        file(mapper, "exe", "actor.process.file");
    }
}

/// A command that sudo runs: its own process is still to come.
fn commanded(mapper: &mut Mapper<'_>, id: &str) {
    writer(mapper);
    mapper.set("process.uid", id);
    mapper.copy("cmd", "process.cmd_line");
    mapper.copy("cwd", "process.working_directory");
}

fn path(mapper: &mut Mapper<'_>, id: &str) {
    let kind = mapper.source().text("nametype").unwrap_or_default().into_owned();
    match &*kind {
        "CREATE" => mapper.class(1001, 1),
        "DELETE" => mapper.class(1001, 4),
        "" => {}
        kind => mapper.other_activity(kind),
    }
    mapper.done("nametype");
    let mode = mapper.source().text("mode").unwrap_or_default().into_owned();
    let mode = mode.trim_start_matches('0');
    let type_id = match (mode.len(), mode.get(..1)) {
        (5, Some("1")) => 6,
        (5, Some("2")) => 3,
        (5, Some("4")) => 2,
        (5, Some("6")) => 4,
        (6, _) if mode.starts_with("12") => 7,
        (6, _) if mode.starts_with("14") => 5,
        _ => 1,
    };
    mapper.set("file.type_id", type_id);
    if !file(mapper, "name", "file") {
        mapper.set("file.name", "Unknown");
    }
    mapper.table(&[
        ("inode", "file.uid"),
        ("ouid", "file.owner.uid"),
        ("OUID", "file.owner.name"),
        ("obj", "file.security_descriptor"),
    ]);
    mapper.set("actor.process.uid", id);
}

fn module(mapper: &mut Mapper<'_>, id: &str) {
    if !mapper.copy("name", "driver.file.name") {
        mapper.set("driver.file.name", "Unknown");
    }
    mapper.set("driver.file.type_id", 1_i64);
    mapper.set("actor.process.uid", id);
}

fn account(mapper: &mut Mapper<'_>, class: i64, kind: &str) {
    writer(mapper);
    if kind == "LOGIN" {
        mapper.copy("uid", "actor.user.uid");
        mapper.copy("UID", "actor.user.name");
        mapper.copy("AUID", "user.name");
        if is_assigned(mapper, "auid") {
            mapper.copy("auid", "user.uid");
        }
    }
    if class == 3006 {
        mapper.table(&[("grp", "group.name"), ("acct", "group.name"), ("id", "group.uid")]);
        some_name(mapper, "group");
    }
    mapper.table(&[
        ("acct", "user.name"),
        ("id", "user.uid"),
        ("ID", "user.name"),
        ("addr", "src_endpoint.ip"),
        ("remote_host", "src_endpoint.ip"),
        ("remote_host", "src_endpoint.hostname"),
        ("rport", "src_endpoint.port"),
        ("laddr", "dst_endpoint.ip"),
        ("lport", "dst_endpoint.port"),
        ("terminal", "session.terminal"),
        ("tty", "session.terminal"),
    ]);
    if class == 3002 {
        if is_assigned(mapper, "ses") {
            mapper.copy("ses", "session.uid");
        }
        let service = mapper.source().text("exe").unwrap_or("login".into()).into_owned();
        mapper.set("service.name", last_segment(&service));
        mapper.copy("hostname", "dst_endpoint.hostname");
    }
    if class != 3006 {
        some_name(mapper, "user");
    }
}

fn connection(mapper: &mut Mapper<'_>, id: &str) {
    writer(mapper);
    if mapper.written("actor.process.pid").is_none() {
        mapper.set("actor.process.uid", id);
    }
    if let Some((address, port)) =
        mapper.source().text("saddr").and_then(|text| socket_address(&text))
    {
        mapper.set("dst_endpoint.ip", &*address);
        mapper.set("dst_endpoint.port", port);
    }
    mapper.table(&[
        ("laddr", "dst_endpoint.ip"),
        ("lport", "dst_endpoint.port"),
        ("addr", "src_endpoint.ip"),
        ("rport", "src_endpoint.port"),
        ("saddr", "src_endpoint.ip"),
        ("daddr", "dst_endpoint.ip"),
        ("sport", "src_endpoint.port"),
        ("dport", "dst_endpoint.port"),
        ("proto", "connection_info.protocol_num"),
    ]);
    if mapper.written("connection_info.protocol_num").is_some() {
        mapper.set("connection_info.direction_id", 0_i64);
    }
    let has_side = |side: &str| mapper.written((side, "ip")).is_some();
    if !has_side("src_endpoint")
        && !has_side("dst_endpoint")
        && !mapper.copy("hostname", "dst_endpoint.hostname")
    {
        mapper.set("dst_endpoint.hostname", "Unknown");
    }
}

/// Address and port of a socket address in hexadecimal: family in the byte order of the machine,
/// the rest in that of the network.
fn socket_address(text: &str) -> Option<(String, i64)> {
    let byte = |place: usize| u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok();
    let pair = |place: usize| Some(u16::from_be_bytes([byte(place)?, byte(place + 1)?]));
    let port = i64::from(pair(2)?);
    match text.get(..4)? {
        "0200" => {
            let address = Ipv4Addr::new(byte(4)?, byte(5)?, byte(6)?, byte(7)?);
            Some((address.to_string(), port))
        }
        "0A00" | "0a00" => {
            let group = |number: usize| pair(8 + number * 2);
            let address = Ipv6Addr::new(
                group(0)?,
                group(1)?,
                group(2)?,
                group(3)?,
                group(4)?,
                group(5)?,
                group(6)?,
                group(7)?,
            );
            Some((address.to_string(), port))
        }
        _ => None,
    }
}

fn others(mapper: &mut Mapper<'_>, class: i64, kind: &str, id: &str) {
    writer(mapper);
    match class {
        6002 if !mapper.copy("unit", "app.name") => {
            mapper.set("app.name", "Unknown");
        }
        1008 => {
            mapper.set("log_name", "audit");
        }
        2004 => {
            mapper.set("finding_info.uid", id);
            mapper.set("finding_info.title", kind);
            mapper.set("is_alert", true);
        }
        _ => {}
    }
}

/// Whether it worked, in the words of system calls and of user space.
fn outcome(mapper: &mut Mapper<'_>, prefix: &str) {
    for name in ["success", "res", "result"] {
        let path = format!("{prefix}{name}");
        let Some(text) = mapper.source().text(&path) else { continue };
        let is_success = match &*text {
            "yes" | "success" | "1" => true,
            "no" | "failed" | "fail" | "0" => false,
            _ => continue,
        };
        mapper.done(&path);
        status(mapper, is_success);
    }
}
