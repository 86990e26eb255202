//! `try(expression)`: NULL where the expression fails.
//!
//! A scalar function gets its arguments evaluated: an error comes before the call. A higher-order
//! function gets a lambda, and evaluates it itself. So `try(x)` is rewritten to this function
//! around `() -> x` before types are settled; the planner sees through it like through any lambda,
//! so `x` is type-checked, optimized and rewritten as usual. It runs on the whole batch first. Only
//! when that fails, the batch is halved until the rows that fail stand alone, which costs `k log n`
//! evaluations for `k` bad rows of `n`.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, NullArray, new_null_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature,
    HigherOrderUDF, HigherOrderUDFImpl, LambdaArgument, LambdaParametersProgress, ValueOrLambda,
    Volatility,
};

use super::argument::Argument;
use super::definition::Definition;
use super::reference::{Group, Reference};
use super::rewrite::not_rewritten;

/// What the SQL planner finds under the name; the rewrite replaces it.
pub(super) static TRY: Definition = Definition {
    reference: Reference {
        name: "try",
        aliases: &[],
        group: Group::Conditional,
        syntax: "try(expression)",
        result: "as the expression",
        description: "The value of the expression, or NULL where it fails: a division by zero, a \
            cast of text that does not fit, a function that refuses its argument. Running out of \
            memory or time is not caught.",
        example: ("try(CAST('abc' AS BIGINT))", "NULL"),
        difference: "",
    },
    forms: &[&[Argument::Any]],
    returns: |planned| Ok(planned.data_type(0).clone()),
    strict: false,
    evaluate: |_call| not_rewritten("try").map(|data_type| new_null_array(&data_type, 0)),
};

/// `if(condition, then [, else])`, which becomes a CASE.
pub(super) static IF: Definition = Definition {
    reference: Reference {
        name: "if",
        aliases: &[],
        group: Group::Conditional,
        syntax: "if(condition, then [, else])",
        result: "as the values",
        description: "The first value where the condition is true, else the second, or NULL \
            without one. Only the value that is needed is computed.",
        example: ("if(1 > 2, 'more', 'less')", "less"),
        difference: "",
    },
    forms: &[
        &[Argument::Boolean, Argument::Any],
        &[Argument::Boolean, Argument::Any, Argument::Any],
    ],
    returns: |planned| {
        let then = planned.data_type(1);
        Ok(if *then == DataType::Null { planned.data_type(2).clone() } else { then.clone() })
    },
    strict: false,
    evaluate: |_call| not_rewritten("if").map(|data_type| new_null_array(&data_type, 0)),
};

/// The higher-order function that `try` becomes.
pub(super) fn attempt_udf() -> Arc<HigherOrderUDF> {
    static ATTEMPT: LazyLock<Arc<HigherOrderUDF>> = LazyLock::new(|| {
        let signature = HigherOrderSignature::any(1, Volatility::Immutable);
        Arc::new(HigherOrderUDF::new_from_impl(Attempt { signature }))
    });
    Arc::clone(&ATTEMPT)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Attempt {
    signature: HigherOrderSignature,
}

impl HigherOrderUDFImpl for Attempt {
    fn name(&self) -> &str {
        "try"
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn lambda_parameters(
        &self,
        _step: usize,
        _fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        Ok(LambdaParametersProgress::Complete(vec![Vec::new()]))
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs<'_>) -> Result<FieldRef> {
        match args.arg_fields {
            [ValueOrLambda::Lambda(body)] => {
                Ok(Arc::new(Field::new(self.name(), body.data_type().clone(), true)))
            }
            _ => plan_err!("try takes one expression"),
        }
    }

    fn short_circuits(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let [ValueOrLambda::Lambda(body)] = args.args.as_slice() else {
            return plan_err!("try takes one expression");
        };
        if args.number_rows == 0 {
            return Ok(ColumnarValue::Array(new_null_array(args.return_type(), 0)));
        }
        let mut pieces = Vec::new();
        attempt(body, args.return_type(), 0, args.number_rows, &mut pieces)?;
        if let [whole] = pieces.as_slice() {
            return Ok(ColumnarValue::Array(Arc::clone(whole)));
        }
        let pieces: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
        Ok(ColumnarValue::Array(concat(&pieces)?))
    }
}

/// Evaluates some rows, or halves of them when that fails, down to single rows that become NULL.
fn attempt(
    body: &LambdaArgument,
    data_type: &DataType,
    start: usize,
    rows: usize,
    pieces: &mut Vec<ArrayRef>,
) -> Result<()> {
    let row_count = || Ok(Arc::new(NullArray::new(rows)) as ArrayRef);
    let evaluated = body
        .evaluate(&[&row_count], |columns| {
            Ok(columns.iter().map(|column| column.slice(start, rows)).collect())
        })
        .and_then(|value| value.into_array(rows));
    match evaluated {
        Ok(array) => pieces.push(array),
        Err(error) if !is_about_values(&error) => return Err(error),
        Err(_) if rows == 1 => pieces.push(new_null_array(data_type, 1)),
        Err(_) => {
            let half = rows / 2;
            attempt(body, data_type, start, half, pieces)?;
            attempt(body, data_type, start + half, rows - half, pieces)?;
        }
    }
    Ok(())
}

/// Whether an error says that a value does not fit, and not that the engine is in trouble.
fn is_about_values(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::Execution(_) => true,
        DataFusionError::ArrowError(error, _) => matches!(
            error.as_ref(),
            ArrowError::DivideByZero
                | ArrowError::ArithmeticOverflow(_)
                | ArrowError::CastError(_)
                | ArrowError::ParseError(_)
                | ArrowError::ComputeError(_)
                | ArrowError::InvalidArgumentError(_)
        ),
        _ => false,
    }
}
