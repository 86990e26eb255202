//! Values of OTLP/JSON (OTLP specification, "JSON Protobuf Encoding"): protobuf's own JSON mapping,
//! but ids are hexadecimal and names are lowerCamelCase only. `null` is a value's default, unknown
//! members are skipped.

use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Unexpected, Visitor};

use super::messages::{AnyValue, ArrayValue, KeyValueList, Value};

/// A value or `null`, which is its default.
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A whole number, as a number or as text of one.
pub(super) fn integer<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128> + Default,
{
    Ok(nullable::<D, Option<Integer<T>>>(deserializer)?
        .map(|integer| integer.0)
        .unwrap_or_default())
}

/// Bytes as hexadecimal text, in any case.
pub(super) fn hexadecimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text: String = nullable(deserializer)?;
    let invalid = || D::Error::invalid_value(Unexpected::Str(&text), &"hexadecimal digits");
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err(invalid());
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    pairs.iter().map(byte).collect::<Option<_>>().ok_or_else(invalid)
}

/// A whole number that fits into `T`.
struct Integer<T>(T);

impl<'de, T: TryFrom<i128>> Deserialize<'de> for Integer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntegerVisitor(PhantomData))
    }
}

struct IntegerVisitor<T>(PhantomData<T>);

impl<T: TryFrom<i128>> Visitor<'_> for IntegerVisitor<T> {
    type Value = Integer<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number in the range of its field")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        self.fit(i128::from(number), Unexpected::Signed(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.fit(i128::from(number), Unexpected::Unsigned(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        // `1e3` and `1.0` are whole. Rust prints them exactly and without an exponent.
        let whole = format!("{number:.0}").parse().ok().filter(|_| number.fract() == 0.0);
        match whole {
            Some(whole) => self.fit(whole, Unexpected::Float(number)),
            None => Err(E::invalid_value(Unexpected::Float(number), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let unexpected = Unexpected::Str(text);
        match text.parse() {
            Ok(number) => self.fit(number, unexpected),
            Err(_) => Err(E::invalid_value(unexpected, &self)),
        }
    }
}

impl<T: TryFrom<i128>> IntegerVisitor<T> {
    fn fit<E: Error>(self, number: i128, unexpected: Unexpected<'_>) -> Result<Integer<T>, E> {
        match T::try_from(number) {
            Ok(number) => Ok(Integer(number)),
            Err(_) => Err(E::invalid_value(unexpected, &self)),
        }
    }
}

/// A floating-point number, as a number, as text of one, or by name.
struct Double(f64);

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(f64),
            Text(String),
        }
        let text = match Form::deserialize(deserializer)? {
            Form::Number(number) => return Ok(Self(number)),
            Form::Text(text) => text,
        };
        // Rust reads the protocol's names `NaN`, `Infinity` and `-Infinity` as such.
        let invalid = |_| D::Error::invalid_value(Unexpected::Str(&text), &"a number");
        text.parse().map(Self).map_err(invalid)
    }
}

/// Base64 in either alphabet, with or without padding.
struct Base64(Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const ANY_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING);
        const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING);
        let text = String::deserialize(deserializer)?;
        let decoded = STANDARD.decode(&text).or_else(|_| URL_SAFE.decode(&text));
        decoded.map(Self).map_err(|_| D::Error::invalid_value(Unexpected::Str(&text), &"base64"))
    }
}

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyValueVisitor)
    }
}

struct AnyValueVisitor;

impl<'de> Visitor<'de> for AnyValueVisitor {
    type Value = AnyValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with one value, such as `stringValue`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<AnyValue, A::Error> {
        let mut value = None;
        while let Some(name) = members.next_key::<std::borrow::Cow<'de, str>>()? {
            let next = next_value(&name, &mut members)?;
            if value.is_some() && next.is_some() {
                return Err(A::Error::custom("a value of two types"));
            }
            value = value.or(next);
        }
        Ok(AnyValue { value })
    }
}

/// The value of a member; `None` when it is `null` or its name says nothing.
fn next_value<'de, A: MapAccess<'de>>(
    name: &str,
    members: &mut A,
) -> Result<Option<Value>, A::Error> {
    Ok(match name {
        "stringValue" => members.next_value::<Option<String>>()?.map(Value::String),
        "boolValue" => members.next_value::<Option<bool>>()?.map(Value::Bool),
        "intValue" => members.next_value::<Option<Integer<i64>>>()?.map(|it| Value::Int(it.0)),
        "doubleValue" => members.next_value::<Option<Double>>()?.map(|it| Value::Double(it.0)),
        "arrayValue" => members.next_value::<Option<ArrayValue>>()?.map(Value::Array),
        "kvlistValue" => members.next_value::<Option<KeyValueList>>()?.map(Value::Kvlist),
        "bytesValue" => members.next_value::<Option<Base64>>()?.map(|it| Value::Bytes(it.0)),
        _ => {
            members.next_value::<IgnoredAny>()?;
            None
        }
    })
}
