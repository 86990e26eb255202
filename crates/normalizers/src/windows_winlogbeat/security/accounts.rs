//! Changes of users, groups and computers, and reads of their credentials.

use super::{REPORTER, SUBJECT, TARGET_SID_USER};
use crate::windows_winlogbeat::rules::{EventRules, event_rules, renames};

pub(super) const RULES: &[EventRules] = event_rules! {
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
    on [5376, 5377] with [SUBJECT] rename {}
    on [5379] with [SUBJECT] rename {
        "readoperation" => "object_operation_type", "clientprocessid" => "process_id",
        "targetname" => "credentials_read", "type" => "credentials_read_type",
        "countofcredentialsreturned" => "credentials_read_returned_count",
        "returncode" => "credentials_read_returned_code",
        "processcreationtime" => "process_creation_time",
    }
};
