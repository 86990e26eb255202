//! Times written as numbers. The unit follows from the size (table in the documentation of the
//! parent module); the arithmetic is exact, on the decimal digits as written.

use std::fmt::{self, Write};

use super::calendar::{Date, day_of_date};
use super::clock::micros_of_day;
use super::{MICROS_PER_DAY, TEXT_BYTES_MAX, Timestamp};

/// Significant digits that are kept; what follows only decides how a tie rounds.
const MANTISSA_DIGITS_MAX: u32 = 36;

/// 100-nanosecond steps from 1601 and from year 1 to 1970, and from 1970 to 2100.
const FILE_TIME_OF_EPOCH: u128 = 116_444_736_000_000_000;
const TICKS_OF_EPOCH: u128 = 621_355_968_000_000_000;
const STEPS_TO_2100: u128 = 41_024_448_000_000_000;

/// A decimal number: `mantissa × 10^exponent`.
#[derive(Debug, Clone, Copy, Default)]
struct Decimal {
    negative: bool,
    mantissa: u128,
    exponent: i32,
    /// Digits that are not zero were left out after the mantissa.
    inexact: bool,
}

/// Reads a time from the source text of a number (JSON's spelling, such as `1600000000.5` or
/// `1.6e9`).
///
/// `None` when the text is not a number or lies outside the years 1 to 9999.
#[must_use]
pub fn from_number(text: &str) -> Option<Timestamp> {
    Decimal::parse(text.as_bytes())?.to_timestamp()
}

/// Reads a time from an integer; see [`from_number`].
#[must_use]
pub fn from_i64(number: i64) -> Option<Timestamp> {
    let mantissa = u128::from(number.unsigned_abs());
    Decimal { negative: number < 0, mantissa, ..Decimal::default() }.to_timestamp()
}

/// Reads a time from a floating-point number by its shortest decimal spelling; see [`from_number`].
#[must_use]
pub fn from_f64(number: f64) -> Option<Timestamp> {
    let mut text = StackText::default();
    // NaN and infinities are written as words, which the reader refuses.
    write!(text, "{number:e}").ok()?;
    Decimal::parse(text.bytes.get(..text.length)?)?.to_timestamp()
}

/// Reads `/Date(1600000000000)/`: always milliseconds, an offset only says how to display it.
pub(super) fn from_dot_net(text: &str) -> Option<Timestamp> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let sign = inner.bytes().skip(1).position(|byte| byte == b'+' || byte == b'-');
    let (digits, offset) = inner.split_at_checked(sign.map_or(inner.len(), |at| at + 1))?;
    let offset_is_valid = match offset.as_bytes() {
        [] => true,
        [_, digits @ ..] => digits.len() == 4 && digits.iter().all(u8::is_ascii_digit),
    };
    let milliseconds: i64 = digits.parse().ok().filter(|_| offset_is_valid)?;
    Timestamp(milliseconds.checked_mul(1_000)?).in_range()
}

impl Decimal {
    fn parse(text: &[u8]) -> Option<Self> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let (negative, mut rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let mut number = Self { negative, ..Self::default() };
        rest = number.take_digits(rest, 0)?;
        if let [b'.', fraction @ ..] = rest {
            rest = number.take_digits(fraction, -1)?;
        }
        if let [b'e' | b'E', exponent @ ..] = rest {
            let exponent: i32 = std::str::from_utf8(exponent).ok()?.parse().ok()?;
            number.exponent = number.exponent.checked_add(exponent)?;
            rest = &[];
        }
        rest.is_empty().then_some(number)
    }

