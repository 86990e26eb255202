//! http, ssl and x509.

use headwater_event::json::Scalar;
use headwater_pipeline::mapping::Mapper;

use super::super::http::{http_class, http_method, http_target};
use super::super::network::is_address;
use super::super::well_known::status;
use super::{copy, status_from, table};

const HTTP: &[(&str, &str)] = &[
    ("user_agent", "http_request.user_agent"),
    ("referrer", "http_request.referrer"),
    ("version", "http_request.version"),
    ("request_body_len", "http_request.body_length"),
    ("status_code", "http_response.code"),
    ("username", "actor.user.name"),
];

const HTTP_RESPONSE: &[(&str, &str)] = &[
    ("status_msg", "http_response.status"),
    ("response_body_len", "http_response.body_length"),
    ("resp_mime_types.0", "http_response.content_type"),
];

pub(super) fn http(mapper: &mut Mapper<'_>, _: &str) {
    http_class(mapper, "method");
    if let Some(code) = mapper.source().integer("status_code").filter(|code| *code > 0) {
        status(mapper, code < 400);
    }
    http_method(mapper, "method", "http_request");
    http_target(mapper, "uri", "host", "http_request.url");
    table(mapper, HTTP);
    forwarded_for(mapper);
    if mapper.written("http_response.code").is_some() {
        table(mapper, HTTP_RESPONSE);
    }
}

/// `X-FORWARDED-FOR -> 192.0.2.1`: of the headers that proxies add, the addresses.
fn forwarded_for(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let Some(field) = source.find("proxied") else { return };
    let headers = source.elements(field).into_iter().filter_map(|header| source.text_of(header));
    let addresses: Vec<String> = headers
        .filter_map(|header| header.strip_prefix("X-FORWARDED-FOR -> ").map(str::to_owned))
        .flat_map(|list| list.split(',').map(|one| one.trim().to_owned()).collect::<Vec<_>>())
        .filter(|address| is_address(address))
        .collect();
    if addresses.is_empty() {
        return;
    }
    let extra = mapper.extra();
    let list = extra.append(extra.root(), "forwarded_for", Scalar::Array);
    for address in &addresses {
        extra.push(list, address.as_str());
    }
    mapper.copy("forwarded_for", "http_request.x_forwarded_for");
}

const SSL: &[(&str, &str)] = &[
    ("version", "tls.version"),
    ("cipher", "tls.cipher"),
    ("server_name", "tls.sni"),
    ("next_protocol", "app_protocol_name"),
    ("last_alert", "status_detail"),
    ("issuer", "tls.certificate.issuer"),
];

/// Fingerprints of the two sides' greetings, with their algorithm.
const GREETINGS: [(&str, &str); 2] = [("ja3", "tls.ja3_hash"), ("ja3s", "tls.ja3s_hash")];

pub(super) fn ssl(mapper: &mut Mapper<'_>, _: &str) {
    let is_established = mapper.source().is("established", "true");
    mapper.class(4001, if is_established { 1 } else { 6 });
    status_from(mapper, "established");
    table(mapper, SSL);
    for (from, to) in GREETINGS {
        if mapper.copy(from, (to, "value")) {
            mapper.set((to, "algorithm_id"), 1_i64);
        }
    }
    if mapper.written("tls.certificate.issuer").is_some() {
        table(mapper, &[("subject", "tls.certificate.subject")]);
        // The log has everything of the certificate but this.
        mapper.set("tls.certificate.serial_number", "Unknown");
        if mapper.copy("resp_certificate_sha1", "tls.certificate.fingerprints.value") {
            mapper.set("tls.certificate.fingerprints.algorithm_id", 2_i64);
        }
    }
    let has_handshake = ["cipher", "sni", "ja3_hash.value", "certificate.issuer"]
        .iter()
        .any(|part| mapper.written(&format!("tls.{part}")).is_some());
    if has_handshake {
        mapper.set("tls.version", "Unknown");
    }
    mapper.set("app_protocol_name", "ssl");
}

const X509: &[(&str, &str)] = &[
    ("certificate.serial", "tls.certificate.serial_number"),
    ("certificate.subject", "tls.certificate.subject"),
    ("certificate.issuer", "tls.certificate.issuer"),
    ("certificate.version", "tls.certificate.version"),
    ("certificate.not_valid_before", "tls.certificate.created_time"),
    ("certificate.not_valid_after", "tls.certificate.expiration_time"),
    ("certificate.key_length", "tls.key_length"),
    ("id", "tls.certificate.uid"),
];

/// A certificate as it went over the wire. The log does not say between whom.
pub(super) fn x509(mapper: &mut Mapper<'_>, _: &str) {
    mapper.class(4001, 6);
    table(mapper, X509);
    if mapper.written("tls.certificate.issuer").is_none() {
        mapper.set("tls.certificate.issuer", "Unknown");
    }
    if copy(mapper, "fingerprint", "tls.certificate.fingerprints.value") {
        mapper.set("tls.certificate.fingerprints.algorithm_id", 3_i64);
    }
    mapper.set("tls.version", "Unknown");
    let is_client = mapper.source().is("client_cert", "true");
    let endpoint = if is_client { "src_endpoint" } else { "dst_endpoint" };
    if super::text(&mapper.source(), "id.orig_h").is_none() {
        mapper.set((endpoint, "name"), "Unknown");
    }
    mapper.set("app_protocol_name", "ssl");
}
