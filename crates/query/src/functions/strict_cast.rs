//! A cast that runs when the query runs. DataFusion evaluates a cast of a constant while it plans
//! and reports its failure there, where `try` cannot catch it; inside of `try` such casts become
//! this call.

use arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;

use super::argument::Argument;
use super::call::Call;
use super::definition::Definition;
use super::reference::{Group, Reference};

pub(super) static STRICT_CAST: Definition = Definition {
    reference: Reference {
        name: "strict_cast",
        aliases: &[],
        group: Group::Conditional,
        syntax: "strict_cast(value, example)",
        result: "as the example",
        description: "The value cast to the type of the example, whose own value does not matter. \
            Written by the planner for casts of constants inside of `try`.",
        example: ("strict_cast('12', 1)", "12"),
        difference: "Not a function of Trino.",
    },
    forms: &[&[Argument::Any, Argument::Any]],
    returns: |planned| Ok(planned.data_type(1).clone()),
    strict: false,
    evaluate,
};

fn evaluate(call: &Call<'_>) -> Result<ArrayRef> {
    let value = ColumnarValue::Array(call.array(0)?);
    value.cast_to(call.returns(), None)?.into_array(call.rows())
}
