//! The members of `%`: facts about the arrival of the event, and its OCSF object.

use std::collections::BTreeMap;

use headwater_event::json::Tree;
use vrl::value::kind::{Collection, Field};
use vrl::value::{Kind, ObjectMap, Value};

use super::convert::{self, Refusal};
use super::numbers::Numbers;
use super::selection::Selection;
use crate::Metadata;

/// Member of `%` with the OCSF object, the only one that a program can change.
pub(super) const OCSF: &str = "ocsf";

/// Member of `%` with the time of arrival.
pub(super) const RECEIVED_AT: &str = "received_at";

/// Facts of arrival.
pub(super) const FACTS: [&str; 6] =
    ["source", "host", "sourcetype", "index", RECEIVED_AT, "origin"];

/// Everything in `%`.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FACTS.into_iter().chain([OCSF])
}

/// The types of the members of `%`.
pub(super) fn kind() -> Kind {
    let kinds: BTreeMap<Field, Kind> = names()
        .map(|name| {
            let kind = match name {
                OCSF => Kind::object(Collection::any()),
                RECEIVED_AT => Kind::timestamp(),
                "origin" => Kind::bytes(),
                _ => Kind::bytes().or_null(),
            };
            (Field::from(name), kind)
        })
        .collect();
    Kind::object(Collection::from(kinds))
}

/// The selected members of `%`.
pub(super) fn read(
    ocsf: &Tree,
    metadata: &Metadata<'_>,
    selection: &Selection,
    numbers: &mut Numbers,
) -> Result<Value, Refusal> {
    let mut members = ObjectMap::new();
    for name in names() {
        let Some(selection) = selection.of_member(name) else { continue };
        let value = match name {
            OCSF => convert::read(ocsf, selection, numbers).map_err(Refusal::below_ocsf)?,
            name => fact(name, metadata),
        };
        members.insert(name.into(), value);
    }
    Ok(Value::Object(members))
}

/// The time of arrival.
pub(super) fn received_at(metadata: &Metadata<'_>) -> Value {
    let arrival = chrono::DateTime::from_timestamp_micros(metadata.received_at.as_micros());
    arrival.map_or(Value::Null, Value::from)
}

fn fact(name: &str, metadata: &Metadata<'_>) -> Value {
    let origin = metadata.origin;
    let text = match name {
        "source" => origin.source.as_deref(),
        "host" => origin.host.as_deref(),
        "sourcetype" => origin.sourcetype.as_deref(),
        "index" => origin.index.as_deref(),
        "origin" => Some(&*origin.name),
        _ => return received_at(metadata),
    };
    Value::from(text)
}
