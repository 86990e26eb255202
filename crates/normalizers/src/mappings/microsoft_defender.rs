//! Microsoft 365 Defender's advanced hunting events, by their action: what processes, files,
//! modules, the registry and connections do, sign-ins, mails, alerts; actions in cloud applications
//! and the directory are API Activity. Contract: the advanced hunting schema, flat or as
//! `properties` of streamed records (`AdvancedHunting-…`).

use std::borrow::Cow;

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::audit_log::{
    ACCOUNT_CHANGE, API_ACTIVITY, AUTHENTICATION, BY_VERB, DETECTION_FINDING, EMAIL_ACTIVITY,
    GROUP_MANAGEMENT, Rule, classify, complete, open, os_type, severity, unpack,
};
use super::sensor::{
    DEVICE_INVENTORY, DNS_ACTIVITY, FILE_ACTIVITY, HTTP_ACTIVITY, MD5, MEMORY_ACTIVITY,
    MODULE_ACTIVITY, NETWORK_ACTIVITY, PROCESS_ACTIVITY, REGISTRY_KEY, REGISTRY_VALUE,
    SCHEDULED_JOB, SCRIPT_ACTIVITY, SHA1, SHA256, WINDOWS_SERVICE, complete_host, hash, name_file,
    name_process,
};
use super::well_known::table_below;
use super::well_known::{product, status};

const RULES: &[Rule] = &[
    ("processcreated*", PROCESS_ACTIVITY, 1),
    ("openprocessapicall", PROCESS_ACTIVITY, 3),
    ("createremotethreadapicall", PROCESS_ACTIVITY, 4),
    ("queueuserapcremoteapicall", PROCESS_ACTIVITY, 4),
    ("setthreadcontextremoteapicall", PROCESS_ACTIVITY, 4),
    ("processprimarytokenmodified", PROCESS_ACTIVITY, 5),
    ("ntallocatevirtualmemory*", MEMORY_ACTIVITY, 1),
    ("ntprotectvirtualmemory*", MEMORY_ACTIVITY, 2),
    ("ntmapviewofsection*", MEMORY_ACTIVITY, 9),
    ("readprocessmemoryapicall", MEMORY_ACTIVITY, 7),
    ("writeprocessmemoryapicall", MEMORY_ACTIVITY, 8),
    ("filecreated*", FILE_ACTIVITY, 1),
    ("filemodified", FILE_ACTIVITY, 3),
    ("filedeleted", FILE_ACTIVITY, 4),
    ("filerenamed", FILE_ACTIVITY, 5),
    ("sensitivefileread", FILE_ACTIVITY, 2),
    ("imageloaded", MODULE_ACTIVITY, 1),
    ("driverload", MODULE_ACTIVITY, 1),
    ("registrykeycreated", REGISTRY_KEY, 1),
    ("registrykeydeleted", REGISTRY_KEY, 4),
    ("registrykeyrenamed", REGISTRY_KEY, 5),
    ("registryvalueset", REGISTRY_VALUE, 2),
    ("registryvaluedeleted", REGISTRY_VALUE, 4),
    ("connectionsuccess", NETWORK_ACTIVITY, 1),
    ("connectionrequest", NETWORK_ACTIVITY, 1),
    ("connectionattempt", NETWORK_ACTIVITY, 1),
    ("inboundconnection*", NETWORK_ACTIVITY, 1),
    ("connectionfailed", NETWORK_ACTIVITY, 4),
    ("listeningconnectioncreated", NETWORK_ACTIVITY, 7),
    ("*connectioninspected", NETWORK_ACTIVITY, 6),
    ("networksignatureinspected", NETWORK_ACTIVITY, 6),
    ("connectionfound", NETWORK_ACTIVITY, 6),
    ("logon*", AUTHENTICATION, 1),
    ("dns query", DNS_ACTIVITY, 1),
    ("clickallowed", HTTP_ACTIVITY, 3),
    ("clickblocked", HTTP_ACTIVITY, 3),
    ("scriptcontent", SCRIPT_ACTIVITY, 1),
    ("powershellcommand", SCRIPT_ACTIVITY, 1),
    ("serviceinstalled", WINDOWS_SERVICE, 1),
    ("scheduledtaskcreated", SCHEDULED_JOB, 1),
    ("scheduledtaskupdated", SCHEDULED_JOB, 2),
    ("scheduledtaskdeleted", SCHEDULED_JOB, 3),
    ("scheduledtaskenabled", SCHEDULED_JOB, 4),
    ("scheduledtaskdisabled", SCHEDULED_JOB, 5),
    ("useraccountcreated", ACCOUNT_CHANGE, 1),
    ("useraccountdeleted", ACCOUNT_CHANGE, 6),
    ("useraccountmodified", ACCOUNT_CHANGE, 99),
    ("account password changed", ACCOUNT_CHANGE, 3),
    ("useraccountaddedtolocalgroup", GROUP_MANAGEMENT, 3),
    ("useraccountremovedfromlocalgroup", GROUP_MANAGEMENT, 4),
    ("group membership changed", GROUP_MANAGEMENT, 99),
    ("antivirusdetection*", DETECTION_FINDING, 1),
    ("ldapsearch", API_ACTIVITY, 2),
];

