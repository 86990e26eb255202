//! Which channel an event is from, and the rules of the smaller channels: System, Application,
//! WMI-Activity, PowerShell and scheduled tasks.

use super::rules::{
    EventRules, IndexEntry, Rename, count_ids, event_rules, find, index_by_id, renames,
};
use super::{security, sysmon};

/// The channels that have rules of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Application,
    PowerShell,
    Security,
    Sysmon,
    System,
    WmiActivity,
    /// Every other channel: only the tables of every channel apply.
    Other,
}

impl Channel {
    /// From the fields `log_name` and `source_name`. The case of channel names varies within one
    /// file.
    pub(crate) fn of(log_name: &str, source_name: &str) -> Self {
        let from_log = CHANNELS.iter().find(|(name, _)| name.eq_ignore_ascii_case(log_name));
        let from_source = || {
            let source = POWERSHELL_SOURCES.iter();
            source.clone().any(|name| name.eq_ignore_ascii_case(source_name))
        };
        match from_log {
            Some((_, channel)) => *channel,
            None if from_source() => Self::PowerShell,
            None => Self::Other,
        }
    }

    /// The rules of one of the channel's events.
    pub(crate) fn rules(self, event_id: u32) -> Option<&'static EventRules> {
        match self {
            Self::Application => find(&APPLICATION_INDEX, event_id),
            Self::PowerShell => find(&POWERSHELL_INDEX, event_id),
            Self::Security => security::rules(event_id),
            Self::Sysmon => sysmon::rules(event_id),
            Self::System => find(&SYSTEM_INDEX, event_id),
            Self::WmiActivity => find(&WMI_INDEX, event_id),
            Self::Other => None,
        }
    }
}

/// The rules of all channels, those of several ids more than once.
pub(crate) fn all_rules() -> impl Iterator<Item = &'static EventRules> {
    let small = [&SYSTEM_INDEX[..], &APPLICATION_INDEX, &WMI_INDEX, &POWERSHELL_INDEX];
    small.into_iter().chain([security::index(), sysmon::index()]).flatten().map(|entry| entry.1)
}

const CHANNELS: &[(&str, Channel)] = &[
    ("Security", Channel::Security),
    ("Microsoft-Windows-Sysmon/Operational", Channel::Sysmon),
    ("System", Channel::System),
    ("Application", Channel::Application),
    ("Microsoft-Windows-WMI-Activity/Operational", Channel::WmiActivity),
    ("Windows PowerShell", Channel::PowerShell),
    ("Microsoft-Windows-PowerShell/Operational", Channel::PowerShell),
    ("PowerShellCore/Operational", Channel::PowerShell),
];

const POWERSHELL_SOURCES: [&str; 3] =
    ["PowerShell", "Microsoft-Windows-PowerShell", "PowerShellCore"];

static SYSTEM_INDEX: [IndexEntry; count_ids(&[SYSTEM])] = index_by_id(&[SYSTEM]);
static APPLICATION_INDEX: [IndexEntry; count_ids(&[APPLICATION])] = index_by_id(&[APPLICATION]);
static WMI_INDEX: [IndexEntry; count_ids(&[WMI_ACTIVITY])] = index_by_id(&[WMI_ACTIVITY]);
static POWERSHELL_INDEX: [IndexEntry; count_ids(&[POWERSHELL])] = index_by_id(&[POWERSHELL]);

/// The event of the channel System that gets [`NEW_SERVICE_TAG`].
pub(crate) const SERVICE_INSTALLED: u32 = 7045;

/// Tag of events about a new service.
pub(crate) const NEW_SERVICE_TAG: &str = "new_service";

const SYSTEM: &[EventRules] = event_rules! {
    on [16] rename {
        "hivename" => "hive_name", "hivenamelength" => "hive_name_length",
        "keysupdated" => "hive_keys_updated", "dirtypages" => "hive_dirty_pages",
    }
    on [7045] rename {
        "accountname" => "user_name", "imagepath" => "service_image_path",
        "servicename" => "service_name", "servicetype" => "service_type",
        "starttype" => "service_start_type",
    }
};

/// Only from the provider in [`RESTART_PROVIDER`]: `param1` means something else elsewhere.
const APPLICATION: &[EventRules] = event_rules! {
    on [16384] rename {
        "param1" => "spp_restart_scheduled", "param2" => "spp_restart_reason",
    }
};

/// The provider (`source_name`) of the events that the rules of the channel Application are about.
pub(crate) const RESTART_PROVIDER: &str = "Microsoft-Windows-Security-SPP";

/// Of all events of WMI-Activity.
const WMI_NAMES: &[Rename] = renames! {
    "xml_name" => "wmi_xml_operation", "possiblecause" => "wmi_possible_cause",
};

const WMI_ACTIVITY: &[EventRules] = event_rules! {
    on [5857] with [WMI_NAMES] rename {
        "providername" => "wmi_provider", "code" => "wmi_result_code",
        "hostprocess" => "process_name", "processid" => "process_id",
        "providerpath" => "wmi_provider_path",
    }
    on [5858] with [WMI_NAMES] rename {
        "id" => "wmi_id", "clientmachine" => "wmi_client_machine",
        "clientprocessid" => "process_id", "component" => "wmi_component",
        "operation" => "wmi_operation", "resultcode" => "wmi_result_code",
    }
    on [5859, 5860] with [WMI_NAMES] rename {
        "namespacename" => "wmi_namespace", "query" => "wmi_query", "processid" => "process_id",
        "provider" => "wmi_provider", "queryid" => "wmi_query_id",
    }
    on [5861] with [WMI_NAMES] rename {
        "namespace" => "wmi_namespace", "ess" => "wmi_event_subsystem",
        "consumer" => "wmi_consumer",
    }
};

