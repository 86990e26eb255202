//! The English words of dates, in any case: months, days of the week, halves of the day.

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Number of the month, 1 to 12: three letters, the full name, or `Sept`.
pub(super) fn month(word: &[u8]) -> Option<i64> {
    if word.eq_ignore_ascii_case(b"sept") {
        return Some(9);
    }
    (1..).zip(MONTHS).find(|(_, name)| is_name_or_short(word, name)).map(|(number, _)| number)
}

/// Whether the word is a day of the week: three letters, the full name, `Tues`, `Thur` or `Thurs`.
pub(super) fn is_weekday(word: &[u8]) -> bool {
    WEEKDAYS.iter().any(|name| is_name_or_short(word, name))
        || ["tues", "thur", "thurs"].iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
}

fn is_name_or_short(word: &[u8], name: &str) -> bool {
    let name = name.as_bytes();
    word.eq_ignore_ascii_case(name)
        || (word.len() == 3 && name.get(..3).is_some_and(|short| word.eq_ignore_ascii_case(short)))
}

/// Half of the day of a 12-hour clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Am,
    Pm,
}

impl Half {
    /// Takes `am`, `PM`, `a.m.` from the front, when no letter or digit follows.
    pub(super) fn take(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&first, rest) = bytes.split_first()?;
        let half = match first {
            b'a' | b'A' => Self::Am,
            b'p' | b'P' => Self::Pm,
            _ => return None,
        };
        let rest = rest.strip_prefix(b".").unwrap_or(rest);
        let rest = rest.strip_prefix(b"m").or_else(|| rest.strip_prefix(b"M"))?;
        let rest = rest.strip_prefix(b".").unwrap_or(rest);
        (!rest.first().is_some_and(u8::is_ascii_alphanumeric)).then_some((half, rest))
    }

    /// The hour of 24; `None` when the hour is not one of a 12-hour clock.
    pub(super) fn hour_of_24(self, hour: i64) -> Option<i64> {
        let hour = (0..=12).contains(&hour).then_some(hour % 12)?;
        Some(if self == Self::Pm { hour + 12 } else { hour })
    }
}