/// Fields of a streamed record beside `properties`.
const ENVELOPE: &[(&str, &str)] = &[
    ("category", "metadata.log_name"),
    ("tenantId", "metadata.tenant_uid"),
    ("time", "metadata.logged_time"),
];

/// The acting process and its user; fields of every table.
const ACTOR: &[(&str, &str)] = &[
    ("ReportId", "metadata.uid"),
    ("ReportId_long", "metadata.uid"),
    ("DeviceId", "device.uid"),
    ("DeviceName", "device.hostname"),
    ("InitiatingProcessId", "actor.process.pid"),
    ("InitiatingProcessUniqueId", "actor.process.uid"),
    ("InitiatingProcessCommandLine", "actor.process.cmd_line"),
    ("InitiatingProcessCreationTime", "actor.process.created_time"),
    ("InitiatingProcessFileName", "actor.process.name"),
    ("InitiatingProcessFolderPath", "actor.process.file.path"),
    ("InitiatingProcessFileSize", "actor.process.file.size"),
    ("InitiatingProcessIntegrityLevel", "actor.process.integrity_id"),
    ("InitiatingProcessVersionInfoCompanyName", "actor.process.file.company_name"),
    ("InitiatingProcessVersionInfoProductName", "actor.process.file.product.name"),
    ("InitiatingProcessVersionInfoProductVersion", "actor.process.file.version"),
    ("InitiatingProcessVersionInfoInternalFileName", "actor.process.file.internal_name"),
    ("InitiatingProcessVersionInfoFileDescription", "actor.process.file.desc"),
    ("InitiatingProcessAccountName", "actor.user.name"),
    ("InitiatingProcessAccountDomain", "actor.user.domain"),
    ("InitiatingProcessAccountSid", "actor.user.uid"),
    ("InitiatingProcessAccountObjectId", "actor.user.uid_alt"),
    ("InitiatingProcessAccountUpn", "actor.user.email_addr"),
    ("InitiatingProcessLogonId", "actor.session.uid"),
    ("InitiatingProcessParentId", "actor.process.parent_process.pid"),
    ("InitiatingProcessParentFileName", "actor.process.parent_process.name"),
    ("InitiatingProcessParentCreationTime", "actor.process.parent_process.created_time"),
];

const PROCESS: &[(&str, &str)] = &[
    ("ProcessId", "process.pid"),
    ("ProcessCommandLine", "process.cmd_line"),
    ("ProcessCreationTime", "process.created_time"),
    ("ProcessIntegrityLevel", "process.integrity_id"),
    ("FileName", "process.name"),
    ("FolderPath", "process.file.path"),
    ("FileSize", "process.file.size"),
    ("AccountName", "process.user.name"),
    ("AccountDomain", "process.user.domain"),
    ("AccountSid", "process.user.uid"),
    ("LogonId", "process.session.uid"),
];