    /// Appends at least one digit; each lowers the exponent by `step` (0 or -1).
    fn take_digits<'a>(&mut self, text: &'a [u8], step: i32) -> Option<&'a [u8]> {
        let (digits, rest) = text.split_at_checked(super::clock::leading_digits(text))?;
        for digit in digits.iter().map(|byte| byte - b'0') {
            if self.mantissa < 10_u128.pow(MANTISSA_DIGITS_MAX - 1) {
                self.mantissa = self.mantissa * 10 + u128::from(digit);
                self.exponent += step;
            } else {
                self.inexact |= digit != 0;
                self.exponent += step + 1;
            }
        }
        (!digits.is_empty()).then_some(rest)
    }

    fn to_timestamp(self) -> Option<Timestamp> {
        if self.mantissa == 0 {
            return Some(Timestamp(0));
        }
        let digits = i32::try_from(self.mantissa.ilog10()).ok()? + 1;
        // Digits before the decimal point; negative when zeros follow it.
        let magnitude = digits.checked_add(self.exponent)?;
        if magnitude > 20 {
            return None;
        }
        if magnitude < -6 {
            return Some(Timestamp(0));
        }
        if !self.negative {
            let special = match magnitude {
                8 => self.as_compact_date(),
                14 => self.as_compact_time(),
                18 => self.as_windows_steps(),
                _ => None,
            };
            if special.is_some() {
                return special;
            }
        }
        let shift = match magnitude {
            ..=11 => 6,
            12..=14 => 3,
            15..=17 => 0,
            _ => -3,
        };
        Timestamp(self.scaled(shift)?).in_range()
    }

    /// The number times `10^shift`, rounded half up.
    fn scaled(self, shift: i32) -> Option<i64> {
        let exponent = self.exponent.checked_add(shift)?;
        let power = 10_u128.checked_pow(exponent.unsigned_abs())?;
        if exponent >= 0 {
            let magnitude = i64::try_from(self.mantissa.checked_mul(power)?).ok()?;
            return Some(if self.negative { -magnitude } else { magnitude });
        }
        let (quotient, twice_rest) = (self.mantissa / power, self.mantissa % power * 2);
        let rounds_away = if self.negative {
            twice_rest > power || (twice_rest == power && self.inexact)
        } else {
            twice_rest >= power
        };
        let magnitude = i64::try_from(quotient + u128::from(rounds_away)).ok()?;
        Some(if self.negative { -magnitude } else { magnitude })
    }

    /// The number as an integer and the rest of it in microseconds.
    fn split(self) -> Option<(i64, i64)> {
        if self.exponent >= 0 {
            return Some((self.scaled(0)?, 0));
        }
        let power = 10_u128.checked_pow(self.exponent.unsigned_abs())?;
        let fraction = Self { mantissa: self.mantissa % power, ..self };
        Some((i64::try_from(self.mantissa / power).ok()?, fraction.scaled(6)?))
    }

    fn as_compact_date(self) -> Option<Timestamp> {
        match self.split()? {
            (digits, 0) => Some(Timestamp(compact_day(digits)? * MICROS_PER_DAY)),
            _ => None,
        }
    }

    fn as_compact_time(self) -> Option<Timestamp> {
        let (digits, micros) = self.split()?;
        compact_time(digits, micros)
    }

    fn as_windows_steps(self) -> Option<Timestamp> {
        let steps = u128::try_from(self.split()?.0).ok()?;
        [FILE_TIME_OF_EPOCH, TICKS_OF_EPOCH].into_iter().find_map(|epoch| {
            let since = steps.checked_sub(epoch).filter(|&since| since < STEPS_TO_2100)?;
            Some(Timestamp(i64::try_from((since + 5) / 10).ok()?))
        })
    }
}

/// `YYYYMMDDhhmmss` as an integer, with microseconds; `None` outside 1900 to 2099.
pub(super) fn compact_time(digits: i64, micros: i64) -> Option<Timestamp> {
    let (date, clock) = (digits / 1_000_000, digits % 1_000_000);
    let of_day = micros_of_day(clock / 10_000, clock / 100 % 100, clock % 100, micros)?;
    Some(Timestamp(compact_day(date)? * MICROS_PER_DAY + of_day))
}

