//! The small pieces that all forms share: digits, fractions of a second, times of day, UTC offsets.

use super::{MICROS_PER_DAY, MICROS_PER_SECOND};

/// The value of an ASCII digit.
pub(super) fn digit(byte: u8) -> Option<i64> {
    let value = byte.wrapping_sub(b'0');
    (value < 10).then(|| i64::from(value))
}

/// The value of two ASCII digits.
pub(super) fn two_digits(tens: u8, units: u8) -> Option<i64> {
    Some(digit(tens)? * 10 + digit(units)?)
}

/// How many ASCII digits the bytes start with.
pub(super) fn leading_digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Takes a number of `digits_min` to `digits_max` (at most 18) digits from the front.
pub(super) fn take_number(
    bytes: &[u8],
    digits_min: usize,
    digits_max: usize,
) -> Option<(i64, &[u8])> {
    let count = leading_digits(bytes);
    if count < digits_min || count > digits_max.min(18) {
        return None;
    }
    let (digits, rest) = bytes.split_at_checked(count)?;
    Some((digits.iter().fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0')), rest))
}

/// Takes the digits after a decimal point and gives microseconds, rounded half up.
///
/// The result may be a full second (`.9999999`).
pub(super) fn take_fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(leading_digits(bytes))?;
    let (read, unread) = digits.split_at_checked(6).unwrap_or((digits, &[]));
    if read.is_empty() {
        return None;
    }
    let micros = read.iter().fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0'));
    let missing = u32::try_from(6 - read.len()).ok()?;
    let rounds_up = unread.first().is_some_and(|&byte| byte >= b'5');
    Some((micros * 10_i64.pow(missing) + i64::from(rounds_up), rest))
}

/// Microseconds since midnight. 24:00 is the end of the day; second 60 is the end of second 59.
pub(super) fn micros_of_day(hour: i64, minute: i64, second: i64, micros: i64) -> Option<i64> {
    if hour == 24 && minute == 0 && second == 0 && micros == 0 {
        return Some(MICROS_PER_DAY);
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (second, micros) = if second == 60 { (59, 999_999) } else { (second, micros) };
    Some(((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + micros)
}

/// Takes `+HH`, `+HHMM` or `+HH:MM` (or `-`) and gives seconds east of UTC.
pub(super) fn take_offset(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (&[sign @ (b'+' | b'-'), h1, h2], rest) = bytes.split_first_chunk()? else {
        return None;
    };
    let hours = two_digits(h1, h2)?;
    let (minutes, rest) = match *rest {
        [b':', m1, m2, ..] => (two_digits(m1, m2)?, rest.get(3..)?),
        [m1 @ b'0'..=b'9', m2, ..] => (two_digits(m1, m2)?, rest.get(2..)?),
        _ => (0, rest),
    };
    if hours > 23 || minutes > 59 || leading_digits(rest) > 0 {
        return None;
    }
    let seconds = (hours * 60 + minutes) * 60;
    Some((if sign == b'-' { -seconds } else { seconds }, rest))
}
