//! CrowdStrike Falcon: the sensor's events as the Falcon Data Replicator writes them, and the event
//! streams with detections and the audit of the console. Contracts: the events data dictionary
//! (`event_simpleName`; the event at the top or below `event`), and the streaming API's
//! `metadata` and `event`.

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::audit_log::{
    ACCOUNT_CHANGE, API_ACTIVITY, AUTHENTICATION, BY_VERB, DETECTION_FINDING, GROUP_MANAGEMENT,
    Rule, USER_ACCESS, address, classify, complete, open, os_type, paired, severity,
};
use super::sensor::{
    DEVICE_INVENTORY, DNS_ACTIVITY, FILE_ACTIVITY, MD5, MODULE_ACTIVITY, NETWORK_ACTIVITY,
    PROCESS_ACTIVITY, REGISTRY_VALUE, SCHEDULED_JOB, SCRIPT_ACTIVITY, SHA1, SHA256,
    WINDOWS_SERVICE, account, complete_host, hash, integrity, name_file, name_process,
};
use super::well_known::table_below;
use super::well_known::{product, status};

const SENSOR_RULES: &[Rule] = &[
    ("processrollup2*", PROCESS_ACTIVITY, 1),
    ("syntheticprocessrollup2*", PROCESS_ACTIVITY, 1),
    ("processblocked*", PROCESS_ACTIVITY, 1),
    ("endofprocess*", PROCESS_ACTIVITY, 2),
    ("terminateprocess*", PROCESS_ACTIVITY, 2),
    ("injectedthread*", PROCESS_ACTIVITY, 4),
    ("networkconnectip*", NETWORK_ACTIVITY, 1),
    ("networkreceiveacceptip*", NETWORK_ACTIVITY, 1),
    ("networklistenip*", NETWORK_ACTIVITY, 7),
    ("networkcloseip*", NETWORK_ACTIVITY, 2),
    ("*dnsrequest*", DNS_ACTIVITY, 1),
    ("directorycreate", FILE_ACTIVITY, 1),
    ("*written", FILE_ACTIVITY, 1),
    ("filecreateinfo", FILE_ACTIVITY, 1),
    ("filedeleteinfo", FILE_ACTIVITY, 4),
    ("*filedeleted", FILE_ACTIVITY, 4),
    ("filerenameinfo", FILE_ACTIVITY, 5),
    ("*filerenamed", FILE_ACTIVITY, 5),
    ("fileopeninfo", FILE_ACTIVITY, 14),
    ("asepvalueupdate", REGISTRY_VALUE, 3),
    ("*configvalueupdate", REGISTRY_VALUE, 3),
    ("reggenericvalueupdate", REGISTRY_VALUE, 3),
    ("userlogonfailed*", AUTHENTICATION, 1),
    ("userlogon", AUTHENTICATION, 1),
    ("useridentity", AUTHENTICATION, 1),
    ("userlogoff", AUTHENTICATION, 2),
    ("classifiedmoduleload", MODULE_ACTIVITY, 1),
    ("imageload*", MODULE_ACTIVITY, 1),
    ("driverload", MODULE_ACTIVITY, 1),
    ("scriptcontrol*", SCRIPT_ACTIVITY, 1),
    ("servicestarted", WINDOWS_SERVICE, 3),
    ("serviceinstalled", WINDOWS_SERVICE, 1),
    ("createservice", WINDOWS_SERVICE, 1),
    ("scheduledtaskregistered", SCHEDULED_JOB, 1),
    ("scheduledtaskmodified", SCHEDULED_JOB, 2),
    ("scheduledtaskdeleted", SCHEDULED_JOB, 3),
    ("useraccountcreated", ACCOUNT_CHANGE, 1),
    ("useraccountdeleted", ACCOUNT_CHANGE, 6),
    ("useraccountaddedtogroup", GROUP_MANAGEMENT, 3),
];

/// Fields of every event of the sensor.
const SENSOR: &[(&str, &str)] = &[
    ("id", "metadata.uid"),
    ("cid", "metadata.tenant_uid"),
    ("name", "metadata.log_name"),
    ("timestamp", "metadata.logged_time"),
    ("aid", "device.uid"),
    ("ComputerName", "device.hostname"),
    ("aip", "device.ip"),
    ("MAC", "device.mac"),
    ("ConfigBuild", "metadata.product.version"),
    ("ContextProcessId", "actor.process.uid"),
    ("ContextBaseFileName", "actor.process.name"),
    ("ContextImageFileName", "actor.process.file.path"),
];

