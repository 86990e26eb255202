//! The functions as they are written, and what they become.

use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _, BooleanArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use headwater_event::schema::ColumnType;
use headwater_indicators::Keys;
use headwater_lake::schema::arrow_type;

use super::Indicators;

/// What the planner finds under a name; the rewrite replaces it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Written {
    name: &'static str,
    signature: Signature,
}

impl Written {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, signature: Signature::variadic_any(Volatility::Stable) }
    }
}

impl ScalarUDFImpl for Written {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        exec_err!("{} is a condition on events: use it in WHERE over events", self.name)
    }
}

/// Whether a list of observables has one that matches.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Matches {
    pub(super) indicators: Arc<Indicators>,
    signature: Signature,
}

impl Matches {
    pub(super) fn new(indicators: Arc<Indicators>) -> Self {
        Self { indicators, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Matches {
    fn name(&self) -> &'static str {
        "ioc_match"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [observables] = args.args.as_slice() else {
            return exec_err!("{} takes one argument", self.name());
        };
        let lists = observables.to_array(args.number_rows)?;
        let lists = cast(&lists, &arrow_type(ColumnType::Observables))?;
        let lists = lists.as_list::<i32>();
        let elements = lists.values().as_struct();
        let (Some(type_ids), Some(values)) =
            (elements.column_by_name("type_id"), elements.column_by_name("value"))
        else {
            return exec_err!("{} needs the column `observables`", self.name());
        };
        let (type_ids, values) = (type_ids.as_primitive::<Int32Type>(), values.as_string::<i32>());
        let (matcher, mut keys) = (self.indicators.matcher(), Keys::default());
        let mut is_match = |place: usize| {
            let mut found = false;
            if type_ids.is_valid(place) && values.is_valid(place) {
                let (type_id, value) = (type_ids.value(place).into(), values.value(place));
                matcher.each_match(&mut keys, type_id, value, |_| found = true);
            }
            found
        };
        let offsets = lists.value_offsets().windows(2);
        let verdicts = offsets.enumerate().map(|(row, range)| match range {
            [start, end] if lists.is_valid(row) => {
                let place = |offset: &i32| usize::try_from(*offset).unwrap_or(0);
                (place(start)..place(end)).any(&mut is_match)
            }
            _ => false,
        });
        Ok(ColumnarValue::Array(Arc::new(verdicts.map(Some).collect::<BooleanArray>())))
    }
}
