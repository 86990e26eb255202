//! Logons and sessions, and the Kerberos tickets and credentials that they need.

use super::{REPORTER, SUBJECT, TARGET, TARGET_USER};
use crate::windows_winlogbeat::rules::{EventRules, event_rules, renames};

pub(super) const RULES: &[EventRules] = event_rules! {
    on [4624] with [REPORTER, TARGET] rename {
        "subjectlogonid" => "reporter_logon_id", "targetlogonid" => "user_logon_id",
        "restrictedadminmode" => "logon_restricted_adminmode",
        "virtualaccount" => "logon_virtual_account", "elevatedtoken" => "logon_elevated_token",
        "targetlinkedlogonid" => "user_linked_logon_id",
        "targetoutbounddomainname" => "user_network_account_domain",
        "targetoutboundusername" => "user_network_account_name",
        "impersonationlevel" => "impersonation_level", "logonguid" => "user_logon_guid",
        "workstationname" => "src_host_name", "ipport" => "src_port",
        "logonprocessname" => "logon_process_name",
        "authenticationpackagename" => "logon_authentication_package_name",
        "transmittedservices" => "logon_transmitted_services",
        "lmpackagename" => "logon_package_name", "keylength" => "logon_key_length",
        "processname" => "process_path",
    }
    on [4625] with [REPORTER, TARGET] rename {
        "subjectlogonid" => "reporter_logon_id", "workstationname" => "src_host_name",
        "ipport" => "src_port", "logonprocessname" => "logon_process_name",
        "authenticationpackagename" => "logon_authentication_package_name",
        "transmittedservices" => "logon_transmitted_services",
        "lmpackagename" => "logon_package_name", "keylength" => "logon_key_length",
        "failurereason" => "logon_failure_reason", "status" => "event_status",
        "substatus" => "event_sub_status", "processname" => "process_path",
    }
    on [4626] with [REPORTER, TARGET] rename {
        "deviceclaims" => "logon_device_claims", "eventcounttotal" => "event_count_total",
        "eventidx" => "event_sequence_id", "subjectlogonid" => "user_reporter_logon_id",
        "targetlogonid" => "user_id", "userclaims" => "logon_user_claims",
    }
    on [4627] with [REPORTER, TARGET] rename {
        "subjectlogonid" => "reporter_logon_id", "targetlogonid" => "user_logon_id",
        "groupmembership" => "user_group_membership",
    }
    on [4634, 4647] with [TARGET] rename {
        "targetlogonid" => "user_logon_id",
    }
    on [4648] with [SUBJECT] rename {
        "logonguid" => "user_logon_guid", "targetusername" => "target_user_name",
        "targetdomainname" => "target_user_domain", "targetlogonid" => "target_user_logon_id",
        "targetservername" => "target_server_name", "targetinfo" => "service_host_info",
        "targetlogonguid" => "target_user_logon_guid", "ipport" => "src_port",
        "processname" => "process_path",
    } copy {
        "target_server_name" => "service_host_name",
    }
    on [4649] with [REPORTER] rename {
        "authenticationpackagename" => "logon_authentication_package_name",
        "logonprocessname" => "logon_process_name", "processid" => "process_id",
        "processname" => "process_path", "requesttype" => "ticket_request_type",
        "subjectlogonid" => "user_reporter_logon_id", "targetdomainname" => "user_domain",
        "targetusername" => "user_name", "transmittedservices" => "logon_transmitted_services",
        "workstationname" => "src_host_name",
    }
    on [4672] with [SUBJECT] rename {
        "privilegelist" => "logon_privilege_list",
    }
    on [4768, 4769, 4770, 4771, 4772, 4773] rename {
        "targetdomainname" => "user_domain", "targetusername" => "user_name",
        "ipport" => "src_port", "preauthtype" => "service_ticket_preauth_type",
        "logonguid" => "user_logon_guid", "servicename" => "service_ticket_name",
        "servicesid" => "service_ticket_id", "status" => "ticket_status",
        "ticketencryptiontype" => "ticket_encryption_type", "ticketoptions" => "ticket_options",
        "failurecode" => "ticket_failure_code", "targetsid" => "user_sid",
    } copy {
        "ticket_status" => "event_status",
    }
    on [4774, 4775] rename {
        "clientusername" => "user_name", "mappedname" => "target_user_name",
        "mappingby" => "logon_authentication_package_name",
    }
    on [4776, 4777] rename {
        "packagename" => "logon_authentication_package_name", "targetusername" => "user_name",
        "workstation" => "src_host_name", "status" => "event_status",
    }
    on [4778, 4779] rename {
        "accountname" => "user_name", "accountdomain" => "user_domain",
        "logonid" => "user_logon_id", "sessionname" => "session_name",
        "clientname" => "src_host_name",
    }
    on [4800, 4801, 4802, 4803] with [TARGET] rename {
        "targetlogonid" => "user_logon_id", "sessionid" => "user_session_id",
    }
    on [4825] rename {
        "accountdomain" => "user_domain", "accountname" => "user_name",
        "logonid" => "user_logon_id",
    }
    on [4964] with [SUBJECT, TARGET_USER] rename {
        "logonguid" => "user_logon_guid", "sidlist" => "target_user_sid_list",
        "targetlogonguid" => "target_user_logon_guid", "targetlogonid" => "target_user_logon_id",
    }
    on [5378] with [SUBJECT] rename {
        "package" => "logon_security_package_name", "targetserver" => "target_server_name",
        "userupn" => "user_identity", "credtype" => "user_cred_type",
    }
    on [5632] with [SUBJECT] rename {
        "ssid" => "wireless_ssid", "identity" => "user_identity", "peermac" => "host_peer_mac",
        "localmac" => "host_local_mac", "intfguid" => "host_interface_guid",
        "reasoncode" => "event_reason_code", "reasontext" => "event_reason_text",
        "errorcode" => "event_error_code", "eapreasoncode" => "event_reason_code_eap",
        "eaprootcausestring" => "event_root_cause_string_eap",
        "eaperrorcode" => "event_error_code_eap",
    } copy {
        "host_local_mac" => "src_mac", "host_peer_mac" => "dst_mac",
    }
    on [5633] with [SUBJECT] rename {
        "interfacename" => "host_interface_name", "identity" => "user_identity",
        "reasoncode" => "event_reason_code", "reasontext" => "event_reason_text",
        "errorcode" => "event_error_code",
    }
};
