//! What all channels share: the envelopes of winlogbeat 6 and 7 and of NXLog, clean-up of values,
//! and the names that are given after the rules of the channel.
//!
//! Dots in a name before are levels: `winlog.process.pid` is `pid` in `process` in `winlog`.

use super::rules::{Rename, renames};

/// winlogbeat 6. HELK removes `beat` before it reads the three names.
pub(crate) const WINLOGBEAT_6: &[Rename] = renames! {
    "computer_name" => "host_name", "beat.hostname" => "beat_hostname",
    "beat.name" => "beat_name", "beat.version" => "beat_version",
};

/// winlogbeat 7.
pub(crate) const WINLOGBEAT_7: &[Rename] = renames! {
    "agent.hostname" => "beat_hostname", "agent.name" => "beat_name",
    "agent.version" => "beat_version", "agent.id" => "etl_host_agent_uid",
    "agent.ephemeral_id" => "etl_host_agent_ephemeral_uid", "agent.type" => "etl_host_agent_type",
    "error.message" => "message_error", "event.original" => "xml",
    "event.timezone" => "beat_timezone", "log.level" => "level",
    "winlog.activity_id" => "activity_id", "winlog.api" => "type", "winlog.channel" => "log_name",
    "winlog.computer_name" => "host_name", "winlog.event_id" => "event_id",
    "winlog.keywords" => "keywords", "winlog.provider_guid" => "provider_guid",
    "winlog.provider_name" => "source_name", "winlog.process.pid" => "process_id",
    "winlog.process.thread.id" => "thread_id", "winlog.opcode" => "opcode",
    "winlog.record_id" => "record_number", "winlog.task" => "task", "winlog.version" => "version",
};

/// The account that wrote the event, `user` in winlogbeat 6 and `winlog.user` in 7. HELK loses the
/// latter.
pub(crate) const REPORTER: &[Rename] = renames! {
    "domain" => "user_reporter_domain", "identifier" => "user_reporter_sid",
    "name" => "user_reporter_name", "type" => "user_reporter_type",
};

/// ECS objects that hold what no rename took; they are kept below `z_elastic_ecs`.
pub(crate) const PARKED_OBJECTS: [&str; 7] =
    ["agent", "ecs", "event", "host", "log", "user", "winlog"];

/// The object that holds [`PARKED_OBJECTS`].
pub(crate) const PARKING_OBJECT: &str = "z_elastic_ecs";

/// Further objects that renames may have emptied.
pub(crate) const EMPTIED_OBJECTS: [&str; 7] =
    ["destination", "error", "http", "network", "source", "url", "user_agent"];

/// Fields of NXLog and of exporters that put the envelope and the data of an event side by side.
/// `Opcode`, `Keywords` and `Message` have their names already. `EventTime` is local time without a
/// zone: the time of the event is `@timestamp`, and for Sysmon its `UtcTime`.
pub(crate) const FLAT: &[Rename] = renames! {
    "hostname" => "host_name", "eventid" => "event_id", "channel" => "log_name",
    "sourcename" => "source_name", "recordnumber" => "record_number",
    "providerguid" => "provider_guid", "threadid" => "thread_id",
    "eventreceivedtime" => "event_recorded_time", "executionprocessid" => "process_id",
    "activityid" => "activity_id", "relatedactivityid" => "related_activity_id",
    "computer" => "host_name", "eventsourcename" => "source_name",
    "eventrecordid" => "record_number",
};

/// Fields that such an event has beside its data, by the names with which they arrive.
#[rustfmt::skip]
pub(crate) const FLAT_HEADER: [&str; 40] = [
    "@metadata", "@timestamp", "@version", "_utcprocessedtimestamp", "activityid", "channel",
    "computer", "eventid", "eventorigin", "eventreceivedtime", "eventrecordid", "eventsourcename",
    "eventtime", "eventtypeorignal", "executionprocessid", "host", "hostname", "keywords", "level",
    "message", "opcode", "opcodevalue", "port", "providerguid", "recordnumber",
    "relatedactivityid", "severityvalue", "sourcemodulename", "sourcemoduletype", "sourcename",
    "tags", "task", "tenantid", "threadid", "timecollected", "timecreated", "timegenerated",
    "type", "userdata", "version",
];

/// The member of [`FLAT_HEADER`] that is data when it is text: Sysmon tells its own version.
pub(crate) const FLAT_VERSION: &str = "version";

