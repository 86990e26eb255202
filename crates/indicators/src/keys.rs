//! The keys of a value that was observed.

use headwater_event::ip::{find_addresses, parse_address};

use crate::key::{self, Host, Network, Url, bounded};
use crate::kind::{Kind, Part};

/// Types of OCSF's observables whose values are read, not just compared.
mod types {
    pub(super) const HOST: i64 = 1;
    pub(super) const ADDRESS: i64 = 2;
    pub(super) const MAC: i64 = 3;
    pub(super) const USER: i64 = 4;
    pub(super) const EMAIL: i64 = 5;
    pub(super) const URL: i64 = 6;
    pub(super) const FILE_NAME: i64 = 7;
    pub(super) const HASH: i64 = 8;
    pub(super) const PROCESS_NAME: i64 = 9;
    pub(super) const PORT: i64 = 11;
    pub(super) const SUBNET: i64 = 12;
    pub(super) const COUNTRY: i64 = 14;
    pub(super) const PROCESS_ID: i64 = 15;
    pub(super) const USER_ID: i64 = 31;
    pub(super) const FILE_PATH: i64 = 45;
}

/// Makes the keys of one observed value after the other; keeps its memory.
#[derive(Debug, Default)]
pub struct Keys {
    key: String,
    part: String,
}

/// The keys of one observed value: [`Keys::each`] for a single use.
pub fn keys(type_id: i64, value: &str, each: impl FnMut(Kind, Part, &str)) {
    Keys::default().each(type_id, value, each);
}

impl Keys {
    /// Calls back with each key of an observable of OCSF (`observables[].type_id` and `.value`).
    ///
    /// | type | keys |
    /// |---|---|
    /// | host name | the name, and without its domain; of an address, the address |
    /// | IP address, subnet | the address or the network; several in a list |
    /// | user name, user's id | the whole; without its domain; the domain behind `@` |
    /// | e-mail address | the address and its domain; several in a list |
    /// | URL | the URL, and its host |
    /// | file name, file path, process name | the path, and the name without it |
    /// | hash | the digest; several in a list |
    /// | MAC address | its digits |
    /// | port, process id, country | none: they are in every event |
    /// | any other | the text |
    ///
    /// A value that is not what its type says has the key of its text. No key is longer than
    /// [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX). The same key may come twice for a list.
    pub fn each(&mut self, type_id: i64, value: &str, mut each: impl FnMut(Kind, Part, &str)) {
        let value = value.trim();
        let each = &mut each;
        let is_read = match type_id {
            _ if value.is_empty() => return,
            types::PORT | types::PROCESS_ID | types::COUNTRY => return,
            types::HOST => self.host(value, each),
            types::ADDRESS | types::SUBNET => self.addresses(value, each) || self.host(value, each),
            types::MAC => self.one(Kind::Mac, key::mac, value, each),
            types::USER | types::USER_ID => self.user(value, each),
            types::EMAIL => self.emails(value, each),
            types::URL => self.url(value, each),
            types::FILE_NAME | types::PROCESS_NAME | types::FILE_PATH => self.file(value, each),
            types::HASH => self.hashes(value, each),
            _ => false,
        };
        if !is_read {
            key::text(value, &mut self.key);
            each(Kind::Other, Part::Whole, &bounded(&self.key));
        }
    }

    /// A value with one key, which `write` writes if it can.
    fn one(
        &mut self,
        kind: Kind,
        write: impl Fn(&str, &mut String) -> bool,
        value: &str,
        each: &mut impl FnMut(Kind, Part, &str),
    ) -> bool {
        let is_written = write(value, &mut self.key);
        if is_written {
            each(kind, Part::Whole, &self.key);
        }
        is_written
    }

    fn hashes(&mut self, value: &str, each: &mut impl FnMut(Kind, Part, &str)) -> bool {
        let mut any = false;
        for item in value.split(',') {
            any |= self.one(Kind::Hash, key::hash, item, each);
        }
        any
    }

    fn host(&mut self, value: &str, each: &mut impl FnMut(Kind, Part, &str)) -> bool {
        if let Some(address) = parse_address(value) {
            key::address(address, &mut self.key);
            each(Kind::Ip, Part::Whole, &self.key);
            return true;
        }
        let host = value.trim_start_matches('\\');
        let Some(plain) = key::plain_domain(key::without_port(host)) else { return false };
        key::reverse(&plain, &mut self.key);
        each(Kind::Domain, Part::Whole, &self.key);
        if let Some(name) = key::bare_name(&plain) {
            key::text(name, &mut self.key);
            each(Kind::Domain, Part::Name, &self.key);
        }
        true
    }

    fn addresses(&mut self, value: &str, each: &mut impl FnMut(Kind, Part, &str)) -> bool {
        let mut any = false;
        for address in find_addresses(value) {
            key::address(address, &mut self.key);
            each(Kind::Ip, Part::Whole, &self.key);
            any = true;
        }
        for (network, _) in value.split([',', ';']).filter_map(Network::parse) {
            // Those of one address were found above.
            if network.single().is_none() {
                key::network(network, &mut self.key);
                each(Kind::Ip, Part::Whole, &self.key);
                any = true;
            }
        }
        any
    }

    fn user(&mut self, value: &str, each: &mut impl FnMut(Kind, Part, &str)) -> bool {
        key::text(value, &mut self.key);
        each(Kind::User, Part::Whole, &bounded(&self.key));
        let (name, domain) = key::user_parts(&self.key);
        if let Some(name) = name {
            each(Kind::User, Part::Name, &bounded(name));
        }
        if let Some(plain) = domain.and_then(key::plain_domain) {
            key::reverse(&plain, &mut self.part);
            each(Kind::Domain, Part::Domain, &self.part);
        }
        true
    }

    fn emails(&mut self, value: &str, each: &mut impl FnMut(Kind, Part, &str)) -> bool {
        let mut any = false;
        for item in value.split([',', ';']) {
            let Some(domain) = key::email(item, &mut self.key) else { continue };
            each(Kind::Email, Part::Whole, &bounded(&self.key));
            key::reverse(self.key.get(domain..).unwrap_or_default(), &mut self.part);
            each(Kind::Domain, Part::Domain, &self.part);
            any = true;
        }
        any
    }

    fn url(&mut self, value: &str, each: &mut impl FnMut(Kind, Part, &str)) -> bool {
        let url = Url::read(value);
        url.write(&mut self.key);
        each(Kind::Url, Part::Whole, &self.key);
        match url.host {
            Some(Host::Address(address)) => {
                key::address(address, &mut self.key);
                each(Kind::Ip, Part::Host, &self.key);
            }
            Some(Host::Name(plain)) => {
                key::reverse(&plain, &mut self.key);
                each(Kind::Domain, Part::Host, &self.key);
            }
            None => {}
        }
        true
    }

    fn file(&mut self, value: &str, each: &mut impl FnMut(Kind, Part, &str)) -> bool {
        key::file(value, &mut self.key);
        each(Kind::File, Part::Whole, &bounded(&self.key));
        if let Some(name) = key::name_of_file(&self.key) {
            each(Kind::File, Part::Name, &bounded(name));
        }
        true
    }
}
