//! Times in words and in all the orders people write them.
//!
//! A reader takes one item after the other from the text: a date, a time of day, a number, a word,
//! a zone. Every item must mean something and may occur once; whatever does not fit makes the whole
//! text not a time.

use super::calendar::{Date, date_of_day, day_of_date, day_of_ordinal_date, day_of_week_date};
use super::clock::{leading_digits, micros_of_day, take_fraction, take_number, take_offset};
use super::words::{Half, is_weekday, month};
use super::zone::{Zone, take_offset_after_utc};
use super::{MICROS_PER_DAY, Timestamp, number};

/// How far back a date without a year may lie: 29 February can be eight years away.
const YEARS_BACK_MAX: i64 = 8;

/// Reads a time made of items; see the table in the documentation of the parent module.
pub(super) fn parse(text: &[u8], now: Timestamp) -> Option<Timestamp> {
    let mut reader = Reader { rest: text, ..Reader::default() };
    reader.item()?;
    loop {
        let separated = reader.skip_separators();
        if reader.rest.is_empty() {
            return reader.resolve(now);
        }
        if !separated && !reader.may_be_joined {
            return None;
        }
        reader.item()?;
    }
}

#[derive(Debug, Default)]
struct Reader<'a> {
    rest: &'a [u8],
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    has_weekday: bool,
    /// Microseconds since midnight.
    clock: Option<i64>,
    zone: Option<Zone>,
    /// The zone was an offset, which wins over names.
    has_offset: bool,
    /// The next item may follow without a separator.
    may_be_joined: bool,
}

/// Sets a field that may be set once.
fn set_once<T>(field: &mut Option<T>, value: T) -> Option<()> {
    field.is_none().then(|| *field = Some(value))
}

impl<'a> Reader<'a> {
    fn item(&mut self) -> Option<()> {
        self.may_be_joined = false;
        match self.rest {
            [b'0'..=b'9', ..] => self.number(),
            [b'a'..=b'z' | b'A'..=b'Z', ..] => self.word(),
            [b'+' | b'-', ..] => self.offset(),
            [b'(', inner @ ..] => self.bracketed(inner, b')'),
            [b'[', inner @ ..] => self.bracketed(inner, b']'),
            [b'@', rest @ ..] => self.at(rest),
            _ => None,
        }
    }

    /// Skips blanks and at most one comma; no-break blanks are what Windows and ICU put before
    /// `PM`.
    fn skip_separators(&mut self) -> bool {
        let before = self.rest.len();
        self.skip_blanks();
        if let [b',', rest @ ..] = self.rest {
            self.rest = rest;
            self.skip_blanks();
        }
        self.rest.len() < before
    }

    fn skip_blanks(&mut self) {
        while let [b' ' | b'\t', rest @ ..]
        | [0xC2, 0xA0, rest @ ..]
        | [0xE2, 0x80, 0xAF, rest @ ..] = self.rest
        {
            self.rest = rest;
        }
    }

    fn number(&mut self) -> Option<()> {
        let count = leading_digits(self.rest);
        match (count, self.rest.get(count..)?) {
            (1 | 2, [b':', ..]) => self.clock(),
            (1 | 2, [b'/' | b'-' | b'.', ..]) => self.short_date(),
            (4, [b'/' | b'-' | b'.', ..]) => self.long_date(),
            (8, _) => self.compact_date(),
            (14, _) => self.compact_time(),
            (1 | 2, _) => self.hour().or_else(|| self.day_or_year(count)),
            (4, _) => {
                let (year, rest) = take_number(self.rest, 4, 4)?;
                self.rest = rest;
                set_once(&mut self.year, year)
            }
            _ => None,
        }
    }

    /// `12am`, `5 PM`
    fn hour(&mut self) -> Option<()> {
        let (hour, rest) = take_number(self.rest, 1, 2)?;
        let mut after = Reader { rest, ..Reader::default() };
        after.skip_blanks();
        let (half, rest) = Half::take(after.rest)?;
        let of_day = micros_of_day(half.hour_of_24(hour)?, 0, 0, 0)?;
        self.rest = rest;
        self.may_be_joined = true;
        set_once(&mut self.clock, of_day)
    }