/// NXLog: a process id in its envelope is a number. One of the event is text and takes its place.
pub(crate) const NXLOG_PROCESS: Rename = Rename { from: "processid", to: "process_id" };

/// NXLog: the account that wrote the event, where the event does not have a field of that name.
pub(crate) const NXLOG_REPORTER: &[Rename] = renames! {
    "accountname" => "user_reporter_name", "domain" => "user_reporter_domain",
    "userid" => "user_reporter_sid", "accounttype" => "user_reporter_type",
};

/// EVTX, relative to the element `System`.
pub(crate) const EVTX: &[Rename] = renames! {
    "provider.#attributes.name" => "source_name", "provider.#attributes.guid" => "provider_guid",
    "provider.#attributes.eventsourcename" => "event_source_name",
    "eventid.#attributes.qualifiers" => "event_qualifiers", "eventid.#text" => "event_id",
    "eventid" => "event_id", "eventrecordid" => "record_number",
    "channel" => "log_name", "computer" => "host_name",
    "timecreated.#attributes.systemtime" => "@timestamp",
    "correlation.#attributes.activityid" => "activity_id",
    "correlation.#attributes.relatedactivityid" => "related_activity_id",
    "execution.#attributes.processid" => "process_id",
    "execution.#attributes.threadid" => "thread_id",
    "security.#attributes.userid" => "user_reporter_sid",
};

/// EVTX: what `System` has under its name already.
pub(crate) const EVTX_NAMED: [&str; 5] = ["keywords", "level", "opcode", "task", "version"];

/// ECS names of network and HTTP fields to the names of HELK.
pub(crate) const ECS: &[Rename] = renames! {
    "source.ip" => "src_ip_addr", "source.port" => "src_port", "source.bytes" => "src_bytes",
    "destination.ip" => "dst_ip_addr", "destination.port" => "dst_port",
    "destination.bytes" => "dst_bytes", "destination.packets" => "dst_packets",
    "network.transport" => "network_protocol",
    "network.protocol" => "network_application_protocol",
    "network.application" => "network_application_name",
    "network.community_id" => "fingerprint_network_community_id",
    "http.request.method" => "http_request_method",
    "http.request.referrer" => "http_referrer_original",
    "http.request.body.bytes" => "http_request_body_bytes",
    "http.response.status_code" => "http_status_code",
    "http.response.body.bytes" => "http_response_body_bytes", "http.version" => "http_version",
    "url.domain" => "url_host_name", "url.extension" => "url_extension",
    "url.fragment" => "url_fragment", "url.original" => "url_original", "url.path" => "url_path",
    "url.port" => "url_port", "url.scheme" => "url_scheme", "url.username" => "url_user_name",
    "url.password" => "url_user_password", "user_agent.original" => "user_agent_original",
};

/// Fields that may hold the source address, the first with a valid one wins. HELK reads
/// `ipAddress`, which lower case makes equal to `IpAddress`, as the destination.
pub(crate) const SOURCE_ADDRESSES: [&str; 7] = [
    "sourceip",
    "ipaddress",
    "sourceaddress",
    "clientaddress",
    "clientipaddress",
    "clientip",
    "ipstring",
];

/// Fields that may hold the destination address, the first with a valid one wins.
pub(crate) const DESTINATION_ADDRESSES: [&str; 5] =
    ["destinationip", "destaddress", "launchedviaipaddress", "machineipaddress", "targetserver"];

/// Events of the RDP client whose field `value` holds the destination address.
pub(crate) const REMOTE_DESKTOP_EVENTS: [u32; 2] = [1024, 1102];

/// The field whose address is the destination after address translation.
pub(crate) const TRANSLATED_DESTINATION: Rename =
    Rename { from: "connectedviaipaddress", to: "dst_nat_ip_addr" };

/// Names that are given after the rules of the channel, where the event still has them.
pub(crate) const LATE: &[Rename] = renames! {
    "logontype" => "logon_type",
    "processguid" => "process_guid", "sourceprocessguid" => "process_guid",
    "parentprocessguid" => "process_parent_guid", "targetprocessguid" => "target_process_guid",
    "processid" => "process_id", "newprocessid" => "process_id", "sourceprocessid" => "process_id",
    "parentprocessid" => "process_parent_id", "targetprocessid" => "target_process_id",
    "image" => "process_path", "application" => "process_path", "sourceimage" => "process_path",
    "prodessname" => "process_path", "newprocessname" => "process_path",
    "processname" => "process_path", "processpath" => "process_path",
    "parentprocessname" => "process_parent_path", "parentimage" => "process_parent_path",
    "targetimage" => "target_process_path", "targetprocessname" => "target_process_path",
};

