//! osquery's result log: what the rows of a query are about decides the class; Process Query,
//! Network Connection Query, User Query, Job Query, Software Inventory, else Device Config State.
//! Contract: "Logging" in osquery's documentation (event, snapshot and batch format).

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::text_line::some_device;
use super::well_known::{file, product};

#[derive(Debug)]
pub(super) struct Osquery;

impl Mapping for Osquery {
    fn name(&self) -> &'static str {
        "osquery"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["name", "action", "columns"],
            &["name", "action", "snapshot"],
            &["name", "diffResults", "unixTime"],
        ]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.has("diffResults")
            || source
                .text("action")
                .is_some_and(|action| matches!(&*action, "added" | "removed" | "snapshot"))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let (class, activity) = classify(&mapper.source());
        mapper.class(class, activity);
        product(mapper, "osquery", "osquery");
        mapper.set("severity_id", 1_i64);
        mapper.time(&["unixTime", "calendarTime"]);
        mapper.table(&[
            ("decorations.host_uuid", "device.uid"),
            ("decorations.hostname", "device.hostname"),
            ("hostIdentifier", "device.hostname"),
            ("hostIdentifier", "device.name"),
            ("name", "metadata.event_code"),
            ("log_type", "metadata.log_name"),
        ]);
        some_device(mapper);
        mapper.set("device.type_id", 0_i64);
        match class {
            1007 => command(mapper),
            5002 => {}
            5020 => mapper.table(&[
                ("columns.name", "package.name"),
                ("columns.version", "package.version"),
                ("columns.arch", "package.architecture"),
                ("columns.source", "package.vendor_name"),
            ]),
            _ => rows(mapper, class),
        }
    }
}

/// Class and activity by the columns.
fn classify(source: &Source<'_>) -> (i64, i64) {
    let has = |name: &str| source.has(&format!("columns.{name}"));
    let is_query_of = |name: &str| source.text("name").is_some_and(|query| query.contains(name));
    if has("command") && has("username") {
        return (1007, 1);
    }
    if has("command") && has("minute") {
        return (5010, 1);
    }
    if has("pid") && has("remote_address") {
        return (5012, 1);
    }
    if has("username") && (has("tty") || has("uid")) {
        return (5018, 1);
    }
    if has("pid") && has("name") && has("path") {
        return (5015, 1);
    }
    if has("name") && has("version") && is_query_of("packages") {
        return (5020, 2);
    }
    (5002, 2)
}

/// A command of a shell's history.
fn command(mapper: &mut Mapper<'_>) {
    mapper.table(&[
        ("columns.command", "process.cmd_line"),
        ("columns.directory", "process.working_directory"),
        ("columns.username", "actor.user.name"),
        ("columns.uid", "actor.user.uid"),
        ("columns.pid", "process.pid"),
    ]);
    mapper.time(&["columns.time"]);
    if mapper.written("process.pid").is_none() {
        mapper.set("process.uid", "Unknown");
    }
}

/// What is on a host, one row of it.
fn rows(mapper: &mut Mapper<'_>, class: i64) {
    mapper.set("query_result_id", 1_i64);
    match class {
        5010 => {
            mapper.copy("columns.command", "job.name");
            mapper.copy("columns.command", "job.cmd_line");
            file(mapper, "columns.path", "job.file");
        }
        5012 => {
            mapper.set("state_id", 0_i64);
            mapper.set("connection_info.direction_id", 0_i64);
        }
        5018 => mapper.table(&[("columns.username", "user.name"), ("columns.uid", "user.uid")]),
        _ => {}
    }
    mapper.table(&[
        ("columns.pid", "process.pid"),
        ("columns.name", "process.name"),
        ("columns.cmdline", "process.cmd_line"),
        ("columns.cwd", "process.working_directory"),
        ("columns.parent", "process.parent_process.pid"),
        ("columns.uid", "process.user.uid"),
        ("columns.protocol", "connection_info.protocol_num"),
    ]);
    if class == 5015 {
        file(mapper, "columns.path", "process.file");
    }
}
