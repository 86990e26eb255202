//! Conditions that need a text which documents either contain or not: rows whose documents do not
//! contain it are left out before any JSON is read.
//!
//! Where the condition is only false or null for such a row, it does not matter which in a filter.
//! So it is done for filters alone: for conditions that are reached from a scan's predicate through
//! `AND` and `OR`.

use std::fmt;
use std::sync::Arc;

use arrow::array::{AsArray as _, BooleanArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::common::{Result, internal_err};
use datafusion::datasource::physical_plan::{FileScanConfig, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::{ColumnarValue, Operator};
use datafusion::physical_expr::expressions::{BinaryExpr, Column, InListExpr, LikeExpr, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use memchr::memmem::{Finder, find};

use crate::functions::{JSON_AT, SCALAR_AT};

/// Shorter texts are in most documents.
const LETTERS_MIN: usize = 2;

/// Of longer lists of values one is in most documents.
const NEEDLES_MAX: usize = 16;

/// A condition that holds only for documents that contain one of some texts.
#[derive(Debug)]
pub(super) struct Sifted {
    document: Arc<dyn PhysicalExpr>,
    needles: Vec<Finder<'static>>,
    condition: Arc<dyn PhysicalExpr>,
}

impl Sifted {
    /// The condition, when it is one.
    fn of(condition: &Arc<dyn PhysicalExpr>) -> Option<Self> {
        let (call, function, values) = needed(condition)?;
        let [document, _] = called(call, function)? else { return None };
        document.downcast_ref::<Column>()?;
        let needles: Option<Vec<_>> = values.into_iter().map(needle).collect();
        let needles = needles.filter(|needles| needles.len() <= NEEDLES_MAX)?;
        let (document, condition) = (Arc::clone(document), Arc::clone(condition));
        Some(Self { document, needles, condition })
    }

    /// The condition itself.
    pub(super) const fn condition(&self) -> &Arc<dyn PhysicalExpr> {
        &self.condition
    }

    /// Whether a document may have one of the texts in a value.
    fn may_have(&self, document: &str) -> bool {
        let document = document.as_bytes();
        let is_in = |needle: &Finder<'_>| needle.find(document).is_some();
        // Each letter may be spelled by its number.
        self.needles.iter().any(is_in) || find(document, b"\\u").is_some()
    }
}

/// What decides a condition: an expression, the function that it has to call, and the texts of
/// which the value has to contain one. The text of `json_extract` is not spelled as the document is
/// (blanks); the texts in its lists are.
type Needed<'e> = (&'e Arc<dyn PhysicalExpr>, &'static str, Vec<&'e str>);

fn needed(condition: &Arc<dyn PhysicalExpr>) -> Option<Needed<'_>> {
    if let Some(comparison) = condition.downcast_ref::<BinaryExpr>()
        && *comparison.op() == Operator::Eq
    {
        return match (constant(comparison.left()), constant(comparison.right())) {
            (None, Some(value)) => Some((comparison.left(), SCALAR_AT, vec![value])),
            (Some(value), None) => Some((comparison.right(), SCALAR_AT, vec![value])),
            _ => None,
        };
    }
    if let Some(list) = condition.downcast_ref::<InListExpr>()
        && !list.negated()
    {
        let values = list.list().iter().map(constant).collect::<Option<_>>()?;
        return Some((list.expr(), SCALAR_AT, values));
    }
    if let Some(like) = condition.downcast_ref::<LikeExpr>()
        && !like.negated()
        && !like.case_insensitive()
    {
        let pattern = constant(like.pattern())?;
        let literals = (!pattern.contains('\\')).then(|| pattern.split(['%', '_']))?;
        let longest = literals.max_by_key(|literal| literal.len())?;
        return Some((like.expr(), SCALAR_AT, vec![longest]));
    }
    let [array, value] = called(condition, "json_array_contains")? else { return None };
    Some((array, JSON_AT, vec![constant(value)?]))
}

/// The arguments of a call of a function.
fn called<'e>(expr: &'e Arc<dyn PhysicalExpr>, name: &str) -> Option<&'e [Arc<dyn PhysicalExpr>]> {
    let call = expr.downcast_ref::<ScalarFunctionExpr>()?;
    (call.fun().name() == name).then(|| call.args())
}

fn constant(expr: &Arc<dyn PhysicalExpr>) -> Option<&str> {
    expr.downcast_ref::<Literal>()?.value().try_as_str()?
}

/// The longest part of a text that JSON spells as it is, unless by the numbers of its letters.
fn needle(text: &str) -> Option<Finder<'static>> {
    let has_escape = |letter: char| matches!(letter, '"' | '\\' | '/' | '\0'..='\u{1f}' | '\u{7f}');
    let longest = text.split(has_escape).max_by_key(|part| part.len())?;
    (longest.len() >= LETTERS_MIN).then(|| Finder::new(longest).into_owned())
}

impl fmt::Display for Sifted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.condition, formatter)
    }
}

impl PartialEq for Sifted {
    fn eq(&self, other: &Self) -> bool {
        self.condition.eq(&other.condition)
    }
}

impl Eq for Sifted {}

impl std::hash::Hash for Sifted {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.condition.hash(state);
    }
}

impl PhysicalExpr for Sifted {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, _: &Schema) -> Result<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let documents = self.document.evaluate(batch)?.into_array(batch.num_rows())?;
        let documents = cast(&documents, &DataType::Utf8View)?;
        let may_have = |document: Option<&str>| document.is_some_and(|text| self.may_have(text));
        let candidates: Vec<bool> = documents.as_string_view().iter().map(may_have).collect();
        self.condition.evaluate_selection(batch, &BooleanArray::from(candidates))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.document, &self.condition]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let [document, condition] = children.as_slice() else {
            return internal_err!("a sifted condition has a document");
        };
        let (document, condition) = (Arc::clone(document), Arc::clone(condition));
        Ok(Arc::new(Self { document, needles: self.needles.clone(), condition }))
    }

    fn fmt_sql(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt_sql(formatter)
    }
}

/// Marks the conditions of scans.
#[derive(Debug)]
pub(crate) struct SiftRule;

impl PhysicalOptimizerRule for SiftRule {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            Ok(match sifted_scan(&plan) {
                Some(scan) => Transformed::yes(scan),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "headwater_sift"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// A scan of files with its conditions marked, when it has some.
fn sifted_scan(plan: &Arc<dyn ExecutionPlan>) -> Option<Arc<dyn ExecutionPlan>> {
    let scan = plan.downcast_ref::<DataSourceExec>()?;
    let (config, source) = scan.downcast_to_file_source::<ParquetSource>()?;
    let predicate = sift(&config.file_source().filter()?)?;
    let source = Arc::new(source.with_predicate(predicate));
    let config: FileScanConfig =
        FileScanConfigBuilder::from(config.clone()).with_source(source).build();
    Some(DataSourceExec::from_data_source(config))
}

/// A filter with its conditions marked, when it has some.
fn sift(filter: &Arc<dyn PhysicalExpr>) -> Option<Arc<dyn PhysicalExpr>> {
    if let Some(both) = filter.downcast_ref::<BinaryExpr>()
        && matches!(both.op(), Operator::And | Operator::Or)
    {
        let (left, right) = (sift(both.left()), sift(both.right()));
        if left.is_none() && right.is_none() {
            return None;
        }
        let left = left.unwrap_or_else(|| Arc::clone(both.left()));
        let right = right.unwrap_or_else(|| Arc::clone(both.right()));
        return Some(Arc::new(BinaryExpr::new(left, *both.op(), right)));
    }
    Some(Arc::new(Sifted::of(filter)?))
}
