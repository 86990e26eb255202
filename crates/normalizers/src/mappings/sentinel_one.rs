//! SentinelOne: activities of the console, threats and alerts are Detection Finding (activities
//! without a threat API Activity), and the events of Cloud Funnel are what processes, files, the
//! registry and connections do. Contracts: `activities`, `threats` and unified alerts of the
//! management API (activities also with lower-case keys), Cloud Funnel 2.0 with dotted names.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::audit_log::{
    ACCOUNT_CHANGE, API_ACTIVITY, AUTHENTICATION, BY_VERB, DETECTION_FINDING, Rule, address,
    classify, complete, open, os_type, severity,
};
use super::sensor::{
    DNS_ACTIVITY, FILE_ACTIVITY, HTTP_ACTIVITY, KERNEL_EXTENSION, MD5, MODULE_ACTIVITY,
    NETWORK_ACTIVITY, PROCESS_ACTIVITY, REGISTRY_KEY, REGISTRY_VALUE, SCHEDULED_JOB,
    SCRIPT_ACTIVITY, SHA1, SHA256, account, complete_host, hash, name_file, name_process,
};
use super::well_known::{product, status};

/// Numbers of activities.
const ACTIVITIES: &[Rule] = &[
    ("27", AUTHENTICATION, 1),
    ("133", AUTHENTICATION, 1),
    ("134", AUTHENTICATION, 1),
    ("33", AUTHENTICATION, 2),
    ("23", ACCOUNT_CHANGE, 1),
    ("24", ACCOUNT_CHANGE, 99),
    ("25", ACCOUNT_CHANGE, 6),
];

const ACTIVITY: &[(&str, &str)] = &[
    ("id", "metadata.uid"),
    ("accountId", "metadata.tenant_uid"),
    ("primaryDescription", "message"),
    ("secondaryDescription", "status_detail"),
    ("userId", "actor.user.uid"),
    ("data.username", "actor.user.name"),
    ("data.userName", "actor.user.name"),
    ("agentId", "device.uid"),
    ("data.computerName", "device.hostname"),
    ("threatId", "finding_info.uid"),
    ("data.alertId", "finding_info.uid"),
    ("data.ruleName", "finding_info.title"),
    ("data.ruleDescription", "finding_info.desc"),
    ("data.ruleId", "finding_info.analytic.uid"),
    ("data.threatClassification", "finding_info.types"),
    ("data.fileDisplayName", "evidences.file.name"),
    ("data.filePath", "evidences.file.path"),
];

#[derive(Debug)]
pub(super) struct SentinelOneActivity;

impl Mapping for SentinelOneActivity {
    fn name(&self) -> &'static str {
        "sentinel_one_activity"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["activityType", "accountId", "primaryDescription"]]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let lowered = !mapper.source().has("activityType");
        let key = |path: &str| if lowered { path.to_ascii_lowercase() } else { path.to_owned() };
        let kind = mapper.source().text(&key("activityType")).map(Cow::into_owned);
        let kind = kind.unwrap_or_default();
        let has = |mapper: &Mapper<'_>, path: &str| mapper.source().text(&key(path)).is_some();
        let of_threat = has(mapper, "threatId") || has(mapper, "data.alertId");
        let chosen = if of_threat { (DETECTION_FINDING, 1) } else { classify(ACTIVITIES, &kind) };
        let class = open(mapper, chosen, &kind);
        product(mapper, "SentinelOne", "Singularity");
        mapper.time(&[&key("createdAt"), &key("updatedAt")]);
        mapper.copy(&key("activityType"), "metadata.event_code");
        address(mapper, &key("data.ipAddress"), "src_endpoint");
        if class == API_ACTIVITY {
            mapper.copy(&key("activityType"), "api.operation");
        }
        for (from, to) in ACTIVITY {
            mapper.table(&[(&key(from), to)]);
        }
        if class == DETECTION_FINDING {
            mapper.copy(&key("primaryDescription"), "finding_info.title");
            mapper.set("is_alert", true);
            threat_severity(mapper, &key("data.severity"));
            hash(mapper, &key("data.fileContentHash"), "evidences.file.hashes", SHA1);
            name_file(mapper, "evidences.file", 1);
        }
        if class == AUTHENTICATION {
            status(mapper, !["133", "134"].contains(&&*kind));
        }
        complete_host(mapper, class);
        complete(mapper, class, "SentinelOne");
    }
}

