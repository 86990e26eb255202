//! Numbers of any length as JSON spells them, compared by value without rounding.

use std::cmp::Ordering;

/// A decimal number: `0.digits` times ten to the `exponent`.
struct Decimal<'a> {
    negative: bool,
    /// Digits before and after the point; no zero leads, none trails.
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl Decimal<'_> {
    fn digits(&self) -> impl Iterator<Item = u8> {
        self.whole.iter().chain(self.fraction).copied()
    }

    fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.fraction.is_empty()
    }
}

/// Splits a number in JSON spelling.
fn decimal(text: &str) -> Decimal<'_> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let power: i64 =
        power.parse().unwrap_or(if power.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut whole = whole.trim_start_matches('0');
    let mut fraction = fraction.trim_end_matches('0');
    let mut exponent = length(whole);
    if whole.is_empty() {
        let digits = fraction.trim_start_matches('0');
        exponent = length(digits) - length(fraction);
        fraction = digits;
    }
    if fraction.is_empty() {
        whole = whole.trim_end_matches('0');
    }
    let exponent = exponent.saturating_add(power);
    Decimal { negative, whole: whole.as_bytes(), fraction: fraction.as_bytes(), exponent }
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX / 4)
}

/// Compares two numbers in JSON spelling by value: `1.0` equals `1e0`, and twenty digits are twenty
/// digits.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (decimal(left), decimal(right));
    match (left.is_zero(), right.is_zero()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return sign_order(right.negative).reverse(),
        (false, true) => return sign_order(left.negative),
        (false, false) => {}
    }
    if left.negative != right.negative {
        return sign_order(left.negative);
    }
    let magnitude =
        left.exponent.cmp(&right.exponent).then_with(|| left.digits().cmp(right.digits()));
    if left.negative { magnitude.reverse() } else { magnitude }
}

/// How a number of this sign compares with zero.
fn sign_order(negative: bool) -> Ordering {
    if negative { Ordering::Less } else { Ordering::Greater }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::compare;

    #[test]
    fn compares_by_value() {
        let check = |left: &str, right: &str, expected: Ordering| {
            assert_eq!(compare(left, right), expected, "{left} {right}");
            assert_eq!(compare(right, left), expected.reverse(), "{right} {left}");
        };
        check("1", "1.0", Ordering::Equal);
        check("1e2", "100", Ordering::Equal);
        check("0.001", "1E-3", Ordering::Equal);
        check("-0", "0.0e5", Ordering::Equal);
        check("12345678901234567890", "12345678901234567891", Ordering::Less);
        check("1e400", "1e401", Ordering::Less);
        check("-1e400", "1", Ordering::Less);
        check("-2", "-10", Ordering::Greater);
        check("0", "-1", Ordering::Greater);
        check("0.1", "0.01", Ordering::Greater);
        check("99", "100", Ordering::Less);
        check("1.05", "1.5", Ordering::Less);
        check("1e99999999999999999999", "2", Ordering::Greater);
        check("1e-99999999999999999999", "2", Ordering::Less);
    }

    proptest! {
        #[test]
        fn agrees_with_floats(left in -1e6..1e6_f64, right in -1e6..1e6_f64) {
            let expected = left.partial_cmp(&right);
            prop_assert_eq!(Some(compare(&left.to_string(), &format!("{right:e}"))), expected);
        }
    }
}
