//! Objects of STIX 2: patterns of indicators, and observables.

use headwater_event::time;
use serde_json::value::RawValue;

use super::json::{Members, string};
use super::pattern::{self, Comparison};
use super::{List, ListError, SkipReason};
use crate::form::Form;
use crate::indicator::{Indicator, Note};

/// What is searched: type of the object, its property, and the form of it; without a form it is
/// seen from the value.
const PROPERTIES: [(&str, &str, Option<Form>); 26] = [
    ("directory", "path", Some(Form::File)),
    ("domain-name", "value", Some(Form::Domain)),
    ("email-addr", "value", Some(Form::Email)),
    ("email-message", "from_ref.value", Some(Form::Email)),
    ("email-message", "sender_ref.value", Some(Form::Email)),
    ("file", "name", Some(Form::File)),
    ("file", "path", Some(Form::File)),
    ("hostname", "value", Some(Form::Domain)),
    ("ipv4-addr", "value", Some(Form::Ip)),
    ("ipv6-addr", "value", Some(Form::Ip)),
    ("mac-addr", "value", Some(Form::Mac)),
    ("network-traffic", "dst_ref.value", None),
    (
        "network-traffic",
        "extensions.'http-request-ext'.request_header.'User-Agent'",
        Some(Form::Other),
    ),
    ("network-traffic", "src_ref.value", None),
    ("process", "binary_ref.name", Some(Form::File)),
    ("process", "command_line", Some(Form::Other)),
    ("process", "image_ref.name", Some(Form::File)),
    ("process", "name", Some(Form::File)),
    ("url", "value", Some(Form::Url)),
    ("user-account", "account_login", Some(Form::User)),
    ("user-account", "user_id", Some(Form::User)),
    ("user-agent", "value", Some(Form::Other)),
    ("vulnerability", "name", Some(Form::Other)),
    ("windows-registry-key", "key", Some(Form::Other)),
    ("windows-registry-key", "values[*].name", Some(Form::Other)),
    ("x-mitre-user-agent", "value", Some(Form::Other)),
];

/// Types of observables whose digests are searched.
const WITH_HASHES: [&str; 3] = ["artifact", "file", "x509-certificate"];

/// Types of observables (and of version 2.0 the holder of them) that are not searched.
const UNSEARCHED: [&str; 4] = ["autonomous-system", "mutex", "observed-data", "software"];

/// The type of an object of STIX, and nothing for other objects. Indicators are known by their
/// pattern, too: some who write them leave the id out.
pub(super) fn type_of(members: &Members<'_>) -> Option<String> {
    let name = string(members.get("type"))?;
    if name == "indicator" && members.contains_key("pattern") {
        return Some(name);
    }
    let id = string(members.get("id"))?;
    id.strip_prefix(name.as_str())?.starts_with("--").then_some(name)
}

/// Adds what an object gives to search; others tell something about them and are passed over.
pub(super) fn object(
    line: usize,
    name: &str,
    members: &Members<'_>,
    list: &mut List,
) -> Result<(), ListError> {
    let shown = || {
        let shown = ["pattern", "name", "value", "id"].into_iter();
        shown.filter_map(|name| string(members.get(name))).next().unwrap_or_default()
    };
    if members.get("revoked").is_some_and(|value| value.get() == "true") {
        if name == "indicator" || is_searched(name) {
            list.skip(line, &shown(), SkipReason::Revoked);
        }
        return Ok(());
    }
    if name == "indicator" {
        return indicator(line, members, &shown(), list);
    }
    if UNSEARCHED.contains(&name) {
        if name != "observed-data" || members.contains_key("objects") {
            list.skip(line, &shown(), SkipReason::Type(name.to_owned()));
        }
        return Ok(());
    }
    // What a vulnerability is about is no sign of its use.
    if is_searched(name) && name != "vulnerability" {
        observable(line, name, members, &shown(), list)?;
    }
    Ok(())
}

fn is_searched(name: &str) -> bool {
    WITH_HASHES.contains(&name) || PROPERTIES.iter().any(|(known, _, _)| *known == name)
}

