//! Transactions of protocols that have a class of their own.

use headwater_pipeline::mapping::Mapper;

use super::super::http::{http_class, http_method, http_target};
use super::super::network::{addresses, addresses_name, hashes};
use super::super::well_known::{last_segment, status, table_into};

const HTTP: &[(&str, &str)] = &[
    ("http.http_user_agent", "http_request.user_agent"),
    ("http.http_refer", "http_request.referrer"),
    ("http.protocol", "http_request.version"),
    ("http.http_port", "http_request.url.port"),
    ("http.xff", "http_request.x_forwarded_for"),
    ("http.status", "http_response.code"),
];

const HTTP_RESPONSE: &[(&str, &str)] = &[
    ("http.length", "http_response.body_length"),
    ("http.http_content_type", "http_response.content_type"),
];

pub(super) fn http(mapper: &mut Mapper<'_>) {
    http_class(mapper, "http.http_method");
    if let Some(code) = mapper.source().integer("http.status") {
        status(mapper, code < 400);
    }
    http_parts(mapper, "");
}

pub(super) fn http_parts(mapper: &mut Mapper<'_>, prefix: &str) {
    if !mapper.source().has("http") {
        return;
    }
    let request = format!("{prefix}http_request");
    http_method(mapper, "http.http_method", &request);
    http_target(mapper, "http.url", "http.hostname", &format!("{request}.url"));
    if mapper.written((&request, "url.path")).is_none()
        && mapper.written((&request, "url.url_string")).is_none()
    {
        // A port alone is no address.
        mapper.done("http.http_port");
    }
    table_into(mapper, prefix, HTTP);
    if mapper.written(&format!("{prefix}http_response.code")).is_some() {
        table_into(mapper, prefix, HTTP_RESPONSE);
    }
}

const TLS: &[(&str, &str)] = &[
    ("tls.version", "tls.version"),
    ("tls.sni", "tls.sni"),
    ("tls.subject", "tls.certificate.subject"),
    ("tls.issuerdn", "tls.certificate.issuer"),
    ("tls.serial", "tls.certificate.serial_number"),
    ("tls.notbefore", "tls.certificate.created_time"),
    ("tls.notafter", "tls.certificate.expiration_time"),
];

pub(super) fn tls(mapper: &mut Mapper<'_>) {
    mapper.class(4001, 6);
    tls_parts(mapper, "");
    mapper.set("app_protocol_name", "tls");
}

pub(super) fn tls_parts(mapper: &mut Mapper<'_>, prefix: &str) {
    if !mapper.source().has("tls") {
        return;
    }
    table_into(mapper, prefix, TLS);
    let to = |part: &str| format!("{prefix}tls.{part}");
    for (from, part) in [("tls.ja3.hash", "ja3_hash"), ("tls.ja3s.hash", "ja3s_hash")] {
        if mapper.copy(from, &to(&format!("{part}.value"))) {
            mapper.set(&to(&format!("{part}.algorithm_id")), 1_i64);
        }
    }
    hashes(mapper, &[("tls.fingerprint", 2)], &to("certificate.fingerprints"));
    // Resumed sessions show no certificate, and some versions leave a part of it out.
    let parts = ["subject", "issuer", "serial_number", "fingerprints[0].value"];
    if parts.iter().any(|part| mapper.written(&to(&format!("certificate.{part}"))).is_some()) {
        mapper.set(&to("certificate.issuer"), "Unknown");
        mapper.set(&to("certificate.serial_number"), "Unknown");
    }
    mapper.set(&to("version"), "Unknown");
}

/// Names of response codes with their number.
const RESPONSE_CODES: [(&str, i64); 11] = [
    ("NOERROR", 0),
    ("FORMERR", 1),
    ("SERVFAIL", 2),
    ("NXDOMAIN", 3),
    ("NOTIMP", 4),
    ("REFUSED", 5),
    ("YXDOMAIN", 6),
    ("YXRRSET", 7),
    ("NXRRSET", 8),
    ("NOTAUTH", 9),
    ("NOTZONE", 10),
];

