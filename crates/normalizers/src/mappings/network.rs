//! What network sensors, firewalls and clouds have in common: endpoints, protocols, verdicts,
//! addresses of messages, and the frame that syslog gives their texts.

use std::borrow::Cow;

use headwater_event::ip::parse_address;
use headwater_event::json::Scalar;
use headwater_pipeline::mapping::Mapper;

/// Addresses of a message: writes what stands between `<` and `>`, or all of it, and the whole
/// where that is more.
pub(super) fn addresses(mapper: &mut Mapper<'_>, from: &str, address: &str, mailbox: &str) {
    let source = mapper.source();
    let Some(field) = source.find(from) else { return };
    let texts = source.elements(field).into_iter().filter_map(|one| source.text_of(one));
    let texts: Vec<String> = texts.map(Cow::into_owned).collect();
    let name = addresses_name(from);
    let extra = mapper.extra();
    let list = extra.append(extra.root(), &name, Scalar::Array);
    for text in &texts {
        let inside = text.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        extra.push(list, inside.map_or(text.as_str(), |(inside, _)| inside));
    }
    // An attribute for one takes the first of several.
    let is_list = mapper.copy(&name, address);
    let is_written = is_list || mapper.copy(&format!("{name}.0"), address);
    mapper.done(&name);
    let is_whole = texts.iter().all(|text| !text.contains('<'));
    if is_written && is_whole && (is_list || texts.len() == 1) {
        mapper.done(from);
    } else {
        mapper.copy(from, mailbox);
    }
}

/// Where [`addresses`] keeps what it found, for a second attribute.
pub(super) fn addresses_name(from: &str) -> String {
    format!("{}_addresses", from.replace('.', "_"))
}

/// Hashes in the order of the fields that are there, with the numbers of their algorithms.
pub(super) fn hashes(mapper: &mut Mapper<'_>, fields: &[(&str, i64)], to: &str) {
    let mut place = 0;
    for (from, algorithm) in fields {
        if mapper.copy(from, &format!("{to}[{place}].value")) {
            mapper.set(&format!("{to}[{place}].algorithm_id"), *algorithm);
            place += 1;
        }
    }
}

/// Protocols by name and number.
const PROTOCOLS: [(&str, i64); 12] = [
    ("icmp", 1),
    ("igmp", 2),
    ("tcp", 6),
    ("udp", 17),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("ospf", 89),
    ("sctp", 132),
    ("icmp6", 58),
];

/// A protocol from a field that has its name or its number; writes both. `prefix` ends in a dot or
/// is empty.
pub(super) fn protocol(mapper: &mut Mapper<'_>, from: &str, prefix: &str) {
    let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { return };
    let to_name = format!("{prefix}connection_info.protocol_name");
    let to_number = format!("{prefix}connection_info.protocol_num");
    let is = |name: &str| text.eq_ignore_ascii_case(name);
    if let Some((_, number)) = PROTOCOLS.iter().find(|(name, _)| is(name)) {
        if mapper.copy(from, &to_name) {
            mapper.set(&to_number, *number);
        }
    } else if let Ok(number) = text.parse::<i64>() {
        if (0..=255).contains(&number) && mapper.copy(from, &to_number) {
            let known = PROTOCOLS.iter().find(|(_, one)| *one == number);
            if let Some((name, _)) = known {
                mapper.set(&to_name, *name);
            }
        }
    } else {
        mapper.copy(from, &to_name);
    }
}

/// Letters of the TCP flags with their bits.
const FLAGS: [(char, i64); 8] =
    [('F', 1), ('S', 2), ('R', 4), ('P', 8), ('A', 16), ('U', 32), ('E', 64), ('C', 128)];

/// TCP flags from their letters; others stay.
pub(super) fn tcp_flags(mapper: &mut Mapper<'_>, from: &str) {
    let Some(text) = mapper.source().text(from) else { return };
    let bit = |letter: char| FLAGS.iter().find(|(flag, _)| *flag == letter).map(|(_, bit)| *bit);
    let bits: Option<i64> = text.trim().chars().map(bit).sum();
    if let Some(bits) = bits
        && mapper.set("connection_info.tcp_flags", bits)
    {
        mapper.done(from);
    }
}

/// Direction of a connection where the object is there: it is required. `prefix` as above.
pub(super) fn direction(mapper: &mut Mapper<'_>, prefix: &str, direction: i64) {
    let to = |part: &str| format!("{prefix}connection_info.{part}");
    let parts = ["uid", "community_uid", "protocol_name", "protocol_num", "tcp_flags"];
    if direction != 0 || parts.iter().any(|part| mapper.written(&to(part)).is_some()) {
        mapper.set(&to("direction_id"), direction);
    }
}