/// The object that holds what is known of a PowerShell event. In the tables of PowerShell, dots in
/// a name after are levels inside it.
pub(crate) const POWERSHELL_OBJECT: &str = "powershell";

/// Fields of the script-block events.
const POWERSHELL: &[EventRules] = event_rules! {
    on [4104] rename {
        "scriptblocktext" => "scriptblock.text", "scriptblockid" => "scriptblock.id",
        "messagenumber" => "scriptblock.message_number",
        "messagetotal" => "scriptblock.message_total", "path" => "script.path",
    }
    on [4105, 4106] rename {
        "scriptblockid" => "scriptblock.id", "runspaceid" => "runspace_id",
    }
};

/// Fields that hold lines `key = value` or `key=value`, by event id.
pub(crate) const POWERSHELL_CONTEXT_FIELDS: &[(u32, &str)] = &[
    (400, "param3"),
    (403, "param3"),
    (600, "param3"),
    (800, "param2"),
    (4100, "contextinfo"),
    (4103, "contextinfo"),
];

/// Fields that hold `ParameterBinding(…)` and other output lines, by event id.
pub(crate) const POWERSHELL_PAYLOAD_FIELDS: &[(u32, &str)] = &[(800, "param3"), (4103, "payload")];

/// Where the same lines are in the message, for senders that leave the fields out: by event id the
/// line before the context, and the line before the payload or, empty, the start of the message.
pub(crate) const POWERSHELL_MESSAGES: &[(u32, &str, Option<&str>)] = &[
    (400, "Details:", None),
    (403, "Details:", None),
    (600, "Details:", None),
    (800, "Context Information:", Some("Details:")),
    (4103, "Context:", Some("")),
];

/// The keys of those lines, in lower case and without blanks: `Host Name` and `HostName` are one.
/// HELK does not read event 800; `detail` and `user` are added for it.
pub(crate) const POWERSHELL_CONTEXT: &[Rename] = renames! {
    "hostname" => "host.name", "hostversion" => "host.version", "hostid" => "host.id",
    "hostapplication" => "host.application", "engineversion" => "engine_version",
    "runspaceid" => "runspace_id", "pipelineid" => "pipeline_id",
    "commandname" => "command.name", "commandtype" => "command.type",
    "commandpath" => "command.path", "commandinvocation" => "command.invocation",
    "commandline" => "command.line", "scriptname" => "script.name",
    "sequencenumber" => "sequence_number", "connecteduser" => "connected_user",
    "shellid" => "shell_id", "newenginestate" => "newengine_state",
    "previousenginestate" => "previousengine_state", "userid" => "user",
    "detailsequence" => "detail.sequence", "detailtotal" => "detail.total",
};

/// Keys of those lines that are names already.
pub(crate) const POWERSHELL_CONTEXT_NAMED: [&str; 4] =
    ["newproviderstate", "providername", "severity", "user"];

/// The key of the last of those lines, whose value may have several.
pub(crate) const POWERSHELL_CONTEXT_LAST: &str = "commandline";

/// Names inside the object whose values are whole numbers.
pub(crate) const POWERSHELL_NUMBERS: [&str; 6] = [
    "detail.sequence",
    "detail.total",
    "pipeline_id",
    "scriptblock.message_number",
    "scriptblock.message_total",
    "sequence_number",
];

/// Events of the channel Security about scheduled tasks.
pub(crate) const TASK_EVENTS: [u32; 5] = [4698, 4699, 4700, 4701, 4702];

/// The XML text of a task, and the object that its elements become. HELK spells it with capitals;
/// here no key has any.
pub(crate) const TASK_XML: Rename = Rename { from: "scheduled_task_content", to: "scheduled_task" };

/// SilkETW: the field with the JSON text, and its object whose members move up to the event.
pub(crate) const SILK_ETW: (&str, &str) = ("param1", "xmleventdata");

/// The channel that SilkETW writes to.
pub(crate) const SILK_ETW_LOG: &str = "SilkService-Log";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::super::rules::suite::{check_index, check_renames};
    use super::*;

    #[test]
    fn every_event_is_in_one_set_and_renames_each_field_once() {
        for index in
            [&SYSTEM_INDEX[..], &APPLICATION_INDEX[..], &WMI_INDEX[..], &POWERSHELL_INDEX[..]]
        {
            check_index(index);
        }
        check_renames("PowerShell context", POWERSHELL_CONTEXT.iter());
    }

    #[test]
    fn channels_are_known_in_any_case() {
        for (log_name, source_name, channel) in [
            ("security", "Microsoft-Windows-Security-Auditing", Channel::Security),
            ("Security", "", Channel::Security),
            ("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", Channel::Sysmon),
            ("Windows PowerShell", "PowerShell", Channel::PowerShell),
            ("ForwardedEvents", "Microsoft-Windows-PowerShell", Channel::PowerShell),
            ("System", "Service Control Manager", Channel::System),
            ("Microsoft-Windows-DNS-Client/Operational", "", Channel::Other),
            ("", "", Channel::Other),
        ] {
            assert_eq!(Channel::of(log_name, source_name), channel, "{log_name} {source_name}");
        }
    }

    #[test]
    fn rules_belong_to_their_channel() {
        assert!(Channel::System.rules(SERVICE_INSTALLED).is_some());
        assert!(Channel::Security.rules(SERVICE_INSTALLED).is_none());
        assert!(Channel::WmiActivity.rules(5861).is_some());
        assert!(Channel::Application.rules(16_384).is_some());
        assert_eq!(Channel::Sysmon.rules(3).and_then(|rules| rules.action), Some("networkconnect"));
        assert!(Channel::Other.rules(1).is_none());
        assert!(TASK_EVENTS.iter().all(|id| Channel::Security.rules(*id).is_some()));
    }
}