pub(super) fn dns(mapper: &mut Mapper<'_>) {
    let kind = mapper.source().text("dns.type").unwrap_or_default().into_owned();
    let activity = match kind.as_str() {
        "query" | "request" => 1,
        "answer" | "response" => 2,
        _ => 6,
    };
    mapper.class(4003, activity);
    if activity != 6 {
        mapper.done("dns.type");
    }
    dns_query(mapper, "");
    let code = mapper.source().text("dns.rcode").map(std::borrow::Cow::into_owned);
    let number = RESPONSE_CODES.iter().find(|(name, _)| code.as_deref() == Some(*name));
    match number {
        Some((_, number)) => {
            mapper.set("rcode_id", *number);
            status(mapper, *number == 0);
        }
        None => {
            mapper.copy("dns.rcode", "rcode_id");
        }
    }
    answers(mapper);
}

/// The question, in the form of each version.
pub(super) fn dns_query(mapper: &mut Mapper<'_>, prefix: &str) {
    let sources = ["dns.", "dns.queries.0.", "dns.query.0."];
    let named = sources.iter().find(|from| mapper.source().has(&format!("{from}rrname")));
    if let Some(from) = named {
        let field = |name: &str| format!("{from}{name}");
        mapper.copy(&field("rrname"), &format!("{prefix}query.hostname"));
        mapper.copy(&field("rrtype"), &format!("{prefix}query.type"));
        let id = if mapper.source().has(&field("id")) { field("id") } else { "dns.id".to_owned() };
        mapper.copy(&id, &format!("{prefix}query.packet_uid"));
    }
}

fn answers(mapper: &mut Mapper<'_>) {
    let count = match mapper.source().find("dns.answers") {
        Some(list) => mapper.source().elements(list).len(),
        None => 0,
    };
    let mut place = 0;
    for number in 0..count {
        let from = |name: &str| format!("dns.answers.{number}.{name}");
        // Some kinds of records have an object here, others nothing.
        if mapper.copy(&from("rdata"), &format!("answers[{place}].rdata")) {
            mapper.copy(&from("rrtype"), &format!("answers[{place}].type"));
            mapper.copy(&from("ttl"), &format!("answers[{place}].ttl"));
            place += 1;
        }
    }
}

pub(super) fn ssh(mapper: &mut Mapper<'_>) {
    mapper.class(4007, 6);
    for (side, to) in [("client", "client_hassh"), ("server", "server_hassh")] {
        let hash = format!("ssh.{side}.hassh.hash");
        if mapper.copy(&hash, (to, "fingerprint.value")) {
            mapper.set((to, "fingerprint.algorithm_id"), 20_i64);
            mapper.copy(&format!("ssh.{side}.hassh.string"), (to, "algorithm"));
        }
    }
    mapper.copy("ssh.client.proto_version", "protocol_ver");
    mapper.set("app_protocol_name", "ssh");
}

/// What opening a file may do, with the activity.
const DISPOSITIONS: [(&str, i64); 6] = [
    ("FILE_SUPERSEDE", 1),
    ("FILE_OPEN", 2),
    ("FILE_CREATE", 3),
    ("FILE_OPEN_IF", 4),
    ("FILE_OVERWRITE", 5),
    ("FILE_OVERWRITE_IF", 6),
];

const SMB: &[(&str, &str)] = &[
    ("smb.command", "command"),
    ("smb.dialect", "dialect"),
    ("smb.client_dialects", "client_dialects"),
    ("smb.share", "share"),
    ("smb.tree_id", "tree_uid"),
    ("smb.status_code", "status_code"),
    ("smb.status", "status_detail"),
    ("smb.filename", "file.path"),
    ("smb.size", "file.size"),
    ("smb.created", "file.created_time"),
    ("smb.accessed", "file.accessed_time"),
    ("smb.modified", "file.modified_time"),
    ("smb.ntlmssp.user", "actor.user.name"),
    ("smb.ntlmssp.domain", "actor.user.domain"),
    ("smb.ntlmssp.host", "src_endpoint.hostname"),
];