const PROCESS: &[(&str, &str)] = &[
    ("TargetProcessId", "process.uid"),
    ("RawProcessId", "process.pid"),
    ("CommandLine", "process.cmd_line"),
    ("ImageFileName", "process.file.path"),
    ("ProcessStartTime", "process.created_time"),
    ("ProcessEndTime", "process.terminated_time"),
    ("UserSid", "process.user.uid"),
    ("UserName", "process.user.name"),
    ("AuthenticationId", "process.session.uid"),
    ("ExitCode", "exit_code"),
    ("WorkingDirectory", "process.working_directory"),
    ("ContextProcessId", "process.uid"),
];

const PARENT: &[(&str, &str)] = &[
    ("ParentProcessId", "uid"),
    ("ParentBaseFileName", "name"),
    ("ParentCommandLine", "cmd_line"),
    ("ParentImageFileName", "file.path"),
];

const PARTICULARS: &[(&str, &str)] = &[
    ("LocalAddressIP4", "src_endpoint.ip"),
    ("LocalAddressIP6", "src_endpoint.ip"),
    ("LocalPort", "src_endpoint.port"),
    ("RemoteAddressIP4", "dst_endpoint.ip"),
    ("RemoteAddressIP6", "dst_endpoint.ip"),
    ("RemotePort", "dst_endpoint.port"),
    ("Protocol", "connection_info.protocol_num"),
    ("OriginatingURL", "url.url_string"),
    ("DomainName", "query.hostname"),
    ("RespondingDnsServer", "dst_endpoint.ip"),
    ("QueryStatus", "rcode_id"),
    ("FirstIP4Record", "answers.rdata"),
    ("TargetFileName", "file.path"),
    ("Size", "file.size"),
    ("RegObjectName", "reg_value.path"),
    ("RegValueName", "reg_value.name"),
    ("RegStringValue", "reg_value.data"),
    ("UserName", "user.name"),
    ("UserSid", "user.uid"),
    ("UserPrincipal", "user.email_addr"),
    ("LogonDomain", "user.domain"),
    ("LogonType", "logon_type_id"),
    ("RemoteIP", "src_endpoint.ip"),
    ("ClientComputerName", "src_endpoint.hostname"),
    ("LogonServer", "dst_endpoint.hostname"),
    ("AuthenticationId", "session.uid"),
    ("GroupRid", "group.uid"),
    ("ScriptContent", "script.script_content.value"),
    ("ScriptContentName", "script.name"),
    ("ServiceDisplayName", "win_service.name"),
    ("ServiceObjectName", "win_service.service_start_name"),
    ("TaskName", "job.name"),
    ("TaskExecCommand", "job.cmd_line"),
    ("UserName", "actor.user.name"),
    ("UserSid", "actor.user.uid"),
    ("AuthenticationId", "actor.session.uid"),
];

#[derive(Debug)]
pub(super) struct CrowdstrikeSensor;

