//! Who talked to whom: the addresses that producers write under dozens of keys become
//! `details.sourceipaddress`, `details.destinationipaddress` and the list `details._ipaddresses`.
//!
//! - The first listed key with a real address decides, wherever it stands. Lists of addresses,
//!   ports, zones and brackets are understood; networks, abbreviations and host names are not
//!   addresses.
//! - `sourceipaddress` and `destinationipaddress` hold the address as it was sent, without blanks,
//!   ports, zones and brackets. Another value that is there already is set aside
//!   (`sourceipaddress_2`).
//! - `_ipaddresses` is for searching: canonical text, each address once; the source, the
//!   destination, then every other address under a listed key, such as the proxies of
//!   `x-forwarded-for`.
//! - A `sourceipaddress` that is no address stays, unless it only repeats `useragent`: CloudTrail
//!   names the calling service in both.

mod canonical;
mod findings;
mod keys;

use std::net::IpAddr;
use std::sync::Arc;

use headwater_event::Event;
use headwater_event::ip;
use headwater_event::json::{Kind, NodeId, Scalar, Tree, Vocabulary};
use headwater_pipeline::{Metadata, Plugin, PluginKind, Verdict};

use self::canonical::{TEXT_BYTES_MAX, write_address};
use self::findings::Findings;
use self::keys::words;
use crate::known_key::KnownKey;
use crate::ranked_keys::RankedKeys;

#[derive(Debug)]
pub(crate) struct IpAddresses {
    keys: RankedKeys,
    source: KnownKey,
    destination: KnownKey,
    list: KnownKey,
    useragent: KnownKey,
}

impl Default for IpAddresses {
    fn default() -> Self {
        Self {
            keys: RankedKeys::default(),
            source: KnownKey::new("sourceipaddress"),
            destination: KnownKey::new("destinationipaddress"),
            list: KnownKey::new("_ipaddresses"),
            useragent: KnownKey::new("useragent"),
        }
    }
}

impl Plugin for IpAddresses {
    fn name(&self) -> &str {
        "ip_addresses"
    }

    fn kind(&self) -> PluginKind {
        PluginKind::Normalize
    }

    fn registration(&self) -> Vec<String> {
        vec!["*".to_owned()]
    }

    /// After those that rename or make addresses.
    fn priority(&self) -> i32 {
        22
    }

    fn words(&self) -> Vec<String> {
        words().chain([self.list.name, self.useragent.name]).map(str::to_owned).collect()
    }

    fn bind(&mut self, vocabulary: &Arc<Vocabulary>) {
        self.keys = RankedKeys::new(vocabulary, words());
        let known = [&mut self.source, &mut self.destination, &mut self.list, &mut self.useragent];
        known.into_iter().for_each(|key| key.bind(vocabulary));
    }

    fn process(&self, event: &mut Event, _: &mut Metadata<'_>) -> Verdict {
        let details = event.details();
        let json = &mut event.json;
        let members = self.keys.members(json, details);
        if members.is_empty() {
            return Verdict::Keep;
        }
        self.remove_repeated_useragent(json, details);
        let findings = Findings::of(json, &members);
        if let Some(address) = &findings.source {
            put(json, details, &self.source, &address.text);
        }
        if let Some(address) = &findings.destination {
            put(json, details, &self.destination, &address.text);
        }
        if !findings.all.is_empty() {
            self.list_addresses(json, details, &findings);
        }
        Verdict::Keep
    }
}

impl IpAddresses {
    fn remove_repeated_useragent(&self, json: &mut Tree, details: NodeId) {
        let Some(id) = self.source.find(json, details) else { return };
        let agent = self.useragent.find(json, details).and_then(|agent| json.as_str(agent));
        let Some(source) = json.as_str(id).filter(|source| agent.as_ref() == Some(source)) else {
            return;
        };
        if !ip::is_ip_legacy(&source) && ip::parse_address(&source).is_none() {
            json.remove(id);
        }
    }

    fn list_addresses(&self, json: &mut Tree, details: NodeId, findings: &Findings) {
        let list = self.address_list(json, details);
        let read = |element| ip::parse_address(&json.as_str(element)?);
        let mut listed: Vec<IpAddr> = json.children(list).filter_map(read).collect();
        let ends = [&findings.source, &findings.destination];
        let ends = ends.into_iter().flatten().map(|address| address.canonical);
        let mut text = String::with_capacity(TEXT_BYTES_MAX);
        for address in ends.chain(findings.all.iter().copied()) {
            if !listed.contains(&address) {
                listed.push(address);
                text.clear();
                write_address(address, &mut text);
                json.push(list, text.as_str());
            }
        }
    }