const FILE: &[(&str, &str)] = &[
    ("FolderPath", "file.path"),
    ("FileName", "file.name"),
    ("FileSize", "file.size"),
    ("FileOriginUrl", "file.url.url_string"),
];

const MODULE: &[(&str, &str)] = &[
    ("FolderPath", "module.file.path"),
    ("FileName", "module.file.name"),
    ("FileSize", "module.file.size"),
];

const NETWORK: &[(&str, &str)] = &[
    ("LocalIP", "src_endpoint.ip"),
    ("LocalPort", "src_endpoint.port"),
    ("RemoteIP", "dst_endpoint.ip"),
    ("RemotePort", "dst_endpoint.port"),
    ("RemoteUrl", "dst_endpoint.hostname"),
    ("Protocol", "connection_info.protocol_name"),
];

/// Whom an event of an identity or a logon is about, and between which endpoints.
const IDENTITY: &[(&str, &str)] = &[
    ("LogonType", "logon_type_id"),
    ("Protocol", "auth_protocol_id"),
    ("FailureReason", "status_detail"),
    ("LogonId", "session.uid"),
    ("TargetAccountUpn", "user.name"),
    ("TargetAccountDisplayName", "user.full_name"),
    ("AccountName", "user.name"),
    ("AccountUpn", "user.email_addr"),
    ("AccountDomain", "user.domain"),
    ("AccountSid", "user.uid"),
    ("AccountObjectId", "user.uid_alt"),
    ("AccountDisplayName", "user.full_name"),
    ("RemoteIP", "src_endpoint.ip"),
    ("RemotePort", "src_endpoint.port"),
    ("RemoteDeviceName", "src_endpoint.hostname"),
    ("IPAddress", "src_endpoint.ip"),
    ("Port", "src_endpoint.port"),
    ("DestinationDeviceName", "dst_endpoint.hostname"),
    ("DestinationIPAddress", "dst_endpoint.ip"),
    ("DestinationPort", "dst_endpoint.port"),
    ("Application", "service.name"),
    ("QueryTarget", "query.hostname"),
    ("ISP", "src_endpoint.isp"),
    ("Location", "src_endpoint.location.country"),
];

/// What somebody did in an application or the directory.
const APPLICATION: &[(&str, &str)] = &[
    ("Application", "api.service.name"),
    ("ApplicationId", "api.service.uid"),
    ("AccountName", "actor.user.name"),
    ("UserId", "actor.user.name"),
    ("AccountUpn", "actor.user.email_addr"),
    ("AccountDomain", "actor.user.domain"),
    ("AccountSid", "actor.user.uid"),
    ("AccountObjectId", "actor.user.uid"),
    ("AccountId", "actor.user.uid_alt"),
    ("AccountDisplayName", "actor.user.full_name"),
    ("IPAddress", "src_endpoint.ip"),
    ("Port", "src_endpoint.port"),
    ("DeviceName", "src_endpoint.hostname"),
    ("ISP", "src_endpoint.isp"),
    ("City", "src_endpoint.location.city"),
    ("CountryCode", "src_endpoint.location.country"),
    ("UserAgent", "http_request.user_agent"),
    ("UserAgent_string", "http_request.user_agent"),
    ("DestinationDeviceName", "dst_endpoint.hostname"),
    ("DestinationIPAddress", "dst_endpoint.ip"),
    ("DestinationPort", "dst_endpoint.port"),
    ("ObjectName", "resources.name"),
    ("ObjectId", "resources.uid"),
    ("ObjectType", "resources.type"),
];

const MAIL: &[(&str, &str)] = &[
    ("SenderFromAddress", "email.from"),
    ("SenderMailFromAddress", "from"),
    ("RecipientEmailAddress", "email.to"),
    ("Subject", "email.subject"),
    ("InternetMessageId", "email.message_uid"),
    ("NetworkMessageId", "email.uid"),
    ("SenderIPv4", "src_endpoint.ip"),
    ("SenderIPv6", "src_endpoint.ip"),
    ("EmailDirection", "direction"),
    ("DeliveryAction", "disposition"),
];