    /// The day of a date with a month in letters, or its year in two digits.
    fn day_or_year(&mut self, digits: usize) -> Option<()> {
        let (number, rest) = take_number(self.rest, 1, 2)?;
        self.rest = rest;
        if self.day.is_some() {
            self.month.filter(|_| digits == 2)?;
            return set_once(&mut self.year, full_year(number));
        }
        self.day = Some(number);
        match self.rest {
            // 1st, 2nd, 3rd, 4th
            [a, b, rest @ ..] if is_ordinal_suffix(*a, *b) => self.rest = rest,
            // 2Mar2020
            [b'a'..=b'z' | b'A'..=b'Z', ..] => {
                self.take_month()?;
                let (year, rest) = take_number(self.rest, 4, 4)?;
                self.rest = rest;
                return set_once(&mut self.year, year);
            }
            _ => {}
        }
        Some(())
    }

    /// `3/1/2020`, `02-Mar-2020`, `02/Mar/2020:17:54:33`, `02.03.2020`
    fn short_date(&mut self) -> Option<()> {
        let (first, rest) = take_number(self.rest, 1, 2)?;
        let (&separator, rest) = rest.split_first()?;
        self.rest = rest;
        let (month, day) = if rest.first()?.is_ascii_alphabetic() {
            self.take_month()?;
            (self.month.take()?, first)
        } else {
            let (second, rest) = take_number(rest, 1, 2)?;
            self.rest = rest;
            if separator == b'.' || first > 12 { (second, first) } else { (first, second) }
        };
        let year_and_more = self.rest.strip_prefix(&[separator])?;
        let (year, rest) = match leading_digits(year_and_more) {
            2 if separator != b'.' => {
                let (year, rest) = take_number(year_and_more, 2, 2)?;
                (full_year(year), rest)
            }
            _ => take_number(year_and_more, 4, 4)?,
        };
        self.rest = rest;
        self.set_date(Date { year, month, day })?;
        self.joint()
    }

    /// `2020-03-02`, `2020/3/2`, `2020-Mar-02`, `2020-062`, `2020-W10-1`
    fn long_date(&mut self) -> Option<()> {
        let (year, rest) = take_number(self.rest, 4, 4)?;
        let (&separator, rest) = rest.split_first()?;
        self.rest = rest;
        match (separator, rest) {
            (b'-', [b'W', week @ ..]) => {
                let (week, rest) = take_number(week, 2, 2)?;
                let (weekday, rest) = take_number(rest.strip_prefix(b"-")?, 1, 1)?;
                self.rest = rest;
                self.set_date(date_of_day(day_of_week_date(year, week, weekday)?))?;
            }
            (b'-', _) if leading_digits(rest) == 3 => {
                let (ordinal, rest) = take_number(rest, 3, 3)?;
                self.rest = rest;
                self.set_date(date_of_day(day_of_ordinal_date(year, ordinal)?))?;
            }
            _ => {
                let month = if rest.first()?.is_ascii_alphabetic() {
                    self.take_month()?;
                    self.month.take()?
                } else {
                    let (month, rest) = take_number(rest, 1, 2)?;
                    self.rest = rest;
                    month
                };
                let (day, rest) = take_number(self.rest.strip_prefix(&[separator])?, 1, 2)?;
                self.rest = rest;
                self.set_date(Date { year, month, day })?;
            }
        }
        self.joint()
    }

