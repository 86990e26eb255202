//! The channel `Security`: who did what to which object, by event id.
//!
//! HELK's renames, without those of its slips that would put a value into the wrong field.

use super::rules::{
    EventRules, IndexEntry, Rename, count_ids, event_rules, find, index_by_id, renames,
};

/// The rules of a Security event; events without any get only the names that every channel has.
pub(crate) fn rules(event_id: u32) -> Option<&'static EventRules> {
    find(&INDEX, event_id)
}

/// The rules by event id.
pub(crate) fn index() -> &'static [IndexEntry] {
    &INDEX
}

static INDEX: [IndexEntry; count_ids(RULES)] = index_by_id(RULES);

/// The account that acted.
const SUBJECT: &[Rename] = renames! {
    "subjectusersid" => "user_sid", "subjectusername" => "user_name",
    "subjectdomainname" => "user_domain", "subjectlogonid" => "user_logon_id",
};

/// The account that reported, in events that are about another one. Its logon id is listed with the
/// events: HELK calls it `reporter_logon_id` or `user_reporter_logon_id`.
const REPORTER: &[Rename] = renames! {
    "subjectusersid" => "user_reporter_sid", "subjectusername" => "user_reporter_name",
    "subjectdomainname" => "user_reporter_domain",
};

/// The account that the event is about.
const TARGET: &[Rename] = renames! {
    "targetdomainname" => "user_domain", "targetusername" => "user_name",
    "targetusersid" => "user_sid",
};

/// The account that was acted on.
const TARGET_USER: &[Rename] = renames! {
    "targetdomainname" => "target_user_domain", "targetusersid" => "target_user_sid",
    "targetusername" => "target_user_name",
};

/// The account that was acted on, in events that call its SID `TargetSid`.
const TARGET_SID_USER: &[Rename] = renames! {
    "targetdomainname" => "target_user_domain", "targetsid" => "target_user_sid",
    "targetusername" => "target_user_name",
};

const OBJECT: &[Rename] = renames! {
    "objectname" => "object_name", "objectserver" => "object_server",
    "objecttype" => "object_type",
};