const ALERT: &[(&str, &str)] = &[
    ("Title", "finding_info.title"),
    ("Category", "finding_info.types"),
    ("DetectionSource", "finding_info.data_sources"),
    ("ServiceSource", "metadata.product.feature.name"),
    ("AttackTechniques", "finding_info.attacks.technique.name"),
    ("FileName", "evidences.file.name"),
    ("FolderPath", "evidences.file.path"),
    ("RemoteIP", "evidences.dst_endpoint.ip"),
    ("LocalIP", "evidences.src_endpoint.ip"),
    ("RemoteUrl", "evidences.url.url_string"),
    ("AccountName", "evidences.user.name"),
    ("AccountDomain", "evidences.user.domain"),
    ("AccountSid", "evidences.user.uid"),
    ("AccountUpn", "evidences.user.email_addr"),
    ("ProcessId", "evidences.process.pid"),
];

#[derive(Debug)]
pub(super) struct MicrosoftDefender;

impl Mapping for MicrosoftDefender {
    fn name(&self) -> &'static str {
        "microsoft_defender"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[
            &["category", "properties", "time"],
            &["ActionType", "Timestamp", "ReportId"],
            &["ActionType", "Timestamp", "DeviceId"],
            &["ActionType", "InitiatingProcessFileName"],
        ]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.has("ActionType")
            || source.text("category").is_some_and(|name| name.starts_with("AdvancedHunting-"))
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let streamed = !mapper.source().has("ActionType");
        let prefix = if streamed { "properties." } else { "" };
        let field = |name: &str| format!("{prefix}{name}");
        for name in ["AdditionalFields", "AdditionalFields_string"] {
            unpack(mapper, &field(name));
        }
        let action = mapper.source().text(&field("ActionType")).map(Cow::into_owned);
        let action = action.unwrap_or_default();
        let class = open(mapper, choose(&mapper.source(), prefix, &action), &action);
        product(mapper, "Microsoft", "Microsoft 365 Defender");
        mapper.time(&[&field("Timestamp"), "TimeGenerated", "time"]);
        mapper.copy(&field("ActionType"), "metadata.event_code");
        mapper.table(ENVELOPE);
        particulars(mapper, class, prefix, &action);
        actor(mapper, prefix);
        if streamed {
            mapper.flatten("properties");
        }
        complete_host(mapper, class);
        complete(mapper, class, "Microsoft 365 Defender");
    }
}

/// A process without a number is not one that the schema knows; what is said of it stays.
fn actor(mapper: &mut Mapper<'_>, prefix: &str) {
    let is_numbered = |field: &str| mapper.source().text(&format!("{prefix}{field}")).is_some();
    let has_process = is_numbered("InitiatingProcessId");
    let has_parent = is_numbered("InitiatingProcessParentId");
    for (from, to) in ACTOR {
        let is_known = has_process && (has_parent || !to.contains(".parent_process."));
        if is_known || !to.starts_with("actor.process.") {
            table_below(mapper, prefix, &[(from, to)]);
        }
    }
    if has_process {
        hashes(mapper, prefix, "InitiatingProcess", "actor.process.file");
        name_process(mapper, "actor.process");
    }
}

/// By the action; by what the record is about where that says nothing.
fn choose(source: &Source<'_>, prefix: &str, action: &str) -> (i64, i64) {
    let has = |name: &str| source.text(&format!("{prefix}{name}")).is_some();
    if has("AlertId") {
        return (DETECTION_FINDING, 1);
    }
    let chosen = match classify(RULES, action) {
        (API_ACTIVITY, BY_VERB) if has("SenderFromAddress") => (EMAIL_ACTIVITY, 2),
        (API_ACTIVITY, BY_VERB)
            if has("NetworkAdapterName") || has("OSPlatform") && has("ClientVersion") =>
        {
            (DEVICE_INVENTORY, 2)
        }
        // Actions of the sensor that no class is for.
        (API_ACTIVITY, BY_VERB) if has("DeviceId") => (0, 99),
        (API_ACTIVITY, BY_VERB) if has("AccountUpn") && has("LogonType") => (AUTHENTICATION, 1),
        chosen => chosen,
    };
    let needed: &[&str] = match chosen.0 {
        PROCESS_ACTIVITY => &["ProcessId"],
        FILE_ACTIVITY | MODULE_ACTIVITY => &["FileName"],
        REGISTRY_KEY => &["RegistryKey"],
        REGISTRY_VALUE => &["RegistryValueName"],
        NETWORK_ACTIVITY => &["LocalIP", "RemoteIP", "RemoteUrl"],
        DNS_ACTIVITY => &["QueryTarget"],
        HTTP_ACTIVITY => &["Url"],
        _ => return without_script(source, chosen),
    };
    if needed.iter().any(|name| has(name)) { chosen } else { (0, 99) }
}