    /// `20200302`, `20200302T175433`
    fn compact_date(&mut self) -> Option<()> {
        let (digits, rest) = take_number(self.rest, 8, 8)?;
        self.rest = rest;
        self.set_date(date_of_day(number::compact_day(digits)?))?;
        let [b'T' | b't', clock @ ..] = rest else {
            return Some(());
        };
        let (number, rest) = take_number(clock, 4, 6)?;
        let (clock, rest) = match leading_digits(clock) {
            4 => (micros_of_day(number / 100, number % 100, 0, 0)?, rest),
            6 => {
                let (micros, rest) = optional_fraction(rest)?;
                let (hour, minute, second) = (number / 10_000, number / 100 % 100, number % 100);
                (micros_of_day(hour, minute, second, micros)?, rest)
            }
            _ => return None,
        };
        self.rest = rest;
        self.may_be_joined = true;
        set_once(&mut self.clock, clock)
    }

    /// `20200302175433.253Z`, and `20200302175433.253000+060` with the offset in minutes.
    fn compact_time(&mut self) -> Option<()> {
        let (digits, rest) = take_number(self.rest, 14, 14)?;
        let (micros, rest) = optional_fraction(rest)?;
        let local = number::compact_time(digits, micros)?.as_micros();
        let day = local.div_euclid(MICROS_PER_DAY);
        self.set_date(date_of_day(day))?;
        set_once(&mut self.clock, local - day * MICROS_PER_DAY)?;
        self.rest = rest;
        self.may_be_joined = true;
        if let [sign @ (b'+' | b'-'), minutes @ ..] = rest
            && leading_digits(minutes) == 3
        {
            let (minutes, rest) = take_number(minutes, 3, 3)?;
            self.rest = rest;
            let seconds = if *sign == b'-' { -minutes * 60 } else { minutes * 60 };
            self.set_offset(seconds)?;
        }
        Some(())
    }

    /// A time of day may follow a date directly.
    fn joint(&mut self) -> Option<()> {
        match self.rest {
            [b'T' | b't' | b'_' | b':', rest @ ..] => {
                self.rest = rest;
                self.clock()
            }
            _ => Some(()),
        }
    }

    /// `17:54`, `17:54:33.253`, `5:04:03 PM`
    fn clock(&mut self) -> Option<()> {
        let (hour, rest) = take_number(self.rest, 1, 2)?;
        let (minute, rest) = take_number(rest.strip_prefix(b":")?, 2, 2)?;
        let (second, micros, rest) = match rest {
            [b':', seconds @ ..] => {
                let (second, rest) = take_number(seconds, 2, 2)?;
                let (micros, rest) = optional_fraction(rest)?;
                (second, micros, rest)
            }
            _ => (0, 0, rest),
        };
        self.rest = rest;
        self.may_be_joined = true;
        let mut after = Reader { rest, ..Reader::default() };
        after.skip_blanks();
        let hour = match Half::take(after.rest) {
            Some((half, rest)) => {
                self.rest = rest;
                half.hour_of_24(hour)?
            }
            None => hour,
        };
        set_once(&mut self.clock, micros_of_day(hour, minute, second, micros)?)
    }

    fn word(&mut self) -> Option<()> {
        let letters = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.rest.split_at_checked(letters)?;
        if month(word).is_some() {
            self.take_month()?;
            self.rest = self.rest.strip_prefix(b".").unwrap_or(self.rest);
            return Some(());
        }
        if is_weekday(word) {
            self.rest = rest.strip_prefix(b".").unwrap_or(rest);
            let first = !self.has_weekday;
            self.has_weekday = true;
            return first.then_some(());
        }
        if word.eq_ignore_ascii_case(b"at") {
            return self.at(rest);
        }
        if rest.first() == Some(&b'/') {
            let name_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(byte);
            let length = self.rest.iter().take_while(|byte| name_byte(byte)).count();
            let (name, rest) = self.rest.split_at_checked(length)?;
            self.rest = rest;
            return self.set_zone_name(name);
        }
        self.rest = rest;
        let is_utc = word.eq_ignore_ascii_case(b"utc") || word.eq_ignore_ascii_case(b"gmt");
        if is_utc && let Some((seconds, rest)) = take_offset_after_utc(rest) {
            self.rest = rest;
            return self.set_offset(seconds);
        }
        self.set_zone_name(word)
    }

