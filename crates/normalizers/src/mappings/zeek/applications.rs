//! Protocols without a class: the connection, and what was said stays below its own names.

use headwater_pipeline::mapping::Mapper;

use super::{duration, status_from, table};

const FIELDS: &[(&str, &str)] = &[
    ("status", "status_detail"),
    ("status_msg", "status_detail"),
    ("result", "status_detail"),
    ("connect_status", "status_detail"),
    ("diagnostic_message", "status_detail"),
    ("exception", "status_detail"),
    ("status_code", "status_code"),
];

pub(super) fn application(mapper: &mut Mapper<'_>, log: &str) {
    mapper.class(4001, 6);
    status_from(mapper, "success");
    status_from(mapper, "auth");
    table(mapper, FIELDS);
    duration(mapper, "duration");
    let protocol = log.split('_').next().unwrap_or(log);
    if !protocol.is_empty() {
        mapper.set("app_protocol_name", protocol);
    }
}
