//! files: a file that went over a connection. Its class is that of the protocol.

use headwater_pipeline::mapping::Mapper;

use super::super::network::hashes;
use super::super::well_known::last_segment;
use super::{duration, table};

const FILES: &[(&str, &str)] = &[
    ("fuid", "file.uid"),
    ("filename", "file.path"),
    ("mime_type", "file.mime_type"),
    ("total_bytes", "file.size"),
    ("tx_hosts.0", "src_endpoint.ip"),
    ("rx_hosts.0", "dst_endpoint.ip"),
    ("source", "app_protocol_name"),
    ("conn_uids.0", "connection_info.uid"),
    ("seen_bytes", "traffic.bytes"),
    ("missing_bytes", "traffic.bytes_missed"),
];

/// Hashes with the number of their algorithm.
const HASHES: [(&str, i64); 3] = [("md5", 1), ("sha1", 2), ("sha256", 3)];

pub(super) fn files(mapper: &mut Mapper<'_>, _: &str) {
    let source = mapper.source();
    let protocol = source.text("source").unwrap_or_default().into_owned();
    let is_from_client = source.is("is_orig", "true");
    match protocol.as_str() {
        "HTTP" => http(mapper, is_from_client),
        "SMB" => {
            mapper.class(4006, 99);
            mapper.other_activity("File Transfer");
        }
        "FTP_DATA" => mapper.class(4008, if is_from_client { 1 } else { 2 }),
        // Other classes have no file: what it is stays below its own names.
        _ => mapper.class(4001, 6),
    }
    // The originator of the connection is the source, whoever sends.
    if super::text(&mapper.source(), "id.orig_h").is_none() && !is_from_client {
        mapper.copy("rx_hosts.0", "src_endpoint.ip");
        mapper.copy("tx_hosts.0", "dst_endpoint.ip");
    }
    if protocol == "HTTP" || protocol == "SMB" || protocol == "FTP_DATA" {
        file(mapper);
    }
    table(mapper, FILES);
    duration(mapper, "duration");
}

fn http(mapper: &mut Mapper<'_>, is_from_client: bool) {
    mapper.class(4002, 99);
    mapper.other_activity("File Transfer");
    if is_from_client {
        mapper.copy("seen_bytes", "http_request.body_length");
    } else {
        // The code is in the http log; Zeek writes 0 as well when it saw none.
        mapper.set("http_response.code", 0_i64);
        mapper.copy("seen_bytes", "http_response.body_length");
        mapper.copy("mime_type", "http_response.content_type");
    }
}

fn file(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let name = source.text("filename").or_else(|| source.text("fuid")).unwrap_or_default();
    let name = last_segment(&name).to_owned();
    mapper.set("file.name", name.as_str());
    mapper.set("file.type_id", 1_i64);
    mapper.copy("mime_type", "file.mime_type");
    hashes(mapper, &HASHES, "file.hashes");
}