    /// `at` and `@` stand between a date and a time.
    fn at(&mut self, rest: &'a [u8]) -> Option<()> {
        self.rest = rest;
        (self.day.is_some() && self.clock.is_none()).then_some(())
    }

    fn take_month(&mut self) -> Option<()> {
        let letters = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.rest.split_at_checked(letters)?;
        self.rest = rest;
        set_once(&mut self.month, month(word)?)
    }

    fn offset(&mut self) -> Option<()> {
        self.clock?;
        let (seconds, rest) = take_offset(self.rest)?;
        self.rest = rest;
        self.set_offset(seconds)
    }

    /// A zone in brackets; after an offset it is a comment.
    fn bracketed(&mut self, inner: &'a [u8], close: u8) -> Option<()> {
        self.clock?;
        let length = inner.iter().position(|&byte| byte == close)?;
        let (content, rest) = inner.split_at_checked(length)?;
        self.rest = rest.get(1..)?;
        self.may_be_joined = true;
        if self.has_offset {
            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b" /_+-.=:".contains(byte);
            return content.iter().all(is_name).then_some(());
        }
        match take_offset(content) {
            Some((seconds, [])) => self.set_offset(seconds),
            _ => self.set_zone_name(content),
        }
    }

    fn set_date(&mut self, Date { year, month, day }: Date) -> Option<()> {
        set_once(&mut self.year, year)?;
        set_once(&mut self.month, month)?;
        set_once(&mut self.day, day)
    }

    fn set_offset(&mut self, seconds: i64) -> Option<()> {
        self.may_be_joined = true;
        self.zone = Some(Zone::Fixed(seconds));
        let first = !self.has_offset;
        self.has_offset = true;
        first.then_some(())
    }

    fn set_zone_name(&mut self, name: &[u8]) -> Option<()> {
        self.may_be_joined = true;
        let zone = Zone::from_name(name)?;
        if self.has_offset {
            return Some(());
        }
        set_once(&mut self.zone, zone)
    }

    fn resolve(self, now: Timestamp) -> Option<Timestamp> {
        let zone = self.zone.unwrap_or(Zone::UTC);
        let clock = self.clock.unwrap_or(0);
        let instant = |day: i64| zone.instant_of_local(day * MICROS_PER_DAY + clock);
        match (self.year, self.month, self.day) {
            (Some(year), Some(month), Some(day)) => {
                instant(day_of_date(Date { year, month, day })?)
            }
            (None, Some(month), Some(day)) => {
                let this_year = date_of_day(now.day_and_micros().0).year;
                let latest = now.as_micros().saturating_add(MICROS_PER_DAY);
                (this_year - YEARS_BACK_MAX..=this_year + 1)
                    .rev()
                    .filter_map(|year| instant(day_of_date(Date { year, month, day })?))
                    .find(|candidate| candidate.as_micros() <= latest)
            }
            (None, None, None) if !self.has_weekday => {
                self.clock?;
                instant(zone.day_of_instant(now)?)
            }
            _ => None,
        }
    }
}

/// Two-digit years are 1969 to 2068.
fn full_year(two_digits: i64) -> i64 {
    if two_digits < 69 { 2000 + two_digits } else { 1900 + two_digits }
}

fn is_ordinal_suffix(first: u8, second: u8) -> bool {
    let suffix = [first.to_ascii_lowercase(), second.to_ascii_lowercase()];
    [*b"st", *b"nd", *b"rd", *b"th"].contains(&suffix)
}

/// Takes `.253`, `,253` or `:253` (three digits only), when it is there.
fn optional_fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    match bytes {
        [b'.' | b',', fraction @ ..] if leading_digits(fraction) > 0 => take_fraction(fraction),
        [b':', fraction @ ..] if leading_digits(fraction) == 3 => take_fraction(fraction),
        _ => Some((0, bytes)),
    }
}
