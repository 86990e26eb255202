//! The canonical text of an address, as the standard library writes it.

use std::fmt::Write as _;
use std::net::IpAddr;

/// Longest canonical text: `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`.
pub(super) const TEXT_BYTES_MAX: usize = 45;

/// Appends the canonical text. IPv4 without the formatting machinery: nearly every event has one.
pub(super) fn write_address(address: IpAddr, out: &mut String) {
    let IpAddr::V4(address) = address else {
        // Writing to a String cannot fail.
        let _ = write!(out, "{address}");
        return;
    };
    for (place, octet) in address.octets().into_iter().enumerate() {
        if place > 0 {
            out.push('.');
        }
        for (digit, least) in [(octet / 100, 100), (octet / 10 % 10, 10), (octet % 10, 0)] {
            if octet >= least {
                out.push(char::from(b'0' + digit));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn addresses_are_written_as_the_standard_library_does() {
        for octet in 0..=u8::MAX {
            for address in [[octet, 0, 10, 255].into(), [octet; 16].into()] {
                let address: std::net::IpAddr = address;
                let mut text = String::new();
                super::write_address(address, &mut text);
                assert_eq!(text, address.to_string());
            }
        }
    }
}