pub(super) fn smb(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let disposition = source.text("smb.disposition").unwrap_or_default().into_owned();
    let command = source.text("smb.command").unwrap_or_default().into_owned();
    let name = source.text("smb.filename").map(|path| last_segment(&path).to_owned());
    let is_success = source.text("smb.status").map(|text| text == "STATUS_SUCCESS");
    let known = DISPOSITIONS.iter().find(|(name, _)| *name == disposition);
    mapper.class(4006, known.map_or(0, |(_, activity)| *activity));
    if known.is_some() {
        mapper.done("smb.disposition");
    } else if !command.is_empty() {
        mapper.other_activity(&command);
    }
    if let Some(is_success) = is_success {
        status(mapper, is_success);
    }
    if let Some(name) = name {
        mapper.set("file.name", name.as_str());
        mapper.set("file.type_id", 1_i64);
    }
    let fields = SMB
        .iter()
        .filter(|(_, to)| !to.starts_with("file.") || mapper.written("file.name").is_some());
    let fields: Vec<(&str, &str)> = fields.copied().collect();
    mapper.table(&fields);
}

pub(super) fn smtp(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let fields = ["smtp.mail_from", "smtp.rcpt_to", "email.from", "email.to"];
    if !fields.iter().any(|field| source.has(field)) {
        mapper.class(4001, 6);
        return;
    }
    mapper.class(4009, 1);
    mapper.set("direction_id", 0_i64);
    mapper.set("protocol_name", "smtp");
    addresses(mapper, "email.from", "email.from", "email.from_mailbox");
    addresses(mapper, "email.to", "email.to", "email.to_mailboxes");
    addresses(mapper, "email.cc", "email.cc", "email.cc_mailboxes");
    addresses(mapper, "smtp.mail_from", "email.return_path", "email.from_mailbox");
    addresses(mapper, "smtp.rcpt_to", "email.delivered_to_list", "email.to_mailboxes");
    mapper.copy(&format!("{}.0", addresses_name("smtp.mail_from")), "email.from");
    mapper.copy(&addresses_name("smtp.rcpt_to"), "email.to");
    let fields = [("email.subject", "email.subject"), ("email.message_id", "email.message_uid")];
    mapper.table(&fields);
}

const FTP: &[(&str, &str)] = &[
    ("ftp.command", "command"),
    ("ftp_data.command", "command"),
    ("ftp.completion_code", "codes"),
    ("ftp.reply", "command_responses"),
    ("ftp.dynamic_port", "port"),
];

pub(super) fn ftp(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let command = source.text("ftp.command").or_else(|| source.text("ftp_data.command"));
    let command = command.unwrap_or_default().into_owned();
    let activity = match command.as_str() {
        "STOR" | "STOU" | "APPE" => 1,
        "RETR" => 2,
        "DELE" => 4,
        "RNFR" | "RNTO" => 5,
        "LIST" | "NLST" | "MLSD" => 6,
        "" => 0,
        _ => 99,
    };
    let path = if activity == 99 { None } else { Some("ftp.command_data") };
    let path = path.filter(|path| source.has(path)).unwrap_or("ftp_data.filename");
    let name = source.text(path).map(|path| last_segment(&path).to_owned());
    mapper.class(4008, activity);
    if activity == 99 {
        mapper.other_activity(&command);
    }
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        mapper.set("file.name", name.as_str());
        mapper.set("file.type_id", 1_i64);
        mapper.copy(path, "file.path");
    }
    if command == "USER" {
        mapper.copy("ftp.command_data", "actor.user.name");
    }
    mapper.table(FTP);
}

const DHCP: &[(&str, &str)] = &[
    ("dhcp.client_mac", "src_endpoint.mac"),
    ("dhcp.hostname", "src_endpoint.hostname"),
    ("dhcp.id", "transaction_uid"),
    ("dhcp.lease_time", "lease_dur"),
    ("dhcp.relay_ip", "relay.ip"),
];