/// Hexadecimal texts that become decimal numbers before the rules of the channel: joins compare
/// them.
pub(crate) const HEX_LOGON_IDS: [&str; 4] =
    ["logonid", "subjectlogonid", "targetlinkedlogonid", "targetlogonid"];

/// Hexadecimal texts that become decimal numbers at the end; the text is kept as `<name>_orig`.
pub(crate) const HEX_PROCESS_FIELDS: [&str; 4] =
    ["process_granted_access", "process_id", "process_parent_id", "target_process_id"];

/// The name is what follows the last backslash of the path.
pub(crate) const NAMES_OF_PATHS: &[Rename] = renames! {
    "process_path" => "process_name", "process_parent_path" => "process_parent_name",
    "target_process_path" => "target_process_name",
};

/// Fields whose text becomes a number.
pub(crate) const NUMBERS: [&str; 6] =
    ["dst_port", "event_id", "process_parent_id", "record_number", "src_port", "thread_id"];

/// Fields of the envelope that are treated like data, by their final names.
pub(crate) const TREATED_HEADER: [&str; 4] =
    ["host_name", "provider_guid", "user_reporter_domain", "user_reporter_name"];

/// The process and the thread that wrote the event, where the event is about others.
pub(crate) const YIELDING_HEADER: &[Rename] = renames! {
    "process_id" => "execution_process_id", "thread_id" => "execution_thread_id",
};

/// Fields whose original spelling does not become `<name>_original`: that name means something
/// else (`file_name_original` is in the version resource of a program).
pub(crate) const ORIGINAL_NAMES: &[Rename] = renames! { "file_name" => "file_path_original" };

/// Fields whose value loses its braces.
pub(crate) const GUIDS: [&str; 6] = [
    "process_guid",
    "process_parent_guid",
    "provider_guid",
    "target_process_guid",
    "target_user_logon_guid",
    "user_logon_guid",
];

/// The field on the right says whether the name on the left is that of a machine (ends with `$`).
pub(crate) const MACHINE_ACCOUNTS: &[Rename] = renames! {
    "user_name" => "meta_user_name_is_machine",
    "user_reporter_name" => "meta_user_reporter_name_is_machine",
    "target_user_name" => "meta_target_user_name_is_machine",
};

/// Where `dst_host_name` comes from when the event has none, the first wins. HELK also takes
/// `service_name`, which is the name of a program.
pub(crate) const DESTINATION_HOSTS: [&str; 2] = ["target_server_name", "target_host_name"];

/// Fields that are removed when their whole value is `-`. Sorted.
#[rustfmt::skip]
pub(crate) const DASH_MEANS_ABSENT: &[&str] = &[
    "accesslist", "accessreason", "accountexpires", "accountname", "additionalinfo", "address",
    "allowedtodelegateto", "appcorrelationid", "authenticationpackagename", "callerprocessname",
    "clientaddress", "clientip", "clientipaddress", "compatibleids", "computeraccountchange",
    "connectedviaipaddress", "dcipaddress", "destinationip", "displayname", "dnshostname",
    "domain", "dummy", "homedirectory", "homepath", "identity", "ipaddress", "ipport", "ipstring",
    "launchedviaipaddress", "lmpackagename", "locationinformation", "logonguid", "logonhours",
    "newuacvalue", "objectname", "objecttype", "olduacvalue", "packagename", "passwordlastset",
    "preauthtype", "primarygroupid", "privilegelist", "processname", "profilepath",
    "restrictedadminmode", "samaccountname", "scriptpath", "serveripaddress", "service",
    "serviceprincipalnames", "sidhistory", "sidlist", "sourceip", "subjectdomainname",
    "subjectusername", "subjectusersid", "targetdomainname", "targetoutbounddomainname",
    "targetoutboundusername", "targetusername", "targetusersid", "tracemessage",
    "transmittedservices", "useraccountcontrol", "userid", "userparameters", "userprincipalname",
    "userworkstations", "workstationname",
];

