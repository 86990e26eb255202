//! Time zones: fixed offsets, abbreviations, and the IANA database.

use std::str::FromStr;

use chrono::{DateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::clock::{leading_digits, take_number, take_offset};
use super::{MICROS_PER_DAY, MICROS_PER_SECOND, Timestamp};

/// How a local time becomes UTC.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Zone {
    /// Seconds east of UTC.
    Fixed(i64),
    /// A place, whose offset depends on the date.
    Named(Tz),
}

impl Zone {
    pub(super) const UTC: Self = Self::Fixed(0);

    /// An abbreviation or an IANA name.
    pub(super) fn from_name(name: &[u8]) -> Option<Self> {
        abbreviation(name).or_else(|| {
            let name = std::str::from_utf8(name).ok()?;
            Tz::from_str(name).ok().map(Self::Named)
        })
    }

    /// The instant of a local time.
    ///
    /// A time that occurs twice is the earlier one; one that is skipped counts from before the
    /// change.
    pub(super) fn instant_of_local(self, local_micros: i64) -> Option<Timestamp> {
        let offset = match self {
            Self::Fixed(seconds) => seconds,
            Self::Named(zone) => {
                let local = DateTime::from_timestamp_micros(local_micros)?.naive_utc();
                let day_before = local.checked_sub_signed(TimeDelta::days(1))?;
                let offset = zone
                    .offset_from_local_datetime(&local)
                    .earliest()
                    .unwrap_or_else(|| zone.offset_from_utc_datetime(&day_before));
                i64::from(offset.fix().local_minus_utc())
            }
        };
        Timestamp(local_micros.checked_sub(offset * MICROS_PER_SECOND)?).in_range()
    }

    /// The day that it is in this zone, as a number counted from the epoch.
    pub(super) fn day_of_instant(self, instant: Timestamp) -> Option<i64> {
        let instant = instant.in_range()?;
        let offset = match self {
            Self::Fixed(seconds) => seconds,
            Self::Named(zone) => {
                let utc = DateTime::from_timestamp_micros(instant.as_micros())?.naive_utc();
                i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
            }
        };
        Some((instant.as_micros() + offset * MICROS_PER_SECOND).div_euclid(MICROS_PER_DAY))
    }
}

/// Takes the offset that may follow `UTC` or `GMT`: `+2`, `-05`, `+0530`, `+05:30`.
pub(super) fn take_offset_after_utc(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (sign, digits) = match bytes {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    if leading_digits(digits) > 1 {
        return take_offset(bytes);
    }
    let (hours, rest) = take_number(digits, 1, 1)?;
    Some((sign * hours * 3_600, rest))
}

/// Seconds east of UTC of an abbreviation, in any case.
///
/// Names with several meanings have the North American or European one (`CST`, `BST`); `IST`
/// (India, Israel, Ireland) has none.
#[rustfmt::skip]
fn abbreviation(name: &[u8]) -> Option<Zone> {
    let mut upper = [0; 4];
    let upper = upper.get_mut(..name.len())?;
    upper.copy_from_slice(name);
    upper.make_ascii_uppercase();
    let quarters_of_an_hour: i64 = match &*upper {
        b"Z" | b"UTC" | b"GMT" | b"UT" | b"WET" => 0,
        // North America
        b"NST" => -14, b"NDT" => -10,
        b"AST" => -16, b"ADT" => -12,
        b"EST" => -20, b"EDT" => -16,
        b"CST" => -24, b"CDT" => -20,
        b"MST" => -28, b"MDT" => -24,
        b"PST" => -32, b"PDT" => -28,
        b"AKST" => -36, b"AKDT" => -32,
        b"HST" | b"HAST" => -40, b"HDT" | b"HADT" => -36,
        // Europe
        b"BST" | b"WEST" | b"CET" | b"MET" => 4,
        b"CEST" | b"MEST" | b"EET" => 8,
        b"EEST" | b"MSK" => 12,
        // East Asia and Oceania
        b"HKT" | b"SGT" | b"AWST" => 32,
        b"JST" | b"KST" => 36,
        b"ACST" => 38, b"ACDT" => 42,
        b"AEST" => 40, b"AEDT" => 44,
        b"NZST" => 48, b"NZDT" => 52,
        _ => return None,
    };
    Some(Zone::Fixed(quarters_of_an_hour * 900))
}
