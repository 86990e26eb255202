//! From what is written to a condition on the column `observables`.

use std::sync::Arc;

use arrow::array::AsArray as _;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema, Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{Expr, ScalarUDF};
use headwater_event::schema::OBSERVABLES;
use headwater_indicators::Indicator;

use super::function::Matches;
use super::{IOC, IOC_IN, IndicatorLists, Indicators};

/// The rule for DataFusion's analyzer.
#[derive(Debug)]
pub(super) struct IocRewrite {
    pub(super) lists: IndicatorLists,
}

impl FunctionRewrite for IocRewrite {
    fn name(&self) -> &str {
        "headwater_ioc"
    }

    fn rewrite(
        &self,
        expr: Expr,
        schema: &DFSchema,
        _: &ConfigOptions,
    ) -> Result<Transformed<Expr>> {
        let Expr::ScalarFunction(call) = expr else { return Ok(Transformed::no(expr)) };
        let name = match call.func.name() {
            IOC => IOC,
            IOC_IN => IOC_IN,
            _ => return Ok(Transformed::no(Expr::ScalarFunction(call))),
        };
        let (observables, given) = match call.args.split_first() {
            Some((first @ Expr::Column(_), rest)) => (first.clone(), rest),
            _ => (observables_of(name, schema)?, call.args.as_slice()),
        };
        let indicators = match (name, given) {
            (IOC_IN, [list]) => self.list(list)?,
            (IOC_IN, _) => return plan_err!("ioc_in takes one list: an array or a name"),
            (_, []) => return plan_err!("ioc takes indicators, as in ioc('203.0.113.7')"),
            _ => indicators(given.iter().map(|one| text(IOC, one)).collect::<Result<_>>()?)?,
        };
        let func = Arc::new(ScalarUDF::new_from_impl(Matches::new(indicators)));
        Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, args: vec![observables] })))
    }
}

impl IocRewrite {
    /// The indicators of an array of constants, or of a list that has a name.
    fn list(&self, expr: &Expr) -> Result<Arc<Indicators>> {
        if let Expr::ScalarFunction(array) = expr
            && array.func.name() == "make_array"
        {
            return indicators(
                array.args.iter().map(|one| text(IOC_IN, one)).collect::<Result<_>>()?,
            );
        }
        if let Expr::Literal(ScalarValue::List(array), _) = expr {
            let values = cast(&array.values().clone(), &DataType::Utf8)?;
            let values = values.as_string::<i32>().iter().flatten();
            return indicators(values.map(str::to_owned).collect());
        }
        let name = text(IOC_IN, expr)?;
        match self.lists.get(&name) {
            Ok(list) => Ok(list),
            Err(known) if known.is_empty() => {
                plan_err!("there is no list `{name}` of indicators: ioc_in(ARRAY['…']) takes them")
            }
            Err(known) => {
                plan_err!("there is no list `{name}` of indicators; there are {}", known.join(", "))
            }
        }
    }
}

/// The column of observables among the columns that are there.
fn observables_of(name: &str, schema: &DFSchema) -> Result<Expr> {
    let mut all = schema.iter().filter(|(_, field)| {
        field.name() == OBSERVABLES && matches!(field.data_type(), DataType::List(_))
    });
    match (all.next(), all.next()) {
        (Some(column), None) => Ok(Expr::Column(Column::from(column))),
        (Some(_), Some(_)) => plan_err!(
            "several tables have observables: say which, as in {name}(e.{OBSERVABLES}, '…')"
        ),
        (None, _) => plan_err!(
            "{name} is a condition on events: it needs their column `{OBSERVABLES}`, which is not \
             here"
        ),
    }
}

/// A constant text.
fn text(name: &str, expr: &Expr) -> Result<String> {
    let constant = match expr {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        _ => None,
    };
    match constant {
        Some(text) => Ok(text.to_owned()),
        None => plan_err!("{name} takes constant text, not `{expr}`"),
    }
}

fn indicators(texts: Vec<String>) -> Result<Arc<Indicators>> {
    let mut all = Vec::with_capacity(texts.len());
    for text in texts {
        match Indicator::parse(&text) {
            Ok(indicator) => all.push(indicator),
            Err(error) => return plan_err!("`{text}` is no indicator: {error}"),
        }
    }
    Ok(Arc::new(Indicators::new(all)))
}
