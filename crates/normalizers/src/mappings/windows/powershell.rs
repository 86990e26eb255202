//! PowerShell: script blocks (4104), commands of modules (4103), and the classic log (400, 403,
//! 600, 800). Contract: the manifest of Microsoft-Windows-PowerShell.

use super::record::Record;
use super::values;

/// The script's parts that are fields of their own.
const SCRIPT: &[(&str, &str)] = &[
    ("ScriptBlockText", "script.script_content.value"),
    ("ScriptBlockId", "script.uid"),
    ("Path", "script.file"),
    ("ScriptName", "script.file"),
    ("CommandName", "script.name"),
];

/// What the context of a command tells.
const CONTEXT: &[(&str, &str)] = &[
    ("HostApplication", "actor.process.cmd_line"),
    ("HostId", "actor.process.uid"),
    ("User", "actor.user"),
    ("UserId", "actor.user"),
    ("EngineVersion", "metadata.product.version"),
    ("RunspaceId", "actor.session.uid_alt"),
];

/// Writes an event of PowerShell.
pub(super) fn map(record: &mut Record<'_, '_>) -> Option<&'static str> {
    let is_classic = record.provider == "PowerShell";
    if !is_classic
        && !matches!(
            record.provider.as_str(),
            "Microsoft-Windows-PowerShell"
                | "PowerShellCore"
                | "Microsoft-Windows-PowerShell-DesiredStateConfiguration-FileDownloadManager"
        )
    {
        return None;
    }
    record.class(1009, 1, "");
    context(record);
    // The command line of event 800 is its first parameter.
    if record.id == 800 {
        record.put("param1", "script.script_content.value");
    }
    record.mapper.set("script.type_id", 2_i64);
    record.table(SCRIPT);
    record.table(&[
        ("CommandLine", "script.script_content.value"),
        ("Payload", "script.script_content.value"),
    ]);
    record.table(CONTEXT);
    content(record);
    record.account("actor.user");
    record.writer("actor.process.pid");
    if ["process.pid", "process.uid", "user.name", "user.uid"]
        .iter()
        .all(|part| record.mapper.written(&format!("actor.{part}")).is_none())
    {
        record.mapper.set("actor.app_name", "PowerShell");
    }
    Some("PowerShell")
}

/// Something has to be the script: what the event tells of it, or nothing where the text is in
/// another event (4105 and 4106 have the identifier only).
fn content(record: &mut Record<'_, '_>) {
    if record.mapper.written("script.script_content.value").is_some() {
        return;
    }
    let message = record.message().unwrap_or_default();
    let line = values::between(&message, "command line:", "\n")
        .map(|line| line.trim().trim_end_matches('.').trim().to_owned());
    let text = match line.filter(|line| !line.is_empty()) {
        Some(line) => line,
        None if matches!(record.id, 400 | 403 | 600) => {
            record.text("HostApplication").unwrap_or_default()
        }
        None if matches!(record.id, 4100 | 4103) => message,
        // Without a command line there are still the cmdlets that ran.
        None if record.id == 800 => match record.text("param3") {
            Some(details) => details,
            None => message.split_once("Details:").map_or("", |(_, rest)| rest).trim().to_owned(),
        },
        None => String::new(),
    };
    if text.is_empty() {
        record.mapper.set("script.script_content.is_truncated", true);
    }
    record.mapper.set("script.script_content.value", text.as_str());
}

fn is_context(text: &str) -> bool {
    text.contains("HostApplication=") || text.contains("Host Application = ")
}

/// Lines such as `Host Application = …` and `HostApplication=…` become fields.
fn context(record: &mut Record<'_, '_>) {
    let text = ["ContextInfo", "param3", "param2"]
        .iter()
        .find_map(|name| record.text(name).filter(|text| is_context(text)))
        .or_else(|| record.message());
    let Some(text) = text else { return };
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let is_indented = key.starts_with([' ', '\t']);
        let key = key.trim().replace(" ID", "Id").replace(' ', "");
        let value = value.trim();
        let is_name = !key.is_empty() && key.chars().all(char::is_alphanumeric);
        let is_new = !fields.iter().any(|(known, _)| *known == key);
        // A name that the record has for itself is not the context's.
        if is_indented && is_name && is_new && key != "Severity" && !value.is_empty() {
            fields.push((key, value.to_owned()));
        }
    }
    record.add(&fields);
}
