//! Processes, privileges, policies, and the system itself.

use super::{OBJECT, SUBJECT, TARGET_USER};
use crate::windows_winlogbeat::rules::{EventRules, event_rules, renames};

pub(super) const RULES: &[EventRules] = event_rules! {
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
    on [4956] rename {
        "activeprofile" => "firewall_active_profile",
    }
    on [4957] rename {
        "ruleattr" => "firewall_rule_attr", "ruleid" => "firewall_rule_id",
        "rulename" => "firewall_rule_name",
    }
    on [5058, 5059, 5061] with [SUBJECT] rename {
        "algorithmname" => "key_algorithm_name", "keyname" => "key_name", "keytype" => "key_type",
        "operation" => "key_operation", "providername" => "key_provider_name",
        "returncode" => "key_return_code", "clientcreationtime" => "process_creation_time",
        "clientprocessid" => "process_id", "keyfilepath" => "key_file_path",
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
