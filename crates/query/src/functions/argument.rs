//! Kinds of arguments: which types a function takes and what they are cast to before it runs.

use arrow::datatypes::{DataType, TimeUnit};

/// What a function wants in one place of its argument list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    /// Text, in any of Arrow's encodings.
    Text,
    /// A whole number, as `Int64`.
    Integer,
    /// Any number, as `Float64`.
    Double,
    Boolean,
    /// Bytes; text counts as its UTF-8.
    Binary,
    /// A timestamp in microseconds, with its zone. Dates and ISO text count as one.
    Instant,
    /// A date, and nothing that would have to be cut to one.
    DateOnly,
    /// An array of anything.
    Array,
    /// A map of anything.
    Map,
    /// Anything, as it is.
    Any,
}

/// The type of a point in time without a zone.
pub(super) const LOCAL_INSTANT: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// The type of a point in time in UTC.
pub(super) fn utc_instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

impl Argument {
    /// The types that a list of arguments is cast to; none when it does not fit the form.
    pub(super) fn coerce_all(form: &[Self], types: &[DataType]) -> Option<Vec<DataType>> {
        if form.len() != types.len() {
            return None;
        }
        form.iter().zip(types).map(|(argument, given)| argument.coerce(given)).collect()
    }

    /// The argument list as error messages show it.
    pub(super) fn list(form: &[Self]) -> String {
        let names: Vec<&str> = form.iter().map(|argument| argument.name()).collect();
        names.join(", ")
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "bigint",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Binary => "binary",
            Self::Instant => "timestamp",
            Self::DateOnly => "date",
            Self::Array => "array",
            Self::Map => "map",
            Self::Any => "any",
        }
    }

    fn coerce(self, given: &DataType) -> Option<DataType> {
        if let DataType::Dictionary(_, values) = given
            && self != Self::Any
        {
            return self.coerce(values);
        }
        let text = matches!(given, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        let null = *given == DataType::Null;
        match self {
            Self::Text if text => Some(given.clone()),
            Self::Text if null => Some(DataType::Utf8View),
            Self::Integer if given.is_integer() || null => Some(DataType::Int64),
            Self::Double if given.is_numeric() || null => Some(DataType::Float64),
            Self::Boolean if *given == DataType::Boolean || null => Some(DataType::Boolean),
            Self::Binary if text || null || is_binary(given) => Some(DataType::Binary),
            Self::Instant => coerce_instant(given, text || null),
            Self::DateOnly if matches!(given, DataType::Date32 | DataType::Date64) => {
                Some(DataType::Date32)
            }
            Self::Array if matches!(given, DataType::List(_) | DataType::LargeList(_)) => {
                Some(given.clone())
            }
            Self::Array if matches!(given, DataType::FixedSizeList(..)) => fixed_to_list(given),
            Self::Map if matches!(given, DataType::Map(..)) => Some(given.clone()),
            Self::Any => Some(given.clone()),
            _ => None,
        }
    }
}

const fn is_binary(given: &DataType) -> bool {
    matches!(
        given,
        DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_)
    )
}

fn fixed_to_list(given: &DataType) -> Option<DataType> {
    match given {
        DataType::FixedSizeList(element, _) => Some(DataType::List(element.clone())),
        _ => None,
    }
}

fn coerce_instant(given: &DataType, readable: bool) -> Option<DataType> {
    match given {
        DataType::Timestamp(_, zone) => {
            Some(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))
        }
        DataType::Date32 | DataType::Date64 => Some(LOCAL_INSTANT),
        _ if readable => Some(LOCAL_INSTANT),
        _ => None,
    }
}
