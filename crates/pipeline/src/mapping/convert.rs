//! A field's value as the attribute's type wants it.

use std::borrow::Cow;
use std::net::IpAddr;

use headwater_event::ip::parse_address;
use headwater_event::json::Kind;
use headwater_event::time;
use headwater_ocsf::{Attribute, Base, Catalogue};

use super::source::{Field, Source};

/// The number for "none of the others".
pub(super) const OTHER: i64 = 99;

/// A value that fits.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Converted<'a> {
    /// Copied with everything below it.
    Whole(Field),
    Text(Cow<'a, str>),
    Integer(i64),
    /// In JSON spelling.
    Number(Cow<'a, str>),
    Boolean(bool),
    /// A number of an enumeration for words that are not among its captions: these go to the
    /// sibling.
    Other(Cow<'a, str>),
    List(Vec<Converted<'a>>),
}

/// The value for an attribute; `None` when it does not fit.
pub(super) fn convert<'a>(
    catalogue: &Catalogue,
    attribute: &Attribute,
    source: &Source<'a>,
    field: Field,
) -> Option<Converted<'a>> {
    if !attribute.is_array {
        return one(catalogue, attribute, source, field);
    }
    let elements = source.elements(field).into_iter();
    let list: Option<Vec<_>> =
        elements.map(|element| one(catalogue, attribute, source, element)).collect();
    list.filter(|list| !list.is_empty()).map(Converted::List)
}

fn one<'a>(
    catalogue: &Catalogue,
    attribute: &Attribute,
    source: &Source<'a>,
    field: Field,
) -> Option<Converted<'a>> {
    let wanted = catalogue.type_of(attribute);
    let kind = source.kind(field);
    match wanted.base {
        Base::Json => return Some(Converted::Whole(field)),
        // Only objects that may hold anything can be copied as they are.
        Base::Object => {
            let object = catalogue.object_of(attribute)?;
            return (object.is_empty() && kind == Kind::Object).then_some(Converted::Whole(field));
        }
        _ => {}
    }
    let text = source.text_of(field)?;
    if let Some(values) = catalogue.enum_of(attribute)
        && wanted.base == Base::Integer
    {
        return Some(match integer(&text) {
            Some(number) if values.caption(number).is_some() => Converted::Integer(number),
            _ => match values.number(&text) {
                Some(number) => Converted::Integer(number),
                None => Converted::Other(values.caption(OTHER).and(Some(text))?),
            },
        });
    }
    match wanted.base {
        Base::Integer if wanted.name == "timestamp_t" => {
            let time = time::parse(&text, source.received_at())?;
            Some(Converted::Integer(time.as_micros().div_euclid(1_000)))
        }
        Base::Integer => {
            let number = integer(&text)?;
            let in_range =
                wanted.range.is_none_or(|(least, most)| (least..=most).contains(&number));
            in_range.then_some(Converted::Integer(number))
        }
        Base::Float if kind == Kind::Number => Some(Converted::Number(text)),
        Base::Float => {
            let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
            Some(Converted::Number(Cow::Owned(number.to_string())))
        }
        Base::Boolean => boolean(&text).map(Converted::Boolean),
        _ => self::text(&wanted.name, wanted.max_len, text).map(Converted::Text),
    }
}

/// Text that the type accepts.
fn text<'a>(type_name: &str, max_len: Option<usize>, text: Cow<'a, str>) -> Option<Cow<'a, str>> {
    match type_name {
        "ip_t" => {
            let text = text.trim();
            if text.parse::<IpAddr>().is_err() {
                // A port or a network would be lost; padded octets say nothing.
                let is_padded = !text.contains([':', '/']);
                return parse_address(text).filter(|_| is_padded).map(|one| one.to_string().into());
            }
        }
        "email_t" if !text.contains('@') => return None,
        _ => {}
    }
    let fits = max_len.is_none_or(|most| text.len() <= most || text.chars().count() <= most);
    fits.then_some(text)
}

/// A decimal or hexadecimal (`0x`) integer.
pub(super) fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn boolean(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["true", "yes", "1"]) {
        Some(true)
    } else if is(&["false", "no", "0"]) {
        Some(false)
    } else {
        None
    }
}
