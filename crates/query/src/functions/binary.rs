//! `to_base64`, `from_base64` and their URL-safe kin, `to_hex`, `from_hex`, `to_utf8`, `from_utf8`.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder};
use arrow::datatypes::DataType;
use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use datafusion::common::Result;

use super::argument::Argument;
use super::call::Call;
use super::definition::Definition;
use super::reference::{Group, Reference};

pub(super) static TO_BASE64: Definition = Definition {
    reference: reference(
        "to_base64",
        "to_base64(binary)",
        "varchar",
        "The bytes in base64, with padding. A text counts as its UTF-8.",
        ("to_base64(to_utf8('hello'))", "aGVsbG8="),
    ),
    forms: &[&[Argument::Binary]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: |call| encode(call, &engine(&STANDARD)),
};

pub(super) static FROM_BASE64: Definition = Definition {
    reference: reference(
        "from_base64",
        "from_base64(text)",
        "varbinary",
        "The bytes that a base64 text stands for; padding may be left out. An error for any other \
            text.",
        ("from_utf8(from_base64('aGVsbG8='))", "hello"),
    ),
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Binary),
    strict: true,
    evaluate: |call| decode(call, &engine(&STANDARD)),
};

pub(super) static TO_BASE64URL: Definition = Definition {
    reference: reference(
        "to_base64url",
        "to_base64url(binary)",
        "varchar",
        "The bytes in base64 with the alphabet that is safe in URLs, with padding.",
        ("to_base64url(from_hex('fbff'))", "-_8="),
    ),
    forms: &[&[Argument::Binary]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: |call| encode(call, &engine(&URL_SAFE)),
};

pub(super) static FROM_BASE64URL: Definition = Definition {
    reference: reference(
        "from_base64url",
        "from_base64url(text)",
        "varbinary",
        "The bytes that a URL-safe base64 text stands for; padding may be left out.",
        ("to_hex(from_base64url('-_8'))", "FBFF"),
    ),
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Binary),
    strict: true,
    evaluate: |call| decode(call, &engine(&URL_SAFE)),
};

pub(super) static TO_HEX: Definition = Definition {
    reference: Reference {
        name: "to_hex",
        aliases: &[],
        group: Group::Binary,
        syntax: "to_hex(binary)",
        result: "varchar",
        description: "The bytes as upper-case hexadecimal digits. A text counts as its UTF-8.",
        example: ("to_hex(to_utf8('hello'))", "68656C6C6F"),
        difference: "A whole number gives its lower-case digits, as DataFusion's function of that \
            name.",
    },
    forms: &[&[Argument::Binary], &[Argument::Integer]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: evaluate_to_hex,
};

pub(super) static FROM_HEX: Definition = Definition {
    reference: reference(
        "from_hex",
        "from_hex(text)",
        "varbinary",
        "The bytes that pairs of hexadecimal digits stand for; an error for any other text.",
        ("from_utf8(from_hex('68656C6C6f'))", "hello"),
    ),
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Binary),
    strict: true,
    evaluate: evaluate_from_hex,
};

pub(super) static TO_UTF8: Definition = Definition {
    reference: reference(
        "to_utf8",
        "to_utf8(text)",
        "varbinary",
        "The UTF-8 bytes of the text.",
        ("to_hex(to_utf8('é'))", "C3A9"),
    ),
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Binary),
    strict: true,
    evaluate: |call| {
        let texts = call.text(0)?;
        build_binary(call, |row| Ok(texts.value(row).map(|text| text.as_bytes().to_vec())))
    },
};

pub(super) static FROM_UTF8: Definition = Definition {
    reference: reference(
        "from_utf8",
        "from_utf8(binary [, replacement])",
        "varchar",
        "The text that the bytes spell in UTF-8. Bytes that are not UTF-8 become the replacement, \
            which is one character or nothing, or U+FFFD.",
        ("from_utf8(from_hex('6162FF63'), '?')", "ab?c"),
    ),
    forms: &[&[Argument::Binary], &[Argument::Binary, Argument::Text]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: evaluate_from_utf8,
};

const fn reference(
    name: &'static str,
    syntax: &'static str,
    result: &'static str,
    description: &'static str,
    example: (&'static str, &'static str),
) -> Reference {
    let group = Group::Binary;
    Reference { name, aliases: &[], group, syntax, result, description, example, difference: "" }
}

fn engine(alphabet: &Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

fn encode(call: &Call<'_>, engine: &GeneralPurpose) -> Result<ArrayRef> {
    let values = call.binary(0)?;
    call.build_text(|row, out| {
        let Some(bytes) = values.value(row) else { return Ok(false) };
        engine.encode_string(bytes, out);
        Ok(true)
    })
}

fn decode(call: &Call<'_>, engine: &GeneralPurpose) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    build_binary(call, |row| match texts.value(row) {
        Some(text) => engine.decode(text).map(Some).map_err(|error| call.error(error)),
        None => Ok(None),
    })
}

fn build_binary(
    call: &Call<'_>,
    mut value: impl FnMut(usize) -> Result<Option<Vec<u8>>>,
) -> Result<ArrayRef> {
    let mut builder = BinaryBuilder::with_capacity(call.rows(), 0);
    for row in 0..call.rows() {
        builder.append_option(value(row)?);
    }
    Ok(Arc::new(builder.finish()))
}

fn evaluate_to_hex(call: &Call<'_>) -> Result<ArrayRef> {
    if call.data_type(0)? == DataType::Int64 {
        let values = call.integer(0)?;
        return call.build_text(|row, out| {
            let Some(value) = values.value(row) else { return Ok(false) };
            let _infallible = write!(out, "{value:x}");
            Ok(true)
        });
    }
    let values = call.binary(0)?;
    call.build_text(|row, out| {
        let Some(bytes) = values.value(row) else { return Ok(false) };
        for byte in bytes {
            let _infallible = write!(out, "{byte:02X}");
        }
        Ok(true)
    })
}

fn evaluate_from_hex(call: &Call<'_>) -> Result<ArrayRef> {
    let texts = call.text(0)?;
    build_binary(call, |row| match texts.value(row) {
        Some(text) => match from_hex(text) {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(call.error(format!("'{text}' is not pairs of hexadecimal digits"))),
        },
        None => Ok(None),
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok();
    pairs.iter().map(byte).collect()
}

fn evaluate_from_utf8(call: &Call<'_>) -> Result<ArrayRef> {
    let values = call.binary(0)?;
    let replacements = if call.count() > 1 { Some(call.text(1)?) } else { None };
    call.build_text(|row, out| {
        let Some(bytes) = values.value(row) else { return Ok(false) };
        let replacement = match replacements {
            None => Some("\u{fffd}"),
            Some(column) => column.value(row),
        };
        let Some(replacement) = replacement else { return Ok(false) };
        if replacement.chars().count() > 1 {
            return Err(call.error("the replacement is more than one character"));
        }
        for chunk in bytes.utf8_chunks() {
            out.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                out.push_str(replacement);
            }
        }
        Ok(true)
    })
}