fn indicator(
    line: usize,
    members: &Members<'_>,
    shown: &str,
    list: &mut List,
) -> Result<(), ListError> {
    if let Some(until) = string(members.get("valid_until"))
        && time::parse(&until, list.now).is_some_and(|until| until <= list.now)
    {
        list.skip(line, shown, SkipReason::Expired(until));
        return Ok(());
    }
    if let Some(language) = string(members.get("pattern_type"))
        && language != "stix"
    {
        list.skip(line, shown, SkipReason::PatternType(language));
        return Ok(());
    }
    let Some(text) = string(members.get("pattern")) else {
        list.skip(line, shown, SkipReason::NoValue);
        return Ok(());
    };
    let Some(pattern) = pattern::read(&text) else {
        list.skip(line, &text, SkipReason::Pattern);
        return Ok(());
    };
    let note = pattern.is_joined.then_some(Note::PartOfPattern);
    for comparison in &pattern.comparisons {
        comparison_of(line, comparison, note, list)?;
    }
    if pattern.comparisons.is_empty() {
        list.skip(line, &text, SkipReason::NoValue);
    }
    Ok(())
}

fn comparison_of(
    line: usize,
    comparison: &Comparison,
    note: Option<Note>,
    list: &mut List,
) -> Result<(), ListError> {
    let Some(form) = form_of(&comparison.path) else {
        list.skip(line, &comparison.text, SkipReason::Property(comparison.path.clone()));
        return Ok(());
    };
    let is_network = form == Some(Form::Ip) || form.is_none();
    let is_supported = match comparison.operator.as_str() {
        "=" | "==" | "IN" => true,
        "ISSUBSET" => is_network,
        _ => false,
    };
    if !is_supported {
        let operator = comparison.operator.clone();
        list.skip(line, &comparison.text, SkipReason::Comparison(operator));
        return Ok(());
    }
    for value in &comparison.values {
        take(line, form, value, note, list)?;
    }
    Ok(())
}

/// The form of what a path of a pattern names: nothing when it is not searched.
fn form_of(path: &str) -> Option<Option<Form>> {
    let (name, property) = path.split_once(':')?;
    if WITH_HASHES.contains(&name) && property.starts_with("hashes.") {
        return Some(Some(Form::Hash));
    }
    let plain = |text: &str| text.replace(['\'', '"'], "");
    let known =
        PROPERTIES.iter().find(|(known, part, _)| *known == name && plain(part) == plain(property));
    known.map(|(_, _, form)| *form)
}

fn observable(
    line: usize,
    name: &str,
    members: &Members<'_>,
    shown: &str,
    list: &mut List,
) -> Result<(), ListError> {
    let mut any = false;
    let hashes = members.get("hashes").filter(|_| WITH_HASHES.contains(&name));
    if let Some(hashes) = hashes {
        let hashes = serde_json::from_str::<Members<'_>>(hashes.get()).unwrap_or_default();
        for value in hashes.values().filter_map(|value: &&RawValue| string(Some(value))) {
            any = true;
            take(line, Some(Form::Hash), &value, None, list)?;
        }
    }
    for (_, property, form) in PROPERTIES.iter().filter(|(known, _, _)| *known == name) {
        let Some(value) = string(members.get(*property)) else { continue };
        if any && name == "file" {
            list.skip(line, &value, SkipReason::NameWithHash);
        } else {
            any = true;
            take(line, *form, &value, None, list)?;
        }
    }
    // Traffic, messages and processes mostly refer to other objects of the bundle.
    if !any && !["network-traffic", "email-message", "process"].contains(&name) {
        list.skip(line, shown, SkipReason::NoValue);
    }
    Ok(())
}

fn take(
    line: usize,
    form: Option<Form>,
    value: &str,
    note: Option<Note>,
    list: &mut List,
) -> Result<(), ListError> {
    let read = match form {
        Some(form) => Indicator::parse_as(form, value),
        None => Indicator::parse(value),
    };
    list.take(line, value, read, note)
}
