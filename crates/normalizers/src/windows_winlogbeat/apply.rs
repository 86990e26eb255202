//! The rules of the tables, applied to the fields of one event.

use super::channels::Channel;
use super::every_channel::{
    DESTINATION_HOSTS, GUIDS, HEX_PROCESS_FIELDS, LATE, MACHINE_ACCOUNTS, NAMES_OF_PATHS, NUMBERS,
    NXLOG_REPORTER,
};
use super::fields::Fields;
use super::fields::hexadecimal;
use super::rules::EventRules;
use super::values::{Dictionary, TICKET_OPTIONS, dictionaries};

/// Events of Kerberos tickets, whose options are bits.
const KERBEROS: std::ops::RangeInclusive<u32> = 4768..=4773;

/// The only server of objects whose types the dictionary of event 4662 knows.
const DIRECTORY_ACCESS: u32 = 4662;
const DIRECTORY_SERVER: &str = "ds";

/// Gives the fields their names: those of the event, then those of every channel.
pub(crate) fn name_fields(fields: &mut Fields<'_>, rules: Option<&EventRules>) {
    for rename in rules.into_iter().flat_map(EventRules::all_renames) {
        fields.rename(rename);
    }
    for rename in LATE {
        fields.rename(rename);
    }
    if fields.find("accounttype").is_some() {
        for rename in NXLOG_REPORTER {
            fields.rename(rename);
        }
    }
}

/// Cleans the values of named fields and copies those that have two names.
pub(crate) fn clean_values(fields: &mut Fields<'_>, rules: Option<&EventRules>) {
    fields.fold_caseless();
    fields.read_logon_ids();
    for name in HEX_PROCESS_FIELDS.into_iter().chain(NUMBERS) {
        if let Some(id) = fields.find(name) {
            fields.read_number(id);
        }
    }
    for name in GUIDS {
        strip_braces(fields, name);
    }
    for copy in rules.into_iter().flat_map(|rules| rules.copies) {
        fields.copy(copy);
    }
}

/// Adds what follows from other fields.
pub(crate) fn derive_fields(fields: &mut Fields<'_>, channel: Channel, event_id: u32) {
    if channel == Channel::Security {
        decode(fields, event_id);
    }
    for rename in NAMES_OF_PATHS {
        let path = fields.text(rename.from).filter(|_| fields.find(rename.to).is_none());
        let name = path.and_then(|path| path.rsplit('\\').next().map(str::to_owned));
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            fields.put(rename.to, name.as_str());
        }
    }
    for rename in MACHINE_ACCOUNTS {
        if let Some(is_machine) = fields.text(rename.from).map(|name| name.ends_with('$')) {
            fields.put(rename.to, is_machine);
        }
    }
    if fields.find("dst_host_name").is_none() {
        let name = DESTINATION_HOSTS.into_iter().find_map(|name| fields.text(name));
        if let Some(name) = name.map(std::borrow::Cow::into_owned) {
            fields.put("dst_host_name", name.as_str());
        }
    }
    measure(fields, "process_command_line", "meta_process_command_line");
}

/// Adds the length in characters and whether all of them are ASCII.
fn measure(fields: &mut Fields<'_>, name: &str, prefix: &str) {
    let Some(text) = fields.text(name) else { return };
    let (length, has_non_ascii) = measures(&text);
    fields.put(&format!("{prefix}_length"), length);
    fields.put(&format!("{prefix}_has_non_ascii"), has_non_ascii);
}

/// Length in characters, and whether a character is not ASCII.
pub(crate) fn measures(text: &str) -> (i64, bool) {
    let has_non_ascii = !text.is_ascii();
    let length = if has_non_ascii { text.chars().count() } else { text.len() };
    (i64::try_from(length).unwrap_or(i64::MAX), has_non_ascii)
}

fn strip_braces(fields: &mut Fields<'_>, name: &str) {
    let Some(id) = fields.find(name) else { return };
    let Some(text) = fields.json.as_str(id) else { return };
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    if let Some(inner) = inner.map(str::to_owned) {
        fields.json.replace(id, inner.as_str());
    }
}

fn decode(fields: &mut Fields<'_>, event_id: u32) {
    for dictionary in dictionaries(event_id) {
        if event_id == DIRECTORY_ACCESS
            && !fields.text("object_server").is_some_and(|text| is_directory(&text))
        {
            continue;
        }
        let decoded = fields.text(dictionary.field).map(|codes| decoded(dictionary, &codes));
        if let Some(decoded) = decoded {
            fields.put(dictionary.decoded, decoded.as_str());
        }
    }
    if KERBEROS.contains(&event_id) {
        let options = fields.text("ticket_options").and_then(|text| hexadecimal(&text));
        if let Some(options) = options {
            fields.put("ticket_options_type_value", names_of_options(options).as_str());
        }
    }
}

fn is_directory(server: &str) -> bool {
    server.eq_ignore_ascii_case(DIRECTORY_SERVER)
}

/// The texts of one code, or of a list of codes.
fn decoded(dictionary: &Dictionary, codes: &str) -> String {
    let texts: Vec<&str> = codes.split_whitespace().map(|code| dictionary.text_of(code)).collect();
    if texts.is_empty() { dictionary.text_of(codes).to_owned() } else { texts.join(", ") }
}

fn names_of_options(options: u64) -> String {
    let is_set = |(bit, _): &&(u32, &str)| options & u64::from(*bit) != 0;
    let names: Vec<&str> = TICKET_OPTIONS.iter().filter(is_set).map(|(_, name)| *name).collect();
    names.join(", ")
}
