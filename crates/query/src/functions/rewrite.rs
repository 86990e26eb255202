//! Calls that become other expressions before types are settled: what a function cannot do because
//! its arguments are evaluated before it is called, or because DataFusion has the implementation.
//!
//! | written | becomes |
//! |---|---|
//! | `try(x)` | the higher-order function around `() -> x` (see [`super::attempt`]) |
//! | `if(c, a, b)` | `CASE WHEN c THEN a ELSE b END` |
//! | `contains(array, x)` | `array_has(array, x)` |
//! | `element_at(map, k)` | the first value of `map_extract(map, k)` |
//! | `x LIKE 'a\b'` | the same with the backslash escaped (see [`super::like`]) |
//! | `CAST(json_extract(…) AS t)` | a cast of JSON, not of text (see [`super::json_cast`]) |

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::functions_nested::array_has::array_has_udf;
use datafusion::functions_nested::extract::array_element_udf;
use datafusion::functions_nested::map_extract::map_extract_udf;
use datafusion::logical_expr::expr::{HigherOrderFunction, Lambda, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, lit, when};

use super::attempt::attempt_udf;
use super::json_cast::JSON_CAST;
use super::like::rewrite_like;
use super::strict_cast::STRICT_CAST;

/// The rule for DataFusion's analyzer.
#[derive(Debug)]
pub(super) struct CallRewrite;

impl FunctionRewrite for CallRewrite {
    fn name(&self) -> &str {
        "headwater_calls"
    }

    fn rewrite(
        &self,
        expr: Expr,
        schema: &DFSchema,
        _config: &ConfigOptions,
    ) -> Result<Transformed<Expr>> {
        match expr {
            Expr::ScalarFunction(call) => rewrite_call(call, schema),
            Expr::Cast(cast) if is_json(&cast.expr) => Ok(Transformed::yes(json_cast(cast))),
            Expr::Like(like) => Ok(match rewrite_like(&like) {
                Some(like) => Transformed::yes(Expr::Like(like)),
                None => Transformed::no(Expr::Like(like)),
            }),
            other => Ok(Transformed::no(other)),
        }
    }
}

fn rewrite_call(call: ScalarFunction, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let rewritten = match (call.func.name(), call.args.as_slice()) {
        ("try", [inner]) => attempt(inner.clone())?,
        ("if", [condition, then]) => when(condition.clone(), then.clone()).end()?,
        ("if", [condition, then, otherwise]) => {
            when(condition.clone(), then.clone()).otherwise(otherwise.clone())?
        }
        ("contains", [array, _]) if is_array(array, schema)? => {
            Expr::ScalarFunction(ScalarFunction::new_udf(array_has_udf(), call.args))
        }
        ("element_at", [map, _]) if matches!(map.get_type(schema)?, DataType::Map(..)) => {
            let values = ScalarFunction::new_udf(map_extract_udf(), call.args);
            let first = vec![Expr::ScalarFunction(values), lit(1_i64)];
            Expr::ScalarFunction(ScalarFunction::new_udf(array_element_udf(), first))
        }
        _ => return Ok(Transformed::no(Expr::ScalarFunction(call))),
    };
    Ok(Transformed::yes(rewritten))
}

fn is_array(expr: &Expr, schema: &DFSchema) -> Result<bool> {
    let data_type = expr.get_type(schema)?;
    Ok(matches!(
        data_type,
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..)
    ))
}

/// Wraps an expression so that its errors become NULL.
fn attempt(inner: Expr) -> Result<Expr> {
    // A cast of a constant that fails would be reported while the query is planned.
    let inner = inner.transform_up(|expr| match expr {
        Expr::Cast(cast) if cast.expr.column_refs().is_empty() => {
            let target = typed_null(&cast)?;
            let args = vec![*cast.expr, target];
            let call = ScalarFunction::new_udf(STRICT_CAST.to_udf().into(), args);
            Ok(Transformed::yes(Expr::ScalarFunction(call)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    let body = Expr::Lambda(Lambda::new(Vec::new(), inner.data));
    Ok(Expr::HigherOrderFunction(HigherOrderFunction::new(attempt_udf(), vec![body])))
}

/// NULL of the type that the cast leads to: it tells a function its result type.
fn typed_null(cast: &Cast) -> Result<Expr> {
    Ok(lit(ScalarValue::try_from(cast.field.data_type())?))
}

/// Whether the expression is a call that gives JSON.
fn is_json(expr: &Expr) -> bool {
    let Expr::ScalarFunction(call) = expr else { return false };
    matches!(call.func.name(), "json_extract" | "json_parse" | "json_array_get")
}

fn json_cast(cast: Cast) -> Expr {
    match typed_null(&cast) {
        Ok(target) if super::json_cast::is_supported(cast.field.data_type()) => {
            let args = vec![*cast.expr, target];
            Expr::ScalarFunction(ScalarFunction::new_udf(JSON_CAST.to_udf().into(), args))
        }
        _ => Expr::Cast(cast),
    }
}

/// Refuses calls that only exist until they are rewritten.
pub(super) fn not_rewritten(name: &str) -> Result<DataType> {
    plan_err!("{name} cannot be used here")
}
