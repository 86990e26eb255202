//! The time of a syslog line: ISO 8601, or the forms with the name of a month that every sender
//! writes a little differently. Only where it ends is told; it is kept as written.

use memchr::memchr;

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// Time at the start of the older forms, with what routers put around it (`*Mar  1 18:46:11.123
/// UTC:`).
pub(super) fn split_time(line: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let text = line.strip_prefix(b"*").or_else(|| line.strip_prefix(b".")).unwrap_or(line);
    let Some(length) = iso_time_length(text).or_else(|| month_time_length(text)) else {
        return (None, line);
    };
    let (time, rest) = text.split_at_checked(length).unwrap_or((text, b""));
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    if !(rest.is_empty() || rest.starts_with(b" ")) {
        return (None, line);
    }
    (Some(time), rest.trim_ascii_start())
}

pub(super) fn is_iso_time(word: &[u8]) -> bool {
    iso_time_length(word) == Some(word.len())
}

/// Length of `2026-01-31T10:00:00…` up to the next blank.
fn iso_time_length(text: &[u8]) -> Option<usize> {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let start = text.get(..FORM.len())?;
    let fits = start.iter().zip(FORM).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    });
    let end = memchr(b' ', text).unwrap_or(text.len());
    let is_zone = |byte: &u8| byte.is_ascii_digit() || b".,:+-Z".contains(byte);
    (fits && text.get(FORM.len()..end)?.iter().all(is_zone)).then_some(end)
}

/// Length of `Oct 11 22:14:15`, `Oct  1 2026 22:14:15.003`, `Oct 11 22:14:15 2026` or `… 22:14:15
/// UTC`.
fn month_time_length(text: &[u8]) -> Option<usize> {
    let (month, rest) = text.split_first_chunk::<3>()?;
    if !MONTHS.contains(&month) {
        return None;
    }
    let digits = |rest: &[u8]| rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let skip = |rest: &mut &[u8], count: usize| *rest = rest.get(count..).unwrap_or_default();
    let mut rest = rest.strip_prefix(b" ")?.trim_ascii_start();
    let day = digits(rest);
    if !(1..=2).contains(&day) {
        return None;
    }
    skip(&mut rest, day);
    rest = rest.strip_prefix(b" ")?.trim_ascii_start();
    if digits(rest) == 4 {
        skip(&mut rest, 4);
        rest = rest.strip_prefix(b" ")?.trim_ascii_start();
    }
    for separator in [b":".as_slice(), b":", b""] {
        if !(1..=2).contains(&digits(rest)) {
            return None;
        }
        let count = digits(rest);
        skip(&mut rest, count);
        rest = rest.strip_prefix(separator)?;
    }
    if let Some(fraction) = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b",")) {
        rest = fraction;
        let count = digits(rest);
        skip(&mut rest, count);
    }
    if let Some(after) = rest.strip_prefix(b" ")
        && let Some(length) = year_or_zone_length(after)
    {
        rest = after.get(length..)?;
    }
    Some(text.len() - rest.len())
}

fn year_or_zone_length(text: &[u8]) -> Option<usize> {
    const ZONES: [&[u8]; 12] = [
        b"UTC", b"GMT", b"EST", b"EDT", b"CST", b"CDT", b"MST", b"MDT", b"PST", b"PDT", b"CET",
        b"CEST",
    ];
    let end = text.iter().position(|byte| matches!(byte, b' ' | b':')).unwrap_or(text.len());
    let word = text.get(..end)?;
    let is_year = word.len() == 4 && word.iter().all(u8::is_ascii_digit);
    (is_year || ZONES.contains(&word)).then_some(end)
}