impl Mapping for CrowdstrikeSensor {
    fn name(&self) -> &'static str {
        "crowdstrike_fdr"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["aid", "cid", "event_simpleName"],
            &["aid", "cid", "fdr_event_type"],
            &["aid", "cid", "_time"],
        ]
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let below = if mapper.source().has("event.event_simpleName") { "event." } else { "" };
        let field = |name: &str| format!("{below}{name}");
        let names = [&*field("event_simpleName"), "fdr_event_type"];
        let name = names.iter().find_map(|path| mapper.source().text(path).map(Cow::into_owned));
        let name = name.unwrap_or_default();
        let class = open(mapper, choose(&mapper.source(), below, &name), &name);
        product(mapper, "CrowdStrike", "Falcon");
        mapper.time(&[&field("ContextTimeStamp"), &field("timestamp"), "timestamp", "_time"]);
        mapper.copy_first(&names, "metadata.event_code");
        match class {
            PROCESS_ACTIVITY => process(mapper, below),
            NETWORK_ACTIVITY => network(mapper, below, &name),
            // Who asked is not said but for the host.
            DNS_ACTIVITY => {
                mapper.copy_first(&[&field("aid"), "aid"], "src_endpoint.uid");
                mapper.copy_first(&[&field("aid"), "aid"], "device.uid");
                mapper.copy(&field("ComputerName"), "src_endpoint.hostname");
                mapper.copy(&field("ComputerName"), "device.hostname");
            }
            MODULE_ACTIVITY => {
                mapper.copy(&field("ImageFileName"), "module.file.path");
                hashes(mapper, below, "module.file");
                name_file(mapper, "module.file", 1);
                mapper.set("module.load_type_id", 0_i64);
            }
            SCRIPT_ACTIVITY => {
                mapper.set("script.type_id", 0_i64);
            }
            WINDOWS_SERVICE => {
                mapper.set("win_service.service_type_id", 0_i64);
                mapper.copy(&field("CommandLine"), "win_service.cmd_line");
            }
            AUTHENTICATION => {
                status(mapper, !name.starts_with("UserLogonFailed"));
                mapper.copy(&field("ComputerName"), "dst_endpoint.hostname");
                mapper.copy(&field("ComputerName"), "device.hostname");
                mapper.copy_first(&[&field("aid"), "aid"], "dst_endpoint.uid");
                mapper.copy_first(&[&field("aid"), "aid"], "device.uid");
            }
            _ => {}
        }
        table_below(mapper, below, SENSOR);
        table_below(mapper, below, PARTICULARS);
        // What the event and its envelope both say.
        mapper.table(SENSOR);
        if class == FILE_ACTIVITY {
            hashes(mapper, below, "file");
            name_file(mapper, "file", if name == "DirectoryCreate" { 2 } else { 1 });
        }
        system(mapper, &field("event_platform"));
        name_process(mapper, "actor.process");
        complete_host(mapper, class);
        complete(mapper, class, "Falcon");
    }
}

/// Without what the class requires it is an event of no class.
fn choose(source: &Source<'_>, below: &str, name: &str) -> (i64, i64) {
    let chosen = match classify(SENSOR_RULES, name) {
        // Only records about hosts have no name.
        (API_ACTIVITY, _) if name.is_empty() => return (DEVICE_INVENTORY, 2),
        (API_ACTIVITY, _) => return (0, 99),
        chosen => chosen,
    };
    let needed: &[&str] = match chosen.0 {
        PROCESS_ACTIVITY => &["TargetProcessId", "RawProcessId", "ContextProcessId"],
        NETWORK_ACTIVITY => {
            &["LocalAddressIP4", "LocalAddressIP6", "RemoteAddressIP4", "RemoteAddressIP6"]
        }
        DNS_ACTIVITY => &["DomainName"],
        FILE_ACTIVITY => &["TargetFileName"],
        MODULE_ACTIVITY => &["ImageFileName"],
        REGISTRY_VALUE => &["RegValueName"],
        SCRIPT_ACTIVITY => &["ScriptContent"],
        WINDOWS_SERVICE => &["ServiceDisplayName"],
        SCHEDULED_JOB => &["TaskName"],
        _ => return chosen,
    };
    let has = |name: &&str| source.text(&format!("{below}{name}")).is_some();
    if needed.iter().any(has) { chosen } else { (0, 99) }
}

fn process(mapper: &mut Mapper<'_>, below: &str) {
    let field = |name: &str| format!("{below}{name}");
    let has_parent = mapper.source().text(&field("ParentProcessId")).is_some();
    for (from, to) in PARENT.iter().filter(|_| has_parent) {
        // The parent is who acts.
        mapper.copy(&field(from), &format!("process.parent_process.{to}"));
        mapper.copy(&field(from), &format!("actor.process.{to}"));
    }
    mapper.copy(&field("UserSid"), "actor.user.uid");
    mapper.copy(&field("UserName"), "actor.user.name");
    integrity(mapper, &field("IntegrityLevel"), "process.integrity_id");
    table_below(mapper, below, PROCESS);
    hashes(mapper, below, "process.file");
    name_process(mapper, "process");
}

fn hashes(mapper: &mut Mapper<'_>, below: &str, file: &str) {
    let list = format!("{file}.hashes");
    for (name, algorithm) in [("MD5", MD5), ("SHA1", SHA1), ("SHA256", SHA256)] {
        hash(mapper, &format!("{below}{name}HashData"), &list, algorithm);
    }
}

fn network(mapper: &mut Mapper<'_>, below: &str, name: &str) {
    let direction = match mapper.source().text(&format!("{below}ConnectionDirection")).as_deref() {
        Some("0") => 2_i64,
        Some("1") => 1,
        _ if name.starts_with("NetworkReceive") || name.starts_with("NetworkListen") => 1,
        _ => 0,
    };
    mapper.set("connection_info.direction_id", direction);
}

