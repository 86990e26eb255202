//! Keys of addresses and networks: fixed width, so that a network is one range.

use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where IPv4 addresses are among those of IPv6.
const MAPPED: Network = Network { first: 0xffff << 32, length: 96 };

/// Writes the key of an address.
pub(crate) fn address(address: IpAddr, key: &mut String) {
    key.clear();
    push_bits(bits(address), key);
}

/// Writes the key of a network that was observed: not of its addresses, which were not.
pub(crate) fn network(network: Network, key: &mut String) {
    key.clear();
    push_network(network, key);
}

/// Addresses that begin alike, IPv4 mapped to IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    first: u128,
    /// How many of the 128 bits are fixed.
    length: u32,
}

impl Network {
    /// Reads `address/length` or `address/mask`, and tells whether bits behind the length were set.
    pub(crate) fn parse(text: &str) -> Option<(Self, bool)> {
        let (address, length) = text.trim().split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let own_length = if length.contains('.') {
            let mask = length.parse::<Ipv4Addr>().ok()?.to_bits();
            (address.is_ipv4() && mask.leading_ones() + mask.trailing_zeros() >= 32)
                .then(|| mask.leading_ones())?
        } else {
            (length.len() <= 3 && length.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| length.parse().ok())??
        };
        let length = match address {
            IpAddr::V4(_) if own_length <= 32 => own_length + 96,
            IpAddr::V6(_) if own_length <= 128 => own_length,
            _ => return None,
        };
        let bits = bits(address);
        let first = bits & mask(length);
        Some((Self { first, length }, first != bits))
    }

    /// The one address, when it is no more.
    pub(crate) fn single(self) -> Option<IpAddr> {
        (self.length == 128).then(|| Ipv6Addr::from_bits(self.first).to_canonical())
    }

    const fn last(self) -> u128 {
        self.first | !mask(self.length)
    }

    /// First and last addresses of the ranges. IPv6 networks do not contain IPv4.
    pub(crate) fn bounds(self) -> impl Iterator<Item = (u128, u128)> {
        let (first, last) = (self.first, self.last());
        let has_mapped =
            self.length < MAPPED.length && first <= MAPPED.first && MAPPED.last() <= last;
        let pairs = if has_mapped {
            [
                MAPPED.first.checked_sub(1).map(|end| (first, end)),
                MAPPED.last().checked_add(1).map(|start| (start, last)),
            ]
        } else {
            [Some((first, last)), None]
        };
        pairs.into_iter().flatten().filter(|(first, last)| first <= last)
    }

    /// Lowest and highest keys of the networks inside, itself included.
    pub(crate) fn bounds_of_networks(self) -> impl Iterator<Item = (String, String)> {
        self.bounds().enumerate().map(move |(place, (first, last))| {
            let mut low = String::new();
            // Larger networks with the same first address sort before this one.
            let length = if place == 0 && first == self.first { self.length } else { 0 };
            push_network(Self { first, length }, &mut low);
            let mut high = String::new();
            push_network(Self { first: last, length: 128 }, &mut high);
            (low, high)
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = Ipv6Addr::from_bits(self.first);
        match first.to_ipv4_mapped() {
            Some(first) if self.length >= MAPPED.length => {
                write!(f, "{first}/{}", self.length - MAPPED.length)
            }
            _ => write!(f, "{first}/{}", self.length),
        }
    }
}

const fn mask(length: u32) -> u128 {
    match u128::MAX.checked_shr(length) {
        Some(rest) => !rest,
        None => u128::MAX,
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// Appends an address as a key.
pub(crate) fn push_bits(bits: u128, key: &mut String) {
    for byte in bits.to_be_bytes() {
        for digit in [byte >> 4, byte & 0xf] {
            key.extend(char::from_digit(u32::from(digit), 16));
        }
    }
}

fn push_network(network: Network, key: &mut String) {
    key.push('/');
    push_bits(network.first, key);
    // Writing to a String cannot fail.
    let _ = write!(key, "/{:03}", network.length);
}
