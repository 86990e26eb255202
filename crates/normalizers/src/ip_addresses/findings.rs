//! The addresses of one event: the best of each side, and all of them.

use std::net::IpAddr;

use headwater_event::ip;
use headwater_event::json::{Kind, NodeId, Tree};

use super::canonical::{TEXT_BYTES_MAX, write_address};
use super::keys::{Side, may_be_number, side_of};
use crate::ranked_keys::RankedMember;

/// Most addresses that one event adds to the list; a longer list helps nobody to search.
const ADDRESSES_MAX: usize = 256;

/// What the keys of one event say.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) source: Option<Address>,
    pub(super) destination: Option<Address>,
    /// All addresses under listed keys, each once.
    pub(super) all: Vec<IpAddr>,
}

#[derive(Debug)]
pub(super) struct Address {
    pub(super) canonical: IpAddr,
    /// Canonical text, or the text as sent when that is nothing but the address in another
    /// spelling.
    pub(super) text: String,
}

impl Findings {
    pub(super) fn of(json: &Tree, members: &[RankedMember]) -> Self {
        let mut findings = Self::default();
        for member in members {
            let Some(side) = side_of(json, *member) else { continue };
            if json.kind(member.id) == Kind::Array {
                for element in json.children(member.id) {
                    findings.read(json, member.id, element, side);
                }
            } else {
                findings.read(json, member.id, member.id, side);
            }
        }
        findings
    }

    fn read(&mut self, json: &Tree, member: NodeId, value: NodeId, side: Side) {
        if let Some(text) = json.as_str(value) {
            for address in ip::find_addresses(&text) {
                self.add(address, side, &text);
            }
        } else if may_be_number(&json.key(member))
            && let Some(address) = json.as_i64(value).and_then(ip::from_integer)
        {
            self.add(address, side, "");
        }
    }

    fn add(&mut self, canonical: IpAddr, side: Side, sent: &str) {
        let slot = match side {
            Side::Source => &mut self.source,
            Side::Destination => &mut self.destination,
        };
        if slot.is_none() {
            let mut text = String::with_capacity(TEXT_BYTES_MAX);
            write_address(canonical, &mut text);
            let sent = sent.trim();
            if sent != text && ip::is_ip_legacy(sent) {
                sent.clone_into(&mut text);
            }
            *slot = Some(Address { canonical, text });
        }
        if self.all.len() < ADDRESSES_MAX && !self.all.contains(&canonical) {
            self.all.push(canonical);
        }
    }
}