fn system(mapper: &mut Mapper<'_>, from: &str) {
    let platform = mapper.source().text(from).map(Cow::into_owned).unwrap_or_default();
    let number = match &*platform {
        "Win" => 100,
        "Lin" => 200,
        other => os_type(other),
    };
    if number != 0 && mapper.copy(from, "device.os.name") {
        mapper.set("device.os.type_id", number);
    }
}

const STREAM_RULES: &[Rule] = &[
    ("userauthenticate", AUTHENTICATION, 1),
    ("twofactorauthenticate", AUTHENTICATION, 1),
    ("saml2assert", AUTHENTICATION, 1),
    ("createuser", ACCOUNT_CHANGE, 1),
    ("deleteuser", ACCOUNT_CHANGE, 6),
    ("activateuser", ACCOUNT_CHANGE, 2),
    ("deactivateuser", ACCOUNT_CHANGE, 5),
    ("updateuser", ACCOUNT_CHANGE, 99),
    ("changepassword", ACCOUNT_CHANGE, 3),
    ("resetauthsecret", ACCOUNT_CHANGE, 4),
    ("requestresetpassword", ACCOUNT_CHANGE, 4),
    ("grantuserroles", USER_ACCESS, 1),
    ("revokeuserroles", USER_ACCESS, 2),
    ("grantcustomersubscriptions", API_ACTIVITY, 1),
    ("*detectionsummaryevent", DETECTION_FINDING, 1),
    ("incidentsummaryevent", DETECTION_FINDING, 1),
    ("identityprotectionevent", DETECTION_FINDING, 1),
    ("reconnotificationsummaryevent", DETECTION_FINDING, 1),
];

const STREAM: &[(&str, &str)] = &[
    ("metadata.customerIDString", "metadata.tenant_uid"),
    ("metadata.version", "metadata.log_version"),
    ("metadata.offset", "metadata.sequence"),
    ("event.UserId", "actor.user.name"),
    ("event.ServiceName", "service.name"),
];

const DETECTION: &[(&str, &str)] = &[
    ("event.CompositeId", "finding_info.uid"),
    ("event.DetectId", "finding_info.uid"),
    ("event.IncidentID", "finding_info.uid"),
    ("event.IdentityProtectionIncidentId", "finding_info.uid"),
    ("event.DetectName", "finding_info.title"),
    ("event.Name", "finding_info.title"),
    ("event.IncidentType", "finding_info.title"),
    ("event.DetectDescription", "finding_info.desc"),
    ("event.Description", "finding_info.desc"),
    ("event.IncidentDescription", "finding_info.desc"),
    ("event.FalconHostLink", "finding_info.src_url"),
    ("event.Objective", "finding_info.types"),
    ("event.PatternId", "finding_info.analytic.uid"),
    ("event.Tactic", "finding_info.attacks.tactic.name"),
    ("event.TacticId", "finding_info.attacks.tactic.uid"),
    ("event.Technique", "finding_info.attacks.technique.name"),
    ("event.TechniqueId", "finding_info.attacks.technique.uid"),
    ("event.PatternDispositionDescription", "status_detail"),
    ("event.SensorId", "device.uid"),
    ("event.AgentId", "device.uid"),
    ("event.ComputerName", "device.hostname"),
    ("event.Hostname", "device.hostname"),
    ("event.LocalIP", "device.ip"),
    ("event.MACAddress", "device.mac"),
    ("event.MachineDomain", "device.domain"),
    ("event.LogonDomain", "device.domain"),
    ("event.EndpointName", "device.hostname"),
    ("event.EndpointIp", "device.ip"),
    ("event.ProcessId", "evidences.process.uid"),
    ("event.CommandLine", "evidences.process.cmd_line"),
    ("event.FilePath", "evidences.process.file.path"),
    ("event.ProcessStartTime", "evidences.process.created_time"),
    ("event.FileName", "evidences.process.name"),
    ("event.ParentProcessId", "evidences.process.parent_process.uid"),
    ("event.ParentCommandLine", "evidences.process.parent_process.cmd_line"),
    ("event.ParentImageFileName", "evidences.process.parent_process.name"),
];

#[derive(Debug)]
pub(super) struct CrowdstrikeStream;

