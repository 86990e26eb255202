//! What kind of network an address belongs to, by the IANA registries of special-purpose addresses
//! (IPv4 and IPv6), of IPv4 multicast and of the IPv6 address space, as of 2025.

use std::net::{IpAddr, Ipv6Addr};

/// The purpose of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressClass {
    /// Ordinary unicast on the Internet.
    Public,
    /// For use inside one organisation: RFC 1918, unique local IPv6.
    Private,
    /// Between a carrier and its customers (100.64.0.0/10).
    Shared,
    /// The host itself.
    Loopback,
    /// One link, not routed.
    LinkLocal,
    /// A group of hosts.
    Multicast,
    /// All hosts of the link (255.255.255.255).
    Broadcast,
    /// No address (0.0.0.0, `::`).
    Unspecified,
    /// Hosts of "this network", only as a source (0.0.0.0/8).
    ThisNetwork,
    /// Examples in texts; never on a wire.
    Documentation,
    /// Tests of network equipment.
    Benchmarking,
    /// Set aside for protocols of the IETF.
    Protocol,
    /// IPv6 addresses that a translator maps to IPv4.
    Translation,
    /// IPv6 over IPv4 by 6to4 and its former relays.
    SixToFour,
    /// IPv6 over UDP by Teredo.
    Teredo,
    /// Name servers that absorb reverse lookups of private addresses.
    As112,
    /// Automatic multicast tunneling relays.
    Amt,
    /// Traffic that is meant to be dropped.
    Discard,
    /// Deprecated site-local IPv6.
    SiteLocal,
    /// Not assigned to any use.
    Reserved,
}

impl AddressClass {
    /// Stable lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Shared => "shared",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link_local",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Unspecified => "unspecified",
            Self::ThisNetwork => "this_network",
            Self::Documentation => "documentation",
            Self::Benchmarking => "benchmarking",
            Self::Protocol => "protocol",
            Self::Translation => "nat64",
            Self::SixToFour => "6to4",
            Self::Teredo => "teredo",
            Self::As112 => "as112",
            Self::Amt => "amt",
            Self::Discard => "discard",
            Self::SiteLocal => "site_local",
            Self::Reserved => "reserved",
        }
    }
}

/// What the registries say about an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Classification {
    /// The purpose of its network.
    pub class: AddressClass,
    /// The document that says so, for example `RFC_1918`.
    pub rfc: &'static str,
    /// Whether the address can be reached across the Internet.
    pub is_public: bool,
}

/// Classifies an address by the most specific network of the registries that contains it.
///
/// IPv4-mapped IPv6 addresses are classified as the IPv4 address that they mean.
#[must_use]
pub fn class_of(address: IpAddr) -> Classification {
    let (table, bits, otherwise) = match address.to_canonical() {
        IpAddr::V4(v4) => (NETWORKS_V4, u128::from(v4.to_bits()) << 96, PUBLIC_V4),
        IpAddr::V6(v6) => {
            // All unicast addresses that were ever handed out begin with the bits 001.
            let handed_out = v6.to_bits() >> 125 == 1;
            (NETWORKS_V6, v6.to_bits(), if handed_out { PUBLIC_V6 } else { UNASSIGNED_V6 })
        }
    };
    table.iter().find(|network| network.contains(bits)).map_or(otherwise, |network| network.meaning)
}

/// A network, left-aligned in 128 bits for both families.
#[derive(Debug)]
struct Network {
    first: u128,
    mask: u128,
    meaning: Classification,
}

impl Network {
    const fn new(first: u128, length: u32, meaning: Classification) -> Self {
        // No network of the tables has length 0, so the shift stays below 128.
        Self { first, mask: u128::MAX << (128 - length), meaning }
    }

    const fn contains(&self, bits: u128) -> bool {
        (self.first ^ bits) & self.mask == 0
    }
}

const PUBLIC_V4: Classification = known(AddressClass::Public, "RFC_1366", true);
const PUBLIC_V6: Classification = known(AddressClass::Public, "RFC_4291", true);
const UNASSIGNED_V6: Classification = known(AddressClass::Reserved, "RFC_4291", false);

const fn known(class: AddressClass, rfc: &'static str, is_public: bool) -> Classification {
    Classification { class, rfc, is_public }
}

const fn v4(octets: [u8; 4], length: u32, meaning: Classification) -> Network {
    let [a, b, c, d] = octets;
    let mut bits = [0; 16];
    (bits[0], bits[1], bits[2], bits[3]) = (a, b, c, d);
    Network::new(u128::from_be_bytes(bits), length, meaning)
}

const fn v6(groups: [u16; 8], length: u32, meaning: Classification) -> Network {
    let [a, b, c, d, e, f, g, h] = groups;
    Network::new(Ipv6Addr::new(a, b, c, d, e, f, g, h).to_bits(), length, meaning)
}