/// `E_CRITICAL`.
fn threat_severity(mapper: &mut Mapper<'_>, from: &str) {
    let number = match mapper.source().text(from).as_deref() {
        Some("E_CRITICAL") => 5_i64,
        Some("E_HIGH") => 4,
        Some("E_MEDIUM") => 3,
        Some("E_LOW") => 2,
        _ => return,
    };
    mapper.set("severity_id", number);
}

const THREAT: &[(&str, &str)] = &[
    ("threatInfo.threatName", "finding_info.title"),
    ("threatInfo.classification", "finding_info.types"),
    ("threatInfo.createdAt", "finding_info.created_time"),
    ("threatInfo.updatedAt", "finding_info.modified_time"),
    ("threatInfo.identifiedAt", "finding_info.first_seen_time"),
    ("threatInfo.storyline", "metadata.correlation_uid"),
    ("threatInfo.detectionType", "finding_info.analytic.name"),
    ("threatInfo.engines", "finding_info.data_sources"),
    ("threatInfo.mitigationStatus", "status_detail"),
    ("threatInfo.filePath", "evidences.file.path"),
    ("threatInfo.fileSize", "evidences.file.size"),
    ("agentDetectionInfo.accountId", "metadata.tenant_uid"),
    ("agentDetectionInfo.agentVersion", "metadata.product.version"),
    ("agentDetectionInfo.externalIp", "device.ip"),
    ("agentDetectionInfo.agentDomain", "device.domain"),
    ("agentRealtimeInfo.agentComputerName", "device.hostname"),
    ("agentRealtimeInfo.agentId", "device.uid"),
    ("agentRealtimeInfo.agentUuid", "device.uid_alt"),
];

#[derive(Debug)]
pub(super) struct SentinelOneThreat;

impl Mapping for SentinelOneThreat {
    fn name(&self) -> &'static str {
        "sentinel_one_threat"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["agentDetectionInfo", "threatInfo"]]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let state = mapper.source().text("threatInfo.incidentStatus").map(Cow::into_owned);
        let activity = match state.as_deref() {
            Some("resolved") => 3,
            Some("in_progress") => 2,
            _ => 1,
        };
        mapper.class(DETECTION_FINDING, activity);
        product(mapper, "SentinelOne", "Singularity");
        mapper.time(&["threatInfo.identifiedAt", "threatInfo.createdAt"]);
        mapper.copy_first(&["threatInfo.threatId", "id"], "finding_info.uid");
        mapper.copy("id", "metadata.uid");
        mapper.set("is_alert", true);
        let confidence = mapper.source().text("threatInfo.confidenceLevel").map(Cow::into_owned);
        // Threats have no severity; the console shows them by confidence.
        let severity = if confidence.as_deref() == Some("malicious") { 4_i64 } else { 3 };
        mapper.set("severity_id", severity);
        mapper.copy("threatInfo.identifiedAt", "finding_info.first_seen_time");
        account(mapper, "threatInfo.processUser", "evidences.user");
        mapper.table(THREAT);
        for (name, algorithm) in [("md5", MD5), ("sha1", SHA1), ("sha256", SHA256)] {
            hash(mapper, &format!("threatInfo.{name}"), "evidences.file.hashes", algorithm);
        }
        name_file(mapper, "evidences.file", 1);
        system(mapper, "agentDetectionInfo.agentOsName");
        complete_host(mapper, DETECTION_FINDING);
        complete(mapper, DETECTION_FINDING, "SentinelOne");
    }
}

fn system(mapper: &mut Mapper<'_>, from: &str) {
    let name = mapper.source().text(from).map(Cow::into_owned).unwrap_or_default();
    if mapper.copy(from, "device.os.name") {
        mapper.set("device.os.type_id", os_type(&name));
    }
}

