//! The form that most logs use, `2020-03-02T17:54:33.253Z`, on a path of its own: no loop over the
//! text but for the fraction, no allocation.

use super::calendar::{Date, day_of_date};
use super::clock::{micros_of_day, take_fraction, take_offset, two_digits};
use super::{MICROS_PER_DAY, MICROS_PER_SECOND, Timestamp};

/// Reads `YYYY-MM-DDThh:mm:ss`, then optionally a fraction and `Z` or an offset.
///
/// The separator may also be `t` or a blank, the fraction may have any number of digits after `.`
/// or `,`, the offset is `+hh:mm`, `+hhmm` or `+hh`, also after a blank. Without one the time is
/// UTC. `None` for every other form; [`parse`](super::parse) reads those.
#[must_use]
pub fn parse_iso_fast(text: &str) -> Option<Timestamp> {
    let (head, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't' | b' ', ref clock @ ..] = head
    else {
        return None;
    };
    let &[h1, h2, b':', n1, n2, b':', s1, s2] = clock else {
        return None;
    };
    let date = Date {
        year: two_digits(y1, y2)? * 100 + two_digits(y3, y4)?,
        month: two_digits(m1, m2)?,
        day: two_digits(d1, d2)?,
    };
    let (micros, rest) = match rest {
        [b'.' | b',', fraction @ ..] => take_fraction(fraction)?,
        _ => (0, rest),
    };
    let of_day =
        micros_of_day(two_digits(h1, h2)?, two_digits(n1, n2)?, two_digits(s1, s2)?, micros)?;
    let local = day_of_date(date)? * MICROS_PER_DAY + of_day;
    let offset = match rest {
        [] | [b'Z' | b'z'] => 0,
        [b' ', offset @ ..] | offset => match take_offset(offset)? {
            (seconds, []) => seconds,
            _ => return None,
        },
    };
    Timestamp(local - offset * MICROS_PER_SECOND).in_range()
}

#[cfg(test)]
mod tests {
    use super::parse_iso_fast;

    fn check(text: &str, iso: Option<&str>) {
        let read = parse_iso_fast(text).map(|timestamp| timestamp.to_string());
        assert_eq!(read.as_deref(), iso, "{text}");
    }

    #[test]
    fn reads_every_spelling_of_the_common_form() {
        for (text, iso) in [
            ("2020-03-02T17:54:33Z", "2020-03-02T17:54:33+00:00"),
            ("2020-03-02t17:54:33z", "2020-03-02T17:54:33+00:00"),
            ("2020-03-02 17:54:33", "2020-03-02T17:54:33+00:00"),
            ("2020-03-02T17:54:33.2Z", "2020-03-02T17:54:33.200000+00:00"),
            ("2020-03-02 17:54:33,253", "2020-03-02T17:54:33.253000+00:00"),
            ("2020-03-02T17:54:33.2530000Z", "2020-03-02T17:54:33.253000+00:00"),
            ("2020-03-02T17:54:33+0200", "2020-03-02T15:54:33+00:00"),
            ("2020-03-02T17:54:33+02:00", "2020-03-02T15:54:33+00:00"),
            ("2020-03-02T17:54:33-02", "2020-03-02T19:54:33+00:00"),
            ("2020-03-02 17:54:33.253 +0530", "2020-03-02T12:24:33.253000+00:00"),
            ("2020-03-02T24:00:00Z", "2020-03-03T00:00:00+00:00"),
        ] {
            check(text, Some(iso));
        }
    }

    #[test]
    fn rounds_finer_digits_half_up() {
        check("2020-09-13T12:26:40.123456499Z", Some("2020-09-13T12:26:40.123456+00:00"));
        check("2020-09-13T12:26:40.1234565Z", Some("2020-09-13T12:26:40.123457+00:00"));
        check("2020-09-13T12:26:40.123456789Z", Some("2020-09-13T12:26:40.123457+00:00"));
        check("2020-12-31T23:59:59.9999999Z", Some("2021-01-01T00:00:00+00:00"));
    }

    #[test]
    fn leap_second_stays_in_its_minute() {
        check("2016-12-31T23:59:60Z", Some("2016-12-31T23:59:59.999999+00:00"));
        check("2016-12-31T23:59:60.7Z", Some("2016-12-31T23:59:59.999999+00:00"));
        check("2016-12-31T23:59:61Z", None);
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        for text in [
            "",
            "2020-03-02",
            "2020-03-02T17:54",
            "2020-02-30T17:54:33Z",
            "2020-03-02T25:00:00Z",
            "2020-03-02T24:00:01Z",
            "2020-03-02T17:60:33Z",
            "2020-03-02T17:54:33.Z",
            "2020-03-02T17:54:33ZZ",
            "2020-03-02T17:54:33+",
            "2020-03-02T17:54:33+2",
            "2020-03-02T17:54:33+02:",
            "2020-03-02T17:54:33+02:60",
            "2020-03-02T17:54:33+02000",
            "2020-03-02T17:54:33 and more",
            "0000-03-02T17:54:33Z",
            "0001-01-01T00:00:00+02:00",
            "9999-12-31T23:59:59-02:00",
            "9999-12-31T23:59:59.9999999Z",
            "２０20-03-02T17:54:33",
        ] {
            check(text, None);
        }
    }
}
