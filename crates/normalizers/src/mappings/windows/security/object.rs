//! Access to objects: files, registry keys, directory objects, keys, credentials, handles.

use super::super::record::Record;
use super::{of, subject};

const EVENTS: &[(i64, i64, i64, &str)] = &[
    (4656, 201_003, 1, ""),
    (4658, 201_003, 99, "Close Handle"),
    (4659, 201_003, 99, "Delete"),
    (4660, 201_003, 99, "Delete"),
    (4661, 201_003, 1, ""),
    (4663, 201_003, 1, ""),
    (4664, 1001, 1, ""),
    (4670, 201_003, 99, "Set Security"),
    (4690, 201_003, 99, "Duplicate Handle"),
    (4691, 201_003, 1, ""),
    (4907, 201_003, 99, "Set Security"),
    (4911, 201_003, 99, "Set Security"),
    (4913, 201_003, 99, "Set Security"),
    (4985, 201_003, 99, "Change Transaction"),
    (4657, 201_002, 3, ""),
    (4662, 3004, 2, ""),
    (5136, 3004, 3, ""),
    (5137, 3004, 1, ""),
    (5138, 3004, 99, "Undelete"),
    (5139, 3004, 5, ""),
    (5141, 3004, 4, ""),
    (4611, 201_003, 99, "Register Logon Process"),
    (4692, 201_003, 99, "Back up Key"),
    (4693, 201_003, 99, "Recover Key"),
    (4694, 201_003, 99, "Protect Data"),
    (4695, 201_003, 99, "Unprotect Data"),
    (5058, 201_003, 1, ""),
    (5059, 201_003, 1, ""),
    (5061, 201_003, 1, ""),
    (5376, 201_003, 99, "Back up Credentials"),
    (5377, 201_003, 99, "Restore Credentials"),
    (5379, 201_003, 1, ""),
    (5381, 201_003, 1, ""),
    (5382, 201_003, 1, ""),
    (5890, 201_003, 1, ""),
    (6416, 201_003, 99, "Recognise Device"),
];

/// What the object is called, in the order of preference.
const NAMES: &[(&str, &str)] = &[
    ("ObjectName", "win_resource.name"),
    ("KeyName", "win_resource.name"),
    ("MasterKeyId", "win_resource.name"),
    ("TargetName", "win_resource.name"),
    ("Resource", "win_resource.name"),
    ("DeviceDescription", "win_resource.name"),
    ("LogonProcessName", "win_resource.name"),
    ("ObjectCollectionName", "win_resource.name"),
    ("DeviceId", "win_resource.uid"),
    ("HandleId", "win_resource.uid"),
    ("SourceHandleId", "win_resource.uid"),
    ("TransactionId", "win_resource.uid"),
    ("ObjectServer", "win_resource.svc_name"),
];

pub(super) fn map(record: &mut Record<'_, '_>) -> bool {
    let Some((class, activity, name)) = of(EVENTS, record.id) else { return false };
    if class != 201_003 {
        record.class(class, activity, name);
        match class {
            1001 => {
                record.put("LinkName", "file");
            }
            201_002 => value(record),
            _ => directory(record),
        }
        subject(record);
        return true;
    }
    match record.text("ObjectType").as_deref() {
        Some("File" | "Directory") if record.text("ObjectName").is_some() => file(record),
        Some("Key") if record.text("ObjectName").is_some() => key(record),
        _ => {
            record.class(class, activity, name);
            resource(record);
        }
    }
    subject(record);
    true
}

/// What was asked of a file or key, by the bits of the access mask: writing counts before reading.
fn access(record: &Record<'_, '_>, bits: [(u64, i64); 4]) -> (i64, &'static str) {
    let mask = record.number("AccessMask");
    bits.into_iter()
        .find(|(bit, _)| mask & bit != 0)
        .map_or((99, "Access"), |(_, activity)| (activity, ""))
}

