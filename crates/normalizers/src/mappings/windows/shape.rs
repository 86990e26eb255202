//! The shapes in which Windows events travel: where each keeps channel, provider, event id,
//! computer, record number, time and the event's own data.

use headwater_event::json::{Kind, Scalar};
use headwater_pipeline::mapping::{Field, Mapper, Source};

use super::xml;

/// Paths at which a shape keeps what every event has; the first that is there counts.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) id: &'static [&'static str],
    pub(super) channel: &'static [&'static str],
    pub(super) provider: &'static [&'static str],
    pub(super) computer: &'static [&'static str],
    /// The time at which the event was logged.
    pub(super) time: &'static [&'static str],
    /// Whether that time can be trusted; if not, one inside the data is better.
    pub(super) is_time_right: bool,
    pub(super) level: &'static [&'static str],
    /// Where it says whether the audited action worked.
    pub(super) outcome: &'static [&'static str],
    /// Id of the process that wrote the event.
    pub(super) process_id: &'static [&'static str],
    /// SID, name and domain of the account that wrote the event.
    pub(super) account: [&'static [&'static str]; 3],
    /// Fields of the shape and their attributes.
    pub(super) fields: &'static [(&'static str, &'static str)],
    /// Objects that hold data (empty: the record itself).
    pub(super) data: &'static [&'static str],
    /// Objects whose remains go to the top of `unmapped`.
    pub(super) flat: &'static [&'static str],
    /// Ends of names that an export adds to the names of data.
    pub(super) suffixes: &'static [&'static str],
    /// Where data may have been moved to, by their names.
    pub(super) moved: &'static [(&'static str, &'static str)],
}

/// The modules of Winlogbeat move data to the fields of the Elastic Common Schema.
const MOVED: &[(&str, &str)] = &[
    ("ProcessGuid", "process.entity_id"),
    ("ProcessId", "process.pid"),
    ("Image", "process.executable"),
    ("ProcessName", "process.executable"),
    ("CommandLine", "process.command_line"),
    ("CurrentDirectory", "process.working_directory"),
    ("OriginalFileName", "process.pe.original_file_name"),
    ("ParentProcessGuid", "process.parent.entity_id"),
    ("ParentProcessId", "process.parent.pid"),
    ("ParentImage", "process.parent.executable"),
    ("ParentCommandLine", "process.parent.command_line"),
    ("NewProcessId", "process.pid"),
    ("NewProcessName", "process.executable"),
    ("ParentProcessName", "process.parent.executable"),
    ("SourceProcessGUID", "process.entity_id"),
    ("SourceProcessId", "process.pid"),
    ("SourceImage", "process.executable"),
    ("SourceThreadId", "process.thread.id"),
    ("Protocol", "network.transport"),
    ("SourceIp", "source.ip"),
    ("SourcePort", "source.port"),
    ("SourceHostname", "source.domain"),
    ("DestinationIp", "destination.ip"),
    ("DestinationPort", "destination.port"),
    ("DestinationHostname", "destination.domain"),
    ("IpAddress", "source.ip"),
    ("IpPort", "source.port"),
    ("TargetFilename", "file.path"),
    ("ImageLoaded", "file.path"),
    ("PipeName", "file.name"),
    ("TargetObject", "registry.path"),
    ("Details", "registry.data.strings.0"),
    ("QueryName", "dns.question.name"),
    ("ScriptBlockText", "powershell.file.script_block_text"),
    ("ScriptBlockId", "powershell.file.script_block_id"),
    ("Path", "file.path"),
    ("EngineVersion", "powershell.engine.version"),
    ("RunspaceId", "powershell.runspace_id"),
];

/// Hashes that those modules split.
const MOVED_HASHES: &[(&str, &str)] = &[
    ("md5", "MD5"),
    ("sha1", "SHA1"),
    ("sha256", "SHA256"),
    ("sha512", "SHA512"),
    ("imphash", "IMPHASH"),
];

// Statics, not constants: a shape is recognised by its address.

