//! Microsoft Defender Antivirus. Contract: Microsoft's list of its event ids.

use super::record::Record;
use crate::mappings::well_known::last_segment;

/// Findings; other events are about settings and updates.
const FINDINGS: [i64; 20] = [
    1006, 1007, 1008, 1015, 1116, 1117, 1118, 1119, 1121, 1122, 1123, 1124, 1125, 1126, 1127, 1128,
    5001, 5010, 5012, 1160,
];

/// Events about settings.
const SETTINGS: [i64; 4] = [5004, 5007, 5013, 5000];

/// Events in which something was stopped.
const BLOCKED: [i64; 4] = [1121, 1123, 1125, 1127];

const FINDING: &[(&str, &str)] = &[
    ("Detection ID", "finding_info.uid"),
    ("Threat Name", "finding_info.title"),
    ("Detection Time", "finding_info.created_time"),
    ("FWLink", "finding_info.src_url"),
    ("Category Name", "finding_info.types"),
    ("Threat Name", "malware[0].name"),
    ("Threat ID", "malware[0].uid"),
    ("Product Version", "metadata.product.version"),
    ("Detection User", "actor.user"),
    ("User", "actor.user"),
    ("Domain", "actor.user.domain"),
    ("Error Code", "status_code"),
    ("Error Description", "status_detail"),
    ("ID", "finding_info.analytic.uid"),
];

/// Names of categories and their number.
const CATEGORIES: [(&str, i64); 12] = [
    ("Adware", 1),
    ("Backdoor", 2),
    ("Trojan Downloader", 6),
    ("Trojan Dropper", 7),
    ("Exploit", 99),
    ("Ransomware", 10),
    ("Remote Access Trojan", 11),
    ("Spyware", 17),
    ("Trojan", 18),
    ("Virus", 19),
    ("Worm", 22),
    ("Password Stealer", 17),
];

/// What was done, by the number of the action.
const ACTIONS: [(u64, i64); 6] = [(1, 7), (2, 3), (3, 5), (6, 1), (8, 2), (10, 2)];

/// Writes an event of Defender.
pub(super) fn map(record: &mut Record<'_, '_>) -> Option<&'static str> {
    if !matches!(
        record.provider.as_str(),
        "Microsoft-Windows-Windows Defender" | "Windows Defender" | "Microsoft Antimalware"
    ) {
        return None;
    }
    if FINDINGS.contains(&record.id) {
        finding(record);
    } else if SETTINGS.contains(&record.id) {
        record.class(5019, 1, "");
        record.put("Product Version", "metadata.product.version");
    } else {
        record.class(0, 99, "Antivirus");
        record.put("Product Version", "metadata.product.version");
    }
    Some("Microsoft Defender Antivirus")
}

fn finding(record: &mut Record<'_, '_>) {
    record.class(2004, 1, "");
    let severity = match record.number("Severity ID") {
        1 => 2,
        2 => 3,
        4 => 4,
        5 => 5_i64,
        _ => 3,
    };
    record.mapper.set("severity_id", severity);
    record.table(FINDING);
    if let Some(uid) = record.text("Detection ID") {
        record.mapper.set("finding_info.uid", uid.as_str());
    }
    if record.mapper.written("malware[0].name").is_some() {
        let category = record.text("Category Name").unwrap_or_default();
        let found = CATEGORIES.iter().find(|(name, _)| *name == category);
        record.mapper.set("malware[0].classification_ids", found.map_or(99, |(_, id)| *id));
        record.put("Severity Name", "malware[0].severity");
    }
    path(record);
    if let Some((_, disposition)) =
        ACTIONS.iter().find(|(action, _)| *action == record.number("Action ID"))
    {
        record.mapper.set("disposition_id", *disposition);
    }
    if BLOCKED.contains(&record.id) {
        record.mapper.set("disposition_id", 2_i64);
        record.mapper.set("action_id", 2_i64);
    }
    let title = record.message().unwrap_or_default();
    let title = title.lines().next().unwrap_or_default();
    let title = if title.is_empty() { "Microsoft Defender Antivirus" } else { title };
    record.mapper.set("finding_info.title", title);
    record.mapper.set("is_alert", true);
    if record.mapper.written("finding_info.uid").is_none() {
        let uid = record.uid();
        record.mapper.set("finding_info.uid", uid.as_str());
    }
}

/// `file:_C:\…` names a file, and there may be several, with more after them.
fn path(record: &mut Record<'_, '_>) {
    let Some(text) = record.text("Path") else { return };
    let files = text.split("; ").flat_map(|part| part.split(";file:_"));
    let files = files.filter_map(|part| match part.strip_prefix("file:_") {
        Some(path) => Some(path),
        None => part.get(1..3).is_some_and(|drive| drive == ":\\").then_some(part),
    });
    for (place, path) in files.enumerate().take(64) {
        let to = |part: &str| format!("evidences[{place}].file.{part}");
        record.mapper.set(&to("path"), path);
        record.mapper.set(&to("name"), last_segment(path));
        record.mapper.set(&to("type_id"), 1_i64);
    }
}
