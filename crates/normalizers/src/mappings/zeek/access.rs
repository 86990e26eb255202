//! Who got in: ssh, rdp, kerberos, ntlm, radius.

use headwater_pipeline::mapping::Mapper;

use super::super::well_known::status;
use super::{duration, status_from, table};

const SSH: &[(&str, &str)] = &[
    ("version", "protocol_ver"),
    ("remote_location.country_code", "src_endpoint.location.country"),
    ("remote_location.region", "src_endpoint.location.region"),
    ("remote_location.city", "src_endpoint.location.city"),
    ("remote_location.latitude", "src_endpoint.location.lat"),
    ("remote_location.longitude", "src_endpoint.location.long"),
];

/// Fingerprints of the two sides' greetings.
const HASSH: [(&str, &str, &str); 2] = [
    ("hassh", "hasshAlgorithms", "client_hassh"),
    ("hasshServer", "hasshServerAlgorithms", "server_hassh"),
];

pub(super) fn ssh(mapper: &mut Mapper<'_>, _: &str) {
    let activity = match mapper.source().text("auth_success").as_deref() {
        Some("true") => 1,
        Some("false") => 4,
        _ => 6,
    };
    mapper.class(4007, activity);
    status_from(mapper, "auth_success");
    for (hash, algorithms, to) in HASSH {
        if mapper.copy(hash, (to, "fingerprint.value")) {
            mapper.set((to, "fingerprint.algorithm_id"), 20_i64);
            mapper.copy(algorithms, (to, "algorithm"));
        }
    }
    table(mapper, SSH);
    mapper.set("app_protocol_name", "ssh");
}

const RDP: &[(&str, &str)] = &[
    ("cookie", "identifier_cookie"),
    ("result", "status_detail"),
    ("client_name", "src_endpoint.hostname"),
    ("client_build", "protocol_ver"),
    ("keyboard_layout", "keyboard_info.keyboard_layout"),
    ("desktop_width", "remote_display.physical_width"),
    ("desktop_height", "remote_display.physical_height"),
];

pub(super) fn rdp(mapper: &mut Mapper<'_>, _: &str) {
    mapper.class(4005, 6);
    table(mapper, RDP);
    mapper.set("app_protocol_name", "rdp");
}

const KERBEROS: &[(&str, &str)] = &[
    ("service", "service.name"),
    ("error_msg", "status_detail"),
    ("from", "authentication_token.created_time"),
    ("till", "authentication_token.expiration_time"),
    ("renewable", "authentication_token.is_renewable"),
];

pub(super) fn kerberos(mapper: &mut Mapper<'_>, _: &str) {
    let source = mapper.source();
    let request = source.text("request_type").unwrap_or_default().into_owned();
    let client = source.text("client").map(std::borrow::Cow::into_owned);
    mapper.class(3002, if request == "TGS" { 4 } else { 3 });
    match client.as_deref().and_then(|client| client.rsplit_once('/')) {
        Some((name, realm)) if !name.is_empty() => {
            mapper.set("user.name", name);
            if !realm.is_empty() {
                mapper.set("user.domain", realm);
            }
            mapper.done("client");
        }
        Some((_, realm)) if !realm.is_empty() => {
            mapper.set("user.domain", realm);
        }
        _ => {
            mapper.copy("client", "user.name");
        }
    }
    // The log has records of exchanges of which only one side was seen.
    if mapper.written("user.name").is_none() {
        mapper.set("user.name", "Unknown");
    }
    mapper.set("auth_protocol_id", 2_i64);
    status_from(mapper, "success");
    // Nothing was asked for.
    if millis_is_zero(mapper, "till") {
        mapper.done("till");
    }
    table(mapper, KERBEROS);
}

fn millis_is_zero(mapper: &Mapper<'_>, from: &str) -> bool {
    let text = mapper.source().text(from);
    text.is_some_and(|text| {
        text.starts_with("1970-01-01T00:00:00.0") || text.trim_matches('0') == "."
    })
}

const NTLM: &[(&str, &str)] = &[
    ("username", "user.name"),
    ("domainname", "user.domain"),
    ("hostname", "src_endpoint.hostname"),
    ("server_dns_computer_name", "dst_endpoint.hostname"),
    ("server_nb_computer_name", "dst_endpoint.hostname"),
    ("server_nb_computer_name", "dst_endpoint.name"),
    ("status", "status_code"),
];

pub(super) fn ntlm(mapper: &mut Mapper<'_>, _: &str) {
    mapper.class(3002, 1);
    mapper.set("auth_protocol_id", 1_i64);
    status_from(mapper, "success");
    table(mapper, NTLM);
    mapper.set("user.name", "Unknown");
}

const RADIUS: &[(&str, &str)] = &[
    ("username", "user.name"),
    ("mac", "src_endpoint.mac"),
    ("framed_addr", "src_endpoint.intermediate_ips"),
    ("connect_info", "session.terminal"),
    ("reply_msg", "status_detail"),
    ("result", "status_code"),
];

pub(super) fn radius(mapper: &mut Mapper<'_>, _: &str) {
    mapper.class(3002, 1);
    mapper.set("auth_protocol_id", 10_i64);
    let result = mapper.source().text("result").map(|text| text == "success");
    if let Some(is_success) = result {
        status(mapper, is_success);
    }
    table(mapper, RADIUS);
    mapper.set("user.name", "Unknown");
    duration(mapper, "ttl");
}