const ALERT: &[(&str, &str)] = &[
    ("name", "finding_info.title"),
    ("description", "finding_info.desc"),
    ("classification", "finding_info.types"),
    ("firstSeenAt", "finding_info.first_seen_time"),
    ("lastSeenAt", "finding_info.last_seen_time"),
    ("analytics.category", "finding_info.analytic.name"),
    ("detectionSource.product", "metadata.product.feature.name"),
    ("storylineId", "metadata.correlation_uid"),
    ("asset.name", "device.hostname"),
    ("asset.agentUuid", "device.uid"),
    // The process has no number: its file is what can be told.
    ("process.file.path", "evidences.file.path"),
];

#[derive(Debug)]
pub(super) struct SentinelOneAlert;

impl Mapping for SentinelOneAlert {
    fn name(&self) -> &'static str {
        "sentinel_one_alert"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["detectedAt", "attackSurfaces", "detectionSource", "name"]]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let activity = if mapper.source().is("status", "RESOLVED") { 3 } else { 1 };
        mapper.class(DETECTION_FINDING, activity);
        product(mapper, "SentinelOne", "Singularity");
        mapper.time(&["detectedAt", "firstSeenAt"]);
        mapper.copy("id", "metadata.uid");
        mapper.copy("id", "finding_info.uid");
        mapper.set("is_alert", true);
        severity(mapper, "severity");
        mapper.copy("status", "status_id");
        mapper.table(ALERT);
        for (name, algorithm) in [("md5", MD5), ("sha1", SHA1), ("sha256", SHA256)] {
            hash(mapper, &format!("process.file.{name}"), "evidences.file.hashes", algorithm);
        }
        name_file(mapper, "evidences.file", 1);
        complete_host(mapper, DETECTION_FINDING);
        complete(mapper, DETECTION_FINDING, "SentinelOne");
    }
}

/// Types of events of Cloud Funnel.
const EVENTS: &[Rule] = &[
    ("process creation", PROCESS_ACTIVITY, 1),
    ("process exit", PROCESS_ACTIVITY, 2),
    ("open remote process handle", PROCESS_ACTIVITY, 3),
    ("duplicate process handle", PROCESS_ACTIVITY, 3),
    ("remote thread creation", PROCESS_ACTIVITY, 4),
    ("file creation", FILE_ACTIVITY, 1),
    ("file modification", FILE_ACTIVITY, 3),
    ("file deletion", FILE_ACTIVITY, 4),
    ("file rename", FILE_ACTIVITY, 5),
    ("file scan", FILE_ACTIVITY, 2),
    ("module load", MODULE_ACTIVITY, 1),
    ("driver load", KERNEL_EXTENSION, 1),
    ("ip connect", NETWORK_ACTIVITY, 1),
    ("ip listen", NETWORK_ACTIVITY, 7),
    ("dns resolved", DNS_ACTIVITY, 2),
    ("dns unresolved", DNS_ACTIVITY, 2),
    ("get", HTTP_ACTIVITY, 3),
    ("post", HTTP_ACTIVITY, 6),
    ("put", HTTP_ACTIVITY, 7),
    ("head", HTTP_ACTIVITY, 4),
    ("options", HTTP_ACTIVITY, 5),
    ("delete", HTTP_ACTIVITY, 2),
    ("connect", HTTP_ACTIVITY, 1),
    ("registry value modified", REGISTRY_VALUE, 3),
    ("registry value create*", REGISTRY_VALUE, 2),
    ("registry value delete*", REGISTRY_VALUE, 4),
    ("registry key create*", REGISTRY_KEY, 1),
    ("registry key delete*", REGISTRY_KEY, 4),
    ("registry key rename*", REGISTRY_KEY, 5),
    ("registry key security*", REGISTRY_KEY, 6),
    ("registry key import*", REGISTRY_KEY, 8),
    ("registry key export*", REGISTRY_KEY, 9),
    ("task register", SCHEDULED_JOB, 1),
    ("task update", SCHEDULED_JOB, 2),
    ("task delete", SCHEDULED_JOB, 3),
    ("task start", SCHEDULED_JOB, 6),
    ("task trigger", SCHEDULED_JOB, 6),
    ("command script", SCRIPT_ACTIVITY, 1),
    ("login", AUTHENTICATION, 1),
    ("logout", AUTHENTICATION, 2),
    ("behavioral indicators", DETECTION_FINDING, 1),
];

