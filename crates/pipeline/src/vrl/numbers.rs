//! Numbers that VRL cannot hold as they are written. VRL knows 64-bit integers and floats; JSON
//! numbers have any number of digits. A number is handed to the program as the nearest float, and
//! the float remembers the text: where it turns up again, in place or elsewhere in the event, the
//! text is written.
//!
//! Numbers of up to 15 digits have a float of their own. Longer ones that share their nearest
//! float, with each other or with a short one, get floats a hair apart. So a 20-digit id is never
//! mistaken for its neighbour. Equal numbers of different spelling (`1.0`, `1.00`) share a float;
//! moved, they may swap it.

use std::borrow::Cow;
use std::collections::HashMap;

use vrl::value::Value;

use super::convert::Refusal;

/// Floats tried for numbers that share their nearest one.
const NEIGHBOURS_MAX: usize = 64;

/// Decimal digits that a float always keeps.
const DIGITS_KEPT: usize = 15;

/// The texts of the floats of one event.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// By the bits of the float that stands for it.
    texts: HashMap<u64, Box<str>>,
}

impl Numbers {
    /// The value that stands for a JSON number in the program.
    pub(super) fn read(&mut self, text: &str) -> Result<Value, Refusal> {
        if let Some(integer) = exact_integer(text) {
            return Ok(Value::Integer(integer));
        }
        let (float, known) = self.find(text)?;
        if !known {
            self.texts.insert(float.to_bits(), text.into());
        }
        Ok(Value::from_f64_or_zero(float))
    }

    /// Whether a value is what stands for a JSON number.
    pub(super) fn is(&self, value: &Value, text: &str) -> bool {
        match value {
            Value::Integer(integer) => exact_integer(text) == Some(*integer),
            Value::Float(float) => {
                exact_integer(text).is_none()
                    && self.find(text).is_ok_and(|(found, _)| found.to_bits() == float.to_bits())
            }
            _ => false,
        }
    }

    /// The JSON text of a float; `None` when JSON has none, because it is infinite.
    pub(super) fn write(&self, float: f64) -> Option<Cow<'_, str>> {
        match self.texts.get(&float.to_bits()) {
            Some(text) => Some(Cow::Borrowed(text)),
            None => float.is_finite().then(|| Cow::Owned(write_float(float))),
        }
    }

    /// The float for a text and whether it is taken, by this text or an equal number.
    fn find(&self, text: &str) -> Result<(f64, bool), Refusal> {
        let mut float = nearest(text);
        if is_short(text, float) {
            return Ok((float, self.texts.contains_key(&float.to_bits())));
        }
        for _ in 0..NEIGHBOURS_MAX {
            match self.texts.get(&float.to_bits()) {
                Some(taken) if **taken == *text => return Ok((float, true)),
                None if !has_short_text(float) => return Ok((float, false)),
                _ => float = neighbour(float),
            }
        }
        Err(Refusal::new(format!("has {NEIGHBOURS_MAX} numbers that no float tells apart")))
    }
}

/// An integer that is written exactly as in the text.
fn exact_integer(text: &str) -> Option<i64> {
    if text == "-0" { None } else { text.parse().ok() }
}

/// The nearest finite float.
fn nearest(text: &str) -> f64 {
    text.parse().unwrap_or(0.0_f64).clamp(f64::MIN, f64::MAX)
}

/// The next float: towards zero from large numbers, away from it from small ones.
fn neighbour(float: f64) -> f64 {
    let bits = float.to_bits();
    f64::from_bits(if float.abs() > 1.0 { bits - 1 } else { bits + 1 })
}

/// Whether the number has so few digits that its nearest float stands for no other such number.
fn is_short(text: &str, nearest: f64) -> bool {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0');
    match digits.count() {
        0 => true,
        // Rounded to zero or to the largest float, numbers of few digits are still far apart.
        significant => significant <= DIGITS_KEPT && keeps_digits(nearest),
    }
}

/// Whether a float is the nearest one of a short number, and so belongs to that.
fn has_short_text(float: f64) -> bool {
    let short = format!("{float:.*e}", DIGITS_KEPT - 1);
    float == 0.0 || keeps_digits(float) && short.parse() == Ok(float)
}

fn keeps_digits(float: f64) -> bool {
    float.is_normal() && float.abs() < f64::MAX
}

/// Shortest text that reads back as the same float; always with a point or an exponent.
fn write_float(float: f64) -> String {
    format!("{float:?}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use vrl::value::Value;

    use super::Numbers;

    fn written(numbers: &Numbers, value: &Value) -> String {
        match value {
            Value::Integer(integer) => integer.to_string(),
            Value::Float(float) => numbers.write(float.into_inner()).unwrap().into_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn every_number_is_written_as_it_was_read_whatever_its_neighbours() {
        let texts = [
            "0",
            "-0",
            "1",
            "1.0",
            "-7",
            "9223372036854775807",
            "9223372036854775808",
            "12345678901234567890",
            "12345678901234567891",
            "12345678901234567892",
            "1e400",
            "1e401",
            "-1e400",
            "1e-400",
            "1e-401",
            "1E5",
            "0.1",
            "0.30000000000000004",
            "0.1000000000000000055",
            "0.1234567890123456789",
            "0.12345678901234567891",
            "5e-324",
            "0.0",
            "1.7976931348623157e308",
            "1600000000.123456789",
            "-0.1",
            "100.0",
        ];
        let mut numbers = Numbers::default();
        let values: Vec<_> = texts.iter().map(|text| numbers.read(text).unwrap()).collect();
        for (text, value) in texts.iter().zip(&values) {
            assert_eq!(written(&numbers, value), *text);
            assert!(numbers.is(value, text), "{text}");
            assert_eq!(numbers.read(text).unwrap(), *value, "{text} is read the same twice");
        }
    }

    #[test]
    fn equal_numbers_of_different_spelling_are_equal_in_the_program() {
        let mut numbers = Numbers::default();
        let values = ["1.0", "1.00", "10e-1", "1.000"].map(|text| numbers.read(text).unwrap());
        assert!(values.iter().all(|value| *value == values[0]));
        assert_eq!(numbers.read("-0").unwrap(), numbers.read("-0.0").unwrap());
        assert_eq!(numbers.read("100.0").unwrap(), numbers.read("1E2").unwrap());
    }

    #[test]
    fn a_short_number_is_itself_even_after_a_long_one_that_rounds_to_it() {
        let mut numbers = Numbers::default();
        let long = numbers.read("0.10000000000000000001").unwrap();
        let short = numbers.read("0.1").unwrap();
        assert_eq!(short, Value::from_f64_or_zero(0.1));
        assert_ne!(long, short);
    }

    #[test]
    fn a_flood_of_numbers_without_floats_is_refused() {
        let mut numbers = Numbers::default();
        let mut texts = (400..600).map(|exponent| format!("1e{exponent}"));
        let refusal = texts.find_map(|text| numbers.read(&text).err()).unwrap();
        assert_eq!(refusal.to_string(), "event has 64 numbers that no float tells apart");
    }
}
