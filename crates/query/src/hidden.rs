//! JSON functions become columns where a file has them: each file's own plan is rewritten to read a
//! hidden column (see [`headwater_lake::hidden`]) instead of the document, in filters and in what
//! is selected. A file without the column is parsed. The answer is the same.

mod explained;
mod places;
mod sift;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::tree_node::{
    Transformed, TransformedResult as _, TreeNode as _, TreeNodeRecursion,
};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CastExpr, Column, InListExpr, IsNotNullExpr, IsNullExpr, Literal, TryCastExpr,
    in_list,
};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_expr_adapter::{
    DefaultPhysicalExprAdapterFactory, PhysicalExprAdapter, PhysicalExprAdapterFactory,
};
use headwater_event::document::path::Path;
use headwater_event::document::pointer::Pointer;
use headwater_lake::hidden::{DOCUMENTS, HiddenPath, canonical_integer};

use crate::functions::SCALAR_AT;
use crate::grouping::AsDictionary;
use crate::scan_report::ScanLog;

pub(crate) use explained::explained;
pub(crate) use sift::SiftRule;

use places::{Habits, Reader, ScalarAt};
use sift::Sifted;

/// Rewrites the expressions of a scan for one file after the other.
#[derive(Debug)]
pub(crate) struct HiddenAdapterFactory {
    /// Is told how each file was answered.
    log: Option<Arc<ScanLog>>,
    /// What is asked for together, by column of documents.
    habits: BTreeMap<&'static str, Arc<Habits>>,
}

impl HiddenAdapterFactory {
    /// For one scan.
    pub(crate) fn new(log: Option<Arc<ScanLog>>) -> Self {
        Self { log, habits: DOCUMENTS.map(|document| (document, Arc::default())).into() }
    }
}

impl PhysicalExprAdapterFactory for HiddenAdapterFactory {
    fn create(
        &self,
        logical_file_schema: SchemaRef,
        physical_file_schema: SchemaRef,
    ) -> Result<Arc<dyn PhysicalExprAdapter>> {
        let file = Arc::clone(&physical_file_schema);
        let inner =
            DefaultPhysicalExprAdapterFactory.create(logical_file_schema, physical_file_schema)?;
        let log = self.log.clone();
        let (has_columns, has_parsed) = (AtomicBool::new(false), AtomicBool::new(false));
        let asked = Mutex::default();
        let readers = self.habits.iter();
        let readers = readers
            .map(|(document, habits)| (*document, Arc::new(Reader::new(Arc::clone(habits)))))
            .collect();
        Ok(Arc::new(HiddenAdapter { file, inner, log, readers, has_columns, has_parsed, asked }))
    }
}

/// The rewriting for one file.
#[derive(Debug)]
struct HiddenAdapter {
    /// All columns of the file.
    file: SchemaRef,
    inner: Arc<dyn PhysicalExprAdapter>,
    log: Option<Arc<ScanLog>>,
    /// Read what is no column, by column of documents.
    readers: BTreeMap<&'static str, Arc<Reader>>,
    /// Whether a call became a column.
    has_columns: AtomicBool,
    /// Whether a call is left.
    has_parsed: AtomicBool,
    /// The places that were asked for.
    asked: Mutex<BTreeSet<HiddenPath>>,
}

impl Drop for HiddenAdapter {
    fn drop(&mut self) {
        if let Some(log) = &self.log {
            let was = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
            log.record_asked(std::mem::take(
                self.asked.get_mut().unwrap_or_else(PoisonError::into_inner),
            ));
            log.record_file(was(&self.has_columns), was(&self.has_parsed));
        }
    }
}

impl PhysicalExprAdapter for HiddenAdapter {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        read_as_stored(self.inner.rewrite(self.rewritten(expr)?)?)
    }
}

impl HiddenAdapter {
    fn rewritten(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        let rewritten = expr.transform_down(|expr| {
            Ok(match self.replaced(&expr)? {
                Some(replaced) => Transformed::yes(replaced),
                None => Transformed::no(expr),
            })
        });
        rewritten.data()
    }