/// Winlogbeat 7 and 8, Elastic Agent.
static WINLOG: Shape = Shape {
    id: &["winlog.event_id", "event.code"],
    channel: &["winlog.channel"],
    provider: &["winlog.provider_name", "event.provider"],
    computer: &["winlog.computer_name", "host.hostname", "host.name"],
    time: &["@timestamp"],
    is_time_right: true,
    level: &["log.level"],
    outcome: &["event.outcome", "winlog.keywords"],
    process_id: &["winlog.process.pid"],
    account: [&["winlog.user.identifier"], &["winlog.user.name"], &["winlog.user.domain"]],
    fields: &[
        ("winlog.record_id", "metadata.uid"),
        ("winlog.version", "metadata.log_version"),
        ("winlog.activity_id", "metadata.correlation_uid"),
        ("host.id", "device.uid"),
        ("host.os.name", "device.os.name"),
        ("host.os.version", "device.os.version"),
        ("host.os.build", "device.os.build"),
        ("event.created", "metadata.logged_time"),
        ("event.ingested", "metadata.processed_time"),
        ("message", "message"),
    ],
    data: &["winlog.event_data", "winlog.user_data"],
    flat: &["winlog", "winlog.event_data", "winlog.user_data"],
    suffixes: &[],
    moved: MOVED,
};

/// Winlogbeat 5 and 6.
static WINLOGBEAT_6: Shape = Shape {
    id: &["event_id"],
    channel: &["log_name"],
    provider: &["source_name"],
    computer: &["computer_name", "beat.hostname"],
    time: &["@timestamp"],
    is_time_right: true,
    level: &["level"],
    outcome: &["keywords"],
    process_id: &["process_id"],
    account: [&["user.identifier"], &["user.name"], &["user.domain"]],
    fields: &[
        ("record_number", "metadata.uid"),
        ("version", "metadata.log_version"),
        ("activity_id", "metadata.correlation_uid"),
        ("message", "message"),
    ],
    data: &["event_data", "user_data"],
    flat: &["event_data", "user_data"],
    suffixes: &[],
    moved: &[],
};

/// The event's XML as JSON: `evtx_dump` (`#attributes` or `…_attributes`) and converters of XML
/// (`@Name`).
static EVTX: Shape = Shape {
    id: &["Event.System.EventID", "Event.System.EventID.#text", "Event.System.EventID.Value"],
    channel: &["Event.System.Channel"],
    provider: &[
        "Event.System.Provider_attributes.Name",
        "Event.System.Provider.#attributes.Name",
        "Event.System.Provider.@Name",
        "Event.System.Provider.Name",
    ],
    computer: &["Event.System.Computer"],
    time: &[
        "Event.System.TimeCreated_attributes.SystemTime",
        "Event.System.TimeCreated.#attributes.SystemTime",
        "Event.System.TimeCreated.@SystemTime",
        "Event.System.TimeCreated.SystemTime",
    ],
    is_time_right: true,
    level: &["Event.System.Level"],
    outcome: &["Event.System.Keywords"],
    process_id: &[
        "Event.System.Execution_attributes.ProcessID",
        "Event.System.Execution.#attributes.ProcessID",
        "Event.System.Execution.@ProcessID",
        "Event.System.Execution.ProcessID",
    ],
    account: [
        &[
            "Event.System.Security_attributes.UserID",
            "Event.System.Security.#attributes.UserID",
            "Event.System.Security.@UserID",
            "Event.System.Security.UserID",
        ],
        &[],
        &[],
    ],
    fields: &[
        ("Event.System.EventRecordID", "metadata.uid"),
        ("Event.System.Version", "metadata.log_version"),
        ("Event.System.Correlation_attributes.ActivityID", "metadata.correlation_uid"),
        ("Event.System.Correlation.#attributes.ActivityID", "metadata.correlation_uid"),
        ("Event.System.Correlation.@ActivityID", "metadata.correlation_uid"),
        ("Event.RenderingInfo.Message", "message"),
    ],
    data: &["Event.EventData"],
    flat: &["Event", "Event.System", "Event.EventData", "Event.UserData"],
    suffixes: &[],
    moved: &[],
};

/// Event XML inside a text, read into the tree of extra fields.
static XML: Shape = Shape {
    id: &["System.EventID"],
    channel: &["System.Channel"],
    provider: &["System.Provider.Name", "System.Provider.EventSourceName"],
    computer: &["System.Computer"],
    time: &["System.TimeCreated.SystemTime"],
    is_time_right: true,
    level: &["System.Level"],
    outcome: &["System.Keywords"],
    process_id: &["System.Execution.ProcessID"],
    account: [&["System.Security.UserID", "System.Security.UserId"], &[], &[]],
    fields: &[
        ("System.EventRecordID", "metadata.uid"),
        ("System.Version", "metadata.log_version"),
        ("System.Correlation.ActivityID", "metadata.correlation_uid"),
        ("RenderingInfo.Message", "message"),
    ],
    data: &[""],
    flat: &["System"],
    suffixes: &[],
    moved: &[],
};

