//! One call of a function on one batch: reading its arguments and building its result.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayAccessor, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Float64Array,
    Int64Array, LargeStringArray, ListBuilder, StringArray, StringBuilder, StringViewArray,
    StringViewBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_datafusion_err, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::zone::Zone;

/// The arguments of a call.
pub(super) struct Call<'a> {
    name: &'static str,
    args: &'a [ColumnarValue],
    returns: &'a DataType,
    rows: usize,
}

impl<'a> Call<'a> {
    pub(super) fn new(name: &'static str, args: &'a ScalarFunctionArgs, rows: usize) -> Self {
        Self { name, args: &args.args, returns: args.return_type(), rows }
    }

    /// Rows of the result.
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// Number of arguments.
    pub(super) const fn count(&self) -> usize {
        self.args.len()
    }

    /// The planned type of the result.
    pub(super) const fn returns(&self) -> &'a DataType {
        self.returns
    }

    /// An error of this function.
    pub(super) fn error(&self, message: impl std::fmt::Display) -> DataFusionError {
        exec_datafusion_err!("{}: {message}", self.name)
    }

    fn argument(&self, index: usize) -> Result<&'a ColumnarValue> {
        match self.args.get(index) {
            Some(value) => Ok(value),
            None => exec_err!("{} has no argument {index}", self.name),
        }
    }

    /// An argument as an array with one value per row.
    pub(super) fn array(&self, index: usize) -> Result<ArrayRef> {
        self.argument(index)?.to_array(self.rows)
    }

    /// Type of an argument.
    pub(super) fn data_type(&self, index: usize) -> Result<DataType> {
        self.argument(index).map(ColumnarValue::data_type)
    }

    /// A text argument.
    pub(super) fn text(&self, index: usize) -> Result<TextColumn<'a>> {
        match self.argument(index)? {
            ColumnarValue::Scalar(value) => match value.try_as_str() {
                Some(text) => Ok(TextColumn::Constant(text)),
                None => Err(self.error(format!("argument {index} is {}", value.data_type()))),
            },
            ColumnarValue::Array(array) => match array.data_type() {
                DataType::Utf8 => Ok(TextColumn::Utf8(array.as_string())),
                DataType::LargeUtf8 => Ok(TextColumn::Large(array.as_string())),
                DataType::Utf8View => Ok(TextColumn::View(array.as_string_view())),
                other => Err(self.error(format!("argument {index} is {other}"))),
            },
        }
    }

    /// An integer argument.
    pub(super) fn integer(&self, index: usize) -> Result<Column<'a, Int64Array, i64>> {
        self.column(
            index,
            |value| match value {
                ScalarValue::Int64(value) => Some(*value),
                _ => None,
            },
            |array| array.as_primitive_opt::<Int64Type>(),
        )
    }

    /// A floating-point argument.
    pub(super) fn double(&self, index: usize) -> Result<Column<'a, Float64Array, f64>> {
        self.column(
            index,
            |value| match value {
                ScalarValue::Float64(value) => Some(*value),
                _ => None,
            },
            |array| array.as_primitive_opt::<Float64Type>(),
        )
    }

    /// A truth argument.
    pub(super) fn boolean(&self, index: usize) -> Result<Column<'a, BooleanArray, bool>> {
        self.column(
            index,
            |value| match value {
                ScalarValue::Boolean(value) => Some(*value),
                _ => None,
            },
            |array| array.as_boolean_opt(),
        )
    }

    /// A point in time, in microseconds since 1970 (UTC, or local time where it has no zone).
    pub(super) fn instant(
        &self,
        index: usize,
    ) -> Result<Column<'a, TimestampMicrosecondArray, i64>> {
        self.column(
            index,
            |value| match value {
                ScalarValue::TimestampMicrosecond(value, _zone) => Some(*value),
                _ => None,
            },
            |array| array.as_primitive_opt::<TimestampMicrosecondType>(),
        )
    }

    /// A date, in days since 1970.
    pub(super) fn date(&self, index: usize) -> Result<Column<'a, Date32Array, i32>> {
        self.column(
            index,
            |value| match value {
                ScalarValue::Date32(value) => Some(*value),
                _ => None,
            },
            |array| array.as_primitive_opt::<Date32Type>(),
        )
    }

    /// A binary argument.
    pub(super) fn binary(&self, index: usize) -> Result<BinaryColumn<'a>> {
        match self.argument(index)? {
            ColumnarValue::Scalar(ScalarValue::Binary(value)) => {
                Ok(BinaryColumn::Constant(value.as_deref()))
            }
            ColumnarValue::Array(array) if *array.data_type() == DataType::Binary => {
                Ok(BinaryColumn::Array(array.as_binary()))
            }
            other => Err(self.error(format!("argument {index} is {}", other.data_type()))),
        }
    }

    /// The zone of a timestamp argument; UTC where it has none.
    pub(super) fn zone(&self, index: usize) -> Result<Zone> {
        match self.data_type(index)? {
            DataType::Timestamp(_, Some(zone)) => {
                Zone::parse(&zone).map_err(|unknown| self.error(unknown))
            }
            _ => Ok(Zone::Utc),
        }
    }

    fn column<A, T>(
        &self,
        index: usize,
        scalar: impl FnOnce(&ScalarValue) -> Option<Option<T>>,
        array: impl FnOnce(&'a dyn Array) -> Option<&'a A>,
    ) -> Result<Column<'a, A, T>> {
        let value = self.argument(index)?;
        let column = match value {
            ColumnarValue::Scalar(value) => scalar(value).map(Column::Constant),
            ColumnarValue::Array(values) => array(values.as_ref()).map(Column::Array),
        };
        column.ok_or_else(|| self.error(format!("argument {index} is {}", value.data_type())))
    }

    /// Builds a text result; the closure writes the text of a row, or gives `false` for NULL.
    pub(super) fn build_text(
        &self,
        mut write: impl FnMut(usize, &mut String) -> Result<bool>,
    ) -> Result<ArrayRef> {
        let mut builder = StringViewBuilder::with_capacity(self.rows);
        let mut text = String::new();
        for row in 0..self.rows {
            text.clear();
            if write(row, &mut text)? {
                builder.append_value(&text);
            } else {
                builder.append_null();
            }
        }
        Ok(Arc::new(builder.finish()))
    }

    /// Builds a result of text arrays; the closure appends the elements of a row, or gives `false`
    /// for NULL.
    pub(super) fn build_texts(
        &self,
        mut append: impl FnMut(usize, &mut StringBuilder) -> Result<bool>,
    ) -> Result<ArrayRef> {
        let mut builder = ListBuilder::new(StringBuilder::new());
        for row in 0..self.rows {
            let present = append(row, builder.values())?;
            builder.append(present);
        }
        Ok(Arc::new(builder.finish()))
    }

    /// Builds a result of any array that collects from options.
    pub(super) fn collect<A, T>(
        &self,
        value: impl FnMut(usize) -> Result<Option<T>>,
    ) -> Result<ArrayRef>
    where
        A: Array + FromIterator<Option<T>> + 'static,
    {
        let array: A = (0..self.rows).map(value).collect::<Result<A>>()?;
        Ok(Arc::new(array))
    }

    /// Builds a timestamp result, in microseconds, of the planned type.
    pub(super) fn build_instants(
        &self,
        value: impl FnMut(usize) -> Result<Option<i64>>,
    ) -> Result<ArrayRef> {
        let values = (0..self.rows).map(value);
        let array = values.collect::<Result<TimestampMicrosecondArray>>()?;
        Ok(Arc::new(array.with_data_type(self.returns.clone())))
    }
}

