//! osquery's result log: what the rows of a query are about decides the class; Live Evidence Info
//! for processes, connections, users and jobs, Process Activity for the history of shells, Software
//! Inventory, else Device Config State.
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
            _ => evidence(mapper),
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
    if evidence_of(source) != 0 {
        return (5040, 1);
    }
    if has("name") && has("version") && is_query_of("packages") {
        return (5020, 2);
    }
    (5002, 2)
}

/// The type of what a row is evidence of; 0 when there is no object for it.
fn evidence_of(source: &Source<'_>) -> i64 {
    let has = |name: &str| source.has(&format!("columns.{name}"));
    if has("command") && has("minute") {
        5
    } else if has("pid") && has("remote_address") {
        7
    } else if has("username") && (has("tty") || has("uid")) {
        13
    } else if has("pid") && has("name") && has("path") {
        10
    } else {
        0
    }
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
fn evidence(mapper: &mut Mapper<'_>) {
    let kind = evidence_of(&mapper.source());
    mapper.set("query_result_id", 1_i64);
    mapper.set("query_evidence.query_type_id", kind);
    match kind {
        5 => {
            mapper.copy("columns.command", "query_evidence.job.name");
            mapper.copy("columns.command", "query_evidence.job.cmd_line");
            file(mapper, "columns.path", "query_evidence.job.file");
        }
        7 => {
            mapper.set("query_evidence.connection_info.direction_id", 0_i64);
            mapper.copy("columns.protocol", "query_evidence.connection_info.protocol_num");
        }
        13 => mapper.table(&[
            ("columns.username", "query_evidence.user.name"),
            ("columns.uid", "query_evidence.user.uid"),
        ]),
        _ => {
            mapper.table(&[
                ("columns.pid", "query_evidence.process.pid"),
                ("columns.name", "query_evidence.process.name"),
                ("columns.cmdline", "query_evidence.process.cmd_line"),
                ("columns.cwd", "query_evidence.process.working_directory"),
                ("columns.parent", "query_evidence.process.parent_process.pid"),
                ("columns.uid", "query_evidence.process.user.uid"),
            ]);
            file(mapper, "columns.path", "query_evidence.process.file");
        }
    }
}