/// Sums of the two directions, where both are there.
pub(super) fn totals(mapper: &mut Mapper<'_>) {
    for total in ["bytes", "packets"] {
        let part = |side: &str| mapper.written(&format!("traffic.{total}_{side}"))?.parse().ok();
        let sides: (Option<i64>, Option<i64>) = (part("in"), part("out"));
        if let (Some(one), Some(other)) = sides {
            mapper.set(&format!("traffic.{total}"), one.saturating_add(other));
        }
    }
}

/// What a firewall is: the device that speaks.
pub(super) fn firewall(mapper: &mut Mapper<'_>) {
    let known = ["hostname", "uid", "ip", "name", "interface_name"];
    if known.iter().any(|part| mapper.written(&format!("device.{part}")).is_some()) {
        mapper.set("device.type_id", 9_i64);
    }
}

/// What syslog says around a text: where nothing in the text said it before.
pub(super) fn syslog_frame(mapper: &mut Mapper<'_>) {
    mapper.time(&["timestamp"]);
    mapper.table(&[
        ("hostname", "device.ip"),
        ("hostname", "device.hostname"),
        ("hostname", "device.name"),
    ]);
}

/// Whether a word is in a text, in any ASCII case of the text.
pub(super) fn mentions(text: &str, words: &[&str]) -> bool {
    let text = text.to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}

/// The schema wants a name for every endpoint of which something is known.
pub(super) fn name_endpoints(mapper: &mut Mapper<'_>, prefix: &str) {
    let has = |mapper: &Mapper<'_>, end: &str, parts: &[&str]| {
        parts.iter().any(|part| mapper.written(&format!("{prefix}{end}.{part}")).is_some())
    };
    for end in ["src_endpoint", "dst_endpoint"] {
        let names = ["ip", "hostname", "interface_name", "name", "uid", "domain", "svc_name"];
        let others = ["port", "mac", "zone", "location.country", "intermediate_ips[0]"];
        if has(mapper, end, &others) && !has(mapper, end, &names) {
            mapper.set(&format!("{prefix}{end}.name"), "Unknown");
        }
    }
}

/// A network class wants one of the two ends.
pub(super) fn any_endpoint(mapper: &mut Mapper<'_>) {
    name_endpoints(mapper, "");
    let parts = ["ip", "hostname", "interface_name", "name", "domain", "svc_name"];
    let ends = ["src_endpoint", "dst_endpoint"];
    let is_there = |end: &&str| parts.iter().any(|part| mapper.written((*end, part)).is_some());
    if !ends.iter().any(is_there) {
        mapper.set("dst_endpoint.name", "Unknown");
    }
}

/// Whether a text is an address and nothing else.
pub(super) fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

/// Action and disposition of a firewall: allowed, or not with the kind of no.
pub(super) fn verdict(mapper: &mut Mapper<'_>, is_allowed: bool, disposition: i64) {
    mapper.set("action_id", if is_allowed { 1_i64 } else { 2 });
    mapper.set("disposition_id", disposition);
}

/// [`verdict`] of those who know nothing but yes and no.
pub(super) fn plain_verdict(mapper: &mut Mapper<'_>, is_allowed: bool) {
    verdict(mapper, is_allowed, if is_allowed { 1 } else { 2 });
}

/// Host and port of `host:port`; an IPv6 address with a port stands in square brackets.
pub(super) fn split_port(text: &str) -> (&str, Option<i64>) {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        return (host, rest.strip_prefix(':').and_then(parse_port));
    }
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => match parse_port(port) {
            Some(port) => (host, Some(port)),
            None => (text, None),
        },
        _ => (text, None),
    }
}

fn parse_port(text: &str) -> Option<i64> {
    text.parse::<u16>().ok().map(i64::from)
}

/// An address that may have a port: `address:port`, to the members of an endpoint.
pub(super) fn endpoint(mapper: &mut Mapper<'_>, from: &str, to: &str) -> bool {
    let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { return false };
    let (host, port) = split_port(&text);
    if port.is_none() && host == text {
        return mapper.copy(from, (to, "ip")) || mapper.copy(from, (to, "hostname"));
    }
    let member = if parse_address(host).is_some() { "ip" } else { "hostname" };
    if !mapper.set((to, member), host) {
        return false;
    }
    if let Some(port) = port {
        mapper.set((to, "port"), port);
    }
    mapper.done(from);
    true
}

/// DNS response code in the words of the registry, or its number.
pub(super) fn response_code(mapper: &mut Mapper<'_>, from: &str) -> bool {
    let Some(text) = mapper.source().text(from).map(Cow::into_owned) else { return false };
    let number = match text.to_ascii_uppercase().as_str() {
        "FORMERR" => Some(1_i64),
        "SERVFAIL" => Some(2),
        _ => None,
    };
    let Some(number) = number else { return mapper.copy(from, "rcode_id") };
    let written = mapper.set("rcode_id", number);
    if written {
        mapper.done(from);
    }
    written
}
