//! Who talked to whom: addresses get the names of their sides and are classified.
//!
//! Names hold the canonical text. An address that was written in another way (`::ffff:1.2.3.4`,
//! with a port, in brackets) stays as it was in `<name>_original`.

use std::net::IpAddr;

use headwater_event::ip::{class_of, parse_address};
use headwater_event::json::NodeId;

use super::every_channel::{
    DESTINATION_ADDRESSES, REMOTE_DESKTOP_EVENTS, SOURCE_ADDRESSES, TRANSLATED_DESTINATION,
};
use super::fields::Fields;

/// The sides of a connection: name of the address, prefix of what is known about it.
const SIDES: [(&str, &str); 3] =
    [("src_ip_addr", "src"), ("dst_ip_addr", "dst"), ("dst_nat_ip_addr", "dst_nat")];

/// Where a source that is no address goes, for example `LOCAL`.
const NO_ADDRESS: &str = "src_original_value";

/// Whose [`REMOTE_DESKTOP_EVENTS`] are: other channels have events of the same numbers.
const REMOTE_DESKTOP_CHANNEL: &str = "Microsoft-Windows-TerminalServices-RDPClient/";

/// Names the addresses by their sides, before the rules of the event rename their fields.
pub(crate) fn name_addresses(fields: &mut Fields<'_>, log_name: &str, event_id: u32) {
    let [(source, _), (destination, _), _] = SIDES;
    let mut refused = None;
    if fields.find(source).is_none() {
        refused = name_first(fields, &SOURCE_ADDRESSES, source);
    }
    if fields.find(destination).is_none() {
        name_first(fields, &DESTINATION_ADDRESSES, destination);
        let is_client = log_name.starts_with(REMOTE_DESKTOP_CHANNEL);
        if is_client && REMOTE_DESKTOP_EVENTS.contains(&event_id) {
            name_first(fields, &["value"], destination);
        }
    }
    name_first(fields, &[TRANSLATED_DESTINATION.from], TRANSLATED_DESTINATION.to);
    if let Some(id) = refused.filter(|_| fields.find(source).is_none()) {
        fields.rename_field(id, NO_ADDRESS);
    }
}

/// The first of the fields that holds an address gives it its name; returns the first that is text
/// but no address.
fn name_first(fields: &mut Fields<'_>, candidates: &[&str], name: &str) -> Option<NodeId> {
    let mut refused = None;
    for candidate in candidates {
        let Some(id) = fields.find(candidate) else { continue };
        let Some(text) = fields.json.as_str(id) else { continue };
        let Some(address) = address_of(&text) else {
            refused = refused.or((!text.is_empty()).then_some(id));
            continue;
        };
        let canonical = address.to_string();
        let is_canonical = *text == canonical;
        if is_canonical {
            fields.rename_field(id, name);
        } else {
            fields.put(name, canonical.as_str());
            // A service principal is also the name of the server: it is left to the rules.
            if !text_has_service(fields, id) {
                fields.rename_field(id, &format!("{name}_original"));
            }
        }
        return None;
    }
    refused
}

fn address_of(text: &str) -> Option<IpAddr> {
    let after_service = text.rsplit_once('/').map(|(_, host)| host);
    parse_address(text).or_else(|| parse_address(after_service?))
}

fn text_has_service(fields: &Fields<'_>, id: NodeId) -> bool {
    fields.json.as_str(id).is_some_and(|text| text.contains('/'))
}

/// Adds what the registries say about the addresses.
pub(crate) fn classify_addresses(fields: &mut Fields<'_>) {
    for (name, prefix) in SIDES {
        let address = fields.text(name).and_then(|text| parse_address(&text));
        let Some(address) = address else { continue };
        let known = class_of(address);
        let version = if address.to_canonical().is_ipv4() { 4 } else { 6 };
        let mut put = |what: &str, value: headwater_event::json::Scalar<'_>| {
            fields.put(&[prefix, "_ip_", what].concat(), value);
        };
        put("public", known.is_public.into());
        put("type", known.class.name().into());
        put("rfc", known.rfc.into());
        put("version", version.into());
    }
}
