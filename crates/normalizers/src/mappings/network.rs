//! What network sensors and firewalls have in common: requests, addresses of messages,
//! protocols, and the frame that syslog gives their texts.

use headwater_event::json::Scalar;
use headwater_pipeline::mapping::Mapper;

/// Methods that the schema knows, with the activity of HTTP Activity.
const METHODS: [(&str, i64); 9] = [
    ("CONNECT", 1),
    ("DELETE", 2),
    ("GET", 3),
    ("HEAD", 4),
    ("OPTIONS", 5),
    ("POST", 6),
    ("PUT", 7),
    ("TRACE", 8),
    ("PATCH", 9),
];

/// The class of a web request, with the activity of the method that a field has.
pub(super) fn http_class(mapper: &mut Mapper<'_>, from: &str) {
    let method = mapper.source().text(from).unwrap_or_default().into_owned();
    let known = METHODS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&method));
    mapper.class(4002, known.map_or(0, |(_, activity)| *activity));
    if known.is_none() && !method.is_empty() {
        mapper.other_activity(&method);
    }
}

/// The method. The schema has a closed list, in capitals: others stay unmapped.
pub(super) fn http_method(mapper: &mut Mapper<'_>, from: &str, request: &str) {
    let method = mapper.source().text(from).unwrap_or_default().into_owned();
    let known = METHODS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&method));
    if let Some((name, _)) = known
        && mapper.set(&format!("{request}.http_method"), *name)
    {
        mapper.done(from);
    }
}

/// A request's target: path and query, or a whole address as proxies get it. An address needs one
/// of them; where there is only a host, this is it.
pub(super) fn http_target(mapper: &mut Mapper<'_>, from: &str, host: &str, url: &str) {
    let Some(target) = mapper.source().text(from).map(std::borrow::Cow::into_owned) else {
        if mapper.copy(host, &format!("{url}.url_string")) {
            mapper.copy(host, &format!("{url}.hostname"));
        }
        return;
    };
    match target.split_once('?') {
        Some((path, query)) if target.starts_with('/') => {
            mapper.set(&format!("{url}.path"), path);
            if !query.is_empty() {
                mapper.set(&format!("{url}.query_string"), query);
            }
            mapper.done(from);
        }
        None if target.starts_with('/') => {
            mapper.copy(from, &format!("{url}.path"));
        }
        _ => {
            mapper.copy(from, &format!("{url}.url_string"));
        }
    }
    mapper.copy(host, &format!("{url}.hostname"));
}

/// Addresses of a message: writes what stands between `<` and `>`, or all of it, and the whole
/// where that is more.
pub(super) fn addresses(mapper: &mut Mapper<'_>, from: &str, address: &str, mailbox: &str) {
    let source = mapper.source();
    let Some(field) = source.find(from) else { return };
    let texts = source.elements(field).into_iter().filter_map(|one| source.text_of(one));
    let texts: Vec<String> = texts.map(std::borrow::Cow::into_owned).collect();
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

/// [`Mapper::table`] with targets below a prefix (`evidences.`).
pub(super) fn table_below(mapper: &mut Mapper<'_>, prefix: &str, pairs: &[(&str, &str)]) {
    for (from, to) in pairs {
        mapper.table(&[(from, &format!("{prefix}{to}"))]);
    }
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
    let Some(text) = mapper.source().text(from).map(std::borrow::Cow::into_owned) else { return };
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

/// Action and disposition of a firewall: allowed, or not with the kind of no.
pub(super) fn verdict(mapper: &mut Mapper<'_>, is_allowed: bool, disposition: i64) {
    mapper.set("action_id", if is_allowed { 1_i64 } else { 2 });
    mapper.set("disposition_id", disposition);
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
    let is_there =
        |end: &&str| parts.iter().any(|part| mapper.written(&format!("{end}.{part}")).is_some());
    if !ends.iter().any(is_there) {
        mapper.set("dst_endpoint.name", "Unknown");
    }
}

/// Whether a text is an address and nothing else.
pub(super) fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}
