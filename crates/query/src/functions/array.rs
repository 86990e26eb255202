//! `element_at` and `cardinality`: arrays and maps.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use datafusion::common::{Result, internal_err, plan_err};

use super::argument::Argument;
use super::call::Call;
use super::definition::{Definition, Planned};
use super::reference::{Group, Reference};

pub(super) static ELEMENT_AT: Definition = Definition {
    reference: Reference {
        name: "element_at",
        aliases: &[],
        group: Group::Array,
        syntax: "element_at(array, index) | element_at(map, key)",
        result: "as the elements",
        description: "The element of the array at the index, which counts from 1, or from the end \
            when negative; NULL when there are fewer elements, an error for 0. Or the value of \
            the key in the map; NULL when it has none.",
        example: ("element_at(['a', 'b', 'c'], -1)", "c"),
        difference: "This replaces DataFusion's function of that name, which gives an array.",
    },
    forms: &[&[Argument::Array, Argument::Integer], &[Argument::Map, Argument::Any]],
    returns: element_type,
    strict: true,
    evaluate: evaluate_element,
};

pub(super) static CARDINALITY: Definition = Definition {
    reference: Reference {
        name: "cardinality",
        aliases: &[],
        group: Group::Array,
        syntax: "cardinality(array) | cardinality(map)",
        result: "bigint",
        description: "The number of elements of the array, or of entries of the map.",
        example: ("cardinality([1, 2, NULL])", "3"),
        difference: "This replaces DataFusion's function of that name, which counts the elements \
            of nested arrays.",
    },
    forms: &[&[Argument::Array], &[Argument::Map]],
    returns: |_planned| Ok(DataType::Int64),
    strict: true,
    evaluate: evaluate_cardinality,
};

fn element_type(planned: &Planned<'_>) -> Result<DataType> {
    match planned.data_type(0) {
        DataType::List(element) | DataType::LargeList(element) => Ok(element.data_type().clone()),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => Ok(fields
                .iter()
                .next_back()
                .map_or(DataType::Null, |value| value.data_type().clone())),
            other => plan_err!("element_at: {other} is no map entry"),
        },
        other => plan_err!("element_at: {other} is neither array nor map"),
    }
}

fn evaluate_element(call: &Call<'_>) -> Result<ArrayRef> {
    let array = call.array(0)?;
    match array.data_type() {
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let bounds = list.offsets().windows(2).map(|pair| match pair {
                [start, end] => (i64::from(*start), i64::from(*end)),
                _ => (0, 0),
            });
            pick(call, bounds, list, list.values())
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            let bounds = list.offsets().windows(2).map(|pair| match pair {
                [start, end] => (*start, *end),
                _ => (0, 0),
            });
            pick(call, bounds, list, list.values())
        }
        _ => internal_err!("element_at of a map was not rewritten"),
    }
}

/// Takes one value per row out of the values of a list.
fn pick(
    call: &Call<'_>,
    bounds: impl Iterator<Item = (i64, i64)>,
    list: &dyn Array,
    values: &ArrayRef,
) -> Result<ArrayRef> {
    let indexes = call.integer(1)?;
    let places = bounds.enumerate().map(|(row, (start, end))| {
        let index = match indexes.value(row) {
            Some(index) if !list.is_null(row) => index,
            _ => return Ok(None),
        };
        let place = match index {
            0 => return Err(call.error("the index counts from 1, or from the end when negative")),
            1.. => start.checked_add(index - 1),
            _ => end.checked_add(index),
        };
        let place = place.filter(|place| (start..end).contains(place));
        Ok(place.and_then(|place| u64::try_from(place).ok()))
    });
    let places = places.collect::<Result<UInt64Array>>()?;
    Ok(take(values, &places, None)?)
}

fn evaluate_cardinality(call: &Call<'_>) -> Result<ArrayRef> {
    let array = call.array(0)?;
    let count = |row: usize| -> i64 {
        match array.data_type() {
            DataType::List(_) => i64::from(array.as_list::<i32>().value_length(row)),
            DataType::LargeList(_) => array.as_list::<i64>().value_length(row),
            _ => i64::from(array.as_map().value_length(row)),
        }
    };
    let counts = (0..array.len()).map(|row| (!array.is_null(row)).then(|| count(row)));
    Ok(Arc::new(counts.collect::<Int64Array>()))
}