impl Mapping for CrowdstrikeStream {
    fn name(&self) -> &'static str {
        "crowdstrike_event_stream"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["metadata", "event"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.has("metadata.eventType")
            && (source.has("metadata.customerIDString") || source.has("metadata.detectionIdString"))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let text = |mapper: &Mapper<'_>, path: &str| {
            mapper.source().text(path).map(Cow::into_owned).unwrap_or_default()
        };
        let (kind, operation) =
            (text(mapper, "metadata.eventType"), text(mapper, "event.OperationName"));
        let chosen = match classify(STREAM_RULES, &operation) {
            (API_ACTIVITY, BY_VERB) => classify(STREAM_RULES, &kind),
            chosen => chosen,
        };
        let name = if operation.is_empty() { &kind } else { &operation };
        let class = open(mapper, chosen, name);
        product(mapper, "CrowdStrike", "Falcon");
        mapper.time(&["event.UTCTimestamp", "metadata.eventCreationTime", "event.timestamp"]);
        mapper.copy("metadata.eventType", "metadata.log_name");
        mapper.copy_first(&["event.OperationName", "metadata.eventType"], "metadata.event_code");
        if class == DETECTION_FINDING {
            detection(mapper);
        } else {
            audit(mapper, class);
        }
        mapper.table(STREAM);
        match mapper.source().text("event.Success").as_deref() {
            Some("true") => status(mapper, true),
            Some("false") => status(mapper, false),
            _ => {}
        }
        complete(mapper, class, "Falcon");
    }
}

fn audit(mapper: &mut Mapper<'_>, class: i64) {
    if !address(mapper, "event.UserIp", "src_endpoint") {
        address(mapper, "event.SourceIp", "src_endpoint");
    }
    if class == API_ACTIVITY {
        mapper.copy("event.ServiceName", "api.service.name");
        mapper.copy_first(&["event.OperationName", "metadata.eventType"], "api.operation");
    }
    let list = "event.AuditKeyValues";
    let pairs = [
        ("target_name", "user.name"),
        ("target_uuid", "user.uid"),
        ("roles", "privileges"),
        ("actor_user_uuid", "actor.user.uid"),
        ("APIClientID", "actor.app_uid"),
        ("user_agent", "http_request.user_agent"),
        ("trace_id", "metadata.correlation_uid"),
    ];
    for (name, to) in pairs {
        // In a sign-in the target is the application.
        if class == AUTHENTICATION && to.starts_with("user.") {
            continue;
        }
        let field = paired(&mapper.source(), list, ("Key", "ValueString"), name);
        if let Some(field) = field {
            mapper.copy_field(field, to);
        }
    }
}

fn detection(mapper: &mut Mapper<'_>) {
    mapper.set("is_alert", true);
    severity(mapper, "event.SeverityName");
    rank(mapper);
    account(mapper, "event.UserName", "evidences.user");
    mapper.table(DETECTION);
    let list = "evidences.process.file.hashes";
    for (name, algorithm) in [("MD5", MD5), ("SHA1", SHA1), ("SHA256", SHA256)] {
        hash(mapper, &format!("event.{name}String"), list, algorithm);
    }
    name_process(mapper, "evidences.process");
    if mapper.written("evidences.process.file.type_id").is_none()
        && mapper.written("evidences.process.file.hashes.value").is_some()
        && mapper.written("evidences.process.name").is_some()
    {
        let name = mapper.written("evidences.process.name").map(Cow::into_owned);
        mapper.set("evidences.process.file.name", &*name.unwrap_or_default());
        mapper.set("evidences.process.file.type_id", 1_i64);
    }
    if mapper.has_any("device", &["hostname", "uid", "ip"]) {
        mapper.set("device.type_id", 0_i64);
    }
    mapper.copy_first(&["metadata.detectionIdString", "metadata.offset"], "finding_info.uid");
    mapper.copy("metadata.eventType", "finding_info.title");
}

/// Detections of endpoints count to 100, older ones to 5.
fn rank(mapper: &mut Mapper<'_>) {
    let number = match mapper.source().integer("event.Severity") {
        Some(5 | 90..) => 5_i64,
        Some(4 | 70..=89) => 4,
        Some(3 | 40..=69) => 3,
        Some(2 | 20..=39) => 2,
        Some(_) => 1,
        None => return,
    };
    mapper.set("severity_id", number);
}
