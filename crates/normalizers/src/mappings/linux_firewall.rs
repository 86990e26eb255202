//! Packets that iptables, nftables, ufw and Proxmox log: Network Activity. Contract: the kernel's
//! `nf_log` text, `IN=… OUT=… SRC=… DST=… PROTO=…`, behind a prefix that the rule's author chose.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

use super::text_line::{KeyValues, header, keep, line_text};
use super::well_known::product;

/// Words in prefixes that tell what becomes of the packet: activity, action and disposition.
const VERDICTS: [(&str, (i64, i64, i64)); 9] = [
    ("REJECT", (5, 2, 2)),
    ("DROP", (5, 2, 6)),
    ("BLOCK", (5, 2, 2)),
    ("DENY", (5, 2, 2)),
    ("DENIED", (5, 2, 2)),
    ("ACCEPT", (1, 1, 1)),
    ("ALLOW", (1, 1, 1)),
    ("PASS", (1, 1, 1)),
    ("PERMIT", (1, 1, 1)),
];

/// A packet that is only logged.
const OBSERVED: (i64, i64, i64) = (6, 3, 16);

const PROTOCOLS: [(&str, i64); 9] = [
    ("ICMP", 1),
    ("IGMP", 2),
    ("TCP", 6),
    ("UDP", 17),
    ("GRE", 47),
    ("ESP", 50),
    ("AH", 51),
    ("ICMPv6", 58),
    ("SCTP", 132),
];

/// Flags of TCP, with their bit.
const FLAGS: [(&str, i64); 8] = [
    ("FIN", 1),
    ("SYN", 2),
    ("RST", 4),
    ("PSH", 8),
    ("ACK", 16),
    ("URG", 32),
    ("ECE", 64),
    ("CWR", 128),
];

#[derive(Debug)]
pub(super) struct LinuxFirewall;

impl Mapping for LinuxFirewall {
    fn name(&self) -> &'static str {
        "linux_firewall"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["message"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.text("message").is_some_and(|text| {
            ["SRC=", " DST=", " PROTO=", " TTL="].iter().all(|key| text.contains(key))
                || ["SRC=", " DST=", " PROTO=", " HOPLIMIT="].iter().all(|key| text.contains(key))
        })
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        let text = line_text(mapper);
        let (prefix, packet) = split_prefix(&text);
        let (uptime, prefix) = split_uptime(prefix);
        let upper = prefix.to_ascii_uppercase();
        let verdict = VERDICTS.iter().find(|(word, _)| upper.contains(word));
        let (activity, action, disposition) = verdict.map_or(OBSERVED, |(_, verdict)| *verdict);
        mapper.class(4001, activity);
        mapper.set("action_id", action);
        mapper.set("disposition_id", disposition);
        product(mapper, "Linux", "Netfilter");
        let prefix = proxmox_time(mapper, prefix);
        header(mapper);
        let rule = prefix.trim().trim_end_matches(':').trim();
        if !rule.is_empty() {
            mapper.set("firewall_rule.name", rule.trim_start_matches('[').trim_end_matches(']'));
        }
        keep(mapper, "uptime", uptime);
        let flags = keep_packet(mapper, packet);
        if flags != 0 {
            mapper.set("connection_info.tcp_flags", flags);
        }
        endpoints(mapper);
        protocol(mapper);
    }
}

/// What stands in front of the first field.
fn split_prefix(text: &str) -> (&str, &str) {
    let places = ["IN=", "OUT=", "PHYSIN=", "MAC=", "SRC="].iter().filter_map(|key| text.find(key));
    text.split_at(places.min().unwrap_or(0))
}

/// `[ 203.842973] `: seconds since the kernel started.
fn split_uptime(prefix: &str) -> (&str, &str) {
    let split = || {
        let (inside, rest) = prefix.strip_prefix('[')?.split_once(']')?;
        let inside = inside.trim();
        let is_number = inside.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        (is_number && !inside.is_empty()).then_some((inside, rest))
    };
    split().unwrap_or(("", prefix))
}

/// Proxmox logs guest, level, chain, time and verdict in front of the packet; returns chain and
/// verdict, or the whole prefix when it is another one.
fn proxmox_time(mapper: &mut Mapper<'_>, prefix: &str) -> String {
    let words: Vec<&str> = prefix.split_whitespace().collect();
    if let [guest, level, chain, time, zone, verdict @ ..] = words.as_slice()
        && time.get(2..3) == Some("/")
    {
        keep(mapper, "guest", guest);
        keep(mapper, "level", level);
        keep(mapper, "time", &format!("{time} {zone}"));
        mapper.time(&["time"]);
        return format!("{chain} {}", verdict.join(" "));
    }
    prefix.to_owned()
}

/// Keeps the fields of a packet; returns its flags.
fn keep_packet(mapper: &mut Mapper<'_>, packet: &str) -> i64 {
    let mut flags = 0;
    let mut words: Vec<&str> = Vec::new();
    // A packet that an ICMP error is about stands in brackets and is another one.
    let (packet, inner) = packet.split_once('[').unwrap_or((packet, ""));
    for one in KeyValues(packet) {
        if one.key.is_empty() {
            let bit = FLAGS.iter().find(|(name, _)| *name == one.value);
            flags |= bit.map_or(0, |(_, bit)| *bit);
            words.push(one.value);
        } else if !one.value.is_empty() {
            keep(mapper, one.key, one.value);
        }
    }
    keep(mapper, "flags", &words.join(" "));
    keep(mapper, "inner_packet", inner.trim_end().trim_end_matches(']'));
    flags
}

fn endpoints(mapper: &mut Mapper<'_>) {
    if let Some(addresses) = mapper.source().text("MAC").filter(|text| text.len() >= 35) {
        let addresses = addresses.into_owned();
        let part = |from: usize| addresses.get(from..from + 17).unwrap_or_default();
        mapper.set("dst_endpoint.mac", part(0));
        mapper.set("src_endpoint.mac", part(18));
    }
    mapper.table(&[
        ("SRC", "src_endpoint.ip"),
        ("DST", "dst_endpoint.ip"),
        ("SPT", "src_endpoint.port"),
        ("DPT", "dst_endpoint.port"),
        ("IN", "src_endpoint.interface_name"),
        ("OUT", "dst_endpoint.interface_name"),
        ("UID", "actor.user.uid"),
        ("LEN", "traffic.bytes"),
    ]);
    let has_in = mapper.written("src_endpoint.interface_name").is_some();
    let has_out = mapper.written("dst_endpoint.interface_name").is_some();
    let direction = match (has_in, has_out) {
        (true, false) => 1,
        (false, true) => 2,
        _ => 0,
    };
    mapper.set("connection_info.direction_id", direction);
}

fn protocol(mapper: &mut Mapper<'_>) {
    let Some(name) = mapper.source().text("PROTO").map(|name| name.into_owned()) else { return };
    let known = PROTOCOLS.iter().find(|(one, _)| *one == name);
    let number = known.map_or_else(|| name.parse().ok(), |(_, number)| Some(*number));
    if let Some(number) = number {
        mapper.set("connection_info.protocol_num", number);
    }
    mapper.set("connection_info.protocol_name", &*name.to_ascii_lowercase());
    mapper.done("PROTO");
}