const RULES: &[EventRules] = event_rules! {
    on [4610] rename {
        "authenticationpackagename" => "logon_authentication_package_name",
    }
    on [4611] with [SUBJECT] rename {
        "logonprocessname" => "logon_process_name",
    }
    on [4614] rename {
        "notificationpackagename" => "logon_notification_package_name",
    }
    on [4616] with [SUBJECT] rename {
        "newtime" => "@date_new_time", "previoustime" => "@date_previous_time",
    }
    on [4622] rename {
        "securitypackagename" => "logon_security_package_name",
    }
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
    on [4656] with [SUBJECT, OBJECT] rename {
        "accesslist" => "object_access_list", "accessmask" => "object_access_mask",
        "accessreason" => "object_access_reason", "handleid" => "object_handle_id",
        "privilegelist" => "object_privilege_list", "transactionid" => "transaction_guid",
        "resourceattributes" => "object_resource_attributes",
        "restrictedsidcount" => "object_restricted_sid_count", "processname" => "process_path",
    }
    on [4657] with [SUBJECT] rename {
        "objectname" => "registry_key_path", "objectvaluename" => "registry_key_value_name",
        "handleid" => "object_handle_id", "operationtype" => "object_operation_type",
        "oldvaluetype" => "object_value_old_type", "oldvalue" => "registry_value_old_data",
        "newvaluetype" => "registry_key_value_type", "newvalue" => "registry_key_value_data",
        "processname" => "process_path",
    } copy {
        "registry_key_path" => "object_name", "registry_key_value_data" => "object_value_new",
        "registry_key_value_name" => "object_value_name",
        "registry_key_value_type" => "object_value_new_type",
        "registry_value_old_data" => "object_value_old",
    }
    on [4658] with [SUBJECT] rename {
        "objectserver" => "object_server", "handleid" => "object_handle_id",
    }
    on [4659] with [SUBJECT, OBJECT] rename {
        "handleid" => "object_handle_id", "transactionid" => "transaction_guid",
        "accesslist" => "object_access_list", "accessmask" => "object_access_mask",
        "processname" => "process_path",
    }
    on [4660, 4661, 4662, 4663] with [SUBJECT, OBJECT] rename {
        "properties" => "object_properties", "accessmask" => "object_access_mask",
        "handleid" => "object_handle_id", "additionalinfo2" => "object_additional_info2",
        "operationtype" => "object_operation_type", "additionalinfo" => "object_additional_info",
        "accesslist" => "object_access_list", "resourceattributes" => "object_resource_attributes",
        "privilegelist" => "object_privilege_list", "transactionid" => "transaction_guid",
        "restrictedsidcount" => "object_restricted_sid_count", "processname" => "process_path",
    }
    on [4664] with [SUBJECT] rename {
        "filename" => "file_name", "linkname" => "file_link_name",
        "transactionid" => "transaction_guid",
    }
    on [4670] with [SUBJECT, OBJECT] rename {
        "handleid" => "object_handle_id", "newsd" => "object_new_sd", "oldsd" => "object_old_sd",
        "processname" => "process_path",
    }
    on [4672] with [SUBJECT] rename {
        "privilegelist" => "logon_privilege_list",
    }
    on [4673] with [SUBJECT] rename {
        "privilegelist" => "service_privilege_list", "objectserver" => "object_server",
        "service" => "service_name",
    }
    on [4674] with [SUBJECT, OBJECT] rename {
        "accessmask" => "object_access_mask", "handleid" => "object_handle_id",
        "privilegelist" => "object_privilege_list",
    }
    on [4688] with [SUBJECT, TARGET_USER] rename {
        "commandline" => "process_command_line", "mandatorylabel" => "process_mandatory_sid",
        "newprocessid" => "process_id", "newprocessname" => "process_path",
        "parentprocessname" => "process_parent_path", "processid" => "process_parent_id",
        "targetlogonid" => "target_user_logon_id",
        "tokenelevationtype" => "process_token_elevation_type",
    }
    on [4689] with [SUBJECT] rename {
        "status" => "event_status", "processname" => "process_path",
    }
    on [4690] with [SUBJECT] rename {
        "processid" => "reporter_process_id", "sourcehandleid" => "object_handle_id",
        "sourceprocessid" => "process_id", "targethandleid" => "target_object_handle_id",
        "targetprocessid" => "target_process_id",
    } copy {
        "object_handle_id" => "process_handle_id",
        "target_object_handle_id" => "target_process_handle_id",
    }
    on [4692, 4693, 4694, 4695] with [SUBJECT] rename {
        "recoveryserver" => "target_host_name",
    } copy {
        "recoverykeyid" => "recovery_key_id", "masterkeyid" => "master_key_id",
        "failurereason" => "event_failure_reason", "recoveryreason" => "recovery_key_reason",
    }
    on [4696] with [SUBJECT, TARGET_USER] rename {
        "processid" => "process_id", "processname" => "process_path",
        "targetlogonid" => "target_user_logon_id", "targetprocessname" => "target_process_path",
    }
    on [4697] with [SUBJECT] rename {
        "serviceaccount" => "service_account_name", "servicefilename" => "service_image_path",
        "servicename" => "service_name", "servicestarttype" => "service_start_type",
        "servicetype" => "service_type",
    }
    on [4698, 4699, 4700] with [SUBJECT] rename {
        "taskname" => "scheduled_task_name", "taskcontent" => "scheduled_task_content",
        "taskcontentnew" => "scheduled_task_content",
    }
    // HELK names the task of these two both ways.
    on [4701, 4702] with [SUBJECT] rename {
        "taskname" => "scheduled_task_name", "taskcontent" => "scheduled_task_content",
        "taskcontentnew" => "scheduled_task_content",
    } copy {
        "scheduled_task_name" => "task_name",
    }
    on [4703] with [SUBJECT, TARGET_USER] rename {
        "targetlogonid" => "target_user_logon_id",
        "disabledprivilegelist" => "target_user_disabled_privilege_list",
        "enabledprivilegelist" => "target_user_enabled_privilege_list",
    }
    on [4704] with [SUBJECT] rename {
        "targetsid" => "target_user_sid", "privilegelist" => "user_privilege_list",
    } copy {
        "user_privilege_list" => "target_user_privilege_list",
    }
    on [4715, 4719, 4817, 4902, 4904, 4905, 4906, 4907, 4908, 4912] with [SUBJECT, OBJECT] rename {
        "auditpolicychanges" => "policy_changes", "auditsourcename" => "event_source_name",
        "categoryid" => "policy_category_id",
        "crashonauditfailvalue" => "crash_on_audit_fail_value",
        "eventsourceid" => "event_source_id", "handleid" => "object_handle_id",
        "newsd" => "object_new_sd", "oldsd" => "object_old_sd", "processid" => "process_id",
        "processname" => "process_path", "sidlist" => "sid_list",
        "subcategoryguid" => "policy_subcategory_guid", "subcategoryid" => "policy_subcategory_id",
    }
    // HELK writes the password's age over `target_user_account_expires`.
    on [4720, 4738] with [SUBJECT, TARGET_SID_USER] rename {
        "accountexpires" => "target_user_account_expires",
        "allowedtodelegateto" => "target_user_allowed_to_delegate",
        "displayname" => "target_user_display", "dummy" => "user_attribute_dummy",
        "homedirectory" => "target_user_home_directory", "homepath" => "target_user_home_path",
        "logonhours" => "target_user_logon_hours", "newuacvalue" => "target_user_new_uac_value",
        "olduacvalue" => "target_user_old_uac_value",
        "passwordlastset" => "target_user_password_last_set",
        "primarygroupid" => "target_user_primary_group_id",
        "privilegelist" => "user_privilege_list", "profilepath" => "target_user_profile_path",
        "samaccountname" => "target_user_sam_name", "scriptpath" => "target_user_script_path",
        "sidhistory" => "target_user_sid_history",
        "userprincipalname" => "target_user_principal_name",
        "useraccountcontrol" => "target_user_account_control",
        "userparameters" => "target_user_parameters",
        "userworkstations" => "target_user_workstations",
    }
    on [4722, 4723, 4724, 4725, 4726] with [SUBJECT, TARGET_SID_USER] rename {
        "privilegelist" => "user_privilege_list",
    }
    on [
        4727, 4728, 4729, 4730, 4731, 4732, 4733, 4734, 4735, 4737, 4744, 4745, 4746, 4747, 4748,
        4749, 4750, 4751, 4752, 4753, 4754, 4755, 4756, 4757, 4758, 4759, 4760, 4761, 4762, 4763,
        4764,
    ] with [SUBJECT] rename {
        "grouptypechange" => "group_type_change", "membername" => "target_user_name",
        "membersid" => "target_user_sid", "privilegelist" => "user_privilege_list",
        "samaccountname" => "group_sam_name", "sidhistory" => "group_sid_history",
        "targetdomainname" => "group_domain", "targetsid" => "group_sid",
        "targetusername" => "group_name",
    }
    on [4740, 4767] with [REPORTER] rename {
        "subjectlogonid" => "user_reporter_logon_id", "targetdomainname" => "user_domain",
        "targetsid" => "user_sid", "targetusername" => "user_name",
    }
    // `paremeters` is HELK's spelling.
    on [4741, 4742, 4743] with [SUBJECT] rename {
        "accountexpires" => "target_host_account_expires",
        "allowedtodelegateto" => "target_host_allowed_to_delegate",
        "computeraccountchange" => "computer_account_change",
        "displayname" => "target_host_display_name", "dnshostname" => "target_host_dns_host_name",
        "homedirectory" => "target_host_home_directory", "homepath" => "target_host_home_path",
        "logonhours" => "target_host_logon_hours", "newuacvalue" => "target_host_new_uac_value",
        "olduacvalue" => "target_host_old_uac_value",
        "passwordlastset" => "target_host_password_last_set",
        "primarygroupid" => "target_host_primary_group_id",
        "privilegelist" => "user_privilege_list", "processid" => "process_id",
        "profilepath" => "target_host_profile_path", "samaccountname" => "target_host_sam_name",
        "scriptpath" => "target_host_script_path",
        "serviceprincipalnames" => "target_host_service_principal_names",
        "sidhistory" => "target_host_sid_history", "targetdomainname" => "target_host_domain",
        "targetsid" => "target_host_sid", "targetusername" => "target_host_name",
        "useraccountcontrol" => "target_host_user_account_control",
        "userparameters" => "target_host_user_paremeters",
        "userprincipalname" => "target_host_principal_name",
        "userworkstations" => "target_host_workstations",
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
    on [4781] with [SUBJECT] rename {
        "targetsid" => "target_user_sid", "targetdomainname" => "target_user_domain",
        "newtargetusername" => "target_user_new_name",
        "oldtargetusername" => "target_user_old_name",
    }
    on [4782, 4793] with [SUBJECT] rename {
        "targetusername" => "target_user_name", "workstation" => "source_host_name",
        "status" => "event_status",
    }
    on [4794] with [SUBJECT] rename {
        "workstation" => "source_host_name", "status" => "event_status",
    }
    on [4797] with [SUBJECT] rename {
        "targetdomainname" => "target_domain_name", "targetusername" => "target_user_name",
        "workstation" => "source_host_name",
    }
    on [4798] with [SUBJECT, TARGET_SID_USER] rename {
        "callerprocessid" => "process_id", "callerprocessname" => "process_path",
    }
    on [4799] with [SUBJECT] rename {
        "callerprocessid" => "process_id", "callerprocessname" => "process_path",
        "targetdomainname" => "group_domain", "targetsid" => "group_sid",
        "targetusername" => "group_name",
    }
    on [4800, 4801, 4802, 4803] with [TARGET] rename {
        "targetlogonid" => "user_logon_id", "sessionid" => "user_session_id",
    }
    on [4825] rename {
        "accountdomain" => "user_domain", "accountname" => "user_name",
        "logonid" => "user_logon_id",
    }
    on [4882, 4883, 5376, 5377] with [SUBJECT] rename {}
    on [4956] rename {
        "activeprofile" => "firewall_active_profile",
    }
    on [4957] rename {
        "ruleattr" => "firewall_rule_attr", "ruleid" => "firewall_rule_id",
        "rulename" => "firewall_rule_name",
    }
    on [4964] with [SUBJECT, TARGET_USER] rename {
        "logonguid" => "user_logon_guid", "sidlist" => "target_user_sid_list",
        "targetlogonguid" => "target_user_logon_guid", "targetlogonid" => "target_user_logon_id",
    }
    on [4985] with [SUBJECT] rename {
        "transactionid" => "transaction_guid", "newstate" => "object_transaction_new_state",
        "resourcemanager" => "object_transaction_resource_manager",
        "processname" => "process_path",
    }
    on [5051] with [SUBJECT] rename {
        "filename" => "file_name", "virtualfilename" => "virtual_file_name",
    }
    on [5058, 5059, 5061] with [SUBJECT] rename {
        "algorithmname" => "key_algorithm_name", "keyname" => "key_name", "keytype" => "key_type",
        "operation" => "key_operation", "providername" => "key_provider_name",
        "returncode" => "key_return_code", "clientcreationtime" => "process_creation_time",
        "clientprocessid" => "process_id", "keyfilepath" => "key_file_path",
    }
    on [5136, 5137, 5138, 5139, 5141, 5169, 5170] with [SUBJECT] rename {
        "opcorrelationid" => "dsoperation_correlation_id",
        "appcorrelationid" => "dsoperation_app_correlation_id", "dsname" => "host_domain",
        "dstype" => "dsobject_domain_type", "objectdn" => "dsobject_dn",
        "objectguid" => "dsobject_guid", "objectclass" => "dsobject_class",
        "attributeldapdisplayname" => "dsobject_attribute_name",
        "attributesyntaxoid" => "dsobject_attribute_type",
        "attributevalue" => "dsobject_attribute_value", "operationtype" => "dsoperation_type",
        "newobjectdn" => "dsobject_new_dn", "oldobjectdn" => "dsobject_old_dn",
    } copy {
        "host_domain" => "dsobject_domain",
    }
    // HELK also copies the access reason into `dsobject_domain`, where it means something else.
    on [5140, 5142, 5143, 5144, 5145] with [SUBJECT] rename {
        "accesslist" => "user_access_list", "accessmask" => "share_access_mask",
        "accessreason" => "user_access_reason", "ipport" => "src_port",
        "objecttype" => "object_type", "relativetargetname" => "share_relative_target_name",
        "sharelocalpath" => "share_local_path", "sharename" => "share_name",
        "oldremark" => "share_old_remark", "newremark" => "share_new_remark",
        "oldmaxusers" => "share_old_max_users", "newmaxusers" => "share_new_max_users",
        "oldshareflags" => "share_old_flags", "newshareflags" => "share_new_flags",
        "oldsd" => "share_old_sd", "newsd" => "share_new_sd",
    } copy {
        "user_access_list" => "object_access_list_requested",
        "share_access_mask" => "object_access_mask_requested",
    }
    on [5152, 5154, 5156, 5157, 5158] rename {
        "destport" => "dst_port", "direction" => "network_direction",
        "filterrtid" => "network_filter_rtid", "layername" => "network_layer_name",
        "layerrtid" => "network_layer_id", "processid" => "process_id",
        "protocol" => "network_protocol", "remotemachineid" => "dst_host_name_id",
        "remoteuserid" => "dst_user_id", "sourceport" => "src_port",
    }
    on [5168] with [SUBJECT] rename {
        "spnname" => "spn_name", "errorcode" => "error_code", "servernames" => "server_names",
        "configurednames" => "configured_names", "ipaddresses" => "ip_addresses",
    }
    on [5378] with [SUBJECT] rename {
        "package" => "logon_security_package_name", "targetserver" => "target_server_name",
        "userupn" => "user_identity", "credtype" => "user_cred_type",
    }
    on [5379] with [SUBJECT] rename {
        "readoperation" => "object_operation_type", "clientprocessid" => "process_id",
        "targetname" => "credentials_read", "type" => "credentials_read_type",
        "countofcredentialsreturned" => "credentials_read_returned_count",
        "returncode" => "credentials_read_returned_code",
        "processcreationtime" => "process_creation_time",
    }
    on [5447] with [SUBJECT] rename {
        "accesslist" => "object_access_list", "accessmask" => "object_access_mask",
        "accessreason" => "user_access_reason", "ipport" => "src_port",
        "objecttype" => "object_type", "relativetargetname" => "share_relative_target_name",
        "sharelocalpath" => "share_local_path", "sharename" => "share_name",
        "action" => "filtering_action", "calloutkey" => "filtering_callout_key",
        "calloutname" => "filtering_callout_name", "changetype" => "filtering_change_type",
        "conditions" => "filtering_conditions", "filterid" => "filtering_id",
        "filterkey" => "filtering_key", "filtername" => "filtering_name",
        "filtertype" => "filtering_type", "layerid" => "filtering_layer_id",
        "layerkey" => "filtering_layer_key", "layername" => "filtering_layer_name",
        "providerkey" => "filtering_provider_key", "providername" => "filtering_provider_name",
        "username" => "user_name", "usersid" => "user_sid", "weight" => "filtering_weight",
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
    on [6144] rename {
        "errorcode" => "error_code", "gpolist" => "gpo_list",
    }
    on [6416] with [SUBJECT] rename {
        "classid" => "device_class_id", "classname" => "device_class_name",
        "compatibleids" => "device_compatible_ids", "devicedescription" => "device_description",
        "deviceid" => "device_id", "locationinformation" => "device_location_information",
        "vendorids" => "device_vendor_ids",
    }
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::super::rules::suite::check_index;
    use super::{INDEX, rules};

    #[test]
    fn every_event_is_in_one_set_and_renames_each_field_once() {
        check_index(&INDEX);
    }

    #[test]
    fn knows_the_events_that_helk_knows() {
        #[rustfmt::skip]
        let known: &[u32] = &[
            4610, 4611, 4614, 4616, 4622, 4624, 4625, 4626, 4627, 4634, 4647, 4648, 4649, 4656,
            4657, 4658, 4659, 4660, 4661, 4662, 4663, 4664, 4670, 4672, 4673, 4674, 4688, 4689,
            4690, 4692, 4693, 4694, 4695, 4696, 4697, 4698, 4699, 4700, 4701, 4702, 4703, 4704,
            4715, 4719, 4720, 4722, 4723, 4724, 4725, 4726, 4727, 4728, 4729, 4730, 4731, 4732,
            4733, 4734, 4735, 4737, 4738, 4740, 4741, 4742, 4743, 4744, 4745, 4746, 4747, 4748,
            4749, 4750, 4751, 4752, 4753, 4754, 4755, 4756, 4757, 4758, 4759, 4760, 4761, 4762,
            4763, 4764, 4767, 4768, 4769, 4770, 4771, 4772, 4773, 4774, 4775, 4776, 4777, 4778,
            4779, 4781, 4782, 4793, 4794, 4797, 4798, 4799, 4800, 4801, 4802, 4803, 4817, 4825,
            4882, 4883, 4902, 4904, 4905, 4906, 4907, 4908, 4912, 4956, 4957, 4964, 4985, 5051,
            5058, 5059, 5061, 5136, 5137, 5138, 5139, 5140, 5141, 5142, 5143, 5144, 5145, 5152,
            5154, 5156, 5157, 5158, 5168, 5169, 5170, 5376, 5377, 5378, 5379, 5447, 5632, 5633,
            6144, 6416,
        ];
        let indexed: Vec<u32> = INDEX.iter().map(|(id, _)| u32::from(*id)).collect();
        assert_eq!(indexed, known);
        assert!(rules(4).is_none() && rules(4624 + 65_536).is_none());
    }

    fn check(event_id: u32, from: &str, to: &str) {
        let rules = rules(event_id).expect("a known event");
        let renamed = rules.all_renames().find(|rename| rename.from == from);
        assert_eq!(renamed.map(|rename| rename.to), Some(to), "{from} of {event_id}");
    }

    #[test]
    fn subject_and_target_mean_what_the_event_says() {
        check(4624, "subjectusername", "user_reporter_name");
        check(4624, "targetusername", "user_name");
        check(4624, "subjectlogonid", "reporter_logon_id");
        check(4649, "subjectlogonid", "user_reporter_logon_id");
        check(4688, "subjectusername", "user_name");
        check(4688, "targetusername", "target_user_name");
        check(4688, "processid", "process_parent_id");
        check(4726, "targetsid", "target_user_sid");
        check(4732, "targetusername", "group_name");
        check(4742, "targetusername", "target_host_name");
        check(4778, "logonid", "user_logon_id");
        check(5156, "sourceport", "src_port");
    }

    #[test]
    fn values_do_not_land_in_fields_of_another_meaning() {
        check(4738, "passwordlastset", "target_user_password_last_set");
        let share = rules(5140).expect("a known event");
        assert!(share.copies.iter().all(|copy| copy.to != "dsobject_domain"));
        let task = rules(4702).expect("a known event");
        assert_eq!(task.copies[0].to, "task_name");
    }
}
