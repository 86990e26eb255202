//! What was done on other machines: smb_files, smb_mapping, dce_rpc, ftp.

use headwater_pipeline::mapping::Mapper;

use super::super::well_known::last_segment;
use super::table;

const SMB_FILES: &[(&str, &str)] = &[
    ("fuid", "file.uid"),
    ("path", "share"),
    ("name", "file.path"),
    ("size", "file.size"),
    ("times.modified", "file.modified_time"),
    ("times.accessed", "file.accessed_time"),
    ("times.created", "file.created_time"),
];

pub(super) fn files(mapper: &mut Mapper<'_>, _: &str) {
    let source = mapper.source();
    let action = source.text("action").unwrap_or_default().into_owned();
    let name = source.text("name").or_else(|| source.text("path")).unwrap_or_default();
    let name = last_segment(&name).to_owned();
    let activity = if action == "SMB::FILE_OPEN" { 2 } else { 99 };
    mapper.class(4006, activity);
    if activity == 99 {
        mapper.other_activity(&action);
    }
    mapper.copy("action", "command");
    mapper.set("file.name", if name.is_empty() { "Unknown" } else { name.as_str() });
    let is_pipe = action.starts_with("SMB::PIPE") || mapper.source().is("share_type", "PIPE");
    mapper.set("file.type_id", if is_pipe { 6_i64 } else { 1 });
    table(mapper, SMB_FILES);
}

pub(super) fn mapping(mapper: &mut Mapper<'_>, _: &str) {
    mapper.class(4006, 99);
    mapper.other_activity("Tree Connect");
    let kind = mapper.source().text("share_type").map(std::borrow::Cow::into_owned);
    let number = match kind.as_deref() {
        Some("DISK") => Some(1_i64),
        Some("PIPE") => Some(2),
        Some("PRINT" | "PRINTER") => Some(3),
        _ => None,
    };
    if let Some(number) = number {
        mapper.set("share_type_id", number);
        mapper.done("share_type");
    }
    table(mapper, &[("path", "share"), ("share_type", "share_type_id")]);
}

/// A call of a remote procedure: the log lacks what the schema's object for it requires.
pub(super) fn dce_rpc(mapper: &mut Mapper<'_>, _: &str) {
    let operation = mapper.source().text("operation").unwrap_or_default().into_owned();
    mapper.class(4006, 99);
    mapper.other_activity(if operation.is_empty() { "Remote Procedure Call" } else { &operation });
    table(mapper, &[("operation", "command"), ("endpoint", "dst_endpoint.svc_name")]);
    super::duration(mapper, "rtt");
    mapper.set("app_protocol_name", "dce_rpc");
}

/// Commands with the activity.
const COMMANDS: [(&str, i64); 10] = [
    ("STOR", 1),
    ("STOU", 1),
    ("APPE", 1),
    ("RETR", 2),
    ("DELE", 4),
    ("RNFR", 5),
    ("RNTO", 5),
    ("LIST", 6),
    ("NLST", 6),
    ("MLSD", 6),
];

const FTP: &[(&str, &str)] = &[
    ("user", "actor.user.name"),
    ("command", "command"),
    ("reply_code", "codes"),
    ("reply_msg", "command_responses"),
    ("data_channel.resp_p", "port"),
];

const FTP_FILE: &[(&str, &str)] = &[
    ("fuid", "file.uid"),
    ("mime_type", "file.mime_type"),
    ("file_size", "file.size"),
    ("arg", "file.path"),
];

pub(super) fn ftp(mapper: &mut Mapper<'_>, _: &str) {
    let source = mapper.source();
    let command = source.text("command").unwrap_or_default().into_owned();
    let target = source.text("arg").map(|text| last_segment(&text).to_owned());
    let activity = COMMANDS.iter().find(|(name, _)| *name == command).map(|(_, number)| *number);
    mapper.class(4008, activity.unwrap_or(0));
    if activity.is_none() && !command.is_empty() {
        mapper.other_activity(&command);
    }
    if let Some(code) = mapper.source().integer("reply_code") {
        super::super::well_known::status(mapper, code < 400);
    }
    if let (Some(1..=5), Some(target)) = (activity, target) {
        mapper.set("file.name", target.as_str());
        mapper.set("file.type_id", 1_i64);
        table(mapper, FTP_FILE);
    }
    table(mapper, FTP);
    let is_passive = super::text(&mapper.source(), "data_channel.passive");
    let kind = is_passive.map(|text| if text == "true" { "Passive" } else { "Active" });
    if let Some(kind) = kind {
        mapper.set("type", kind);
        let field = super::styled(&mapper.source(), "data_channel.passive");
        mapper.done(&field);
    }
    mapper.set("app_protocol_name", "ftp");
}