    /// The list, made when it is missing; another value that is there becomes its only element.
    fn address_list(&self, json: &mut Tree, details: NodeId) -> NodeId {
        let there = self.list.find(json, details);
        match there.map(|id| (id, json.kind(id))) {
            Some((id, Kind::Array)) => id,
            Some((id, Kind::Null)) => {
                json.replace(id, Scalar::Array);
                id
            }
            Some((id, _)) => {
                json.wrap(id);
                id
            }
            None => self.list.append(json, details, Scalar::Array),
        }
    }
}

fn put(json: &mut Tree, details: NodeId, key: &KnownKey, text: &str) {
    let there = key.find(json, details);
    match there.map(|id| (id, json.as_str(id))) {
        Some((_, Some(sent))) if sent == text => return,
        Some((id, Some(sent))) if sent.trim() == text => return json.replace(id, text),
        Some(_) => json.set_aside(details, key.name),
        None => {}
    }
    key.append(json, details, text);
}

#[cfg(test)]
mod tests {
    use crate::tests::check;

    /// The three members as JSON; `None` for those that must be absent.
    fn check_addresses(
        event: &str,
        source: Option<&str>,
        destination: Option<&str>,
        list: Option<&str>,
    ) {
        check(
            event,
            &[
                ("details.sourceipaddress", source),
                ("details.destinationipaddress", destination),
                ("details._ipaddresses", list),
            ],
        );
    }

