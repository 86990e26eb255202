//! notice, signatures and intel: what Zeek found worth saying.

use headwater_pipeline::mapping::Mapper;

use super::{copy, table, text};

/// Class, and an identifier made of what the record has: these logs have none.
fn finding(mapper: &mut Mapper<'_>, title: &str, analytic: &str) {
    mapper.class(2004, 1);
    let source = mapper.source();
    let name = text(&source, title).unwrap_or_default().into_owned();
    let place = text(&source, "uid").or_else(|| text(&source, "fuid"));
    let place = place.or_else(|| text(&source, "src")).unwrap_or_default().into_owned();
    let time = source.find("ts").and_then(|field| source.text_of(field)).unwrap_or_default();
    let uid = if place.is_empty() { format!("{name}/{time}") } else { format!("{name}/{place}") };
    mapper.set("finding_info.uid", uid.as_str());
    copy(mapper, title, "finding_info.title");
    if copy(mapper, analytic, "finding_info.analytic.name") {
        mapper.set("finding_info.analytic.type_id", 1_i64);
    }
    mapper.set("is_alert", true);
}

const NOTICE: &[(&str, &str)] = &[
    ("msg", "finding_info.desc"),
    ("sub", "status_detail"),
    ("fuid", "evidences.file.uid"),
    ("file_mime_type", "evidences.file.mime_type"),
    ("n", "count"),
];

pub(super) fn notice(mapper: &mut Mapper<'_>, _: &str) {
    finding(mapper, "note", "note");
    mapper.copy("msg", "message");
    table(mapper, NOTICE);
    endpoints(mapper, [("src", "src_endpoint.ip"), ("dst", "dst_endpoint.ip")]);
    mapper.copy("p", "evidences.dst_endpoint.port");
    if mapper.written("evidences.file.uid").is_some() {
        file_name(mapper, "fuid");
    }
}

pub(super) fn signature(mapper: &mut Mapper<'_>, _: &str) {
    finding(mapper, "event_msg", "sig_id");
    table(mapper, &[("sub_msg", "finding_info.desc"), ("sig_count", "count")]);
    endpoints(mapper, [("src_addr", "src_endpoint.ip"), ("dst_addr", "dst_endpoint.ip")]);
    table(
        mapper,
        &[("src_port", "evidences.src_endpoint.port"), ("dst_port", "evidences.dst_endpoint.port")],
    );
}

pub(super) fn intel(mapper: &mut Mapper<'_>, _: &str) {
    finding(mapper, "seen.indicator", "seen.indicator_type");
    table(
        mapper,
        &[
            ("seen.where", "finding_info.desc"),
            ("sources", "finding_info.data_sources"),
            ("fuid", "evidences.file.uid"),
            ("file_desc", "evidences.file.desc"),
            ("file_mime_type", "evidences.file.mime_type"),
        ],
    );
    if mapper.written("evidences.file.uid").is_some() {
        file_name(mapper, "fuid");
    }
}

/// The connection of the record says the same where there is one.
fn endpoints(mapper: &mut Mapper<'_>, pairs: [(&str, &str); 2]) {
    for (from, to) in pairs {
        mapper.copy(from, &format!("evidences.{to}"));
    }
}

fn file_name(mapper: &mut Mapper<'_>, from: &str) {
    mapper.copy(from, "evidences.file.name");
    mapper.set("evidences.file.type_id", 1_i64);
}