fn file(record: &mut Record<'_, '_>) {
    let (activity, name) = match record.id {
        4663 => access(record, [(0x1_0000, 4), (0x6, 3), (0xC_0000, 7), (0x1, 2)]),
        4659 | 4660 => (4, ""),
        4670 | 4907 | 4911 | 4913 => (7, ""),
        _ => (14, ""),
    };
    record.class(1001, activity, name);
    record.table(&[
        ("ObjectName", "file"),
        ("AccessMask", "access_mask"),
        ("NewSd", "file.security_descriptor"),
    ]);
}

fn key(record: &mut Record<'_, '_>) {
    let (activity, name) = match record.id {
        4663 => access(record, [(0x1_0000, 4), (0x2, 3), (0x4, 1), (0x9, 2)]),
        4659 | 4660 => (4, ""),
        4670 | 4907 | 4911 | 4913 => (6, ""),
        _ => (99, "Open"),
    };
    record.class(201_001, activity, name);
    record.table(&[
        ("ObjectName", "reg_key.path"),
        ("AccessMask", "access_mask"),
        ("NewSd", "reg_key.security_descriptor"),
    ]);
}

fn value(record: &mut Record<'_, '_>) {
    let activity = match record.text("OperationType").as_deref() {
        Some("%%1904") => 2,
        Some("%%1906") => 4,
        _ => 3,
    };
    record.class(201_002, activity, "");
    record.table(&[
        ("ObjectName", "reg_value.path"),
        ("ObjectValueName", "reg_value.name"),
        ("NewValue", "reg_value.data"),
        ("OldValue", "prev_reg_value.data"),
    ]);
    if record.mapper.written("prev_reg_value.data").is_some() {
        record.put("ObjectName", "prev_reg_value.path");
        record.put("ObjectValueName", "prev_reg_value.name");
    }
    // An unnamed value is the key's default.
    record.mapper.set("reg_value.name", "(Default)");
}

/// Objects of the directory. What was done with which rights stays below `unmapped` under its own
/// name, where hunts for replication look for it.
fn directory(record: &mut Record<'_, '_>) {
    if record.id == 4662 {
        let mask = record.number("AccessMask");
        let activity = match mask {
            mask if mask & 0x1_0000 != 0 => 4,
            mask if mask & 0xC_0028 != 0 => 3,
            mask if mask & 0x1 != 0 => 1,
            _ => 2,
        };
        record.class(3004, activity, "");
        for (name, to) in [("ObjectName", "entity.uid"), ("ObjectType", "entity.type")] {
            if let Some(text) = record.text(name) {
                record.mapper.set(to, text.trim_matches(['%', '{', '}']));
            }
        }
        record.mapper.set("entity.type_id", 99_i64);
        return;
    }
    record.table(&[
        ("ObjectDN", "entity.name"),
        ("NewObjectDN", "entity.name"),
        ("ObjectClass", "entity.type"),
        ("OpCorrelationID", "metadata.correlation_uid"),
    ]);
    if let Some(uid) = record.text("ObjectGUID") {
        record.mapper.set("entity.uid", super::super::values::guid(&uid).as_str());
        record.done("ObjectGUID");
    }
    record.mapper.set("entity.type_id", 99_i64);
}

fn resource(record: &mut Record<'_, '_>) {
    if matches!(record.id, 5058 | 5059 | 5061 | 4692..=4695) {
        record.mapper.set("win_resource.type_id", 99_i64);
        record.mapper.set("win_resource.type", "Cryptographic Key");
    }
    record.put("ObjectType", "win_resource.type_id");
    record.table(NAMES);
    record.mapper.set("win_resource.type_id", 0_i64);
    if ["name", "uid"]
        .iter()
        .all(|part| record.mapper.written(&format!("win_resource.{part}")).is_none())
    {
        record.mapper.set("win_resource.name", "Unknown");
    }
}
