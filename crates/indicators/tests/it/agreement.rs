//! A matcher says yes exactly when a key of the value lies in a range of the indicator: an index of
//! keys and a scan of values give the same.

use std::collections::BTreeSet;

use headwater_indicators::{Indicator, KEY_BYTES_MAX, Keys, Kind, Matcher};
use proptest::prelude::*;

/// Words of a few letters, so that values and indicators meet often.
fn word() -> impl Strategy<Value = String> {
    "[abAB]{1,2}|com|é|Ä"
}

fn domain() -> impl Strategy<Value = String> {
    proptest::collection::vec(word(), 1..4).prop_map(|labels| labels.join("."))
}

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        (0_u8..3, 0_u8..3).prop_map(|(c, d)| format!("10.0.{c}.{d}")),
        (0_u16..3).prop_map(|last| format!("2001:db8::{last:x}")),
        (0_u8..3).prop_map(|d| format!("::ffff:10.0.0.{d}")),
        (0_u16..2).prop_map(|first| format!("{first:x}::")),
    ]
}

fn network() -> impl Strategy<Value = String> {
    (address(), 0_u8..129).prop_map(|(address, length)| format!("{address}/{length}"))
}

fn url() -> impl Strategy<Value = String> {
    let scheme = prop_oneof![Just(""), Just("http://"), Just("https://"), Just("ldap://")];
    let host = prop_oneof![domain(), address()];
    let port = prop_oneof![Just(""), Just(":80"), Just(":443"), Just(":8080")];
    (scheme, host, port, "(/[aA%]{0,2}(%41|%2f| )?)?(\\?a)?(#b)?")
        .prop_map(|(scheme, host, port, rest)| format!("{scheme}{host}{port}{rest}"))
}

fn path() -> impl Strategy<Value = String> {
    ("(C:\\\\|/|\\\\\\\\|)", proptest::collection::vec(word(), 1..3), "[/\\\\]", "(\\.exe|\\.zip|)")
        .prop_map(|(root, parts, separator, ending)| {
            format!("{root}{}{ending}", parts.join(&separator))
        })
}

fn user() -> impl Strategy<Value = String> {
    prop_oneof![
        word(),
        (word(), word()).prop_map(|(domain, name)| format!("{domain}\\{name}")),
        (word(), domain()).prop_map(|(name, domain)| format!("{name}@{domain}")),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        domain(),
        address(),
        network(),
        url(),
        path(),
        user(),
        Just("d41d8cd98f00b204e9800998ecf8427e".to_owned()),
        Just("00:11:22:33:44:55".to_owned()),
        ".{0,20}",
        "[a.]{0,3}[é%/:@\\\\\\[\\]*\" ]{0,4}[a.]{0,3}",
    ]
}

fn indicator() -> impl Strategy<Value = String> {
    let prefix = prop_oneof![
        8 => Just(""),
        1 => Just("*."),
        1 => Just("user:"),
        1 => Just("host:"),
        1 => Just("domain:"),
        1 => Just("file:"),
        1 => Just("url:"),
        1 => Just("other:"),
    ];
    (prefix, text()).prop_map(|(prefix, text)| format!("{prefix}{text}"))
}

fn nested_name() -> impl Strategy<Value = String> {
    proptest::collection::vec("[abc]", 1..4).prop_map(|labels| labels.join("."))
}

fn nested() -> impl Strategy<Value = String> {
    prop_oneof![
        (any::<bool>(), nested_name()).prop_map(|(below, name)| {
            format!("domain:{}{name}", if below { "*." } else { "" })
        }),
        (0_u8..32, 24_u8..33).prop_map(|(last, length)| format!("10.0.0.{last}/{length}")),
    ]
}

fn nested_value() -> impl Strategy<Value = String> {
    prop_oneof![nested_name(), (0_u8..40).prop_map(|last| format!("10.0.0.{last}"))]
}

