//! The looser notion of "is this an IP" of the lake that Headwater replaces, kept for its plugins.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether the text is what the replaced lake's `is_ip` accepted.
///
/// True for addresses and networks of both families: `127.0.0.1/32`, `1.1.1.1/255.255.255.0`,
/// `fe80::/10`, IPv4 with missing octets (`1.2`) and padded ones (`01.02.03.04`). False for bare
/// integers, ports, zones and brackets. New code wants [`parse_address`](super::parse_address).
#[must_use]
pub fn is_ip_legacy(text: &str) -> bool {
    let (address, mask) = match text.split_once('/') {
        Some((address, mask)) => (address, Some(mask)),
        None => (text, None),
    };
    if address.contains(':') {
        let is_mask = |mask: &str| mask.parse().is_ok_and(is_contiguous_v6);
        return address.parse::<Ipv6Addr>().is_ok() && mask_is_valid(mask, 128, is_mask);
    }
    let is_mask = |mask: &str| mask.parse().is_ok_and(is_contiguous_v4);
    // The original looks for the point in the whole text, so that even `1/255.0.0.0` passes.
    text.contains('.') && is_partial_v4(address) && mask_is_valid(mask, 32, is_mask)
}

fn mask_is_valid(mask: Option<&str>, bits: u64, is_mask: impl Fn(&str) -> bool) -> bool {
    mask.is_none_or(|mask| match python_integer(mask) {
        Some(length) => length <= bits,
        None => is_mask(mask),
    })
}

/// One to four octets with points between them.
fn is_partial_v4(text: &str) -> bool {
    text.split('.').count() <= 4
        && text.split('.').all(|octet| python_integer(octet).is_some_and(|value| value <= 255))
}

/// What Python's `int()` reads, as far as it is not negative: blanks around it, a plus, single
/// underscores between digits.
fn python_integer(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let mut value = 0_u64;
    let mut after_digit = false;
    for byte in digits.bytes() {
        match byte {
            b'0'..=b'9' => value = value.saturating_mul(10).saturating_add(u64::from(byte - b'0')),
            b'_' if after_digit => {}
            _ => return None,
        }
        after_digit = byte != b'_';
    }
    after_digit.then_some(value)
}

/// A netmask (ones, then zeros) or a host mask (zeros, then ones).
fn is_contiguous_v4(mask: Ipv4Addr) -> bool {
    let bits = mask.to_bits();
    bits.leading_ones() + bits.trailing_zeros() >= 32
        || bits.leading_zeros() + bits.trailing_ones() >= 32
}

fn is_contiguous_v6(mask: Ipv6Addr) -> bool {
    let bits = mask.to_bits();
    bits.leading_ones() + bits.trailing_zeros() >= 128
        || bits.leading_zeros() + bits.trailing_ones() >= 128
}

#[cfg(test)]
mod tests {
    use super::is_ip_legacy;

    #[test]
    fn golden_rows_of_the_replaced_lake() {
        for text in [
            "127.0.0.1",
            "127.0.0.1/32",
            "1.1.1.1/255.255.255.0",
            "1.2",
            "1.2.3",
            " 1.1.1.1",
            "01.02.03.04",
            "fe80::",
            "fe80::/10",
            "::ffff:1.2.3.4",
        ] {
            assert!(is_ip_legacy(text), "{text:?}");
        }
        for text in [
            "127",
            "256.1.1.1",
            ":",
            ".",
            "a.b",
            "1.1.1.1/33",
            "::1%eth0",
            "1.2.3.4:80",
            "123.456.253.226",
        ] {
            assert!(!is_ip_legacy(text), "{text:?}");
        }
    }

    #[test]
    fn corners_agree_with_the_original() {
        for text in [
            "1.1.1.1/0.0.0.255",
            "1.1.1.1/ 24",
            "+1.2",
            "1_0.2",
            "1.2 ",
            "1. 2",
            "::1/ffff::",
            "::1/128",
            "::ffff:1.2.3.4/96",
            "1.1.1.1/0",
            "1.1.1.1/255.255.255.255",
            "1.1.1.1/0.0.0.0",
            "0001.2",
            "1.2/8",
            "::1/::1",
            "::/::",
            "1.1.1.1/+24",
            "1.1.1.1\n",
            "fe80::/ffc0::",
            "1:2:3:4:5:6:7:8/64",
            "1.1.1.1/2_4",
        ] {
            assert!(is_ip_legacy(text), "{text:?}");
        }
        for text in [
            "",
            "1.1.1.1/255.0.255.0",
            "1.1.1.1/",
            "1.1.1.1/-1",
            "::1/129",
            "1.",
            "1.2.3.4.5",
            "-1.2",
            " ::1",
            "::1 ",
            "1.1.1.1/24/24",
            "1.2/255.0",
            "1.1.1.1/::",
            "::1/1.1.1.1",
            "1.1.1.1/ 255.0.0.0",
            "1__0.2",
            "_1.2",
            "1_.2",
            "1/24",
        ] {
            assert!(!is_ip_legacy(text), "{text:?}");
        }
    }
}