/// Inner networks stand before the networks that contain them.
#[rustfmt::skip]
const NETWORKS_V4: &[Network] = {
    use AddressClass::*;
    &[
        v4([10, 0, 0, 0], 8, known(Private, "RFC_1918", false)),
        v4([192, 168, 0, 0], 16, known(Private, "RFC_1918", false)),
        v4([172, 16, 0, 0], 12, known(Private, "RFC_1918", false)),
        v4([127, 0, 0, 0], 8, known(Loopback, "RFC_1122", false)),
        v4([169, 254, 0, 0], 16, known(LinkLocal, "RFC_3927", false)),
        v4([100, 64, 0, 0], 10, known(Shared, "RFC_6598", false)),
        v4([224, 0, 0, 0], 4, known(Multicast, "RFC_1112", false)),
        v4([255, 255, 255, 255], 32, known(Broadcast, "RFC_919", false)),
        v4([240, 0, 0, 0], 4, known(Reserved, "RFC_1112", false)),
        v4([0, 0, 0, 0], 32, known(Unspecified, "RFC_1122", false)),
        v4([0, 0, 0, 0], 8, known(ThisNetwork, "RFC_791", false)),
        v4([192, 0, 0, 0], 29, known(Protocol, "RFC_7335", false)),
        v4([192, 0, 0, 8], 32, known(Protocol, "RFC_7600", false)),
        v4([192, 0, 0, 9], 32, known(Protocol, "RFC_7723", true)),
        v4([192, 0, 0, 10], 32, known(Protocol, "RFC_8155", true)),
        v4([192, 0, 0, 170], 31, known(Protocol, "RFC_8880", false)),
        v4([192, 0, 0, 0], 24, known(Protocol, "RFC_6890", false)),
        v4([192, 0, 2, 0], 24, known(Documentation, "RFC_5737", false)),
        v4([198, 51, 100, 0], 24, known(Documentation, "RFC_5737", false)),
        v4([203, 0, 113, 0], 24, known(Documentation, "RFC_5737", false)),
        v4([198, 18, 0, 0], 15, known(Benchmarking, "RFC_2544", false)),
        v4([192, 31, 196, 0], 24, known(As112, "RFC_7535", true)),
        v4([192, 175, 48, 0], 24, known(As112, "RFC_7534", true)),
        v4([192, 52, 193, 0], 24, known(Amt, "RFC_7450", true)),
        v4([192, 88, 99, 0], 24, known(SixToFour, "RFC_7526", false)),
    ]
};

