//! Time zones: names of the IANA database and offsets.

use chrono::{FixedOffset, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone};

/// A time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Utc,
    Fixed(FixedOffset),
    Named(chrono_tz::Tz),
}

/// No zone has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone '{name}'")]
pub(super) struct UnknownZone {
    name: String,
}

impl Zone {
    /// Reads a name (`Europe/Vienna`, `UTC`, `Z`) or an offset (`+02:00`, `+0200`, `+02`).
    ///
    /// # Errors
    /// [`UnknownZone`] for anything else.
    pub(super) fn parse(name: &str) -> Result<Self, UnknownZone> {
        if matches!(name, "UTC" | "Z" | "+00:00") {
            return Ok(Self::Utc);
        }
        if let Some(seconds) = offset_seconds(name) {
            return FixedOffset::east_opt(seconds)
                .map(Self::Fixed)
                .ok_or_else(|| UnknownZone { name: name.to_owned() });
        }
        name.parse().map(Self::Named).map_err(|_unknown| UnknownZone { name: name.to_owned() })
    }

    /// Distance from UTC, positive to the east, at an instant given in UTC.
    pub(super) fn offset_at(self, utc: NaiveDateTime) -> FixedOffset {
        match self {
            Self::Utc => chrono::Utc.fix(),
            Self::Fixed(offset) => offset,
            Self::Named(zone) => zone.offset_from_utc_datetime(&utc).fix(),
        }
    }

    /// What the clocks of the zone show at an instant given in UTC.
    pub(super) fn local(self, utc: NaiveDateTime) -> Option<NaiveDateTime> {
        utc.checked_add_offset(self.offset_at(utc))
    }

    /// The instant in UTC when the clocks of the zone show this. The first of two when they were
    /// set back; as if they had not yet been set forward in the gap when they were.
    pub(super) fn utc(self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let offset = match self {
            Self::Utc => return Some(local),
            Self::Fixed(offset) => offset,
            Self::Named(zone) => match zone.offset_from_local_datetime(&local) {
                MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => {
                    offset.fix()
                }
                MappedLocalTime::None => {
                    let before = local.checked_sub_signed(TimeDelta::hours(24))?;
                    zone.offset_from_utc_datetime(&before).fix()
                }
            },
        };
        local.checked_sub_offset(offset)
    }
}

/// Reads `±HH`, `±HHMM` or `±HH:MM`.
pub(super) fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let (hours, minutes) = match rest.split_once(':') {
        Some((hours, minutes)) if hours.len() == 2 && minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if rest.len() == 2 => (rest, "00"),
        None if rest.len() == 4 => rest.split_at_checked(2)?,
        None => return None,
    };
    let digits = |text: &str| -> Option<i32> {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
    };
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::Zone;

    #[test]
    fn local_time_and_back() {
        let check = |zone: &str, local: &str, utc: &str| {
            let found = Zone::parse(zone).unwrap().utc(local.parse().unwrap()).unwrap();
            assert_eq!(found, utc.parse().unwrap(), "{zone} {local}");
        };
        check("UTC", "2024-05-01T12:00:00", "2024-05-01T12:00:00");
        check("+05:30", "2024-05-01T12:00:00", "2024-05-01T06:30:00");
        check("-0800", "2024-05-01T12:00:00", "2024-05-01T20:00:00");
        check("Europe/Vienna", "2024-05-01T12:00:00", "2024-05-01T10:00:00");
        check("Europe/Vienna", "2024-10-27T02:30:00", "2024-10-27T00:30:00");
        check("Europe/Vienna", "2024-03-31T02:30:00", "2024-03-31T01:30:00");
    }

    #[test]
    fn refuses_what_is_no_zone() {
        for name in ["", "Mars/Olympus", "+1", "+25:00", "+02:60", "02:00", "+02:0", "+é1"] {
            assert!(Zone::parse(name).is_err(), "{name}");
        }
    }
}