/// Fields whose value has no case: paths, command lines, names of accounts, hosts and services.
/// Those of the envelope stand here by their final names, and the users of Sysmon 13 are younger
/// than HELK. Sorted. The original spelling must stay next to the folded one, or Base64 in a
/// command line is lost.
#[rustfmt::skip]
pub(crate) const CASELESS_VALUES: &[&str] = &[
    "accountdistinguishedname", "accountname", "actionname", "allowedtodelegateto",
    "applicationpath", "attributeldapdisplayname", "authenticationpackagename", "cacommonname",
    "callerprocessname", "calloutname", "clientname", "clientusername", "command name",
    "commandline", "commandname", "commandpath", "connectionname", "corruptedfilepath",
    "crashedappname", "currentdirectory", "dcdomainname", "destinationhostname",
    "destinationportname", "devicename", "dfspath", "displayname", "dnshostname", "domain",
    "drivename", "dsname", "dsobjectname", "extensiblemodulepath", "filename", "filepath",
    "gpodisplayname", "gpofilesystempath", "gponame", "groupname", "hivename", "homedirectory",
    "homepath", "host name", "host os name", "host os service pack name", "host_name", "hostname",
    "hostnamechanged", "hostosname", "hostosservicepackname", "image", "imageloaded", "imagename",
    "imagepath", "instancepath", "keeppropertycanonicalname", "key name", "keyfilepath", "keyname",
    "localpath", "logonprocessname", "machinename", "mappedname", "membername", "name",
    "nameserver", "namespacename", "networkname", "newprocessname", "newtargetusername",
    "objectname", "oldtargetusername", "parentcommandline", "parentimage", "parentprocessname",
    "parentuser", "path", "portname", "principalcnname", "principaldomainname", "principalsamname",
    "process name", "processname", "processpath", "prodessname", "profilepath", "qname",
    "queryname", "relativetargetname", "samaccountname", "script name", "scriptname", "scriptpath",
    "securitypackagename", "servername", "servicefilename", "servicename", "serviceprincipalnames",
    "sessionname", "sharelocalpath", "sharename", "snapshotpath", "sourcehostname", "sourceimage",
    "sourceportname", "sourceuser", "statename", "subjectdomainname", "subjectuserdomainname",
    "subjectusername", "switchfname", "targetdomainname", "targetfilename", "targetimage",
    "targetname", "targetoutbounddomainname", "targetoutboundusername", "targetprocessname",
    "targetrealm", "targetservername", "targetuser", "targetusername", "taskname",
    "transportprotocolname", "uncpath", "user", "user_reporter_domain", "user_reporter_name",
    "username", "userprincipalname", "vhdfilename", "volumename", "wmiclassname", "workstation",
    "workstationname", "xpath",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::super::rules::suite::check_renames;
    use super::*;

    #[test]
    fn every_table_renames_each_field_once() {
        for (of, renames) in [
            ("winlogbeat 6", WINLOGBEAT_6),
            ("winlogbeat 7", WINLOGBEAT_7),
            ("reporter", REPORTER),
            ("flat", FLAT),
            ("nxlog reporter", NXLOG_REPORTER),
            ("evtx", EVTX),
            ("header", YIELDING_HEADER),
            ("originals", ORIGINAL_NAMES),
            ("ecs", ECS),
            ("late", LATE),
            ("paths", NAMES_OF_PATHS),
            ("machines", MACHINE_ACCOUNTS),
        ] {
            check_renames(of, renames.iter());
        }
    }

    #[test]
    fn lists_are_sorted_and_in_lower_case() {
        for (table, count) in [(DASH_MEANS_ABSENT, 69), (CASELESS_VALUES, 135)] {
            assert!(table.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(table.iter().all(|name| *name == name.to_lowercase()));
            assert_eq!(table.len(), count);
        }
    }

    #[test]
    fn values_with_a_meaningful_case_are_not_folded() {
        for name in ["targetobject", "details", "pipename", "company", "description", "hashes"] {
            assert!(!CASELESS_VALUES.contains(&name), "{name}");
        }
        for name in ["image", "commandline", "user", "host name", "targetusername", "xpath"] {
            assert!(CASELESS_VALUES.contains(&name), "{name}");
        }
        assert!(DASH_MEANS_ABSENT.contains(&"ipaddress"));
        assert!(!DASH_MEANS_ABSENT.contains(&"commandline"));
    }
}
