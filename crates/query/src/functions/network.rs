//! Addresses and networks: the words of the IP functions.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads an IPv4 or IPv6 address; an IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is the IPv4
/// one.
pub(super) fn parse_address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// A network: all addresses that share their first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    /// The lowest address.
    first: IpAddr,
    bits: u8,
}

/// The text is no network, for this reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotNetwork {
    /// It does not have the form of one.
    #[error("'{0}' is not a network: expected an address, '/' and a number of bits")]
    Form(String),
    /// It has the form, but no such network exists.
    #[error("'{0}' has more bits than its address")]
    Bits(String),
}

impl Network {
    /// The network of an address with this many common bits; none when the address has fewer bits.
    pub(super) fn new(address: IpAddr, bits: u8) -> Option<Self> {
        let first = match address {
            IpAddr::V4(address) => {
                let mask = mask_v4(bits)?;
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
            }
            IpAddr::V6(address) => {
                let mask = mask_v6(bits)?;
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
        };
        Some(Self { first, bits })
    }

    /// Reads `address/bits`.
    ///
    /// # Errors
    /// [`NotNetwork`] tells text that is something else from a network that cannot be.
    pub(super) fn parse(text: &str) -> Result<Self, NotNetwork> {
        let form = || NotNetwork::Form(text.to_owned());
        let (address, bits) = text.split_once('/').ok_or_else(form)?;
        let written: IpAddr = address.parse().map_err(|_other| form())?;
        if bits.is_empty() || !bits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(form());
        }
        let too_many = || NotNetwork::Bits(text.to_owned());
        let bits: u8 = bits.parse().map_err(|_large| too_many())?;
        let canonical = written.to_canonical();
        let bits = if written.is_ipv6() && canonical.is_ipv4() {
            bits.checked_sub(96).filter(|bits| *bits <= 32)
        } else {
            Some(bits)
        };
        bits.and_then(|bits| Self::new(canonical, bits)).ok_or_else(too_many)
    }

    /// Reads a network, or an address as the network of itself.
    ///
    /// # Errors
    /// [`NotNetwork`] for anything else.
    pub(super) fn parse_lenient(text: &str) -> Result<Self, NotNetwork> {
        match parse_address(text) {
            Some(address @ IpAddr::V4(_)) => Ok(Self { first: address, bits: 32 }),
            Some(address @ IpAddr::V6(_)) => Ok(Self { first: address, bits: 128 }),
            None => Self::parse(text),
        }
    }

    /// Whether the address is in the network; IPv4 and IPv6 have nothing in common.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        Self::new(address, self.bits).is_some_and(|network| network == *self)
    }

    /// Whether every address of the other network is in this one.
    pub(super) fn includes(&self, other: &Self) -> bool {
        other.bits >= self.bits && self.contains(other.first)
    }

    /// The lowest address.
    pub(super) const fn first(&self) -> IpAddr {
        self.first
    }

    /// The highest address.
    pub(super) fn last(&self) -> IpAddr {
        match self.first {
            IpAddr::V4(first) => {
                let mask = mask_v4(self.bits).unwrap_or(u32::MAX);
                IpAddr::V4(Ipv4Addr::from_bits(first.to_bits() | !mask))
            }
            IpAddr::V6(first) => {
                let mask = mask_v6(self.bits).unwrap_or(u128::MAX);
                IpAddr::V6(Ipv6Addr::from_bits(first.to_bits() | !mask))
            }
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.first, self.bits)
    }
}

/// The first bits of an IPv4 address set; none for more than it has.
fn mask_v4(bits: u8) -> Option<u32> {
    let free = 32_u32.checked_sub(u32::from(bits))?;
    Some(u32::MAX.checked_shl(free).unwrap_or(0))
}

/// The first bits of an IPv6 address set; none for more than it has.
fn mask_v6(bits: u8) -> Option<u128> {
    let free = 128_u32.checked_sub(u32::from(bits))?;
    Some(u128::MAX.checked_shl(free).unwrap_or(0))
}

/// Whether an address is for use inside of a network or a host only: private, loopback, link-local,
/// shared, documentation, benchmark and reserved ranges.
pub(super) fn is_private(address: IpAddr) -> bool {
    /// From the registries of special-purpose addresses of IANA: those that are not globally
    /// reachable.
    const PRIVATE: [&str; 24] = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "240.0.0.0/4",
        "::/128",
        "::1/128",
        "100::/64",
        "64:ff9b:1::/48",
        "2001:2::/48",
        "2001:db8::/32",
        "2001::/23",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
    ];
    static NETWORKS: std::sync::LazyLock<Vec<Network>> = std::sync::LazyLock::new(|| {
        PRIVATE.iter().filter_map(|network| Network::parse(network).ok()).collect()
    });
    NETWORKS.iter().any(|network| network.contains(address))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Network, NotNetwork, is_private, parse_address};

    #[test]
    fn networks_contain_their_addresses() {
        let check = |network: &str, address: &str, expected: bool| {
            let network = Network::parse(network).unwrap();
            assert_eq!(
                network.contains(parse_address(address).unwrap()),
                expected,
                "{network} {address}"
            );
        };
        check("10.0.0.0/8", "10.255.255.255", true);
        check("10.0.0.0/8", "11.0.0.0", false);
        check("10.1.2.3/8", "10.9.9.9", true);
        check("0.0.0.0/0", "255.255.255.255", true);
        check("0.0.0.0/0", "::1", false);
        check("192.0.2.7/32", "192.0.2.7", true);
        check("192.0.2.7/32", "192.0.2.6", false);
        check("2001:db8::/32", "2001:db8:ffff::1", true);
        check("2001:db8::/32", "2001:db9::", false);
        check("::/0", "2001:db8::1", true);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("::ffff:10.0.0.0/104", "10.1.2.3", true);
        check("::ffff:10.0.0.0/104", "11.1.2.3", false);
    }

    #[test]
    fn text_that_is_no_network_is_told_from_a_wrong_one() {
        for text in
            ["", "10.0.0.0", "10.0.0/8", "a/b", "10.0.0.0/", "10.0.0.0/x", "/8", "10.0.0.0/-1"]
        {
            assert!(matches!(Network::parse(text), Err(NotNetwork::Form(_))), "{text}");
        }
        for text in ["10.0.0.0/33", "::/129", "10.0.0.0/999", "::ffff:10.0.0.0/95"] {
            assert!(matches!(Network::parse(text), Err(NotNetwork::Bits(_))), "{text}");
        }
    }

    #[test]
    fn bounds_and_inclusion() {
        let network = Network::parse("192.168.255.129/25").unwrap();
        assert_eq!(network.to_string(), "192.168.255.128/25");
        assert_eq!(network.last().to_string(), "192.168.255.255");
        assert!(Network::parse("192.168.0.0/16").unwrap().includes(&network));
        assert!(!network.includes(&Network::parse("192.168.0.0/16").unwrap()));
        assert_eq!(
            Network::parse("2001:db8::/33").unwrap().last().to_string(),
            "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"
        );
        assert_eq!(Network::parse_lenient("::1").unwrap().to_string(), "::1/128");
    }

    #[test]
    fn private_addresses() {
        for text in [
            "10.0.0.1",
            "172.31.0.1",
            "192.168.1.1",
            "127.0.0.1",
            "169.254.1.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_private(parse_address(text).unwrap()), "{text}");
        }
        for text in ["8.8.8.8", "172.32.0.1", "2606:4700::1111"] {
            assert!(!is_private(parse_address(text).unwrap()), "{text}");
        }
    }
}
