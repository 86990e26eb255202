//! The ranges of each form.

use headwater_event::ip::parse_address;

use crate::detect::{Draft, has_port};
use crate::indicator::{IndicatorError, Note};
use crate::key::{self, Network, Url, bounded};
use crate::kind::Kind;
use crate::range::KeyRange;

/// An address or a network; an error if it begins like one.
pub(super) fn ip(text: &str) -> Result<Option<Draft>, IndicatorError> {
    if let Some(address) = parse_address(text) {
        let mut key = String::new();
        key::address(address, &mut key);
        let note = has_port(text).then_some(Note::Port);
        let ranges = vec![KeyRange::exact(Kind::Ip, key)];
        return Ok(Some(Draft::new(Kind::Ip, address.to_string(), ranges).with_note(note)));
    }
    let Some((network, had_host_bits)) = Network::parse(text) else {
        return match text.split_once('/') {
            // `1.2.3.4/x` may be a URL.
            Some((address, length))
                if parse_address(address).is_some()
                    && length.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') =>
            {
                Err(IndicatorError::Network)
            }
            _ => Ok(None),
        };
    };
    let addresses = network.bounds().map(|(first, last)| {
        let (mut low, mut high) = (String::new(), String::new());
        key::push_bits(first, &mut low);
        key::push_bits(last, &mut high);
        KeyRange::between(Kind::Ip, low, high)
    });
    let networks =
        network.bounds_of_networks().map(|(low, high)| KeyRange::between(Kind::Ip, low, high));
    let ranges = addresses.chain(networks).collect();
    let note = had_host_bits.then_some(Note::HostBits);
    Ok(Some(Draft::new(Kind::Ip, network.to_string(), ranges).with_note(note)))
}

/// A domain and all below it, or only those below it.
pub(super) fn domain(text: &str) -> Option<Draft> {
    let below = text.strip_prefix("*.").or_else(|| text.strip_prefix('.'));
    let plain = key::plain_domain(key::without_port(below.unwrap_or(text)))?;
    let mut key = String::new();
    key::reverse(&plain, &mut key);
    let (mark, range) = match below {
        Some(_) => ("*.", KeyRange::below(Kind::Domain, &key)),
        None => ("", KeyRange::prefix(Kind::Domain, &key)),
    };
    let text = format!("{mark}{}", plain.to_ascii_lowercase());
    Some(Draft::new(Kind::Domain, text, vec![range]))
}

/// One host: by its address, its full name, or its bare name with any domain.
pub(super) fn host(text: &str) -> Draft {
    if let Some(address) = parse_address(text) {
        let mut key = String::new();
        key::address(address, &mut key);
        return Draft::new(Kind::Ip, address.to_string(), vec![KeyRange::exact(Kind::Ip, key)]);
    }
    let Some(plain) = key::plain_domain(key::without_port(text.trim_start_matches('\\'))) else {
        return other(text);
    };
    let mut key = String::new();
    key::reverse(&plain, &mut key);
    let mut ranges = vec![KeyRange::exact(Kind::Domain, key)];
    let name = plain.to_ascii_lowercase();
    if !key::is_qualified(&name) {
        ranges.push(KeyRange::exact(Kind::Domain, name.clone()));
    }
    Draft::new(Kind::Domain, name, ranges)
}

/// A URL; one without scheme has any.
pub(super) fn url(text: &str) -> Draft {
    let url = Url::read(text);
    let mut key = String::new();
    url.write_place(&mut key);
    let ranges = if url.has_scheme() {
        // What was observed may be without scheme.
        let without = KeyRange::exact(Kind::Url, key.as_str());
        url.write(&mut key);
        vec![KeyRange::exact(Kind::Url, key), without]
    } else {
        vec![KeyRange::prefix(Kind::Url, &key)]
    };
    Draft::new(Kind::Url, url.text(), ranges)
}

/// An e-mail address, which may also be a user's name.
pub(super) fn email(text: &str) -> Option<Draft> {
    let mut key = String::new();
    key::email(text, &mut key)?;
    let ranges = vec![exact(Kind::Email, &key), exact(Kind::User, &key)];
    Some(Draft::new(Kind::Email, key, ranges))
}

/// A digest.
pub(super) fn hash(text: &str) -> Option<Draft> {
    let mut key = String::new();
    let is_written = key::hash(text, &mut key);
    is_written.then(|| alone(Kind::Hash, key))
}

/// A hardware address.
pub(super) fn mac(text: &str) -> Option<Draft> {
    let mut key = String::new();
    let is_written = key::mac(text, &mut key);
    is_written.then(|| alone(Kind::Mac, key))
}

/// A user.
pub(super) fn user(text: &str) -> Draft {
    let mut key = String::new();
    key::text(text, &mut key);
    alone(Kind::User, key)
}

/// A path, or the name of a file in any folder.
pub(super) fn file(text: &str) -> Draft {
    let mut key = String::new();
    key::file(text, &mut key);
    alone(Kind::File, key)
}

/// Any text.
pub(super) fn other(text: &str) -> Draft {
    let mut key = String::new();
    key::text(text, &mut key);
    alone(Kind::Other, key)
}

fn alone(kind: Kind, key: String) -> Draft {
    let range = exact(kind, &key);
    Draft::new(kind, key, vec![range])
}

fn exact(kind: Kind, key: &str) -> KeyRange {
    KeyRange::exact(kind, bounded(key))
}