const EVENT: &[(&str, &str)] = &[
    ("event.id", "metadata.uid"),
    ("event.category", "metadata.log_name"),
    ("account.id", "metadata.tenant_uid"),
    ("agent.version", "metadata.product.version"),
    ("agent.uuid", "device.uid"),
    ("endpoint.name", "device.hostname"),
    ("mgmt.osRevision", "device.os.build"),
    ("src.process.pid", "actor.process.pid"),
    ("src.process.uid", "actor.process.uid"),
    ("src.process.name", "actor.process.name"),
    ("src.process.cmdline", "actor.process.cmd_line"),
    ("src.process.startTime", "actor.process.created_time"),
    ("src.process.image.path", "actor.process.file.path"),
    ("src.process.integrityLevel", "actor.process.integrity_id"),
    ("src.process.parent.pid", "actor.process.parent_process.pid"),
    ("src.process.parent.uid", "actor.process.parent_process.uid"),
    ("src.process.parent.name", "actor.process.parent_process.name"),
    ("src.process.parent.cmdline", "actor.process.parent_process.cmd_line"),
    ("src.process.parent.startTime", "actor.process.parent_process.created_time"),
    ("src.process.parent.image.path", "actor.process.parent_process.file.path"),
    ("tgt.process.pid", "process.pid"),
    ("tgt.process.uid", "process.uid"),
    ("tgt.process.name", "process.name"),
    ("tgt.process.cmdline", "process.cmd_line"),
    ("tgt.process.startTime", "process.created_time"),
    ("tgt.process.image.path", "process.file.path"),
    ("tgt.process.integrityLevel", "process.integrity_id"),
    // A rename makes another file of it.
    ("tgt.file.oldPath", "file.path"),
    ("tgt.file.path", "file.path"),
    ("tgt.file.path", "file_result.path"),
    ("tgt.file.size", "file.size"),
    ("tgt.file.path", "driver.file.path"),
    ("module.path", "module.file.path"),
    ("registry.keyPath", "reg_key.path"),
    ("registry.keyPath", "reg_value.path"),
    ("registry.value", "reg_value.data"),
    ("registry.valueType", "reg_value.type"),
    ("registry.oldValue", "prev_reg_value.data"),
    ("src.ip.address", "src_endpoint.ip"),
    ("src.port.number", "src_endpoint.port"),
    ("dst.ip.address", "dst_endpoint.ip"),
    ("dst.port.number", "dst_endpoint.port"),
    ("event.network.protocolName", "app_protocol_name"),
    ("event.dns.request", "query.hostname"),
    ("url.address", "http_request.url.url_string"),
    ("cmdScript.content", "script.script_content.value"),
    ("cmdScript.applicationName", "script.name"),
    ("task.name", "job.name"),
    ("task.path", "job.desc"),
    ("event.login.userName", "user.name"),
    ("event.login.accountDomain", "user.domain"),
    ("event.login.accountSid", "user.uid"),
    ("event.login.sessionId", "session.uid"),
    ("event.login.type", "logon_type_id"),
    ("indicator.name", "finding_info.title"),
    ("indicator.description", "finding_info.desc"),
    ("indicator.category", "finding_info.types"),
];

#[derive(Debug)]
pub(super) struct SentinelOneCloudFunnel;

