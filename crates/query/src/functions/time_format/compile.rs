//! Compiling the two languages of formats.

use super::{Element, Field, TimeFormat};

/// A format that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid time format '{format}': {fault}")]
pub(in crate::functions) struct FormatError {
    format: String,
    fault: String,
}

const fn number(field: Field, width: usize, digits_max: usize) -> Element {
    Element::Number { field, width, digits_max }
}

impl TimeFormat {
    /// Compiles a MySQL format.
    ///
    /// # Errors
    /// [`FormatError`] for the specifiers that Trino does not support either: `%D %U %u %V %w %X`.
    pub(in crate::functions) fn mysql(format: &str) -> Result<Self, FormatError> {
        let mut elements = Vec::new();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            let specifier = if c == '%' { chars.next() } else { None };
            match specifier {
                None => push_literal(&mut elements, c),
                Some('r') => {
                    elements.extend(mysql_clock(Field::HalfDayClockHour));
                    elements.extend([Element::Literal(" ".to_owned()), Element::HalfDay]);
                }
                Some('T') => elements.extend(mysql_clock(Field::Hour)),
                Some(unsupported @ ('D' | 'U' | 'u' | 'V' | 'w' | 'X')) => {
                    let fault = format!("%{unsupported} is not supported");
                    return Err(FormatError { format: format.to_owned(), fault });
                }
                Some(specifier) => match mysql_element(specifier) {
                    Some(element) => elements.push(element),
                    None => push_literal(&mut elements, specifier),
                },
            }
        }
        Ok(Self { elements })
    }

    /// Compiles a Joda format.
    ///
    /// # Errors
    /// [`FormatError`] for a letter without meaning and a quote that is not closed.
    pub(in crate::functions) fn joda(format: &str) -> Result<Self, FormatError> {
        let fault = |fault: String| FormatError { format: format.to_owned(), fault };
        let mut elements = Vec::new();
        let mut rest = format;
        while let Some(c) = rest.chars().next() {
            let run = rest.len() - rest.trim_start_matches(c).len();
            if c == '\'' {
                rest = joda_quoted(rest, &mut elements)
                    .ok_or_else(|| fault("a quote is not closed".to_owned()))?;
            } else if c.is_ascii_alphabetic() {
                let element = joda_element(c, run)
                    .ok_or_else(|| fault(format!("'{c}' has no meaning here")))?;
                elements.push(element);
                rest = rest.get(run..).unwrap_or_default();
            } else {
                push_literal(&mut elements, c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
        limit_adjacent_numbers(&mut elements);
        Ok(Self { elements })
    }
}

fn push_literal(elements: &mut Vec<Element>, c: char) {
    match elements.last_mut() {
        Some(Element::Literal(text)) => text.push(c),
        _ => elements.push(Element::Literal(c.to_string())),
    }
}

fn mysql_clock(hour: Field) -> Vec<Element> {
    let colon = || Element::Literal(":".to_owned());
    let (minute, second) = (number(Field::Minute, 2, 2), number(Field::Second, 2, 2));
    vec![number(hour, 2, 2), colon(), minute, colon(), second]
}

fn mysql_element(specifier: char) -> Option<Element> {
    Some(match specifier {
        'a' => Element::WeekdayName { short: true },
        'b' => Element::MonthName { short: true },
        'c' => number(Field::Month, 1, 2),
        'd' => number(Field::Day, 2, 2),
        'e' => number(Field::Day, 1, 2),
        'f' => Element::Fraction { digits: 6, digits_max: 9 },
        'H' => number(Field::Hour, 2, 2),
        'h' | 'I' => number(Field::HalfDayClockHour, 2, 2),
        'i' => number(Field::Minute, 2, 2),
        'j' => number(Field::DayOfYear, 3, 3),
        'k' => number(Field::Hour, 1, 2),
        'l' => number(Field::HalfDayClockHour, 1, 2),
        'M' => Element::MonthName { short: false },
        'm' => number(Field::Month, 2, 2),
        'p' => Element::HalfDay,
        'S' | 's' => number(Field::Second, 2, 2),
        'v' => number(Field::Week, 2, 2),
        'W' => Element::WeekdayName { short: false },
        'x' => number(Field::WeekYear, 4, 4),
        'Y' => number(Field::Year, 4, 4),
        'y' => Element::ShortYear(Field::Year),
        _ => return None,
    })
}

fn joda_element(letter: char, run: usize) -> Option<Element> {
    Some(match letter {
        'G' => Element::Era,
        'C' => number(Field::Century, run, 9),
        'y' | 'Y' if run == 2 => Element::ShortYear(Field::Year),
        'y' | 'Y' => number(Field::Year, run, 9),
        'x' if run == 2 => Element::ShortYear(Field::WeekYear),
        'x' => number(Field::WeekYear, run, 9),
        'M' if run > 2 => Element::MonthName { short: run == 3 },
        'M' => number(Field::Month, run, 2),
        'w' => number(Field::Week, run, 2),
        'd' => number(Field::Day, run, 2),
        'D' => number(Field::DayOfYear, run, 3),
        'E' => Element::WeekdayName { short: run < 4 },
        'e' => number(Field::Weekday, run, 1),
        'a' => Element::HalfDay,
        'H' => number(Field::Hour, run, 2),
        'k' => number(Field::ClockHour, run, 2),
        'K' => number(Field::HalfDayHour, run, 2),
        'h' => number(Field::HalfDayClockHour, run, 2),
        'm' => number(Field::Minute, run, 2),
        's' => number(Field::Second, run, 2),
        'S' => Element::Fraction { digits: run, digits_max: run },
        'z' => Element::ZoneName { short: run < 4 },
        'Z' if run > 2 => Element::ZoneName { short: false },
        'Z' => Element::Offset { colon: run == 2 },
        _ => return None,
    })
}

/// Reads a quoted literal; two quotes are one. Gives what follows.
fn joda_quoted<'f>(format: &'f str, elements: &mut Vec<Element>) -> Option<&'f str> {
    if let Some(rest) = format.strip_prefix("''") {
        push_literal(elements, '\'');
        return Some(rest);
    }
    let mut rest = format.get(1..)?;
    loop {
        let (text, after) = rest.split_once('\'')?;
        text.chars().for_each(|c| push_literal(elements, c));
        match after.strip_prefix('\'') {
            Some(after) => {
                push_literal(elements, '\'');
                rest = after;
            }
            None => return Some(after),
        }
    }
}

/// A year that touches the next number (`yyyyMMdd`) takes no more digits than it has letters.
fn limit_adjacent_numbers(elements: &mut [Element]) {
    let mut before_number = false;
    for element in elements.iter_mut().rev() {
        if let Element::Number { width, digits_max, .. } = element
            && before_number
        {
            *digits_max = (*digits_max).min(*width);
        }
        before_number = matches!(
            element,
            Element::Number { .. } | Element::ShortYear(_) | Element::Fraction { .. }
        );
    }
}
