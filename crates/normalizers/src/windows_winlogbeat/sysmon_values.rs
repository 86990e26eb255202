//! Fields of Sysmon that hold several values: hashes, the name of the rule, accounts and times.

use headwater_event::json::NodeId;
use headwater_event::time::{self, Timestamp};

use super::fields::Fields;
use super::rules::Rename;
use super::sysmon::{ACCOUNT, ACCOUNTS, HASH, HASH_PREFIXES, RULE_FIELD, TIME_FIELD, TIMES};

/// When the event happened; the field is taken away.
pub(crate) fn take_time(fields: &mut Fields<'_>, now: Timestamp) -> Option<Timestamp> {
    let id = fields.find(TIME_FIELD)?;
    let time = time::parse(&fields.json.as_str(id)?, now)?;
    fields.drop_field(id);
    Some(time)
}

/// Splits the fields that hold several values, before the rules of the event rename fields.
pub(crate) fn split_values(fields: &mut Fields<'_>, now: Timestamp) {
    for Rename { from, to } in TIMES {
        let Some(id) = fields.find(from) else { continue };
        let read = fields.json.as_str(id).and_then(|text| time::parse(&text, now));
        if let Some(time) = read {
            fields.put(to, &*time.to_iso());
            fields.drop_field(id);
        }
    }
    for Rename { from, to } in HASH_PREFIXES {
        if let Some(id) = fields.find(from)
            && split_hashes(fields, id, to)
        {
            fields.drop_field(id);
        }
    }
    if let Some(id) = fields.find(HASH.from) {
        split_hashes(fields, id, HASH.to);
    }
    split_rule(fields);
    fields.rename(&ACCOUNT);
}

/// `ALGORITHM=hex,…` becomes one field for each; returns whether that says all.
fn split_hashes(fields: &mut Fields<'_>, id: NodeId, prefix: &str) -> bool {
    let Some(text) = fields.json.owned_text(id) else { return false };
    let mut is_all = true;
    for pair in text.split(',') {
        let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match pair.split_once('=') {
            Some((algorithm, hash)) if !algorithm.is_empty() && is_name(algorithm) => {
                fields.put(&[prefix, &algorithm.to_ascii_lowercase()].concat(), hash);
            }
            _ => is_all = false,
        }
    }
    is_all
}

/// `key=value,key=value` becomes `rule_<key>`; a value may hold commas. The field itself stays.
fn split_rule(fields: &mut Fields<'_>) {
    let Some(text) = fields.text(RULE_FIELD).filter(|text| text.contains('=')) else { return };
    let mut pairs: Vec<(String, String)> = Vec::new();
    for piece in text.split(',') {
        if let Some((key, value)) = piece.split_once('=') {
            pairs.push((rule_name(key), value.trim().to_owned()));
        } else if let Some((_, value)) = pairs.last_mut() {
            value.push(',');
            value.push_str(piece);
        }
    }
    for (name, value) in pairs {
        fields.put(&name, value.as_str());
    }
}

fn rule_name(key: &str) -> String {
    let mut name = "rule_".to_owned();
    name.extend(key.trim().chars().map(|character| {
        if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '_' }
    }));
    name
}

/// `DOMAIN\name` also becomes its parts, where the event does not have them.
pub(crate) fn split_accounts(fields: &mut Fields<'_>) {
    for (account, domain, name) in ACCOUNTS {
        let Some(text) = fields.text(account) else { continue };
        let Some((in_domain, named)) = text.split_once('\\') else { continue };
        let (in_domain, named) = (in_domain.to_owned(), named.to_owned());
        for (field, value) in [(domain, in_domain), (name, named)] {
            if fields.find(field).is_none() {
                fields.put(field, value.as_str());
            }
        }
    }
}