fn check(given: &[String], observed: &[(i64, String)]) -> Result<(), TestCaseError> {
    let indicators: Vec<Indicator> =
        given.iter().filter_map(|text| Indicator::parse(text).ok()).collect();
    let matcher = Matcher::new(&indicators);
    for (type_id, value) in observed {
        let mut by_ranges = BTreeSet::new();
        Keys::default().each(*type_id, value, |kind, _, key| {
            assert!(key.len() <= KEY_BYTES_MAX && !key.is_empty(), "{key:?}");
            for (number, indicator) in indicators.iter().enumerate() {
                if indicator.ranges().any(|range| range.contains(kind, key)) {
                    by_ranges.insert(number);
                }
            }
        });
        let by_matcher = matcher.matches(*type_id, value);
        prop_assert_eq!(by_ranges.into_iter().collect::<Vec<_>>(), by_matcher);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn matcher_and_ranges_agree(
        given in proptest::collection::vec(indicator(), 1..30),
        observed in proptest::collection::vec((0_i64..48, text()), 1..20),
    ) {
        check(&given, &observed)?;
    }

    /// Ranges inside others, and values behind the end of an inner one.
    #[test]
    fn matcher_and_nested_ranges_agree(
        given in proptest::collection::vec(nested(), 2..30),
        observed in proptest::collection::vec((1_i64..3, nested_value()), 1..20),
    ) {
        check(&given, &observed)?;
    }

    /// Networks contain the addresses that they contain.
    #[test]
    fn networks_contain_their_addresses(
        bits: u32,
        length in 0_u32..33,
        other: u32,
        near in 0_u32..33,
    ) {
        let network = format!("{}/{length}", std::net::Ipv4Addr::from(bits));
        let indicator = Indicator::parse(&network).unwrap();
        let matcher = Matcher::new([&indicator]);
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        for address in [other, bits ^ 1_u32.checked_shl(near).unwrap_or(0)] {
            let text = std::net::Ipv4Addr::from(address).to_string();
            prop_assert_eq!(!matcher.matches(2, &text).is_empty(), (address ^ bits) & mask == 0);
        }
    }

    /// An observed network is found by those around it and itself.
    #[test]
    fn networks_contain_smaller_networks(
        bits: u128,
        length in 0_u32..129,
        inner in 0_u32..128,
        flip in 0_u32..128,
    ) {
        let masked = |bits: u128, length: u32| {
            bits & u128::MAX.checked_shl(128 - length).unwrap_or(0)
        };
        let text = |bits: u128, length: u32| {
            format!("{}/{length}", std::net::Ipv6Addr::from_bits(masked(bits, length)))
        };
        let indicator = Indicator::parse(&text(bits, length)).unwrap();
        let other = bits ^ (1 << flip);
        let matched = !Matcher::new([&indicator]).matches(12, &text(other, inner)).is_empty();
        prop_assert_eq!(matched, inner >= length && masked(other, length) == masked(bits, length));
    }

    /// A value is found by itself, when it was observed as what it is.
    #[test]
    fn a_value_is_found_by_itself(text in text()) {
        let Ok(indicator) = Indicator::parse(&text) else { return Ok(()) };
        for range in indicator.ranges() {
            prop_assert!(range.high().is_none_or(|high| range.low() < high), "{:?}", range);
        }
        let type_id = match indicator.kind() {
            Kind::Domain => 1,
            Kind::Email => 5,
            Kind::File => 45,
            Kind::Hash => 8,
            Kind::Ip => 12,
            Kind::Mac => 3,
            Kind::Other => 13,
            Kind::Url => 6,
            Kind::User => 4,
        };
        // Defanged text, quotes and names of forms are not observed; nor is what is below.
        let is_plain = !text.contains(['[', '"', '\'', '`', '*'])
            && !text.contains("\\.")
            && !text.trim_start().starts_with('.');
        if is_plain {
            let matched = Matcher::new([&indicator]).matches(type_id, &text);
            prop_assert_eq!(matched, [0], "{:?}", indicator);
        }
    }
}