/// Log Analytics (Sentinel): the tables `SecurityEvent` and `Event`.
static LOG_ANALYTICS: Shape = Shape {
    id: &["EventID"],
    channel: &["Channel", "EventLog"],
    provider: &["EventSourceName", "Source"],
    computer: &["Computer"],
    time: &["TimeGenerated"],
    is_time_right: true,
    level: &["EventLevelName", "Level", "EventLevel"],
    outcome: &["Keywords"],
    process_id: &[],
    account: [&[], &["UserName"], &[]],
    fields: &[
        ("EventOriginId", "metadata.uid"),
        ("SourceComputerId", "device.uid"),
        ("TenantId", "metadata.tenant_uid"),
        ("TimeCollected", "metadata.logged_time"),
        ("Activity", "message"),
        ("RenderedDescription", "message"),
        ("_ResourceId", "device.uid_alt"),
    ],
    data: &[""],
    flat: &[],
    suffixes: &["_string", "_dynamic"],
    moved: &[],
};

/// NXLog, and exporters that write the same flat names.
static FLAT: Shape = Shape {
    id: &["EventID"],
    channel: &["Channel"],
    provider: &["SourceName", "Source"],
    computer: &["Hostname", "HOSTNAME", "Computer"],
    // `EventTime` and `TimeCreated` are local times without saying so.
    time: &["@timestamp", "TimeCreated", "EventTime"],
    is_time_right: false,
    level: &["Level", "Severity"],
    outcome: &["EventType", "Keywords"],
    process_id: &["ExecutionProcessID", "ProcessID"],
    account: [&["UserID"], &["AccountName"], &["Domain"]],
    fields: &[
        ("RecordNumber", "metadata.uid"),
        ("Version", "metadata.log_version"),
        ("ActivityID", "metadata.correlation_uid"),
        ("Message", "message"),
    ],
    data: &[""],
    flat: &[],
    suffixes: &[],
    moved: &[],
};

/// Sets of keys that events of these shapes have.
pub(super) const KEYS: &[&[&str]] = &[
    &["winlog"],
    &["event_id", "source_name"],
    &["event_id", "log_name"],
    &["Event"],
    &["EventID", "Computer"],
    &["EventID", "Channel"],
    &["EventID", "SourceModuleType"],
    &["SyslogMessage"],
    &["_raw"],
    &["category", "properties"],
    &["message"],
];

/// Fields that may hold an event in XML.
const XML_TEXTS: [&str; 4] = ["message", "SyslogMessage", "_raw", "properties.RawXml"];

