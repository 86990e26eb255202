//! What sensors on endpoints have in common: processes, files, hashes, and the attributes that
//! classes of the host's activity require.

use std::borrow::Cow;

use headwater_pipeline::mapping::Mapper;

use super::well_known::last_segment;

pub(super) const FILE_ACTIVITY: i64 = 1001;
pub(super) const KERNEL_EXTENSION: i64 = 1002;
pub(super) const MEMORY_ACTIVITY: i64 = 1004;
pub(super) const MODULE_ACTIVITY: i64 = 1005;
pub(super) const SCHEDULED_JOB: i64 = 1006;
pub(super) const PROCESS_ACTIVITY: i64 = 1007;
pub(super) const SCRIPT_ACTIVITY: i64 = 1009;
pub(super) const REGISTRY_KEY: i64 = 201_001;
pub(super) const REGISTRY_VALUE: i64 = 201_002;
pub(super) const WINDOWS_SERVICE: i64 = 201_004;
pub(super) const NETWORK_ACTIVITY: i64 = 4001;
pub(super) const HTTP_ACTIVITY: i64 = 4002;
pub(super) const DNS_ACTIVITY: i64 = 4003;
pub(super) const DEVICE_INVENTORY: i64 = 5001;

/// Numbers of the hash algorithms.
pub(super) const MD5: i64 = 1;
pub(super) const SHA1: i64 = 2;
pub(super) const SHA256: i64 = 3;

/// Adds a hash to a list (`process.file.hashes`). A hash of zeros was not computed, and stays.
pub(super) fn hash(mapper: &mut Mapper<'_>, from: &str, list: &str, algorithm: i64) {
    let Some(value) = mapper.source().text(from).map(Cow::into_owned) else { return };
    if value.bytes().all(|byte| byte == b'0') {
        return;
    }
    let free = (0..8).find(|place| mapper.written(&format!("{list}[{place}].value")).is_none());
    let Some(place) = free else { return };
    if mapper.copy(from, &format!("{list}[{place}].value")) {
        mapper.set(&format!("{list}[{place}].algorithm_id"), algorithm);
    }
}

/// Name and kind of a file whose path is known.
pub(super) fn name_file(mapper: &mut Mapper<'_>, file: &str, type_id: i64) {
    let path = mapper.written((file, "path")).map(Cow::into_owned);
    if let Some(path) = path.as_deref().map(last_segment).filter(|name| !name.is_empty()) {
        mapper.set((file, "name"), path);
    }
    if mapper.written((file, "name")).is_some() {
        mapper.set((file, "type_id"), type_id);
    }
}

/// The name of a process whose file is known; its file's name and kind.
pub(super) fn name_process(mapper: &mut Mapper<'_>, process: &str) {
    name_file(mapper, &format!("{process}.file"), 1);
    let name = mapper.written((process, "file.name")).map(Cow::into_owned);
    if let Some(name) = name {
        mapper.set((process, "name"), &*name);
    }
}

/// An integrity level of Windows: the last part of its SID.
pub(super) fn integrity(mapper: &mut Mapper<'_>, from: &str, to: &str) {
    let number = match mapper.source().text(from).as_deref() {
        Some("0") => 1_i64,
        Some("4096") => 2,
        Some("8192") => 3,
        Some("12288") => 4,
        Some("16384") => 5,
        Some("20480") => 6,
        _ => return,
    };
    mapper.set(to, number);
}

/// `DOMAIN\name`, or a name.
pub(super) fn account(mapper: &mut Mapper<'_>, from: &str, user: &str) {
    let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { return };
    let Some((domain, name)) = text.split_once('\\') else {
        mapper.copy(from, (user, "name"));
        return;
    };
    if mapper.set((user, "name"), name) {
        mapper.set((user, "domain"), domain);
        mapper.done(from);
    }
}

/// What the classes of the host's activity require and the record has not said.
pub(super) fn complete_host(mapper: &mut Mapper<'_>, class: i64) {
    mapper.set("severity_id", 1_i64);
    if mapper.has_any("device", &["hostname", "uid", "ip", "name"]) {
        mapper.set("device.type_id", 0_i64);
    }
    if !(1001..=1009).contains(&class) && !(201_001..=201_004).contains(&class) {
        return;
    }
    if mapper.written("device.type_id").is_none() {
        mapper.set("device.type_id", 0_i64);
        mapper.set("device.name", "Unknown");
    }
    let acting = mapper.has_any("actor.process", &["pid", "uid"])
        || mapper.has_any("actor.user", &["name", "uid"]);
    if !acting {
        mapper.set("actor.user.name", "Unknown");
        mapper.set("actor.user.type_id", 0_i64);
    }
}
