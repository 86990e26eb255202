//! Alerts and anomalies: a finding, with the request, name or file as evidence.

use headwater_pipeline::mapping::Mapper;

use super::super::network::hashes;
use super::super::well_known::last_segment;
use super::protocols::{dns_query, http_parts, tls_parts};

const ALERT: &[(&str, &str)] = &[
    ("alert.rev", "finding_info.analytic.version"),
    ("alert.rule", "finding_info.analytic.desc"),
    ("alert.metadata.mitre_tactic_id.0", "finding_info.attacks.tactic.uid"),
    ("alert.metadata.mitre_tactic_name.0", "finding_info.attacks.tactic.name"),
    ("alert.metadata.mitre_technique_id.0", "finding_info.attacks.technique.uid"),
    ("alert.metadata.mitre_technique_name.0", "finding_info.attacks.technique.name"),
];

pub(super) fn alert(mapper: &mut Mapper<'_>) {
    mapper.class(2004, 1);
    let source = mapper.source();
    let part = |path: &str| source.text(path).unwrap_or_default();
    let uid = format!("{}/{}", part("flow_id"), part("alert.signature_id"));
    let severity = match source.integer("alert.severity") {
        Some(1) => 4_i64,
        Some(2) => 3,
        Some(3) => 2,
        _ => 1,
    };
    let action = match source.text("alert.action").as_deref() {
        Some("allowed") => Some(1_i64),
        Some("blocked") => Some(2),
        _ => None,
    };
    mapper.set("finding_info.uid", uid.as_str());
    mapper.set("severity_id", severity);
    if severity > 1 {
        mapper.done("alert.severity");
    }
    mapper.set("is_alert", true);
    if let Some(action) = action {
        // The numbers of both attributes are the same here.
        mapper.set("action_id", action);
        mapper.set("disposition_id", action);
        mapper.done("alert.action");
    }
    mapper.copy("alert.signature", "message");
    mapper.copy("alert.signature", "finding_info.title");
    mapper.copy("alert.category", "finding_info.types");
    mapper.copy("alert.signature", "finding_info.analytic.name");
    mapper.copy("alert.signature_id", "finding_info.analytic.uid");
    mapper.copy("alert.category", "finding_info.analytic.category");
    mapper.set("finding_info.analytic.type_id", 1_i64);
    mapper.table(ALERT);
    evidence(mapper);
}

pub(super) fn anomaly(mapper: &mut Mapper<'_>) {
    mapper.class(2004, 1);
    let source = mapper.source();
    let name = source.text("anomaly.event").or_else(|| source.text("anomaly.code"));
    let name = name.unwrap_or_default().into_owned();
    let uid = format!("{}/{name}", source.text("flow_id").unwrap_or_default());
    mapper.set("finding_info.uid", uid.as_str());
    mapper.set("finding_info.title", name.as_str());
    mapper.copy("anomaly.type", "finding_info.types");
    mapper.copy("anomaly.layer", "finding_info.analytic.category");
    if mapper.copy_first(&["anomaly.event", "anomaly.code"], "finding_info.analytic.name") {
        mapper.set("finding_info.analytic.type_id", 1_i64);
    }
    mapper.set("is_alert", true);
    evidence(mapper);
}

const FILE: &[(&str, &str)] = &[
    ("files.0.filename", "evidences.file.path"),
    ("files.0.size", "evidences.file.size"),
    ("files.0.magic", "evidences.file.desc"),
    ("files.0.mimetype", "evidences.file.mime_type"),
];

fn evidence(mapper: &mut Mapper<'_>) {
    http_parts(mapper, "evidences.");
    tls_parts(mapper, "evidences.");
    dns_query(mapper, "evidences.");
    let name = mapper.source().text("files.0.filename").map(|path| last_segment(&path).to_owned());
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        mapper.set("evidences.file.name", name.as_str());
        mapper.set("evidences.file.type_id", 1_i64);
        mapper.table(FILE);
        let algorithms = [("files.0.md5", 1), ("files.0.sha1", 2), ("files.0.sha256", 3)];
        hashes(mapper, &algorithms, "evidences.file.hashes");
    }
}
