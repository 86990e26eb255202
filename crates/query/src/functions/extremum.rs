//! `max_by`, `min_by` and `count_if`: aggregates that are other aggregates with an order or a
//! filter.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, not_impl_err, plan_err};
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::function::{
    AccumulatorArgs, AggregateFunctionSimplification, StateFieldsArgs,
};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility, lit,
};

use super::reference::{Group, Reference};

pub(super) const MAX_BY: Reference = Reference {
    name: "max_by",
    aliases: &[],
    group: Group::Aggregate,
    syntax: "max_by(value, key)",
    result: "as value",
    description: "The value of the row with the greatest key; rows without key do not count.",
    example: ("max_by(x, y) FROM (VALUES ('a', 1), ('b', 3), ('c', NULL)) AS t(x, y)", "b"),
    difference: "The third argument (several values) is missing.",
};

pub(super) const MIN_BY: Reference = Reference {
    name: "min_by",
    aliases: &[],
    group: Group::Aggregate,
    syntax: "min_by(value, key)",
    result: "as value",
    description: "The value of the row with the least key; rows without key do not count.",
    example: ("min_by(x, y) FROM (VALUES ('a', 1), ('b', 3), ('c', NULL)) AS t(x, y)", "a"),
    difference: "The third argument (several values) is missing.",
};

pub(super) const COUNT_IF: Reference = Reference {
    name: "count_if",
    aliases: &[],
    group: Group::Aggregate,
    syntax: "count_if(condition)",
    result: "bigint",
    description: "The number of rows where the condition is true.",
    example: ("count_if(x > 1) FROM (VALUES (1), (2), (3), (NULL)) AS t(x)", "2"),
    difference: "",
};

/// The three functions.
pub(super) fn udafs() -> Vec<AggregateUDF> {
    let by = |reference: Reference, descending: bool| {
        let signature = Signature::any(2, Volatility::Immutable);
        AggregateUDF::new_from_impl(Extremum { name: reference.name, descending, signature })
    };
    let signature = Signature::exact(vec![DataType::Boolean], Volatility::Immutable);
    vec![by(MAX_BY, true), by(MIN_BY, false), AggregateUDF::new_from_impl(CountIf { signature })]
}

/// The value of the row with the greatest or the least key: the first value in that order.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Extremum {
    name: &'static str,
    descending: bool,
    signature: Signature,
}

impl AggregateUDFImpl for Extremum {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [value, _key] => Ok(value.clone()),
            _ => plan_err!("{} takes (value, key)", self.name),
        }
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        not_impl_err!("{} needs the optimizer's simplification", self.name)
    }

    fn state_fields(&self, _args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        not_impl_err!("{} needs the optimizer's simplification", self.name)
    }

    fn simplify(&self) -> Option<AggregateFunctionSimplification> {
        let ascending = !self.descending;
        Some(Box::new(move |call, _info| {
            let mut args = call.params.args.into_iter();
            let (Some(value), Some(key)) = (args.next(), args.next()) else {
                return plan_err!("max_by and min_by take (value, key)");
            };
            let known = key.clone().is_not_null();
            let filter = match call.params.filter {
                Some(filter) => filter.and(known),
                None => known,
            };
            let order = vec![key.sort(ascending, false)];
            let first = AggregateFunction::new_udf(
                first_value_udaf(),
                vec![value],
                false,
                Some(Box::new(filter)),
                order,
                None,
            );
            Ok(Expr::AggregateFunction(first))
        }))
    }
}

/// How many rows satisfy a condition: a count with a filter.
#[derive(Debug, PartialEq, Eq, Hash)]
struct CountIf {
    signature: Signature,
}

impl AggregateUDFImpl for CountIf {
    fn name(&self) -> &str {
        COUNT_IF.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn return_field(&self, _fields: &[FieldRef]) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(self.name(), DataType::Int64, false)))
    }

    fn is_nullable(&self) -> bool {
        false
    }

    fn default_value(&self, _data_type: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(0)))
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        not_impl_err!("count_if needs the optimizer's simplification")
    }

    fn state_fields(&self, _args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        not_impl_err!("count_if needs the optimizer's simplification")
    }

    fn simplify(&self) -> Option<AggregateFunctionSimplification> {
        Some(Box::new(|call, _info| {
            let Some(condition) = call.params.args.into_iter().next() else {
                return plan_err!("count_if takes a condition");
            };
            let filter = match call.params.filter {
                Some(filter) => filter.and(condition),
                None => condition,
            };
            let count = AggregateFunction::new_udf(
                count_udaf(),
                vec![lit(1_i64)],
                false,
                Some(Box::new(filter)),
                Vec::new(),
                None,
            );
            Ok(Expr::AggregateFunction(count))
        }))
    }
}
