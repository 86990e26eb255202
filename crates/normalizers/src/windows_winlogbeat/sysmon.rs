//! The channel `Microsoft-Windows-Sysmon/Operational`: what the event did (`action`) and its
//! fields.
//!
//! Events 23 to 29 and the user fields of Sysmon 13 are younger than HELK; their names follow its
//! manner. Names that several channels share (`Image`, `ProcessGuid`, …) are in `every_channel`.

use super::rules::{
    EventRules, IndexEntry, Rename, count_ids, event_rules, find, index_by_id, renames,
};

/// The rules of a Sysmon event.
pub(crate) fn rules(event_id: u32) -> Option<&'static EventRules> {
    find(&INDEX, event_id)
}

/// The time of the event, `YYYY-MM-DD hh:mm:ss.sss` in UTC. Always right where the envelope's time
/// is not (exporters that write local time).
pub(crate) const TIME_FIELD: &str = "utctime";

/// Fields that hold times in the form of [`TIME_FIELD`].
pub(crate) const TIMES: &[Rename] = renames! {
    "creationutctime" => "file_creation_time",
    "previouscreationutctime" => "file_previous_creation_time",
};

/// `DOMAIN\name`, kept under this name.
pub(crate) const ACCOUNT: Rename = Rename { from: "user", to: "user_account" };

/// Accounts `DOMAIN\name`, by their names after the renames, and what their parts become.
pub(crate) const ACCOUNTS: [(&str, &str, &str); 3] = [
    ("user_account", "user_domain", "user_name"),
    ("target_user_account", "target_user_domain", "target_user_name"),
    ("process_parent_user_account", "process_parent_user_domain", "process_parent_user_name"),
];

/// `key=value,key=value` becomes `rule_<key>`.
pub(crate) const RULE_FIELD: &str = "rulename";

/// `ALGORITHM=hex,…` becomes `<prefix><algorithm>`, for example `hash_md5`.
pub(crate) const HASH_PREFIXES: &[Rename] = renames! {
    "hashes" => "hash_", "configurationfilehash" => "sysmon_config_hash_",
};

/// The hashes of a file stream, in the same form. HELK knows them by the field as a whole, which
/// stays.
pub(crate) const HASH: Rename = Rename { from: "hash", to: "hash_" };

/// The rules by event id.
pub(crate) fn index() -> &'static [IndexEntry] {
    &INDEX
}

static INDEX: [IndexEntry; count_ids(&[RULES])] = index_by_id(&[RULES]);

/// Version resource of a program. The blank at the end of one name is HELK's and in some data.
const FILE_VERSION: &[Rename] = renames! {
    "fileversion" => "file_version", "description" => "file_description",
    "product" => "file_product", "company" => "file_company",
    "originalfilename" => "file_name_original", "originalfilename " => "file_name_original",
};

/// `Signature` and `Signed` have their names already.
const SIGNATURE: &[Rename] = renames! {
    "signaturestatus" => "signature_status",
};

const WMI: &[Rename] = renames! {
    "eventtype" => "event_type", "operation" => "wmi_operation",
    "eventnamespace" => "wmi_namespace",
};

