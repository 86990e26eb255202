//! `histogram`: how often each value occurs, as a map.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, MapArray, StructArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Int64Type};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility,
};

use super::reference::{Group, Reference};

pub(super) const HISTOGRAM: Reference = Reference {
    name: "histogram",
    aliases: &[],
    group: Group::Aggregate,
    syntax: "histogram(value)",
    result: "map(value, bigint)",
    description: "A map from each value that is not NULL to the number of rows that have it, most \
        frequent first; NULL when there is none. All distinct values are held in memory.",
    example: ("histogram(x) FROM (VALUES ('a'), ('b'), ('a'), (NULL)) AS t(x)", "{a: 2, b: 1}"),
    difference: "",
};

/// The function.
pub(super) fn udaf() -> AggregateUDF {
    AggregateUDF::new_from_impl(Histogram { signature: Signature::any(1, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Histogram {
    signature: Signature,
}

fn entry_fields(value: &DataType) -> Fields {
    Fields::from(vec![
        Field::new("key", value.clone(), false),
        Field::new("value", DataType::Int64, true),
    ])
}

fn map_type(value: &DataType) -> DataType {
    let entries = Field::new("entries", DataType::Struct(entry_fields(value)), false);
    DataType::Map(Arc::new(entries), false)
}

impl AggregateUDFImpl for Histogram {
    fn name(&self) -> &str {
        HISTOGRAM.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [value] => Ok(map_type(value)),
            _ => plan_err!("histogram takes (value)"),
        }
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let Some(value) = args.expr_fields.first() else {
            return plan_err!("histogram takes (value)");
        };
        let value_type = value.data_type().clone();
        Ok(Box::new(Counts { value_type, counts: HashMap::new(), value_bytes: 0 }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let Some(value) = args.input_fields.first() else {
            return plan_err!("histogram takes (value)");
        };
        let list = |name: &str, element: DataType| {
            let name = format_state_name(args.name, name);
            Arc::new(Field::new(name, DataType::new_list(element, true), true))
        };
        Ok(vec![list("values", value.data_type().clone()), list("counts", DataType::Int64)])
    }
}

#[derive(Debug)]
struct Counts {
    value_type: DataType,
    counts: HashMap<ScalarValue, i64>,
    /// Memory of the values, for the memory limit.
    value_bytes: usize,
}

impl Counts {
    fn add(&mut self, value: ScalarValue, count: i64) {
        if let Some(known) = self.counts.get_mut(&value) {
            *known += count;
        } else {
            self.value_bytes += value.size();
            self.counts.insert(value, count);
        }
    }

    /// Values and counts, most frequent first; equal counts in the order of the values.
    fn sorted(&self) -> Result<(ArrayRef, Int64Array)> {
        let mut entries: Vec<(&ScalarValue, i64)> =
            self.counts.iter().map(|(value, count)| (value, *count)).collect();
        entries.sort_by(|(value, count), (other, other_count)| {
            let by_value = || value.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal);
            other_count.cmp(count).then_with(by_value)
        });
        let counts = entries.iter().map(|(_, count)| *count).collect::<Vec<_>>();
        let values = if entries.is_empty() {
            new_empty_array(&self.value_type)
        } else {
            ScalarValue::iter_to_array(entries.into_iter().map(|(value, _)| value.clone()))?
        };
        Ok((values, Int64Array::from(counts)))
    }
}

impl Accumulator for Counts {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(values) = values.first() else { return Ok(()) };
        for row in 0..values.len() {
            if !values.is_null(row) {
                self.add(ScalarValue::try_from_array(values, row)?, 1);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.counts.is_empty() {
            return ScalarValue::try_from(&map_type(&self.value_type));
        }
        let (values, counts) = self.sorted()?;
        let offsets = OffsetBuffer::from_lengths([values.len()]);
        let fields = entry_fields(&self.value_type);
        let entries = StructArray::try_new(fields, vec![values, Arc::new(counts)], None)?;
        let field = Arc::new(Field::new("entries", entries.data_type().clone(), false));
        let map = MapArray::try_new(field, offsets, entries, None, false)?;
        Ok(ScalarValue::Map(Arc::new(map)))
    }

    fn size(&self) -> usize {
        let entry = size_of::<(ScalarValue, i64)>();
        size_of_val(self) + self.counts.capacity() * entry + self.value_bytes
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (values, counts) = self.sorted()?;
        let list = |array: ArrayRef| -> Result<ScalarValue> {
            let field = Arc::new(Field::new("item", array.data_type().clone(), true));
            let offsets = OffsetBuffer::from_lengths([array.len()]);
            let list = arrow::array::ListArray::try_new(field, offsets, array, None)?;
            Ok(ScalarValue::List(Arc::new(list)))
        };
        Ok(vec![list(values)?, list(Arc::new(counts))?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [values, counts] = states else {
            return internal_err!("histogram: a state has two columns");
        };
        let (values, counts) = (values.as_list::<i32>(), counts.as_list::<i32>());
        for row in 0..values.len() {
            let (values, counts) = (values.value(row), counts.value(row));
            let counts = counts.as_primitive::<Int64Type>();
            for (place, count) in counts.values().iter().enumerate() {
                self.add(ScalarValue::try_from_array(&values, place)?, *count);
            }
        }
        Ok(())
    }
}