#[rustfmt::skip]
const NETWORKS_V6: &[Network] = {
    use AddressClass::*;
    &[
        v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, known(LinkLocal, "RFC_4291", false)),
        v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, known(Private, "RFC_4193", false)),
        v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, known(Multicast, "RFC_4291", false)),
        v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, known(SiteLocal, "RFC_3879", false)),
        v6([0, 0, 0, 0, 0, 0, 0, 1], 128, known(Loopback, "RFC_4291", false)),
        v6([0, 0, 0, 0, 0, 0, 0, 0], 128, known(Unspecified, "RFC_4291", false)),
        v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, known(Translation, "RFC_6052", true)),
        v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, known(Translation, "RFC_8215", false)),
        v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, known(Discard, "RFC_6666", false)),
        v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64, known(Protocol, "RFC_9780", false)),
        v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, known(Teredo, "RFC_4380", true)),
        v6([0x2001, 1, 0, 0, 0, 0, 0, 1], 128, known(Protocol, "RFC_7723", true)),
        v6([0x2001, 1, 0, 0, 0, 0, 0, 2], 128, known(Protocol, "RFC_8155", true)),
        v6([0x2001, 1, 0, 0, 0, 0, 0, 3], 128, known(Protocol, "RFC_9665", true)),
        v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, known(Benchmarking, "RFC_5180", false)),
        v6([0x2001, 3, 0, 0, 0, 0, 0, 0], 32, known(Amt, "RFC_7450", true)),
        v6([0x2001, 4, 0x112, 0, 0, 0, 0, 0], 48, known(As112, "RFC_7535", true)),
        v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28, known(Protocol, "RFC_4843", false)),
        v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28, known(Protocol, "RFC_7343", true)),
        v6([0x2001, 0x30, 0, 0, 0, 0, 0, 0], 28, known(Protocol, "RFC_9374", true)),
        v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, known(Protocol, "RFC_2928", false)),
        v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, known(Documentation, "RFC_3849", false)),
        v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, known(Documentation, "RFC_9637", false)),
        v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, known(SixToFour, "RFC_3056", true)),
        v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, known(As112, "RFC_7534", true)),
        v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, known(Protocol, "RFC_9602", false)),
    ]
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::{NETWORKS_V4, NETWORKS_V6, class_of};

    #[test]
    #[expect(clippy::too_many_lines, reason = "one table of cases")]
    fn networks_begin_and_end_where_the_registries_say() {
        for (addresses, class, rfc, public) in [
            (
                &["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255"][..],
                "private",
                "RFC_1918",
                false,
            ),
            (&["192.168.0.0", "::ffff:192.168.255.255"], "private", "RFC_1918", false),
            (&["100.64.0.0", "100.127.255.255"], "shared", "RFC_6598", false),
            (&["127.0.0.1", "127.255.255.255"], "loopback", "RFC_1122", false),
            (&["169.254.0.1"], "link_local", "RFC_3927", false),
            (&["224.0.0.0", "239.255.255.255"], "multicast", "RFC_1112", false),
            (&["240.0.0.0", "255.255.255.254"], "reserved", "RFC_1112", false),
            (&["255.255.255.255"], "broadcast", "RFC_919", false),
            (&["0.0.0.0"], "unspecified", "RFC_1122", false),
            (&["0.0.0.1", "0.255.255.255"], "this_network", "RFC_791", false),
            (&["192.0.2.1", "198.51.100.7", "203.0.113.255"], "documentation", "RFC_5737", false),
            (&["198.18.0.0", "198.19.255.255"], "benchmarking", "RFC_2544", false),
            (&["192.0.0.11", "192.0.0.255"], "protocol", "RFC_6890", false),
            (&["192.0.0.170", "192.0.0.171"], "protocol", "RFC_8880", false),
            (&["192.0.0.9"], "protocol", "RFC_7723", true),
            (&["192.88.99.1"], "6to4", "RFC_7526", false),
            (&["192.31.196.1"], "as112", "RFC_7535", true),
            (&["192.52.193.1"], "amt", "RFC_7450", true),
            (
                &[
                    "1.1.1.1",
                    "9.255.255.255",
                    "11.0.0.0",
                    "100.63.255.255",
                    "100.128.0.0",
                    "172.15.0.1",
                ],
                "public",
                "RFC_1366",
                true,
            ),
            (
                &[
                    "172.32.0.1",
                    "192.18.0.1",
                    "192.19.0.1",
                    "198.17.0.1",
                    "198.20.0.1",
                    "223.255.255.255",
                ],
                "public",
                "RFC_1366",
                true,
            ),
            (&["fe80::1", "febf::1"], "link_local", "RFC_4291", false),
            (&["fc00::1", "fdff::1"], "private", "RFC_4193", false),
            (&["ff02::1"], "multicast", "RFC_4291", false),
            (&["fec0::1"], "site_local", "RFC_3879", false),
            (&["::1"], "loopback", "RFC_4291", false),
            (&["::"], "unspecified", "RFC_4291", false),
            (&["64:ff9b::1.2.3.4"], "nat64", "RFC_6052", true),
            (&["100::1"], "discard", "RFC_6666", false),
            (&["2001::1"], "teredo", "RFC_4380", true),
            (&["2001:2::1"], "benchmarking", "RFC_5180", false),
            (&["2001:20::1", "2001:2f:ffff::1"], "protocol", "RFC_7343", true),
            (&["2001:1ff::1"], "protocol", "RFC_2928", false),
            (&["2001:db8::1", "2001:db8:ffff::1"], "documentation", "RFC_3849", false),
            (&["3fff:fff::1"], "documentation", "RFC_9637", false),
            (&["2002:102:304::1"], "6to4", "RFC_3056", true),
            (
                &[
                    "2001:200::1",
                    "2001:4860:4860::8888",
                    "2606:4700::1111",
                    "2a00::1",
                    "3fff:1000::1",
                ],
                "public",
                "RFC_4291",
                true,
            ),
            (&["::1.2.3.4", "4000::1", "1fff::1", "e000::1"], "reserved", "RFC_4291", false),
        ] {
            for address in addresses {
                let found = class_of(address.parse().unwrap());
                assert_eq!(
                    (found.class.name(), found.rfc, found.is_public),
                    (class, rfc, public),
                    "{address}"
                );
            }
        }
    }

    #[test]
    fn no_network_hides_a_later_one() {
        for table in [NETWORKS_V4, NETWORKS_V6] {
            for (index, network) in table.iter().enumerate() {
                assert_eq!(
                    network.first & !network.mask,
                    0,
                    "{network:?} has bits after its length"
                );
                let hidden = table[index + 1..]
                    .iter()
                    .find(|later| network.contains(later.first) && later.mask >= network.mask);
                assert!(hidden.is_none(), "{network:?} hides {hidden:?}");
            }
        }
    }
}
