//! IP addresses in text: reading them strictly, finding them in lists, and what kind of network
//! they belong to.
//!
//! An address is canonical when it is an [`IpAddr`] that is not an IPv4-mapped IPv6 address:
//! `::ffff:1.2.3.4` is what a dual-stack socket calls `1.2.3.4`, and whoever searches for the
//! latter must find it. Everything here returns canonical addresses; their `Display` is the
//! canonical text (RFC 5952 for IPv6).

mod class;
mod legacy;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use class::{AddressClass, Classification, class_of};
pub use legacy::is_ip_legacy;

/// Longest text that is looked at: a bracketed address with zone and port, and some room.
const ADDRESS_BYTES_MAX: usize = 96;

/// The first integer that is read as an address, 1.0.0.0: smaller ones are counters and
/// identifiers.
const INTEGER_ADDRESS_MIN: i64 = 0x0100_0000;

/// Reads one address, without what protocols write around it.
///
/// Surrounding blanks, a port (`1.2.3.4:80`, `[::1]:443`), brackets (`[::1]`), a zone
/// (`fe80::1%eth0`) and a prefix length that covers the whole address (`1.2.3.4/32`) are left out.
/// Octets may be padded with zeros (`010.001.002.003` is 10.1.2.3: logs pad, they do not count in
/// octal). Networks, abbreviations (`1.2`) and bare numbers are not addresses.
#[must_use]
pub fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if text.len() > ADDRESS_BYTES_MAX {
        return None;
    }
    let address = if let Some(inner) = text.strip_prefix('[') {
        let (address, after) = inner.split_once(']')?;
        if !after.is_empty() && !after.strip_prefix(':').is_some_and(is_port) {
            return None;
        }
        parse_v6(address)?
    } else {
        // An IPv4 address has at most one colon, an IPv6 address at least two.
        match text.split_once(':') {
            None => parse_v4(text.strip_suffix("/32").unwrap_or(text))?.into(),
            Some((address, port)) if is_port(port) && address.contains('.') => {
                parse_v4(address)?.into()
            }
            Some(_) => parse_v6(text.strip_suffix("/128").unwrap_or(text))?,
        }
    };
    Some(address)
}

/// Reads an address that a program wrote as an unsigned 32-bit integer (`16909060` is 1.2.3.4).
///
/// `None` below 1.0.0.0 and above 32 bits.
#[must_use]
pub fn from_integer(number: i64) -> Option<IpAddr> {
    if number < INTEGER_ADDRESS_MIN {
        return None;
    }
    u32::try_from(number).ok().map(|bits| Ipv4Addr::from(bits).into())
}

/// The addresses of a value that holds one address or a list of them, in order.
///
/// Items are separated by commas or semicolons, as in `X-Forwarded-For` and DNS answers. Quotes,
/// edge dots and leading backslashes around an item do not matter. Items that are not an address
/// (`unknown`, `-`, host names) are passed over; an address inside a longer text is not looked for.
pub fn find_addresses(text: &str) -> impl Iterator<Item = IpAddr> + '_ {
    text.split([',', ';']).filter_map(|item| parse_address(trim_decoration(item)))
}

fn trim_decoration(item: &str) -> &str {
    let is_edge = |character: char| character.is_whitespace() || "\"'.".contains(character);
    item.trim_matches(is_edge).trim_start_matches('\\').trim_matches(is_edge)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// Four decimal octets, each of one to three digits.
fn parse_v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut rest = text.as_bytes();
    for (position, octet) in octets.iter_mut().enumerate() {
        if position > 0 {
            rest = rest.strip_prefix(b".")?;
        }
        let mut value = 0_u16;
        let before = rest.len();
        while let [digit @ b'0'..=b'9', after @ ..] = rest
            && before - rest.len() < 3
        {
            value = value * 10 + u16::from(digit - b'0');
            rest = after;
        }
        if rest.len() == before {
            return None;
        }
        *octet = u8::try_from(value).ok()?;
    }
    rest.is_empty().then(|| octets.into())
}

/// An IPv6 address with or without a zone, canonical.
fn parse_v6(text: &str) -> Option<IpAddr> {
    let address = match text.split_once('%') {
        Some((_, "")) => return None,
        Some((address, zone)) if zone.bytes().all(is_zone_byte) => address,
        Some(_) => return None,
        None => text,
    };
    let address: Ipv6Addr = address.parse().ok()?;
    Some(IpAddr::V6(address).to_canonical())
}

