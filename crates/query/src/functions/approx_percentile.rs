//! `approx_percentile`: quantiles by DataFusion's t-digest, with Trino's arguments and result
//! types.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use arrow::record_batch::RecordBatch;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::functions_aggregate::approx_percentile_cont::{
    ApproxPercentileAccumulator, ApproxPercentileCont,
};
use datafusion::functions_aggregate::approx_percentile_cont_with_weight as weighted;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, Signature, Volatility,
};
use datafusion::physical_expr::PhysicalExpr;

use super::reference::{Group, Reference};

pub(super) const APPROX_PERCENTILE: Reference = Reference {
    name: "approx_percentile",
    aliases: &[],
    group: Group::Aggregate,
    syntax: "approx_percentile(value [, weight], percentage)",
    result: "as value, or an array of them",
    description: "The approximate quantile of the values, where the percentage is a constant from \
        0 to 1; with an array of percentages, an array of quantiles.",
    example: ("approx_percentile(x, 0.5) FROM (VALUES (1), (2), (3)) AS t(x)", "2"),
    difference: "The approximation is a t-digest, so results differ from Trino's within its \
        error. The accuracy argument is missing.",
};

/// The function.
pub(super) fn udaf() -> AggregateUDF {
    AggregateUDF::new_from_impl(ApproxPercentile {
        signature: Signature::user_defined(Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ApproxPercentile {
    signature: Signature,
}

impl AggregateUDFImpl for ApproxPercentile {
    fn name(&self) -> &str {
        APPROX_PERCENTILE.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let value = |given: &DataType| match given {
            DataType::Null | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                Some(DataType::Float64)
            }
            numeric if numeric.is_numeric() => Some(numeric.clone()),
            _ => None,
        };
        let weight = |given: &DataType| given.is_numeric().then_some(DataType::Float64);
        let percentage = |given: &DataType| match given {
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
                Some(DataType::new_list(DataType::Float64, true))
            }
            numeric => numeric.is_numeric().then_some(DataType::Float64),
        };
        let coerced = match types {
            [one, share] => value(one).zip(percentage(share)).map(|(one, share)| vec![one, share]),
            [one, heavy, share] => match (value(one), weight(heavy), percentage(share)) {
                (Some(one), Some(heavy), Some(share)) => Some(vec![one, heavy, share]),
                _ => None,
            },
            _ => None,
        };
        match coerced {
            Some(types) => Ok(types),
            None => plan_err!("{} takes (number [, number], number or array)", self.name()),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [value, .., DataType::List(_)] => Ok(DataType::new_list(value.clone(), true)),
            [value, ..] => Ok(value.clone()),
            [] => plan_err!("{} takes (value [, weight], percentage)", self.name()),
        }
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let percentages = match args.exprs.last() {
            Some(last) => constant_percentages(last, &args)?,
            None => return plan_err!("{} takes a percentage", self.name()),
        };
        let digest = ApproxPercentileAccumulator::new(0.5, DataType::Float64);
        let digest: Box<dyn Accumulator> = if args.exprs.len() == 3 {
            Box::new(weighted::ApproxPercentileWithWeightAccumulator::new(digest))
        } else {
            Box::new(digest)
        };
        let result = args.return_field.data_type().clone();
        Ok(Box::new(Percentiles { digest, percentages, result }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        ApproxPercentileCont::new().state_fields(args)
    }
}

/// The value of the last argument, which must not depend on a row.
fn constant_percentages(
    expr: &Arc<dyn PhysicalExpr>,
    args: &AccumulatorArgs<'_>,
) -> Result<Vec<f64>> {
    let empty = RecordBatch::new_empty(Arc::new(args.schema.clone()));
    let ColumnarValue::Scalar(constant) = expr.evaluate(&empty)? else {
        return plan_err!("approx_percentile: the percentage must be a constant");
    };
    let values = match &constant {
        ScalarValue::Float64(value) => vec![*value],
        ScalarValue::List(list) => list.values().as_primitive::<Float64Type>().iter().collect(),
        _ => Vec::new(),
    };
    values
        .into_iter()
        .map(|value| match value {
            Some(value @ 0.0..=1.0) => Ok(value),
            _ => plan_err!("approx_percentile: the percentage must be from 0 to 1"),
        })
        .collect()
}

/// One digest of all values, asked for each percentage at the end.
#[derive(Debug)]
struct Percentiles {
    digest: Box<dyn Accumulator>,
    percentages: Vec<f64>,
    result: DataType,
}

impl Percentiles {
    fn value_type(&self) -> &DataType {
        match &self.result {
            DataType::List(element) => element.data_type(),
            other => other,
        }
    }

    /// The quantiles, in the type of the values; one NULL each when there were no values.
    fn quantiles(&mut self) -> Result<ArrayRef> {
        let state = self.digest.state()?;
        let state = state.iter().map(ScalarValue::to_array).collect::<Result<Vec<_>>>()?;
        let mut quantiles = Vec::with_capacity(self.percentages.len());
        for percentage in &self.percentages {
            let mut copy = ApproxPercentileAccumulator::new(*percentage, DataType::Float64);
            copy.merge_batch(&state)?;
            quantiles.push(match copy.evaluate()? {
                ScalarValue::Float64(quantile) if self.value_type().is_integer() => {
                    ScalarValue::Float64(quantile.map(f64::round))
                }
                quantile => quantile,
            });
        }
        if quantiles.is_empty() {
            return exec_err!("approx_percentile: there are no percentages");
        }
        let quantiles = ScalarValue::iter_to_array(quantiles)?;
        let options = CastOptions { safe: false, ..CastOptions::default() };
        Ok(cast_with_options(&quantiles, self.value_type(), &options)?)
    }
}

impl Accumulator for Percentiles {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let mut values = values.to_vec();
        if let Some(first) = values.first_mut() {
            *first = cast(first, &DataType::Float64)?;
        }
        self.digest.update_batch(&values)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let quantiles = self.quantiles()?;
        match &self.result {
            DataType::List(element) => {
                if quantiles.null_count() == quantiles.len() {
                    return ScalarValue::try_from(&self.result);
                }
                let field = Arc::new(Field::new("item", element.data_type().clone(), true));
                let offsets = arrow::buffer::OffsetBuffer::from_lengths([quantiles.len()]);
                let list = arrow::array::ListArray::try_new(field, offsets, quantiles, None)?;
                Ok(ScalarValue::List(Arc::new(list)))
            }
            _ => ScalarValue::try_from_array(&quantiles, 0),
        }
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.digest.size() + self.percentages.capacity() * size_of::<f64>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.digest.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.digest.merge_batch(states)
    }
}