/// The text of a script, the name of a service or task is among the additional fields.
fn without_script(source: &Source<'_>, chosen: (i64, i64)) -> (i64, i64) {
    let needed: &[&str] = match chosen.0 {
        SCRIPT_ACTIVITY => &["AdditionalFields.ScriptContent", "AdditionalFields.Command"],
        WINDOWS_SERVICE => &["AdditionalFields.ServiceName"],
        SCHEDULED_JOB => &["AdditionalFields.TaskName"],
        _ => return chosen,
    };
    if needed.iter().any(|path| source.text(path).is_some()) { chosen } else { (0, 99) }
}

fn particulars(mapper: &mut Mapper<'_>, class: i64, prefix: &str, action: &str) {
    let field = |name: &str| format!("{prefix}{name}");
    match class {
        PROCESS_ACTIVITY | MEMORY_ACTIVITY => {
            table_below(mapper, prefix, PROCESS);
            hashes(mapper, prefix, "", "process.file");
            name_process(mapper, "process");
            if class == MEMORY_ACTIVITY && !mapper.has_any("process", &["pid", "uid"]) {
                // It was its own memory.
                mapper.copy(&field("InitiatingProcessId"), "process.pid");
                mapper.copy(&field("InitiatingProcessFileName"), "process.name");
                mapper.copy(&field("InitiatingProcessId"), "actor.process.pid");
                mapper.copy(&field("InitiatingProcessFileName"), "actor.process.name");
            }
        }
        FILE_ACTIVITY => {
            table_below(mapper, prefix, FILE);
            hashes(mapper, prefix, "", "file");
            name_file(mapper, "file", 1);
        }
        MODULE_ACTIVITY => {
            table_below(mapper, prefix, MODULE);
            hashes(mapper, prefix, "", "module.file");
            name_file(mapper, "module.file", 1);
            mapper.set("module.load_type_id", 0_i64);
        }
        REGISTRY_KEY => {
            mapper.copy(&field("RegistryKey"), "reg_key.path");
            mapper.copy(&field("PreviousRegistryKey"), "prev_reg_key.path");
        }
        REGISTRY_VALUE => registry_value(mapper, prefix),
        NETWORK_ACTIVITY => network(mapper, prefix, action),
        DETECTION_FINDING => alert(mapper, prefix),
        EMAIL_ACTIVITY => {
            mapper.set("direction_id", 0_i64);
            table_below(mapper, prefix, MAIL);
        }
        HTTP_ACTIVITY => {
            mapper.copy(&field("Url"), "http_request.url.url_string");
            mapper.copy(&field("IPAddress"), "src_endpoint.ip");
            mapper.copy(&field("AccountUpn"), "actor.user.name");
        }
        API_ACTIVITY => application(mapper, prefix),
        AUTHENTICATION | ACCOUNT_CHANGE | GROUP_MANAGEMENT | DNS_ACTIVITY => {
            logon_type(mapper, prefix);
            table_below(mapper, prefix, IDENTITY);
            if class == AUTHENTICATION {
                status(mapper, !action.eq_ignore_ascii_case("LogonFailed"));
                mapper.copy(&field("DeviceName"), "dst_endpoint.hostname");
                mapper.copy(&field("DeviceName"), "device.hostname");
            }
        }
        SCRIPT_ACTIVITY | WINDOWS_SERVICE | SCHEDULED_JOB => additional(mapper, class),
        _ => {}
    }
}