pub(super) fn dhcp(mapper: &mut Mapper<'_>) {
    let kind = mapper.source().text("dhcp.dhcp_type").unwrap_or_default().into_owned();
    let kinds = ["discover", "offer", "request", "decline", "ack", "nak", "release", "inform"];
    let activity = (1_i64..).zip(kinds).find(|(_, name)| *name == kind);
    mapper.class(4004, activity.map_or(0, |(number, _)| number));
    if activity.is_some() {
        mapper.done("dhcp.dhcp_type");
    }
    mapper.table(DHCP);
}

const KRB5: &[(&str, &str)] = &[
    ("krb5.cname", "user.name"),
    ("krb5.realm", "user.domain"),
    ("krb5.sname", "service.name"),
    ("krb5.error_code", "status_code"),
];

pub(super) fn krb5(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let message = source.text("krb5.msg_type").unwrap_or_default().into_owned();
    let request = source.text("krb5.failed_request").unwrap_or_default();
    let is_service = message.contains("TGS") || request.contains("TGS");
    mapper.class(3002, if is_service { 4 } else { 3 });
    mapper.set("auth_protocol_id", 2_i64);
    status(mapper, message != "KRB_ERROR");
    mapper.table(KRB5);
    mapper.set("user.name", "Unknown");
}

const RDP: &[(&str, &str)] = &[
    ("rdp.cookie", "identifier_cookie"),
    ("rdp.x509_serials", "certificate_chain"),
    ("rdp.protocol", "protocol_ver"),
    ("rdp.client.version", "protocol_ver"),
    ("rdp.client.client_name", "src_endpoint.hostname"),
    ("rdp.client.keyboard_layout", "keyboard_info.keyboard_layout"),
    ("rdp.client.keyboard_type", "keyboard_info.keyboard_type"),
    ("rdp.client.desktop_width", "remote_display.physical_width"),
    ("rdp.client.desktop_height", "remote_display.physical_height"),
    ("rdp.client.capabilities", "capabilities"),
];

pub(super) fn rdp(mapper: &mut Mapper<'_>) {
    let kind = mapper.source().text("rdp.event_type").unwrap_or_default().into_owned();
    let kinds = [
        "initial_request",
        "initial_response",
        "connect_request",
        "connect_response",
        "tls_handshake",
    ];
    let activity = (1_i64..).zip(kinds).find(|(_, name)| *name == kind);
    mapper.class(4005, activity.map_or(6, |(number, _)| number));
    if activity.is_some() {
        mapper.done("rdp.event_type");
    }
    mapper.table(RDP);
}

const FILEINFO: &[(&str, &str)] = &[
    ("fileinfo.filename", "file.path"),
    ("fileinfo.size", "file.size"),
    ("fileinfo.magic", "file.desc"),
    ("fileinfo.mimetype", "file.mime_type"),
    ("fileinfo.file_id", "file.uid"),
];

/// A file, in the class of the protocol that it went over.
pub(super) fn fileinfo(mapper: &mut Mapper<'_>) {
    let source = mapper.source();
    let name = source.text("fileinfo.filename").map(|path| last_segment(&path).to_owned());
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "Unknown".to_owned());
    match source.text("app_proto").as_deref() {
        Some("http" | "http2") if source.has("http") => {
            http_class(mapper, "http.http_method");
            http_parts(mapper, "");
        }
        Some("smb") => {
            mapper.class(4006, 99);
            mapper.other_activity("File Transfer");
        }
        Some("ftp" | "ftp-data") => mapper.class(4008, 0),
        _ => return mapper.class(4001, 6),
    }
    mapper.set("file.name", name.as_str());
    mapper.set("file.type_id", 1_i64);
    mapper.table(FILEINFO);
    let algorithms = [("fileinfo.md5", 1), ("fileinfo.sha1", 2), ("fileinfo.sha256", 3)];
    hashes(mapper, &algorithms, "file.hashes");
}
