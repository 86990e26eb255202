//! `document->'key'` is `json_extract`, `document->>'key'` is `json_extract_scalar`; a chain of
//! them is one path. (How tightly they bind: [`crate::dialect`].)

use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use headwater_event::document::path::Path;

use super::{JSON_AT, json_at, scalar_at};

/// Plans the operators.
#[derive(Debug)]
pub(super) struct Arrows;

impl ExprPlanner for Arrows {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        _: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let at = match expr.op {
            BinaryOperator::Arrow => json_at,
            BinaryOperator::LongArrow => scalar_at,
            _ => return Ok(PlannerResult::Original(expr)),
        };
        let step = step(&expr.right)?;
        let (document, above) = match path_of(&expr.left) {
            Some((document, path)) => (document.clone(), path),
            None => (expr.left, "$"),
        };
        Ok(PlannerResult::Planned(at(document, &format!("{above}{step}"))))
    }
}

/// The step of a path that a key means: a member, or an element by its position.
fn step(key: &Expr) -> Result<String> {
    match key {
        Expr::Literal(ScalarValue::Int64(Some(position)), _) => Ok(format!("[{position}]")),
        Expr::Literal(value, _) => match value.try_as_str() {
            Some(Some(key)) => {
                let key = key.replace('\\', "\\\\").replace('"', "\\\"");
                Ok(format!("[\"{key}\"]"))
            }
            _ => plan_err!("behind -> and ->> stands a text or a whole number, not {value}"),
        },
        other => plan_err!("behind -> and ->> stands a text or a whole number, not {other}"),
    }
}

/// The document and the path of the `json_extract` that a chain begins with.
fn path_of(expr: &Expr) -> Option<(&Expr, &str)> {
    let Expr::ScalarFunction(call) = expr else { return None };
    let [document, Expr::Literal(path, _)] = call.args.as_slice() else { return None };
    if call.func.name() != JSON_AT {
        return None;
    }
    let path = path.try_as_str()??;
    Path::parse(path).is_ok_and(|path| path.is_definite()).then_some((document, path))
}
