//! The keys under which producers write addresses, and whose address each of them holds.

use headwater_event::json::Tree;

use crate::ranked_keys::RankedMember;

/// Keys that hold the source address, best first. Those with a point are Zeek's; the replaced lake
/// knew them with underscores only.
pub(super) const SOURCE_KEYS: [&str; 20] = [
    "src",
    "srcaddr",
    "srcip",
    "src_ip",
    "source_ip",
    "sourceipaddress",
    "source_ip_address",
    "c-ip",
    "clientip",
    "remoteip",
    "remote_ip",
    "remoteaddr",
    "remote_host_ip_address",
    "ipaddress",
    "ip_address",
    "ipaddr",
    "id_orig_h",
    "x-forwarded-for",
    "http-x-forwarded-for",
    "id.orig_h",
];

/// Keys that hold the destination address, best first.
pub(super) const DESTINATION_KEYS: [&str; 13] = [
    "dst",
    "dstip",
    "dst_ip",
    "dstaddr",
    "dest",
    "destaddr",
    "dest_ip",
    "destination_ip",
    "destinationipaddress",
    "destination_ip_address",
    "id_resp_h",
    "serverip",
    "id.resp_h",
];

/// The key of an address inside an object that says whose it is: ECS and OCSF.
const ADDRESS_OF: &str = "ip";
const SOURCE_OBJECTS: [&str; 3] = ["source", "src_endpoint", "client"];
const DESTINATION_OBJECTS: [&str; 3] = ["destination", "dst_endpoint", "server"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Destination,
}

/// The listed keys; the place of a word is its rank.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    SOURCE_KEYS.into_iter().chain(DESTINATION_KEYS).chain([ADDRESS_OF])
}

pub(super) fn side_of(json: &Tree, member: RankedMember) -> Option<Side> {
    let rank = usize::from(member.rank);
    if rank < SOURCE_KEYS.len() {
        return Some(Side::Source);
    }
    if rank < SOURCE_KEYS.len() + DESTINATION_KEYS.len() {
        return Some(Side::Destination);
    }
    let object = json.key(json.parent(member.id)?);
    if SOURCE_OBJECTS.contains(&&*object) {
        return Some(Side::Source);
    }
    DESTINATION_OBJECTS.contains(&&*object).then_some(Side::Destination)
}

/// Whether an integer under this key is an address: `src` may be any number, `srcip` is one.
pub(super) fn may_be_number(key: &str) -> bool {
    key.contains("ip") || key.contains("addr")
}