/// The text that holds an event in XML.
fn xml_text(source: &Source<'_>) -> Option<&'static str> {
    XML_TEXTS.into_iter().find(|path| source.text(path).is_some_and(|text| xml::is_event(&text)))
}

/// The shape of a record.
pub(super) fn of(source: &Source<'_>) -> Option<&'static Shape> {
    let has = |path: &str| source.has(path);
    if has("winlog.event_id") {
        return Some(&WINLOG);
    }
    if has("event_id") && has("computer_name") && (has("source_name") || has("log_name")) {
        return Some(&WINLOGBEAT_6);
    }
    if has("Event.System.EventID") {
        return Some(&EVTX);
    }
    if source.integer("EventID").is_some() {
        if has("Computer") && has("TimeGenerated") {
            return Some(&LOG_ANALYTICS);
        }
        let is_flat = has("Channel") || has("SourceModuleType");
        let is_of_computer = FLAT.computer.iter().any(|path| has(path));
        return (is_flat && is_of_computer).then_some(&FLAT);
    }
    xml_text(source).map(|_| &XML)
}

impl Shape {
    /// Whether the event's process id may stand where its data's own should.
    pub(super) fn mixes_process_ids(&self) -> bool {
        std::ptr::eq(self, &FLAT)
    }
}

/// Gets at data that are not fields yet: event XML in a text, lists of `Data`.
/// Returns the paths of the objects that hold data.
pub(super) fn open(shape: &'static Shape, mapper: &mut Mapper<'_>) -> Vec<String> {
    let mut data: Vec<String> = shape.data.iter().map(|path| (*path).to_owned()).collect();
    let is = |one: &'static Shape| std::ptr::eq(shape, one);
    if is(&XML) {
        let path = xml_text(&mapper.source());
        if let Some((path, text)) = path.and_then(|path| Some((path, text(mapper, path)?))) {
            if xml::read(&text, mapper.extra()) {
                mapper.done(path);
            } else {
                let extra = mapper.extra();
                let root = extra.root();
                extra.append(root, "is cut off", true);
            }
        }
    } else if is(&EVTX) {
        for namespace in ["Event_attributes.xmlns", "Event.#attributes.xmlns", "Event.@xmlns"] {
            if text(mapper, namespace).is_some_and(|text| text.starts_with("http")) {
                mapper.done(namespace);
            }
        }
        listed_data(mapper);
        let user_data = user_data(&mapper.source());
        for path in &user_data {
            mapper.flatten(path);
            mapper.done(&format!("{path}_attributes"));
            mapper.done(&format!("{path}.#attributes"));
        }
        data.extend(user_data);
    } else if is(&WINLOG) {
        moved_hashes(mapper);
    } else if is(&LOG_ANALYTICS) {
        for path in ["EventData", "EventData_string"] {
            if let Some(text) = text(mapper, path).filter(|text| text.contains("<Data ")) {
                // Only the fields: the text is not an event of its own.
                let event = format!("<Event>{text}</Event>");
                if xml::read(&event, mapper.extra()) {
                    mapper.done(path);
                }
            }
        }
    }
    shape.flat.iter().for_each(|path| mapper.flatten(path));
    // Fields that were found inside texts stand at the top.
    if !data.iter().any(String::is_empty) {
        data.push(String::new());
    }
    data
}

/// Makes the list of hashes again that a module of Winlogbeat split.
fn moved_hashes(mapper: &mut Mapper<'_>) {
    if mapper.source().has("winlog.event_data.Hashes") {
        return;
    }
    for container in ["process.hash", "file.hash", "dll.hash"] {
        let mut list = Vec::new();
        for (member, name) in MOVED_HASHES {
            let value = mapper.take(&format!("{container}.{member}"));
            list.extend(value.map(|value| format!("{name}={value}")));
        }
        if !list.is_empty() {
            let extra = mapper.extra();
            let root = extra.root();
            extra.append(root, "Hashes", list.join(",").as_str());
            return;
        }
    }
}

fn text(mapper: &Mapper<'_>, path: &str) -> Option<String> {
    mapper.source().text(path).map(std::borrow::Cow::into_owned)
}

/// The objects below `UserData`: each event names its own.
fn user_data(source: &Source<'_>) -> Vec<String> {
    let Some(container) = source.find("Event.UserData") else { return Vec::new() };
    source
        .members(container)
        .filter(|(key, field)| source.kind(*field) == Kind::Object && !key.ends_with("attributes"))
        .map(|(key, _)| format!("Event.UserData.{key}"))
        .collect()
}

/// `EventData.Data` is a list: of texts (`param1`, `param2` …) or of objects with a name.
fn listed_data(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let Some(field) = source.find("Event.EventData.Data") else { return };
    let list = source.find_in(field, "#text").unwrap_or(field);
    let named = |element: Field| {
        let name = ["@Name", "Name", "#attributes.Name"]
            .iter()
            .find_map(|path| source.find_in(element, path).and_then(|name| source.text_of(name)))?;
        let value =
            ["#text", "text", "Value"].iter().find_map(|path| source.find_in(element, path));
        Some((name.into_owned(), value))
    };
    let mut found = Vec::new();
    for (place, element) in source.elements(list).into_iter().enumerate() {
        let (name, value) = match source.kind(element) {
            Kind::Object => match named(element) {
                Some(named) => named,
                None => return,
            },
            _ => (format!("param{}", place + 1), Some(element)),
        };
        let text = value.and_then(|value| source.text_of(value)).map(std::borrow::Cow::into_owned);
        found.extend(text.map(|text| (name, text)));
    }
    let extra = mapper.extra();
    let root = extra.root();
    for (name, text) in found {
        extra.append(root, &name, Scalar::String(&text));
    }
    let whole = "Event.EventData.Data";
    let part = "Event.EventData.Data.#text";
    mapper.done(if mapper.source().has(part) { part } else { whole });
}