/// Words that are not the schema's captions, among them those of the cloud (`OAuth2:Authorize`).
fn logon_type(mapper: &mut Mapper<'_>, prefix: &str) {
    let from = format!("{prefix}LogonType");
    let number = match mapper.source().text(&from).as_deref() {
        Some("RemoteInteractive") => 10_i64,
        Some("CachedInteractive") => 11,
        Some("Service") => 5,
        _ => return,
    };
    mapper.set("logon_type_id", number);
}

fn registry_value(mapper: &mut Mapper<'_>, prefix: &str) {
    let pairs = [
        ("RegistryKey", "reg_value.path"),
        ("RegistryValueName", "reg_value.name"),
        ("RegistryValueData", "reg_value.data"),
        ("RegistryValueType", "reg_value.type_id"),
        ("PreviousRegistryKey", "prev_reg_value.path"),
        ("PreviousRegistryValueName", "prev_reg_value.name"),
        ("PreviousRegistryValueData", "prev_reg_value.data"),
    ];
    table_below(mapper, prefix, &pairs);
}

fn network(mapper: &mut Mapper<'_>, prefix: &str, action: &str) {
    table_below(mapper, prefix, NETWORK);
    let direction = if action.starts_with("Inbound") || action.starts_with("Listening") {
        1_i64
    } else if action.starts_with("Connection") {
        2
    } else {
        0
    };
    mapper.set("connection_info.direction_id", direction);
}

fn alert(mapper: &mut Mapper<'_>, prefix: &str) {
    let field = |name: &str| format!("{prefix}{name}");
    let uid = [&*field("AlertId"), &field("ReportId"), &field("ReportId_long")];
    mapper.copy_first(&uid, "finding_info.uid");
    let title = [&*field("Title"), "AdditionalFields.ThreatName", &field("ActionType")];
    mapper.copy_first(&title, "finding_info.title");
    mapper.set("is_alert", true);
    severity(mapper, &field("Severity"));
    unpack(mapper, &field("Categories"));
    mapper.copy("Categories", "finding_info.types");
    table_below(mapper, prefix, ALERT);
    if mapper.written("evidences.process.pid").is_some() {
        mapper.copy(&field("ProcessCommandLine"), "evidences.process.cmd_line");
    }
    hashes(mapper, prefix, "", "evidences.file");
    name_file(mapper, "evidences.file", 1);
}

fn application(mapper: &mut Mapper<'_>, prefix: &str) {
    let field = |name: &str| format!("{prefix}{name}");
    mapper.copy(&field("ActionType"), "api.operation");
    let system = mapper.source().text(&field("OSPlatform")).map(Cow::into_owned);
    if let Some(number) = system.map(|name| os_type(&name)).filter(|number| *number != 0)
        && mapper.copy(&field("OSPlatform"), "src_endpoint.os.name")
    {
        mapper.set("src_endpoint.os.type_id", number);
    }
    mapper.copy(&field("DeviceName"), "src_endpoint.hostname");
    mapper.copy(&field("DeviceName"), "device.hostname");
    table_below(mapper, prefix, APPLICATION);
}

fn additional(mapper: &mut Mapper<'_>, class: i64) {
    match class {
        SCRIPT_ACTIVITY => {
            let text = ["AdditionalFields.ScriptContent", "AdditionalFields.Command"];
            mapper.copy_first(&text, "script.script_content.value");
            mapper.set("script.type_id", 0_i64);
        }
        WINDOWS_SERVICE => {
            mapper.copy("AdditionalFields.ServiceName", "win_service.name");
            mapper.set("win_service.service_type_id", 0_i64);
        }
        _ => {
            mapper.copy("AdditionalFields.TaskName", "job.name");
        }
    }
}

fn hashes(mapper: &mut Mapper<'_>, prefix: &str, whose: &str, file: &str) {
    let list = format!("{file}.hashes");
    for (name, algorithm) in [("MD5", MD5), ("SHA1", SHA1), ("SHA256", SHA256)] {
        hash(mapper, &format!("{prefix}{whose}{name}"), &list, algorithm);
    }
}