    #[test]
    fn every_listed_key_is_known_and_the_better_one_wins() {
        let keys = super::keys::SOURCE_KEYS.map(|key| (key, true)).into_iter();
        let keys = keys.chain(super::keys::DESTINATION_KEYS.map(|key| (key, false)));
        let (mut sources, mut destinations) = (Vec::new(), Vec::new());
        for (number, (key, is_source)) in (1..).zip(keys) {
            let member = format!(r#""{key}":"10.0.0.{number}""#);
            let address = format!(r#""10.0.0.{number}""#);
            let list = format!("[{address}]");
            let (source, destination) =
                if is_source { (Some(&*address), None) } else { (None, Some(&*address)) };
            check_addresses(&format!("{{{member}}}"), source, destination, Some(&list));
            let nested = format!(r#"{{"a":[{{"b":{{{member}}}}}]}}"#);
            check_addresses(&nested, source, destination, Some(&list));
            let side = if is_source { &mut sources } else { &mut destinations };
            side.insert(0, member);
        }
        let all = format!("{{{},{}}}", sources.join(","), destinations.join(","));
        check(&all, &[("details.sourceipaddress", Some(r#""10.0.0.1""#))]);
        check(&all, &[("details.destinationipaddress", Some(r#""10.0.0.21""#))]);
    }

    #[test]
    fn the_first_valid_address_wins_and_all_are_listed() {
        check_addresses(
            r#"{"src":"-","srcip":"host","clientip":"192.0.2.1","dst":"192.0.2.2"}"#,
            Some(r#""192.0.2.1""#),
            Some(r#""192.0.2.2""#),
            Some(r#"["192.0.2.1","192.0.2.2"]"#),
        );
        check_addresses(
            r#"{"x-forwarded-for":"1.2.3.4, 5.6.7.8","dst":"192.0.2.2"}"#,
            Some(r#""1.2.3.4""#),
            Some(r#""192.0.2.2""#),
            Some(r#"["1.2.3.4","192.0.2.2","5.6.7.8"]"#),
        );
        check_addresses(
            r#"{"src":"1.1.1.1","dst":"1.1.1.1","ipaddr":"::ffff:1.1.1.1"}"#,
            Some(r#""1.1.1.1""#),
            Some(r#""1.1.1.1""#),
            Some(r#"["1.1.1.1"]"#),
        );
    }

    #[test]
    fn the_address_is_kept_as_sent_and_listed_canonical() {
        for (sent, kept, listed) in [
            ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
            ("127.0.0.1/32", "127.0.0.1/32", "127.0.0.1"),
            (" 1.1.1.1", "1.1.1.1", "1.1.1.1"),
            ("01.02.03.04", "01.02.03.04", "1.2.3.4"),
            ("fe80::", "fe80::", "fe80::"),
            ("2001:DB8::1", "2001:DB8::1", "2001:db8::1"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4", "1.2.3.4"),
            ("fe80::1%eth0", "fe80::1", "fe80::1"),
            ("1.2.3.4:80", "1.2.3.4", "1.2.3.4"),
            ("[2001:db8::1]:443", "2001:db8::1", "2001:db8::1"),
        ] {
            let (kept, list) = (format!("\"{kept}\""), format!("[\"{listed}\"]"));
            check_addresses(&format!(r#"{{"srcip":"{sent}"}}"#), Some(&kept), None, Some(&list));
        }
    }

    #[test]
    fn what_is_no_address_changes_nothing() {
        for value in [
            r#""127""#,
            r#""256.1.1.1""#,
            r#"":""#,
            r#"".""#,
            r#""a.b""#,
            r#""1.1.1.1/33""#,
            r#""123.456.253.226""#,
            r#""1.2""#,
            r#""fe80::/10""#,
            r#""""#,
            "null",
            "true",
            "1234",
            "-1",
            "1.5",
            "[]",
            r#"["x",null,7,["1.1.1.1"]]"#,
            r#"{"x":"1.1.1.1"}"#,
        ] {
            check_addresses(&format!(r#"{{"srcip":{value},"dst":{value}}}"#), None, None, None);
        }
    }

    #[test]
    fn integers_and_lists_are_understood() {
        let list = Some(r#"["1.2.3.4"]"#);
        check_addresses(r#"{"srcaddr":16909060}"#, Some(r#""1.2.3.4""#), None, list);
        check_addresses(r#"{"src":16909060}"#, None, None, None);
        check_addresses(
            r#"{"ip_address":["fe80::1","10.0.0.5"],"dest_ip":["?","10.0.0.6"]}"#,
            Some(r#""fe80::1""#),
            Some(r#""10.0.0.6""#),
            Some(r#"["fe80::1","10.0.0.6","10.0.0.5"]"#),
        );
    }

    #[test]
    fn objects_that_say_whose_address_it_is_are_understood() {
        check_addresses(
            r#"{"source":{"ip":"10.0.0.1"},"dst_endpoint":{"ip":"10.0.0.2"},"x":{"ip":"9.9.9.9"}}"#,
            Some(r#""10.0.0.1""#),
            Some(r#""10.0.0.2""#),
            Some(r#"["10.0.0.1","10.0.0.2"]"#),
        );
    }

    #[test]
    fn a_source_that_only_repeats_the_useragent_goes() {
        let service = r#""config.amazonaws.com""#;
        for (agent, kept) in [(service, None), (r#""other""#, Some(service)), ("1", Some(service))]
        {
            let event = format!(r#"{{"sourceIPAddress":{service},"userAgent":{agent}}}"#);
            check_addresses(&event, kept, None, None);
        }
        let address = r#"{"sourceIPAddress":"10.0.0.1","userAgent":"10.0.0.1"}"#;
        check_addresses(address, Some(r#""10.0.0.1""#), None, Some(r#"["10.0.0.1"]"#));
    }

    #[test]
    fn other_values_already_in_place_are_kept_aside() {
        let event = r#"{"srcip":"10.0.0.1","sourceIPAddress":"AWS Internal","_ipaddresses":"x"}"#;
        check_addresses(event, Some(r#""10.0.0.1""#), None, Some(r#"["x","10.0.0.1"]"#));
        check(event, &[("details.sourceipaddress_2", Some(r#""AWS Internal""#))]);
        let event = r#"{"dst":"10.0.0.1","_ipaddresses":["10.0.0.1",7]}"#;
        check_addresses(event, None, Some(r#""10.0.0.1""#), Some(r#"["10.0.0.1",7]"#));
        let event = r#"{"dst":"10.0.0.1","_ipaddresses":null}"#;
        check_addresses(event, None, Some(r#""10.0.0.1""#), Some(r#"["10.0.0.1"]"#));
    }

    #[test]
    fn the_list_of_one_event_is_bounded() {
        let addresses: Vec<String> =
            (0..2_000).map(|n| format!("10.0.{}.{}", n / 250, n % 250)).collect();
        let event = format!(r#"{{"x-forwarded-for":"{}","dst":"192.0.2.1"}}"#, addresses.join(","));
        check(
            &event,
            &[
                ("details.destinationipaddress", Some(r#""192.0.2.1""#)),
                ("details._ipaddresses.1", Some(r#""192.0.2.1""#)),
                ("details._ipaddresses.256", Some(r#""10.0.1.5""#)),
                ("details._ipaddresses.257", None),
            ],
        );
    }
}