/// The type of a text array.
pub(super) fn text_list() -> DataType {
    DataType::new_list(DataType::Utf8, true)
}

/// A text argument: one value for all rows, or one per row.
#[derive(Clone, Copy)]
pub(super) enum TextColumn<'a> {
    Constant(Option<&'a str>),
    Utf8(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
}

impl<'a> TextColumn<'a> {
    /// The value of a row.
    #[inline]
    pub(super) fn value(self, row: usize) -> Option<&'a str> {
        match self {
            Self::Constant(value) => value,
            Self::Utf8(array) => (!array.is_null(row)).then(|| array.value(row)),
            Self::Large(array) => (!array.is_null(row)).then(|| array.value(row)),
            Self::View(array) => (!array.is_null(row)).then(|| array.value(row)),
        }
    }
}

/// A binary argument.
#[derive(Clone, Copy)]
pub(super) enum BinaryColumn<'a> {
    Constant(Option<&'a [u8]>),
    Array(&'a BinaryArray),
}

impl<'a> BinaryColumn<'a> {
    /// The value of a row.
    pub(super) fn value(self, row: usize) -> Option<&'a [u8]> {
        match self {
            Self::Constant(value) => value,
            Self::Array(array) => (!array.is_null(row)).then(|| array.value(row)),
        }
    }
}

/// An argument of fixed width.
pub(super) enum Column<'a, A, T> {
    Constant(Option<T>),
    Array(&'a A),
}

impl<'a, A, T> Column<'a, A, T>
where
    T: Copy,
    &'a A: ArrayAccessor<Item = T>,
{
    /// The value of a row.
    pub(super) fn value(&self, row: usize) -> Option<T> {
        match self {
            Self::Constant(value) => *value,
            Self::Array(array) => (!array.is_null(row)).then(|| array.value(row)),
        }
    }
}

/// What a row's pattern, path or format compiles to, kept while it stays the same.
pub(super) struct Compiled<T> {
    last: Option<(String, T)>,
}

impl<T> Compiled<T> {
    pub(super) const fn new() -> Self {
        Self { last: None }
    }

    /// The compiled form of `source`; compiles only when it differs from the last one asked for.
    #[inline]
    pub(super) fn of<E>(
        &mut self,
        source: &str,
        compile: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<&T, E> {
        let current = match self.last.take() {
            Some(last) if last.0 == source => last,
            _ => (source.to_owned(), compile(source)?),
        };
        Ok(&self.last.insert(current).1)
    }
}