fn is_zone_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::{find_addresses, from_integer, is_ip_legacy, parse_address};

    fn check(text: &str, address: Option<&str>) {
        let read = parse_address(text).map(|address| address.to_string());
        assert_eq!(read.as_deref(), address, "{text:?}");
    }

    #[test]
    fn reads_addresses_as_protocols_write_them() {
        for (text, address) in [
            ("127.0.0.1", "127.0.0.1"),
            (" 1.1.1.1\t", "1.1.1.1"),
            ("1.2.3.4:80", "1.2.3.4"),
            ("1.2.3.4/32", "1.2.3.4"),
            ("01.02.03.04", "1.2.3.4"),
            ("010.001.002.003", "10.1.2.3"),
            ("0.0.0.0", "0.0.0.0"),
            ("255.255.255.255", "255.255.255.255"),
            ("::", "::"),
            ("fe80::", "fe80::"),
            ("fe80::1%eth0", "fe80::1"),
            ("fe80::1%12", "fe80::1"),
            ("[::1]", "::1"),
            ("[::1]:443", "::1"),
            ("[fe80::1%eth0]:443", "fe80::1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("2001:db8::1/128", "2001:db8::1"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("::FFFF:102:304", "1.2.3.4"),
            ("[::ffff:1.2.3.4]:80", "1.2.3.4"),
            ("::1.2.3.4", "::102:304"),
            ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ] {
            check(text, Some(address));
        }
    }

    #[test]
    fn refuses_what_is_not_one_real_address() {
        for text in [
            "",
            " ",
            "-",
            ".",
            ":",
            "127",
            "1.2",
            "1.2.3",
            "1.2.3.",
            "1.2.3.4.5",
            "1..3.4",
            "256.1.1.1",
            "123.456.253.226",
            "0001.2.3.4",
            "+1.2.3.4",
            "1.2.3.4/24",
            "fe80::/10",
            "1.1.1.1/255.255.255.0",
            "1.2.3.4:",
            "1.2.3.4:65536",
            "1.2.3.4:+80",
            "1.2.3.4:80:90",
            "[::1",
            "::1]",
            "[::1]443",
            "[::1]:",
            "[1.2.3.4]",
            "fe80::1%",
            "%eth0",
            "1.2.3.4%eth0",
            "fe80::1%eth 0",
            "::1::2",
            "a.b",
            "localhost",
            "config.amazonaws.com",
            "1.2.3.4, 5.6.7.8",
            "from 1.2.3.4",
            "16909060",
            "0x01020304",
            "１.2.3.4",
        ] {
            check(text, None);
        }
        check(&" 1".repeat(1_000_000), None);
    }

    #[test]
    fn lists_give_all_their_addresses() {
        for (text, addresses) in [
            ("1.2.3.4, 5.6.7.8", &["1.2.3.4", "5.6.7.8"][..]),
            ("1.2.3.4", &["1.2.3.4"]),
            ("unknown, 1.2.3.4:4711,\"[2001:db8::1]:80\"", &["1.2.3.4", "2001:db8::1"]),
            ("::ffff:1.2.3.4;::1;type: 5 example.com;", &["1.2.3.4", "::1"]),
            ("\\\\10.0.0.1", &["10.0.0.1"]),
            ("'10.0.0.1.'", &["10.0.0.1"]),
            ("1.2.3.4,1.2.3.4", &["1.2.3.4", "1.2.3.4"]),
            ("-", &[]),
            ("", &[]),
            ("login from 1.2.3.4", &[]),
        ] {
            let found: Vec<String> = find_addresses(text).map(|ip| ip.to_string()).collect();
            assert_eq!(found, addresses, "{text:?}");
        }
    }

    #[test]
    fn integers_are_addresses_from_1_0_0_0() {
        for (number, address) in [
            (16_909_060, Some("1.2.3.4")),
            (16_777_216, Some("1.0.0.0")),
            (4_294_967_295, Some("255.255.255.255")),
            (16_777_215, None),
            (1_234, None),
            (-1, None),
            (4_294_967_296, None),
        ] {
            let read = from_integer(number).map(|ip| ip.to_string());
            assert_eq!(read.as_deref(), address, "{number}");
        }
    }

    proptest! {
        #[test]
        fn canonical_text_reads_back(bits: u128, small: u32) {
            let v6 = std::net::IpAddr::from(bits.to_be_bytes()).to_canonical();
            let v4 = std::net::IpAddr::from(small.to_be_bytes());
            prop_assert_eq!(parse_address(&v6.to_string()), Some(v6));
            prop_assert_eq!(parse_address(&v4.to_string()), Some(v4));
            prop_assert!(is_ip_legacy(&v6.to_string()) && is_ip_legacy(&v4.to_string()));
        }

        #[test]
        fn any_text_is_read_or_refused(
            text in ".{0,80}",
            addressy in "[0-9a-f.:/%\\[\\] ,]{0,60}",
        ) {
            for text in [text, addressy] {
                let _ = (parse_address(&text), is_ip_legacy(&text));
                prop_assert!(find_addresses(&text).all(|ip| ip == ip.to_canonical()));
            }
        }
    }
}
