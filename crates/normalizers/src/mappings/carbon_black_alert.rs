//! Alerts of Carbon Black Cloud: Detection Finding. Contract: `Alert` of the Alerts API, version 7.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::audit_log::DETECTION_FINDING;
use super::well_known::{file, product};

const FIELDS: &[(&str, &str)] = &[
    ("id", "metadata.uid"),
    ("org_key", "metadata.tenant_uid"),
    ("type", "finding_info.types"),
    ("reason", "finding_info.title"),
    ("threat_id", "finding_info.uid_alt"),
    ("report_description", "finding_info.desc"),
    ("first_event_timestamp", "finding_info.first_seen_time"),
    ("last_event_timestamp", "finding_info.last_seen_time"),
    ("backend_update_timestamp", "finding_info.modified_time"),
    ("alert_url", "finding_info.src_url"),
    ("report_id", "finding_info.analytic.uid"),
    ("report_name", "finding_info.analytic.name"),
    ("attack_tactic", "finding_info.attacks.tactic.uid"),
    ("attack_technique", "finding_info.attacks.technique.uid"),
    ("reason_code", "metadata.event_code"),
    ("device_id", "device.uid"),
    ("device_name", "device.hostname"),
    ("device_internal_ip", "device.ip"),
    ("device_os_version", "device.os.version"),
    ("device_policy", "policy.name"),
    ("device_policy_id", "policy.uid"),
    ("netconn_local_ip", "evidences.src_endpoint.ip"),
    ("netconn_local_port", "evidences.src_endpoint.port"),
    ("netconn_remote_ip", "evidences.dst_endpoint.ip"),
    ("netconn_remote_port", "evidences.dst_endpoint.port"),
    ("netconn_remote_domain", "evidences.dst_endpoint.hostname"),
    ("process_guid", "evidences.process.uid"),
    ("process_pid", "evidences.process.pid"),
    ("process_cmdline", "evidences.process.cmd_line"),
    ("process_username", "evidences.process.user.name"),
];

/// Parts of the parent, which is known by its number.
const PARENT: &[(&str, &str)] = &[
    ("parent_guid", "evidences.process.parent_process.uid"),
    ("parent_pid", "evidences.process.parent_process.pid"),
    ("parent_cmdline", "evidences.process.parent_process.cmd_line"),
    ("parent_username", "evidences.process.parent_process.user.name"),
];

/// Hashes of a program with the numbers of their algorithms.
const HASHES: [(&str, i64); 2] = [("sha256", 3), ("md5", 1)];

const SYSTEMS: [(&str, i64, &str); 3] =
    [("WINDOWS", 100, "Windows"), ("LINUX", 200, "Linux"), ("MAC", 300, "macOS")];

#[derive(Debug)]
pub(super) struct CarbonBlackAlert;

impl Mapping for CarbonBlackAlert {
    fn name(&self) -> &'static str {
        "carbon_black_alert"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["id", "org_key", "type", "backend_timestamp", "reason_code"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.integer("severity").is_some()
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let is_closed = mapper.source().is("workflow.status", "CLOSED");
        let source = mapper.source();
        let is_new = source
            .text("backend_update_timestamp")
            .is_none_or(|updated| source.text("backend_timestamp") == Some(updated));
        let activity = match (is_closed, is_new) {
            (true, _) => 3,
            (false, true) => 1,
            (false, false) => 2,
        };
        mapper.class(DETECTION_FINDING, activity);
        product(mapper, "VMware", "Carbon Black Cloud");
        mapper.set("is_alert", true);
        mapper.time(&["detection_timestamp", "backend_timestamp"]);
        mapper.copy("backend_timestamp", "finding_info.created_time");
        mapper.copy("id", "finding_info.uid");
        mapper.set("finding_info.uid", "Unknown");
        severity(mapper);
        status(mapper);
        mapper.table(FIELDS);
        if ["uid", "name"].iter().any(|part| has(mapper, &format!("finding_info.analytic.{part}")))
        {
            mapper.set("finding_info.analytic.type_id", 1_i64);
        }
        device(mapper);
        process(mapper);
    }
}

fn has(mapper: &Mapper<'_>, to: &str) -> bool {
    mapper.written(to).is_some()
}

/// 1 to 10.
fn severity(mapper: &mut Mapper<'_>) {
    let severity = match mapper.source().integer("severity") {
        Some(1..=2) => 2_i64,
        Some(3..=5) => 3,
        Some(6..=8) => 4,
        Some(9..=10) => 5,
        _ => 0,
    };
    mapper.set("severity_id", severity);
    mapper.copy("severity", "risk_score");
}

fn status(mapper: &mut Mapper<'_>) {
    let number = match mapper.source().text("workflow.status").as_deref() {
        Some("OPEN") => 1_i64,
        Some("IN_PROGRESS") => 2,
        Some("CLOSED") => 4,
        _ => return,
    };
    mapper.set("status_id", number);
    mapper.done("workflow.status");
}

fn device(mapper: &mut Mapper<'_>) {
    if !["uid", "hostname", "ip"].iter().any(|part| has(mapper, &format!("device.{part}"))) {
        return;
    }
    mapper.set("device.type_id", 0_i64);
    let system = mapper.source().text("device_os").map(Cow::into_owned);
    let known = SYSTEMS.iter().find(|(name, ..)| system.as_deref() == Some(*name));
    if let Some((_, number, name)) = known {
        mapper.set("device.os.name", *name);
        mapper.set("device.os.type_id", *number);
        mapper.done("device_os");
    }
    mapper.copy("device_username", "device.owner.name");
}

fn process(mapper: &mut Mapper<'_>) {
    let to = "evidences.process";
    if !["uid", "pid"].iter().any(|part| has(mapper, &format!("{to}.{part}"))) {
        return;
    }
    program(mapper, "process", to);
    let is_known = ["parent_guid", "parent_pid"].iter().any(|part| mapper.source().has(part));
    if is_known {
        mapper.table(PARENT);
        program(mapper, "parent", "evidences.process.parent_process");
    }
}

/// The program of a process: path, name, hashes.
fn program(mapper: &mut Mapper<'_>, prefix: &str, to: &str) {
    let to = format!("{to}.file");
    if !file(mapper, &format!("{prefix}_name"), &to) {
        return;
    }
    let mut place = 0;
    for (name, algorithm) in HASHES {
        if mapper.copy(&format!("{prefix}_{name}"), &format!("{to}.hashes[{place}].value")) {
            mapper.set(&format!("{to}.hashes[{place}].algorithm_id"), algorithm);
            place += 1;
        }
    }
}
