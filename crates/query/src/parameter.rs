//! Values for the placeholders of a statement.

use datafusion::common::ScalarValue;
use serde_json::Value;

/// What `$name` or `$1` stands for: a value of the statement's plan, never a part of its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter(ScalarValue);

impl Parameter {
    /// A value that a person typed: an integer, a number, `true`, `false`, or else text.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let number = || text.parse::<f64>().ok().filter(|number| number.is_finite());
        Self(match text {
            "true" => ScalarValue::Boolean(Some(true)),
            "false" => ScalarValue::Boolean(Some(false)),
            text => match (text.parse::<i64>(), number()) {
                (Ok(number), _) => ScalarValue::Int64(Some(number)),
                (Err(_), Some(number)) => ScalarValue::Float64(Some(number)),
                (Err(_), None) => ScalarValue::Utf8(Some(text.to_owned())),
            },
        })
    }

    /// A JSON value as what it is; a list or an object is its JSON text.
    #[must_use]
    pub fn from_json(value: &Value) -> Self {
        Self(match value {
            Value::Null => ScalarValue::Null,
            Value::Bool(value) => ScalarValue::Boolean(Some(*value)),
            Value::String(text) => ScalarValue::Utf8(Some(text.clone())),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => ScalarValue::Int64(Some(number)),
                (None, Some(number)) => ScalarValue::UInt64(Some(number)),
                (None, None) => ScalarValue::Float64(number.as_f64()),
            },
            Value::Array(_) | Value::Object(_) => ScalarValue::Utf8(Some(value.to_string())),
        })
    }

    pub(crate) fn scalar(&self) -> &ScalarValue {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::ScalarValue;
    use serde_json::json;

    use super::Parameter;

    #[test]
    fn what_is_typed_is_guessed_and_what_is_json_is_not() {
        for (text, value) in [
            ("7", ScalarValue::Int64(Some(7))),
            ("-0.5", ScalarValue::Float64(Some(-0.5))),
            ("true", ScalarValue::Boolean(Some(true))),
            ("NaN", ScalarValue::from("NaN")),
            ("' OR 1=1 --", ScalarValue::from("' OR 1=1 --")),
        ] {
            assert_eq!(Parameter::from_text(text), Parameter(value), "{text}");
        }
        for (json, value) in [
            (json!("7"), ScalarValue::from("7")),
            (json!(7), ScalarValue::Int64(Some(7))),
            (json!(u64::MAX), ScalarValue::UInt64(Some(u64::MAX))),
            (json!(0.5), ScalarValue::Float64(Some(0.5))),
            (json!(null), ScalarValue::Null),
            (json!([1, "a"]), ScalarValue::from("[1,\"a\"]")),
        ] {
            assert_eq!(Parameter::from_json(&json), Parameter(value), "{json}");
        }
    }
}