/// `YYYYMMDD` as an integer, to a day number; `None` outside 1900 to 2099.
pub(super) fn compact_day(digits: i64) -> Option<i64> {
    let date = Date { year: digits / 10_000, month: digits / 100 % 100, day: digits % 100 };
    (1900..=2099).contains(&date.year).then(|| day_of_date(date))?
}

/// Room for the longest `{:e}` of an `f64`.
#[derive(Default)]
struct StackText {
    bytes: [u8; 32],
    length: usize,
}

impl Write for StackText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Timestamp;
    use super::{from_dot_net, from_f64, from_i64, from_number};

    fn check(number: &str, iso: Option<&str>) {
        let read = from_number(number).map(|timestamp| timestamp.to_string());
        assert_eq!(read.as_deref(), iso, "{number}");
    }

    #[test]
    fn size_decides_the_unit() {
        for (number, iso) in [
            ("0", "1970-01-01T00:00:00+00:00"),
            ("-0", "1970-01-01T00:00:00+00:00"),
            ("7", "1970-01-01T00:00:07+00:00"),
            ("12345", "1970-01-01T03:25:45+00:00"),
            ("160000000", "1975-01-26T20:26:40+00:00"),
            ("1600000000", "2020-09-13T12:26:40+00:00"),
            ("10000000000", "2286-11-20T17:46:40+00:00"),
            ("99999999999", "5138-11-16T09:46:39+00:00"),
            ("100000000000", "1973-03-03T09:46:40+00:00"),
            ("1600000000123", "2020-09-13T12:26:40.123000+00:00"),
            ("99999999999999", "5138-11-16T09:46:39.999000+00:00"),
            ("100000000000000", "1973-03-03T09:46:40+00:00"),
            ("1600000000123456", "2020-09-13T12:26:40.123456+00:00"),
            ("100000000000000000", "1973-03-03T09:46:40+00:00"),
            ("1600000000123456789", "2020-09-13T12:26:40.123457+00:00"),
            ("99999999999999999999", "5138-11-16T09:46:40+00:00"),
        ] {
            check(number, Some(iso));
        }
    }

    #[test]
    fn negative_numbers_count_back_from_the_epoch() {
        check("-3", Some("1969-12-31T23:59:57+00:00"));
        check("-1.5", Some("1969-12-31T23:59:58.500000+00:00"));
        check("-1600000000123", Some("1919-04-20T11:33:19.877000+00:00"));
        check("-62135596800", Some("0001-01-01T00:00:00+00:00"));
        check("-62135596801", None);
        check("-20200101", Some("1969-05-12T04:51:39+00:00"));
    }

    #[test]
    fn decimals_and_exponents_are_exact() {
        check("1600000000.5", Some("2020-09-13T12:26:40.500000+00:00"));
        check("1600000000.123", Some("2020-09-13T12:26:40.123000+00:00"));
        check("1600000000123.4567", Some("2020-09-13T12:26:40.123457+00:00"));
        check("1600000000.0000005", Some("2020-09-13T12:26:40.000001+00:00"));
        check("1600000000.00000049999999999999999999", Some("2020-09-13T12:26:40+00:00"));
        check("1.6e9", Some("2020-09-13T12:26:40+00:00"));
        check("1.6E+12", Some("2020-09-13T12:26:40+00:00"));
        check("16000000000e-1", Some("2020-09-13T12:26:40+00:00"));
        check("0.0000004", Some("1970-01-01T00:00:00+00:00"));
        check("0.0000005", Some("1970-01-01T00:00:00.000001+00:00"));
        check("-0.0000005", Some("1970-01-01T00:00:00+00:00"));
        check(
            "-0.00000050000000000000000000000000000000000000000001",
            Some("1969-12-31T23:59:59.999999+00:00"),
        );
        check("1e-400", Some("1970-01-01T00:00:00+00:00"));
        check("0e999999999", Some("1970-01-01T00:00:00+00:00"));
    }

    #[test]
    fn plausible_calendar_digits_are_a_date() {
        check("20200101", Some("2020-01-01T00:00:00+00:00"));
        check("20200101.0", Some("2020-01-01T00:00:00+00:00"));
        check("20200302175433", Some("2020-03-02T17:54:33+00:00"));
        check("20200302175433.253", Some("2020-03-02T17:54:33.253000+00:00"));
        check("20201301", Some("1970-08-22T19:28:21+00:00"));
        check("18991231", Some("1970-08-08T19:20:31+00:00"));
        check("20200101.5", Some("1970-08-22T19:08:21.500000+00:00"));
    }

    #[test]
    fn windows_steps_of_100_nanoseconds_are_known_by_their_range() {
        check("132276452732530000", Some("2020-03-02T17:54:33.253000+00:00"));
        check("637187684732530005", Some("2020-03-02T17:54:33.253001+00:00"));
        check("116444736000000000", Some("1970-01-01T00:00:00+00:00"));
        check("116444735999999999", Some("1973-09-09T17:45:36+00:00"));
    }

    #[test]
    fn refuses_what_is_not_a_number_of_our_years() {
        for number in [
            "",
            "-",
            "+1",
            ".5",
            "1.",
            "1e",
            "1e+",
            "1 ",
            " 1",
            "0x10",
            "1_000",
            "NaN",
            "inf",
            "1e400",
            "-1e400",
            "100000000000000000000",
            "1e2147483648",
            "1e-2147483649",
            "--1",
        ] {
            check(number, None);
        }
        assert_eq!(from_number(&"9".repeat(1_000_000)), None);
    }

    #[test]
    fn floats_are_read_by_their_shortest_spelling() {
        for (number, iso) in [
            (1_600_000_000.123, "2020-09-13T12:26:40.123000+00:00"),
            (1_600_000_000_123.456, "2020-09-13T12:26:40.123456+00:00"),
            (-11_644_473_600.0, "1601-01-01T00:00:00+00:00"),
            (20_200_101.0, "2020-01-01T00:00:00+00:00"),
            (-0.0, "1970-01-01T00:00:00+00:00"),
        ] {
            let read = from_f64(number).map(|timestamp| timestamp.to_string());
            assert_eq!(read.as_deref(), Some(iso), "{number}");
        }
        for number in [f64::NAN, f64::INFINITY, f64::MIN, f64::MAX] {
            assert_eq!(from_f64(number), None);
        }
        assert_eq!(from_f64(f64::MIN_POSITIVE), Some(Timestamp::from_micros(0)));
    }

    #[test]
    fn dot_net_dates_are_milliseconds() {
        for (text, micros) in [
            ("/Date(1600000000000)/", Some(1_600_000_000_000_000)),
            ("/Date(1600000000000+0200)/", Some(1_600_000_000_000_000)),
            ("/Date(-62135596800000)/", Some(Timestamp::MIN.as_micros())),
            ("/Date(5)/", Some(5_000)),
            ("/Date(5+2)/", None),
            ("/Date()/", None),
            ("/Date(-)/", None),
            ("/Date(1e3)/", None),
            ("/Date(9223372036854775807)/", None),
            ("/etc/passwd", None),
        ] {
            assert_eq!(from_dot_net(text).map(Timestamp::as_micros), micros, "{text}");
        }
    }

    proptest! {
        #[test]
        fn integers_and_their_text_agree(number: i64) {
            prop_assert_eq!(from_i64(number), from_number(&number.to_string()));
        }

        #[test]
        fn every_float_is_in_range_or_refused(number: f64) {
            if let Some(timestamp) = from_f64(number) {
                prop_assert!((Timestamp::MIN..=Timestamp::MAX).contains(&timestamp));
            }
        }

        #[test]
        fn any_text_of_number_characters_is_read_or_refused(text in "[-+0-9.eE]{0,60}") {
            let _ = from_number(&text);
        }
    }
}