const RULES: &[EventRules] = event_rules! {
    on [1] does "processcreate" with [FILE_VERSION] rename {
        "commandline" => "process_command_line",
        "currentdirectory" => "process_current_directory",
        "parentcommandline" => "process_parent_command_line",
        "parentuser" => "process_parent_user_account",
        "integritylevel" => "process_integrity_level", "logonguid" => "user_logon_guid",
        "logonid" => "user_logon_id", "terminalsessionid" => "user_session_id",
    }
    on [2] does "filecreatetime" rename {
        "targetfilename" => "file_name",
    }
    on [3] does "networkconnect" rename {
        "destinationisipv6" => "dst_is_ipv6", "destinationhostname" => "dst_host_name",
        "destinationport" => "dst_port", "destinationportname" => "dst_port_name",
        "initiated" => "network_initiated", "protocol" => "network_protocol",
        "sourceisipv6" => "src_is_ipv6", "sourcehostname" => "src_host_name",
        "sourceport" => "src_port", "sourceportname" => "src_port_name",
    }
    on [4] does "sysmonservicestatechanged" rename {
        "state" => "service_state", "version" => "sysmon_version",
        "schemaversion" => "sysmon_schema_version",
    }
    on [5] does "processterminated" rename {}
    on [6] does "driverload" with [SIGNATURE] rename {
        "imageloaded" => "driver_loaded",
    }
    on [7] does "moduleload" with [SIGNATURE, FILE_VERSION] rename {
        "imageloaded" => "module_loaded",
    }
    on [8] does "createremotethread" rename {
        "newthreadid" => "thread_new_id", "sourceprocessguid" => "process_guid",
        "sourceprocessid" => "process_id", "sourceimage" => "process_path",
        "sourceuser" => "user_account", "startaddress" => "thread_start_address",
        "startfunction" => "thread_start_function", "startmodule" => "thread_start_module",
        "targetprocessguid" => "target_process_guid", "targetprocessid" => "target_process_id",
        "targetimage" => "target_process_path", "targetuser" => "target_user_account",
    }
    on [9] does "rawaccessread" rename {
        "device" => "device_name",
    }
    on [10] does "processaccess" rename {
        "calltrace" => "process_call_trace", "grantedaccess" => "process_granted_access",
        "sourcethreadid" => "thread_id", "sourceimage" => "process_path",
        "sourceuser" => "user_account", "targetimage" => "target_process_path",
        "targetuser" => "target_user_account",
    }
    on [11] does "filecreate" rename {
        "targetfilename" => "file_name",
    }
    on [12, 13, 14] does "registryevent" rename {
        "eventtype" => "event_type", "targetobject" => "registry_key_path",
        "details" => "registry_key_value", "newname" => "registry_key_new_name",
    }
    on [15] does "filecreatestreamhash" rename {
        "targetfilename" => "file_name",
    }
    on [16] does "sysmonconfigstatechanged" rename {
        "state" => "sysmon_configuration_state", "configuration" => "sysmon_configuration",
    }
    on [17, 18] does "pipeevent" rename {
        "eventtype" => "event_type", "pipename" => "pipe_name",
    }
    on [19] does "wmievent" with [WMI] rename {
        "name" => "wmi_filter_name", "query" => "wmi_query",
    }
    on [20] does "wmievent" with [WMI] rename {
        "name" => "wmi_consumer_name", "type" => "wmi_consumer_type",
        "destination" => "wmi_consumer_destination",
    }
    on [21] does "wmievent" with [WMI] rename {
        "consumer" => "wmi_consumer_path", "filter" => "wmi_filter_path",
    }
    on [22] does "dnsquery" rename {
        "queryname" => "dst_host_name", "querystatus" => "dns_query_status",
        "queryresults" => "dns_query_results",
    } copy {
        "dst_host_name" => "dns_query_name",
    }
    on [23] does "filedelete" rename {
        "targetfilename" => "file_name", "isexecutable" => "file_is_executable",
        "archived" => "file_archived",
    }
    on [24] does "clipboardchange" rename {
        "session" => "user_session_id", "clientinfo" => "clipboard_client_info",
        "archived" => "clipboard_archived",
    }
    on [25] does "processtampering" rename {
        "type" => "process_tampering_type",
    }
    on [26] does "filedeletedetected" rename {
        "targetfilename" => "file_name", "isexecutable" => "file_is_executable",
    }
    on [27] does "fileblockexecutable" rename {
        "targetfilename" => "file_name",
    }
    on [28] does "fileblockshredding" rename {
        "targetfilename" => "file_name", "isexecutable" => "file_is_executable",
    }
    on [29] does "fileexecutabledetected" rename {
        "targetfilename" => "file_name",
    }
    on [255] does "error" rename {}
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::super::rules::suite::{check_index, check_renames};
    use super::{HASH_PREFIXES, INDEX, TIMES, rules};

    #[test]
    fn every_event_is_in_one_set_and_renames_each_field_once() {
        check_index(&INDEX);
        check_renames("times", TIMES.iter());
        check_renames("hashes", HASH_PREFIXES.iter());
    }

    #[test]
    fn every_event_of_sysmon_15_has_an_action() {
        for id in (1..=29).chain([255]) {
            assert!(rules(id).is_some_and(|rules| rules.action.is_some()), "event {id}");
        }
        assert!(rules(30).is_none());
        assert_eq!(rules(1).and_then(|rules| rules.action), Some("processcreate"));
    }
}
