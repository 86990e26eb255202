//! Keys of URLs: host, path and query before the scheme, so that one without scheme is one range.

use std::fmt::Write as _;
use std::net::IpAddr;

use headwater_event::ip::parse_address;

use super::{bounded, is_qualified, plain_domain, push_lower, without_port};

/// Ends what a URL without scheme has in common with those that have one: no key has a blank in it.
pub(crate) const SCHEME_SEPARATOR: char = ' ';

/// The usual port of HTTPS, which is left out where the scheme is not known.
const HTTPS_PORT: u16 = 443;

/// A URL, read. Fragment and credentials are no part of what is compared; letters of scheme and
/// host are lower case, escapes in upper case and only where they are needed.
#[derive(Debug)]
pub(crate) struct Url {
    /// Host, port, path and query.
    place: String,
    /// Empty if there was none.
    scheme: String,
    pub(crate) host: Option<Host>,
}

/// The host of a URL.
#[derive(Debug)]
pub(crate) enum Host {
    Address(IpAddr),
    /// A plain name.
    Name(String),
}

impl Url {
    /// Reads a URL. What cannot be read as one is a place without host.
    pub(crate) fn read(text: &str) -> Self {
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
            _ => ("", text.strip_prefix("//").unwrap_or(text)),
        };
        let parsed = if !scheme.is_empty() {
            url::Url::parse(text).ok()
        } else if begins_with_host(rest) {
            url::Url::parse(&format!("http://{rest}")).ok()
        } else {
            None
        };
        let mut url =
            Self { place: String::new(), scheme: scheme.to_ascii_lowercase(), host: None };
        match parsed {
            Some(parsed) => url.take(&parsed),
            None => push_escaped(rest.split('#').next().unwrap_or(rest), &mut url.place),
        }
        url.place = bounded(&url.place).into_owned();
        url
    }

    fn take(&mut self, parsed: &url::Url) {
        if let Some(host) = parsed.host_str() {
            push_lower(host, &mut self.place);
            self.host = host_of(host);
        }
        if let Some(port) = parsed.port()
            && !(self.scheme.is_empty() && port == HTTPS_PORT)
        {
            // Writing to a String cannot fail.
            let _ = write!(self.place, ":{port}");
        }
        let path = parsed.path();
        push_escaped(if path.is_empty() { "/" } else { path }, &mut self.place);
        if let Some(query) = parsed.query().filter(|query| !query.is_empty()) {
            self.place.push('?');
            push_escaped(query, &mut self.place);
        }
    }

    pub(crate) const fn has_scheme(&self) -> bool {
        !self.scheme.is_empty()
    }

    /// Writes the key.
    pub(crate) fn write(&self, key: &mut String) {
        self.write_place(key);
        key.push_str(&self.scheme);
    }

    /// Writes the key up to its scheme: the key of the URL without one.
    pub(crate) fn write_place(&self, key: &mut String) {
        key.clear();
        key.push_str(&self.place);
        key.push(SCHEME_SEPARATOR);
    }

    /// The URL for people.
    pub(crate) fn text(&self) -> String {
        let separator = if self.has_scheme() { "://" } else { "" };
        format!("{}{separator}{}", self.scheme, self.place)
    }
}

/// Whether a text begins with the scheme of a URL with a host.
pub(crate) fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Whether a text without scheme is a host with what follows one, and not a path.
pub(crate) fn begins_with_host(text: &str) -> bool {
    let end = text.find(['/', '?', '#', '\\']).unwrap_or(text.len());
    let host = text.get(..end).unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or(host);
    let name = without_port(host);
    parse_address(host).is_some()
        || plain_domain(name).is_some_and(|plain| is_qualified(&plain) || name.len() < host.len())
}

fn host_of(host: &str) -> Option<Host> {
    if let Some(address) = parse_address(host) {
        return Some(Host::Address(address));
    }
    plain_domain(host).map(|name| Host::Name(name.into_owned()))
}

/// Appends a text whose escapes are needed and in upper case.
fn push_escaped(text: &str, key: &mut String) {
    let mut rest = text;
    while let Some(start) = rest.find(['%', ' ']) {
        let (plain, escape) = rest.split_at(start);
        key.push_str(plain);
        let digits = escape.get(1..3).filter(|_| escape.starts_with('%'));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                key.push(char::from(byte));
                escape.get(3..).unwrap_or_default()
            }
            Some(byte) => {
                let _ = write!(key, "%{byte:02X}");
                escape.get(3..).unwrap_or_default()
            }
            None => {
                key.push_str(if escape.starts_with(' ') { "%20" } else { "%" });
                escape.get(1..).unwrap_or_default()
            }
        };
    }
    key.push_str(rest);
}