    /// What an expression is in this file, when it is about a hidden column.
    fn replaced(&self, expr: &Arc<dyn PhysicalExpr>) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        if let Some(sifted) = expr.downcast_ref::<Sifted>() {
            return self.unsifted(sifted);
        }
        if let Some(path) = called_path(expr) {
            let column = self.column_of(path.clone());
            let flag = if column.is_some() { &self.has_columns } else { &self.has_parsed };
            flag.store(true, Ordering::Relaxed);
            return Ok(match column {
                Some(column) => Some(self.as_text(column)),
                None => self.parsed(expr, path),
            });
        }
        let replaced = self.integer_form(expr)?;
        if replaced.is_some() {
            self.has_columns.store(true, Ordering::Relaxed);
        }
        Ok(replaced)
    }

    /// A sifted condition, when it is about a column here: its document is not read then.
    fn unsifted(&self, sifted: &Sifted) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        let condition = sifted.condition();
        let mut reads_column = false;
        condition.apply(|expr| {
            reads_column |= self.column(expr).is_some();
            Ok(TreeNodeRecursion::Continue)
        })?;
        // What replaces it may be below the condition.
        let rewritten = || self.rewritten(Arc::clone(condition));
        reads_column.then(rewritten).transpose()
    }

    /// The call as one that shares its pass over the document.
    fn parsed(
        &self,
        call: &Arc<dyn PhysicalExpr>,
        path: HiddenPath,
    ) -> Option<Arc<dyn PhysicalExpr>> {
        let reader = self.readers.get(path.document)?;
        let document = call.children().into_iter().next()?;
        Some(Arc::new(ScalarAt::new(Arc::clone(document), path.pointer, Arc::clone(reader))))
    }

    /// The hidden column that a call reads.
    fn column(&self, expr: &Arc<dyn PhysicalExpr>) -> Option<Column> {
        self.column_of(called_path(expr)?)
    }

    /// The hidden column of a place, which is noted as asked for.
    fn column_of(&self, path: HiddenPath) -> Option<Column> {
        let name = path.to_string();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(path);
        let index = self.file.index_of(&name).ok()?;
        Some(Column::new(&name, index))
    }

    /// The same when it holds integers.
    fn integers(&self, expr: &Arc<dyn PhysicalExpr>) -> Option<Arc<dyn PhysicalExpr>> {
        let column = self.column(expr)?;
        (self.data_type(&column) == DataType::Int64).then(|| Arc::new(column) as _)
    }

    fn data_type(&self, column: &Column) -> DataType {
        self.file.field(column.index()).data_type().clone()
    }

    /// The column as what the function gives.
    fn as_text(&self, column: Column) -> Arc<dyn PhysicalExpr> {
        if self.data_type(&column) == DataType::Utf8View {
            return Arc::new(column);
        }
        Arc::new(CastExpr::new(Arc::new(column), DataType::Utf8View, None))
    }

    /// An expression around a column of integers that need not become text: casts to numbers,
    /// comparisons with the text of an integer, and whether there is a value at all.
    fn integer_form(&self, expr: &Arc<dyn PhysicalExpr>) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        if let Some(cast) = expr.downcast_ref::<CastExpr>()
            && let Some(column) = self.integers(cast.expr())
            && is_number(cast.cast_type())
        {
            if *cast.cast_type() == DataType::Int64 {
                return Ok(Some(column));
            }
            let options = Some(cast.cast_options().clone());
            return Ok(Some(Arc::new(CastExpr::new(column, cast.cast_type().clone(), options))));
        }
        if let Some(cast) = expr.downcast_ref::<TryCastExpr>()
            && let Some(column) = self.integers(cast.expr())
            && is_number(cast.cast_type())
        {
            if *cast.cast_type() == DataType::Int64 {
                return Ok(Some(column));
            }
            return Ok(Some(Arc::new(TryCastExpr::new(column, cast.cast_type().clone()))));
        }
        if let Some(is_null) = expr.downcast_ref::<IsNullExpr>()
            && let Some(column) = self.column(is_null.arg())
        {
            return Ok(Some(Arc::new(IsNullExpr::new(Arc::new(column)))));
        }
        if let Some(is_not_null) = expr.downcast_ref::<IsNotNullExpr>()
            && let Some(column) = self.column(is_not_null.arg())
        {
            return Ok(Some(Arc::new(IsNotNullExpr::new(Arc::new(column)))));
        }
        if let Some(list) = expr.downcast_ref::<InListExpr>()
            && let Some(column) = self.integers(list.expr())
            && let Some(values) = list.list().iter().map(integer_literal).collect()
        {
            return Ok(Some(in_list(column, values, &list.negated(), &self.file)?));
        }
        Ok(self.comparison(expr))
    }

    /// Equality of a column of integers and the text of an integer.
    fn comparison(&self, expr: &Arc<dyn PhysicalExpr>) -> Option<Arc<dyn PhysicalExpr>> {
        let comparison = expr.downcast_ref::<BinaryExpr>()?;
        if !matches!(comparison.op(), Operator::Eq | Operator::NotEq) {
            return None;
        }
        let (left, right) = (comparison.left(), comparison.right());
        let (column, number) = match self.integers(left) {
            Some(column) => (column, integer_literal(right)?),
            None => (self.integers(right)?, integer_literal(left)?),
        };
        Some(Arc::new(BinaryExpr::new(column, *comparison.op(), number)))
    }
}

/// A column that is asked for as a dictionary is left as it comes: what makes dictionaries makes
/// texts as well.
fn read_as_stored(expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
    let Some(dictionary) = expr.downcast_ref::<AsDictionary>() else { return Ok(expr) };
    let Some(cast) = dictionary.text().downcast_ref::<CastExpr>() else { return Ok(expr) };
    match cast.expr().is::<Column>() {
        true => Ok(Arc::new(AsDictionary::new(Arc::clone(cast.expr())))),
        false => Ok(expr),
    }
}

/// Types that a cast makes of an integer's text as of the integer, whatever surrounds the cast. Not
/// narrower integers: around such a cast DataFusion compares with the column itself, also where the
/// cast would not fit.
const fn is_number(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Int64 | DataType::Float32 | DataType::Float64)
}

/// A constant text that is an integer as SQL spells it, as the integer.
fn integer_literal(expr: &Arc<dyn PhysicalExpr>) -> Option<Arc<dyn PhysicalExpr>> {
    let text = expr.downcast_ref::<Literal>()?.value().try_as_str()??;
    let number = canonical_integer(text)?;
    Some(Arc::new(Literal::new(ScalarValue::Int64(Some(number)))))
}

/// The place in the documents of a column that a call asks for.
pub(crate) fn called_path(expr: &Arc<dyn PhysicalExpr>) -> Option<HiddenPath> {
    let call = expr.downcast_ref::<ScalarFunctionExpr>()?;
    if call.fun().name() != SCALAR_AT {
        return None;
    }
    let [document, path] = call.args() else { return None };
    let column = document.downcast_ref::<Column>()?;
    let document = DOCUMENTS.into_iter().find(|document| *document == column.name())?;
    let path = path.downcast_ref::<Literal>()?.value().try_as_str()??;
    let pointer = Pointer::of_path(&Path::parse(path).ok()?)?;
    Some(HiddenPath { document, pointer })
}

#[cfg(test)]
mod tests;
