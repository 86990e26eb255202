//! Access to files, registry keys, shares, tasks, network connections and the directory.

use super::{OBJECT, SUBJECT};
use crate::windows_winlogbeat::rules::{EventRules, event_rules, renames};

pub(super) const RULES: &[EventRules] = event_rules! {
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
    on [4690] with [SUBJECT] rename {
        "processid" => "reporter_process_id", "sourcehandleid" => "object_handle_id",
        "sourceprocessid" => "process_id", "targethandleid" => "target_object_handle_id",
        "targetprocessid" => "target_process_id",
    } copy {
        "object_handle_id" => "process_handle_id",
        "target_object_handle_id" => "target_process_handle_id",
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
    on [4882, 4883] with [SUBJECT] rename {}
    on [4985] with [SUBJECT] rename {
        "transactionid" => "transaction_guid", "newstate" => "object_transaction_new_state",
        "resourcemanager" => "object_transaction_resource_manager",
        "processname" => "process_path",
    }
    on [5051] with [SUBJECT] rename {
        "filename" => "file_name", "virtualfilename" => "virtual_file_name",
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
};