impl Mapping for SentinelOneCloudFunnel {
    fn name(&self) -> &'static str {
        "sentinel_one_cloud_funnel"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["event.category", "event.type", "endpoint.name"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.is("dataSource.name", "SentinelOne") || source.has("agent.uuid")
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let kind = mapper.source().text("event.type").map(Cow::into_owned).unwrap_or_default();
        let class = open(mapper, choose(&mapper.source(), &kind), &kind);
        product(mapper, "SentinelOne", "Singularity Cloud Funnel");
        mapper.time(&["event.time", "timestamp"]);
        mapper.copy("event.type", "metadata.event_code");
        for user in ["src.process.user", "src.process.eUserName"] {
            account(mapper, user, "actor.user");
        }
        match class {
            PROCESS_ACTIVITY => account(mapper, "tgt.process.user", "process.user"),
            REGISTRY_VALUE => value_name(mapper),
            NETWORK_ACTIVITY => direction(mapper),
            // Who asked is not said but for the host.
            DNS_ACTIVITY => {
                mapper.copy("endpoint.name", "src_endpoint.hostname");
                mapper.copy("endpoint.name", "device.hostname");
            }
            DETECTION_FINDING => {
                mapper.copy("event.id", "metadata.uid");
                mapper.copy("event.id", "finding_info.uid");
            }
            SCRIPT_ACTIVITY => {
                mapper.set("script.type_id", 0_i64);
            }
            MODULE_ACTIVITY => {
                mapper.set("module.load_type_id", 0_i64);
            }
            AUTHENTICATION => {
                let failed = mapper.source().is("event.login.loginIsSuccessful", "false");
                status(mapper, !failed);
                mapper.copy("endpoint.name", "dst_endpoint.hostname");
                mapper.copy("endpoint.name", "device.hostname");
            }
            _ => {}
        }
        mapper.table(EVENT);
        system(mapper, "os.name");
        files(mapper);
        complete_host(mapper, class);
        complete(mapper, class, "SentinelOne");
    }
}

/// Without what the class requires it is an event of no class.
fn choose(source: &Source<'_>, kind: &str) -> (i64, i64) {
    let chosen = match classify(EVENTS, kind) {
        (API_ACTIVITY, BY_VERB) => return (0, 99),
        chosen => chosen,
    };
    let needed = match chosen.0 {
        PROCESS_ACTIVITY => "tgt.process.pid",
        FILE_ACTIVITY | KERNEL_EXTENSION => "tgt.file.path",
        MODULE_ACTIVITY => "module.path",
        NETWORK_ACTIVITY => "dst.ip.address",
        DNS_ACTIVITY => "event.dns.request",
        HTTP_ACTIVITY => "url.address",
        REGISTRY_KEY | REGISTRY_VALUE => "registry.keyPath",
        SCRIPT_ACTIVITY => "cmdScript.content",
        SCHEDULED_JOB => "task.name",
        _ => return chosen,
    };
    if source.text(needed).is_some() { chosen } else { (0, 99) }
}

/// The last part of the path.
fn value_name(mapper: &mut Mapper<'_>) {
    let path = mapper.source().text("registry.keyPath").map(Cow::into_owned).unwrap_or_default();
    mapper.set("reg_value.name", super::well_known::last_segment(&path));
    if mapper.source().has("registry.oldValue") {
        mapper.set("prev_reg_value.path", &*path);
        mapper.set("prev_reg_value.name", super::well_known::last_segment(&path));
    }
}

fn direction(mapper: &mut Mapper<'_>) {
    let number = match mapper.source().text("event.network.direction").as_deref() {
        Some("INCOMING") => 1_i64,
        Some("OUTGOING") => 2,
        _ => 0,
    };
    mapper.set("connection_info.direction_id", number);
}

fn files(mapper: &mut Mapper<'_>) {
    let owners = [
        ("src.process.image", "actor.process.file"),
        ("src.process.parent.image", "actor.process.parent_process.file"),
        ("tgt.process.image", "process.file"),
        ("tgt.file", "file"),
        ("tgt.file", "driver.file"),
        ("module", "module.file"),
    ];
    for (from, to) in owners {
        name_file(mapper, to, 1);
        if !mapper.has_any(to, &["path"]) {
            continue;
        }
        for (name, algorithm) in [("md5", MD5), ("sha1", SHA1), ("sha256", SHA256)] {
            hash(mapper, &format!("{from}.{name}"), &format!("{to}.hashes"), algorithm);
        }
    }
    for process in ["actor.process", "actor.process.parent_process", "process"] {
        name_process(mapper, process);
    }
    name_file(mapper, "file_result", 1);
}
